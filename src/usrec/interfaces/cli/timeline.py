"""One submission's story in the order of time: its journal, and its attempts where the journal says no more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from usrec.interfaces.masking import mask
from usrec.ports.ledger_view import AttemptRow, JournalRow, SubmissionStory

_ATTEMPT_LINES: Final = frozenset({"attempt_opened", "attempt_closed"})
_BEFORE_ALL: Final = -1


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline.

    Attributes:
        kind: ``journal`` or ``attempt``.
        what: The journal's action; ``attempt_opened`` or ``attempt_closed`` for an attempt.
        actor: ``agent``, or who did it.
        reason: The stable word, or a person's own text.
    """

    at: datetime
    kind: str
    what: str
    actor: str
    reason: str
    from_state: str | None = None
    to_state: str | None = None
    attempt: int | None = None
    ending: str | None = None
    code: str = ""
    detail: Mapping[str, object] | None = None


def timeline(story: SubmissionStory) -> Sequence[Moment]:
    """Journal and attempts in the order of time; an attempt's lines hold what its own record says."""
    attempts = {attempt.number: attempt for attempt in story.attempts}
    lines = [(line, _attempt_of(line, attempts)) for line in story.journal]
    closed = {attempt.number for line, attempt in lines if attempt is not None and line.action == "attempt_closed"}
    placed = [((line.at, line.seq), _told(line, attempt)) for line, attempt in lines]
    placed += [((late.at, _BEFORE_ALL), late) for late in _unwritten(story.attempts, closed)]
    return [moment for _, moment in sorted(placed, key=lambda one: one[0])]


def _attempt_of(line: JournalRow, attempts: Mapping[int, AttemptRow]) -> AttemptRow | None:
    return attempts.get(_detail(line).get("attempt", 0)) if line.action in _ATTEMPT_LINES else None


def _detail(line: JournalRow) -> Mapping[str, Any]:
    found = json.loads(line.detail)
    return found if isinstance(found, dict) else {}


def _told(line: JournalRow, attempt: AttemptRow | None) -> Moment:
    if attempt is None:
        return Moment(
            line.at,
            "journal",
            line.action,
            line.actor,
            line.reason,
            line.from_state,
            line.to_state,
            detail=_detail(line) or None,
        )
    if line.action == "attempt_closed":
        return _closing(attempt, line.at)
    return Moment(line.at, "attempt", line.action, line.actor, "", attempt=attempt.number)


def _closing(attempt: AttemptRow, at: datetime) -> Moment:
    return Moment(
        at,
        "attempt",
        "attempt_closed",
        "agent",
        mask(attempt.detail),
        attempt=attempt.number,
        ending=attempt.ending,
        code=attempt.code,
    )


def _unwritten(attempts: Sequence[AttemptRow], closed: set[int]) -> Iterator[Moment]:
    """Closings without a line of their own: abandoned attempts, and answers that came too late."""
    for attempt in attempts:
        if attempt.closed_at is not None and attempt.number not in closed:
            yield _closing(attempt, attempt.closed_at)
