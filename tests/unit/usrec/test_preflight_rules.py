"""Every preflight rule has a row that breaks it: the agent says the code before sending, the registry after it."""

from __future__ import annotations

import pytest

from support.broken_rows import BROKEN_ROWS
from support.broken_rows.late import LATE
from support.document_files import SHELF
from support.sound_rows import BIN, NOW, SOUND, BrokenRow, judged_without_preflight, rows_of
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.application.lint import lint, well_formed
from usrec.domain.rules.finding import Finding, Severity
from usrec.domain.rules.preflight import Preflight
from usrec.domain.source_event import Operation

CALENDAR = KazakhstanCalendar()


def found(broken: BrokenRow) -> list[Finding]:
    """What lint says of the broken row, in a file where all that stood before it stands above it."""
    rows = [(row, ()) for row in rows_of(broken)]
    employers = well_formed((broken.employer_bin, BIN))
    found = lint(rows, employers=employers, calendar=CALENDAR, now=NOW, preflight=Preflight(broken.codes, SHELF))
    return list(found[-1])


def stopped(broken: BrokenRow) -> list[Finding]:
    return [one for one in found(broken) if one.severity is Severity.ERROR]


@pytest.mark.parametrize("operation", list(SOUND))
def test_a_sound_row_passes_and_is_registered(operation: Operation) -> None:
    sound = BrokenRow("", "", operation)
    assert stopped(sound) == []
    assert judged_without_preflight(sound) is None


@pytest.mark.parametrize("broken", [pytest.param(one, id=f"{one.code}-{one.operation}") for one in BROKEN_ROWS])
def test_a_broken_row_is_stopped_with_the_code_that_the_registry_answers(broken: BrokenRow) -> None:
    assert [(one.rule, one.code) for one in stopped(broken)] == [(broken.rule, broken.code)]
    assert judged_without_preflight(broken) == broken.code


@pytest.mark.parametrize("late", [pytest.param(one, id=f"{one.code}-{one.operation}") for one in LATE])
def test_a_late_row_is_warned_of_and_never_stopped(late: BrokenRow) -> None:
    assert stopped(late) == []
    warned = [one for one in found(late) if one.severity is Severity.WARNING]
    assert [(one.rule, one.code) for one in warned] == [(late.rule, late.code)]
    assert judged_without_preflight(late) == late.code
