"""Two agents change over while threads are at work: nobody waits, and nothing is closed under anybody's hands."""

from __future__ import annotations

from typing import Any, cast

import pytest

from support.line import Line
from support.line_agent import agent_of
from usrec.bootstrap import Agent
from usrec.interfaces.handover import Handover


class Composed:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def made() -> tuple[Composed, Agent]:
    one: Any = Composed()
    return one, cast("Agent", one)


def test_idle_agent_is_closed_when_another_takes_over() -> None:
    (old, first), (new, second) = made(), made()
    handover = Handover(first)
    handover.replace(second)
    assert (old.closed, new.closed) == (1, 0)
    assert handover.current is second


def test_step_ends_with_the_agent_that_it_began_with() -> None:
    (old, first), (_, second) = made(), made()
    handover = Handover(first)
    with handover.borrow() as one, handover.borrow() as other:
        assert one is other is first
        handover.replace(second)
        with handover.borrow() as next_step:
            assert next_step is second
        assert old.closed == 0
    assert old.closed == 1, "by the last step that used it"


def test_agent_that_was_replaced_twice_is_closed_once() -> None:
    agents = [made() for _ in range(4)]
    handover = Handover(agents[0][1])
    with handover.borrow():
        for _, agent in agents[1:]:
            handover.replace(agent)
    assert [one.closed for one, _ in agents] == [1, 1, 1, 0]


def test_step_that_fails_gives_its_agent_back_too() -> None:
    (old, first), (_, second) = made(), made()
    handover = Handover(first)
    try:
        with handover.borrow():
            handover.replace(second)
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert old.closed == 1


def test_agent_on_duty_is_not_closed_by_a_step_that_ends() -> None:
    old, first = made()
    handover = Handover(first)
    with handover.borrow():
        pass
    assert old.closed == 0


def test_old_agent_that_cannot_be_closed_troubles_nobody() -> None:
    (_, first), (_, second) = made(), made()

    def fails() -> None:
        raise OSError

    first.close = fails  # type: ignore[method-assign]  # a double
    handover = Handover(first)
    with handover.borrow():
        handover.replace(second)
    assert handover.current is second


def test_agent_closes_all_its_connections(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is reloaded every day must not gather connections to the HR database."""
    closed: list[str] = []
    for name, part in {"gateway": line.wire, "source": line.source, "ledger": line.ledger}.items():
        monkeypatch.setattr(part, "close", lambda name=name: closed.append(name), raising=False)
    agent_of(line).close()
    assert closed == ["gateway", "source", "ledger"]
