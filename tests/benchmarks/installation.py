"""An employer's whole installation for a benchmark, and its agent: ``usrec run``, as a service manager starts it."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks import rows
from benchmarks.processes import Gateway, cpu_of
from kzeds import KeyKind, make_test_pki
from support.hr_sides import PostgresqlHr, SqlHr, SqliteHr
from support.postgresql import PostgresqlServer
from support.workplace import Workplace

DELIVERY = "workers = 4\npoll = 0.5"
"""Everything else as it comes: an employer who has not read the page about speed."""
PATIENCE = 300.0


class AgentEndedError(Exception):
    """The agent that was to do the work is gone."""


@dataclass
class Installation:
    """HR, ledger, keys and gateway of one employer.

    Attributes:
        hired: How many contracts HR has committed so far.
        told: Of how many of them, the first ones, HR is known to have been told that they are registered.
    """

    place: Workplace
    gateway: Gateway
    hired: int = 0
    told: int = 0

    @property
    def hr(self) -> SqlHr:
        """The HR side."""
        return self.place.hr

    def hire(self, count: int) -> None:
        """HR commits so many more contracts."""
        rows.commit(self.hr, self.hired, count)
        self.hired += count

    def wait_for_notes(self, agent: subprocess.Popen[Any] | None = None) -> None:
        """Until HR has been told that all its contracts are registered; looks rarely, so as not to be in the way.

        Args:
            agent: Nothing is waited for when it has ended.

        Raises:
            AgentEndedError: It has.
        """
        limit = time.monotonic() + PATIENCE
        while (now := rows.accepted(self.hr, self.told)) < self.hired - self.told:
            if agent is not None and agent.poll() is not None:
                raise AgentEndedError(f"the agent ended with {agent.returncode}")
            _patience(limit, f"{now} of {self.hired - self.told} notes to HR")
            time.sleep(0.03)
        self.told = self.hired

    def wait_for_answers(self, count: int) -> None:
        """Until the gateway has given so many answers."""
        limit = time.monotonic() + PATIENCE
        while (given := self.gateway.answers) < count:
            _patience(limit, f"{given} of {count} answers of the gateway")
            time.sleep(0.01)


def _patience(limit: float, what: str) -> None:
    if time.monotonic() > limit:
        raise RuntimeError(f"the agent came to a halt: {what} in {PATIENCE:.0f} s; its log: agent.log")


@contextmanager
def installation(
    server: PostgresqlServer | None,
    kind: KeyKind = KeyKind.RSA,
    delivery: str = DELIVERY,
    *,
    latency: float = 0.0,
) -> Iterator[Installation]:
    """A new one, with a gateway that runs; on SQLite files where there is no server."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="usrec-bench-")))
        pki = keys(kind)
        hr, ledger = _databases(folder, server)
        place = Workplace(folder, hr, ledger, pki, delivery=delivery)
        stack.callback(place.close)
        place.make_ledger()
        gateway = stack.enter_context(Gateway(pki, latency))
        place.connect(gateway.url)
        yield Installation(place, gateway)


@cache
def keys(kind: KeyKind) -> Path:
    """Keys and certificates, made once for each kind and shared by all installations of this process."""
    folder = tempfile.TemporaryDirectory(prefix="usrec-bench-keys-")
    atexit.register(folder.cleanup)
    return make_test_pki(Path(folder.name) / "pki", now=datetime.now(UTC), kind=kind).directory


def _databases(folder: Path, server: PostgresqlServer | None) -> tuple[SqlHr, str]:
    if server is None:
        return SqliteHr(folder / "hr.db"), f"sqlite:///{folder / 'ledger.db'}"
    return PostgresqlHr(server.new_database()), server.new_database()


@contextmanager
def agent(place: Workplace, env: Mapping[str, str] | None = None, *, delivery: str | None = None) -> Iterator[Running]:
    """``usrec run``, until it is told to stop; its log goes to a file, as a service manager's journal does.

    Args:
        delivery: Other settings of ``[delivery]``, this time only.
    """
    usual = place.settings.read_text()
    place.settings.write_text(usual if delivery is None else usual.replace(place.delivery, delivery))
    with (place.folder / "agent.log").open("w") as log:
        running = subprocess.Popen(
            place.command("run"), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(env or {})}
        )
    try:
        yield Running(running)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)
        place.settings.write_text(usual)


@dataclass(frozen=True, slots=True)
class Running:
    """The agent's process."""

    process: subprocess.Popen[bytes]

    @property
    def cpu(self) -> float:
        """Seconds of CPU used so far."""
        return cpu_of(self.process.pid)
