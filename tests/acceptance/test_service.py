"""`usrec run` as a service manager sees it: a real process, its signals, its notify socket and its health address."""

from __future__ import annotations

import http.client
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.health_client import UnixConnection, ask, free_port
from support.notify_socket import NotifySocket, Told, notify_socket
from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.units import start_command
from support.workplace import (
    BIN,
    OTHER_BIN,
    PATIENCE,
    MakeWorkplace,
    Workplace,
    employer,
    log_records,
    running,
    wait_until,
)

WATCHDOG_SECONDS = 2


@dataclass
class Service:
    """A running agent.

    Attributes:
        manager: The service manager's end of the notify socket.
    """

    process: subprocess.Popen[str]
    manager: NotifySocket
    log: Path
    health: Path

    def reload(self, *, refused: str = "") -> Told:
        """SIGHUP, and wait for its end; gives what was told of it."""
        self.manager.read()
        self.process.send_signal(signal.SIGHUP)
        self.manager.wait_for(lambda told: "RELOADING" in told)
        ended = self.manager.wait_for(lambda told: "READY" in told)
        assert ("NEW SETTINGS REFUSED" in ended["STATUS"]) == bool(refused), ended
        assert refused in ended["STATUS"]
        return ended

    def is_ready(self) -> bool:
        return ask(UnixConnection(self.health), "/health/ready")[0] == 200

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def actions(self) -> list[str]:
        return [record["action"] for record in log_records(self.log.read_text("utf-8"))]


@contextmanager
def serving(workplace: Workplace, module: str = "usrec") -> Iterator[Service]:
    """The agent as the service manager starts it, when it is ready; `module` may be another one's."""
    with notify_socket(workplace.folder) as manager:
        given = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1_000_000)}
        environment = dict(os.environ) | given | {"PYTHONPATH": str(Path(__file__).parents[1])}
        words = adapted(start_command("usrec-agent.service")[1:], workplace)
        command = [sys.executable, "-m", module, *words]
        log = workplace.folder / "agent.log"
        with running(command, log, env=environment) as process:
            service = Service(process, manager, log, workplace.folder / "health.sock")
            manager.wait_for(lambda told: told.get("READY") == "1")
            yield service


def adapted(words: Sequence[str], workplace: Workplace) -> list[str]:
    """The unit's own command line, with the settings of an installation."""
    assert "/etc/usrec/usrec.toml" in words
    return [str(workplace.settings) if word == "/etc/usrec/usrec.toml" else word for word in words]


def set_up(workplace: Workplace, url: str, **replaced: str) -> None:
    """Write the settings for a gateway, with a health address, some lines replaced."""
    workplace.connect(url)
    text = workplace.settings.read_text("utf-8") + f'[health]\nlisten = "unix:{workplace.folder}/health.sock"\n'
    for old, new in replaced.items():
        text, count = re.subn(rf"^{old} = .*$", f"{old} = {new}", text, flags=re.MULTILINE)
        assert count == 1, old
    workplace.settings.write_text(text, "utf-8")


@pytest.fixture
def simulator(tmp_path: Path, pki: Path) -> Iterator[SimulatorProcess]:
    slowly = '[[fault]]\nkind = "delay"\nseconds = 0.1\nwhen = "after"\n'
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=slowly) as process:
        yield process


def test_storm_of_reloads_during_deliveries_loses_and_doubles_nothing(
    make_workplace: MakeWorkplace, simulator: SimulatorProcess
) -> None:
    workplace = make_workplace(delivery="workers = 4\npoll = 0.1\nretry_base = 1\nretry_cap = 2\nlease = 30")
    hired = [workplace.hire(Person(number)) for number in range(1, 25)]
    set_up(workplace, simulator.url)
    with serving(workplace) as service:
        while [row.state for row in workplace.hr_rows()].count("accepted") < len(hired):
            for _ in range(5):
                service.process.send_signal(signal.SIGHUP)
            service.manager.everything()
            time.sleep(0.02)
            assert service.process.poll() is None, service.log.read_text("utf-8")
        assert service.is_ready()
        assert service.stop() == 0
        told = service.manager.everything()
    assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == set(hired)
    assert [record["times_received"] for record in simulator.registry()] == [1] * len(hired), "not even the same bytes"
    assert all(story.row.attempts == 1 for story in workplace.stories())
    assert service.actions().count("agent.reload") >= 3
    assert {"agent.overtaken", "agent.reload_refused", "agent.wait"}.isdisjoint(service.actions())
    reloads = [int(one["MONOTONIC_USEC"]) for one in told if "RELOADING" in one]
    assert reloads == sorted(reloads)
    assert sum("READY" in one for one in told) == len(reloads) + 1
    assert sum(one == {"WATCHDOG": "1"} for one in told) >= 2


