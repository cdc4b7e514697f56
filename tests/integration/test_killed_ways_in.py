"""Killed at every commit of a look at the staff, and of what an HR system is told: nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from support.fresh_ledger import make_ledger
from support.line import BIN, EMPLOYERS, IIN, MONDAY, TODAY, WeekdayCalendar
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.adapters.sources.staff_source import StaffSource
from usrec.adapters.system_clock import SystemEntropy
from usrec.application.ingest import ingest
from usrec.application.take_snapshot import SnapshotPolicy
from usrec.application.tell_changes import LEASE, tell_changes
from usrec.domain.snapshot.staff import Look, StaffRow
from usrec.domain.source_event import SourceName
from usrec.ports.intake import Call
from usrec.ports.ledger_view import SubmissionFilter

HR = SourceName("staff")
ERP = SourceName("erp")
QUARTER = timedelta(minutes=15)
Step = Callable[[SqlLedger], object]


def killed_everywhere(folder: Path, prepare: Step, act: Step, check: Callable[[SqlLedger, Path], None]) -> int:
    """Kill a process that acts before its first commit, its second and so on, until it comes to its end; how many."""
    step, survived = 0, False
    while not survived:
        step += 1
        place = folder / str(step)
        place.mkdir()
        url = f"sqlite:///{place / 'ledger.db'}"
        make_ledger(url)
        with_ledger(url, prepare)
        survived = _survives(url, place, act, step)
        with_ledger(url, lambda ledger, place=place: check(ledger, place))  # type: ignore[misc]
    return step - 1


def with_ledger(url: str, act: Step) -> None:
    ledger = open_ledger(url)
    act(ledger)
    ledger.close()


def _survives(url: str, place: Path, act: Step, step: int) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os.chdir(place)
            ledger = open_ledger(url)
            _die_before_commit(step)
            act(ledger)
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in {0, signal.SIGKILL}
    return status == 0


def _die_before_commit(step: int) -> None:
    left = [step]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "commit", count)


class Staff:
    """HR's staff. Implements the port ``StaffRoster``."""

    where = "staff"

    def __init__(self, *keys: str) -> None:
        days = dict.fromkeys(("contract_date", "signed_on", "begin_date"), TODAY.isoformat())
        self.rows = [StaffRow(key, BIN, {"employee_iin": IIN, "contract_number": key, **days}) for key in keys]

    def look(self, at: Any) -> Look:
        return Look(self.rows, None, at)

    def close(self) -> None:
        """Nothing is open."""


def look(ledger: SqlLedger, *keys: str, later: timedelta = timedelta(0)) -> int:
    """An agent that has just started looks, and takes what follows; how many rows."""
    clock = ManualClock(MONDAY + later)
    source = StaffSource(HR, Staff(*keys), ledger, clock, SnapshotPolicy(), every=QUARTER)
    rows = 0
    for _ in range(3):
        how = {"employers": EMPLOYERS, "calendar": WeekdayCalendar(), "clock": clock, "entropy": SystemEntropy()}
        rows += ingest(source=source, ledger=ledger, limit=1, **how).rows  # type: ignore[arg-type]  # its own ports
    return rows


def test_killed_between_a_look_and_the_taking_of_its_events_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path,
) -> None:
    def all_is_there(ledger: SqlLedger, _: Path) -> None:
        look(ledger, "OLD", "N-1", "N-2", later=2 * QUARTER)
        rows = ledger.view.rows(SubmissionFilter())
        assert sorted(row.contract_key for row in rows) == ["N-1", "N-2"]
        assert look(ledger, "OLD", "N-1", "N-2", later=4 * QUARTER) == 0

    killed = killed_everywhere(
        tmp_path,
        lambda ledger: look(ledger, "OLD"),
        lambda ledger: look(ledger, "OLD", "N-1", "N-2", later=QUARTER),
        all_is_there,
    )
    assert killed >= 4, "the look, each taking, and what is dropped behind it"


class Hook:
    """An HR system that is told: what it heard stands in a file that outlives this process."""

    source = ERP

    def __init__(self, heard: Path) -> None:
        self._heard = heard

    def tell(self, call: Call) -> None:
        with self._heard.open("a", encoding="utf-8") as file:
            file.write(f"{call.id} {call.body}\n")


def test_killed_around_a_message_to_an_hr_system_it_is_told_again_under_the_same_id(tmp_path: Path) -> None:
    def queue(ledger: SqlLedger) -> None:
        with ledger.begin() as work:
            work.intake.queue(ERP, ["first", "second"], MONDAY)
            work.commit()

    def tell(ledger: SqlLedger, heard: Path = Path("heard"), later: timedelta = timedelta(0)) -> int:
        return tell_changes(listener=Hook(heard), ledger=ledger, clock=ManualClock(MONDAY + later))

    def all_is_told(ledger: SqlLedger, place: Path) -> None:
        tell(ledger, place / "heard", 2 * LEASE)
        assert tell(ledger, place / "heard", 4 * LEASE) == 0
        lines = (place / "heard").read_text("utf-8").splitlines()
        assert list(dict.fromkeys(lines)) == sorted(set(lines)), "in their order"
        assert [line.partition(" ")[2] for line in dict.fromkeys(lines)] == ["first", "second"]
        assert len(lines) <= 3, "only what was on its way is told twice"

    assert killed_everywhere(tmp_path, queue, tell, all_is_told) == 3, "the claim, and each message"
