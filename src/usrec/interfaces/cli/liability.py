"""``usrec liability``: what is late, and what each late event may cost by art. 98."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.domain.liability import IN_FORCE, MCI, Category, Circumstances
from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.selection import OfEmployer, employer_named, opened

if TYPE_CHECKING:
    from usrec.settings import LoadedSettings


def liability(
    *,
    employer: OfEmployer = None,
    category: Annotated[
        Category | None, typer.Option(help="What the employer is; without it the ranges cover all but the last.")
    ] = None,
    fined_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day on which it was fined under part 1-1; the latest one."),
    ] = None,
    mci: Annotated[
        list[str] | None,
        typer.Option(metavar="YEAR=TENGE", help="The MCI of a year that this release does not know."),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What was registered late or is overdue, and the range of the fine for each by art. 98. No legal advice."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.estimate_liability import estimate_liability
    from usrec.interfaces.cli.liability_words import estimate_json, print_estimate

    told = Circumstances(category, _day_of_fine(fined_on), {**MCI, **_more_years(mci or ())})
    with opened(config) as place:
        name = employer_named(place.settings, employer)
        _require_one_employer(place.settings, employer, told)
        estimate = estimate_liability(view=place.ledger.view, clock=SystemClock(), told=told, employer=name)
    if as_json:
        print_json(estimate_json(estimate))
        return
    print_estimate(estimate)


def _day_of_fine(given: datetime | None) -> date | None:
    if given is None or given.date() >= IN_FORCE:
        return None if given is None else given.date()
    raise typer.BadParameter(f"part 1-1 is in force since {IN_FORCE}; no fine is older", param_hint="--fined-on")


def _more_years(given: Sequence[str]) -> Mapping[int, int]:
    """The MCI by year, as typed."""
    more = {}
    for one in given:
        year, _, tenge = one.partition("=")
        if not (year.isdecimal() and tenge.isdecimal() and len(year) == len("2027") and int(tenge)):
            raise typer.BadParameter(f"{one!r} is not YEAR=TENGE, such as 2026=4325", param_hint="--mci")
        if MCI.get(int(year), int(tenge)) != int(tenge):
            raise typer.BadParameter(f"the MCI of {year} is known: {MCI[int(year)]} tenge", param_hint="--mci")
        more[int(year)] = int(tenge)
    return more


def _require_one_employer(settings: LoadedSettings, employer: str | None, told: Circumstances) -> None:
    """What is told of an employer must not be taken for true of another."""
    several = len(settings.values.employer) > 1
    if several and employer is None and (told.category or told.fined_on):
        raise typer.BadParameter("there are several employers; say whose this is", param_hint="--employer")
