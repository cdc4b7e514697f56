"""Bad weather on the agent's own machine: its clock, its keys, its disk, a lock on its ledger, and too much at once.

Each test ends in the sun: the agent went on by itself, nothing is lost and nothing is registered twice.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, RootTransaction
from structlog.testing import capture_logs

from kzeds import Certificate, make_test_pki
from support.crashing_agent import _PORTS, TRANSACTIONS, Calls, Watched
from support.fresh_ledger import make_ledger
from support.health_client import UnixConnection, ask
from support.line import BIN as LINE_BIN
from support.line import DAY, HOUR, MONDAY, TIMEOUT, TODAY, Line, refused
from support.line import OTHER_BIN as LINE_OTHER
from support.line_agent import agent_of
from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import (
    BIN,
    OTHER_BIN,
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
from usrec.application.hasten import hasten_keyless
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import WaitReason
from usrec.domain.verdict import Ending
from usrec.interfaces.daemon import Daemon
from usrec.sinks import build_alert_sinks

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
            wait_until(workplace.states, "the event to be taken all the same")
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
    if state == "unproven":
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


# -- a key that expires, or is revoked, in mid-run


def test_key_revoked_in_mid_run_signs_nothing_more_and_its_successor_goes_on(
    make_workplace: MakeWorkplace, tmp_path: Path
) -> None:
    """What is in doubt is never signed anew: its bytes go to a person once USREC refuses their key."""
    workplace = make_workplace(delivery=QUICK)
    pki = workplace.pki = make_test_pki(tmp_path / "own-pki", now=datetime.now(UTC)).directory
    (pki / "nca.crl").unlink()
    key, log = tmp_path / "own.p12", tmp_path / "agent.log"
    shutil.copy(pki / "employer-revoked.p12", key)
    second = employer("second", OTHER_BIN, pki / "employer-2.p12", pki / "employer-2.password")
    workplace.employers = employer("main", BIN, key, pki / "employer.password") + second
    half = f'[[fault]]\nkind = "half_answer"\nnumber = "{Person(1).contract_number}"\n'
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=half) as simulator:
        answers = f'ocsp = "https://127.0.0.1:{simulator.port}/ocsp/"'
        trust = f'authorities = "{pki}/nca-ca.pem"\nca_file = "{pki}/tls-ca.pem"\ninterval = 1\n{answers}'
        workplace.log += f"\n[trust]\n{trust}"
        connect(workplace, simulator)
        with ExitStack() as after, running(workplace.command("run"), log) as agent:
            wait_until(lambda: "trust.good" in actions(log), "the first look")
            doubtful = workplace.hire(Person(1))
            wait_until(lambda: workplace.states().get(doubtful) == State.INDETERMINATE, "a doubt")
            number = Certificate.load(pki / "employer-revoked.pem").serial_number
            (pki / "revoked.toml").write_text(f'serial_numbers = ["{number:x}"]\n', "utf-8")
            wait_until(lambda: "trust.revoked" in actions(log), "the revocation to be seen")
            fresh, other = workplace.hire(Person(2)), Person(3)
            workplace.enter("theirs", "conclusion", other.key, conclusion_of(other), employer_bin=OTHER_BIN)
            wait_until(lambda: workplace.states().get("theirs") == State.ACCEPTED, "the other employer's registration")
            wait_until(lambda: waits(workplace, fresh, doubtful) == [WaitReason.KEY_UNUSABLE] * 2, "the key's absence")
            assert not workplace.story(fresh).attempts
            assert workplace.row(doubtful).state is State.INDETERMINATE
            simulator.stop()
            shutil.copy(pki / "employer.p12", key)
            after.enter_context(SimulatorProcess.start(tmp_path / "registry.db", pki, port=simulator.port))
            agent.send_signal(signal.SIGHUP)
            wait_until(lambda: workplace.states()[fresh] == State.ACCEPTED, "the registration with the new key")
            wait_until(lambda: waits(workplace, doubtful) == [WaitReason.NEEDS_DECISION], "the question to a person")
            wait_until(lambda: workplace.hr_row(fresh).state == State.ACCEPTED, "HR to be told")
        assert not workplace.ledger.view.employer_stops(), "bytes of an older key stop nobody"
        story = workplace.story(doubtful)
        assert (story.row.state, sum(line.action == "sign" for line in story.journal)) == (State.INDETERMINATE, 1)
        keys = {Person(one).key.removeprefix("K-") for one in (1, 2, 3)}
        assert sorted(one["number"].partition("-")[2] for one in simulator.registry()) == sorted(keys)


def waits(workplace: Workplace, *events: str) -> list[WaitReason | None]:
    return [workplace.row(event).wait_reason if event in workplace.states() else None for event in events]


def test_key_that_expires_in_mid_run_signs_nothing_more_and_the_renewed_one_goes_on() -> None:
    """Here time is simulated. What is in doubt waits for a person, whose word settles it; others never notice."""
    employers = {LINE_BIN: EmployerName("alatau"), LINE_OTHER: EmployerName("second")}
    line = Line(employers=employers, signer=InMemorySigner({LINE_BIN: MONDAY + DAY, LINE_OTHER: MONDAY + 400 * DAY}))
    line.take("doubtful", contract="K-1")
    line.send(TIMEOUT)
    line.clock.advance(DAY + HOUR)
    line.take("fresh", contract="K-2")
    line.take("theirs", contract="K-3", employer=LINE_OTHER)
    told = {str(one.submission.event_id): one for one in line.deliver_all()}
    assert {event: (one.result, one.alert) for event, one in told.items()} == {
        "doubtful": ("waiting", True),
        "fresh": ("waiting", True),
        "theirs": ("accepted", False),
    }
    assert "expired" in told["doubtful"].reason
    assert "expired" in told["fresh"].reason
    assert (line.entry("doubtful").wait_reason, line.entry("fresh").wait_reason) == (
        WaitReason.NEEDS_DECISION,
        WaitReason.KEY_UNUSABLE,
    )
    line.signer = InMemorySigner({LINE_BIN: MONDAY + 400 * DAY})
    assert hasten_keyless(ledger=line.ledger) == 1
    line.deliver_all()
    assert line.of("fresh").state is State.ACCEPTED
    assert line.of("doubtful").state is State.INDETERMINATE
    assert len(line.attempts("doubtful")) == 1, "neither sent nor signed again"
    line.settle("doubtful", contract_id="R-9")
    assert set(line.states().values()) == {"accepted"}
    line.close()


# -- a full disk, a locked ledger


class Weather:
    """What befalls the ledger: at a step's commit the disk is full, or after it somebody else locks the file.

    Attributes:
        struck: The steps at which it has struck; once at each.
    """

    def __init__(self, file: Path, *, locked: bool) -> None:
        self.file, self.locked = file, locked
        self.struck: list[str] = []
        self.holders: list[threading.Timer] = []

    def strikes(self, calls: Calls) -> bool:
        """Whether a transaction is of a step that it has spared so far."""
        step = next((one for one in STEPS if one not in self.struck and TRANSACTIONS[one](calls)), None)
        self.struck += [] if step is None else [step]
        return step is not None

    def before(self, connection: Connection) -> None:
        """The disk has no room for a page more, and this transaction needs one: SQLite's own SQLITE_FULL."""
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        try:
            connection.exec_driver_sql("CREATE TABLE no_room AS SELECT hex(zeroblob(100000)) AS what")
        finally:
            connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")

    def after(self) -> None:
        """Somebody holds the file for longer than anybody waits."""
        holder = sqlite3.connect(self.file, timeout=5, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        self.holders.append(threading.Timer(0.1, holder.close))
        self.holders[-1].start()

    def passes(self) -> None:
        """Wait until it is over."""
        for holder in self.holders:
            holder.join()


def weathered(weather: Weather) -> type[ledger.SqlUnitOfWork]:
    """A unit of work that meets the weather."""

    class WeatheredUnitOfWork(ledger.SqlUnitOfWork):
        def __init__(self, connection: Connection, transaction: RootTransaction, key: FingerprintKey) -> None:
            super().__init__(connection, transaction, key)
            self.calls: Calls = set()
            for name in _PORTS:
                setattr(self, name, Watched(getattr(self, name), name, self.calls.add))

        def commit(self) -> None:
            here = weather.strikes(self.calls)
            if here and not weather.locked:
                weather.before(self._connection)
            super().commit()
            if here and weather.locked:
                weather.after()

    return WeatheredUnitOfWork


@dataclass
class Office:
    """A registry in memory: each record id once, however often it comes."""

    line: Line
    received: list[tuple[str, bytes]] = field(default_factory=list)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        message = next(one for one in self.line.wire.messages if one.message_id == envelope.message_id)
        known = message.message_id in {id_ for id_, _ in self.received}
        self.received.append((message.message_id, message.document))
        return refused("SCSE086") if known else self.line.registers(envelope)


STEPS = ("receive", "claim", "intent", "record", "watch", "tell", "told", "noted")
"""T1 to T4, the three parts of T6, and T7; T5 is a late answer, or a person's command, which ends with its error."""


@pytest.mark.parametrize("locked", [False, True], ids=["disk full", "database locked"])
def test_full_disk_and_locked_ledger_at_every_step_lose_and_double_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    """The agent says why it waits and goes on by itself; an answer that could not be recorded is kept."""
    url, file = f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "ledger.db"
    make_ledger(url)
    if locked:
        monkeypatch.setattr(engine, "LOCK_WAIT", timedelta(milliseconds=20))
    line = Line(ledger=SqlLedger(create_ledger_engine(url)))
    office, weather = Office(line), Weather(file, locked=locked)
    monkeypatch.setattr(line.wire, "submit", office.submit)
    monkeypatch.setattr(ledger, "SqlUnitOfWork", weathered(weather))
    rows = [line.enter(f"c{number}", contract=f"K-{number}") for number in range(4)]
    rows.append(line.enter("late", contract="K-late", employee_iin="123", signed_on=str(TODAY - 40 * DAY)))
    agent = agent_of(line)
    with capture_logs() as log:
        Daemon(replace(agent, subscribers=build_alert_sinks(agent.settings))).run(drain=True)
    weather.passes()
    said = [str(one["event"]) for one in log if one.get("action") == "agent.wait"]
    assert set(STEPS) - set(weather.struck) <= ({"told"} if locked else set()), "a sink's lease outlasts the drain"
    assert all(("kept it locked for too long" if locked else "the disk is full") in one for one in said), said
    assert said
    assert line.states() == dict.fromkeys([f"c{number}" for number in range(4)], "accepted") | {"late": "invalid"}
    assert [note.state for row in rows if (note := line.source.status_of(row))] == ["accepted"] * 4 + ["invalid"]
    stories = [line.story(line.of(f"c{number}").id) for number in range(4)]
    assert all(attempt.closed_at for one in stories for attempt in one.attempts)
    assert [sum(entry.action == "sign" for entry in one.journal) for one in stories] == [1] * 4
    assert len(office.received) == 4, "an answer that T4 could not record is kept until it can"
    assert [attempt.ending for one in stories for attempt in one.attempts] == [Ending.REGISTERED] * 4
    line.close()
