"""Part of the composition root: what rows are examined with before anything is sent, by the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from usrec.approved import build_approved_codes
from usrec.domain.rules.codes import CodeCheck
from usrec.domain.rules.completeness import Completeness
from usrec.domain.rules.finding import Severity
from usrec.domain.rules.harmful import ConditionCodes
from usrec.domain.rules.preflight import Preflight
from usrec.domain.working_calendar import CalendarOverrides, EmployerCalendars, WorkingCalendar
from usrec.gateway import profile_choice
from usrec.policies import build_intake
from usrec.settings import CalendarSettings, LoadedSettings, LoadedWatcherSettings

if TYPE_CHECKING:
    from usrec.adapters.dictionaries.files import DictionaryFiles
    from usrec.adapters.documents.folder import DocumentFolder
    from usrec.adapters.rendering.profile import WireProfile


def build_calendars(settings: LoadedWatcherSettings) -> EmployerCalendars:
    """The official calendar with the days of ``[calendar]``, and with those of each employer who has its own."""
    from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar

    official, values = KazakhstanCalendar(), settings.values
    own = {
        employer.bin: _own_calendar(official, values.calendar, employer.calendar)
        for employer in values.employer.values()
        if employer.calendar is not None
    }
    return EmployerCalendars(_with_days(official, values.calendar, frozenset()), own)


def _own_calendar(official: WorkingCalendar, common: CalendarSettings, own: CalendarSettings) -> WorkingCalendar:
    """The employer's days go before the common ones, which hold for all other days.

    The years that it checked count below both: neither table's days off are ever believed by the strictest reading.
    """
    return CalendarOverrides(_with_days(official, common, own.checked_years), own.working_days, own.days_off)


def _with_days(official: WorkingCalendar, days: CalendarSettings, checked: frozenset[int]) -> WorkingCalendar:
    if days == CalendarSettings() and not checked:
        return official
    return CalendarOverrides(official, days.working_days, days.days_off, days.checked_years | checked)


def build_dictionaries(settings: LoadedWatcherSettings) -> DictionaryFiles:
    """The imported dictionaries, whether there are any yet or not."""
    from usrec.adapters.dictionaries.files import DictionaryFiles

    return DictionaryFiles(settings.path(settings.values.dictionaries.folder))


def build_code_check(settings: LoadedWatcherSettings) -> CodeCheck:
    """The dictionaries for the rules; they are read when a row first needs them."""
    from usrec.adapters.dictionaries.book import FileCodeBook

    lists = settings.values.dictionaries
    conditions = ConditionCodes(lists.normal_conditions, lists.harmful_conditions)
    return CodeCheck(FileCodeBook(build_dictionaries(settings)), Severity(lists.unknown_code), conditions)


def build_shelf(settings: LoadedWatcherSettings) -> DocumentFolder:
    """The folder of supporting documents, whether there is one yet or not."""
    from usrec.adapters.documents.folder import DocumentFolder

    return DocumentFolder(settings.path(settings.values.documents.folder))


def build_preflight(settings: LoadedSettings, profile: WireProfile | None = None) -> Preflight:
    """What rows are examined with.

    Args:
        profile: That of the settings, where it is loaded already.

    Raises:
        ConfigurationError: There is no such wire profile, or it cannot be used.
    """
    from usrec.adapters.rendering.profile import load_profile

    carrier = profile or load_profile(profile_choice(settings))
    completeness = _completeness(settings, carrier)
    return Preflight(
        build_code_check(settings),
        build_shelf(settings),
        completeness,
        build_intake(settings),
        build_approved_codes(settings),
    )


def _completeness(settings: LoadedSettings, profile: WireProfile) -> Completeness:
    """What rows have to hold, as far as this wire profile can carry it."""
    chosen = settings.values.preflight
    carried = {
        operation: frozenset(field.value.value for field in mapped.fields)
        for operation, mapped in profile.mapping.operation.items()
    }
    return Completeness(_severity(chosen.incomplete), carried, _severity(chosen.unsure))


def _severity(chosen: str) -> Severity:
    return Severity.ERROR if chosen == "refuse" else Severity.WARNING
