"""Many rows in one transaction end in the ledger as the same rows, one transaction each; and cost a few statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from support.line import BIN, OTHER_BIN, Line, registered
from support.quick_ledger import quick_ledger
from usrec.adapters.persistence.tables import contract_numbers
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import Submission

Row = tuple[str, str, str, int, int]
"""Event, its type, its contract, its revision, and a number that tells how it is made."""

KINDS = (
    "conclusion",
    "legacy_contract",
    "amendment",
    "contract_edit",
    "contract_delete",
    "termination",
    "social_leave",
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(("e1", "e2", "e3", "e4")),
        st.sampled_from(KINDS),
        st.sampled_from(("K-1", "K-1", "K-2", "")),
        st.integers(1, 3),
        st.integers(0, 7),
    ),
    max_size=10,
)
HEADS = st.lists(st.tuples(st.just("c1"), st.just("conclusion"), st.just("K-1"), st.just(1), st.just(0)), max_size=1)

A_FEW = 25
"""Statements for a portion of any size, its transaction included."""


def enter(line: Line, row: Row) -> None:
    """HR's row: sound, ill made, withdrawn, of another employer, or with another row's number or id."""
    name, kind, contract, revision, how = row
    fields: dict[str, Any] = {"contract_number": "17"} if how == 4 and kind == "conclusion" else {}
    if how == 5 and kind not in {"conclusion", "legacy_contract"}:
        fields = {"contract_id": "R-7"}
    line.enter(
        name,
        kind,
        revision=revision,
        contract=contract,
        withdrawn=how == 2,
        payload="{}" if how == 1 else None,
        employer=OTHER_BIN if how == 3 else BIN,
        **fields,
    )


def a_line(number: int) -> Line:
    line = Line(ledger=quick_ledger(number))
    line.employers[OTHER_BIN] = EmployerName("tau")
    return line


def as_it_stands(line: Line) -> Mapping[str, Any]:
    """Everything that the rows left behind.

    Fences and microseconds tell how often something was written, and what gave way at once never learnt the id of
    its contract.
    """
    found = [one for name in ("c1", "e1", "e2", "e3", "e4") for one in line.all_of(name)]
    entries = {}
    with line.ledger.begin() as work:
        for one in found:
            entry = work.outbox.get(one.id)
            entries[one.id] = entry and replace(entry, fence=0)
    with line.ledger._engine.connect() as connection:
        numbers = sorted(tuple(one) for one in connection.execute(contract_numbers.select()))
    return {
        "submissions": [replace(one, contract_id=_learnt(one.state, one.contract_id)) for one in found],
        "entries": entries,
        "journal": {one.id: lines_about(line, one) for one in found},
        "notes": {
            row: replace(note, noted_at=line.clock.now(), contract_id=_learnt(note.state, note.contract_id))
            for row, note in line.notes().items()
        },
        "numbers": numbers,
    }


def _learnt(state: str, contract_id: str | None) -> str | None:
    return None if state == State.CANCELLED else contract_id


def lines_about(line: Line, submission: Submission) -> list[tuple[Any, ...]]:
    return [(one.action, one.from_state, one.to_state, one.reason, one.detail) for one in line.journal(submission.id)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=HEADS, rows=ROWS)
@example([], [("e1", "conclusion", "K-1", 1, 0), ("e1", "conclusion", "K-2", 2, 0), ("e2", "amendment", "K-1", 1, 0)])
@example([], [("e1", "amendment", "K-1", 1, 0), ("e2", "conclusion", "K-1", 1, 0), ("e3", "conclusion", "K-1", 1, 0)])
@example([], [("e1", "conclusion", "K-1", 1, 4), ("e2", "conclusion", "K-2", 1, 4)])
@example(
    [("c1", "conclusion", "K-1", 1, 0)],
    [(f"e{one}", "contract_edit", "K-1", 1, 0) for one in (1, 2)] + [("e3", "contract_delete", "K-1", 1, 0)],
)
def test_rows_taken_together_end_as_rows_taken_one_by_one(before: list[Row], rows: list[Row]) -> None:
    together, one_by_one = a_line(0), a_line(1)
    for line in (together, one_by_one):
        for row in before:
            enter(line, row)
            line.ingest()
            line.send(registered("R-1"))
        for row in rows:
            enter(line, row)
    assert together.ingest().rows == len(rows)
    assert [one_by_one.ingest(1).rows for _ in rows] == [1] * len(rows)
    assert as_it_stands(together) == as_it_stands(one_by_one)
    together.close()
    one_by_one.close()


@contextmanager
def counted(line: Line) -> Iterator[list[str]]:
    """Every statement that the ledger gets."""
    seen: list[str] = []

    def note(*told: object) -> None:
        seen.append(str(told[2]))

    event.listen(line.ledger._engine, "before_cursor_execute", note)
    yield seen
    event.remove(line.ledger._engine, "before_cursor_execute", note)


@pytest.mark.parametrize("number", [1, 50, 200])
def test_a_portion_costs_as_few_statements_as_one_row(line: Line, number: int) -> None:
    for one in range(number):
        line.enter(f"c{one}", contract=f"K-{one}")
    with counted(line) as seen:
        assert line.ingest().taken == number
    assert len(seen) <= A_FEW


def test_whole_lives_of_many_contracts_in_one_portion_cost_as_few_statements(line: Line) -> None:
    for one in range(60):
        line.enter(f"c{one}", contract=f"K-{one}")
        line.enter(f"a{one}", "amendment", contract=f"K-{one}", agreement_date="2026-11-13", signed_on="2026-11-13")
        line.enter(f"t{one}", "social_leave", contract=f"K-{one}")
    with counted(line) as seen:
        assert line.ingest().taken == 180
    assert len(seen) <= A_FEW + 10
