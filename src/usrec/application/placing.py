"""Where a new submission stands: beside the earlier revisions of its event, and in the line of its contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from usrec.application.on_record import OnRecord
from usrec.application.standing import against_standing, deleted_conclusions
from usrec.application.supersede import placed_among
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.revision import (
    CONTRACT_CHANGED,
    ENTERED_BY_HAND,
    SECOND_CONCLUSION,
    STANDS_ALREADY,
    Placement,
    Revision,
    refuse,
    refuse_registered,
)
from usrec.domain.rules.finding import Severity
from usrec.domain.source_event import HEADS
from usrec.domain.state import State
from usrec.domain.submission import OUTSIDE_THE_LINE, Submission, contract_of
from usrec.ports.ledger import UnitOfWork


def place(
    work: UnitOfWork,
    record: OnRecord,
    new: Submission,
    revision: Revision,
    unsure: Severity = Severity.ERROR,
) -> tuple[Submission, Sequence[Submission]]:
    """``new`` with its place in the line, its links, and the state that its revision and its contract earn.

    Returns:
        The submission, and the unsent changes that give way to it.
    """
    placed, standing = _revised(record, new, revision), record.standing(contract_of(new))
    if placed.state is not new.state or placed.position == OUTSIDE_THE_LINE:
        return placed, ()
    if is_second_conclusion(record, placed, standing):
        return refuse(placed, SECOND_CONCLUSION), ()
    if stands_already(record, placed):
        return refuse(placed, STANDS_ALREADY), ()
    if revision.placement is Placement.WAITS:
        return against_standing(record, placed, standing, unsure), ()
    return placed_among(work, record, placed, standing, unsure)


def _revised(record: OnRecord, new: Submission, revision: Revision) -> Submission:
    """``new`` beside the earlier revisions of its event."""
    earlier = revision.earlier
    if earlier is None:
        placed = replace(new, position=_position(record, new))
    elif revision.placement is Placement.STALE:
        return replace(new, state=State.CANCELLED, reason="superseded", replaced_by=earlier.id)
    elif revision.placement is Placement.TOO_LATE:
        return refuse_registered(new)
    elif revision.placement is Placement.BY_HAND:
        return refuse(new, ENTERED_BY_HAND)
    elif revision.placement is Placement.WAITS and contract_of(earlier) != contract_of(new):
        return refuse(new, CONTRACT_CHANGED)
    else:
        turn = position_after(record, new, _in_line(earlier, revision.displaced))
        placed = replace(new, position=turn, replaces=earlier.id)
    if new.withdrawn and revision.placement is not Placement.WAITS:
        return replace(placed, state=State.CANCELLED, reason="withdrawn")
    if placed.reason == NOT_REGISTRABLE and revision.placement is not Placement.WAITS:
        return replace(placed, state=State.CANCELLED)
    return placed


def _in_line(earlier: Submission, displaced: Sequence[Submission]) -> Submission:
    """Whose turn a new revision takes: one that was refused never had any, and what stood before it still has its."""
    if earlier.position != OUTSIDE_THE_LINE:
        return earlier
    standing = (one for one in displaced if one.position != OUTSIDE_THE_LINE)
    return max(standing, key=lambda one: one.revision, default=earlier)


def _position(record: OnRecord, new: Submission) -> int:
    if not new.contract_key.strip():
        return OUTSIDE_THE_LINE
    if new.operation in HEADS:
        return 0
    return record.next_position(contract_of(new))


def position_after(record: OnRecord, new: Submission, earlier: Submission) -> int:
    """A later revision keeps its event's turn, unless the conclusion, which goes first, came or went with it.

    An event that was taken back has left the line, and comes back behind all others.
    """
    keeps = earlier.position > 0 and new.operation not in HEADS and earlier.state is not State.CANCELLED
    return earlier.position if keeps and contract_of(earlier) == contract_of(new) else _position(record, new)


def stands_already(record: OnRecord, new: Submission) -> bool:
    """Whether an export of the registry has shown that the contract is there, and nothing has deleted it since."""
    if new.operation not in HEADS or new.position == OUTSIDE_THE_LINE:
        return False
    known = record.imported(contract_of(new))
    return known is not None and known.stands


def is_second_conclusion(record: OnRecord, new: Submission, standing: Sequence[Submission]) -> bool:
    """Whether another conclusion of the contract stands that no registered deletion has undone."""
    if new.operation not in HEADS or new.position == OUTSIDE_THE_LINE:
        return False
    deleted = deleted_conclusions(standing)
    others = record.conclusions_of(contract_of(new))
    return any((one.source, one.event_id) != (new.source, new.event_id) for one in others if one.id not in deleted)
