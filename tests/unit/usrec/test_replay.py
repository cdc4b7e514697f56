"""A replay's canary while other agents and persons work on the same ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from support.ledger_values import NOW, a_submission, an_entry
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.application.acting import Actor
from usrec.application.plan_replay import REPLAYED, Plan, Treatment, plan_replay, treatment_of
from usrec.application.replay import CANARY_POLLS, Canary, CanaryFate, queue_rest, send_canary
from usrec.domain.errors import UnsafeRequest
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.ports.ledger_view import SubmissionFilter, SubmissionRow

ACTOR = Actor("aigerim", "the registry works again")
SECOND = timedelta(seconds=1)
Change = Callable[[], object]


class Bench:
    """A ledger with submissions in any state, and hands that move them."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.ledger: SqlLedger = open_ledger("sqlite://")
        self.sent: list[str] = []
        self.waits: list[timedelta] = []
        self.retried: list[str] = []

    def put(self, name: str, state: State, status: QueueStatus | None = None, why: WaitReason | None = None) -> None:
        due = NOW + timedelta(hours=len(self.ledger.view.rows(SubmissionFilter())) + 1)
        submission = a_submission(name, state=state, due_utc=due)
        with self.ledger.begin() as work:
            work.submissions.add(submission)
            if status is not None:
                work.outbox.put(an_entry(submission, status=status, wait_reason=why))
            work.commit()

    def move(self, name: str, state: State, status: QueueStatus | None = None, why: WaitReason | None = None) -> None:
        """Somebody changes it."""
        row = self.row(name)
        old = a_submission(name, state=row.state, due_utc=row.due_utc)
        with self.ledger.begin() as work:
            changed = replace(old, state=state)
            work.submissions.update(changed, was=old.state)
            work.outbox.remove(old.id)
            if status is not None:
                work.outbox.put(an_entry(changed, status=status, wait_reason=why))
            work.commit()

    def row(self, name: str) -> SubmissionRow:
        (row,) = self.ledger.view.rows(SubmissionFilter(ids=[SubmissionId(name)], current=False))
        return row

    def plan(self, interval: timedelta = SECOND) -> Plan:
        return plan_replay(SubmissionFilter(), view=self.ledger.view, clock=self.clock, interval=interval)

    def canary(self, *, after_retry: Change, on_wait: Change = lambda: None, on_send: Change = lambda: None) -> Canary:
        def retry(submission_id: SubmissionId, actor: Actor, *, not_before: object = None) -> SubmissionId:
            self.retried.append(submission_id)
            after_retry()
            return submission_id

        def send(submission_id: SubmissionId) -> None:
            self.sent.append(submission_id)
            on_send()

        def wait(duration: timedelta) -> None:
            self.waits.append(duration)
            on_wait()

        return send_canary(self.plan(), ACTOR, view=self.ledger.view, retry=retry, send=send, wait=wait)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.ledger.close()


ROWS = [
    (State.REJECTED, None, None, Treatment.NEW_VERSION),
    (State.SIGNED, QueueStatus.SCHEDULED, WaitReason.GATEWAY_UNREACHABLE, Treatment.SAME_BYTES),
    (State.SIGNED, QueueStatus.SCHEDULED, WaitReason.GATEWAY_FAULT, Treatment.SAME_BYTES),
    (State.PENDING, QueueStatus.SCHEDULED, WaitReason.KEY_UNUSABLE, Treatment.SAME_BYTES),
    (State.INDETERMINATE, QueueStatus.SCHEDULED, WaitReason.ANSWER_UNKNOWN, Treatment.UNKNOWN),
    (State.INDETERMINATE, QueueStatus.HELD, WaitReason.NEEDS_DECISION, Treatment.UNKNOWN),
    (State.SUBMITTED, QueueStatus.SCHEDULED, None, Treatment.UNKNOWN),
    (State.INVALID, None, None, Treatment.INVALID),
    (State.PENDING, QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN, Treatment.BLOCKED),
    (State.PENDING, QueueStatus.BLOCKED, WaitReason.HELD_BY_PERSON, Treatment.BLOCKED),
    (State.PENDING, QueueStatus.SCHEDULED, WaitReason.PAPER_DATE, Treatment.PAPER_DATE),
    (State.PENDING, QueueStatus.HELD, WaitReason.HELD_BY_PERSON, Treatment.WITH_PERSON),
    (State.PENDING, QueueStatus.HELD, WaitReason.CONTRACT_UNKNOWN, Treatment.WITH_PERSON),
    (State.PENDING, QueueStatus.SCHEDULED, WaitReason.CHECKED_OUT, Treatment.WITH_PERSON),
    (State.PENDING, QueueStatus.SCHEDULED, WaitReason.REPLAY, Treatment.QUEUED),
    (State.PENDING, QueueStatus.READY, None, Treatment.MOVING),
    (State.SIGNED, QueueStatus.CLAIMED, None, Treatment.MOVING),
    (State.ACCEPTED, None, None, Treatment.SETTLED),
    (State.CANCELLED, None, None, Treatment.SETTLED),
]


