"""Takes a drop folder as the agent does, in a process of its own that can be killed at any of its steps.

A step is what the world outside can see: a rename, a new folder, a file that is about to be written, a commit.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from support.line import EMPLOYERS, WeekdayCalendar
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.adapters.sources.files.drop_source import DropFolderSource, Ledgering
from usrec.adapters.sources.files.options import ReadingOptions
from usrec.adapters.system_clock import SystemClock, SystemEntropy
from usrec.application.ingest import ingest
from usrec.application.write_back import write_back
from usrec.domain.source_event import SourceName
from usrec.interfaces.cli.hr_words import hr_note
from usrec.sources import _repeats, _tell

NAME = SourceName("drop")
STEPS = frozenset({"os.rename", "os.mkdir", "os.chmod", "tempfile.mkstemp"})


def drop_source(
    folder: Path,
    ledger: SqlLedger,
    *,
    settle: timedelta = timedelta(0),
    options: ReadingOptions | None = None,
) -> DropFolderSource:
    """The source as the composition root makes it."""
    asked = Ledgering(_repeats(NAME, ledger), _tell(ledger))
    return DropFolderSource(NAME, folder, options or ReadingOptions(), settle=settle, clock=SystemClock(), ledger=asked)


def take_all(source: DropFolderSource, ledger: SqlLedger, *, at_a_time: int = 2, language: str = "en") -> int:
    """Take what lies there and write every result; how many rows were read."""
    clock, rows = SystemClock(), 0
    while True:
        report = ingest(
            source=source,
            ledger=ledger,
            employers=EMPLOYERS,
            calendar=WeekdayCalendar(),
            clock=clock,
            entropy=SystemEntropy(),
            limit=at_a_time,
        )
        rows += report.rows
        told = write_back(source=source, ledger=ledger, clock=clock, words=lambda note: hr_note(note, language))
        if not report.rows and not told:
            return rows


def _die_at(step: int) -> None:
    """Kill this very process at its n-th step."""
    left = [step]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(lambda name, _: count() if name in STEPS else None)
    event.listen(Engine, "commit", count)


def survives(folder: Path, url: str, step: int) -> bool:
    """Take all in a process of its own that is killed at this step; whether it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            ledger = open_ledger(url)
            source = drop_source(folder, ledger)
            _die_at(step)
            take_all(source, ledger)
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in {0, signal.SIGKILL}
    return status == 0
