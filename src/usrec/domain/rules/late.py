"""An event that comes after its term: told, never held back, because it has to be entered all the same.

Source: response codes SCSE088-091 and 093, Order 353 p.7-10, 12 and 13-1 (for which there is no code). Whether the
registry refuses for them or only notes is not public. Of a correction the registry counts 30 calendar days, the Order
30 working days, so the earlier of both is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from usrec.domain.rules.examine import Examined
from usrec.domain.rules.finding import warning
from usrec.domain.source_event import TRIGGER_FIELDS, Operation

CORRECTIONS: Final = frozenset(
    {
        Operation.CONTRACT_EDIT,
        Operation.CONTRACT_DELETE,
        Operation.AMENDMENT_EDIT,
        Operation.AMENDMENT_DELETE,
    }
)
"""Their term runs from the day on which the first data were entered."""

LATE_RULES: Final[Mapping[Operation, tuple[str, str, str]]] = {
    Operation.CONCLUSION: ("conclusion_entered_in_time", "SCSE088", "p.7"),
    Operation.AMENDMENT: ("amendment_entered_in_time", "SCSE089", "p.8"),
    Operation.TERMINATION: ("termination_entered_in_time", "SCSE091", "p.12"),
    Operation.REINSTATEMENT: ("reinstatement_entered_in_time", "SCSE093", "p.10"),
    Operation.EXTENSION: ("extension_entered_in_time", "", "p.13-1"),
    **dict.fromkeys(CORRECTIONS, ("correction_window_open", "SCSE090", "p.9")),
}
"""By operation: name of the rule, response code (empty where there is none), point of the Order."""

_REGISTRY_COUNTS: Final = timedelta(days=30)


def with_late_entry(one: Examined, today: date) -> Examined:
    """``one`` with a warning where its last day is over, as of ``today`` in Kazakhstan."""
    if one.operation is None or one.operation not in LATE_RULES or one.deadline is None or one.row.withdrawn:
        return one
    rule, code, point = LATE_RULES[one.operation]
    field = TRIGGER_FIELDS[one.operation]
    missed = _missed_correction(one, today) if one.operation in CORRECTIONS else _missed(one.deadline.legal_date, today)
    found = warning(rule, field, missed, code=code, point=f"Order 353 {point}") if missed else None
    return replace(one, findings=(*one.findings, found)) if found else one


def _missed(last: date | None, today: date) -> str:
    if last is None or today <= last:
        return ""
    return (
        f"The last day to enter this was {last}. It is sent all the same: a late entry is still due. Compare the date "
        "with the paper and leave it as it is there."
    )


def _missed_correction(one: Examined, today: date) -> str:
    """Thirty calendar days of the registry; whom to ask depends on whether the Order's own term still runs."""
    if one.trigger is None or one.deadline is None or today <= one.trigger + _REGISTRY_COUNTS:
        return ""
    registry, order = one.trigger + _REGISTRY_COUNTS, one.deadline.legal_date
    if order is None or order < today:
        return (
            f"Both terms for a correction are over: the 30 calendar days of the registry ended on {registry}, the term "
            f"of the Order on {order}. It is sent all the same; if it is refused, ask the labour authority how to "
            "correct it."
        )
    return (
        f"The 30 calendar days that the registry counts for a correction ended on {registry}; the term of the Order "
        f"ends on {order}. It is sent all the same; if it is refused, ask USREC support and name p.9 of the Order."
    )
