"""Keys that no index holds: one such row of HR must keep no other waiting."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from support.line import BIN, Line, conclusion
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.sources.outbox_table import OutboxTableSource
from usrec.domain.source_event import SourceName
from usrec.domain.state import State
from usrec.ports.ledger_view import SubmissionFilter

LONG: Final = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyzабвгдежзийклмн", k=20_000))
INSERT: Final = (
    "INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload)"
    " VALUES (:event_id, :event_type, :contract_key, :employer_bin, :payload)"
)


@pytest.fixture
def hr(tmp_path: Path) -> Path:
    file = tmp_path / "hr.db"
    with closing(sqlite3.connect(file)) as made:
        made.executescript((Path(__file__).parents[2] / "schemas/hr-outbox/sqlite.sql").read_text("utf-8"))
    return file


@pytest.mark.parametrize("column", ["event_id", "event_type", "contract_key", "employer_bin"])
def test_row_with_a_key_of_any_length_stops_no_other(shared_ledger: SqlLedger, hr: Path, column: str) -> None:
    good = {"event_type": "conclusion", "contract_key": "K-1", "employer_bin": BIN, "payload": json.dumps(conclusion())}
    with closing(sqlite3.connect(hr)) as entered, entered:
        entered.execute(INSERT, {"event_id": "E1", **good, column: LONG})
        entered.execute(INSERT, {"event_id": "E2", **good, "contract_key": "K-2"})
    line = Line(shared_ledger)
    line.source = OutboxTableSource(SourceName("hr"), f"sqlite:///{hr}")  # type: ignore[assignment] # as any source
    assert line.ingest().taken == 2
    assert line.ingest().taken == 0
    found = {row.event_id: row.state for row in shared_ledger.view.rows(SubmissionFilter())}
    assert len(found) == 2
    assert found.pop("E2") is State.PENDING
    assert set(found.values()) == {State.INVALID}
