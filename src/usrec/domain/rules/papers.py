"""Dates that contradict each other or common sense.

Sources: response codes SCSE059, 062, 064, 066, 094, 110, 126, 139, 140, 156 and Order 353. A contract signed after
work began passes: the law punishes it elsewhere, and the registry takes it. A day that has not come yet is waited for.
No rule suggests changing a date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from usrec.domain.deadline import ORDER_353_IN_FORCE
from usrec.domain.rules.finding import Finding, error, warning
from usrec.domain.rules.spans import is_far_ahead, years_before
from usrec.domain.source_event import (
    PAPER_FIELDS,
    Amendment,
    AmendmentEdit,
    Conclusion,
    ContractEdit,
    Details,
    LegacyContract,
    Operation,
    operation_of,
    paper_dates,
)

_LONGEST_CAREER: Final = 70
PAPER_DATE_HAS_COME: Final = "paper_date_has_come"
"""Rule that tells of a day ahead, for which an event waits."""
_IN_THE_FUTURE: Final[Mapping[str, str]] = {
    "contract_date": "SCSE059",
    "agreement_date": "SCSE062",
    "termination_date": "SCSE066",
    "reinstatement_date": "SCSE094",
    "extension_date": "SCSE110",
    "not_worked_from": "SCSE126",
    "reorganisation_date": "SCSE156",
}
"""The code that refuses a day of the future; signed_on is not on the wire."""

_SIGNED: Final = {Operation.CONCLUSION: "Order 353 p.7", Operation.AMENDMENT: "Order 353 p.8"}
"""Where the Order counts from the signing by both: what they are to sign tomorrow is no contract yet."""


def check_papers(details: Details, today: date) -> Iterator[Finding]:
    """Findings about the dates of one event, as of ``today`` in Kazakhstan."""
    yield from paper_date_has_come(details, today)
    match details:
        case LegacyContract():
            yield from _plausible_begin(details.begin_date, today)
            yield from _older_than_the_order(details)
        case ContractEdit():
            yield from _plausible_begin(details.begin_date, today)
        case Conclusion():
            yield from _plausible_begin(details.begin_date, today)
            if details.signed_on < details.contract_date:
                yield warning(
                    "signed_before_contract_date",
                    "signed_on",
                    "Both parties had signed before the date of the contract; check which date is right.",
                    point="Order 353 p.7",
                )
        case Amendment() | AmendmentEdit():
            yield from _agreement_order(details)
        case _:
            return


def paper_date_has_come(details: Details, today: date) -> Iterator[Finding]:
    """What is dated in the future is sent on its day; the registry would refuse it earlier.

    A permit of the future is told of by a rule of its own.
    """
    operation = operation_of(details)
    sent = max(paper_dates(details), default=today)
    for name in PAPER_FIELDS.get(operation, ()):
        day: date | None = getattr(details, name)
        if day is not None and day > today and name != "permit_begin_date":
            message = f"{name} lies ahead, and USREC takes nothing dated ahead: the agent sends this on {sent}."
            code = _IN_THE_FUTURE.get(name, "")
            yield warning("paper_date_has_come", name, message, code=code, point="" if code else _SIGNED[operation])


def _plausible_begin(begin: date, today: date) -> Iterator[Finding]:
    if begin < years_before(today, _LONGEST_CAREER):
        yield error("begin_too_early", "begin_date", "begin_date is over 70 years ago.", code="SCSE139")
    if is_far_ahead(begin, today):
        yield error("begin_too_late", "begin_date", "begin_date is over 50 years ahead.", code="SCSE140")


def _older_than_the_order(details: LegacyContract) -> Iterator[Finding]:
    if details.contract_date >= ORDER_353_IN_FORCE:
        yield error(
            "legacy_since_the_order",
            "contract_date",
            "A legacy contract is dated before 2020-09-18; enter this one as a conclusion.",
            point="Order 353 p.7 para 2",
        )


def _agreement_order(details: Amendment | AmendmentEdit) -> Iterator[Finding]:
    if details.agreement_date > details.begin_date:
        yield error(
            "agreement_after_its_effect",
            "agreement_date",
            "The agreement is dated after the day on which it takes effect; the registry refuses that. Compare the row "
            "with the paper. If the paper is so, its dates stay: sign a new agreement that applies from its own day "
            "on, and ask a lawyer about the time before; or ask USREC support.",
            code="SCSE064",
        )
