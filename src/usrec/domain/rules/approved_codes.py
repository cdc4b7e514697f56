"""A source's own values instead of official codes: each gets the code that persons approved for it, or a finding.

A field that has approved codes is mapped in every row of that source: an official code that HR writes there needs an
approved line too, since nothing tells it from HR's own number. The row itself stays as HR sent it, so that it is known
again by its content, and can be examined anew when more is approved.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from usrec.domain.rules.field_table import FIELDS
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import Operation, SourceName

EVENT_DAYS: Final = (
    *("begin_date", "agreement_date", "contract_date", "signed_on"),
    *("reinstatement_date", "termination_date", "not_worked_from"),
)
"""Fields that give an event's day, of each paper the first that is there."""
_DAYS: Final = (*EVENT_DAYS, "extension_date")
_FIELDS: Final = {operation: frozenset(rule.name for rule in rules) for operation, rules in FIELDS.items()}


class CodesByDay(Protocol):
    """Codes that hold for a time each."""

    def code(self, value: str, day: str) -> str | None:
        """The code of a value for an event of a day (``YYYY-MM-DD``, empty where unknown); None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ApprovedFields:
    """Of one source: by field, what was approved."""

    codes: Mapping[str, CodesByDay] = field(default_factory=dict)

    def coded(self, operation: Operation, payload: Mapping[str, object]) -> tuple[Mapping[str, object], list[Finding]]:
        """The payload with codes in the place of HR's values, and a finding for each value that has none."""
        given = values_of(self.codes, operation, payload)
        if not given:
            return payload, []
        day = event_day(operation, payload)
        found = {name: self.codes[name].code(value, day) for name, value in given.items()}
        coded = {name: code for name, code in found.items() if code is not None}
        return {**payload, **coded}, [_unapproved(name) for name, code in found.items() if code is None]


def values_of(fields: Collection[str], operation: Operation, payload: Mapping[str, object]) -> Mapping[str, str]:
    """HR's values in those of ``fields`` that an event has."""
    given = ((name, payload.get(name)) for name in fields if name in _FIELDS[operation])
    return {name: value.strip() for name, value in given if isinstance(value, str) and value.strip()}


def event_day(operation: Operation, payload: Mapping[str, object]) -> str:
    """The day of the event, for which codes have to be approved; empty where the row does not tell."""
    days = (payload.get(name) for name in _DAYS if name in _FIELDS[operation])
    return next((day.strip() for day in days if isinstance(day, str) and day.strip()), "")


@dataclass(frozen=True, slots=True)
class ApprovedCodesOf:
    """By source what was approved for its values; one that is not here writes official codes itself."""

    sources: Mapping[SourceName, ApprovedFields] = field(default_factory=dict)

    def of(self, source: SourceName) -> ApprovedFields:
        """What was approved for a source."""
        return self.sources.get(source, _NOTHING)


_NOTHING: Final = ApprovedFields()
BY_NOBODY: Final = ApprovedCodesOf()
"""No source has values of its own."""


def _unapproved(name: str) -> Finding:
    message = (
        f"No code is approved for the value of {name} on the day of the event; once one is, the row can be examined "
        "again as it stands."
    )
    return error("code_approved", name, message)
