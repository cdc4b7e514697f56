"""What a service manager is told, read from the other end of a real socket."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from support.notify_socket import NotifySocket, notify_socket
from usrec.interfaces import service_manager
from usrec.interfaces.service_manager import ServiceManager


@pytest.fixture
def end(tmp_path: Path) -> Iterator[NotifySocket]:
    with notify_socket(tmp_path) as made:
        yield made


def test_each_event_is_one_datagram_of_assignments(end: NotifySocket) -> None:
    manager = ServiceManager(end.address)
    before = time.monotonic_ns() // 1000
    manager.is_ready("started")
    manager.stands("3 ready")
    manager.is_reloading("reading")
    manager.is_stopping("finishing")
    ready, stands, reloading, stopping = end.read()
    assert ready == {"READY": "1", "STATUS": "started"}
    assert stands == {"STATUS": "3 ready"}
    assert before <= int(reloading.pop("MONOTONIC_USEC")) <= time.monotonic_ns() // 1000
    assert reloading == {"RELOADING": "1", "STATUS": "reading"}
    assert stopping == {"STOPPING": "1", "STATUS": "finishing"}


def test_abstract_socket_is_understood() -> None:
    end = NotifySocket(f"@usrec-test-{os.getpid()}")
    ServiceManager(end.address).is_ready("started")
    assert end.read() == [{"READY": "1", "STATUS": "started"}]
    end.close()


def test_status_is_one_line_whatever_is_told(end: NotifySocket) -> None:
    """A line end in it would be read as the next assignment."""
    ServiceManager(end.address).stands("refused:\nREADY=1\n  mend it")
    assert end.read() == [{"STATUS": "refused: READY=1 mend it"}]


def test_sign_of_life_goes_out_at_half_of_what_the_manager_waits(end: NotifySocket) -> None:
    seconds = iter(range(0, 41, 5))
    manager = ServiceManager(end.address, timedelta(seconds=20), monotonic=lambda: float(next(seconds)))
    gone_out = []
    for second in range(0, 41, 5):
        manager.is_alive()
        gone_out += [second for told in end.read() if told == {"WATCHDOG": "1"}]
    assert gone_out == [0, 10, 20, 30, 40]
    assert manager.patience == timedelta(seconds=5), "asked often enough, none comes late"


def test_no_sign_of_life_without_a_watchdog(end: NotifySocket) -> None:
    manager = ServiceManager(end.address)
    manager.is_alive()
    assert end.read() == []
    assert manager.patience is None


@pytest.mark.parametrize(
    ("usec", "pid", "watched"),
    [
        ("30000000", None, True),
        ("30000000", "own", True),
        ("30000000", "1", False),
        ("0", None, False),
        ("soon", None, False),
        (None, None, False),
    ],
)
def test_environment_says_who_manages_and_how_long_it_waits(
    end: NotifySocket, monkeypatch: pytest.MonkeyPatch, usec: str | None, pid: str | None, *, watched: bool
) -> None:
    given = {"WATCHDOG_USEC": usec, "WATCHDOG_PID": str(os.getpid()) if pid == "own" else pid}
    monkeypatch.setenv("NOTIFY_SOCKET", end.address)
    for name, value in given.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    manager = ServiceManager.of_environment()
    manager.is_alive()
    manager.is_ready("started")
    assert [sorted(told) for told in end.read()] == [*([["WATCHDOG"]] if watched else []), ["READY", "STATUS"]]


def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", "1000")
    manager = ServiceManager.of_environment()
    manager.is_ready("started")
    manager.is_alive()
    assert manager.patience is None


def test_manager_that_went_away_is_no_reason_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as log:
        monkeypatch.setattr(service_manager, "_log", structlog.get_logger("fresh"))
        manager = ServiceManager(str(tmp_path / "nobody"))
        manager.is_ready("started")
        manager.stands("3 ready")
    assert [record["action"] for record in log] == ["service.notify"], "said once"
