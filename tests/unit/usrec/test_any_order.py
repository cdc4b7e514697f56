"""Whatever HR, the gateway, operators and power cuts do to one contract, in whatever order, the line stays sound."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.by_hand import MARK, OwnersSigner, approve_event, asked, signed_by_hand, take
from support.line import (
    BIN,
    DAY,
    HOUR,
    MONDAY,
    POLICY,
    TIMEOUT,
    UNREACHABLE,
    Line,
    PowerCutError,
    power_cut,
    refused,
    registered,
)
from support.quick_ledger import quick_ledger
from usrec.adapters.inmemory.gateway import ScriptedStep
from usrec.domain.errors import UnsafeRequest
from usrec.domain.signing_request import digest_of
from usrec.domain.source_event import Operation
from usrec.domain.state import OPEN, SETTLED, State
from usrec.domain.submission import QueueStatus, Submission, WaitReason
from usrec.ports.signing_package import ReturnedPaper

Step = tuple[str, str, int]
"""What happens, to which event, and a number that tells how."""

KINDS = {"c1": "conclusion", "c2": "conclusion", "a1": "amendment", "t1": "termination"}


def enter(line: Line, event: str, number: int) -> None:
    """HR's next revision: malformed, withdrawn, moved to another contract, or with the contract's id."""
    named = number == 4 and KINDS[event] != "conclusion"
    line.take(
        event,
        KINDS[event],
        revision=len(line.all_of(event)) + 1,
        withdrawn=number == 2,
        contract="K-2" if number == 3 else "K-1",
        payload="{}" if number == 1 else None,
        **({"contract_id": "R-7"} if named else {}),
    )


def send(line: Line, _: str, number: int) -> None:
    answers: list[Callable[[], ScriptedStep]] = [
        lambda: line.registers,
        lambda: refused("SCSE007"),
        lambda: TIMEOUT,
        lambda: UNREACHABLE,
        lambda: refused("SCSE088"),
        lambda: registered("R-9"),
    ]
    for claim in line.claim():
        line.wire.then(answers[number]())
        line.deliver(claim)


def wait(line: Line, _: str, number: int) -> None:
    line.clock.advance(number * HOUR)


DEEDS: dict[str, Callable[[Line, str, int], object]] = {
    "take": enter,
    "send": send,
    "crash": lambda line, _, __: line.crash(),
    "wait": wait,
    "cancel": lambda line, event, _: line.cancel(event),
    "hold": lambda line, event, _: line.hold(event),
    "release": lambda line, event, _: line.release(event),
    "retry": lambda line, event, _: line.retry(event),
    "check out": lambda line, event, _: line.check_out(event, duration=2 * HOUR),
    "settle": lambda line, event, number: line.settle(event, accepted=number > 2, contract_id="R-5"),
}
OF_OPERATORS = frozenset({"cancel", "hold", "release", "retry", "check out", "settle"})
STEPS = st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), st.sampled_from(sorted(KINDS)), st.integers(0, 5)))


def do(line: Line, step: Step) -> None:
    deed, event, number = step
    if deed in OF_OPERATORS and not line.all_of(event):
        return
    with suppress(UnsafeRequest):
        DEEDS[deed](line, event, number)


def standing(line: Line) -> list[Submission]:
    return [one for event in KINDS for one in line.all_of(event) if one.replaced_by is None]


def assert_sound(line: Line) -> None:
    current = standing(line)
    for event in KINDS:
        held_by_the_registry = {State.ACCEPTED, State.SIGNED, State.INDETERMINATE}
        assert sum(one.event_id == event and one.state in held_by_the_registry for one in current) <= 1
    for one in current:
        with line.ledger.begin() as work:
            entry = work.outbox.get(one.id)
            head = None if entry is None or entry.blocked_by is None else work.submissions.get(entry.blocked_by)
            ahead = None if head is None else work.outbox.get(head.id)
        assert (entry is not None) == (one.state in OPEN)
        if entry is None or entry.status is not QueueStatus.BLOCKED:
            continue
        assert head is not None
        assert head.replaced_by is None
        assert head.state not in SETTLED
        assert (head.employer_bin, head.contract_key) == (one.employer_bin, one.contract_key)
        assert ahead is None or ahead.status is not QueueStatus.BLOCKED


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_each_event_stands_once_and_nobody_waits_for_one_that_waits_itself(steps: list[Step]) -> None:
    line = Line(ledger=quick_ledger())
    for step in steps:
        do(line, step)
        assert_sound(line)
    line.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_when_all_trouble_ends_everything_is_settled_or_waits_for_a_person(steps: list[Step]) -> None:
    line = Line(ledger=quick_ledger())
    for step in steps:
        do(line, step)
    for _ in range(8):
        line.clock.advance(12 * HOUR)
        line.deliver_all()
    open_ones = [one for one in standing(line) if one.state in OPEN]
    with line.ledger.begin() as work:
        left = [work.outbox.get(one.id) for one in open_ones]
    assert {entry.status for entry in left if entry is not None} <= {QueueStatus.HELD, QueueStatus.BLOCKED}
    line.close()


USUAL = ("take", "send", "pack", "take back", "approve")
"""What an employer whose owner signs sees every day; the rest happens now and then."""
OWNERS_DEEDS = st.sampled_from([*USUAL * 5, *sorted(DEEDS)])
OWNERS_STEPS = st.lists(
    st.tuples(OWNERS_DEEDS, st.sampled_from(sorted(KINDS)), st.sampled_from([0, 0, 0, 1, 2, 3, 4, 4])),
    min_size=12,
    max_size=40,
)


def approve_if_asked(line: Line, event: str) -> None:
    entry = line.queued(event) if line.all_of(event) else None
    if entry is not None and entry.wait_reason is WaitReason.AWAITING_APPROVAL:
        approve_event(line, event, asked(line, event).digest)


def crash_anywhere(line: Line) -> None:
    """The agent dies while it sends, or goes on where there is nothing to send; a later exchange may die instead."""
    for claim in line.claim(1):
        line.wire.then(power_cut)
        with suppress(PowerCutError):
            line.deliver(claim)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=OWNERS_STEPS)
def test_only_what_was_packed_approved_and_signed_by_hand_is_sent(steps: list[Step]) -> None:
    """Packages go out, come back late, twice, or in parts, while all the rest happens."""
    line = Line(
        ledger=quick_ledger(),
        signer=OwnersSigner({BIN: MONDAY + 400 * DAY}),
        policy=replace(POLICY, approve={BIN: frozenset({Operation.TERMINATION})}),
    )
    line.take("c1")
    line.take("t1", "termination", contract="K-2", contract_id="R-7")
    packed: dict[bytes, ReturnedPaper] = {}
    for deed, event, number in steps:
        if deed == "pack":
            packed |= {one.document: replace(one, name=digest_of(one.document)) for one in signed_by_hand(line)}
        elif deed == "take back":
            take(line, list(packed.values())[number % 2 :])
        elif deed == "approve":
            approve_if_asked(line, event)
        elif deed == "crash":
            crash_anywhere(line)
        else:
            with suppress(PowerCutError):
                do(line, (deed, event, number))
        assert_sound(line)
    for message in line.wire.messages:
        submission = packed[message.document].submission_id
        assert submission is not None
        if line.get(submission).operation is Operation.TERMINATION:
            with line.ledger.begin() as work:
                digest = work.journal.digest(submission, message.document.removesuffix(MARK))
            assert any(one.action == "approve" and digest in one.detail for one in line.journal(submission))
    line.close()
