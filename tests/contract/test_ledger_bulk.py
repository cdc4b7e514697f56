"""Rows that are written many at a time are stored as SQLAlchemy itself would store them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from support.ledger_values import NOW, a_submission, an_entry
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.bulk import write_rows
from usrec.adapters.persistence.delivery_tables import outbox
from usrec.adapters.persistence.outbox import _GET_ALL, _PUT, _REMOVE
from usrec.adapters.persistence.rows import entry_values, submission_values
from usrec.adapters.persistence.sealing import NOT_SEALED
from usrec.adapters.persistence.submissions import _ADD, _UPDATE
from usrec.adapters.persistence.tables import submissions
from usrec.domain.errors import InvariantViolation
from usrec.domain.state import State

ONES = [a_submission("s1"), a_submission("s2", entered_at=NOW, trigger=NOW.date(), state=State.SIGNED, withdrawn=True)]


def written(ledger: SqlLedger, write: Any) -> list[Any]:
    """What stands in the tables when two submissions were added, queued and changed, one of them taken out."""
    put = _PUT[ledger.dialect]
    queued = [{**entry_values(an_entry(one)), "fence": 0} for one in ONES]
    changed = [{"which": "s1", "was": State.PENDING, "state": State.CANCELLED, "reason": "№ 1"}]
    with ledger._engine.connect() as connection:
        write(connection, _ADD, [{**submission_values(one, NOT_SEALED), "watch_at": NOW} for one in ONES])
        write(connection, put, queued)
        write(connection, put, queued[:1])
        write(connection, _UPDATE, changed)
        write(connection, _REMOVE, [{"which": "s2"}])
        tables = submissions, outbox
        return [tuple(row) for table in tables for row in connection.execute(select(table).order_by("employer_bin"))]


def test_rows_are_stored_as_by_sqlalchemy(ledger: SqlLedger) -> None:
    usual = written(ledger, lambda connection, statement, rows: connection.execute(statement, rows))
    assert sorted(map(repr, written(ledger, write_rows))) == sorted(map(repr, usual))


def test_rows_that_were_written_are_counted(ledger: SqlLedger) -> None:
    with ledger._engine.connect() as connection:
        assert (
            write_rows(connection, _ADD, [{**submission_values(one, NOT_SEALED), "watch_at": None} for one in ONES])
            == 2
        )
        here_and_not = [{"which": one, "was": State.PENDING, "reason": "seen"} for one in ("s1", "s2", "s3")]
        assert write_rows(connection, _UPDATE, here_and_not) == 1


def test_a_value_that_is_left_out_is_never_written_as_nothing(ledger: SqlLedger) -> None:
    with ledger._engine.connect() as connection:
        with pytest.raises(InvariantViolation, match="lacks values: was"):
            write_rows(connection, _UPDATE, [{"which": "s1", "reason": "seen"}])
        with pytest.raises(InvariantViolation, match="lacks values"):
            write_rows(connection, _GET_ALL["sqlite"], [{"ids": ["s1"]}])
