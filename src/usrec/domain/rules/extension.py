"""The extension of a contract, as far as its own row tells.

Sources: response codes SCSE068, 115 and 158, Order 353 p.13-1, Labour Code art. 30 p.1(2), by which a contract is
extended for a year at least. That every term but an indefinite one has a last day here is our reading of 115: what is
extended had one.
"""

from __future__ import annotations

from collections.abc import Iterator

from usrec.domain.events.changes import Extension
from usrec.domain.rules.finding import Finding, error
from usrec.domain.rules.spans import a_year_after
from usrec.domain.rules.term import INDEFINITE, YEAR_AT_LEAST
from usrec.domain.source_event import Details


def check_extension(details: Details) -> Iterator[Finding]:
    """Findings about an extension."""
    if not isinstance(details, Extension):
        return
    end = details.end_date
    if end and end <= details.extension_date:
        message = "The new last day does not lie after the day from which the contract is extended."
        yield error("extension_before_new_end", "end_date", message, code="SCSE158")
    elif end and details.term_code == YEAR_AT_LEAST and end < a_year_after(details.extension_date):
        message = "The term is a year or more, and from extension_date to end_date there are fewer days."
        yield error("term_matches_period", "term_code", message, code="SCSE068")
    if details.term_code == INDEFINITE and end is not None:
        message = "The contract goes on for an indefinite term, and end_date names a last day."
        yield error("extension_end_fits_term", "end_date", message, code="SCSE115")
    if details.term_code != INDEFINITE and end is None:
        message = "The contract goes on for a term, and end_date is empty."
        yield error("extension_end_fits_term", "end_date", message, code="SCSE115")
