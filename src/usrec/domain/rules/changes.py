"""What an agreement or a termination says of itself. Sources: response codes SCSE056 and 080."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from usrec.domain.events.changes import AgreementBody, Termination
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import DEPARTMENT, Details

STAFF_CUT: Final = "03-002"
"""The ground of D_TERM_REASON beside which the mark of digitalisation may stand."""

_SAYS_NOTHING: Final = frozenset(
    {
        *("agreement_number", "agreement_date", "agreement_id", "begin_date", "contract_id", "signed_on", "entered_on"),
        DEPARTMENT,
    }
)
"""Fields that every agreement has; they change nothing of the contract."""


def check_change(details: Details) -> Iterator[Finding]:
    """Findings about what is changed or ended."""
    match details:
        case AgreementBody() if not _changed(details):
            message = (
                "The agreement changes nothing that USREC keeps: nothing of post, term, place and hours is filled in."
            )
            yield error("amendment_changes_something", "payload", message, code="SCSE080")
        case Termination(digitalisation="true") if details.reason_code != STAFF_CUT:
            message = "The mark of digitalisation belongs to a cut of staff only, ground 03-002."
            yield error("digitalisation_needs_staff_cut", "digitalisation", message, code="SCSE056")
        case _:
            return


def _changed(details: AgreementBody) -> bool:
    names = {one.name for one in fields(details)} - _SAYS_NOTHING
    return any(getattr(details, name) is not None for name in names)
