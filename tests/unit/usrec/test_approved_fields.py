"""Codes approved for a source's own values: by the event's day, for its own rows alone, and never guessed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

from support.line import BIN, EMPLOYERS, MONDAY, WeekdayCalendar
from support.sample_events import SAMPLES
from usrec.application.lint import lint
from usrec.domain.mapping.review import ApprovedCodes, Review, ReviewRow, Seen
from usrec.domain.rules.approved_codes import ApprovedCodesOf, ApprovedFields, event_day
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.rules.finding import error
from usrec.domain.rules.preflight import Preflight
from usrec.domain.rules.reader import with_reader_findings
from usrec.domain.source_event import Conclusion, Operation, SourceName, SourceRow

ERP = SourceName("erp")
OLD, NEW = "2512-0-001", "2512-0-002"
TURN = date(2026, 7, 1)


def line(value: str, code: str, **days: date) -> ReviewRow:
    done = ReviewRow(Seen(value), code=code, approved_by="Ж.", approved_on=date(2026, 1, 9), approved_code=code)
    return replace(done, **days)  # type: ignore[arg-type]


def approved(*lines: ReviewRow, field: str = "position_code", dictionary: str = "position") -> Preflight:
    codes = ApprovedCodes.of(Review(dictionary, lines))
    return Preflight(approved=ApprovedCodesOf({ERP: ApprovedFields({field: codes})}))


def examined(preflight: Preflight, source: SourceName = ERP, **fields: Any) -> Examined:
    payload = {**SAMPLES[Operation.CONCLUSION], **fields}
    row = SourceRow(source, "1", "e-1", 1, "conclusion", "K-1", BIN, json.dumps(payload))
    return examine(row, employers=EMPLOYERS, calendar=WeekdayCalendar(), now=MONDAY, preflight=preflight)


def errors(one: Examined) -> list[tuple[str, str]]:
    return [(found.rule, found.field) for found in one.findings if found.severity == "error"]


def position(one: Examined) -> str | None:
    assert one.event is not None, one.findings
    details = one.event.details
    assert isinstance(details, Conclusion)
    return details.position_code


def test_the_events_day_chooses_the_code() -> None:
    both = approved(line("Аналитик", OLD, valid_to=date(2026, 6, 30)), line("Аналитик", NEW, valid_from=TURN))
    before = examined(both, position_code=" аналитик ", begin_date="2026-06-30")
    assert position(before) == OLD
    assert position(examined(both, position_code="Аналитик", begin_date="2026-07-01")) == NEW
    unknown = examined(both, position_code="Аналитик", begin_date="x", contract_date="", signed_on="")
    assert ("code_approved", "position_code") in errors(unknown)
    assert json.loads(before.row.payload)["position_code"] == " аналитик ", "the row stays as HR sent it"


def test_a_value_without_an_approved_code_stops_the_row_even_where_it_looks_like_a_code() -> None:
    assert errors(examined(approved(), position_code=NEW)) == [("code_approved", "position_code")]
    terms = approved(line("5", "1"), field="term_code", dictionary="contract_term")
    assert errors(examined(terms, term_code="1")) == [("code_approved", "term_code")]
    assert errors(examined(terms, term_code="5")) == [("end_date_forbidden_by_term", "end_date")]


def test_other_sources_write_official_codes_themselves() -> None:
    mapped = approved(line("Аналитик", OLD))
    assert position(examined(mapped, SourceName("hr"), position_code=NEW)) == NEW
    assert errors(examined(mapped, SourceName("hr"), position_code="Аналитик")) == [("field_format", "position_code")]


def test_what_a_reader_could_not_read_is_told_once() -> None:
    payload = json.dumps({**SAMPLES[Operation.CONCLUSION], "position_code": "=A1"})
    row = SourceRow(ERP, "1", "e-1", 1, "conclusion", "K-1", BIN, payload)
    told = with_reader_findings(row, [error("cell_is_value", "position_code", "position_code holds a formula.")])
    one = examine(told, employers=EMPLOYERS, calendar=WeekdayCalendar(), now=MONDAY, preflight=approved())
    assert errors(one) == [("cell_is_value", "position_code")]


def test_only_days_of_the_event_itself_count() -> None:
    """A file has the columns of every event: a termination's row may hold the contract's day too."""
    days = {"contract_date": "2019-01-09", "begin_date": "2019-01-10", "termination_date": "2026-11-02"}
    assert event_day(Operation.TERMINATION, days) == "2026-11-02"
    assert event_day(Operation.CONCLUSION, days) == "2019-01-10"
    assert event_day(Operation.EXTENSION, {"extension_date": "2026-11-03"}) == "2026-11-03"
    assert event_day(Operation.IIN_CHANGE, days) == ""


def test_a_contract_with_approved_codes_is_held_against_its_later_rows_also_where_it_is_refused() -> None:
    refused = {**SAMPLES[Operation.CONCLUSION], "term_code": "1", "end_date": "2030-01-01", "position_code": "Аналитик"}
    left = {**SAMPLES[Operation.TERMINATION], "contract_id": None}
    rows = [
        SourceRow(ERP, str(place), f"e-{place}", 1, operation.value, "K-1", BIN, json.dumps(payload))
        for place, (operation, payload) in enumerate(
            [(Operation.CONCLUSION, refused), (Operation.TERMINATION, left)], start=1
        )
    ]
    _, found = lint(
        [(row, ()) for row in rows],
        employers=EMPLOYERS,
        calendar=WeekdayCalendar(),
        now=MONDAY,
        preflight=approved(line("Аналитик", OLD)),
    )
    rules = {one.rule for one in found}
    assert ("termination_not_before_contract" in rules, "contract_id_known" in rules) == (True, False)
