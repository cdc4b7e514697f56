"""A row without the day from which its term runs is watched by the strictest day that can be, and never sent."""

from __future__ import annotations

import json
from datetime import date

import pytest

from support.line import BIN, EMPLOYERS, MONDAY, TODAY, WeekdayCalendar, conclusion, termination
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.rules.fields import without_unknown_fields
from usrec.domain.rules.finding import Severity
from usrec.domain.source_event import SourceName, SourceRow


def _examined(event_type: str, payload: dict[str, object]) -> Examined:
    row = SourceRow(SourceName("hr"), "1", "e", 1, event_type, "K", BIN, json.dumps(payload))
    return examine(row, employers=EMPLOYERS, calendar=WeekdayCalendar(), now=MONDAY)


def test_the_term_runs_from_the_provisional_day_while_its_own_is_missing() -> None:
    found = _examined("conclusion", {**conclusion(), "signed_on": "", "provisional_from": "2026-11-09"})
    assert found.event is None
    assert found.deadline is not None
    assert found.deadline.legal_date == date(2026, 11, 16)
    assert [one.severity for one in found.findings if one.rule == "term_provisional"] == [Severity.WARNING]


def test_its_own_day_goes_before_a_provisional_one() -> None:
    found = _examined("conclusion", {**conclusion(), "provisional_from": "2026-01-01"})
    assert found.trigger == TODAY
    assert "term_provisional" not in {one.rule for one in found.findings}


def test_a_provisional_day_before_the_order_counts_from_the_order() -> None:
    found = _examined("termination", {"reason_code": "05", "provisional_from": "2019-01-01"})
    assert found.deadline is not None
    assert found.deadline.legal_date == date(2020, 9, 23)


@pytest.mark.parametrize("day", ["", "yesterday", "2026-13-01"])
def test_without_a_provisional_day_no_term_is_made_up(day: str) -> None:
    found = _examined("termination", {**termination(), "termination_date": "", "provisional_from": day})
    assert found.deadline is None


def test_the_ledger_keeps_the_provisional_day() -> None:
    assert "provisional_from" in without_unknown_fields('{"provisional_from": "2026-11-09", "colour": "red"}')
