"""One submission told from its beginning: what happened, how it stands, what its term is, what a person can do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from usrec.domain.rules.finding import Finding, load_findings
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.verdict import Ending
from usrec.interfaces.cli.tables import local_time, print_table, say, shown_id, span
from usrec.interfaces.cli.words import ACTIONS, ENDINGS, OPERATIONS, STATES, code_words, reason_words, wait_words
from usrec.interfaces.logs import mask
from usrec.ports.ledger_view import AttemptRow, JournalRow, SubmissionRow, SubmissionStory

_ATTEMPT_LINES: Final = frozenset({"attempt_opened", "attempt_closed"})
_BEFORE_ALL: Final = -1
_LISTED: Final = (
    "id",
    "state",
    "code",
    "due",
    "employer",
    "contract_key",
    "wait_reason",
    "operation",
    "event_id",
    "revision",
    "legal_date",
    "safe_date",
    "attempts",
    "status",
    "reason",
    "blocked_by",
    "contract_id",
    "record_id",
    "available_at",
    "received_at",
    "decided_at",
    "doubtful",
    "replaced_by",
)
_RENAMED: Final = {"due": "due_utc"}


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


def row_json(row: SubmissionRow) -> dict[str, object]:
    """One line of ``usrec submission list --json``."""
    return {name: getattr(row, _RENAMED.get(name, name)) for name in _LISTED}


def story_json(story: SubmissionStory, now: datetime) -> dict[str, object]:
    """``usrec submission show --json``: the list's keys and everything that belongs to the submission."""
    row = story.row
    return {
        **row_json(row),
        "state_in_words": STATES[row.state],
        "reason_in_words": reason_in_words(row),
        "wait_in_words": wait_words(row.wait_reason, row.status),
        "next_step": next_step(row),
        "deadline": _deadline_json(story, now),
        "entered_at": story.entered_at,
        "signed_at": story.signed_at,
        "replaces": story.replaces,
        "findings": [asdict(finding) for finding in load_findings(row.findings)],
        "timeline": [asdict(moment) for moment in timeline(story)],
        "behind": [row_json(one) for one in story.behind],
    }


def _deadline_json(story: SubmissionStory, now: datetime) -> dict[str, object]:
    row = story.row
    runs = term_runs(row) and row.due_utc is not None
    return {
        "edition": story.edition,
        "point": story.point,
        "term": story.term,
        "legal_date": row.legal_date,
        "safe_date": row.safe_date,
        "due": row.due_utc,
        "seconds_left": int((row.due_utc - now).total_seconds()) if runs and row.due_utc else None,
        "kept": _kept(row),
    }


def _kept(row: SubmissionRow) -> bool | None:
    """Whether a registered submission was recorded in time; None where that is open, or a person settled it."""
    if row.state is not State.ACCEPTED or row.due_utc is None or row.decided_at is None or row.reason == "settled":
        return None
    return row.decided_at < row.due_utc


def term_runs(row: SubmissionRow) -> bool:
    """Whether the event is still owed to USREC under this submission."""
    return row.state not in {State.ACCEPTED, State.CANCELLED} and row.replaced_by is None


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


def reason_in_words(row: SubmissionRow) -> str:
    """Why the submission is in its state; empty when there is nothing to explain."""
    code = row.code if row.state is State.REJECTED else ""
    return reason_words(row.reason, code) if row.reason or code else ""


def next_step(row: SubmissionRow) -> str:
    """What a person can do now; empty when nothing is asked of anybody."""
    if row.replaced_by is not None:
        return f"Look at the one in its place: usrec submission show {row.replaced_by}"
    if row.state is State.INVALID:
        return "Mend the fields in the HR system and raise the row's revision"
    if row.state is State.REJECTED:
        return (
            "Mend the row in the HR system and raise its revision; if the cause lay elsewhere and is mended: "
            f"usrec submission retry {row.id}"
        )
    return _STEPS.get(row.wait_reason, "").format(id=row.id, before=row.blocked_by or "")


