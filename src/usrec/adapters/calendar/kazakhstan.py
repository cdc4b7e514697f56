"""Official working days of Kazakhstan from the ``holidays`` package, the only module that imports it.

Two traps of the package are closed here. A date that is *in* its holidays may still be a transferred working weekend,
so only ``is_working_day`` is asked. Its set ``weekend_workdays`` holds 28 December 2013, a transfer across the years,
whatever year was loaded, so it is never read as a list. Before 0.109 the package has 31 August 2026 and 15 March 2027
wrong (Constitution Day was moved in 2026).
"""

from __future__ import annotations

from datetime import date
from functools import cache, cached_property
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from usrec.domain.working_calendar import WorkingCalendar

if TYPE_CHECKING:
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec

    from holidays import HolidayBase

CHECKED_YEARS: Final = range(2020, 2027)
"""Years whose official calendars this release was compared with, day by day. The calendar of the next year is
published in autumn: its transfers and the day of Kurban Ait are not known before."""
_ESTIMATED: Final = "(estimated)"


class KazakhstanCalendar(WorkingCalendar):
    """The five-day week with state holidays, their shifts, ordered transfers and Kurban Ait.

    Kurban Ait of years whose date the authorities have not announced yet is estimated, give or take a day; shifts and
    transfers ordered after the package's release are missing. Both are mended by overrides in the settings.
    """

    def __init__(self) -> None:
        self._years: dict[int, HolidayBase] = {}
        self._worked: dict[date, bool] = {}

    @cached_property
    def version(self) -> str:
        """The package and its version, such as ``holidays-0.109``."""
        from importlib.metadata import version

        return f"holidays-{version('holidays')}"

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked in the official five-day week."""
        known = self._worked.get(day)
        if known is None:
            known = self._worked[day] = self._year(day.year).is_working_day(day)
        return known

    def may_be_worked(self, day: date) -> bool:
        """Whether ``day`` is worked, or a weekday off by an estimate only."""
        return self.is_working_day(day) or (day.weekday() < 5 and self.is_estimated(day))

    def is_checked(self, year: int) -> bool:
        """Whether this release was compared with the official calendar of ``year``."""
        return year in CHECKED_YEARS

    def is_estimated(self, day: date) -> bool:
        """Whether ``day`` is a rest day whose date was computed and not announced, in a year that was not checked."""
        names = self._year(day.year).get_list(day)
        return bool(names) and all(_ESTIMATED in name for name in names) and not self.is_checked(day.year)

    def names(self, year: int) -> dict[date, str]:
        """The rest days of a year in the package's English: ``Constitution Day (observed)``."""
        return dict(sorted(self._year(year).items()))

    def _year(self, year: int) -> HolidayBase:
        """One year's holidays; they are never extended later, so that threads may share them."""
        known = self._years.get(year)
        if known is None:
            known = _rules()(years=year, expand=False, language="en_US")
            self._years[year] = known
        return known


@cache
def _rules() -> type[HolidayBase]:
    """The package's ``holidays.KZ``, read from its own file.

    Asked for by name, it brings the rules of all countries with it: 250 modules, 9 MB and a tenth of a second for each
    command that counts a deadline.
    """
    package = cast("ModuleSpec", find_spec("holidays"))
    file = Path(cast("str", package.origin)).parent / "countries" / "kazakhstan.py"
    spec = cast("ModuleSpec", spec_from_file_location(f"{__name__}_rules", file))
    rules = module_from_spec(spec)
    cast("Loader", spec.loader).exec_module(rules)
    found: type[HolidayBase] = rules.Kazakhstan
    return found
