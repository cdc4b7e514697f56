"""One submission's story: what happened, how it stands, its term, what a person can do; and all of it as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.response_code import Actor, Explanation, Policy
from usrec.domain.rules.finding import load_findings
from usrec.domain.state import State
from usrec.domain.submission import REFUSED_SO_FAR, SubmissionId, WaitReason
from usrec.interfaces.cli.explanation_words import ACTORS, explanation_json
from usrec.interfaces.cli.pair_words import pair_json
from usrec.interfaces.cli.tables import span
from usrec.interfaces.cli.words import STATES, law_words, reason_words, wait_words
from usrec.interfaces.i18n import N_, english, tr
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


def refusal_of(row: SubmissionRow) -> Explanation | None:
    """What is said about the code by which USREC refused; None when it did not, or the code is not its own."""
    from usrec.adapters.explanations.book import explain

    return explain(row.code) if is_refusal(row) else None


def is_refusal(row: SubmissionRow) -> bool:
    """Whether the code is that of a refusal by which the submission stands as it does."""
    return row.state is State.REJECTED or row.wait_reason in REFUSED_SO_FAR


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
    code = row.code if is_refusal(row) else ""
    return reason_words(row.reason, code) if row.reason or code else ""


def next_step(row: SubmissionRow) -> str:
    """What a person can do now; empty when nothing is asked of anybody."""
    if row.replaced_by is not None:
        return tr("Look at the one in its place: usrec submission show {after}").format(after=row.replaced_by)
    if row.state is State.CANCELLED and row.reason == NOT_REGISTRABLE:
        return tr("If it is to be entered after all: usrec submission retry {id}").format(id=row.id)
    return step_out_of(row.state, row.wait_reason, row.id, code=row.code, before=row.blocked_by)


def step_out_of(
    state: State, wait_reason: WaitReason | None, shown: str, *, code: str = "", before: SubmissionId | None = None
) -> str:
    """What a person can do about a submission that stands like this; empty when nothing is asked of anybody.

    Args:
        shown: Its id, as it is to be typed.
        code: What USREC answered.
        before: The one that it waits behind.
    """
    if state is State.INVALID:
        step = tr("Mend the fields in the HR system and raise the row's revision")
    elif state is State.REJECTED:
        step = _step_after_refusal(code)
    elif wait_reason is WaitReason.OTHER_PARTY:
        step = _when_mended(code, N_("When it is done ({actor}): usrec submission retry {id}"))
    elif state is State.SIGNED and wait_reason is WaitReason.NEEDS_DECISION:
        step = tr("If nothing was sent, sign anew: usrec submission retry {id}; or: usrec submission cancel {id}")
    else:
        step = tr(_STEPS.get(wait_reason, ""))
    return step.format(id=shown, before=before or "")


def _step_after_refusal(code: str) -> str:
    from usrec.adapters.explanations.book import explain

    told = explain(code)
    if told is not None and told.policy is Policy.CONFIRM_THEN_ACCEPT:
        return tr(
            "Look in the portal first; the same is there: usrec submission cancel {id}; "
            "else mend the row in the HR system and raise its revision"
        )
    if told is None or told.actor is Actor.HR:
        return tr(
            "Mend the row in the HR system and raise its revision; if the cause lay elsewhere and is mended: "
            "usrec submission retry {id}"
        )
    if told.policy is Policy.STOP_EVERYTHING:
        release = N_("When the cause is mended ({actor}): usrec employer release, then usrec submission retry {id}")
        return _when_mended(code, release)
    return _when_mended(code, N_("When the cause is mended ({actor}): usrec submission retry {id}"))


def _when_mended(code: str, step: str) -> str:
    """The step with who must act; the id stays to be filled in."""
    from usrec.adapters.explanations.book import explain

    told = explain(code)
    return tr(step).format(actor=tr(ACTORS[Actor.NOBODY if told is None else told.actor]), id="{id}")


_STEPS: Final[Mapping[WaitReason | None, str]] = {
    WaitReason.PREDECESSOR_REFUSED: N_("Act on the one before it: usrec submission show {before}"),
    WaitReason.PREDECESSOR_IN_DOUBT: N_("See how the one before it stands: usrec submission show {before}"),
    WaitReason.CONTRACT_UNKNOWN: N_("Register the contract first, or give its registry id in the HR row"),
    WaitReason.KEY_UNUSABLE: N_("Put a valid signing key of the employer in its place"),
    WaitReason.NEEDS_DECISION: N_("Find out in the portal, then: usrec submission settle {id} --as accepted|rejected"),
    WaitReason.MASS_HELD: N_("Look at the whole batch: usrec mass list; this one alone: usrec submission release {id}"),
    WaitReason.HELD_BY_PERSON: N_("When it may go on: usrec submission release {id}"),
    WaitReason.CHECKED_OUT: N_(
        "When it is entered in the portal: usrec submission settle {id} --as accepted; "
        "else: usrec submission release {id}"
    ),
    WaitReason.TO_CONFIRM: N_(
        "Look in the portal. It is ours: usrec submission settle {id} --as accepted, with the registry's id; "
        "it is not: usrec submission settle {id} --as rejected"
    ),
    WaitReason.NEXT_DAY: N_("Nothing, if the row is right; else mend it in the HR system and raise its revision"),
    WaitReason.EMPLOYER_STOPPED: N_("When the cause is mended: usrec employer release"),
    WaitReason.AWAITING_SIGNATURE: N_(
        "Make a signing package (usrec package create), let the EDS's owner sign it, "
        "take it back: usrec package take FILE"
    ),
    WaitReason.AWAITING_APPROVAL: N_("Look at it and approve it: usrec submission approve {id}"),
    WaitReason.AWAITING_IIN: N_(
        "See to it that the IIN is applied for; when it is issued, put employee_iin in the contract's HR row, empty "
        "awaits_iin and raise the revision"
    ),
}


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