def test_life_of_a_service(make_workplace: MakeWorkplace, simulator: SimulatorProcess, pki: Path) -> None:
    workplace = make_workplace(log='level = "info"\nformat = "json"')
    key = workplace.folder / "own.p12"
    shutil.copy(pki / "employer-expired.p12", key)
    workplace.employers = employer("main", BIN, key, pki / "employer.password")
    waits_for_key = workplace.hire(Person(1))
    set_up(workplace, simulator.url)
    good = workplace.settings.read_text("utf-8")

    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    with serving(workplace) as service:
        # Whatever starts it, no dump of its memory is made: it would hold the key.
        limits = Path(f"/proc/{service.process.pid}/limits").read_text("utf-8")
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)

        # A key that has expired keeps its employer's events, and the agent says so.
        wait_until(lambda: workplace.states().get(waits_for_key) == "pending", "the event to be taken")
        status, told = ask(UnixConnection(service.health), "/health/ready")
        assert (status, told["obstacles"], told["employers_without_key"]) == (
            503,
            ["no employer has a usable key"],
            ["main"],
        )
        assert ask(UnixConnection(service.health), "/health/live") == (200, {"live": True, "hung": []})
        wait_until(lambda: workplace.row(waits_for_key).wait_reason == "key_unusable", "the signature to be refused")
        asked = workplace.usrec("health")
        assert asked.returncode == 4
        assert asked.stdout == "The agent is not ready:\n  no employer has a usable key\n"

        # The renewed key is put in its place: what waited for it goes at once.
        shutil.copy(pki / "employer.p12", key)
        service.reload()
        wait_until(lambda: workplace.states()[waits_for_key] == "accepted", "the registration with the renewed key")
        wait_until(service.is_ready, "readiness")
        asked = workplace.usrec("health")
        assert (asked.returncode, asked.stdout) == (0, "The agent is ready.\n")
        assert workplace.ask("health", "--live") == {"live": True, "hung": []}

        # Whatever is wrong with new settings or keys, the former ones go on, and it is said everywhere.
        refusals = {
            "unknown": (good + "[delivry]\nworkers = 2\n", "there is no such setting"),
            "ledger": (good.replace("ledger.db", "other.db"), "[ledger] url cannot change while the agent runs"),
            "health": (good.replace("health.sock", "other.sock"), "[health] cannot change while the agent runs"),
            "key": (good.replace("own.p12", "absent.p12"), "absent.p12: the key file cannot be read"),
            "AUTH key": (good.replace(str(key), str(pki / "employer-auth.p12")), "this is an AUTH key"),
            "certificate": (good.replace("gateway.pem", "absent.pem"), "response certificate cannot be read"),
        }
        for number, (text, reason) in enumerate(refusals.values(), start=2):
            workplace.settings.write_text(text, "utf-8")
            service.reload(refused=reason)
            told = ask(UnixConnection(service.health), "/health/ready")[1]
            assert reason in told["reload_refused"], told
            assert workplace.usrec("health", "--live").returncode == (4 if "other.sock" in text else 0)
            workplace.hire(Person(number))
            await_registered(workplace, number)
        assert service.actions().count("agent.reload_refused") == len(refusals)

        # Settings that are right take over: another employer, another level of the log.
        second = employer("second", OTHER_BIN, pki / "employer-2.p12", pki / "employer-2.password")
        workplace.settings.write_text(good.replace('"info"', '"error"') + second, "utf-8")
        service.reload()
        told = ask(UnixConnection(service.health), "/health/ready")[1]
        assert (told["reload_refused"], told["employers_with_key"]) == (None, ["main", "second"])
        quiet = len(service.actions())
        person = Person(40)
        workplace.enter("theirs", "conclusion", person.key, conclusion_of(person), employer_bin=OTHER_BIN)
        wait_until(lambda: workplace.states().get("theirs") == "accepted", "a registration for the second employer")
        assert len(service.actions()) == quiet, "errors only"
        assert service.stop() == 0
        last = [told for told in service.manager.everything() if "STOPPING" in told]
        assert len(last) == 1
        assert not service.health.exists()
    asked = workplace.usrec("health", "--live")
    assert asked.returncode == 4
    assert f"{service.health}: no agent answers" in asked.stderr


