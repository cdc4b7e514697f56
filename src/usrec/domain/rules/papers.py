"""Dates that contradict each other or common sense. Sources: response codes SCSE063, 064, 139, 140 and Order 353.

A contract signed after work began passes: the law punishes it elsewhere, and the registry takes it. No rule suggests
changing a date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from usrec.domain.deadline import ORDER_353_IN_FORCE
from usrec.domain.rules.finding import Finding, error, warning
from usrec.domain.source_event import Amendment, AmendmentEdit, Conclusion, ContractEdit, Details, LegacyContract

_EARLIEST_YEARS: Final = 70
_LATEST_YEARS: Final = 50


def check_papers(details: Details, today: date) -> Iterator[Finding]:
    """Findings about the dates of one event, as of ``today`` in Kazakhstan."""
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


def _plausible_begin(begin: date, today: date) -> Iterator[Finding]:
    if begin.year < today.year - _EARLIEST_YEARS:
        yield error("begin_too_early", "begin_date", "begin_date is over 70 years ago.", code="SCSE139")
    if begin.year > today.year + _LATEST_YEARS:
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