_STEPS: Final[Mapping[WaitReason | None, str]] = {
    WaitReason.PREDECESSOR_REFUSED: "Act on the one before it: usrec submission show {before}",
    WaitReason.PREDECESSOR_IN_DOUBT: "See how the one before it stands: usrec submission show {before}",
    WaitReason.CONTRACT_UNKNOWN: "Register the contract first, or give its registry id in the HR row",
    WaitReason.KEY_UNUSABLE: "Put a valid signing key of the employer in its place",
    WaitReason.NEEDS_DECISION: "Find out in the portal, then: usrec submission settle {id} --as accepted|rejected",
    WaitReason.HELD_BY_PERSON: "When it may go on: usrec submission release {id}",
    WaitReason.CHECKED_OUT: "When it is entered in the portal: usrec submission settle {id} --as accepted; "
    "else: usrec submission release {id}",
}


def deadline_words(story: SubmissionStory, now: datetime) -> str:
    """The term, its last day and how much of it is left."""
    row = story.row
    if row.due_utc is None or row.legal_date is None:
        return "none is set by the law" if story.edition else "unknown: the row's dates cannot be read"
    source = ", ".join(
        part for part in (f"Order 353 edition {story.edition}", story.point, f"{story.term}") if part.strip()
    )
    return f"{row.legal_date} 24:00 ({source}); safe date {row.safe_date}; {_standing(row, row.due_utc, now)}"


def _standing(row: SubmissionRow, due: datetime, now: datetime) -> str:
    if term_runs(row):
        return f"{span(due - now)} left" if now < due else f"overdue by {span(now - due)}"
    if row.state is State.ACCEPTED and row.reason == "settled":
        return "settled by a person; the evidence tells when it was registered"
    kept = _kept(row)
    if kept is None or row.decided_at is None:
        return "it does not count any more"
    return f"kept, {span(due - row.decided_at)} before the end" if kept else f"missed by {span(row.decided_at - due)}"


def print_story(story: SubmissionStory, now: datetime) -> None:
    """The whole story on standard output."""
    row = story.row
    operation = next((text for known, text in OPERATIONS.items() if known == row.operation), "unknown event")
    say(f"{row.id}: {operation}, {STATES[row.state]}")
    for name, text in _facts(story, now):
        if text:
            say(f"  {name + ':':<12} {text}")
    _print_findings(load_findings(row.findings))
    say("")
    print_table(["when (Kazakhstan)", "what", "who", "why"], [_line(moment) for moment in timeline(story)])
    if story.behind:
        say("")
        say("Waiting behind it:")
        cells = [[shown_id(one.id), one.operation, one.state.value, str(one.legal_date or "")] for one in story.behind]
        print_table(["id", "operation", "state", "last day"], cells)


def _facts(story: SubmissionStory, now: datetime) -> Iterator[tuple[str, str]]:
    row = story.row
    yield "why", reason_in_words(row)
    yield "waits", _waits(row)
    yield "next", next_step(row)
    yield "deadline", deadline_words(story, now)
    yield "contract", f"{row.contract_key} of {row.employer or 'an employer that is not configured'}"
    yield "registry id", row.contract_id or ""
    yield "event", f"{row.event_id}, revision {row.revision}"
    yield "replaces", story.replaces or ""
    yield "replaced by", row.replaced_by or ""


def _waits(row: SubmissionRow) -> str:
    text = wait_words(row.wait_reason, row.status)
    if row.blocked_by is not None:
        return f"{text} ({row.blocked_by})"
    return f"{text}, until {local_time(row.available_at)}" if row.status is QueueStatus.SCHEDULED else text


def _print_findings(findings: Sequence[Finding]) -> None:
    if not findings:
        return
    say("  to mend:" if any(one.severity == "error" for one in findings) else "  to know:")
    for one in findings:
        source = ", ".join(part for part in (one.code, one.point) if part)
        say(f"    {one.field}: {one.message}" + (f" ({source})" if source else ""))


def _line(moment: Moment) -> list[str]:
    what = ACTIONS.get(moment.what, moment.what)
    if moment.attempt is not None:
        what = f"attempt {moment.attempt}: {what}"
    why = reason_words(moment.reason) if moment.reason else ""
    if moment.ending is not None:
        ending = ENDINGS[Ending(moment.ending)]
        told = [ending, "" if why == ending else why, code_words(moment.code) if moment.code else ""]
        why = "; ".join(part for part in told if part)
    return [local_time(moment.at), what, moment.actor, why]
