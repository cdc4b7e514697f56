"""What a new revision of an event does to the earlier ones. A pure decision; ``application/ingest`` carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from usrec.domain.rules.finding import error
from usrec.domain.state import MAY_BE_REGISTERED, State
from usrec.domain.submission import Submission

ALREADY_REGISTERED: Final = error(
    "already_registered",
    "revision",
    "This event is registered already; a revision cannot change it. Send an amendment, or a correction or deletion"
    " within the term of Order 353 p.9.",
    point="Order 353 p.9",
)
SECOND_CONCLUSION: Final = error(
    "second_conclusion",
    "contract_key",
    "This contract already has a conclusion under another event_id; sending it could register the contract twice."
    " To correct the first event, raise its revision.",
)


class Placement(StrEnum):
    """Where a new revision stands."""

    FIRST = "first"
    """The event was not known."""
    STALE = "stale"
    """A later revision is already here: this one is only recorded."""
    SUPERSEDES = "supersedes"
    """The earlier one was never signed: it is taken back."""
    REPLACES = "replaces"
    """The earlier one was invalid, refused or taken back: this one takes its place."""
    WAITS = "waits"
    """The earlier one may be registered: this one waits for its decision."""
    TOO_LATE = "too_late"
    """The earlier one is registered: this one is refused with advice."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The decision and the earlier submission that it concerns."""

    placement: Placement
    earlier: Submission | None


def place_revision(revision: int, existing: Sequence[Submission]) -> Revision:
    """Decide where ``revision`` stands.

    Args:
        existing: All submissions of the event, oldest first; retries of one revision count as submissions.
    """
    if not existing:
        return Revision(Placement.FIRST, None)
    newest = max(existing, key=lambda one: (one.revision, one.replaced_by is None))
    if newest.revision >= revision:
        return Revision(Placement.STALE, newest)
    registered = next((one for one in existing if one.state is State.ACCEPTED), None)
    if registered is not None:
        return Revision(Placement.TOO_LATE, registered)
    in_flight = next((one for one in existing if one.state in MAY_BE_REGISTERED), None)
    if newest.state is State.PENDING:
        return Revision(Placement.SUPERSEDES, newest)
    if in_flight is not None:
        return Revision(Placement.WAITS, in_flight)
    return Revision(Placement.REPLACES, newest)
