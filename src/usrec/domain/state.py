"""The legal story of a submission: its states, and the only moves between them.

``TRANSITIONS`` is the single source: the ledger's CHECK constraint, the state diagram in the docs and the
state-machine tests are all derived from it. The delivery story (claims, attempts, waiting) is kept apart, in
the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from usrec.domain.errors import InvariantViolation


class State(StrEnum):
    """Where a submission stands towards the authority."""

    PENDING = "pending"
    """Taken from HR and valid; no signed document exists."""
    INVALID = "invalid"
    """A preflight rule refuses it; HR must correct the row."""
    SIGNED = "signed"
    """A signed document is stored; nothing doubtful has happened to it."""
    SUBMITTED = "submitted"
    """The gateway gave a receipt without a decision (asynchronous channel only)."""
    INDETERMINATE = "indeterminate"
    """It may or may not be registered: an attempt ended without a trustworthy answer."""
    ACCEPTED = "accepted"
    """Registered in USREC."""
    REJECTED = "rejected"
    """Refused by USREC with a signed answer."""
    CANCELLED = "cancelled"
    """Taken back before it could have been registered, by HR or by a person."""


class Move(StrEnum):
    """What can happen to a submission."""

    SIGN = "sign"
    RECEIPT = "receipt"
    DOUBT = "doubt"
    ACCEPT = "accept"
    REJECT = "reject"
    CANCEL = "cancel"
    INVALIDATE = "invalidate"


TRANSITIONS: Final[Mapping[tuple[State, Move], State]] = MappingProxyType(
    {
        (State.PENDING, Move.SIGN): State.SIGNED,
        (State.PENDING, Move.CANCEL): State.CANCELLED,
        (State.PENDING, Move.INVALIDATE): State.INVALID,
        (State.PENDING, Move.ACCEPT): State.ACCEPTED,
        (State.INVALID, Move.CANCEL): State.CANCELLED,
        (State.SIGNED, Move.RECEIPT): State.SUBMITTED,
        (State.SIGNED, Move.DOUBT): State.INDETERMINATE,
        (State.SIGNED, Move.ACCEPT): State.ACCEPTED,
        (State.SIGNED, Move.REJECT): State.REJECTED,
        (State.SIGNED, Move.CANCEL): State.CANCELLED,
        (State.SUBMITTED, Move.DOUBT): State.INDETERMINATE,
        (State.SUBMITTED, Move.ACCEPT): State.ACCEPTED,
        (State.SUBMITTED, Move.REJECT): State.REJECTED,
        (State.INDETERMINATE, Move.ACCEPT): State.ACCEPTED,
        (State.INDETERMINATE, Move.REJECT): State.REJECTED,
        (State.REJECTED, Move.CANCEL): State.CANCELLED,
    }
)
"""(state, move) -> next state. A pair that is absent is forbidden.

``(SIGNED, CANCEL)`` needs proof that nothing was ever sent, and ``(PENDING, ACCEPT)`` a person who entered the record
in the portal and settles it with evidence; ``application/acting`` and ``application/settle`` hold them.
"""

OPEN: Final = frozenset({State.PENDING, State.SIGNED, State.SUBMITTED, State.INDETERMINATE})
"""States in which the agent still has work to do."""

SETTLED: Final = frozenset({State.ACCEPTED, State.CANCELLED})
"""States behind which a later event of the same contract may go."""

MAY_BE_REGISTERED: Final = frozenset({State.SIGNED, State.SUBMITTED, State.INDETERMINATE})
"""States in which the authority may already hold the record."""


def next_state(state: State, move: Move) -> State:
    """The state after ``move``.

    Raises:
        InvariantViolation: When ``TRANSITIONS`` does not allow the move.
    """
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise InvariantViolation(
            f"a submission in state {state} cannot {move}",
            kept="The transaction was rolled back and the record is as it was",
            next_step="Report this with the submission's timeline (usrec submission show)",
        ) from None
