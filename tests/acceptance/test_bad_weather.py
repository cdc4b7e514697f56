"""Bad weather on the agent's own machine: its clock, its keys, its disk, a lock on its ledger, and too much at once.

Each test ends in the sun: the agent went on by itself, nothing is lost and nothing is registered twice.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, RootTransaction, event

from kzeds import Certificate, make_test_pki
from support.crashing_agent import _PORTS, TRANSACTIONS, Calls, Watched
from support.fresh_ledger import make_ledger
from support.health_client import UnixConnection, ask
from support.line import BIN as LINE_BIN
from support.line import DAY, MONDAY, OTHER_BIN as LINE_OTHER
from support.line import POLICY, TIMEOUT, Line, refused
from support.line_agent import agent_of
from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
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
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.persistence import SqlLedger, create_ledger_engine, engine, ledger
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.interfaces.daemon import Daemon

TESTS = Path(__file__).parents[1]
QUICK = "workers = 2\npoll = 0.05\nretry_base = 1\nretry_cap = 2\nlease = 30\nbreaker_pause = 0.2"
HOURS_3 = "10800"


# -- a clock that is hours off


def test_clock_wrong_by_hours_sends_nothing_says_why_and_goes_on_when_it_is_right(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    """First the gateway tells another time from the start; then somebody sets the machine's clock in mid-run."""
    workplace = make_workplace(delivery=QUICK)
    ahead, registry = tmp_path / "ahead", tmp_path / "registry.db"
    ahead.write_text("0")
    events = [workplace.hire(Person(1))]
    with SimulatorProcess.start(registry, pki, options=["--clock-offset", HOURS_3]) as simulator:
        connect(workplace, simulator)
        with running_on_a_clock(workplace, ahead) as log:
            wait_until(lambda: "clock.unproven" in actions(log), "the doubt of the clock")
            wait_until(lambda: workplace.states(), "the event to be taken all the same")
            require_held(workplace, "unproven", "may be 3 h behind by the gateway: nothing is signed or sent")
            assert simulator.registry() == []
            simulator.stop()
            with SimulatorProcess.start(registry, pki, port=simulator.port) as right:
                await_registered(workplace, 1)
                ahead.write_text(HOURS_3)
                events.append(workplace.hire(Person(2)))
                wait_until(lambda: "clock.wrong" in actions(log), "the clock to be found wrong")
                wait_until(lambda: len(workplace.states()) == 2, "the event to be taken all the same")
                require_held(workplace, "wrong", "is 3 h ahead by the gateway's signed answers, the gateway")
                wait_until(lambda: alerted(workplace) == 1, "an alert")
                assert len(right.registry()) == 1
                ahead.write_text("0")
                await_registered(workplace, 2)
                assert workplace.ask("status")["clocks_wrong"] == []
                wait_until(lambda: alerted(workplace) == 0, "the alert to be closed")
                assert all(row.attempts == 1 for row in (workplace.row(one) for one in events)), "no doubt was made"
                assert require_exactly_once(workplace.hr_rows(), right.registry()) == set(events)


@contextmanager
def running_on_a_clock(workplace: Workplace, ahead: Path) -> Iterator[Path]:
    """Run the agent on a machine whose clock is as many seconds ahead as a file says; gives its log."""
    log = workplace.folder / "agent.log"
    command = [sys.executable, "-m", "support.wrong_clock", str(ahead), "--", *workplace.command("run")[3:]]
    environment = dict(os.environ) | {"PYTHONPATH": str(TESTS)}
    with running(command, log, env=environment):
        yield log


def connect(workplace: Workplace, simulator: SimulatorProcess) -> None:
    workplace.connect(simulator.url)
    health = f'[health]\nlisten = "unix:{workplace.folder}/health.sock"\n'
    workplace.settings.write_text(workplace.settings.read_text("utf-8") + health, "utf-8")


def require_held(workplace: Workplace, state: str, words: str) -> None:
    """It is said in health, status and its check, and nothing was signed."""
    status, told = ask(UnixConnection(workplace.folder / "health.sock"), "/health/ready")
    assert (status, told["clock"]) == (503, state)
    assert words in told["obstacles"][0], told
    wait_until(lambda: workplace.ask("status")["clocks_wrong"], "the sign of life that says so")
    assert [one["state"] for one in workplace.ask("status")["clocks_wrong"]] == [state]
    assert "NOTHING IS SENT from" in workplace.usrec("status").stdout
    assert "nothing is sent, the clock is wrong on" in workplace.usrec("status", "--check").stdout
    assert not workplace.query("SELECT * FROM messages WHERE submission_id IN (SELECT submission_id FROM outbox)")


def alerted(workplace: Workplace) -> int:
    return len(workplace.query("SELECT id FROM alerts WHERE threshold = 'clock_wrong' AND closed_at IS NULL"))


def await_registered(workplace: Workplace, events: int) -> None:
    wait_until(lambda: list(workplace.states().values()) == ["accepted"] * events, f"{events} registrations")
    wait_until(lambda: all(row.state == "accepted" for row in workplace.hr_rows()), "HR to be told")


def actions(log: Path) -> list[str]:
    whole = log.read_text("utf-8").rpartition("\n")[0]
    return [record["action"] for record in log_records(whole)]
