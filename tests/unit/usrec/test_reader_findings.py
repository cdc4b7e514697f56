"""What a reader could not make out of a row stops the row, as often as it is examined."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from support.ledger_values import a_row
from support.line import IIN, MONDAY, WeekdayCalendar, conclusion
from usrec.domain.rules.examine import examine
from usrec.domain.rules.fields import without_unknown_fields
from usrec.domain.rules.finding import error, warning
from usrec.domain.rules.reader import READER, reader_findings, with_reader_findings
from usrec.domain.source_event import EmployerName, SourceRow

DAY = error("date_sentinel", "end_date", "end_date holds 2001-01-01.", code="SCSE054")


def a_conclusion(**changes: Any) -> SourceRow:
    row = a_row("hire-1")
    payload = json.dumps({**conclusion(), **changes})
    return SourceRow("hr", "7", "hire-1", 1, "conclusion", "c-1", row.employer_bin, payload)  # type: ignore[arg-type]


def found(row: SourceRow) -> Mapping[str, str]:
    employers = {row.employer_bin: EmployerName("main")}
    seen = examine(row, employers=employers, calendar=WeekdayCalendar(), now=MONDAY)
    assert (seen.event is None) is any(one.severity == "error" for one in seen.findings)
    return {one.field: one.rule for one in seen.findings if one.severity == "error"}


def test_a_row_without_such_findings_is_as_it_was() -> None:
    row = a_conclusion()
    assert with_reader_findings(row, []) is row
    assert IIN in row.payload


def test_what_the_reader_found_stops_the_row_and_is_kept_with_it() -> None:
    row = with_reader_findings(a_conclusion(end_date="2001-01-01"), [DAY])
    assert found(row)["end_date"] == "date_sentinel"
    kept = without_unknown_fields(row.payload)
    assert reader_findings(json.loads(kept)) == [DAY]


def test_of_a_field_that_could_not_be_read_the_rules_say_no_more() -> None:
    unread = error("cell_is_value", "contract_date", "contract_date holds a formula; put its value there.")
    row = with_reader_findings(a_conclusion(contract_date=None), [unread])
    assert found(row)["contract_date"] == "cell_is_value"


def test_a_warning_stops_nothing_and_hides_nothing() -> None:
    told = warning("entered_at_form", "contract_number", "x")
    row = with_reader_findings(a_conclusion(contract_number=None), [told])
    assert found(row)["contract_number"] == "field_present"


@pytest.mark.parametrize("kept", ["x", 7, {"a": 1}, [1], [{}], [{**dict.fromkeys(("rule", "field"), 1)}], None])
def test_what_has_another_form_is_no_finding(kept: object) -> None:
    assert reader_findings({READER: kept}) == []