@pytest.mark.parametrize(("state", "status", "why", "expected"), ROWS)
def test_only_refused_and_waiting_for_another_try_are_replayed(
    bench: Bench, state: State, status: QueueStatus | None, why: WaitReason | None, expected: Treatment
) -> None:
    bench.put("s1", state, None if status is QueueStatus.CLAIMED else status, why)
    row = replace(bench.row("s1"), status=status)
    assert treatment_of(row) is expected
    assert (expected in REPLAYED) == (state is State.REJECTED or expected is Treatment.SAME_BYTES)


def test_plan_sends_earliest_due_first_and_tells_those_that_come_too_late(bench: Bench) -> None:
    for name in ("s1", "s2", "s3"):
        bench.put(name, State.REJECTED)
    plan = bench.plan(timedelta(hours=2))
    assert [(turn.id, turn.at - NOW) for turn in plan.turns] == [
        ("s1", timedelta(0)),
        ("s2", timedelta(hours=2)),
        ("s3", timedelta(hours=4)),
    ]
    assert (list(plan.will_miss), list(plan.already_late)) == (["s2", "s3"], [])
    bench.clock.advance(timedelta(hours=1))
    assert list(bench.plan(SECOND).already_late) == ["s1"]


STUCK = (QueueStatus.SCHEDULED, WaitReason.GATEWAY_UNREACHABLE)


def test_canary_taken_by_a_running_agent_is_waited_for(bench: Bench) -> None:
    bench.put("s1", State.SIGNED, *STUCK)
    canary = bench.canary(
        after_retry=lambda: bench.move("s1", State.SIGNED, QueueStatus.READY),
        on_wait=lambda: bench.move("s1", State.ACCEPTED) if len(bench.waits) == 3 else None,
    )
    assert (canary.fate, canary.place, len(bench.waits)) == (CanaryFate.REGISTERED, 0, 3)


def test_canary_without_a_result_in_time_counts_as_unknown(bench: Bench) -> None:
    bench.put("s1", State.SIGNED, *STUCK)
    canary = bench.canary(after_retry=lambda: bench.move("s1", State.SIGNED, QueueStatus.READY))
    assert canary.fate is CanaryFate.UNKNOWN
    assert len(bench.waits) == CANARY_POLLS


@pytest.mark.parametrize(
    ("start", "state", "status", "why", "fate"),
    [
        (State.SIGNED, State.REJECTED, None, None, CanaryFate.REFUSED),
        (State.PENDING, State.INVALID, None, None, CanaryFate.REFUSED),
        (State.SIGNED, State.CANCELLED, None, None, CanaryFate.REFUSED),
        (State.SIGNED, State.INDETERMINATE, QueueStatus.HELD, WaitReason.NEEDS_DECISION, CanaryFate.UNKNOWN),
        (State.SIGNED, State.SIGNED, QueueStatus.SCHEDULED, WaitReason.GATEWAY_FAULT, CanaryFate.NOT_SENT),
        (State.PENDING, State.PENDING, QueueStatus.SCHEDULED, WaitReason.KEY_UNUSABLE, CanaryFate.NOT_SENT),
    ],
)
def test_whatever_is_not_registered_stops_the_replay(
    bench: Bench, start: State, state: State, status: QueueStatus | None, why: WaitReason | None, fate: CanaryFate
) -> None:
    bench.put("s1", start, *STUCK)
    bench.put("s2", State.REJECTED)
    canary = bench.canary(
        after_retry=lambda: bench.move("s1", start, QueueStatus.READY),
        on_send=lambda: bench.move("s1", state, status, why),
    )
    assert (canary.fate, bench.retried, bench.waits) == (fate, ["s1"], [])


def test_canary_that_cannot_go_now_gives_its_place_to_the_next(bench: Bench) -> None:
    bench.put("s1", State.PENDING, *STUCK)
    bench.put("s2", State.SIGNED, *STUCK)

    def after_retry() -> None:
        if bench.retried == ["s1"]:
            bench.move("s1", State.PENDING, QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN)
        else:
            bench.move("s2", State.ACCEPTED)

    canary = bench.canary(after_retry=after_retry)
    assert (canary.fate, canary.place, bench.retried) == (CanaryFate.REGISTERED, 1, ["s1", "s2"])


def test_what_moved_since_the_plan_is_not_retried(bench: Bench) -> None:
    for name in ("s1", "s2", "s3"):
        bench.put(name, State.REJECTED)
    plan = bench.plan()
    bench.move("s2", State.CANCELLED)

    def retry(submission_id: SubmissionId, actor: Actor, *, not_before: object = None) -> SubmissionId:
        raise UnsafeRequest("it cannot be tried again", where=submission_id)

    canary = Canary(CanaryFate.REGISTERED, 0, bench.row("s1"))
    queued = queue_rest(
        plan, canary, ACTOR, ledger=bench.ledger, view=bench.ledger.view, clock=bench.clock, retry=retry
    )
    assert (queued.ids, queued.moved_on) == ([], 1)
    assert [one for one, _ in queued.refused] == ["s3"]
