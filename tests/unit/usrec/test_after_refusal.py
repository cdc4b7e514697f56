"""What the line does after each kind of refusal: another day, a look, another party, nothing more of the employer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.line import (
    ASEL,
    BIN,
    DAY,
    EMPLOYERS,
    HOUR,
    LEASE,
    MONDAY,
    OTHER_BIN,
    TIMEOUT,
    TODAY,
    UNREACHABLE,
    Line,
    WeekdayCalendar,
    refused,
    registered,
)
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.application.after_refusal import MOST_TRIES
from usrec.application.stop_employer import release_employer, stop_employer
from usrec.application.survey import PersonNeeded, take_survey
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.deadline import AFTER_MIDNIGHT
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import LedgerUnavailable, UnsafeRequest
from usrec.domain.kazakhstan_time import day_end_utc
from usrec.domain.message import Envelope, RenderedMessage, SignedMessage
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.response_code import Policy
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.verdict import Ending
from usrec.domain.watch import WatchPolicy
from usrec.policies import default_policies
from usrec.ports.ledger_view import SubmissionFilter

MIDNIGHT = day_end_utc(TODAY)
ALATAU, ZHETISU = EMPLOYERS[BIN], EmployerName("zhetisu")


@pytest.fixture
def office(line: Line) -> Line:
    """A line that obeys the safe defaults."""
    line.policy = replace(line.policy, policies=default_policies())
    return line


def choose(line: Line, code: str, policy: Policy) -> None:
    line.policy = replace(line.policy, policies=default_policies({code: policy}))


def endings(line: Line, event_id: str) -> list[str | None]:
    return [attempt.ending for attempt in line.attempts(event_id)]


def alerts(line: Line) -> list[Alert]:
    watch_deadlines(
        ledger=line.ledger, policy=WatchPolicy(DigestPolicy(WeekdayCalendar()), WeekdayCalendar()), clock=line.clock
    )
    return [one.alert for one in line.ledger.view.notice_board().alerts]


def reminded(line: Line) -> list[str]:
    return [one.event_id for one in alerts(line) if (one.watched, one.threshold) == (Watched.PERSON, Threshold.AWAITED)]


# -- the next day


def test_refusal_that_passes_with_the_day_is_met_with_the_same_bytes_after_midnight(office: Line) -> None:
    office.take("c1")
    office.take("a1", "amendment")
    done = office.send(refused("SCSE059"))
    assert (done.result, done.reason, done.code) == ("signed", "refused_today", "SCSE059")
    entry = office.entry("c1")
    assert (entry.status, entry.wait_reason) == (QueueStatus.SCHEDULED, WaitReason.NEXT_DAY)
    assert MIDNIGHT + AFTER_MIDNIGHT < entry.available_at <= MIDNIGHT + AFTER_MIDNIGHT + timedelta(minutes=15)
    assert office.of("c1").code == "SCSE059"
    assert "next day" in office.notes()[office.of("c1").row_ref].message
    assert office.entry("a1").wait_reason is WaitReason.PREDECESSOR_OPEN
    office.clock.set(MIDNIGHT)
    assert office.claim() == []
    office.clock.set(entry.available_at)
    assert office.send(registered()).result == "accepted"
    first, second = office.wire.messages
    assert first == second
    assert office.of("c1").code == "SCSS001"


def test_refusals_that_do_not_pass_count_as_one_after_so_many_days(office: Line) -> None:
    office.take("c1", signed_on="2026-11-16")
    for _ in range(MOST_TRIES - 1):
        assert office.send(refused("SCSE059")).result == "signed"
        office.clock.advance(DAY + HOUR)
    assert office.send(refused("SCSE059")).result == "rejected"
    assert endings(office, "c1") == [Ending.REFUSED] * MOST_TRIES


def test_no_day_is_waited_for_behind_the_last_day_of_the_term(office: Line) -> None:
    office.take("c1")
    due = office.of("c1").due_utc
    assert due is not None
    office.clock.set(due - HOUR)
    assert office.send(refused("SCSE059")).result == "rejected"


def test_mended_row_takes_the_place_of_one_that_waits_for_another_day(office: Line) -> None:
    office.take("c1")
    office.send(refused("SCSE059"))
    office.take("c1", revision=2)
    assert office.of("c1", 1).state is State.CANCELLED
    assert office.send(registered()).result == "accepted"
    assert office.of("c1").revision == 2


def test_mended_row_that_came_meanwhile_makes_the_refusal_one(office: Line) -> None:
    office.take("c1")

    def looks(_: Envelope) -> SubmissionOutcome:
        office.take("c1", revision=2)
        return refused("SCSE059")

    assert office.send(looks).result == "rejected"
    assert office.send(registered()).result == "accepted"


def test_one_in_doubt_stays_in_doubt_and_the_next_day_settles_it(office: Line) -> None:
    office.take("c1")
    office.send(TIMEOUT)
    assert office.send_again(refused("SCSE059")).result == "indeterminate"
    assert office.entry("c1").wait_reason is WaitReason.NEXT_DAY
    office.clock.set(office.entry("c1").available_at)
    assert office.send(refused("SCSE086")).result == "accepted"


def test_waiting_one_may_be_taken_back_because_nothing_is_registered(office: Line) -> None:
    office.take("c1")
    office.send(refused("SCSE059"))
    office.cancel("c1")
    assert office.of("c1").state is State.CANCELLED


def test_settings_may_make_a_refusal_of_it(office: Line) -> None:
    choose(office, "SCSE059", Policy.FIX_AND_RESEND)
    office.take("c1")
    assert office.send(refused("SCSE059")).result == "rejected"


# -- look first


@pytest.mark.parametrize("code", ["SCSE014", "SCSE070", "SCSE086", "SCSE169"])
def test_what_may_be_registered_already_waits_for_a_look(office: Line, code: str) -> None:
    office.take("c1")
    office.take("a1", "amendment")
    done = office.send(refused(code))
    assert (done.result, done.alert) == ("indeterminate", True)
    entry = office.entry("c1")
    assert (entry.status, entry.wait_reason) == (QueueStatus.HELD, WaitReason.TO_CONFIRM)
    assert office.of("c1").code == code
    assert office.entry("a1").wait_reason is WaitReason.PREDECESSOR_IN_DOUBT
    office.clock.advance(30 * DAY)
    assert office.claim() == []
    assert take_survey(view=office.ledger.view, clock=office.clock).needs_person[PersonNeeded.TO_CONFIRM] == 1


def test_looked_at_and_found_ours_it_is_settled_with_the_registrys_own_id(office: Line) -> None:
    office.take("c1")
    office.send(refused("SCSE014"))
    with pytest.raises(UnsafeRequest, match="contract id is needed"):
        office.settle("c1")
    office.settle("c1", contract_id="R-77")
    assert (office.of("c1").state, office.of("c1").contract_id) == (State.ACCEPTED, "R-77")


def test_looked_at_and_found_foreign_it_is_refused_and_hr_mends_it(office: Line) -> None:
    office.take("c1")
    office.send(refused("SCSE014"))
    office.settle("c1", accepted=False)
    office.take("c1", revision=2, contract_number="2")
    assert office.send(registered()).result == "accepted"


def test_sent_again_by_a_person_the_same_answer_is_not_taken_for_our_own_record(office: Line) -> None:
    """The first refusal proved that 086 was not about our bytes."""
    office.take("c1")
    office.send(refused("SCSE086"))
    office.release("c1")
    assert office.send(refused("SCSE086")).result == "indeterminate"
    assert office.entry("c1").wait_reason is WaitReason.TO_CONFIRM


def test_agreement_that_exists_is_looked_at_however_often_it_is_sent(office: Line) -> None:
    office.take("a1", "amendment", contract_id="R-7")
    office.send(refused("SCSE070"))
    office.retry("a1")
    assert office.send(refused("SCSE070")).result == "indeterminate"


# -- another party


def test_what_another_party_must_mend_waits_and_reminds_and_goes_again_as_the_same_bytes(office: Line) -> None:
    office.take("c1")
    done = office.send(refused("SCSE119"))
    assert (done.result, done.reason, done.alert) == ("signed", "other_party", True)
    entry = office.entry("c1")
    assert (entry.status, entry.wait_reason) == (QueueStatus.HELD, WaitReason.OTHER_PARTY)
    assert office.of("c1").code == "SCSE119"
    assert reminded(office) == ["c1"]
    office.clock.advance(DAY)
    assert reminded(office) == ["c1"]
    assert office.claim() == []
    assert office.retry("c1").id == office.of("c1").id
    assert reminded(office) == []
    assert office.send(registered()).result == "accepted"
    first, second = office.wire.messages
    assert first == second


def test_refusing_registry_of_late_entries_leaves_them_waiting_for_its_support(office: Line) -> None:
    office.take("c1")
    office.send(refused("SCSE088"))
    assert take_survey(view=office.ledger.view, clock=office.clock).needs_person[PersonNeeded.OTHER_PARTY] == 1
    office.take("c1", revision=2)
    assert office.send(registered()).result == "accepted"
    assert office.of("c1", 1).state is State.CANCELLED


def test_new_revision_in_another_contract_waits_for_the_decision(office: Line) -> None:
    office.take("c1")
    office.send(refused("SCSE119"))
    office.take("c1", revision=2, contract="K-2")
    assert office.of("c1", 1).state is State.SIGNED


# -- nothing more of the employer


@pytest.fixture
def two(office: Line) -> Line:
    """Two employers on one line."""
    office.employers = {BIN: ALATAU, OTHER_BIN: ZHETISU}
    office.signer = InMemorySigner({BIN: MONDAY + 400 * DAY, OTHER_BIN: MONDAY + 400 * DAY})
    return office


def test_answer_about_the_key_stops_the_employer_and_no_other(two: Line) -> None:
    two.take("c1")
    assert two.send(refused("SCSE001")).result == "rejected"
    two.take("c2", contract="K-2")
    two.take("z1", employer=OTHER_BIN, contract="K-3")
    (claim,) = two.claim()
    assert claim.submission.event_id == "z1"
    (stop,) = two.ledger.view.employer_stops()
    assert (stop.employer, stop.code, stop.submission_id) == ("alatau", "SCSE001", two.of("c1").id)
    assert BIN not in repr(stop)
    row = next(row for row in two.ledger.view.rows(SubmissionFilter(unsettled=True)) if row.event_id == "c2")
    assert row.wait_reason is WaitReason.EMPLOYER_STOPPED
    assert two.ledger.view.progress().ready == 0
    assert "employer_stopped" in [line.action for line in two.journal(two.of("c1").id)]


def test_stop_is_told_to_everybody_at_once_and_until_the_release(office: Line) -> None:
    office.take("c1")
    office.clock.set(MONDAY + 15 * HOUR)
    office.send(refused("SCSE046"))
    (alert,) = [one for one in alerts(office) if one.threshold is Threshold.STOPPED]
    assert alert.urgent
    assert alert.tell_at == office.clock.now()
    office.retry("c1")
    assert [one for one in alerts(office) if one.threshold is Threshold.STOPPED]
    let_go(office)
    assert not [one for one in alerts(office) if one.threshold is Threshold.STOPPED]
    assert office.send(registered()).result == "accepted"


def let_go(line: Line) -> None:
    release_employer(BIN, ALATAU, by=ASEL.name, reason="a new key is in place", ledger=line.ledger, clock=line.clock)


def test_one_in_doubt_is_stopped_in_doubt(office: Line) -> None:
    office.take("c1")
    office.send(TIMEOUT)
    assert office.send_again(refused("SCSE001")).result == "indeterminate"
    assert office.entry("c1").wait_reason is WaitReason.NEEDS_DECISION
    assert office.ledger.view.employer_stops()


def test_bytes_that_an_older_key_signed_stop_nobody(office: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    office.take("c1")
    office.send(UNREACHABLE)
    older, sign = office.entry("c1").available_at, office.signer.sign

    def with_the_new_key(rendered: RenderedMessage, **how: Any) -> SignedMessage:
        return replace(sign(rendered, **how), certificate="the new one")

    monkeypatch.setattr(office.signer, "sign", with_the_new_key)
    office.take("c2", contract="K-2")
    office.clock.advance(timedelta(milliseconds=1))
    assert office.send(registered()).result == "accepted"
    office.clock.set(older)
    assert office.send(refused("SCSE001")).result == "rejected"
    assert office.ledger.view.employer_stops() == []


@pytest.mark.parametrize("code", ["SCSE012", "SCSE014", "SCSE088", "SCSE002"])
def test_no_other_answer_stops_an_employer(office: Line, code: str) -> None:
    office.take("c1")
    office.send(refused(code))
    assert office.ledger.view.employer_stops() == []


def test_settings_may_keep_an_employer_going(office: Line) -> None:
    choose(office, "SCSE001", Policy.FIX_AND_RESEND)
    office.take("c1")
    assert office.send(refused("SCSE001")).result == "rejected"
    assert office.ledger.view.employer_stops() == []


def test_claim_that_was_begun_before_the_stop_sends_nothing(office: Line) -> None:
    office.take("c1")
    (claim,) = office.claim()
    stop_employer(BIN, ALATAU, by="asel", reason="an audit", ledger=office.ledger, clock=office.clock)
    done = office.deliver(claim)
    assert (done.result, done.reason) == ("waiting", "employer_stopped")
    assert office.wire.submitted == []
    assert office.attempts("c1") == []
    assert office.claim() == []
    let_go(office)
    assert office.send(registered()).result == "accepted"


def test_what_is_on_the_wire_finishes(office: Line) -> None:
    office.take("c1")

    def stops(_: Envelope) -> SubmissionOutcome:
        stop_employer(BIN, ALATAU, by="asel", reason="an audit", ledger=office.ledger, clock=office.clock)
        return registered()

    assert office.send(stops).result == "accepted"


def test_stop_and_release_are_refused_where_they_would_change_nothing(office: Line) -> None:
    with pytest.raises(UnsafeRequest, match="it is not stopped"):
        let_go(office)
    stop_employer(BIN, ALATAU, by="asel", reason="an audit", ledger=office.ledger, clock=office.clock)
    with pytest.raises(UnsafeRequest, match="stopped already"):
        stop_employer(BIN, ALATAU, by="dana", reason="me too", ledger=office.ledger, clock=office.clock)
    (stop,) = office.ledger.view.employer_stops()
    assert stop.stopped_by == "asel"


def test_answer_and_stop_are_on_record_together_or_not_at_all(office: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    office.take("c1")
    (claim,) = office.claim()
    office.wire.then(refused("SCSE001"))

    def dies(*_: object) -> None:
        raise LedgerUnavailable("the power went")

    with monkeypatch.context() as patched:
        patched.setattr("usrec.application.record_outcome.record_decisions", dies)
        with pytest.raises(LedgerUnavailable):
            office.deliver(claim)
    assert office.ledger.view.employer_stops() == []
    office.clock.advance(LEASE)
    assert office.send(refused("SCSE001")).result == "indeterminate"
    assert len(office.ledger.view.employer_stops()) == 1
