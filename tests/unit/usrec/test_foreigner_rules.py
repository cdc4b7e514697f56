"""Foreigners: what is sure, what the row says, and what only the register of persons knows."""

from __future__ import annotations

import json

import pytest

from support.broken_rows.foreigners import FOREIGNER
from support.sound_rows import BIN, FOREIGN_IIN, IIN, NOW, BrokenRow, Changes, judged_without_preflight, row_of
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.rules.finding import Severity
from usrec.domain.source_event import EmployerName, Operation

ORDINARY: Changes = {**FOREIGNER, "employee_iin": IIN}


def examined(changes: Changes, operation: Operation = Operation.CONCLUSION) -> Examined:
    row = row_of(operation, changes)
    return examine(row, employers={BIN: EmployerName("own")}, calendar=KazakhstanCalendar(), now=NOW)


def said(changes: Changes, operation: Operation = Operation.CONCLUSION) -> set[tuple[Severity, str, str]]:
    return {(one.severity, one.field, one.code) for one in examined(changes, operation).findings}


def test_a_foreigner_by_the_iin_with_a_whole_permit_passes_and_is_registered() -> None:
    assert said(FOREIGNER) == set()
    assert judged_without_preflight(BrokenRow("", "", Operation.CONCLUSION, FOREIGNER)) is None


def test_a_foreigner_by_the_iin_needs_all_four_facts_of_the_permit() -> None:
    missing = {(one[1], one[2]) for one in said({"employee_iin": FOREIGN_IIN})}
    assert missing == {
        ("permit_number", "SCSE184"),
        ("permit_issue_date", "SCSE185"),
        ("permit_begin_date", "SCSE266"),
        ("permit_end_date", "SCSE267"),
    }


@pytest.mark.parametrize("registered_as_foreigner", [True, False])
def test_an_ordinary_iin_with_a_permit_is_left_to_the_register_of_persons(registered_as_foreigner: bool) -> None:
    assert said(ORDINARY) == {(Severity.UNDETERMINED, "permit_number", "SCSE192")}
    book = {"foreign_persons": {IIN}} if registered_as_foreigner else {}
    answer = judged_without_preflight(BrokenRow("", "", Operation.CONCLUSION, ORDINARY, book=book))
    assert answer == (None if registered_as_foreigner else "SCSE192")


@pytest.mark.parametrize("registered_as_foreigner", [True, False])
def test_half_a_permit_is_refused_whatever_the_register_says(registered_as_foreigner: bool) -> None:
    half = {**ORDINARY, "permit_number": None}
    assert (Severity.ERROR, "permit_number", "SCSE184") in said(half)
    book = {"foreign_persons": {IIN}} if registered_as_foreigner else {}
    answer = judged_without_preflight(BrokenRow("", "", Operation.CONCLUSION, half, book=book))
    assert answer == ("SCSE184" if registered_as_foreigner else "SCSE192")


def test_an_ordinary_iin_without_a_permit_is_no_matter_of_foreigners() -> None:
    assert said({}) == set()


def test_a_permit_that_begins_later_lets_the_contract_wait_for_its_day() -> None:
    later = {**FOREIGNER, "permit_begin_date": "2026-12-01"}
    one = examined(later)
    assert said(later) == {(Severity.WARNING, "permit_begin_date", "SCSE270")}
    assert one.not_before is not None
    assert kazakhstan_date(one.not_before).isoformat() == "2026-12-01"
    assert judged_without_preflight(BrokenRow("", "", Operation.CONCLUSION, later)) == "SCSE270"


@pytest.mark.parametrize("operation", [Operation.AMENDMENT, Operation.AMENDMENT_EDIT, Operation.EXTENSION])
def test_the_permit_term_of_an_event_that_names_nobody_is_undetermined(operation: Operation) -> None:
    assert (Severity.UNDETERMINED, "term_code", "SCSE253") in said({"term_code": "7", "end_date": None}, operation)


def test_an_empty_iin_alone_is_refused() -> None:
    assert said({"employee_iin": ""}) == {(Severity.ERROR, "employee_iin", "SCSE011")}
    assert said({"employee_iin": None, "awaits_iin": "false"}) == {(Severity.ERROR, "employee_iin", "SCSE011")}


def test_a_marked_row_waits_for_the_iin_and_may_lack_the_permit_until_then() -> None:
    one = examined({"employee_iin": None, "awaits_iin": "true"})
    assert [(found.severity, found.field, found.code) for found in one.findings] == [
        (Severity.WARNING, "employee_iin", "SCSE011")
    ]
    assert one.event is not None
    assert one.deadline is not None


def test_an_iin_beside_the_mark_is_refused() -> None:
    assert said({"awaits_iin": "true"}) == {(Severity.ERROR, "awaits_iin", "")}


def test_only_a_conclusion_takes_the_mark() -> None:
    for operation in (Operation.LEGACY_CONTRACT, Operation.CONTRACT_EDIT, Operation.IIN_CHANGE):
        found = said({"employee_iin": None, "awaits_iin": "true"}, operation)
        assert (Severity.ERROR, "employee_iin", "SCSE011") in found


def test_no_finding_repeats_a_number_of_the_permit_or_of_the_person() -> None:
    for changes in (FOREIGNER, ORDINARY, {**FOREIGNER, "permit_end_date": "2025-01-01"}):
        texts = json.dumps([one.message for one in examined(changes).findings])
        assert FOREIGN_IIN not in texts
        assert "KZ-77" not in texts
