"""What a person may do to a submission, what is refused, and that the journal says who and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from support.evidence_records import contradictions_of
from support.ledger_values import a_submission
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
    PlainRenderer,
    refused,
    registered,
)
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.application import operate
from usrec.application.retry import retry
from usrec.application.settle import Settlement, settle
from usrec.domain.deadline import AFTER_MIDNIGHT
from usrec.domain.errors import UnsafeRequest
from usrec.domain.kazakhstan_time import day_start_utc
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason, contract_of
from usrec.domain.verdict import Ending

Deed = Callable[[Line, str], object]

DEEDS: dict[str, Deed] = {
    "retry": lambda line, event: line.retry(event),
    "cancel": lambda line, event: line.cancel(event),
    "hold": lambda line, event: line.hold(event),
    "release": lambda line, event: line.release(event),
    "check_out": lambda line, event: line.check_out(event),
    "settle": lambda line, event: line.settle(event, contract_id="R-5"),
}


def pending(line: Line) -> None:
    line.take("e")


def claimed(line: Line) -> None:
    line.take("e")
    line.claim()


def unsent(line: Line) -> None:
    line.take("e")
    line.send(UNREACHABLE)


def invalid(line: Line) -> None:
    line.take("e", employee_iin=None)


def accepted(line: Line) -> None:
    line.register("e")


def rejected(line: Line) -> None:
    line.take("e")
    line.send(refused("SCSE007"))


def cancelled(line: Line) -> None:
    line.take("e")
    line.cancel("e")


def in_doubt(line: Line) -> None:
    line.take("e")
    line.send(TIMEOUT)


def being_resent(line: Line) -> None:
    in_doubt(line)
    line.clock.advance(HOUR)
    line.claim()


def undecidable(line: Line) -> None:
    in_doubt(line)
    line.send_again(refused("SCSE014"))


def blocked(line: Line) -> None:
    line.take("first")
    line.take("e", "amendment")


def held(line: Line) -> None:
    line.take("e")
    line.hold("e")


def checked_out(line: Line) -> None:
    line.take("e")
    line.check_out("e")


def dated_ahead(line: Line) -> None:
    line.take("e", contract_date=(TODAY + 5 * DAY).isoformat())


SITUATIONS: dict[str, Callable[[Line], None]] = {
    situation.__name__: situation
    for situation in (
        pending,
        claimed,
        unsent,
        invalid,
        accepted,
        rejected,
        cancelled,
        in_doubt,
        being_resent,
        undecidable,
        blocked,
        held,
        checked_out,
        dated_ahead,
    )
}

ALLOWED = {
    ("retry", "pending"),
    ("retry", "unsent"),
    ("retry", "rejected"),
    ("retry", "in_doubt"),
    ("retry", "undecidable"),
    ("retry", "held"),
    ("cancel", "pending"),
    ("cancel", "claimed"),
    ("cancel", "unsent"),
    ("cancel", "invalid"),
    ("cancel", "rejected"),
    ("cancel", "blocked"),
    ("cancel", "held"),
    ("cancel", "dated_ahead"),
    ("hold", "pending"),
    ("hold", "unsent"),
    ("hold", "in_doubt"),
    ("hold", "undecidable"),
    ("hold", "blocked"),
    ("hold", "held"),
    ("hold", "dated_ahead"),
    ("release", "undecidable"),
    ("release", "held"),
    ("release", "checked_out"),
    ("check_out", "pending"),
    ("check_out", "unsent"),
    ("check_out", "held"),
    ("check_out", "checked_out"),
    ("check_out", "dated_ahead"),
    ("settle", "in_doubt"),
    ("settle", "undecidable"),
    ("settle", "checked_out"),
}
EVERYTHING = [(deed, situation) for deed in DEEDS for situation in SITUATIONS]
REFUSED = [pair for pair in EVERYTHING if pair not in ALLOWED]


def everything_on_record(line: Line) -> list[object]:
    submissions = [one for event in line.states() for one in line.all_of(event)]
    with line.ledger.begin() as work:
        entries = [work.outbox.get(one.id) for one in submissions]
    return [submissions, entries, [line.journal(one.id) for one in submissions]]


@pytest.mark.parametrize(("deed", "situation"), sorted(ALLOWED))
def test_what_is_allowed_is_journaled_with_who_and_why(line: Line, deed: str, situation: str) -> None:
    SITUATIONS[situation](line)
    DEEDS[deed](line, "e")
    submissions = line.all_of("e")
    by_asel = [entry for one in submissions for entry in line.journal(one.id) if entry.actor == ASEL.name]
    assert by_asel
    last = by_asel[-1]
    assert ASEL.reason in {last.reason, json.loads(last.detail).get("why")}


@pytest.mark.parametrize(("deed", "situation"), REFUSED)
def test_what_is_refused_changes_nothing_and_says_what_to_do(line: Line, deed: str, situation: str) -> None:
    SITUATIONS[situation](line)
    before = everything_on_record(line)
    with pytest.raises(UnsafeRequest) as caught:
        DEEDS[deed](line, "e")
    assert everything_on_record(line) == before
    assert caught.value.kept == "Nothing was changed"
    assert caught.value.next_step
    assert str(line.of("e").id) in caught.value.where


@pytest.mark.parametrize("deed", DEEDS)
def test_what_was_replaced_points_to_what_stands_in_its_place(line: Line, deed: str) -> None:
    first = line.take("e")
    second = line.take("e", revision=2)
    with pytest.raises(UnsafeRequest, match=f"{second.id} stands in its place"):
        act_on(line, deed, first.id)


@pytest.mark.parametrize("deed", DEEDS)
def test_what_does_not_exist_is_refused(line: Line, deed: str) -> None:
    with pytest.raises(UnsafeRequest, match="there is no submission nobody"):
        act_on(line, deed, SubmissionId("nobody"))


def act_on(line: Line, deed: str, which: SubmissionId) -> None:
    ledger, clock = line.ledger, line.clock
    match deed:
        case "retry":
            retry(
                which,
                ASEL,
                ledger=ledger,
                clock=clock,
                entropy=line.entropy,
                employers=line.employers,
                calendar=line.calendar,
            )
        case "check_out":
            operate.check_out(which, "dana", ASEL, ledger=ledger, clock=clock, duration=HOUR)
        case "settle":
            found = Settlement(accepted=True, contract_id="R-5", evidence=b"a letter")
            settle(which, found, ASEL, ledger=ledger, clock=clock)
        case _:
            simple = {"cancel": operate.cancel, "hold": operate.hold, "release": operate.release}[deed]
            simple(which, ASEL, ledger=ledger, clock=clock)


@pytest.mark.parametrize("situation", ["in_doubt", "being_resent", "undecidable"])
@pytest.mark.parametrize("deed", ["cancel", "check_out"])
def test_nothing_in_doubt_is_cancelled_or_checked_out(line: Line, deed: str, situation: str) -> None:
    SITUATIONS[situation](line)
    with pytest.raises(UnsafeRequest):
        DEEDS[deed](line, "e")
    assert line.of("e").state is State.INDETERMINATE


@pytest.mark.parametrize("deed", ["cancel", "check_out"])
def test_signed_one_with_an_attempt_that_nobody_closed_counts_as_sent(line: Line, deed: str) -> None:
    line.take("e")
    line.crash()
    line.clock.advance(LEASE)
    with line.work() as work:
        work.outbox.promote(line.clock.now())
    assert (line.of("e").state, line.entry("e").status) == (State.SIGNED, QueueStatus.READY)
    with pytest.raises(UnsafeRequest, match="may already be registered"):
        DEEDS[deed](line, "e")


# -- retry


def test_refused_one_goes_on_as_a_new_signed_version(line: Line) -> None:
    rejected(line)
    old = line.of("e")
    new = line.retry("e")
    assert (new.state, new.reason, new.replaces, new.position) == (State.PENDING, "retried", old.id, old.position)
    assert (new.record_id, new.code, new.decided_at) == (None, "", None)
    assert new.received_at == old.received_at
    assert line.get(old.id).replaced_by == new.id
    line.deliver_all()
    assert line.of("e").state is State.ACCEPTED
    first, second = line.wire.messages
    assert first.digest != second.digest
    assert first.record_id != second.record_id


def test_new_version_is_watched_and_told_to_hr(line: Line) -> None:
    rejected(line)
    new = line.retry("e")
    assert line.notes()[new.row_ref].state == "pending"
    with line.ledger.begin() as work:
        assert new.id in [one.id for one in work.alerts.to_watch(line.clock.now(), 9)]


def test_refused_one_keeps_its_place_before_its_followers(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    line.send(refused("SCSE007"))
    line.retry("c1")
    assert [done.submission.event_id for done in line.deliver_all()] == ["c1", "a1"]


def test_what_waits_for_the_gateway_is_sent_at_once_as_the_same_bytes(line: Line) -> None:
    unsent(line)
    assert line.claim() == []
    same = line.retry("e")
    assert line.send(registered()).submission.id == same.id
    assert len({message.digest for message in line.wire.messages}) == 1


def test_retry_of_a_replay_waits_for_its_turn(line: Line) -> None:
    turn = MONDAY + 3 * HOUR
    unsent(line)
    line.retry("e", not_before=turn)
    entry = line.entry("e")
    assert (entry.status, entry.wait_reason, entry.available_at) == (QueueStatus.SCHEDULED, WaitReason.REPLAY, turn)
    line.clock.set(turn)
    assert [done.result for done in line.deliver_all()] == ["accepted"]


def test_new_version_of_a_replay_waits_for_its_turn(line: Line) -> None:
    rejected(line)
    line.retry("e", not_before=MONDAY + HOUR)
    assert (line.entry("e").status, line.entry("e").wait_reason) == (QueueStatus.SCHEDULED, WaitReason.REPLAY)


def test_retry_of_what_lacks_its_contract_still_lacks_it(line: Line) -> None:
    line.take("e", "amendment")
    line.retry("e", not_before=MONDAY + HOUR)
    assert (line.entry("e").status, line.entry("e").wait_reason) == (QueueStatus.HELD, WaitReason.CONTRACT_UNKNOWN)


def test_new_version_behind_another_one_waits_for_that_and_not_for_its_turn(line: Line) -> None:
    line.take("a1", "amendment", contract_id="R-7")
    line.send(refused("SCSE007"))
    line.take("c1")
    line.retry("a1", not_before=MONDAY + HOUR)
    assert (line.entry("a1").status, line.entry("a1").wait_reason) == (
        QueueStatus.BLOCKED,
        WaitReason.PREDECESSOR_OPEN,
    )
    assert line.entry("c1").status is QueueStatus.READY


def test_invalid_one_goes_on_when_the_settings_have_mended_it(line: Line) -> None:
    old = line.take("e", employer=OTHER_BIN)
    line.employers = {**EMPLOYERS, OTHER_BIN: EmployerName("zhetisu")}
    line.signer = InMemorySigner({OTHER_BIN: MONDAY + DAY})
    new = line.retry("e")
    assert (new.state, new.reason, new.replaces) == (State.PENDING, "retaken", old.id)
    assert (new.employer, new.received_at) == ("zhetisu", old.received_at)
    assert line.get(old.id).replaced_by == new.id
    assert [done.result for done in line.deliver_all()] == ["accepted"]


def test_second_conclusion_goes_on_when_the_first_was_taken_back(line: Line) -> None:
    line.take("c1")
    line.take("c2")
    with pytest.raises(UnsafeRequest, match="still invalid"):
        line.retry("c2")
    line.take("c1", revision=2, withdrawn=True)
    assert line.retry("c2").position == 0
    assert [done.submission.event_id for done in line.deliver_all()] == ["c2"]


def still_invalid(line: Line, event_id: str, revision: int) -> None:
    with pytest.raises(UnsafeRequest, match="still invalid"):
        act_on(line, "retry", line.of(event_id, revision).id)


def test_invalid_revision_of_a_registered_event_is_never_retaken(line: Line) -> None:
    line.register("e")
    line.take("e", revision=2)
    still_invalid(line, "e", 2)


def test_revision_turned_away_is_never_retaken_beside_the_one_that_stands(line: Line) -> None:
    checked_out(line)
    line.take("e", revision=2)
    line.release("e", 1)
    still_invalid(line, "e", 2)


@pytest.mark.parametrize("withdrawn", [False, True])
def test_revision_for_another_contract_is_not_retaken_while_the_first_is_in_doubt(
    line: Line, *, withdrawn: bool
) -> None:
    in_doubt(line)
    line.take("e", revision=2, contract="K-2", withdrawn=withdrawn)
    still_invalid(line, "e", 2)
    line.send_again(refused("SCSE007"))
    if withdrawn:
        assert line.of("e", 2).state is State.CANCELLED
    else:
        assert line.retry("e").contract_key == "K-2"


def test_invalid_revision_that_the_settings_have_mended_waits_behind_the_one_in_doubt(line: Line) -> None:
    in_doubt(line)
    line.employers = {}
    line.take("e", revision=2)
    line.employers = dict(EMPLOYERS)
    act_on(line, "retry", line.of("e", 2).id)
    assert line.entry("e", 2).wait_reason is WaitReason.PREDECESSOR_IN_DOUBT
    line.send_again(refused("SCSE007"))
    assert [done.result for done in line.deliver_all()] == ["accepted"]


def test_withdrawal_that_the_settings_have_mended_is_not_retaken(line: Line) -> None:
    in_doubt(line)
    line.employers = {}
    line.take("e", revision=2, withdrawn=True)
    line.employers = dict(EMPLOYERS)
    still_invalid(line, "e", 2)


def test_row_that_the_inbox_does_not_hold_cannot_be_retaken(line: Line) -> None:
    with line.work() as work:
        work.submissions.add(a_submission("s1", state=State.INVALID))
    with pytest.raises(UnsafeRequest, match="still invalid"):
        act_on(line, "retry", SubmissionId("s1"))


# -- cancel


def test_cancelled_submission_is_never_sent_and_hr_is_told(line: Line) -> None:
    submission = line.take("e")
    line.cancel("e")
    assert line.of("e").reason == ASEL.reason
    assert line.of("e").decided_at == MONDAY
    assert line.notes()[submission.row_ref].state == "cancelled"
    assert line.claim() == []


def test_refused_one_set_aside_lets_its_followers_go(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment", contract_id="R-7")
    line.send(refused("SCSE014"))
    line.cancel("c1")
    assert [done.submission.event_id for done in line.deliver_all()] == ["a1"]


def test_cancelling_the_one_on_the_wire_lets_its_waiting_revision_go(line: Line) -> None:
    unsent(line)
    second = line.take("e", revision=2)
    act_on(line, "cancel", line.of("e", 1).id)
    assert line.of("e", 1).replaced_by == second.id
    assert [done.submission.id for done in line.deliver_all()] == [second.id]


def test_withdrawal_behind_a_doubt_is_not_cancelled_since_hr_would_read_that_as_done(line: Line) -> None:
    """Seed 3317: the event was registered, and nobody was told that it had not been withdrawn."""
    in_doubt(line)
    withdrawal = line.take("e", revision=2, withdrawn=True)
    with pytest.raises(UnsafeRequest, match="HR takes the event back with it"):
        act_on(line, "cancel", withdrawal.id)
    line.send_again(line.registers)
    assert line.of("e", 1).state is State.ACCEPTED
    assert line.of("e", 2).state is State.INVALID
    assert line.notes()[withdrawal.row_ref].state == "invalid"


def test_refused_withdrawal_can_be_set_aside(line: Line) -> None:
    accepted(line)
    withdrawal = line.take("e", revision=2, withdrawn=True)
    act_on(line, "cancel", withdrawal.id)
    assert line.of("e", 2).state is State.CANCELLED


def test_agent_that_holds_a_cancelled_one_sends_nothing(line: Line) -> None:
    line.take("e")
    (claim,) = line.claim()
    line.cancel("e")
    assert line.deliver(claim).result == "lease_lost"
    assert line.wire.submitted == []


def test_signed_one_of_which_nothing_was_sent_can_be_cancelled_under_its_agents_hands(line: Line) -> None:
    unsent(line)
    line.clock.advance(HOUR)
    (claim,) = line.claim()
    line.cancel("e")
    assert line.deliver(claim).result == "lease_lost"
    assert len(line.wire.submitted) == 1


# -- hold, release


def test_held_submission_is_not_sent_until_it_is_released(line: Line) -> None:
    held(line)
    entry = line.entry("e")
    assert (entry.status, entry.wait_reason, entry.note) == (
        QueueStatus.HELD,
        WaitReason.HELD_BY_PERSON,
        ASEL.reason,
    )
    line.clock.advance(30 * DAY)
    assert line.claim() == []
    line.release("e")
    assert line.entry("e").note == ""
    assert [done.result for done in line.deliver_all()] == ["accepted"]


@pytest.mark.parametrize("act", ["hold", "check_out", "retry"])
def test_claim_of_an_agent_that_is_gone_keeps_nobody_from_stopping_a_submission(line: Line, act: str) -> None:
    """Where no agent runs, nobody else would ever end it."""
    line.take("e")
    (claim,) = line.claim()
    with pytest.raises(UnsafeRequest, match="an agent is sending it"):
        getattr(line, act)("e")
    line.clock.advance(LEASE)
    getattr(line, act)("e")
    assert line.deliver(claim).result == "lease_lost"
    assert line.wire.submitted == []


def test_held_follower_stays_held_when_its_turn_comes(line: Line) -> None:
    blocked(line)
    line.hold("e")
    line.deliver_all()
    assert (line.entry("e").status, line.entry("e").wait_reason) == (QueueStatus.HELD, WaitReason.HELD_BY_PERSON)


def test_held_follower_that_is_released_waits_for_its_turn_again(line: Line) -> None:
    blocked(line)
    line.hold("e")
    line.release("e")
    assert (line.entry("e").status, line.entry("e").wait_reason) == (
        QueueStatus.BLOCKED,
        WaitReason.PREDECESSOR_OPEN,
    )
    assert [done.submission.event_id for done in line.deliver_all()] == ["first", "e"]


def test_released_submission_still_waits_for_its_papers_date(line: Line) -> None:
    dated_ahead(line)
    line.hold("e")
    line.release("e")
    assert (line.entry("e").status, line.entry("e").wait_reason) == (QueueStatus.SCHEDULED, WaitReason.PAPER_DATE)


def test_released_undecidable_one_is_resent_as_the_same_bytes(line: Line) -> None:
    undecidable(line)
    line.release("e")
    line.send(refused("SCSE086"))
    assert line.of("e").state is State.ACCEPTED
    assert len({message.digest for message in line.wire.messages}) == 1


# -- check-out


def test_checked_out_submission_is_left_to_the_person_until_it_expires(line: Line) -> None:
    line.take("e")
    until = line.check_out("e", duration=8 * HOUR)
    entry = line.entry("e")
    assert until == entry.available_at == MONDAY + 8 * HOUR
    assert (entry.wait_reason, entry.note) == (WaitReason.CHECKED_OUT, "dana")
    line.clock.set(until - timedelta(seconds=1))
    assert line.claim() == []
    line.clock.set(until)
    assert [done.result for done in line.deliver_all()] == ["accepted"]


def test_journal_tells_for_whom_and_until_when(line: Line) -> None:
    line.take("e")
    until = line.check_out("e")
    last = line.journal(line.of("e").id)[-1]
    assert (last.action, last.actor, last.reason) == ("check_out", ASEL.name, ASEL.reason)
    assert json.loads(last.detail) == {"for": "dana", "until": until.isoformat()}


def test_check_out_never_expires_before_the_papers_date(line: Line) -> None:
    dated_ahead(line)
    assert line.check_out("e", duration=HOUR) == day_start_utc(TODAY + 5 * DAY) + AFTER_MIDNIGHT


def test_check_out_that_is_released_goes_on_at_once(line: Line) -> None:
    checked_out(line)
    line.release("e")
    assert [done.result for done in line.deliver_all()] == ["accepted"]


def test_check_out_that_has_expired_cannot_be_settled_any_more(line: Line) -> None:
    line.take("e")
    line.clock.set(line.check_out("e"))
    line.claim()
    with pytest.raises(UnsafeRequest):
        line.settle("e", contract_id="R-5")


def test_what_was_entered_after_the_check_out_had_expired_is_checked_out_again_and_settled(line: Line) -> None:
    line.take("e")
    line.clock.set(line.check_out("e"))
    with line.ledger.begin() as work:
        work.outbox.promote(line.clock.now())
        work.commit()
    with pytest.raises(UnsafeRequest) as caught:
        line.settle("e", contract_id="R-5")
    assert "check it out again (usrec submission checkout), then settle it" in str(caught.value)
    line.check_out("e")
    line.settle("e", contract_id="R-5")
    assert line.of("e").state is State.ACCEPTED


def test_checked_out_conclusion_is_settled_with_the_portals_contract_id(line: Line) -> None:
    line.take("e")
    line.take("a1", "amendment")
    line.check_out("e")
    line.settle("e", contract_id="R-5")
    assert (line.of("e").state, line.of("e").contract_id) == (State.ACCEPTED, "R-5")
    assert line.of("a1").contract_id == "R-5"
    assert line.entry("a1").status is QueueStatus.READY


@pytest.mark.parametrize("situation", [pending, unsent])
def test_checked_out_conclusion_is_never_settled_under_an_id_that_was_not_sent(
    line: Line, situation: Callable[[Line], None]
) -> None:
    situation(line)
    line.check_out("e")
    with pytest.raises(UnsafeRequest, match="contract id is needed"):
        line.settle("e")


def test_what_was_never_sent_cannot_be_settled_as_refused(line: Line) -> None:
    checked_out(line)
    with pytest.raises(UnsafeRequest, match="never sent"):
        line.settle("e", accepted=False, contract_id="R-5")


# -- settle


def test_doubt_settled_as_accepted_registers_under_our_record_id(line: Line) -> None:
    in_doubt(line)
    line.take("a1", "amendment")
    line.settle("e")
    submission = line.of("e")
    assert (submission.state, submission.reason, submission.code) == (State.ACCEPTED, "settled", "")
    assert submission.contract_id == submission.record_id is not None
    assert line.entry("a1").status is QueueStatus.READY
    assert line.notes()[submission.row_ref].state == "accepted"


def test_doubt_under_a_profile_without_record_ids_is_settled_with_the_registrys_id(line: Line) -> None:
    line.renderer = PlainRenderer(supplies_record_id=False)
    in_doubt(line)
    with pytest.raises(UnsafeRequest, match="contract id is needed"):
        line.settle("e")
    line.settle("e", contract_id="R-5")
    assert line.of("e").contract_id == "R-5"


def a_slip(line: Line) -> None:
    """A conclusion was entered in the portal, and settled with an id that somebody mistyped."""
    line.take("e")
    line.take("a1", "amendment")
    line.check_out("e")
    line.settle("e", contract_id="R-5")


def test_id_that_was_mistyped_is_corrected_before_anything_is_sent_under_it(line: Line) -> None:
    a_slip(line)
    decided = line.of("e").decided_at
    line.clock.advance(HOUR)
    line.settle("e", contract_id="R-6")
    corrected = line.of("e")
    assert (corrected.state, corrected.contract_id, corrected.decided_at) == (State.ACCEPTED, "R-6", decided)
    assert (line.of("a1").contract_id, line.entry("a1").status) == ("R-6", QueueStatus.READY)
    last = line.journal(corrected.id)[-1]
    assert (last.action, last.actor, last.reason) == ("contract_id_corrected", ASEL.name, ASEL.reason)
    assert {"was": "R-5", "is": "R-6"}.items() <= json.loads(last.detail).items()
    assert line.notes()[corrected.row_ref].contract_id == "R-6"
    assert contradictions_of(line, "e") == []
    line.deliver_all()
    assert line.of("a1").state is State.ACCEPTED


def test_agent_that_holds_a_later_event_does_not_send_it_under_the_mistyped_id(line: Line) -> None:
    a_slip(line)
    (claim,) = line.claim()
    line.settle("e", contract_id="R-6")
    assert line.deliver(claim).result == "lease_lost"
    assert [done.submission.contract_id for done in line.deliver_all()] == ["R-6"]


def test_later_event_that_was_refused_under_the_mistyped_id_goes_on_under_the_right_one(line: Line) -> None:
    a_slip(line)
    line.send(refused("SCSE007"))
    line.settle("e", contract_id="R-6")
    act_on(line, "retry", line.of("a1").id)
    assert [done.submission.contract_id for done in line.deliver_all()] == ["R-6"]


@pytest.mark.parametrize("answer", [UNREACHABLE, TIMEOUT, None])
def test_id_stays_when_something_was_signed_under_it(line: Line, answer: SubmissionOutcome | None) -> None:
    a_slip(line)
    line.send(answer or line.registers)
    with pytest.raises(UnsafeRequest, match="signed or registered under its id"):
        line.settle("e", contract_id="R-6")
    assert (line.of("e").contract_id, line.of("a1").contract_id) == ("R-5", "R-5")


def test_id_that_usrec_has_told_is_never_corrected_by_hand(line: Line) -> None:
    accepted(line)
    with pytest.raises(UnsafeRequest, match="not on its way"):
        line.settle("e", contract_id="R-6")


def test_conclusion_that_was_settled_is_not_settled_again_under_the_same_id_or_as_refused(line: Line) -> None:
    a_slip(line)
    for accepted_again, contract_id in [(True, "R-5"), (True, None), (False, None), (False, "R-6")]:
        with pytest.raises(UnsafeRequest, match="somebody has settled it"):
            line.settle("e", accepted=accepted_again, contract_id=contract_id)


def test_id_of_another_contract_is_refused(line: Line) -> None:
    a_slip(line)
    line.take("other", contract="K-2")
    line.check_out("other")
    with pytest.raises(UnsafeRequest, match="R-5 is the registry's id of contract K-1"):
        line.settle("other", contract_id="R-5")


def test_entry_of_a_known_contract_is_settled_without_an_id(line: Line) -> None:
    line.renderer = PlainRenderer(supplies_record_id=False)
    line.take("e", "termination", contract_id="R-7")
    line.send(TIMEOUT)
    line.settle("e")
    assert (line.of("e").state, line.of("e").contract_id) == (State.ACCEPTED, "R-7")


def test_doubt_settled_as_refused_can_be_retried_as_a_new_version(line: Line) -> None:
    in_doubt(line)
    line.settle("e", accepted=False)
    assert (line.of("e").state, line.of("e").contract_id) == (State.REJECTED, None)
    line.retry("e")
    assert [done.result for done in line.deliver_all()] == ["accepted"]


def test_attempt_that_an_agent_which_is_gone_left_open_ends_with_the_settlement(line: Line) -> None:
    in_doubt(line)
    line.clock.advance(line.policy.retry.cap)
    line.crash()
    line.clock.advance(LEASE)
    line.hold("e")
    line.settle("e", accepted=False)
    assert [one.ending for one in line.attempts("e")] == [Ending.UNKNOWN, Ending.UNKNOWN]


def test_evidence_is_kept_and_its_digest_is_journaled(line: Line) -> None:
    in_doubt(line)
    submission = line.of("e")
    line.settle("e")
    last = line.journal(submission.id)[-1]
    digest = hashlib.sha256(b"a letter").hexdigest()
    assert (last.action, last.actor) == ("accept", ASEL.name)
    with line.ledger.begin() as work:
        keyed = work.journal.digest(submission.id, b"a letter")
        assert json.loads(last.detail) == {"evidence": keyed, "why": ASEL.reason}
        assert work.acknowledgements.seen([f"settlement:{submission.id}:{digest}"])


def test_what_outlived_its_signature_unsent_gives_way_to_the_correction_that_waits(line: Line) -> None:
    """Signing the older revision anew would send it beside the newer one."""
    line.signer = InMemorySigner({BIN: MONDAY + HOUR})
    line.take("e1")
    assert line.send(UNREACHABLE).result == "signed"
    line.clock.advance(2 * HOUR)
    line.deliver(*line.claim(1))
    assert line.entry("e1").wait_reason is WaitReason.NEEDS_DECISION
    line.enter("e1", revision=2, established_post="Старший инженер")
    line.ingest()
    line.signer = InMemorySigner({BIN: MONDAY + 400 * DAY})
    old, correction = line.of("e1", 1), line.of("e1", 2)
    goes_on = retry(
        old.id,
        ASEL,
        ledger=line.ledger,
        clock=line.clock,
        entropy=line.entropy,
        employers=line.employers,
        calendar=line.calendar,
    )
    assert goes_on == correction.id
    assert line.get(old.id).state is State.CANCELLED
    assert [one.submission.revision for one in line.deliver_all()] == [2]
    assert line.states() == {"e1": "accepted"}


def test_one_that_is_held_when_its_turn_comes_has_the_id_of_its_contract_already(line: Line) -> None:
    line.take("head")
    line.take("e", "amendment")
    line.hold("e")
    line.deliver_all()
    assert line.entry("e").status is QueueStatus.HELD
    assert line.of("e").contract_id == line.of("head").contract_id is not None, "whoever enters it by hand needs it"
    line.check_out("e", duration=HOUR)
    line.clock.advance(2 * HOUR)
    assert [done.result for done in line.deliver_all()] == ["accepted"]


@pytest.mark.parametrize("learnt", [True, False])
def test_one_that_comes_back_from_a_person_is_never_sent_without_its_contract(line: Line, *, learnt: bool) -> None:
    line.take("e", "amendment")
    line.hold("e")
    line.check_out("e", duration=HOUR)
    contract = contract_of(line.of("e"))
    if learnt:
        with line.work() as work:
            work.contracts.set_registry_id(*contract, "R-9")
    line.clock.advance(2 * HOUR)
    (claim,) = line.claim()
    assert line.deliver(claim).reason == WaitReason.CONTRACT_UNKNOWN.value
    assert line.attempts("e") == []
    if learnt:
        assert [(done.result, done.submission.contract_id) for done in line.deliver_all()] == [("accepted", "R-9")]
    else:
        assert (line.entry("e").status, line.entry("e").wait_reason) == (QueueStatus.HELD, WaitReason.CONTRACT_UNKNOWN)
