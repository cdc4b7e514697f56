"""``usrec status --check``: one line and an exit code, as a Nagios plug-in answers.

Source: Monitoring Plugins Development Guidelines (exit codes 0-3; text, ``|`` and performance data
``'label'=value[unit];[warn];[crit];[min];[max]``, where a threshold of 0 means "anything above 0"; ``U`` stands for a
value that there is not). The text is English and ASCII, because plug-ins are read by programs of any age.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import typer

from usrec.domain.errors import UsrecError
from usrec.interfaces.cli.options import print_json

if TYPE_CHECKING:
    from usrec.application.checkup import Level, Standing

SERVICE: Final = "USREC"
LIMIT: Final = timedelta(seconds=30)
"""Longer waits a plug-in for nobody: whoever called it gives it up."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes:
        reasons: Why it is not well; why nothing is known; empty when all is well.
        standing: None when nothing is known.
    """

    level: Level
    reasons: Sequence[str]
    standing: Standing | None
    silence: timedelta | None


def run_check(config: Path | None, *, as_json: bool) -> NoReturn:
    """Look once, say it and end with the level as exit code; never with a traceback."""
    checked = checked_at(config)
    if as_json:
        print_json(check_json(checked))
    else:
        typer.echo(check_line(checked))
    sys.exit(int(checked.level))


def checked_at(config: Path | None) -> Checked:
    """What the ledger of the settings says; whatever goes wrong is a finding too."""
    from usrec.application.checkup import Level
    from usrec.interfaces.bounded import BoundedQuestion

    try:
        return BoundedQuestion(lambda: _look(config), LIMIT)()
    except UsrecError as problem:
        return Checked(Level.UNKNOWN, [str(problem)], None, None)
    except Exception as problem:  # noqa: BLE001 -- a plug-in says UNKNOWN instead of showing a traceback
        return Checked(Level.UNKNOWN, [f"unexpected {type(problem).__name__}; please report this"], None, None)


def _look(config: Path | None) -> Checked:
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.checkup import judge, take_standing
    from usrec.domain.working_time import WorkingTime
    from usrec.ledger import build_watched_ledger
    from usrec.preflight import build_calendars
    from usrec.settings import load_watcher_settings

    settings = load_watcher_settings(config)
    silence = settings.values.watch.silence
    hours = WorkingTime(build_calendars(settings).common, settings.values.alerts.digest_at)
    ledger = build_watched_ledger(settings)
    try:
        standing = take_standing(view=ledger.view, now=SystemClock().now(), hours=hours, silence=silence)
    finally:
        ledger.close()
    level, reasons = judge(standing, silence)
    return Checked(level, reasons, standing, silence)


def check_line(checked: Checked) -> str:
    """The plug-in's one line."""
    said = "; ".join(checked.reasons) or _all_well(checked.standing)
    line = f"{SERVICE} {checked.level.name} - {_plain(said)}"
    return f"{line} | {performance(checked)}" if checked.standing is not None else line


def _plain(text: str) -> str:
    """One line of printable ASCII without the sign that begins performance data."""
    printable = "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in " ".join(text.split()))
    return printable.replace("|", "/")


def _all_well(standing: Standing | None) -> str:
    from usrec.application.checkup import duration

    if standing is None or standing.open == 0:
        return "nothing open"
    if standing.to_deadline is None:
        return f"{standing.open} open, none with a deadline"
    return f"{standing.open} open, next deadline in {duration(standing.to_deadline)}"


def performance(checked: Checked) -> str:
    """The performance data: each figure with the thresholds that are applied to it."""
    parts = [f"'{label}'={value};{warn};{crit};{least}" for label, (value, warn, crit, least) in _data(checked).items()]
    return " ".join(parts)


def _data(checked: Checked) -> Mapping[str, tuple[str, str, str, str]]:
    """Value with its unit, warning and critical thresholds, and least value."""
    now = checked.standing
    if now is None:
        return {}
    return {
        "overdue": (str(now.overdue), "", "0", "0"),
        "due_soon": (str(now.due_soon), "0", "", "0"),
        "due_within_24h": (str(now.due_within_24h), "", "", "0"),
        "open": (str(now.open), "", "", "0"),
        "oldest_open": (_seconds(now.oldest_open), "", "", "0"),
        "in_doubt": (str(now.in_doubt), "0", "", "0"),
        "needs_person": (str(now.needs_person), "0", "", "0"),
        "to_deadline": (_seconds(now.to_deadline), "", "", ""),
        "agent_silence": (_seconds(now.silence), "", _seconds(checked.silence).removesuffix("s"), "0"),
        "agents_missing": (str(now.missing_agents), "0", "", "0"),
        "write_backs_waiting": (str(now.write_backs), "", "", "0"),
        "alerts_waiting": (str(now.alerts_waiting), "0", "", "0"),
    }


def _seconds(span: timedelta | None) -> str:
    return "U" if span is None else f"{int(span.total_seconds())}s"


def check_json(checked: Checked) -> dict[str, object]:
    """The same for programs; figures are null when nothing is known."""
    now = checked.standing
    figures = {} if now is None else {label: data[0] for label, data in _data(checked).items()}
    return {
        "status": checked.level.name,
        "exit_code": int(checked.level),
        "reasons": list(checked.reasons),
        "at": None if now is None else now.at,
        "figures": {label: _number(value) for label, value in figures.items()} or None,
    }


def _number(value: str) -> int | None:
    return None if value == "U" else int(value.removesuffix("s"))
