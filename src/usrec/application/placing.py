"""Where a new submission stands: beside the earlier revisions of its event, and in the line of its contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from usrec.application.standing import against_standing, deleted_conclusions
from usrec.application.supersede import placed_among
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.revision import (
    CONTRACT_CHANGED,
    ENTERED_BY_HAND,
    SECOND_CONCLUSION,
    Placement,
    Revision,
    refuse,
    refuse_registered,
)
from usrec.domain.rules.finding import Severity
from usrec.domain.source_event import HEADS
from usrec.domain.state import State
from usrec.domain.submission import OUTSIDE_THE_LINE, Submission
from usrec.ports.contracts import ContractRef
from usrec.ports.ledger import UnitOfWork


def place(
    work: UnitOfWork,
    new: Submission,
    revision: Revision,
    standing: Sequence[Submission],
    unsure: Severity = Severity.ERROR,
) -> tuple[Submission, Sequence[Submission]]:
    """``new`` with its place in the line, its links, and the state that its revision and its contract earn.

    Returns:
        The submission, and the unsent changes that give way to it.
    """
    placed = _revised(work, new, revision)
    if placed.state is not new.state or placed.position == OUTSIDE_THE_LINE:
        return placed, ()
    if is_second_conclusion(work, placed, standing):
        return refuse(placed, SECOND_CONCLUSION), ()
    if revision.placement is Placement.WAITS:
        return against_standing(work, placed, standing, unsure), ()
    return placed_among(work, placed, standing, unsure)


def _revised(work: UnitOfWork, new: Submission, revision: Revision) -> Submission:
    """``new`` beside the earlier revisions of its event."""
    earlier = revision.earlier
    if earlier is None:
        placed = replace(new, position=_position(work, new))
    elif revision.placement is Placement.STALE:
        return replace(new, state=State.CANCELLED, reason="superseded", replaced_by=earlier.id)
    elif revision.placement is Placement.TOO_LATE:
        return refuse_registered(new)
    elif revision.placement is Placement.BY_HAND:
        return refuse(new, ENTERED_BY_HAND)
    elif revision.placement is Placement.WAITS and contract_of(earlier) != contract_of(new):
        return refuse(new, CONTRACT_CHANGED)
    else:
        placed = replace(new, position=position_after(work, new, earlier), replaces=earlier.id)
    if new.withdrawn and revision.placement is not Placement.WAITS:
        return replace(placed, state=State.CANCELLED, reason="withdrawn")
    if placed.reason == NOT_REGISTRABLE and revision.placement is not Placement.WAITS:
        return replace(placed, state=State.CANCELLED)
    return placed


def contract_of(submission: Submission) -> ContractRef:
    """The contract that a submission belongs to."""
    return submission.employer_bin, submission.contract_key


def _position(work: UnitOfWork, new: Submission) -> int:
    if not new.contract_key.strip():
        return OUTSIDE_THE_LINE
    if new.operation in HEADS:
        return 0
    return work.submissions.next_position(new.employer_bin, new.contract_key)


def position_after(work: UnitOfWork, new: Submission, earlier: Submission) -> int:
    """A later revision keeps its event's turn, unless the conclusion, which goes first, came or went with it.

    An event that was taken back has left the line, and comes back behind all others.
    """
    keeps = earlier.position > 0 and new.operation not in HEADS and earlier.state is not State.CANCELLED
    return earlier.position if keeps and contract_of(earlier) == contract_of(new) else _position(work, new)


def is_second_conclusion(work: UnitOfWork, new: Submission, standing: Sequence[Submission]) -> bool:
    """Whether another conclusion of the contract stands that no registered deletion has undone."""
    if new.operation not in HEADS or new.position == OUTSIDE_THE_LINE:
        return False
    deleted = deleted_conclusions(standing)
    others = work.submissions.conclusions_of(new.employer_bin, new.contract_key)
    return any((one.source, one.event_id) != (new.source, new.event_id) for one in others if one.id not in deleted)
