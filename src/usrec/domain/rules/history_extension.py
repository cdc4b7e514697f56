"""An extension against the terms and extensions of its contract.

Sources: response codes SCSE111-114, 116, 120; Order 353 p.13-1; Labour Code art. 30. That two extensions are the most,
and that "the same term" means the same code, is our reading of 113 and 114.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usrec.domain.contract_history import ContractHistory
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import Details, Extension

INDEFINITE: Final = "1"
_MOST: Final = 2


def extension_in_sequence(details: Details, history: ContractHistory) -> Iterator[Finding]:
    """It begins where the term in force ends, behind every earlier one; the first fault is told, as by the registry."""
    if isinstance(details, Extension):
        faults = (_fixed_term, _not_repeated, _behind_the_others, _at_the_end)
        found = (finding for fault in faults for finding in fault(details, history))
        yield from list(found)[:1]


def _fixed_term(_: Extension, history: ContractHistory) -> Iterator[Finding]:
    if history.term and history.term.code == INDEFINITE:
        yield error(
            "extension_needs_fixed_term",
            "contract_key",
            "The contract is indefinite by what is registered or goes before this event, so there is nothing to "
            "extend. Is the paper so: withdraw this row. Is the term entered wrongly: correct that entry first.",
            code="SCSE111",
        )


def _not_repeated(details: Extension, history: ContractHistory) -> Iterator[Finding]:
    if any(one.day == details.extension_date for one in history.extensions):
        yield error(
            "extension_not_repeated",
            "extension_date",
            "The contract has an extension from this day already. The same extension: withdraw this row. The next one: "
            "extension_date is the last day of the term that it extends.",
            code="SCSE120",
        )


def _behind_the_others(details: Extension, history: ContractHistory) -> Iterator[Finding]:
    if any(one.day > details.extension_date for one in history.extensions):
        yield error(
            "extension_follows_sequence",
            "extension_date",
            "A later extension of this contract is registered or goes before this one. Compare the extensions with the "
            "papers. Is this one truly missing in between: ask USREC support how to enter it.",
            code="SCSE112",
        )


def _at_the_end(details: Extension, history: ContractHistory) -> Iterator[Finding]:
    if history.term and history.term.end != details.extension_date:
        yield error(
            "extension_date_is_end_date",
            "extension_date",
            "extension_date is not the last day of the term in force by what is registered or goes before this event. "
            "Give that last day, not the next one or that of the order. Is an earlier extension or agreement missing: "
            "send it first, then raise the revision of this event.",
            code="SCSE116",
        )


def extension_term(details: Details, history: ContractHistory) -> Iterator[Finding]:
    """Indefinite, or once more the term that ran out; after two extensions indefinite alone."""
    if not isinstance(details, Extension) or details.term_code == INDEFINITE:
        return
    if len(history.extensions) >= _MOST:
        yield error(
            "third_extension_is_indefinite",
            "term_code",
            "The contract has been extended twice, and by our reading of the law the next extension is indefinite. "
            "Count the extensions in the papers: two are there, then term_code is 1 and end_date empty.",
            code="SCSE113",
        )
    elif history.term and details.term_code not in {history.term.code, INDEFINITE} and history.term.code != INDEFINITE:
        yield error(
            "extension_term_allowed",
            "term_code",
            "An extension is for the same kind of term as before, or indefinite. The paper says which; another kind of "
            "term needs an agreement.",
            code="SCSE114",
        )
