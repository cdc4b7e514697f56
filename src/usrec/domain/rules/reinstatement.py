"""The way back after a termination: by a decision, with its body and order, or because it was entered by mistake.

Sources: response codes SCSE098, 101-103, 182 and Order 353 p.10. Where nobody decided, the comment on the mistake
stands alone; an order may stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.domain.events.changes import Reinstatement
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import Details

COURT: Final = "1"
"""In the dictionary of bodies that decide; 2 is a conciliation commission."""

_POINT: Final = "Order 353 p.10"


def check_reinstatement(details: Details) -> Iterator[Finding]:
    """Findings about a reinstatement."""
    if not isinstance(details, Reinstatement):
        return
    if details.deciding_body_code or not details.mistake_comment:
        yield from decision_or_mistake(details)
    if details.termination_date > details.reinstatement_date:
        message = "The person comes back before the contract was terminated; the orders say which day is which."
        yield error("reinstatement_not_before_termination", "reinstatement_date", message, code="SCSE102")


def decision_or_mistake(details: Reinstatement) -> Iterator[Finding]:
    """A decision names its body and the employer's order; with neither, the comment on the mistake is missing."""
    body, order = details.deciding_body_code, details.order_number
    if not body and not order:
        message = (
            "Neither a decision nor a mistake is told: fill in deciding_body_code and order_number, or mistake_comment "
            "where the termination was entered by mistake."
        )
        yield error("mistake_comment_present", "mistake_comment", message, code="SCSE182")
        return
    for name, value, code in (("order_number", order, "SCSE098"), ("deciding_body_code", body, "SCSE103")):
        if not value:
            yield error("field_present", name, f"{name} is missing.", code=code, point=_POINT)
    if body == COURT and not details.court_code:
        message = "A court decided, and its court_code is missing."
        yield error("court_code_required_by_body", "court_code", message, code="SCSE101")
