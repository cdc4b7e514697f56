"""An event without a term of law has an internal target: it drives the order and gentle reminders, and is no term."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.line import DAY, HOUR, TODAY, Line, WeekdayCalendar
from usrec.application.survey import take_survey
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.intake import IntakePolicy
from usrec.domain.kazakhstan_time import day_end_utc
from usrec.domain.source_event import Operation
from usrec.domain.target import TARGETED, WITHOUT_TERM, CountedIn, TargetPolicy
from usrec.domain.watch import WatchPolicy
from usrec.interfaces.cli.story import deadline_words, row_json
from usrec.ports.alert_sink import LOG
from usrec.ports.ledger_view import Named, SubmissionFilter

LATER = date(2026, 12, 16)


def told(line: Line) -> list[tuple[Watched, Threshold]]:
    watch_deadlines(
        ledger=line.ledger, policy=WatchPolicy(DigestPolicy(line.calendar.common), line.calendar), clock=line.clock
    )
    with line.ledger.begin() as work:
        open_now = work.alert_sinks.untold(LOG, line.clock.now(), 99, at_once=True)
    assert not any(one.open.alert.urgent for one in open_now)
    return [(one.open.alert.watched, one.open.alert.threshold) for one in open_now]


@pytest.mark.parametrize("operation", sorted(WITHOUT_TERM))
def test_event_without_a_term_has_a_target_and_no_legal_date(line: Line, operation: Operation) -> None:
    line.register("hired")
    taken = line.take("change", operation.value)
    assert (taken.legal_date, taken.due_utc, taken.target_date) == (None, None, LATER)
    assert line.entry("change").priority == day_end_utc(LATER)


def test_event_with_a_term_has_no_target(line: Line) -> None:
    assert line.take("hired").target_date is None
    assert line.take("gone", "termination").target_date is None


def test_correction_has_a_target_only_where_its_first_entry_is_unknown(line: Line) -> None:
    edit = line.take("edit", "contract_edit", entered_on=None, contract_id="R-9")
    assert (edit.legal_date, edit.target_date) == (None, LATER)
    dated = line.take("edit2", "contract_edit", contract_id="R-9", contract="K-2")
    assert dated.legal_date is not None
    assert dated.target_date is None


def test_installation_chooses_the_days_and_how_they_are_counted(line: Line) -> None:
    policy = TargetPolicy(10, CountedIn.WORKING_DAYS, {Operation.IIN_CHANGE: 3})
    line.intake = IntakePolicy(targets=policy)
    line.register("hired")
    assert line.take("iin", "iin_change").target_date == TODAY + timedelta(days=3)
    assert line.take("bin", "bin_change").target_date == TODAY + timedelta(days=14)


def test_target_keeps_its_place_among_many_terms(line: Line) -> None:
    """What comes later with a later date never goes before it."""
    line.register("hired")
    line.take("iin", "iin_change")
    line.clock.advance(40 * DAY)
    today = (TODAY + 40 * DAY).isoformat()
    line.take("other", contract="K-2", contract_date=today, signed_on=today, begin_date=today)
    assert line.claim(1)[0].submission.event_id == "iin"


def test_it_is_told_gently_and_never_at_night(line: Line) -> None:
    line.register("hired")
    line.take("iin", "iin_change", contract="K-2")
    assert told(line) == []
    line.clock.set(day_end_utc(LATER) - 2 * DAY)
    assert told(line) == [(Watched.TARGET, Threshold.TARGET_NEAR)]
    line.clock.set(day_end_utc(LATER) + HOUR)
    assert told(line) == [(Watched.TARGET, Threshold.TARGET_PASSED)]
    with line.ledger.begin() as work:
        (late,) = work.alert_sinks.untold(LOG, line.clock.now(), 99, at_once=True)
    digests = DigestPolicy(line.calendar.common)
    assert late.open.alert.tell_at == digests.next(line.clock.now()) > line.clock.now()


def test_status_and_story_say_that_it_is_no_term_of_law(line: Line) -> None:
    line.register("hired")
    taken = line.take("iin", "iin_change", contract="K-2")
    assert deadline_words(line.story(taken.id), line.clock.now()) == "2026-12-16, an internal target, not a term of law"
    listed = {row.event_id: row_json(row) for row in line.ledger.view.rows(SubmissionFilter(unsettled=True))}
    assert (listed["iin"]["safe_date"], listed["iin"]["internal_target"]) == (None, LATER)
    survey = take_survey(view=line.ledger.view, clock=line.clock)
    assert (survey.targets.number, survey.targets_passed.number, survey.overdue) == (1, 0, Named(0, []))
    line.clock.set(day_end_utc(LATER) + HOUR)
    survey = take_survey(view=line.ledger.view, clock=line.clock)
    assert (survey.targets_passed.number, survey.overdue) == (1, Named(0, []))


@given(
    operation=st.sampled_from(sorted(TARGETED)),
    days=st.integers(1, 366),
    counted_in=st.sampled_from(CountedIn),
    taken_on=st.dates(date(2021, 1, 1), date(2090, 1, 1)),
)
def test_working_days_never_end_before_calendar_days(
    operation: Operation, days: int, counted_in: CountedIn, taken_on: date
) -> None:
    last = TargetPolicy(days, counted_in).date_of(operation, taken_on, WeekdayCalendar())
    calendar_days = taken_on + timedelta(days=days)
    assert last is not None
    assert last == calendar_days if counted_in is CountedIn.CALENDAR_DAYS else last >= calendar_days
