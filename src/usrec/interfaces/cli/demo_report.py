"""What a person sees of the demonstration: a progress bar, then a table in plain words."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.table import Table

from usrec.application.deliver import Delivered
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.rules.finding import load_findings
from usrec.domain.state import State
from usrec.interfaces.cli.words import code_words, wait_words
from usrec.interfaces.demo.run import DemoResult, group_of, is_late
from usrec.interfaces.demo.setup import Workdir
from usrec.ports.ledger_view import SubmissionRow

_GROUPS = ("accepted", "rejected", "invalid", "blocked", "indeterminate", "open")
_TITLES = {
    "accepted": "Registered",
    "rejected": "Refused by the registry",
    "invalid": "Not sent: the row is wrong",
    "blocked": "Waiting behind another event",
    "indeterminate": "Answer unknown",
    "open": "Waiting",
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
        self.say(
            f"{facts['name_ru']} / {facts['name_kk']}: {facts['employees']} employees, {facts['history']} contracts in "
            f"the registry, {len(facts['pending'])} events waiting in the HR database"
        )
        self._task = self._bar.add_task("Signing and registering", total=len(facts["pending"]))

    def delivered(self, delivered: Delivered) -> None:
        """One delivery; called from the agent's threads."""
        if delivered.submission.state in _FINAL and self._task is not None:
            with self._lock:
                self._bar.advance(self._task)


def print_report(workdir: Workdir, rows: Sequence[SubmissionRow], result: DemoResult, now: datetime) -> None:
    """The table, the exceptions one by one, and what the registry itself says."""
    console = Console()
    console.print(_summary(rows, now))
    for group in _GROUPS[1:]:
        members = [row for row in rows if group_of(row) == group]
        if members:
            console.print(_exceptions(_TITLES[group], members, now))
    console.print(
        f"Counted in the registry itself: {result.registered_once} of {result.accepted} registered exactly once, "
        f"{result.registered_twice} twice, {result.lost} lost. {result.elapsed_seconds:.1f} s."
    )
    console.print(f"Its files are in {workdir.path}. Look around:", soft_wrap=True)
    console.print(f"  usrec submission list --config {workdir.settings}", soft_wrap=True, highlight=False)


def _summary(rows: Sequence[SubmissionRow], now: datetime) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="What became of the events", title_justify="left")
    table.add_column("", no_wrap=True)
    for heading in ("contr.", "amend.", "term.", "other", "all", "in time", "late"):
        table.add_column(heading, justify="right", no_wrap=True)
    for group in _GROUPS:
        members = [row for row in rows if group_of(row) == group]
        by = Counter(row.operation for row in members)
        late = sum(is_late(row, now) for row in members)
        named = [by.pop(name, 0) for name in ("conclusion", "amendment", "termination")]
        dated = sum(row.due_utc is not None for row in members)
        cells = [*named, sum(by.values()), len(members), dated - late, late]
        table.add_row(_TITLES[group], *(str(cell) for cell in cells), style="bold" if group == "accepted" else "")
    return table


def _exceptions(title: str, rows: Sequence[SubmissionRow], now: datetime) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", expand=True)
    for heading in ("Id", "Event", "What"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Why", ratio=1)
    for heading in ("Last day", "Deadline"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        missed = "[red]missed[/red]" if is_late(row, now) else _left(row, now)
        last_day = "" if row.legal_date is None else row.legal_date.isoformat()
        table.add_row(row.id[:8], row.event_id, row.operation or "unknown", _why(row), last_day, missed)
    return table


def _left(row: SubmissionRow, now: datetime) -> str:
    if row.legal_date is None:
        return "none"
    days = (row.legal_date - kazakhstan_date(now)).days
    return "today" if days == 0 else f"in {days} days"


def _why(row: SubmissionRow) -> str:
    if row.state is State.INVALID:
        return "; ".join(finding.message for finding in load_findings(row.findings))
    if row.state is State.REJECTED:
        return code_words(row.code)
    words = wait_words(row.wait_reason, row.status)
    return f"{words} ({row.blocked_by[:8]})" if row.blocked_by else words
