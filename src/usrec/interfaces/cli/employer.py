"""``usrec employer``: stop everything of an employer, see who is stopped and why, let it go on.

An answer of USREC that is about the employer's key or the employer itself stops it too (``usrec explain SCSE001``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.interfaces.cli.options import AsJson, Config, Reason, print_json
from usrec.interfaces.cli.selection import actor, opened
from usrec.interfaces.cli.tables import local_time, print_table, say
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from usrec.domain.employer_stop import EmployerStop
    from usrec.domain.source_event import EmployerName
    from usrec.interfaces.cli.selection import Opened

app = typer.Typer(help="Stop employers and let them go on.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The employer's name in the settings.")]


@app.command("list")
def list_employers(*, config: Config = None, as_json: AsJson = False) -> None:
    """The employers of the settings, and which of them are stopped, since when, by whom and why."""
    from usrec.policies import employers_by_bin

    with opened(config) as place:
        stops = {stop.employer_bin: stop for stop in place.ledger.view.employer_stops()}
        employers = employers_by_bin(place.settings)
    rows = {**{bin_: stop.employer for bin_, stop in stops.items()}, **employers}
    if as_json:
        print_json([{"employer": name, "stop": stop_json(stops.get(bin_))} for bin_, name in rows.items()])
        return
    cells = [[name, *_cells(stops.get(bin_))] for bin_, name in rows.items()]
    print_table([tr("employer"), tr("stopped since"), tr("by"), tr("why")], cells)


@app.command("stop")
def stop(employer: Name, *, reason: Reason, config: Config = None, as_json: AsJson = False) -> None:
    """Sign and send nothing more of an employer until it is released. What is on the wire finishes."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.stop_employer import stop_employer

    by = actor(reason)
    with opened(config) as place:
        bin_, name = _named(place, employer)
        done = stop_employer(bin_, name, by=by.name, reason=by.reason, ledger=place.ledger, clock=SystemClock())
    _say(done, tr("{employer} is stopped: nothing of it is signed or sent"), as_json=as_json)


@app.command("release")
def release(employer: Name, *, reason: Reason, config: Config = None, as_json: AsJson = False) -> None:
    """Let a stopped employer go on. What was refused meanwhile is retried apart."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.stop_employer import release_employer
    from usrec.domain.state import State
    from usrec.ports.ledger_view import SubmissionFilter

    by = actor(reason)
    with opened(config) as place:
        bin_, name = _named(place, employer)
        over = release_employer(bin_, name, by=by.name, reason=by.reason, ledger=place.ledger, clock=SystemClock())
        which = SubmissionFilter(state=State.REJECTED, code=over.code, employer=name)
        refused = len(place.ledger.view.rows(which)) if over.code else 0
    _say(over, tr("{employer} goes on"), as_json=as_json)
    if refused and not as_json:
        words = ntr(
            "{number} was refused with {code}: usrec submission retry --employer {employer} --code {code} --reason WHY",
            "{number} were refused with {code}: "
            "usrec submission retry --employer {employer} --code {code} --reason WHY",
            refused,
            code=over.code,
            employer=name,
        )
        say(words)


def _named(place: Opened, given: str) -> tuple[str, EmployerName]:
    """Number and name of an employer; of one that has left the settings only while it is stopped."""
    from usrec.policies import employers_by_bin

    known = {name: bin_ for bin_, name in employers_by_bin(place.settings).items()}
    gone = {stop.employer: stop.employer_bin for stop in place.ledger.view.employer_stops()}
    for name, bin_ in {**gone, **known}.items():
        if name == given:
            return bin_, name
    raise typer.BadParameter(f"there is no [employer.{given}]; known: {', '.join(known)}", param_hint="NAME")


def stop_json(stop: EmployerStop | None) -> Mapping[str, object] | None:
    """The keys that scripts rely on; never the employer's number."""
    if stop is None:
        return None
    return {
        "employer": stop.employer,
        "stopped_at": stop.stopped_at,
        "stopped_by": stop.stopped_by,
        "reason": stop.reason,
        "code": stop.code,
        "submission": stop.submission_id,
    }


def _cells(stop: EmployerStop | None) -> list[str]:
    return ["", "", ""] if stop is None else [local_time(stop.stopped_at), stop.stopped_by, why_stopped(stop)]


def why_stopped(stop: EmployerStop) -> str:
    """The code with its meaning, or the person's own words; what the program wrote itself is translated."""
    from usrec.interfaces.cli.words import code_words, reason_words

    return code_words(stop.code) if stop.code else reason_words(stop.reason)


def _say(stop: EmployerStop, said: str, *, as_json: bool) -> None:
    if as_json:
        print_json(stop_json(stop))
    else:
        say(said.format(employer=stop.employer))
