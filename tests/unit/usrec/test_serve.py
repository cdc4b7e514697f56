"""Health over TCP and over a Unix socket: real listeners, real clients."""

from __future__ import annotations

import http.client
import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

from support.health_client import UnixConnection, ask, free_port
from support.line import IIN, MONDAY
from usrec.domain.errors import ConfigurationError
from usrec.interfaces.health import Health
from usrec.interfaces.serve import MOST_AT_ONCE, HealthServer, Page, Pages, health_pages, health_server
from usrec.settings import HealthSettings

WELL = Health(at=MONDAY, started_at=MONDAY, version="1", ledger_silent_for=MONDAY - MONDAY, keys=["alatau"])


@contextmanager
def listening(listen: str, health: Health = WELL, pages: Pages | None = None) -> Iterator[HealthServer]:
    with health_server(HealthSettings(listen=listen)) as server:
        assert server is not None
        server.answer({**health_pages(lambda: health), **(pages or {})})
        yield server


def test_both_questions_are_answered_over_tcp_and_over_a_unix_socket(tmp_path: Path) -> None:
    port, path = free_port(), tmp_path / "health.sock"
    with listening(f"127.0.0.1:{port}"), listening(f"unix:{path}"):
        for connection in (http.client.HTTPConnection("127.0.0.1", port, timeout=10), UnixConnection(path)):
            assert ask(connection, "/health/live") == (200, {"live": True, "hung": []})
            assert ask(connection, "/health/ready?verbose") == (200, dict(WELL.document()))
            assert ask(connection, "/health")[0] == HTTPStatus.NOT_FOUND
            assert ask(connection, "/health/ready", "POST")[0] == HTTPStatus.NOT_IMPLEMENTED


@pytest.mark.parametrize(
    ("health", "live", "ready"),
    [
        (WELL, 200, 200),
        (replace(WELL, keys=[], keyless=["alatau"]), 200, 503),
        (replace(WELL, stopping=True), 200, 503),
        (replace(WELL, hung=("upkeep",)), 503, 503),
    ],
    ids=["well", "no key", "stopping", "hung"],
)
def test_status_says_what_a_probe_needs(tmp_path: Path, health: Health, live: int, ready: int) -> None:
    with listening(f"unix:{tmp_path / 's'}", health):
        found = [ask(UnixConnection(tmp_path / "s"), f"/health/{which}")[0] for which in ("live", "ready")]
    assert found == [live, ready]


def test_page_that_fails_is_told_without_its_reason_and_hurts_no_other(tmp_path: Path) -> None:
    def fails() -> Page:
        raise RuntimeError(IIN)

    with listening(f"unix:{tmp_path / 's'}", pages={"/metrics": fails}):
        assert ask(UnixConnection(tmp_path / "s"), "/metrics") == (503, {"error": "RuntimeError"})
        assert ask(UnixConnection(tmp_path / "s"), "/health/live")[0] == HTTPStatus.OK


def test_port_in_use_is_named() -> None:
    port = free_port()
    with listening(f"127.0.0.1:{port}"), pytest.raises(ConfigurationError) as caught:
        health_server(HealthSettings(listen=f"127.0.0.1:{port}")).__enter__()
    assert "another program holds this address" in str(caught.value)
    assert f"127.0.0.1 port {port}" in str(caught.value)
    assert "Nothing was started" in str(caught.value)


