"""Whatever HR, the gateway, operators and power cuts do to one contract, in whatever order, the line stays sound."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.line import HOUR, TIMEOUT, UNREACHABLE, Line, refused, registered
from usrec.adapters.inmemory.gateway import ScriptedStep
from usrec.domain.errors import UnsafeRequest
from usrec.domain.state import OPEN, SETTLED, State
from usrec.domain.submission import QueueStatus, Submission

Step = tuple[str, str, int]
"""What happens, to which event, and a number that tells how."""

KINDS = {"c1": "conclusion", "c2": "conclusion", "a1": "amendment", "t1": "termination"}


def take(line: Line, event: str, number: int) -> None:
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
    "take": take,
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
    line = Line()
    for step in steps:
        do(line, step)
        assert_sound(line)
    line.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_when_all_trouble_ends_everything_is_settled_or_waits_for_a_person(steps: list[Step]) -> None:
    line = Line()
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
