"""One submission: how it stands and its term, in words; and everything about it as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Final

from usrec.domain.rules.finding import load_findings
from usrec.domain.state import State
from usrec.interfaces.cli.explanation_words import explanation_json
from usrec.interfaces.cli.next_step import next_step, reason_in_words, refusal_of
from usrec.interfaces.cli.pair_words import pair_json
from usrec.interfaces.cli.tables import span
from usrec.interfaces.cli.timeline import timeline
from usrec.interfaces.cli.words import STATES, law_words, wait_words
from usrec.interfaces.i18n import english, tr
from usrec.ports.ledger_view import SubmissionRow, SubmissionStory

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


def row_json(row: SubmissionRow) -> dict[str, object]:
    """One line of ``usrec submission list --json``."""
    known = {name: getattr(row, _RENAMED.get(name, name)) for name in _LISTED}
    return {**known, "safe_date": None if row.legal_date is None else row.safe_date, "internal_target": row.target_date}


def story_json(story: SubmissionStory, now: datetime) -> dict[str, object]:
    """``usrec submission show --json``: the list's keys and everything that belongs to the submission."""
    row = story.row
    return {
        **row_json(row),
        **_words_json(row),
        "explanation": _explanation_json(row),
        "deadline": _deadline_json(story, now),
        "entered_at": story.entered_at,
        "signed_at": story.signed_at,
        "pair": None if story.pair is None else pair_json(story.pair),
        "request": None if story.request is None else asdict(story.request),
        "replaces": story.replaces,
        "pruned_at": row.pruned_at,
        "findings": [asdict(finding) for finding in load_findings(row.findings)],
        "timeline": [asdict(moment) for moment in timeline(story)],
        "behind": [row_json(one) for one in story.behind],
    }


def _explanation_json(row: SubmissionRow) -> dict[str, object] | None:
    told = refusal_of(row)
    return None if told is None else explanation_json(told)


def _words_json(row: SubmissionRow) -> dict[str, str]:
    with english():
        return {
            "state_in_words": STATES[row.state],
            "reason_in_words": reason_in_words(row),
            "wait_in_words": wait_words(row.wait_reason, row.status),
            "next_step": next_step(row),
        }


def _deadline_json(story: SubmissionStory, now: datetime) -> dict[str, object]:
    row = story.row
    runs = term_runs(row) and row.due_utc is not None
    return {
        "edition": story.edition,
        "point": story.point,
        "term": story.term,
        "legal_date": row.legal_date,
        "safe_date": None if row.legal_date is None else row.safe_date,
        "internal_target": row.target_date,
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


def deadline_words(story: SubmissionStory, now: datetime) -> str:
    """The term, its last day and how much of it is left."""
    row = story.row
    if row.target_date is not None and term_runs(row):
        return tr("{day}, an internal target, not a term of law").format(day=row.target_date)
    if row.due_utc is None or row.legal_date is None:
        return (
            tr("none is set by the law")
            if story.edition or row.target_date is not None
            else tr("unknown: the row's dates cannot be read")
        )
    edition = tr("Order 353 edition {edition}").format(edition=story.edition)
    source = ", ".join(part for part in (edition, law_words(story.point), law_words(story.term)) if part)
    words = tr("{day} 24:00 ({source}); safe date {safe}; {standing}")
    return words.format(
        day=row.legal_date, source=source, safe=row.safe_date, standing=_standing(row, row.due_utc, now)
    )


def _standing(row: SubmissionRow, due: datetime, now: datetime) -> str:
    if term_runs(row):
        words, apart = (tr("{span} left"), due - now) if now < due else (tr("overdue by {span}"), now - due)
        return words.format(span=span(apart))
    if row.state is State.ACCEPTED and row.reason == "settled":
        return tr("settled by a person; the evidence tells when it was registered")
    kept = _kept(row)
    if kept is None or row.decided_at is None:
        return tr("it does not count any more")
    words = tr("kept, {span} before the end") if kept else tr("missed by {span}")
    return words.format(span=span(due - row.decided_at))
