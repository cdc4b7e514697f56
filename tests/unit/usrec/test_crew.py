"""What only tells leaves the machine to what delivers, for a moment after news."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from usrec.interfaces.crew import Crew, Loop


class Noting(threading.Event):
    """Does not wait, and remembers how long it was to."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


@pytest.fixture
def stop() -> Noting:
    return Noting()


def crew_with(loop: Loop, stop: Noting) -> Crew:
    handover: Any = None
    crew = Crew(stop, handover, halt=stop.set, hindered=lambda _: None)
    crew._loops[loop.name] = loop
    crew._news[loop.name] = threading.Event()
    return crew


@pytest.mark.parametrize("lets_pass", [0.0, 0.1])
def test_loop_that_is_woken_lets_the_others_pass_first(lets_pass: float, stop: Noting) -> None:
    loop = Loop("notes", lambda _: False, timedelta(minutes=1), 60.0, lets_pass=lets_pass)
    crew = crew_with(loop, stop)
    crew.wake()
    crew._rest(loop)
    assert stop.waits == [lets_pass]


def test_loop_that_had_its_rest_lets_nobody_pass(stop: Noting) -> None:
    loop = Loop("notes", lambda _: False, timedelta(minutes=1), 0.0, lets_pass=0.1)
    crew_with(loop, stop)._rest(loop)
    assert stop.waits == []


def test_thread_that_waits_for_jobs_is_roused_by_the_order_to_stop_and_not_by_news(stop: Noting) -> None:
    roused: list[str] = []
    loop = Loop(
        "hand", lambda _: False, timedelta(minutes=1), 60.0, wakes_early=False, rouse=lambda: roused.append("x")
    )
    crew = crew_with(loop, stop)
    crew.wake()
    assert roused == []
    stop.set()
    crew.wake()
    assert roused == ["x"]
