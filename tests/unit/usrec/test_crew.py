"""What only tells leaves the machine to what delivers, for a moment after news."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from usrec.domain.errors import SourceUnavailable, TheirsToWaitFor
from usrec.interfaces.crew import _GLANCE, _TURNS, Crew, Loop
from usrec.interfaces.handover import Handover


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


@pytest.mark.parametrize("news", [True, False])
def test_what_only_tells_lets_those_pass_that_are_under_way_and_not_for_ever(stop: Noting, *, news: bool) -> None:
    loop = Loop("notes", lambda _: False, timedelta(minutes=1), 0.0, lets_pass=0.1)
    crew = crew_with(loop, stop)
    crew._under_way.add("deliver")
    if news:
        crew.wake()
    crew._rest(loop)
    assert stop.waits == [0.1] * news + [_GLANCE] * _TURNS
    assert _GLANCE * _TURNS <= 1


def test_nobody_waits_for_those_under_way_longer_than_they_are(stop: Noting) -> None:
    loop = Loop("notes", lambda _: False, timedelta(minutes=1), 0.0, lets_pass=0.1)
    crew = crew_with(loop, stop)
    crew._under_way.add("deliver")
    glances: list[float | None] = []

    def glance(timeout: float | None = None) -> bool:
        glances.append(timeout)
        crew.has_passed("deliver")
        return False

    stop.wait = glance  # type: ignore[method-assign]  # what passes, passes while one waits
    crew._rest(loop)
    assert glances == [_GLANCE]


def test_step_that_goes_first_is_under_way_until_it_ends_or_says_that_it_has_passed(stop: Noting) -> None:
    seen: list[set[str]] = []

    def step(_: object) -> bool:
        seen.append(set(crew._under_way))
        crew.has_passed("deliver")
        seen.append(set(crew._under_way))
        return False

    loop = Loop("deliver", step, timedelta(minutes=1), 60.0, goes_first=True)
    crew = crew_with(loop, stop)
    crew._handover = Handover(None)  # type: ignore[arg-type]  # the step asks for no agent
    crew._step(loop)
    assert seen == [{"deliver"}, set()]
    crew._step(Loop("deliver", lambda _: False, timedelta(minutes=1), 60.0, goes_first=True))
    assert crew._under_way == set()


def test_step_that_leaves_the_machine_to_others_is_called_back_by_news_and_by_the_order_to_stop(stop: Noting) -> None:
    crew = crew_with(Loop("ingest", lambda _: False, timedelta(minutes=1), 60.0), stop)
    crew._news["ingest"].set()
    crew.lets_pass("ingest", 600.0)
    crew._news["ingest"].clear()
    stop.set()
    crew.lets_pass("ingest", 600.0)


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


def test_what_a_thread_waits_for_is_logged_at_once_and_not_at_every_try(stop: Noting) -> None:
    hindered: list[TheirsToWaitFor] = []
    handover: Any = None
    crew = Crew(stop, handover, halt=stop.set, hindered=hindered.append)
    away = SourceUnavailable("the database did not answer", where="source hr")
    with capture_logs() as log:
        for _ in range(30):
            crew.waits_for(away)
        crew.waits_for(SourceUnavailable("the database did not answer", where="source branch"))
    assert [(one["action"], one["event"]) for one in log] == [
        ("agent.wait", str(away)),
        ("agent.wait", str(away).replace("source hr", "source branch")),
    ]
    assert len(hindered) == 31, "a drain is told each time"
