"""What a person sees of the demonstration: a progress bar, then a table in plain words."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.table import Table
from rich.text import Text

from usrec.application.delivery import Delivered
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.rules.finding import load_findings
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.interfaces.cli.finding_words import finding_words
from usrec.interfaces.cli.next_step import is_refusal
from usrec.interfaces.cli.words import code_words, operation_name, wait_words
from usrec.interfaces.demo.run import DemoResult, group_of, is_late
from usrec.interfaces.demo.setup import Workdir
from usrec.interfaces.i18n import N_, ntr, tr
from usrec.ports.ledger_view import SubmissionRow

_GROUPS = ("accepted", "rejected", "invalid", "blocked", "indeterminate", "open")
_TITLES = {
    "accepted": N_("Registered"),
    "rejected": N_("Refused by the registry"),
    "invalid": N_("Not sent: the row is wrong"),
    "blocked": N_("Waiting behind another event"),
    "indeterminate": N_("Answer unknown"),
    "open": N_("Waiting"),
}
_FINAL = {State.ACCEPTED, State.REJECTED}


class Progress:
    """The progress bar on standard error; silent when ``show`` is false."""

    def __init__(self, *, show: bool) -> None:
        self._show = show
        self._console = Console(stderr=True, quiet=not show)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bar = RichProgress(*columns, console=self._console, transient=True, disable=not show)
        self._lock = threading.Lock()
        self._task: Any = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(text)

    def begin(self, workdir: Workdir) -> None:
        """Introduce the company and start the bar."""
        facts = json.loads((workdir.path / "company.json").read_text(encoding="utf-8"))
        introduction = tr(
            "{name}: {employees} employees, {history} contracts in the registry, {pending} events waiting in the HR "
            "database"
        )
        name, pending = f"{facts['name_ru']} / {facts['name_kk']}", len(facts["pending"])
        self.say(
            introduction.format(name=name, employees=facts["employees"], history=facts["history"], pending=pending)
        )
        self._task = self._bar.add_task(tr("Signing and registering"), total=pending)

    def delivered(self, delivered: Delivered) -> None:
        """One delivery; called from the agent's threads."""
        if delivered.submission.state in _FINAL and self._task is not None:
            with self._lock:
                self._bar.advance(self._task)


def print_report(workdir: Workdir, rows: Sequence[SubmissionRow], result: DemoResult, now: datetime) -> None:
    """The table, the exceptions one by one, and what the registry itself says."""
    console = Console()
    console.print(_summary(rows, now))
    console.print(_operations(result))
    for group in _GROUPS[1:]:
        members = [row for row in rows if group_of(row) == group]
        if members:
            console.print(_exceptions(tr(_TITLES[group]), members, now))
    counted = tr(
        "Counted in the registry itself: {once} of {accepted} registered exactly once, {twice} twice, {lost} lost. "
        "{seconds} s."
    )
    console.print(
        counted.format(
            once=result.registered_once,
            accepted=result.accepted,
            twice=result.registered_twice,
            lost=result.lost,
            seconds=f"{result.elapsed_seconds:.1f}",
        )
    )
    console.print(tr("Its files are in {folder}. Look around:").format(folder=workdir.path), soft_wrap=True)
    look = f"{started_as()} submission list --config {shlex.quote(str(workdir.settings))}"
    console.print(f"  {look}", soft_wrap=True, highlight=False, markup=False)


def started_as() -> str:
    """The words that start this program again from where the person stands: its name alone only where that finds it."""
    called, found = sys.argv[0], shutil.which("usrec")
    if Path(called).name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m usrec"
    return "usrec" if found and Path(found).resolve() == Path(called).resolve() else shlex.quote(called)


def _summary(rows: Sequence[SubmissionRow], now: datetime) -> Table:
    table = _table(tr("What became of the events"))
    table.add_column("", no_wrap=True)
    operations = (tr("contr."), tr("amend."), tr("term."), tr("other"))
    for heading in (*operations, tr("all"), tr("in time"), tr("late")):
        table.add_column(heading, justify="right", no_wrap=True)
    for group in _GROUPS:
        members = [row for row in rows if group_of(row) == group]
        by = Counter(row.operation for row in members)
        late = sum(is_late(row, now) for row in members)
        named = [by.pop(name, 0) for name in ("conclusion", "amendment", "termination")]
        dated = sum(row.due_utc is not None for row in members)
        cells = [*named, sum(by.values()), len(members), dated - late, late]
        table.add_row(tr(_TITLES[group]), *(str(cell) for cell in cells), style="bold" if group == "accepted" else "")
    return table


def _operations(result: DemoResult) -> Table:
    table = _table(tr("Each operation, as the registry has it"))
    table.add_column("")
    for heading in (tr("events"), tr("registered"), tr("exactly once"), tr("twice"), tr("lost")):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, one in result.operations.items():
        counted = (one.events, one.accepted, one.registered_once, one.registered_twice, one.lost)
        wrong = one.registered_twice or one.lost
        table.add_row(operation_name(Operation(name)), *map(str, counted), style="red" if wrong else "")
    return table


def _table(title: str, *, expand: bool = False) -> Table:
    narrow = (0, 1, 0, 0)
    return Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", expand=expand, padding=narrow, pad_edge=False)


def _exceptions(title: str, rows: Sequence[SubmissionRow], now: datetime) -> Table:
    table = _table(title, expand=True)
    for heading in (tr("Id"), tr("Event"), tr("What")):
        table.add_column(heading, no_wrap=True)
    table.add_column(tr("Why"), ratio=1)
    for heading in (tr("Last day"), tr("Deadline")):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        left = Text(tr("missed"), style="red") if is_late(row, now) else _left(row, now)
        last_day = "" if row.legal_date is None else row.legal_date.isoformat()
        what = operation_name(row.operation)
        table.add_row(row.id[:8], escape(row.event_id), what, escape(_why(row)), last_day, left)
    return table


def _left(row: SubmissionRow, now: datetime) -> str:
    if row.legal_date is None:
        return tr("none")
    days = (row.legal_date - kazakhstan_date(now)).days
    return tr("today") if days == 0 else ntr("in {number} day", "in {number} days", days)


def _why(row: SubmissionRow) -> str:
    if row.state is State.INVALID:
        return "; ".join(finding_words(finding) for finding in load_findings(row.findings))
    if is_refusal(row):
        return code_words(row.code)
    words = wait_words(row.wait_reason, row.status)
    return f"{words} ({row.blocked_by[:8]})" if row.blocked_by else words
