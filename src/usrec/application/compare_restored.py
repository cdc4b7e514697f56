"""HR's rows beside a restored ledger: what HR remembers and the ledger does not, and what only the portal can tell.

HR's rows are told after the ledger, and a note may have been lost with it: ``accepted`` and ``rejected`` are certain,
anything else has to be looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from usrec.domain.source_event import EventId
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId
from usrec.ports.backup import HrMemory, RememberedRow
from usrec.ports.ledger import Ledger
from usrec.ports.ledger_view import LedgerView, SubmissionFilter, SubmissionRow


class Difference(StrEnum):
    """What a row is about; each has one way to go on."""

    REGISTERED_UNKNOWN = "registered_unknown"
    """HR says registered; the ledger does not know the row."""
    REGISTERED_OPEN = "registered_open"
    """HR says registered; the ledger would still send it."""
    REGISTERED_OTHERWISE = "registered_otherwise"
    """HR says registered; the ledger has it as refused, invalid or taken back."""
    REFUSED_OPEN = "refused_open"
    """HR says refused; the ledger would still send it."""
    TAKEN_UNKNOWN = "taken_unknown"
    """It bears the mark of a taken row; the ledger does not know it."""
    NOT_CERTAIN = "not_certain"
    """It was open when the backup was made, and HR was not told how it ended."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One difference.

    Attributes:
        submission_id: The ledger's submission, None where it has none.
        hr: What HR's row says, None where HR has no such row any more.
    """

    difference: Difference
    source: str
    event_id: EventId
    revision: int
    submission_id: SubmissionId | None
    state: State | None
    hr: RememberedRow | None


def compare_restored(*, ledger: Ledger, view: LedgerView, memories: Sequence[HrMemory]) -> Iterator[Compared]:
    """Everything that somebody has to look at, HR's rows first."""
    unsettled = view.rows(SubmissionFilter(unsettled=True, current=False))
    by_event: dict[str, list[SubmissionRow]] = {}
    for row in unsettled:
        by_event.setdefault(row.event_id, []).append(row)
    seen: set[SubmissionId] = set()
    for memory in memories:
        for page in memory.remembered():
            for found in _of_page(ledger, page, by_event):
                if found.submission_id is not None:
                    seen.add(found.submission_id)
                yield found
    yield from (_without_row(row) for row in unsettled if _is_open(row) and row.id not in seen)


def _of_page(
    ledger: Ledger, page: Sequence[RememberedRow], by_event: Mapping[str, Sequence[SubmissionRow]]
) -> list[Compared]:
    keys = [(row.source, row.event_id, row.revision) for row in page]
    found: list[Compared] = []
    with ledger.begin() as work:
        known = work.inbox.known(keys)
        for row, key in zip(page, keys, strict=True):
            if key not in known:
                found += _unknown(row)
            elif row.event_id in by_event:
                submissions = work.submissions.of_event(row.source, row.event_id)
                mine = {one.id for one in submissions if one.revision == row.revision}
                found += [_known(row, one) for one in by_event[row.event_id] if one.id in mine and _differs(row, one)]
    return found


def _unknown(row: RememberedRow) -> list[Compared]:
    if row.state == State.ACCEPTED:
        return [_compared(Difference.REGISTERED_UNKNOWN, row, None)]
    return [_compared(Difference.TAKEN_UNKNOWN, row, None)] if row.taken else []


def _differs(row: RememberedRow, one: SubmissionRow) -> bool:
    return _is_open(one) or row.state == State.ACCEPTED


def _known(row: RememberedRow, one: SubmissionRow) -> Compared:
    if row.state == State.ACCEPTED:
        return _compared(Difference.REGISTERED_OPEN if _is_open(one) else Difference.REGISTERED_OTHERWISE, row, one)
    return _compared(Difference.REFUSED_OPEN if row.state == State.REJECTED else Difference.NOT_CERTAIN, row, one)


def _is_open(row: SubmissionRow) -> bool:
    return row.state not in {State.REJECTED, State.INVALID} and row.replaced_by is None


def _compared(difference: Difference, row: RememberedRow, one: SubmissionRow | None) -> Compared:
    which, state = (None, None) if one is None else (one.id, one.state)
    return Compared(difference, row.source, row.event_id, row.revision, which, state, row)


def _without_row(one: SubmissionRow) -> Compared:
    return Compared(Difference.NOT_CERTAIN, "", EventId(one.event_id), one.revision, one.id, one.state, None)
