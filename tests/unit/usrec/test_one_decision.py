"""Late answers, doubled answers, resends and settlements in any order come to one decision, and it is the registry's.

The registry of this test is a true one: it registers the first copy that reaches it, and answers 086 to every other.
Answers come at any time, several times or never; leases run out; persons settle by what the registry holds.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.evidence_records import contradictions_of
from support.line import BIN, DAY, LEASE, MONDAY, TIMEOUT, Line, refused, registered
from usrec.application.acknowledge import acknowledge_late
from usrec.application.record_intent import OpenAttempt
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Threshold
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import LeaseLost, UnsafeRequest
from usrec.domain.message import CorrelationId, MessageId
from usrec.domain.outcome import Doubt, SubmissionOutcome, Unknown
from usrec.domain.state import SETTLED, State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.watch import WatchPolicy

ACTIONS = ("send", "send and lose", "answer", "answer again", "answer later", "silence", "tick", "settle")


@dataclass
class Story:
    """One submission between the agent, a true registry and a person."""

    line: Line = field(default_factory=Line)
    sent: list[tuple[OpenAttempt, SubmissionOutcome | None]] = field(default_factory=list)
    is_registered: bool = False
    decided: State | None = None

    def send(self, *, arrives: bool) -> None:
        """T2 and T3; the request reaches the registry or not, and the answer is on its way."""
        for claim in self.line.claim(1, owner=f"agent-{len(self.sent)}"):
            line, now = self.line, self.line.clock.now()
            message = claim.message
            if message is None:
                rendered = line.renderer.render(claim.submission, record_id="r" * 32)
                message_id = MessageId(str(UUID(int=1)))
                message = line.signer.sign(rendered, employer_bin=BIN, message_id=message_id, at=now)
            correlation = CorrelationId(f"chain-{len(self.sent)}")
            envelope = line.wire.seal(message, employer_bin=BIN, correlation_id=correlation, at=now)
            opened = line.intend(claim, message, envelope)
            answer: SubmissionOutcome | None = None
            if arrives:
                answer = refused("SCSE086") if self.is_registered else registered("r" * 32)
                self.is_registered = True
            self.sent.append((opened, answer))

    def answer(self, place: int, *, silence: bool = False) -> None:
        """T4 or T5 with the answer to one of what was sent, newest first; nothing where none is on its way."""
        if place >= len(self.sent):
            return
        opened, known = self.sent[-1 - place]
        outcome = TIMEOUT if silence or known is None else known
        line, tolerance = self.line, self.line.policy.clock_tolerance
        try:
            recorded = line.record(opened, outcome, line.policy.retry.base)
        except LeaseLost:
            recorded = None
        if recorded is None:
            acknowledge_late(opened, outcome, ledger=line.ledger, clock=line.clock, tolerance=tolerance)

    def settle(self) -> None:
        """A person looks in the portal and says what is there, where the agent allows it."""
        with contextlib.suppress(UnsafeRequest):
            self.line.settle("c1", accepted=self.is_registered, contract_id="r" * 32 if self.is_registered else None)

    def do(self, action: str) -> None:
        match action:
            case "send" | "send and lose":
                self.send(arrives=action == "send")
            case "answer" | "answer again":
                self.answer(0)
            case "answer later":
                self.answer(1)
            case "silence":
                self.answer(0, silence=True)
            case "tick":
                self.line.clock.advance(LEASE + self.line.policy.retry.cap)
            case _:
                self.settle()

    def require_sound(self) -> None:
        submission = self.line.of("c1")
        moves = Counter(entry.action for entry in self.line.journal(submission.id))
        assert moves["accept"] + moves["reject"] <= 1, "decided twice"
        assert submission.state is not State.ACCEPTED or self.is_registered
        assert submission.state is not State.REJECTED or moves["reject"] == 1
        assert self.decided in {None, submission.state}, "a decision was changed"
        if submission.state in {State.ACCEPTED, State.REJECTED}:
            self.decided = submission.state
            assert self.line.queued("c1") is None
        with self.line.ledger.begin() as work:
            stored = work.submissions.message(submission.id)
        assert all(opened.submission.record_id == submission.record_id for opened, _ in self.sent)
        assert stored is not None or not self.sent
        assert contradictions_of(self.line, "c1") == [], "a bundle of it would be called a lie"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=10))
def test_any_order_of_late_and_doubled_answers_and_settlements_gives_one_decision(actions: list[str]) -> None:
    story = Story()
    story.line.take("c1")
    for action in actions:
        story.do(action)
        story.require_sound()
    for action in ("tick", "send", "answer") * 2:
        story.do(action)
        story.require_sound()
    assert story.decided is (State.ACCEPTED if story.is_registered else State.REJECTED), "all is calm now"
    for _, answer in story.sent:
        if answer is not None:
            story.answer(0)
            story.require_sound()


def test_registration_of_what_a_person_settled_as_refused_is_told_and_changes_nothing() -> None:
    story = Story()
    story.line.take("c1")
    story.send(arrives=True)
    story.do("tick")
    story.send(arrives=False)
    story.answer(0, silence=True)
    story.line.settle("c1", accepted=False)
    story.answer(1)
    assert story.line.of("c1").state is State.REJECTED
    assert threshold_of(story.line) == [Threshold.CONTRADICTED]


def test_strange_success_that_comes_late_is_told_too() -> None:
    story = Story()
    story.line.take("c1")
    story.send(arrives=False)
    story.sent[0] = (story.sent[0][0], Unknown(Doubt.UNKNOWN_SHAPE, "a success without an id", "SCSS001", b"<a/>"))
    story.do("tick")
    story.answer(0)
    assert story.line.of("c1").state is State.INDETERMINATE
    assert threshold_of(story.line) == [Threshold.UNRECOGNISED]


def test_doubt_that_only_a_person_can_settle_is_told_on_every_working_day() -> None:
    line = Line()
    line.take("c1")
    line.send(TIMEOUT)
    assert line.send_again(refused("SCSE014")).reason == "own_contract_id_unknown"
    for day in (1, 2):
        line.clock.set(MONDAY + day * DAY)
        policy = WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)
        watch_deadlines(ledger=line.ledger, policy=policy, clock=line.clock)
        assert Threshold.AWAITED in threshold_of(line)
    line.settle("c1", contract_id="R-1")
    watch_deadlines(ledger=line.ledger, policy=policy, clock=line.clock)
    assert threshold_of(line) == []


def threshold_of(line: Line) -> list[Threshold]:
    return [one.alert.threshold for one in line.ledger.view.notice_board().alerts]


def test_only_the_same_contract_waits_while_an_answer_is_unknown() -> None:
    line = Line()
    line.take("c1", contract="K-1")
    line.take("a1", "amendment", contract="K-1")
    line.take("c2", contract="K-2")
    line.take("a2", "amendment", contract="K-2")
    assert line.send(TIMEOUT).submission.event_id == "c1"
    follower = line.entry("a1")
    assert (follower.status, follower.wait_reason) == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_IN_DOUBT)
    assert [done.submission.event_id for done in line.deliver_all()] == ["c2", "a2"]
    assert line.of("c1").state is State.INDETERMINATE
    assert line.of("a1").state not in SETTLED
    line.clock.advance(line.policy.retry.cap)
    assert [done.submission.event_id for done in line.deliver_all()] == ["c1", "a1"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Unknown(Doubt.UNKNOWN_SHAPE, "a success without an id", "SCSS001", b"<a/>"), ["unrecognised"]),
        (refused("ERR-77"), ["unrecognised"]),
        (refused("SCSE002"), []),
        (TIMEOUT, []),
    ],
)
def test_success_of_unknown_shape_is_no_success_and_somebody_is_told(
    answer: SubmissionOutcome, told: list[str]
) -> None:
    line = Line()
    line.take("c1")
    line.send(answer)
    assert line.of("c1").state is State.INDETERMINATE
    alerts = [one.alert for one in line.ledger.view.notice_board().alerts]
    assert [alert.threshold.value for alert in alerts] == told
    assert all(alert.urgent and alert.tell_at == line.clock.now() for alert in alerts)
    line.send_again(refused("SCSE086"))
    assert line.of("c1").state is State.ACCEPTED
