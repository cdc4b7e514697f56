"""Official working days of Kazakhstan from the ``holidays`` package, the only module that imports it.

Two traps of the package are closed here. A date that is *in* its holidays may still be a transferred working weekend,
so only ``is_working_day`` is asked. Its set ``weekend_workdays`` holds 28 December 2013, a transfer across the years,
whatever year was loaded, so it is never read as a list. Before 0.109 the package has 31 August 2026 and 15 March 2027
wrong (Constitution Day was moved in 2026).
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from usrec.domain.working_calendar import WorkingCalendar

if TYPE_CHECKING:
    from holidays import HolidayBase


class KazakhstanCalendar(WorkingCalendar):
    """The five-day week with state holidays, their shifts, ordered transfers and Kurban Ait.

    Kurban Ait of years whose date the authorities have not announced yet is estimated, give or take a day; shifts and
    transfers ordered after the package's release are missing. Both are mended by overrides in the settings.
    """

    def __init__(self) -> None:
        self._years: dict[int, HolidayBase] = {}

    @cached_property
    def version(self) -> str:
        """The package and its version, such as ``holidays-0.109``."""
        from importlib.metadata import version

        return f"holidays-{version('holidays')}"

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked in the official five-day week."""
        return self._year(day.year).is_working_day(day)

    def _year(self, year: int) -> HolidayBase:
        """One year's holidays; they are never extended later, so that threads may share them."""
        known = self._years.get(year)
        if known is None:
            from holidays import country_holidays

            known = country_holidays("KZ", years=year, expand=False)
            self._years[year] = known
        return known
