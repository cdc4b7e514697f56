"""Where the work is done: a KATO code belongs to Kazakhstan, and only there. Source: response codes SCSE105 and 108."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.domain.events.contracts import WorkTerms
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import Details

KAZAKHSTAN: Final = "398"
"""ISO 3166-1 numeric, as the dictionary of countries has it."""


def check_place(details: Details) -> Iterator[Finding]:
    """Findings about the place of work."""
    if not isinstance(details, WorkTerms):
        return
    if details.country_code == KAZAKHSTAN and details.kato_code is None:
        message = "The work is done in Kazakhstan, and the KATO code of the place is missing."
        yield error("kato_required_in_kazakhstan", "kato_code", message, code="SCSE105")
    if details.kato_code is not None and details.country_code not in {None, KAZAKHSTAN}:
        message = "A KATO code stands beside another country than Kazakhstan."
        yield error("kato_only_in_kazakhstan", "kato_code", message, code="SCSE108")