def test_hung_thread_ends_the_signs_of_life(make_workplace: MakeWorkplace, simulator: SimulatorProcess) -> None:
    """The service manager restarts it then; a process whose threads rest or wait lawfully gives them."""
    workplace = make_workplace()
    set_up(workplace, simulator.url)
    with serving(workplace, "support.hanging_agent") as service:
        for _ in range(3):
            service.manager.wait_for(lambda told: told == {"WATCHDOG": "1"}, seconds=WATCHDOG_SECONDS)
        assert ask(UnixConnection(service.health), "/health/live")[0] == 200
        workplace.hire(Person(1))
        wait_until(lambda: "agent.hung" in service.actions(), "the hung thread to be seen")
        status, told = ask(UnixConnection(service.health), "/health/live")
        assert (status, [name.partition("-")[0] for name in told["hung"]]) == (503, ["deliver"])
        service.manager.read()
        time.sleep(1.5 * WATCHDOG_SECONDS)
        assert {"WATCHDOG": "1"} not in service.manager.read()
        service.process.send_signal(signal.SIGABRT)
        assert service.process.wait(PATIENCE) == -signal.SIGABRT
        assert "hang_for_ever" in service.log.read_text("utf-8"), "the traceback names the place"


def test_gateway_that_goes_away_and_comes_back(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    """While it is away one submission at a time is tried, and the agent stays ready; then all go at once."""
    quick = "workers = 4\npoll = 0.05\nretry_base = 1\nretry_cap = 900\nlease = 30\n"
    workplace = make_workplace(delivery=f"{quick}breaker_failures = 2\nbreaker_pause = 0.5")
    hired = [workplace.hire(Person(number)) for number in range(1, 21)]
    registry, port = tmp_path / "registry.db", free_port()
    with SimulatorProcess.start(registry, pki) as gone:
        address, gateway_port = gone.url, gone.port
    set_up(workplace, address, listen=f'"127.0.0.1:{port}"')

    def ready() -> tuple[int, str]:
        status, told = ask(http.client.HTTPConnection("127.0.0.1", port, timeout=10), "/health/ready")
        return status, told["gateway_breaker"]

    with serving(workplace) as service:
        wait_until(lambda: "breaker.open" in service.actions(), "the breaker to open")
        began, opened_at = time.monotonic(), len(tries(workplace))
        wait_until(lambda: len(tries(workplace)) >= opened_at + 3, "three more tries")
        most = opened_at + 2 + (time.monotonic() - began) / 0.5
        assert len(tries(workplace)) <= most, "one for each pause, not one for each submission and thread"
        assert ready()[0] == 200
        assert ready()[1] in {"open", "probing"}
        assert "breaker.closed" not in service.actions()
        with SimulatorProcess.start(registry, pki, port=gateway_port) as simulator:
            wait_until(lambda: set(workplace.states().values()) == {"accepted"}, "all to be registered")
            wait_until(lambda: all(row.state == "accepted" for row in workplace.hr_rows()), "HR to be told")
            assert ready() == (200, "closed")
            assert service.stop() == 0
            assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == set(hired)
    assert service.actions().count("breaker.open") == service.actions().count("breaker.closed") >= 1


def await_registered(workplace: Workplace, events: int) -> None:
    wait_until(lambda: list(workplace.states().values()) == ["accepted"] * events, f"{events} registrations")


def tries(workplace: Workplace) -> list[object]:
    """Every attempt so far."""
    return [attempt for story in workplace.stories() for attempt in story.attempts]
