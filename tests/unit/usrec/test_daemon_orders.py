"""What the main thread is told while the others work: to stop, to reload, and when it gives signs of life."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from support.line import Line
from support.line_agent import agent_of, answering
from support.notify_socket import NotifySocket, notify_socket
from usrec.bootstrap import Agent
from usrec.domain.errors import ConfigurationError, LedgerUnavailable
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.submission import WaitReason
from usrec.interfaces import reload as reload_module
from usrec.interfaces.daemon import Daemon, Order
from usrec.interfaces.reload import Compose
from usrec.interfaces.service_manager import ServiceManager

PATIENCE = 20.0


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[NotifySocket]:
    with notify_socket(tmp_path) as end:
        yield end


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Agent]:
    """The agents that were closed; they share the one ledger in memory, which must stay."""
    agents: list[Agent] = []
    monkeypatch.setattr(Agent, "close", lambda agent: agents.append(agent))  # noqa: PLW0108 -- a built-in would not be bound
    return agents


@contextmanager
def at_work(daemon: Daemon) -> Iterator[None]:
    """The daemon in a thread of its own; it is told to stop at the end, and must end well."""
    failed: list[BaseException] = []

    def work() -> None:
        try:
            daemon.run(drain=False)
        except BaseException as problem:  # noqa: BLE001 -- told by the test's own thread
            failed.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        daemon.orders.put(Order.STOP)
        thread.join(PATIENCE)
    assert not thread.is_alive()
    assert failed == []


def until(reached: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < limit
        time.sleep(0.002)


def serving(line: Line, manager: NotifySocket, compose: Compose | None = None, **delivery: Any) -> Daemon:
    return Daemon(agent_of(line, **delivery), manager=ServiceManager(manager.address), compose=compose)


def told(manager: NotifySocket, name: str) -> int:
    return sum(name in one for one in manager.everything())


# -- stop


def test_order_to_stop_ends_the_agent_and_the_manager_is_told(line: Line, manager: NotifySocket) -> None:
    with at_work(serving(line, manager)):
        until(lambda: told(manager, "READY"))
    assert told(manager, "STOPPING") == 1


def test_order_to_stop_is_heard_while_a_reload_is_under_way(line: Line, manager: NotifySocket) -> None:
    composing, go_on = threading.Event(), threading.Event()

    def slowly(_: Agent) -> Agent:
        composing.set()
        assert go_on.wait(PATIENCE)
        return agent_of(line)

    daemon = serving(line, manager, slowly)
    with at_work(daemon):
        daemon.orders.put(Order.RELOAD)
        assert composing.wait(PATIENCE)
        daemon.orders.put(Order.STOP)
        until(daemon.stop.is_set)
        go_on.set()
    assert told(manager, "STOPPING") == 1


# -- reload


def test_new_agent_takes_over_and_the_old_one_is_closed(
    line: Line, manager: NotifySocket, closed: list[Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(line, monkeypatch)
    new = agent_of(line)
    daemon = serving(line, manager, lambda _: new)
    with at_work(daemon):
        daemon.orders.put(Order.RELOAD)
        until(lambda: told(manager, "READY") == 2)
        assert daemon.handover.current is new
        until(lambda: closed == [daemon.agent])
        line.enter("c1")
        until(lambda: line.states() == {"c1": "accepted"})
    daemon.close()
    assert closed == [daemon.agent, new]


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (ConfigurationError("the key file is damaged", where="own.p12"), "own.p12: the key file is damaged"),
        (LedgerUnavailable("it cannot be reached"), "it cannot be reached"),
        (ZeroDivisionError("employee 900101300007"), "unexpected ZeroDivisionError"),
    ],
    ids=["settings", "ledger", "bug"],
)
def test_whatever_is_wrong_with_the_new_one_the_old_one_goes_on_and_says_so(
    line: Line,
    manager: NotifySocket,
    closed: list[Agent],
    monkeypatch: pytest.MonkeyPatch,
    problem: Exception,
    reason: str,
) -> None:
    answering(line, monkeypatch)

    def fails(_: Agent) -> Agent:
        raise problem

    daemon = serving(line, manager, fails)
    with capture_logs() as log, at_work(daemon):
        monkeypatch.setattr(reload_module, "_log", structlog.get_logger("fresh"))
        daemon.orders.put(Order.RELOAD)
        until(lambda: daemon.reloader.refused)
        line.enter("c1")
        until(lambda: line.states() == {"c1": "accepted"})
        assert reason in daemon.health().reload_refused
        assert closed == []
        daemon.compose = None
    (refusal,) = [record for record in log if record["action"] == "agent.reload_refused"]
    assert refusal["log_level"] == "error"
    assert reason in refusal["event"]
    assert "900101300007" not in str(log) + str(manager.everything())
    statuses = [one["STATUS"] for one in manager.everything() if "READY" in one]
    assert "NEW SETTINGS REFUSED" in statuses[-1]


def test_good_reload_ends_the_complaint(line: Line, manager: NotifySocket) -> None:
    outcomes: Iterator[Agent | None] = iter([None, agent_of(line)])

    def compose(_: Agent) -> Agent:
        if (agent := next(outcomes)) is None:
            raise ConfigurationError("wrong")
        return agent

    daemon = serving(line, manager, compose)
    with at_work(daemon):
        daemon.orders.put(Order.RELOAD)
        until(lambda: daemon.health().reload_refused)
        daemon.orders.put(Order.RELOAD)
        until(lambda: told(manager, "READY") == 3)
        assert daemon.health().reload_refused == ""


def test_reload_ends_whatever_fails_after_it(
    line: Line, manager: NotifySocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = agent_of(line)
    daemon = serving(line, manager, lambda _: new)

    def fails(_: Agent) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(daemon.reloader, "_taken", fails)
    with at_work(daemon):
        daemon.orders.put(Order.RELOAD)
        until(lambda: told(manager, "READY") == 2)
        assert daemon.handover.current is new


def test_orders_that_come_during_a_reload_are_one_order(line: Line, manager: NotifySocket) -> None:
    composed: list[Agent] = []
    go_on = threading.Event()

    def slowly(_: Agent) -> Agent:
        composed.append(agent_of(line))
        assert go_on.wait(PATIENCE)
        return composed[-1]

    daemon = serving(line, manager, slowly)
    with at_work(daemon):
        daemon.orders.put(Order.RELOAD)
        until(lambda: composed)
        for _ in range(50):
            daemon.orders.put(Order.RELOAD)
        until(daemon.orders.empty)
        go_on.set()
        until(lambda: told(manager, "READY") == 3)
        time.sleep(0.05)
    assert len(composed) == 2, "the second, because the file may have changed after the first had read it"


def test_agent_that_cannot_be_reloaded_goes_on(line: Line, manager: NotifySocket) -> None:
    daemon = serving(line, manager, None)
    with at_work(daemon):
        daemon.orders.put(Order.RELOAD)
        until(daemon.orders.empty)
        assert daemon.handover.current is daemon.agent
    assert told(manager, "RELOADING") == 0


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1)])
def test_number_of_workers_follows_the_settings(line: Line, manager: NotifySocket, before: int, after: int) -> None:
    def deliverers() -> int:
        return sum(thread.name.startswith("deliver-") for thread in threading.enumerate())

    daemon = serving(line, manager, lambda _: agent_of(line, workers=after), workers=before)
    with at_work(daemon):
        until(lambda: deliverers() == before)
        daemon.orders.put(Order.RELOAD)
        until(lambda: deliverers() == after)
    assert deliverers() == 0


def test_what_waited_for_a_key_is_tried_with_the_new_ones(
    line: Line, manager: NotifySocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a quarter of an hour later."""
    answering(line, monkeypatch)
    good, line.signer = line.signer, type(line.signer)({})
    daemon = serving(line, manager, lambda _: agent_of(line))
    line.enter("c1")
    with at_work(daemon):
        until(lambda: line.states() and line.entry("c1").wait_reason is WaitReason.KEY_UNUSABLE)
        line.signer = good
        daemon.orders.put(Order.RELOAD)
        until(lambda: line.states() == {"c1": "accepted"})


# -- signs of life


def test_hung_thread_ends_the_signs_of_life_until_it_moves_again(
    line: Line, manager: NotifySocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchdog = timedelta(seconds=0.04)
    monkeypatch.setattr("usrec.interfaces.lines.LEDGER_TIME", timedelta(seconds=0.3))
    monkeypatch.setattr("usrec.interfaces.lines.lease_needed", lambda *_, **__: timedelta(0))
    go_on = threading.Event()

    def hangs(envelope: Envelope) -> SubmissionOutcome:
        assert go_on.wait(PATIENCE)
        return line.registers(envelope)

    answering(line, monkeypatch, hangs)
    daemon = Daemon(agent_of(line, workers=1), manager=ServiceManager(manager.address, watchdog))
    with at_work(daemon):
        until(lambda: told(manager, "WATCHDOG") >= 3)
        line.enter("c1")
        until(lambda: manager.everything() and daemon.vitals._hung)
        before = told(manager, "WATCHDOG")
        time.sleep(5 * watchdog.total_seconds())
        assert told(manager, "WATCHDOG") == before
        assert daemon.health().hung == ("deliver-0",)
        go_on.set()
        until(lambda: told(manager, "WATCHDOG") > before)
        assert daemon.health().live
