"""Asking the registry about a doubt: what each answer leads to, and that a failing question changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.line import BIN, HOUR, IIN, LEASE, MONDAY, TIMEOUT, TODAY, TOLERANCE, Line, PlainRenderer, proof, refused
from usrec.adapters.inmemory.inquiry import ScriptedInquiry
from usrec.application.ask_registry import is_askable
from usrec.application.delivery import Delivered
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import InvariantViolation
from usrec.domain.inquiry import (
    Facts,
    Finding,
    Found,
    NotFound,
    Question,
    RegistryReply,
    Unanswered,
    authenticate_reply,
    decide_by_answer_to_question,
    facts_of,
)
from usrec.domain.message import CorrelationId, MessageId
from usrec.domain.outcome import Doubt
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.verdict import AttemptWindow, Ending
from usrec.domain.watch import WatchPolicy

FACTS = Facts(BIN, IIN, "17-K-1", TODAY)
SILENCE = Unanswered(Doubt.TIMEOUT, "no whole answer in time", raw=b"<half")
QUESTION = Question("ours", BIN, MessageId("m"), CorrelationId("q-1"))
WINDOW = AttemptWindow(MONDAY, MONDAY + HOUR, TOLERANCE, "q-1")


def found(record_id: str, facts: Facts = FACTS, **changes: object) -> Found:
    return Found(record_id, record_id, facts, "SCSS001", proof(**changes))


def not_found() -> NotFound:
    return NotFound("SCSS001", proof())


def ours(question: Question) -> RegistryReply:
    return found(question.record_id)


@pytest.fixture
def registry(line: Line) -> ScriptedInquiry:
    line.inquiry = ScriptedInquiry()
    return line.inquiry


def doubted(line: Line) -> None:
    """The conclusion is sent, and its answer is lost."""
    line.take("c1")
    line.send(TIMEOUT)
    line.clock.advance(line.policy.retry.cap)


def ask(line: Line) -> Delivered:
    """Deliver the one that is due; nothing is sent, or the wire complains."""
    (claim,) = line.claim(1)
    return line.deliver(claim)


def alerts(line: Line) -> list[tuple[Watched, Threshold]]:
    """What somebody is told of, after a look."""
    policy = WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)
    watch_deadlines(ledger=line.ledger, policy=policy, clock=line.clock)
    return [(one.alert.watched, one.alert.threshold) for one in line.ledger.view.notice_board().alerts]


def questions(line: Line) -> list[tuple[int, str]]:
    journal = line.journal(line.of("c1").id)
    told = [json.loads(entry.detail) for entry in journal if entry.action == "asked"]
    return [(one["after_attempt"], one["finding"]) for one in told]


def test_claim_in_doubt_knows_whether_the_registry_was_asked_and_opens_no_transaction_to_find_out(
    line: Line, registry: ScriptedInquiry
) -> None:
    doubted(line)
    (claim,) = line.claim(1)
    assert (claim.asked_after, claim.entry.attempts, is_askable(claim)) == (None, 1, True)
    registry.then(SILENCE)
    line.deliver(claim)
    line.clock.advance(line.policy.retry.cap)
    (claim,) = line.claim(1)
    assert (claim.asked_after, is_askable(claim)) == (1, False)
    line.wire.then(TIMEOUT)
    line.deliver(claim)
    line.clock.advance(line.policy.retry.cap)
    (claim,) = line.claim(1)
    assert (claim.asked_after, claim.entry.attempts, is_askable(claim)) == (1, 2, True), "after each attempt anew"


def test_record_of_ours_is_accepted_without_a_resend(line: Line, registry: ScriptedInquiry) -> None:
    doubted(line)
    registry.then(ours)
    done = ask(line)
    submission = line.of("c1")
    assert (done.result, done.reason, submission.state) == ("accepted", "question_found", State.ACCEPTED)
    assert submission.contract_id == submission.record_id
    assert len(line.wire.submitted) == 1
    assert questions(line) == [(1, "ours")]
    assert line.queued("c1") is None


@pytest.mark.parametrize("answer", [not_found(), SILENCE, Unanswered(None, "ConnectError")])
def test_any_other_answer_changes_no_state_and_the_same_bytes_go_again(
    line: Line, registry: ScriptedInquiry, answer: RegistryReply
) -> None:
    doubted(line)
    before = line.of("c1")
    registry.then(answer)
    done = ask(line)
    assert line.of("c1") == before
    assert (done.result, line.entry("c1").status) == ("indeterminate", QueueStatus.READY)
    assert line.send(line.registers).result == "accepted"
    first, second = line.wire.messages
    assert first == second
    assert len(registry.asked) == 1, "it is asked once after an attempt"


def test_it_is_asked_anew_after_each_attempt(line: Line, registry: ScriptedInquiry) -> None:
    doubted(line)
    registry.then(not_found(), ours)
    ask(line)
    line.send(TIMEOUT)
    line.clock.advance(line.policy.retry.cap)
    assert ask(line).result == "accepted"
    assert questions(line) == [(1, "not_found"), (2, "ours")]
    assert registry.asked[0].record_id == registry.asked[1].record_id
    assert registry.asked[0].correlation_id != registry.asked[1].correlation_id


@pytest.mark.parametrize(
    "changed",
    [{"number": "18"}, {"day": date(2026, 11, 1)}, {"employee_iin": "000000000000"}, {"employee_iin": None}],
)
def test_something_else_under_our_id_goes_to_a_person_who_is_told(
    line: Line, registry: ScriptedInquiry, changed: dict[str, object]
) -> None:
    doubted(line)
    registry.then(lambda question: found(question.record_id, replace(FACTS, **changed)))  # type: ignore[arg-type]
    done = ask(line)
    entry = line.entry("c1")
    assert (done.result, done.reason, done.alert) == ("indeterminate", "question_contradicts", True)
    assert (entry.status, entry.wait_reason) == (QueueStatus.HELD, WaitReason.NEEDS_DECISION)
    assert line.claim() == []
    assert (Watched.ANSWER, Threshold.CONTRADICTED) in alerts(line)


def test_nothing_is_asked_without_a_doubt_or_without_an_id_of_ours(line: Line, registry: ScriptedInquiry) -> None:
    line.take("c1")
    assert line.send(line.registers).result == "accepted"
    line.renderer = PlainRenderer(supplies_record_id=False)
    line.take("c2", contract="K-2")
    line.send(TIMEOUT)
    assert line.send_again(TIMEOUT).result == "indeterminate"
    assert registry.asked == []


def test_an_attempt_that_nobody_closed_is_asked_about_first(line: Line, registry: ScriptedInquiry) -> None:
    line.take("c1")
    line.crash()
    line.clock.advance(LEASE)
    registry.then(ours)
    assert ask(line).result == "accepted"
    assert [attempt.ending for attempt in line.attempts("c1")] == [Ending.UNKNOWN]
    assert len(line.wire.submitted) == 1


def test_lease_that_ran_out_while_asking_writes_nothing(line: Line, registry: ScriptedInquiry) -> None:
    doubted(line)

    def slowly(question: Question) -> RegistryReply:
        line.clock.advance(LEASE)
        line.claim(owner="another")
        return ours(question)

    registry.then(slowly)
    assert ask(line).result == "lease_lost"
    assert (line.of("c1").state, questions(line)) == (State.INDETERMINATE, [])


def test_answer_that_is_on_record_already_finds_nothing_out(line: Line, registry: ScriptedInquiry) -> None:
    doubted(line)
    replayed = not_found()
    registry.then(replayed, lambda question: replace(found(question.record_id), proof=replayed.proof))
    ask(line)
    line.send(TIMEOUT)
    line.clock.advance(line.policy.retry.cap)
    assert ask(line).reason == "question_failed"
    assert questions(line)[-1] == (2, "unanswered")


def test_scripted_registry_complains_of_a_question_that_nobody_expected() -> None:
    with pytest.raises(InvariantViolation, match="script does not know"):
        ScriptedInquiry().ask(QUESTION, at=MONDAY)


@pytest.mark.parametrize(
    ("reply", "doubt"),
    [
        (found("another"), Doubt.OTHER_MESSAGE),
        (found("ours", correlation_id="q-2"), Doubt.OTHER_MESSAGE),
        (found("ours", response_date=MONDAY - HOUR), Doubt.CLOCK),
        (replace(not_found(), proof=proof(correlation_id="q-2")), Doubt.OTHER_MESSAGE),
    ],
)
def test_answer_to_another_question_counts_as_none(reply: RegistryReply, doubt: Doubt) -> None:
    trusted = authenticate_reply(reply, QUESTION, WINDOW, seen_before=False)
    assert isinstance(trusted, Unanswered)
    assert trusted.doubt is doubt


def test_replayed_answer_counts_as_none_and_an_own_one_is_believed() -> None:
    reply = found("ours", response_date=MONDAY, correlation_id="q-1")
    assert authenticate_reply(reply, QUESTION, WINDOW, seen_before=False) is reply
    assert authenticate_reply(SILENCE, QUESTION, WINDOW, seen_before=True) is SILENCE
    replayed = authenticate_reply(reply, QUESTION, WINDOW, seen_before=True)
    assert isinstance(replayed, Unanswered)
    assert replayed.doubt is Doubt.REPLAYED


def test_only_what_our_message_carries_is_compared(line: Line) -> None:
    contract = facts_of(line.take("c1"))
    assert contract == Facts(BIN, IIN, "17-K-1", TODAY)
    termination = facts_of(line.take("t1", "termination"))
    assert termination == Facts(BIN, None, None, TODAY)
    held = found("ours", replace(FACTS, number="the contract's"))
    assert decide_by_answer_to_question(held, termination, is_head=False).finding is Finding.OURS
    assert decide_by_answer_to_question(held, contract, is_head=True).detail == "number"


def test_neither_numbers_nor_answers_show_in_a_repr() -> None:
    shown = repr([FACTS, SILENCE, found("ours")])
    assert IIN not in shown
    assert "half" not in shown


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["ours", "different", "not_found", "silence", "replay", "lost", "002"]), max_size=4))
def test_whatever_is_answered_the_end_is_right(answers: list[str]) -> None:
    """Any answers to questions and resends: accepted on proof alone, a person on a contradiction, doubt otherwise."""
    line, registry = Line(), ScriptedInquiry()
    line.inquiry = registry
    line.take("c1")
    line.send(TIMEOUT)
    said: list[RegistryReply] = []

    def nothing(_: Question) -> RegistryReply:
        said.append(not_found())
        return said[-1]

    steps: dict[str, Callable[[Question], RegistryReply]] = {
        "ours": ours,
        "different": lambda question: found(question.record_id, replace(FACTS, number="18")),
        "not_found": nothing,
        "silence": lambda _: SILENCE,
        "replay": lambda _: said[-1] if said else SILENCE,
        "lost": lambda question: found(f"not {question.record_id}"),
        "002": lambda _: Unanswered(Doubt.SERVER_UNSURE, "the question was refused", "SCSE002"),
    }
    expected = State.INDETERMINATE
    for answer in answers:
        line.clock.advance(line.policy.retry.cap)
        registry.then(steps[answer])
        done = ask(line)
        if answer == "ours":
            expected = State.ACCEPTED
        assert done.submission.state is line.of("c1").state is expected
        if answer in {"ours", "different"}:
            break
        line.send(refused("SCSE002") if answer == "002" else TIMEOUT)
        assert line.of("c1").state is State.INDETERMINATE
    settled = bool(answers) and {"ours", "different"} & set(answers)
    line.clock.advance(line.policy.retry.cap)
    assert bool(settled) == (line.claim() == [])
    assert len({message.digest for message in line.wire.messages}) == 1
