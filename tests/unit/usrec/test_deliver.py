"""One submission's way to the registry: durable before sent, the same bytes for ever, and no guess about an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from support.line import (
    BIN,
    DAY,
    HOUR,
    IIN,
    LEASE,
    MONDAY,
    TIMEOUT,
    TODAY,
    TOLERANCE,
    UNREACHABLE,
    Line,
    PlainRenderer,
    faulted,
    refused,
    registered,
)
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.inmemory.gateway import ScriptedStep
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.persistence import SqlUnitOfWork
from usrec.application.deliver import claim_due
from usrec.application.delivery import Delivered
from usrec.application.record_intent import OpenAttempt
from usrec.domain.errors import InvariantViolation, LedgerUnavailable, SigningRefused, UnsafeRequest
from usrec.domain.message import CorrelationId, Envelope, MessageId, RenderedMessage, SignedMessage
from usrec.domain.outcome import Doubt, SubmissionOutcome, Unknown
from usrec.domain.rules.finding import load_findings
from usrec.domain.state import Move, State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.verdict import Ending, Next, Verdict
from usrec.ports.ledger import Claim

TICK = timedelta(seconds=1)


def seen_profile(line: Line) -> None:
    """Wire profile without record ids: the registry answers with its own."""
    line.renderer = PlainRenderer(supplies_record_id=False)


def abandoned(line: Line) -> None:
    """An agent dies between sending and recording, and its lease runs out."""
    line.crash()
    line.clock.advance(LEASE)


def endings(line: Line, event_id: str = "c1") -> list[str | None]:
    return [attempt.ending for attempt in line.attempts(event_id)]


# -- claims


def test_most_urgent_goes_first(line: Line) -> None:
    line.take("c1", contract="K-1")
    earlier = TODAY - timedelta(days=2)
    line.take("c2", contract="K-2", signed_on=earlier.isoformat(), contract_date=earlier.isoformat())
    assert [done.submission.event_id for done in line.deliver_all()] == ["c2", "c1"]


def test_one_submission_can_be_claimed_alone(line: Line) -> None:
    line.take("c1")
    wanted = line.take("c2", contract="K-2").id
    (claim,) = claim_due(ledger=line.ledger, clock=line.clock, policy=line.policy, owner="a", limit=9, only=wanted)
    assert claim.submission.id == wanted


def test_claimed_submission_is_nobody_elses_until_its_lease_runs_out(line: Line) -> None:
    line.take("c1")
    (first,) = line.claim(owner="a")
    line.clock.advance(LEASE - TICK)
    assert line.claim(owner="b") == []
    line.clock.advance(TICK)
    (second,) = line.claim(owner="b")
    assert second.lease.fence > first.lease.fence


# -- registered, refused


def test_registered_conclusion_is_accepted_with_its_contract_id_and_proof(line: Line) -> None:
    row = line.enter("c1")
    line.ingest()
    answer = registered("R-1")
    done = line.send(answer)
    submission = line.of("c1")
    assert (done.result, done.reason, done.code) == ("accepted", "registered", "SCSS001")
    assert done.submission == submission
    assert (submission.state, submission.code, submission.contract_id) == (State.ACCEPTED, "SCSS001", "R-1")
    assert submission.decided_at == MONDAY
    assert line.queued("c1") is None
    assert (line.notes()[row].state, line.notes()[row].contract_id) == ("accepted", "R-1")
    with line.ledger.begin() as work:
        assert work.acknowledgements.seen([answer.proof.signed_digest])
        assert work.contracts.registry_id(BIN, submission.contract_key) == "R-1"
    assert endings(line) == [Ending.REGISTERED]


def test_whole_way_is_in_the_journal(line: Line) -> None:
    submission = line.register("c1")
    moves = [(entry.action, entry.from_state, entry.to_state) for entry in line.journal(submission.id)]
    assert moves == [
        ("receive", None, "pending"),
        ("sign", "pending", "signed"),
        ("attempt_opened", "signed", "signed"),
        ("attempt_closed", "signed", "signed"),
        ("accept", "signed", "accepted"),
    ]


def test_record_id_of_ours_is_kept_and_an_id_of_the_registrys_own_is_an_alarm(line: Line) -> None:
    line.take("c1")
    done = line.send(registered("R-1"))
    assert line.of("c1").record_id is not None
    assert done.alert
    line.take("c2", contract="K-2")
    assert not line.send(line.registers).alert


def test_profile_without_record_ids_sends_none_and_takes_the_registrys(line: Line) -> None:
    seen_profile(line)
    line.take("c1")
    assert not line.send(registered("R-1")).alert
    assert line.of("c1").record_id is None
    assert line.of("c1").contract_id == "R-1"


def test_registration_releases_the_next_of_the_line_with_its_contract_id(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    line.take("t1", "termination")
    line.send(registered("R-1"))
    assert line.entry("a1").status is QueueStatus.READY
    assert line.entry("t1").status is QueueStatus.BLOCKED
    line.send(registered("entry-1"))
    assert json.loads(line.wire.messages[1].document.split(b"<!--")[0])[2] == "R-1"
    assert (line.of("a1").state, line.of("a1").contract_id) == (State.ACCEPTED, "R-1")
    assert line.entry("t1").status is QueueStatus.READY


def test_entry_without_an_id_of_the_contract_leaves_the_contract_as_it_was(line: Line) -> None:
    line.take("a1", "amendment", contract_id="R-7")
    line.send(registered("entry-1"))
    assert line.of("a1").contract_id == "R-7"


def test_contract_id_of_hr_that_a_registration_has_proven_serves_later_events(line: Line) -> None:
    line.take("a1", "amendment", contract_id="R-7")
    line.take("t1", "termination")
    assert line.of("t1").contract_id is None
    line.send(registered("entry-1"))
    assert (line.of("t1").contract_id, line.entry("t1").status) == ("R-7", QueueStatus.READY)


def test_refusal_is_recorded_with_its_code_and_holds_the_followers(line: Line) -> None:
    row = line.enter("c1")
    line.ingest()
    line.take("a1", "amendment")
    done = line.send(refused("SCSE007"))
    assert (done.result, done.code, done.alert) == ("rejected", "SCSE007", False)
    assert (line.of("c1").state, line.of("c1").reason) == (State.REJECTED, "refused")
    assert line.queued("c1") is None
    assert (line.entry("a1").status, line.entry("a1").wait_reason) == (
        QueueStatus.BLOCKED,
        WaitReason.PREDECESSOR_REFUSED,
    )
    assert (line.notes()[row].state, line.notes()[row].code) == ("rejected", "SCSE007")
    assert endings(line) == [Ending.REFUSED]


# -- durable before sent


def test_signed_bytes_and_an_open_attempt_are_in_the_ledger_before_the_first_byte_leaves(line: Line) -> None:
    line.take("c1")
    at_sending: list[tuple[State, SignedMessage | None, list[str | None]]] = []

    def looks(_: Envelope) -> SubmissionOutcome:
        submission = line.of("c1")
        with line.ledger.begin() as work:
            stored = work.submissions.message(submission.id)
            assert work.attempts.open_of(submission.id) is not None
        at_sending.append((submission.state, stored, endings(line)))
        return registered()

    line.send(looks)
    assert at_sending == [(State.SIGNED, line.wire.messages[0], [None])]


def test_what_could_not_be_made_durable_is_not_sent(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.take("c1")
    (claim,) = line.claim()

    def full_disk(_: SqlUnitOfWork) -> None:
        raise LedgerUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(SqlUnitOfWork, "commit", full_disk)
        with pytest.raises(LedgerUnavailable):
            line.deliver(claim)
    assert line.wire.submitted == []
    assert line.of("c1").state is State.PENDING


def test_what_was_sent_and_could_not_be_recorded_is_sent_again_as_the_same_bytes(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.take("c1")
    (claim,) = line.claim()
    real = SqlUnitOfWork.commit
    commits: list[SqlUnitOfWork] = []

    def full_disk_after_the_intent(work: SqlUnitOfWork) -> None:
        commits.append(work)
        if len(commits) == 2:
            raise LedgerUnavailable("the disk is full")
        real(work)

    line.wire.then(line.registers)
    with monkeypatch.context() as patched:
        patched.setattr(SqlUnitOfWork, "commit", full_disk_after_the_intent)
        with pytest.raises(LedgerUnavailable):
            line.deliver(claim)
    line.clock.advance(LEASE)
    done = line.send(refused("SCSE086"))
    assert (done.result, done.reason) == ("accepted", "own_id_used")


# -- nothing sent


def test_unreachable_gateway_leaves_it_signed_and_undoubted(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    done = line.send(UNREACHABLE)
    assert (done.result, done.reason) == ("signed", "gateway_unreachable")
    entry = line.entry("c1")
    assert (entry.status, entry.wait_reason, entry.doubtful) == (
        QueueStatus.SCHEDULED,
        WaitReason.GATEWAY_UNREACHABLE,
        False,
    )
    assert entry.attempts == 1
    assert endings(line) == [Ending.NOTHING_SENT]
    assert line.entry("a1").wait_reason is WaitReason.PREDECESSOR_OPEN


def test_wait_before_the_next_try_is_the_policys(line: Line) -> None:
    line.take("c1")
    waits = []
    for _ in range(4):
        line.send(UNREACHABLE)
        waits.append(line.entry("c1").available_at - line.clock.now())
        line.clock.set(line.entry("c1").available_at)
    ceilings = [line.policy.retry.base * 2**number for number in range(4)]
    assert all(line.policy.retry.floor <= wait <= ceiling for wait, ceiling in zip(waits, ceilings, strict=True))
    assert [attempt.number for attempt in line.attempts("c1")] == [1, 2, 3, 4]


def test_duplicate_after_nothing_was_sent_is_a_foreign_entry(line: Line) -> None:
    line.take("c1")
    line.send(UNREACHABLE)
    assert line.send_again(refused("SCSE014")).result == "rejected"


def test_fault_before_the_service_is_retried_without_doubt(line: Line) -> None:
    line.take("c1")
    done = line.send(faulted("SCE004"))
    assert (done.result, done.reason, done.code) == ("signed", "gateway_fault", "SCE004")
    assert line.entry("c1").wait_reason is WaitReason.GATEWAY_FAULT
    assert line.send_again(refused("SCSE014")).result == "rejected"
    assert endings(line) == [Ending.NOT_PROCESSED, Ending.REFUSED]


# -- doubt


def test_unknown_answer_makes_it_indeterminate_and_tells_everybody(line: Line) -> None:
    row = line.enter("c1")
    line.ingest()
    line.take("a1", "amendment")
    done = line.send(TIMEOUT)
    assert (done.result, done.reason) == ("indeterminate", "timeout")
    entry = line.entry("c1")
    assert (entry.status, entry.wait_reason, entry.doubtful) == (
        QueueStatus.SCHEDULED,
        WaitReason.ANSWER_UNKNOWN,
        True,
    )
    assert line.entry("a1").wait_reason is WaitReason.PREDECESSOR_IN_DOUBT
    assert line.notes()[row].state == "indeterminate"
    assert endings(line) == [Ending.UNKNOWN]


def test_every_resend_carries_the_same_bytes_and_ids_in_a_new_envelope(line: Line) -> None:
    line.take("c1")
    line.send(UNREACHABLE)
    line.send_again(TIMEOUT)
    line.send_again(faulted("SCE909"))
    line.clock.advance(HOUR)
    abandoned(line)
    line.send_again(refused("SCSE086"))
    assert len({message.digest for message in line.wire.messages}) == 1
    assert len({envelope.message_id for envelope in line.wire.submitted}) == 1
    assert len({envelope.correlation_id for envelope in line.wire.submitted}) == 5
    assert len({message.record_id for message in line.wire.messages}) == 1


def test_doubt_is_resolved_by_the_resend_that_says_the_id_is_used(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    line.send(TIMEOUT)
    done = line.send_again(refused("SCSE086"))
    submission = line.of("c1")
    assert (done.result, done.reason) == ("accepted", "own_id_used")
    assert submission.contract_id == submission.record_id is not None
    assert line.entry("a1").status is QueueStatus.READY


def test_doubt_stays_through_attempts_that_tell_nothing(line: Line) -> None:
    line.take("c1")
    line.send(TIMEOUT)
    for step in (UNREACHABLE, faulted("SCE004"), TIMEOUT, refused("SCSE002")):
        assert line.send_again(step).result == "indeterminate"
        assert line.entry("c1").doubtful
    assert line.send_again(registered()).result == "accepted"


@pytest.mark.parametrize("code", ["SCSE002", "SBF-VE-8"])
def test_answer_without_meaning_is_resent_and_an_alarm(line: Line, code: str) -> None:
    line.take("c1")
    done = line.send(refused(code))
    assert (done.result, done.reason, done.alert) == ("indeterminate", "server_unsure", True)


def test_success_of_unknown_shape_is_an_alarm(line: Line) -> None:
    line.take("c1")
    assert line.send(Unknown(Doubt.UNKNOWN_SHAPE, "no contract id")).alert


def test_attempt_that_nobody_closed_is_doubted_before_the_resend(line: Line) -> None:
    line.take("c1")
    abandoned(line)
    states: list[State] = []

    def looks(_: Envelope) -> SubmissionOutcome:
        states.append(line.of("c1").state)
        return refused("SCSE086")

    done = line.send(looks)
    assert states == [State.INDETERMINATE]
    assert done.result == "accepted"
    assert endings(line) == [Ending.UNKNOWN, Ending.REGISTERED]
    assert "doubt" in [entry.action for entry in line.journal(line.of("c1").id)]


def test_agent_that_died_before_the_intent_left_nothing_to_doubt(line: Line) -> None:
    line.take("c1")
    line.claim()
    line.clock.advance(LEASE)
    assert line.send(refused("SCSE014")).result == "rejected"


def event_of(line: Line, kind: str) -> None:
    fields = {} if kind == "conclusion" else {"contract_id": "R-7"}
    line.take("c1", kind, **fields)


@pytest.mark.parametrize(
    ("kind", "code", "current", "seen"),
    [
        ("conclusion", "SCSE014", "indeterminate", "indeterminate"),
        ("conclusion", "SCSE086", "accepted", "rejected"),
        ("conclusion", "SCSE088", "indeterminate", "indeterminate"),
        ("conclusion", "SCSE053", "indeterminate", "indeterminate"),
        ("conclusion", "SCSE043", "rejected", "rejected"),
        ("amendment", "SCSE070", "accepted", "accepted"),
        ("amendment", "SCSE089", "indeterminate", "indeterminate"),
        ("termination", "SCSE092", "indeterminate", "indeterminate"),
        ("termination", "SCSE091", "indeterminate", "indeterminate"),
    ],
)
@pytest.mark.parametrize("profile", ["current", "seen"])
def test_refusal_after_doubt(line: Line, kind: str, code: str, current: str, seen: str, *, profile: str) -> None:
    if profile == "seen":
        seen_profile(line)
    event_of(line, kind)
    line.send(TIMEOUT)
    done = line.send_again(refused(code))
    assert done.result == (current if profile == "current" else seen)
    if done.result == "indeterminate":
        assert (line.entry("c1").status, line.entry("c1").wait_reason) == (
            QueueStatus.HELD,
            WaitReason.NEEDS_DECISION,
        )


@pytest.mark.parametrize("code", ["SCSE014", "SCSE070", "SCSE088", "SCSE091", "SCSE092"])
@pytest.mark.parametrize("kind", ["conclusion", "amendment", "termination"])
@pytest.mark.parametrize("profile", [lambda _: None, seen_profile], ids=["current", "seen"])
def test_refusal_on_a_first_send(line: Line, kind: str, code: str, profile: Callable[[Line], None]) -> None:
    profile(line)
    event_of(line, kind)
    assert line.send(refused(code)).result == "rejected"


def test_id_that_we_never_sent_goes_to_a_person_with_an_alarm(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    done = line.send(refused("SCSE086"))
    assert (done.result, done.reason, done.alert) == ("indeterminate", "id_used_by_unknown", True)
    assert line.entry("c1").wait_reason is WaitReason.TO_CONFIRM
    assert line.entry("a1").wait_reason is WaitReason.PREDECESSOR_IN_DOUBT
    line.clock.advance(30 * DAY)
    assert line.claim() == []


# -- answers that are not ours


def test_replayed_answer_decides_nothing(line: Line) -> None:
    answer = registered("R-1")
    line.take("c1")
    line.send(answer)
    line.take("c2", contract="K-2")
    done = line.send(answer)
    assert (done.result, done.reason) == ("indeterminate", "replayed")
    assert line.of("c2").contract_id is None


def test_answer_of_another_message_decides_nothing(line: Line) -> None:
    line.take("c1")
    assert line.send(registered(correlation_id="somebody else's")).reason == "other_message"


def test_answer_that_echoes_our_correlation_is_ours(line: Line) -> None:
    line.take("c1")
    assert line.send(lambda envelope: registered(correlation_id=envelope.correlation_id)).result == "accepted"


@pytest.mark.parametrize("off", [-TOLERANCE - TICK, TOLERANCE + TICK])
def test_answer_dated_outside_the_attempt_decides_nothing(line: Line, off: timedelta) -> None:
    line.take("c1")
    done = line.send(lambda _: refused("SCSE007", response_date=line.clock.now() + off))
    assert (done.result, done.reason) == ("indeterminate", "clock")


# -- leases


def test_lease_lost_before_the_intent_sends_nothing(line: Line) -> None:
    line.take("c1")
    (claim,) = line.claim(owner="a")
    line.clock.advance(LEASE)
    line.claim(owner="b")
    assert line.deliver(claim).result == "lease_lost"
    assert line.wire.submitted == []
    assert endings(line) == []


def send_slowly(line: Line, step: ScriptedStep) -> Delivered:
    """Deliver with an answer that takes longer than the lease."""

    def answers(envelope: Envelope) -> SubmissionOutcome:
        line.clock.advance(LEASE)
        return step(envelope) if callable(step) else step

    return line.send(answers)


def test_registration_that_comes_after_the_lease_is_believed(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    done = send_slowly(line, line.registers)
    submission = line.of("c1")
    assert (done.result, done.alert) == ("accepted", False)
    assert (submission.state, submission.reason) == (State.ACCEPTED, "late_answer")
    assert submission.contract_id == submission.record_id
    assert line.queued("c1") is None
    assert line.entry("a1").status is QueueStatus.READY
    assert endings(line) == [Ending.REGISTERED]


def test_late_registration_beats_the_agent_that_took_over(line: Line) -> None:
    line.take("c1")
    (first,) = line.claim(owner="slow")
    taken_over: list[Claim] = []

    def slow_answer(envelope: Envelope) -> SubmissionOutcome:
        line.clock.advance(LEASE)
        taken_over.extend(line.claim(owner="quick"))
        return line.registers(envelope)

    line.wire.then(slow_answer)
    assert line.deliver(first).result == "accepted"
    assert line.deliver(taken_over[0]).result == "lease_lost"
    assert len(line.wire.submitted) == 1


def test_registration_after_the_other_agent_had_to_ask_a_person_settles_it(line: Line) -> None:
    seen_profile(line)
    line.take("c1")
    (first,) = line.claim(owner="slow")

    def slow_answer(_: Envelope) -> SubmissionOutcome:
        line.clock.advance(LEASE)
        line.wire.then(refused("SCSE014"))
        (second,) = line.claim(owner="quick")
        assert line.deliver(second).result == "indeterminate"
        assert line.entry("c1").wait_reason is WaitReason.NEEDS_DECISION
        return registered("R-1")

    line.wire.then(slow_answer)
    assert line.deliver(first).result == "accepted"
    assert line.of("c1").contract_id == "R-1"
    assert line.queued("c1") is None


def test_late_registration_is_recorded_once_when_the_other_agent_found_out_first(line: Line) -> None:
    line.take("c1")
    (first,) = line.claim(owner="slow")

    def slow_answer(envelope: Envelope) -> SubmissionOutcome:
        line.clock.advance(LEASE)
        line.wire.then(refused("SCSE086"))
        assert line.deliver(line.claim(owner="quick")[0]).result == "accepted"
        return line.registers(envelope)

    line.wire.then(slow_answer)
    done = line.deliver(first)
    assert (done.result, done.alert) == ("lease_lost", False)
    assert [entry.action for entry in line.journal(line.of("c1").id)].count("accept") == 1


def test_late_registration_of_what_is_refused_on_record_is_an_alarm(line: Line) -> None:
    line.take("c1")
    (first,) = line.claim(owner="slow")

    def slow_answer(envelope: Envelope) -> SubmissionOutcome:
        line.clock.advance(LEASE)
        line.wire.then(refused("SCSE043"))
        assert line.deliver(line.claim(owner="quick")[0]).result == "rejected"
        return line.registers(envelope)

    line.wire.then(slow_answer)
    done = line.deliver(first)
    assert (done.result, done.alert) == ("lease_lost", True)
    assert line.of("c1").state is State.REJECTED
    assert (line.journal(line.of("c1").id)[-1].action, line.journal(line.of("c1").id)[-1].reason) == (
        "attempt_closed",
        "late_answer",
    )


@pytest.mark.parametrize(
    ("step", "ending", "reason"),
    [
        (refused("SCSE007"), Ending.UNKNOWN, "timeout"),
        (faulted("SCE004"), Ending.UNKNOWN, "timeout"),
        (Unknown(Doubt.CONNECTION_LOST, "reset"), Ending.UNKNOWN, "connection_lost"),
        (registered(correlation_id="somebody else's"), Ending.UNKNOWN, "other_message"),
    ],
)
def test_late_answer_that_registers_nothing_decides_nothing_and_leaves_doubt(
    line: Line, step: SubmissionOutcome, ending: Ending, reason: str
) -> None:
    line.take("c1")
    send_slowly(line, step)
    assert line.of("c1").state is State.INDETERMINATE
    assert line.of("c1").reason == reason
    assert endings(line) == [ending]
    assert line.send(refused("SCSE086")).result == "accepted"


def test_late_proof_that_nothing_was_sent_leaves_no_doubt(line: Line) -> None:
    line.take("c1")
    send_slowly(line, UNREACHABLE)
    assert line.of("c1").state is State.SIGNED
    assert endings(line) == [Ending.NOTHING_SENT]
    assert line.send(refused("SCSE014")).result == "rejected"


def test_late_answer_to_a_doubtful_resend_leaves_the_doubt_as_it_was(line: Line) -> None:
    line.take("c1")
    line.send(TIMEOUT)
    line.clock.advance(HOUR)
    send_slowly(line, refused("SCSE086"))
    assert line.of("c1").state is State.INDETERMINATE
    assert line.send(refused("SCSE086")).result == "accepted"


# -- keys


def test_key_that_cannot_sign_is_waited_for_and_nothing_is_doubtful(line: Line) -> None:
    line.signer = InMemorySigner({})
    line.take("c1")
    (claim,) = line.claim()
    done = line.deliver(claim)
    assert (done.result, done.alert) == ("waiting", True)
    assert "no key is configured" in done.reason
    entry = line.entry("c1")
    assert (entry.status, entry.wait_reason, entry.doubtful) == (
        QueueStatus.SCHEDULED,
        WaitReason.KEY_UNUSABLE,
        False,
    )
    assert line.of("c1").state is State.PENDING
    assert endings(line) == []
    line.signer = InMemorySigner({BIN: MONDAY + 99 * DAY})
    line.clock.set(entry.available_at)
    assert [one.result for one in line.deliver_all()] == ["accepted"]


def test_key_that_fails_at_a_resend_keeps_the_doubt(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.take("c1")
    line.send(TIMEOUT)
    line.clock.advance(HOUR)

    def no_transport_key(*_: object, **__: object) -> Envelope:
        raise SigningRefused("the transport key cannot sign")

    (claim,) = line.claim()
    with monkeypatch.context() as patched:
        patched.setattr(line.wire, "seal", no_transport_key)
        assert line.deliver(claim).result == "waiting"
    assert line.of("c1").state is State.INDETERMINATE
    assert line.entry("c1").doubtful


def test_key_waits_for_nobody_when_another_agent_took_over(line: Line) -> None:
    line.signer = InMemorySigner({})
    line.take("c1")
    (claim,) = line.claim(owner="a")
    line.clock.advance(LEASE)
    line.claim(owner="b")
    assert line.deliver(claim).result == "lease_lost"
    assert line.entry("c1").lease_owner == "b"


def expired(line: Line) -> Claim:
    """The certificate of the stored signature has run out before the next attempt."""
    line.signer = InMemorySigner({BIN: MONDAY + DAY})
    line.clock.advance(2 * DAY)
    (claim,) = line.claim()
    return claim


def short_lived(line: Line) -> None:
    line.signer = InMemorySigner({BIN: MONDAY + DAY})
    line.take("c1")


def test_stored_signature_that_has_expired_is_held_for_a_person(line: Line) -> None:
    short_lived(line)
    line.send(TIMEOUT)
    done = line.deliver(expired(line))
    assert (done.result, done.alert) == ("waiting", True)
    entry = line.entry("c1")
    assert (entry.status, entry.wait_reason) == (QueueStatus.HELD, WaitReason.NEEDS_DECISION)
    assert len(line.wire.submitted) == 1
    submission = line.of("c1")
    with line.ledger.begin() as work:
        assert work.submissions.message(submission.id) == line.wire.messages[0]


def test_signature_is_good_to_the_last_moment_of_its_certificate(line: Line) -> None:
    short_lived(line)
    line.send(UNREACHABLE)
    line.clock.set(MONDAY + DAY)
    assert line.send(registered()).result == "accepted"


def test_expired_signature_of_an_abandoned_attempt_is_in_doubt_and_can_be_settled(line: Line) -> None:
    short_lived(line)
    line.take("a1", "amendment")
    abandoned(line)
    line.deliver(expired(line))
    assert line.of("c1").state is State.INDETERMINATE
    assert line.entry("c1").doubtful
    assert line.entry("a1").wait_reason is WaitReason.PREDECESSOR_IN_DOUBT
    line.settle("c1")
    assert line.of("c1").state is State.ACCEPTED


def test_expired_signature_that_was_never_sent_can_be_cancelled(line: Line) -> None:
    short_lived(line)
    line.send(UNREACHABLE)
    done = line.deliver(expired(line))
    assert "cancel it" in done.reason
    line.cancel("c1")
    assert line.of("c1").state is State.CANCELLED


def test_expired_signature_that_was_never_sent_is_signed_anew_on_a_retry(line: Line) -> None:
    short_lived(line)
    line.send(UNREACHABLE)
    line.deliver(expired(line))
    line.signer = InMemorySigner({BIN: MONDAY + 400 * DAY})
    old, new = line.of("c1").id, line.retry("c1").id
    assert new != old
    assert line.send(registered()).result == "accepted"
    with line.ledger.begin() as work:
        before = work.submissions.get(old)
    assert before is not None
    assert (before.state, before.replaced_by) == (State.CANCELLED, new)


def test_expired_signature_in_doubt_is_never_signed_anew(line: Line) -> None:
    short_lived(line)
    line.send(TIMEOUT)
    line.deliver(expired(line))
    line.signer = InMemorySigner({BIN: MONDAY + 400 * DAY})
    with pytest.raises(UnsafeRequest, match="neither sent again nor signed anew"):
        line.retry("c1")
    assert line.of("c1").state is State.INDETERMINATE
    assert len(line.wire.sealed) == 1


# -- documents


def test_document_that_cannot_be_made_goes_back_to_hr(line: Line) -> None:
    row = line.enter("c1")
    line.ingest()
    line.take("a1", "amendment")
    line.renderer.refuses = "established_post is longer than the schema allows"
    (claim,) = line.claim()
    done = line.deliver(claim)
    submission = line.of("c1")
    assert (done.result, done.submission) == ("invalid", submission)
    assert (submission.state, submission.reason) == (State.INVALID, "document")
    (finding,) = load_findings(submission.findings)
    assert (finding.field, finding.message) == ("established_post", line.renderer.refuses)
    assert line.notes()[row].state == "invalid"
    assert line.queued("c1") is None
    assert line.entry("a1").wait_reason is WaitReason.PREDECESSOR_REFUSED
    assert line.wire.sealed == []


def test_document_that_its_signature_makes_too_long_goes_back_to_hr(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.take("c1")
    long = RenderedMessage(b"x" * 102_400, "record-1")
    monkeypatch.setattr(line.renderer, "render", lambda *_, **__: long)
    (claim,) = line.claim()
    done = line.deliver(claim)
    assert done.result == "invalid"
    assert "SCSE999" in done.reason
    assert line.wire.sealed == []
    assert line.queued("c1") is None


def test_document_that_cannot_be_made_is_nobodys_business_when_another_agent_took_over(line: Line) -> None:
    line.take("c1")
    line.renderer.refuses = "established_post is too long"
    (claim,) = line.claim(owner="a")
    line.take("c1", revision=2)
    assert line.deliver(claim).result == "lease_lost"
    assert line.of("c1", 1).reason == "superseded"


# -- this program's own mistakes


def on_the_wire(line: Line) -> OpenAttempt:
    """A submission whose intent is on record, delivered by hand up to there."""
    line.take("c1")
    (claim,) = line.claim()
    rendered = line.renderer.render(claim.submission, record_id="record-1")
    message = line.signer.sign(rendered, employer_bin=BIN, message_id=MessageId("m"), at=line.clock.now())
    envelope = line.wire.seal(message, employer_bin=BIN, correlation_id=CorrelationId("c"), at=line.clock.now())
    return line.intend(claim, message, envelope)


def recorded(line: Line, opened: OpenAttempt, outcome: SubmissionOutcome) -> object:
    return line.record(opened, outcome)


def test_what_was_sent_without_an_operation_is_never_recorded(line: Line) -> None:
    opened = on_the_wire(line)
    without = replace(opened, submission=replace(opened.submission, operation=None))
    with pytest.raises(InvariantViolation, match="without an operation"):
        recorded(line, without, registered())
    assert endings(line) == [None]


def test_decision_without_a_signed_answer_is_never_recorded(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = on_the_wire(line)
    hasty = Verdict(Ending.REGISTERED, Move.ACCEPT, Next.NOTHING, "registered", "R-1")
    monkeypatch.setattr("usrec.application.record_outcome.decide", lambda *_: hasty)
    with pytest.raises(InvariantViolation, match="decision without a signed answer"):
        recorded(line, opened, TIMEOUT)
    assert line.of("c1").state is State.SIGNED


def test_nothing_personal_is_in_what_a_delivery_shows(line: Line) -> None:
    line.take("c1")
    (claim,) = line.claim()
    line.wire.then(registered())
    done = line.deliver(claim)
    rendered = RenderedMessage(IIN.encode(), None)
    assert IIN not in repr([claim, done, line.wire.messages, line.wire.sealed, rendered])


class StandsStill(ManualClock):
    """A clock of a process that is paused just after it has looked at it."""

    def now(self) -> datetime:
        found = super().now()
        self.advance(2 * LEASE)
        return found


def test_pause_between_two_clocks_makes_no_lease_longer(line: Line) -> None:
    line.take("c1")
    (claim,) = line.claim(1)
    began, line.clock = line.clock.steady(), StandsStill(line.clock.now())
    made = line.made_ready(claim)
    assert not made.envelope.may_leave(began + 2 * LEASE)
