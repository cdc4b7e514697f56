"""A foreigner is hired before the IIN is issued: the event waits visibly, its clock runs, and the IIN frees it."""

from __future__ import annotations

import pytest

from support.line import DAY, HOUR, IIN, MONDAY, TODAY, Line
from usrec.application.survey import PersonNeeded, take_survey
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import UnsafeRequest
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.watch import WatchPolicy


def hired(line: Line) -> None:
    """HR enters a contract whose employee has no IIN."""
    line.take("e1", employee_iin="", awaits_iin="true")


def alerts(line: Line) -> list[Alert]:
    """Open alerts after a look."""
    policy = WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)
    watch_deadlines(ledger=line.ledger, policy=policy, clock=line.clock)
    return [one.alert for one in line.ledger.view.notice_board().alerts]


def reminders(line: Line) -> list[Alert]:
    return [one for one in alerts(line) if (one.watched, one.threshold) == (Watched.IIN, Threshold.AWAITED)]


def test_it_waits_for_the_iin_and_nothing_is_sent(line: Line) -> None:
    hired(line)
    line.deliver_all()
    entry = line.entry("e1")
    assert (entry.status, entry.wait_reason) == (QueueStatus.HELD, WaitReason.AWAITING_IIN)
    assert line.of("e1").state is State.PENDING
    assert line.of("e1").legal_date is not None
    assert line.wire.submitted == []
    assert "waits for the employee's IIN" in line.notes()[line.of("e1").row_ref].message
    survey = take_survey(view=line.ledger.view, clock=line.clock)
    assert survey.waiting[WaitReason.AWAITING_IIN] == 1
    assert survey.needs_person[PersonNeeded.AWAITING_IIN] == 1


def test_the_revision_with_the_iin_goes_out_as_the_same_event(line: Line) -> None:
    hired(line)
    line.take("e1", revision=2, employee_iin=IIN)
    line.deliver_all()
    assert line.of("e1").state is State.ACCEPTED
    assert line.of("e1", revision=1).state is State.CANCELLED
    assert len(line.wire.submitted) == 1


def test_followers_wait_for_the_same_reason_and_go_on_after_it(line: Line) -> None:
    hired(line)
    line.take("e2", "amendment")
    entry = line.entry("e2")
    assert (entry.status, entry.wait_reason) == (QueueStatus.BLOCKED, WaitReason.AWAITING_IIN)
    assert entry.blocked_by == line.of("e1").id
    line.take("e1", revision=2, employee_iin=IIN)
    assert line.entry("e2").wait_reason is WaitReason.PREDECESSOR_OPEN
    line.deliver_all()
    line.deliver_all()
    assert line.states() == {"e1": "accepted", "e2": "accepted"}


def test_no_command_sends_it_without_an_iin(line: Line) -> None:
    hired(line)
    for act in (line.retry, line.check_out):
        with pytest.raises(UnsafeRequest, match="no IIN yet"):
            act("e1")
    line.hold("e1")
    line.release("e1")
    line.clock.advance(30 * DAY)
    line.deliver_all()
    assert line.entry("e1").wait_reason is WaitReason.AWAITING_IIN
    assert line.wire.submitted == []


def test_hr_is_reminded_on_each_working_day_beside_the_deadline(line: Line) -> None:
    line.clock.advance(HOUR)
    hired(line)
    told: list[Alert] = []
    of_the_term = set()
    while line.clock.now() <= MONDAY + 7 * DAY:
        told += [one for one in reminders(line) if one not in told]
        assert len(reminders(line)) == 1
        of_the_term |= {one.threshold for one in alerts(line) if one.watched is Watched.LEGAL}
        line.clock.advance(HOUR)
    assert [one.last_day for one in told] == [TODAY + number * DAY for number in (1, 2, 3, 4, 7)]
    assert Threshold.WORKING_DAYS_3 in of_the_term


def test_the_reminder_ends_with_the_iin_and_rests_while_a_person_holds_it(line: Line) -> None:
    hired(line)
    assert len(reminders(line)) == 1
    line.hold("e1")
    assert reminders(line) == []
    line.release("e1")
    assert len(reminders(line)) == 1
    line.take("e1", revision=2, employee_iin=IIN)
    assert reminders(line) == []


def test_taking_the_row_back_ends_it_all(line: Line) -> None:
    hired(line)
    line.take("e1", revision=2, withdrawn=True, employee_iin="", awaits_iin="true")
    assert line.of("e1").state is State.CANCELLED
    assert reminders(line) == []
