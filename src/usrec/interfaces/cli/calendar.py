"""``usrec calendar``: the working calendar of a year, to be compared with the official one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.interfaces.cli.deadline import CountedFor
from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import N_, ntr, tr

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from usrec.adapters.calendar.year import CalendarYear, UnusualDay

FIRST_YEAR: Final = 2020
LAST_YEAR: Final = 2099
COMMON: Final = "[calendar]"
WEEKDAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
HOLIDAYS: Final[Mapping[str, str]] = {
    "Capital Day": N_("Capital Day"),
    "Constitution Day": N_("Constitution Day"),
    "Defender of the Fatherland Day": N_("Defender of the Fatherland Day"),
    "Eid al-Adha": N_("Kurban Ait"),
    "First President Day": N_("First President Day"),
    "Independence Day": N_("Independence Day"),
    "International Women's Day": N_("International Women's Day"),
    "Kazakhstan's People Solidarity Holiday": N_("Unity Day of the People of Kazakhstan"),
    "New Year's Day": N_("New Year"),
    "Nowruz Holiday": N_("Nauryz"),
    "Orthodox Christmas": N_("Orthodox Christmas"),
    "Republic Day": N_("Republic Day"),
    "Victory Day": N_("Victory Day"),
}
"""The words of the ``holidays`` package, in ours; one that is not here is shown as it is."""
REASONS: Final[Mapping[str, str]] = {
    "moved": N_("{name}, moved from a day off"),
    "transfer": N_("transferred by order"),
    "estimate": N_("{name}, estimated: give or take a day"),
    "settings": N_("{table} of the settings"),
}


def calendar(
    year: Annotated[
        int | None, typer.Argument(metavar="YEAR", min=FIRST_YEAR, max=LAST_YEAR, help="The present one when absent.")
    ] = None,
    *,
    employer: CountedFor = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The working days of a year, what differs from Monday to Friday and why, and whether the year was checked."""
    from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
    from usrec.adapters.calendar.year import read_year
    from usrec.adapters.system_clock import SystemClock
    from usrec.domain.kazakhstan_time import kazakhstan_date
    from usrec.interfaces.cli.deadline import calendar_in_use

    wanted = year or kazakhstan_date(SystemClock().now()).year
    found = read_year(wanted, calendar_in_use(config, employer, common=True), KazakhstanCalendar())
    if as_json:
        print_json(calendar_json(found))
    else:
        _show(found, days_of_its_own(config, employer))


def days_of_its_own(config: Path | None, employer: str | None) -> Mapping[date, str]:
    """Days that the calendar in use has from an employer's own table, each with that table's name.

    Args:
        employer: Name or BIN; the only one when absent.
    """
    from usrec.settings import find_settings, load_settings

    if not find_settings(config).is_file():
        return {}
    employers = load_settings(config).values.employer
    wanted = employer or (next(iter(employers)) if len(employers) == 1 else None)
    own = {name: one.calendar for name, one in employers.items() if wanted in {name, one.bin}}
    return {
        day: f"[employer.{name}.calendar]"
        for name, days in own.items()
        if days is not None
        for day in days.working_days | days.days_off
    }


def calendar_json(found: CalendarYear) -> dict[str, object]:
    """The keys that scripts rely on."""
    return {
        "year": found.year,
        "version": found.version,
        "checked": found.checked,
        "working_days": found.working_days,
        "by_month": {f"{month:02}": days for month, days in enumerate(found.months, 1)},
        "unusual": [
            {"day": one.day, "worked": one.worked, "why": one.why.value, "name": one.name} for one in found.unusual
        ],
    }


def _show(found: CalendarYear, its_own: Mapping[date, str]) -> None:
    for line in calendar_words(found):
        say(line)
    say("")
    months = [[f"{month:02}", str(days)] for month, days in enumerate(found.months, 1)]
    print_table([tr("Month"), tr("Working days")], months)
    say("")
    headings = [tr("Day"), tr("Day of the week"), tr("What"), tr("Why")]
    print_table(headings, [unusual_row(one, its_own.get(one.day, COMMON)) for one in found.unusual])


def calendar_words(found: CalendarYear) -> Iterator[str]:
    """What is known of the year, for a person."""
    days = ntr("{number} working day", "{number} working days", found.working_days)
    yield tr("{year}: {days}. Source: {version}").format(year=found.year, days=days, version=found.version)
    if found.checked:
        yield tr("This year was compared with the official calendar.")
        return
    yield tr(
        "Not checked: this release does not know the official calendar of {year}. Compare the days below with it, put "
        "what differs into [calendar] working_days and days_off, then add {year} to checked_years."
    ).format(year=found.year)


def unusual_row(one: UnusualDay, table: str = COMMON) -> list[str]:
    """One line of the table: day, day of the week, what and why.

    Args:
        table: Of the settings, if the day comes from those.
    """
    name = tr(HOLIDAYS.get(one.name, one.name))
    reason = tr(REASONS[one.why.value]).format(name=name, table=table) if one.why.value in REASONS else name
    return [one.day.isoformat(), tr(WEEKDAYS[one.day.weekday()]), tr("worked") if one.worked else tr("day off"), reason]
