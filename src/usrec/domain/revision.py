"""What a new revision of an event does to the earlier ones. A pure decision; ``application/ingest`` carries it out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from usrec.domain.rules.finding import Finding, dump_findings, error
from usrec.domain.state import MAY_BE_REGISTERED, State
from usrec.domain.submission import OUTSIDE_THE_LINE, Submission, SubmissionId

ALREADY_REGISTERED: Final = error(
    "already_registered",
    "revision",
    "This event is registered already; a revision cannot change it. Send an amendment, or a correction or deletion"
    " within the term of Order 353 p.9; a changed IIN is an event iin_change with the same contract_key.",
    point="Order 353 p.9",
)
SECOND_CONCLUSION: Final = error(
    "second_conclusion",
    "contract_key",
    "This contract already has a conclusion under another event_id; sending it could register the contract twice."
    " To correct the first event, raise its revision; an employee's changed IIN is an event iin_change with the same"
    " contract_key. Is that contract being deleted: when its deletion is registered, raise the revision of this event.",
)
STANDS_ALREADY: Final = error(
    "stands_in_registry",
    "contract_key",
    "This contract stands in USREC already: its id was taken over from an export. It is not registered again; send what"
    " has changed since as events of its own. Is it another contract: have the match undone and raise the"
    " revision.",
)
ENTERED_BY_HAND: Final = error(
    "entered_by_hand",
    "revision",
    "A person is entering this event in the portal. When that is settled, raise the revision again if it is still"
    " needed.",
)
CONTRACT_CHANGED: Final = error(
    "contract_changed",
    "contract_key",
    "An earlier revision is on its way for another contract or employer. When its answer is known, raise the revision"
    " again.",
)
STANDING: Final = MAY_BE_REGISTERED | {State.ACCEPTED}
"""What no later revision can take the place of."""


class Placement(StrEnum):
    """Where a new revision stands."""

    FIRST = "first"
    """The event was not known."""
    STALE = "stale"
    """A later revision is already here: this one is only recorded."""
    REPLACES = "replaces"
    """None of the earlier ones can be registered: this one takes their place."""
    WAITS = "waits"
    """An earlier one may be registered: this one waits for its decision."""
    BY_HAND = "by_hand"
    """A person is entering an earlier one in the portal: this one is refused with advice."""
    TOO_LATE = "too_late"
    """An earlier one is registered: this one is refused with advice."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The decision.

    Attributes:
        earlier: The earlier submission that it concerns; None when there is none.
        displaced: The earlier submissions in whose place the new one stands; those on their way are taken back.
    """

    placement: Placement
    earlier: Submission | None
    displaced: tuple[Submission, ...] = ()


def place_revision(
    revision: int,
    existing: Sequence[Submission],
    *,
    by_hand: Collection[SubmissionId] = (),
    absent: Collection[SubmissionId] = (),
) -> Revision:
    """Decide where ``revision`` stands.

    Args:
        existing: All submissions of the event; retries of one revision count as submissions.
        by_hand: Those that a person is entering in the portal.
        absent: Those that a signed refusal proves not to be registered, although they are signed.
    """
    if not existing:
        return Revision(Placement.FIRST, None)
    newest = max(existing, key=lambda one: (one.replaced_by is None, one.revision))
    if max(one.revision for one in existing) >= revision:
        return Revision(Placement.STALE, newest)
    current = [one for one in existing if one.replaced_by is None]
    displaced = tuple(one for one in current if _gives_way(one, absent) and one.id not in by_hand)
    for placement, kept in (
        (Placement.TOO_LATE, [one for one in existing if one.state is State.ACCEPTED]),
        (Placement.WAITS, [one for one in current if one.state in MAY_BE_REGISTERED and one.id not in absent]),
        (Placement.BY_HAND, [one for one in current if one.id in by_hand]),
    ):
        if kept:
            return Revision(placement, kept[0], displaced)
    return Revision(Placement.REPLACES, newest, displaced)


def _gives_way(one: Submission, absent: Collection[SubmissionId]) -> bool:
    return one.state not in STANDING or one.id in absent


def refuse(submission: Submission, finding: Finding) -> Submission:
    """``submission`` refused for ``finding``: it stands outside the line and holds nobody."""
    return replace(
        submission,
        state=State.INVALID,
        position=OUTSIDE_THE_LINE,
        reason=finding.rule,
        findings=dump_findings([finding]),
    )


def refuse_registered(submission: Submission) -> Submission:
    """A revision whose event is registered already; the term was that of the registered one, so it has none."""
    refused = refuse(submission, ALREADY_REGISTERED)
    return replace(refused, legal_date=None, safe_date=None, due_utc=None, safe_utc=None)
