"""`usrec demo` as a process, its folder, and both sides' books in it."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from support.two_books import Fact, HrRow, Record, read_hr, require_exactly_once
from support.workplace import run
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.interfaces.demo.company import build_company
from usrec.interfaces.demo.setup import SEED

GROUPS = ("accepted", "rejected", "invalid", "blocked", "indeterminate", "open")
"""They add up to `events`."""

RESULT_KEYS = frozenset(
    {
        "events",
        *GROUPS,
        "registered_once",
        "registered_twice",
        "lost",
        "late",
        "elapsed_seconds",
        "operations",
    }
)
"""The contract of `usrec demo --json`."""


@dataclass(frozen=True)
class Demonstration:
    """One folder of `usrec demo`."""

    folder: Path
    events: int | None = None
    faults: Path | None = None

    def command(self, *more: str) -> list[str]:
        words = [sys.executable, "-m", "usrec", "demo", "--workdir", str(self.folder), *more]
        words += [] if self.events is None else ["--events", str(self.events)]
        return words if self.faults is None else [*words, "--faults", str(self.faults)]

    def run(self) -> dict[str, Any]:
        """Run it to its end, which must be good, and give its numbers."""
        done = run(self.command("--json"))
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def hr_rows(self) -> list[HrRow]:
        """HR's book."""
        return read_hr(lambda statement: self._select("hr.db", statement))

    def registry(self) -> list[Record]:
        """The registry's book."""
        database = str(self.folder / "simulator.db")
        command = [sys.executable, "-m", "usrec_simulator", "registry", "--db", database, "--json"]
        done = run(command)
        assert done.returncode == 0, done.stderr
        records: list[Record] = json.loads(done.stdout)
        return records

    def registered(self) -> set[str]:
        """The events that HR was told are registered; the registry must hold each of them once, and nothing else."""
        contracts = self._select(
            "hr.db", "SELECT contract_key, number, contract_date, ended_on, usrec_id FROM contracts"
        )
        papers = self._select(
            "hr.db",
            "SELECT operation, COALESCE(papers.number, contracts.number), day"
            " FROM papers JOIN contracts USING (contract_key)",
        )
        history: list[Fact] = list(papers)
        for _, number, concluded, ended, registry_id in contracts:
            history += [("conclusion", number, concluded)] if registry_id else []
            history += [("termination", number, ended)] if ended else []
        numbers = {key: number for key, number, *_ in contracts}
        return require_exactly_once(self.hr_rows(), self.registry(), numbers=numbers, history=history)

    def faults_fired(self) -> list[int]:
        """How often each rule of the fault script struck, in the order of the script."""
        counts = self._select("simulator.db", "SELECT rule, fired FROM fault_count")
        return [fired for _, fired in sorted((int(rule.partition(":")[0]), fired) for rule, fired in counts)]

    def states(self) -> Counter[str]:
        """How many submissions stand in each state, also while it runs."""
        return Counter(state for (state,) in self._select("ledger.db", "SELECT state FROM submissions"))

    def attempts(self) -> list[tuple[Any, ...]]:
        """Ending and detail of every attempt."""
        return self._select("ledger.db", "SELECT ending, detail FROM attempts")

    def documents(self) -> list[bytes]:
        """Every signed document."""
        return [bytes(document) for (document,) in self._select("ledger.db", "SELECT document FROM messages")]

    def actions(self) -> set[str]:
        """Every kind of line in the journal."""
        return {action for (action,) in self._select("ledger.db", "SELECT DISTINCT action FROM journal")}

    def reasons(self) -> set[str]:
        """Every reason in the journal."""
        return {reason for (reason,) in self._select("ledger.db", "SELECT DISTINCT reason FROM journal")}

    def _select(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.folder / database}?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()


def today() -> date:
    """The day that a demonstration begun now is about."""
    return kazakhstan_date(datetime.now(UTC))


def fates(day: date, events: int | None) -> Mapping[str, str]:
    """What becomes of each event of a demonstration of that day when nothing is disturbed."""
    company = build_company(day, SEED, events=events, is_working_day=KazakhstanCalendar().is_working_day)
    return {event.event_id: event.fate.value for event in company.pending}
