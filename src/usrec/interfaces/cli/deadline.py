"""``usrec deadline``: by when an event must be in USREC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from usrec.domain.deadline import DeadlineEvent
from usrec.domain.working_calendar import WorkingCalendar
from usrec.interfaces.cli.options import AsJson, Config, print_json

CountedFor = Annotated[str | None, typer.Option("--employer", help="Count in this employer's calendar (name or BIN).")]


def show_deadline(
    event: Annotated[DeadlineEvent, typer.Argument(help="What happened.")],
    trigger: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day that the term runs from.")],
    headcount: Annotated[int | None, typer.Option(help="People employed; for legacy contracts.")] = None,
    extra_day_off: Annotated[
        list[datetime] | None, typer.Option(formats=["%Y-%m-%d"], help="A day off that the calendar does not know.")
    ] = None,
    extra_working_day: Annotated[
        list[datetime] | None, typer.Option(formats=["%Y-%m-%d"], help="A day that is worked all the same.")
    ] = None,
    *,
    employer: CountedFor = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The legal and the safe date of an event, by the edition of Order 353 in force on its day; always JSON."""
    from usrec.domain.deadline import compute_deadline, deadline_report
    from usrec.domain.working_calendar import CalendarOverrides

    del as_json
    calendar = calendar_in_use(config, employer, common=False)
    if extra_day_off or extra_working_day:
        working = frozenset(day.date() for day in extra_working_day or ())
        off = frozenset(day.date() for day in extra_day_off or ())
        calendar = CalendarOverrides(calendar, working, off)
    print_json(deadline_report(compute_deadline(event, trigger.date(), calendar=calendar, headcount=headcount)))


def calendar_in_use(config: Path | None, employer: str | None, *, common: bool) -> WorkingCalendar:
    """The calendar of one employer, or the common one; a term can be asked for without any settings.

    Args:
        employer: Name or BIN.
        common: Without a name the common one is meant, also where one of several employers has its own.

    Raises:
        BadParameter: There is no such employer, or one has to be named.
    """
    from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
    from usrec.settings import find_settings, load_settings

    if config is None and employer is None and not find_settings(None).is_file():
        return KazakhstanCalendar()
    from usrec.preflight import build_calendars

    settings = load_settings(config)
    calendars = build_calendars(settings)
    numbers = {name: one.bin for name, one in settings.values.employer.items()}
    several = len(numbers) > 1
    if employer is None and (not calendars.own or (common and several)):
        return calendars.common
    if employer is None and several:
        raise typer.BadParameter("employers here have calendars of their own; say whose day", param_hint="--employer")
    return calendars.of(_number(numbers, employer or next(iter(numbers))))


def _number(numbers: Mapping[str, str], employer: str) -> str:
    number = numbers.get(employer, employer)
    if number not in numbers.values():
        raise typer.BadParameter(f"there is no such employer; known: {', '.join(numbers)}", param_hint="--employer")
    return number
