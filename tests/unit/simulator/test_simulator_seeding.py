from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from usrec_simulator.business import BusinessRecord, Operation
from usrec_simulator.errors import SeedError
from usrec_simulator.seeding import load_history

RECORD: dict[str, Any] = {"contract_id": "10000001", "bin": "200940000013", "date": "2025-03-03"}


def load(tmp_path: Path, content: object) -> list[BusinessRecord]:
    path = tmp_path / "history.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return load_history(path)


def test_records_are_read_with_conclusion_as_the_default(tmp_path: Path) -> None:
    full = RECORD | {"operation": "termination", "record_id": "r" * 32, "iin": "900101300007", "number": "5"}
    first, second = load(tmp_path, [RECORD, full])
    assert first == BusinessRecord(
        operation=Operation.CONCLUSION,
        digest="",
        employer="200940000013",
        contract_id="10000001",
        event_date=date(2025, 3, 3),
    )
    assert (second.operation, second.record_id, second.number) == (Operation.TERMINATION, "r" * 32, "5")


def test_record_id_serves_as_contract_id(tmp_path: Path) -> None:
    content = {"record_id": "r" * 32, "bin": "200940000013", "date": "2025-03-03"}
    assert load(tmp_path, [content])[0].contract_id == "r" * 32


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "history.json"),
        ({}, "array"),
        ([RECORD, 5], "record 2: an object"),
        ([RECORD | {"surname": "x"}], "record 1: unknown key 'surname'"),
        ([RECORD | {"operation": "hire"}], "operation is one of"),
        ([RECORD | {"iin": 900101300007}], "iin is a text"),
        ([RECORD | {"date": "03.03.2025"}], "date is a date"),
        ([{key: value for key, value in RECORD.items() if key != "bin"}], "bin is missing"),
        ([{key: value for key, value in RECORD.items() if key != "date"}], "date is missing"),
        ([{key: value for key, value in RECORD.items() if key != "contract_id"}], "contract_id is missing"),
    ],
)
def test_a_wrong_history_is_an_error_with_its_place(tmp_path: Path, content: object, what: str) -> None:
    with pytest.raises(SeedError, match=what) as caught:
        load(tmp_path, content)
    assert "900101300007" not in str(caught.value)