def test_unix_socket_in_use_is_left_alone_and_named(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listening(f"unix:{path}"):
        with pytest.raises(ConfigurationError, match=str(path)):
            health_server(HealthSettings(listen=f"unix:{path}")).__enter__()
        assert ask(UnixConnection(path), "/health/live")[0] == HTTPStatus.OK
    assert not path.exists()


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
def test_address_is_held_before_the_first_answer(tmp_path: Path, *, unix: bool) -> None:
    settings = HealthSettings(listen=f"unix:{tmp_path / 's'}" if unix else f"127.0.0.1:{free_port()}")
    with (
        health_server(settings),
        pytest.raises(ConfigurationError, match="another program holds this address"),
        health_server(settings),
    ):
        pass


def test_unix_socket_of_a_dead_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with listening(f"unix:{path}"):
        assert ask(UnixConnection(path), "/health/live")[0] == HTTPStatus.OK


def test_file_in_the_place_of_the_socket_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("somebody's", "utf-8")
    with pytest.raises(ConfigurationError):
        health_server(HealthSettings(listen=f"unix:{path}")).__enter__()
    assert path.read_text("utf-8") == "somebody's"


def test_unix_socket_is_for_its_owner_and_group(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with listening(f"unix:{tmp_path / 's'}"):
            assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o660
            (tmp_path / "other").touch()
            assert stat.S_IMODE((tmp_path / "other").stat().st_mode) == 0o666, "the process's own mask is as before"
    finally:
        os.umask(before)


@pytest.mark.parametrize("place", ["127.0.0.1:1", "unix:/nowhere/s"])
def test_place_that_cannot_be_taken_is_an_error_that_names_it(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refused)
    with pytest.raises(ConfigurationError, match=r"\[health\] listen.*Permission denied"):
        health_server(HealthSettings(listen=place)).__enter__()


def test_clients_that_say_nothing_keep_nobody_out_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The places are limited; whoever keeps silent loses its own."""
    monkeypatch.setattr("usrec.interfaces.serve._Request.timeout", 0.2)
    path, silent = tmp_path / "s", []
    with listening(f"unix:{path}"):
        for _ in range(MOST_AT_ONCE):
            silent.append(end := socket.socket(socket.AF_UNIX))
            end.connect(str(path))
        for end in silent:
            end.settimeout(10)
            assert end.recv(1) == b"", "closed by the server"
            end.close()
        assert ask(UnixConnection(path), "/health/live")[0] == HTTPStatus.OK


def test_probe_gets_in_however_many_ask_a_letter_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listening(f"unix:{path}"), ExitStack() as slow:
        for _ in range(3 * MOST_AT_ONCE):
            end = slow.enter_context(socket.socket(socket.AF_UNIX))
            end.connect(str(path))
            with suppress(BrokenPipeError):
                end.sendall(b"GET /health")
        for _ in range(3):
            assert ask(UnixConnection(path), "/health/live")[0] == HTTPStatus.OK


def test_who_is_being_answered_is_sent_away_for_nobody(tmp_path: Path) -> None:
    path, may_answer = tmp_path / "s", threading.Event()

    def slowly() -> Page:
        may_answer.wait(20)
        return Page(HTTPStatus.OK, "application/json", b"{}")

    answers: list[HTTPStatus | int] = []
    with listening(f"unix:{path}", pages={"/slow": slowly}) as server:
        askers = [
            threading.Thread(target=lambda: answers.append(ask(UnixConnection(path), "/slow")[0]))
            for _ in range(MOST_AT_ONCE)
        ]
        for one in askers:
            one.start()
        while len(server._callers._asking) < MOST_AT_ONCE:
            assert all(one.is_alive() for one in askers)
        with socket.socket(socket.AF_UNIX) as late:
            late.connect(str(path))
            late.settimeout(10)
            assert late.recv(1) == b""
        may_answer.set()
        for one in askers:
            one.join(20)
    assert answers == [HTTPStatus.OK] * MOST_AT_ONCE


def test_nothing_listens_and_nothing_runs_after_the_end() -> None:
    port, before = free_port(), set(threading.enumerate())
    with listening(f"127.0.0.1:{port}"):
        assert set(threading.enumerate()) > before & set(threading.enumerate())
    assert set(threading.enumerate()) <= before
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0


def test_nothing_listens_where_the_settings_name_nothing() -> None:
    with health_server(HealthSettings()) as server:
        assert server is None
