"""Is a record late? The registry's own, lenient count of days.

Source: Order 353 points 7, 8, 10 and 12, which response codes SCSE088, 089, 093 and 091 restate: 5 working days for a
new contract, 15 calendar days for a change, 10 working days for a reinstatement, 3 working days for a termination. For
a correction or a deletion code SCSE090 counts 30 calendar days from the first entry (the Order says working days now;
the code is what the service answers). Lenient reading: the day of the event is not counted, and a calendar term that
ends on a day off runs to the next working day. Operations without a code for a late entry are never late.
Written apart from the agent on purpose: two counts that agree prove more than one count used twice.
"""

from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from usrec_simulator.operations import Operation

LATE_CODES: Final[dict[Operation, str]] = {
    Operation.CONCLUSION: "SCSE088",
    Operation.AMENDMENT: "SCSE089",
    Operation.TERMINATION: "SCSE091",
    Operation.REINSTATEMENT: "SCSE093",
    Operation.CONTRACT_EDIT: "SCSE090",
    Operation.CONTRACT_DELETE: "SCSE090",
    Operation.AMENDMENT_EDIT: "SCSE090",
    Operation.AMENDMENT_DELETE: "SCSE090",
}

_DAY: Final = timedelta(days=1)


@cache
def _calendar() -> Any:
    import holidays

    return holidays.country_holidays("KZ")


def _works(day: date) -> bool:
    return bool(_calendar().is_working_day(day))


def _after_working_days(start: date, count: int) -> date:
    day = start
    while count:
        day += _DAY
        count -= _works(day)
    return day


def _after_calendar_days(start: date, count: int) -> date:
    day = start + timedelta(days=count)
    while not _works(day):
        day += _DAY
    return day


def last_day(operation: Operation, event: date) -> date:
    """Return the last day on which an event of this date, or a correction of an entry of this date, may be entered."""
    match operation:
        case Operation.CONCLUSION:
            return _after_working_days(event, 5)
        case Operation.AMENDMENT:
            return _after_calendar_days(event, 15)
        case Operation.TERMINATION:
            return _after_working_days(event, 3)
        case Operation.REINSTATEMENT:
            return _after_working_days(event, 10)
        case _:
            return _after_calendar_days(event, 30)


def late_code(operation: Operation, event: date, today: date) -> str | None:
    """Return the code for a late entry, or None when it is in time."""
    code = LATE_CODES.get(operation)
    return code if code and today > last_day(operation, event) else None
