"""``usrec submission show`` for a person: one submission told from its beginning, on one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from usrec.domain.rules.finding import Finding, Severity, load_findings
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus
from usrec.domain.verdict import Ending
from usrec.interfaces.cli.explanation_words import explanation_facts
from usrec.interfaces.cli.finding_words import finding_words
from usrec.interfaces.cli.next_step import next_step, reason_in_words, refusal_of
from usrec.interfaces.cli.pair_words import pair_words
from usrec.interfaces.cli.story import deadline_words
from usrec.interfaces.cli.tables import local_time, print_table, say, shown_id
from usrec.interfaces.cli.timeline import Moment, timeline
from usrec.interfaces.cli.words import (
    ACTIONS,
    ENDINGS,
    OPERATIONS,
    STATES,
    actor_name,
    code_words,
    law_words,
    operation_name,
    reason_words,
    state_name,
    wait_words,
)
from usrec.interfaces.i18n import N_, tr
from usrec.ports.ledger_view import RequestRow, SubmissionRow, SubmissionStory


def print_story(story: SubmissionStory, now: datetime) -> None:
    """The whole story on standard output."""
    row = story.row
    operation = next((text for known, text in OPERATIONS.items() if known == row.operation), N_("unknown event"))
    say(f"{row.id}: {tr(operation)}, {tr(STATES[row.state])}")
    facts = list(_facts(story, now))
    width = max(len(name) for name, _ in facts) + 1
    for name, text in facts:
        if text:
            say(f"  {name + ':':<{width}} {text}")
    _print_findings(load_findings(row.findings))
    say("")
    print_table([tr("when (Kazakhstan)"), tr("what"), tr("who"), tr("why")], [_line(one) for one in timeline(story)])
    if story.behind:
        say("")
        say(tr("Waiting behind it:"))
        print_table([tr("id"), tr("operation"), tr("state"), tr("last day")], [_follower(one) for one in story.behind])


def _facts(story: SubmissionStory, now: datetime) -> Iterator[tuple[str, str]]:
    row = story.row
    employer = row.employer or tr("an employer that is not configured")
    yield tr("why"), reason_in_words(row)
    told = refusal_of(row)
    if told is not None:
        yield from explanation_facts(told)
    yield tr("waits"), _waits(row)
    yield tr("next"), next_step(row)
    yield tr("way back"), _way_back(row)
    yield tr("deadline"), deadline_words(story, now)
    yield from _asked(story.request)
    yield tr("contract"), tr("{contract} of {employer}").format(contract=row.contract_key, employer=employer)
    yield tr("registry id"), row.contract_id or ""
    yield tr("event"), tr("{event}, revision {revision}").format(event=row.event_id, revision=row.revision)
    if story.pair is not None:
        yield tr("transfer"), pair_words(story.pair, besides=row.id)
    yield tr("replaces"), story.replaces or ""
    yield tr("replaced by"), row.replaced_by or ""
    yield tr("personal data"), _pruned(row)


def _pruned(row: SubmissionRow) -> str:
    return "" if row.pruned_at is None else tr("pruned on {at}").format(at=local_time(row.pruned_at))


def _way_back(row: SubmissionRow) -> str:
    """How a registered termination is taken back, where it was entered by mistake."""
    if row.operation != Operation.TERMINATION or row.state is not State.ACCEPTED:
        return ""
    return tr(
        "Entered by mistake? A reinstatement takes it back: a row with event_type reinstatement, the same "
        "termination_date and mistake_comment"
    )


def _asked(request: RequestRow | None) -> Iterator[tuple[str, str]]:
    """The document that a person was asked to sign or approve."""
    if request is None:
        return
    asked = tr("put before a person at {time}; SHA-256 {digest}")
    yield tr("document"), asked.format(time=local_time(request.asked_at), digest=request.digest)
    if request.approved_by is not None:
        approved = tr("by {person} at {time}")
        yield tr("approved"), approved.format(person=request.approved_by, time=local_time(request.approved_at))
    if request.package_id is not None:
        packaged = tr("{package}, made at {time}")
        yield (
            tr("signing package"),
            packaged.format(package=request.package_id, time=local_time(request.packaged_at)),
        )


def _waits(row: SubmissionRow) -> str:
    text = wait_words(row.wait_reason, row.status)
    if row.blocked_by is not None:
        return f"{text} ({row.blocked_by})"
    if row.status is not QueueStatus.SCHEDULED:
        return text
    return tr("{why}, until {time}").format(why=text, time=local_time(row.available_at))


def _print_findings(findings: Sequence[Finding]) -> None:
    if not findings:
        return
    wrong = any(one.severity is Severity.ERROR for one in findings)
    say("  " + (tr("to mend:") if wrong else tr("to know:")))
    for one in findings:
        source = ", ".join(part for part in (one.code, law_words(one.point)) if part)
        say(f"    {one.field}: {finding_words(one)}" + (f" ({source})" if source else ""))


def _line(moment: Moment) -> list[str]:
    known = ACTIONS.get(moment.what)
    what = tr(known) if known else moment.what
    if moment.attempt is not None:
        what = tr("attempt {number}: {what}").format(number=moment.attempt, what=what)
    why = reason_words(moment.reason) if moment.reason else ""
    if moment.ending is not None:
        ending = tr(ENDINGS[Ending(moment.ending)])
        told = [ending, "" if why == ending else why, code_words(moment.code) if moment.code else ""]
        why = "; ".join(part for part in told if part)
    return [local_time(moment.at), what, actor_name(moment.actor), why]


def _follower(row: SubmissionRow) -> list[str]:
    return [shown_id(row.id), operation_name(row.operation), state_name(row.state), str(row.legal_date or "")]
