"""``usrec doctor``: what is right with an installation, what is not, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.domain.errors import ConfigurationError
from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import N_, english, ntr, tr

if TYPE_CHECKING:
    from usrec.interfaces.doctor.egress import Opening
    from usrec.interfaces.doctor.finding import Line
    from usrec.settings import LoadedSettings

MOST_DETAILS: Final = 20
"""So many details of a line that did not fail are shown to a person: none drives the other lines off the screen."""
VERDICTS: Final = {"ok": N_("ok"), "warn": N_("warn"), "fail": N_("fail")}
SIDES: Final = {
    "agent": N_("this machine"),
    "proxy": N_("the proxy"),
    "monitoring": N_("inbound"),
    "hr_system": N_("inbound"),
    "program": N_("a program"),
}


def doctor(
    *,
    config: Config = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Send USREC one message that cannot register anything, and judge the answer.")
    ] = False,
    egress: Annotated[
        bool, typer.Option("--egress", help="Only list what a firewall must let through; nothing is connected.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at all that the agent needs. Each line is ok, warn or fail and says what to do. Exit 3 when any failed."""
    from usrec.interfaces.logs import configure_logs

    configure_logs(level="error", style="text")
    if egress:
        _show_openings(config, as_json=as_json)
        return
    from usrec.adapters.system_clock import SystemClock
    from usrec.interfaces.doctor.finding import Verdict, worst

    found = _told(_lines(config, ask=ask), as_json=as_json)
    if as_json:
        with english():
            print_json(doctor_json(found, SystemClock().now()))
    else:
        say("")
        say(summary(found))
    if worst(found) is Verdict.FAIL:
        raise typer.Exit(ConfigurationError.exit_code)


def _lines(config: Path | None, *, ask: bool) -> Iterator[Line]:
    """Every line as it is found; settings that cannot be used are the only thing that ends it early."""
    from usrec.adapters.system_clock import SystemClock, SystemEntropy
    from usrec.interfaces.doctor.examination import examine
    from usrec.interfaces.doctor.installation import Installation, free_space
    from usrec.interfaces.doctor.settings_check import look_at_settings

    settings = look_at_settings(config)
    if isinstance(settings, Sequence):
        yield from settings
        return
    installation = Installation(settings, SystemClock(), free_space)
    yield from examine(installation, ask=SystemEntropy() if ask else None)


def _told(lines: Iterator[Line], *, as_json: bool) -> list[Line]:
    """All lines; each is shown at once, because a dead network takes its time."""
    found = []
    for line in lines:
        found.append(line)
        if not as_json:
            for row in line_words(line):
                say(row)
    return found


def line_words(line: Line) -> Iterator[str]:
    """One line for a person, with its details and its advice below."""
    verdict = tr(VERDICTS[line.kind.verdict.value])
    what = f"{line.kind.check} {line.about}".rstrip()
    yield f"{verdict:<9} {what}: {line.text}"
    shown = line.details if line.kind.verdict.value == "fail" else line.details[:MOST_DETAILS]
    yield from (f"{'':<9}   - {tr(detail)}" for detail in shown)
    if left := len(line.details) - len(shown):
        yield f"{'':<9}   - " + ntr("and {number} other: --json", "and {number} others: --json", left)
    if line.advice:
        yield f"{'':<9} → {line.advice}"


def summary(lines: Sequence[Line]) -> str:
    """How many lines are how bad."""
    counts = {verdict: sum(line.kind.verdict.value == verdict for line in lines) for verdict in VERDICTS}
    told = [
        ntr("{number} is right", "{number} are right", counts["ok"]),
        ntr("{number} warning", "{number} warnings", counts["warn"]),
        ntr("{number} failure", "{number} failures", counts["fail"]),
    ]
    return ", ".join(told)


def doctor_json(lines: Sequence[Line], at: datetime) -> dict[str, object]:
    """The keys that scripts rely on; texts in English."""
    from usrec.interfaces.doctor.finding import worst

    return {
        "at": at,
        "verdict": worst(lines).value,
        "lines": [
            {
                "check": line.kind.check,
                "finding": line.kind.name,
                "verdict": line.kind.verdict.value,
                "about": line.about or None,
                "text": line.text,
                "advice": line.advice or None,
                "details": list(line.details),
            }
            for line in lines
        ],
    }


def _show_openings(config: Path | None, *, as_json: bool) -> None:
    from usrec.settings import load_settings

    found = _openings(load_settings(config))
    if as_json:
        print_json(openings_json(found))
        return
    headings = [tr("from"), tr("host"), tr("port"), tr("protocol"), tr("setting"), tr("what for")]
    print_table(headings, [_opening_row(one) for one in found])


def _opening_row(one: Opening) -> list[str]:
    port = "" if one.port is None else str(one.port)
    return [tr(SIDES[one.side.value]), one.host, port, one.protocol, one.setting, tr(one.why)]


def _openings(settings: LoadedSettings) -> Sequence[Opening]:
    from usrec.interfaces.doctor.egress import openings

    return openings(settings)


def openings_json(found: Sequence[Opening]) -> list[dict[str, object]]:
    """The keys that scripts rely on; texts in English."""
    return [
        {
            "from": one.side.value,
            "host": one.host or None,
            "port": one.port,
            "protocol": one.protocol or None,
            "setting": one.setting,
            "why": one.why,
        }
        for one in found
    ]
