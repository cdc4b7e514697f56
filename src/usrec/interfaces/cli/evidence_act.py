"""The act of one submission for an inspector, in Kazakh and in Russian: who, what, by when, what was tried, the result.

The legal standing of the attempts is that of docs/explanation/law.md: they mitigate and do not excuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from usrec.domain.day_count import CountedDay, DayKind
from usrec.domain.evidence import AttemptEvidence, DecisionEvidence, Dossier, QuestionEvidence
from usrec.domain.inquiry import Finding
from usrec.domain.outage import Outage
from usrec.domain.source_event import load_details
from usrec.domain.verdict import Ending
from usrec.interfaces.cli.alert_words import alert_title
from usrec.interfaces.cli.calendar import WEEKDAYS
from usrec.interfaces.cli.evidence_words import DAYS, ENDS_HERE, TIMELINESS
from usrec.interfaces.cli.field_words import field_facts, trigger_name
from usrec.interfaces.cli.words import ENDINGS, OPERATIONS, REASONS, STATES, code_words, law_words
from usrec.interfaces.i18n import N_, in_language, tr
from usrec.interfaces.time_words import local_time
from usrec.ports.act import ActText, Block, Grid, Heading, Paragraph, Signer

LANGUAGES: Final = ("kk", "ru")
LABEL: Final = N_("Contains personal data: give it only to whom the law entitles")
MITIGATES: Final = N_(
    "Attempts to enter the data in time, and failures of the system, are circumstances that mitigate liability under "
    "art. 98 of the Code on Administrative Offences. They do not excuse: an entry after its term stays a breach of "
    "part 1-1, even when nobody is to blame. Whether and how they count is for the authorised body to decide."
)
_NARROW: Final = (2, 5)
NUMBER: Final = "№"
_REFUSALS: Final = "SCSE"
FOUND: Final = {
    Finding.OURS: "question_found",
    Finding.DIFFERENT: "question_contradicts",
    Finding.NOT_FOUND: "question_not_found",
    Finding.UNANSWERED: "question_failed",
}
"""The reason of what a question found out."""
DECIDED_BY: Final = {
    "answer": N_("a signed answer"),
    "question": N_("asked the registry"),
    "settlement": N_("a person settled it with evidence"),
}
"""By the kind of the decision."""


def submission_act(dossier: Dossier, *, ledger: str, now: datetime, signer: Signer | None = None) -> Sequence[ActText]:
    """The act in both languages.

    Args:
        signer: Whose EDS the document bears, None where none is kept.
    """
    return [_act(dossier, language, ledger, now, signer) for language in LANGUAGES]


def _act(dossier: Dossier, language: str, ledger: str, now: datetime, signer: Signer | None) -> ActText:
    with in_language(language):
        return ActText(
            language=language,
            title=tr("Act on the entry of data in USREC"),
            footer=footer(ledger, now),
            blocks=list(_blocks(dossier, now, signer)),
        )


def footer(ledger: str, now: datetime) -> str:
    """What stands on each page."""
    made = tr("Made by usrec-agent at {time} from ledger {ledger}").format(time=local_time(now), ledger=ledger)
    return f"{made}. {tr(LABEL)}."


def _blocks(dossier: Dossier, now: datetime, signer: Signer | None) -> Iterator[Block]:
    yield Paragraph(_result(dossier, now), strong=True)
    if dossier.record.pruned_at is not None:
        yield Paragraph(_pruned(dossier.record.pruned_at), strong=True)
    yield Heading(tr("1. Who and what"))
    yield Grid(_NARROW, [[name, text] for name, text in (*_signers(signer), *_facts(dossier)) if text])
    yield from _term(dossier)
    yield Heading(tr("3. The five times (Kazakhstan)"))
    yield Grid(_NARROW, list(_times(dossier)))
    yield from _attempts(dossier)
    yield from _decisions(dossier.record.decisions)
    yield from _outages(dossier.outages)
    yield from _alerts(dossier)
    yield from closing_words(mitigates=True)


def _result(dossier: Dossier, now: datetime) -> str:
    submission = dossier.record.submission
    words = tr("{state}; {timeliness} (as of {time})")
    state, timely = tr(STATES[submission.state]), tr(TIMELINESS[dossier.timeliness])
    return words.format(state=state, timeliness=timely, time=local_time(now))


def _signers(signer: Signer | None) -> Iterator[tuple[str, str]]:
    if signer is not None:
        yield tr("employer, by the certificate of its EDS"), signer.organisation
        yield tr("who signed"), signer.holder
        yield tr("certificate"), signer.certificate


def _pruned(at: datetime) -> str:
    words = tr(
        "The rules of retention removed its personal data on {day}: the bundle holds neither the document nor the "
        "answers, but their digests in the journal."
    )
    return words.format(day=local_time(at))


def _facts(dossier: Dossier) -> Iterator[tuple[str, str]]:
    submission = dossier.record.submission
    operation = submission.operation
    yield tr("event"), tr(OPERATIONS[operation]) if operation else tr("unknown event")
    yield tr("employer's BIN (IIN)"), submission.employer_bin
    yield tr("contract in the HR system"), submission.contract_key
    yield (
        tr("event in the HR system"),
        tr("{event}, revision {revision}").format(event=submission.event_id, revision=submission.revision),
    )
    yield tr("registry id"), submission.contract_id or ""
    yield tr("submission of the agent"), submission.id
    if operation is not None and dossier.record.pruned_at is None:
        yield from field_facts(load_details(operation, submission.details))


def _term(dossier: Dossier) -> Iterator[Block]:
    submission = dossier.record.submission
    yield Heading(tr("2. By when"))
    if submission.legal_date is None or submission.trigger is None:
        yield Paragraph(tr("The Rules set no term for this event."))
        return
    words = tr(
        "Order 353 of 3 September 2020, {point} (edition {edition}): {term}, from {trigger} ({what}). "
        "Last day: {last}, until 24:00 in Kazakhstan. Counted with the calendar {calendar}."
    )
    yield Paragraph(
        words.format(
            point=law_words(submission.point),
            edition=submission.edition,
            term=law_words(submission.term),
            trigger=submission.trigger.isoformat(),
            what=trigger_name(submission.operation),
            last=submission.legal_date.isoformat(),
            calendar=submission.calendar_version,
        )
    )
    if not dossier.counting_agrees:
        differs = tr("The calendar was corrected since: today's calendar {calendar} counts to another day.")
        yield Paragraph(differs.format(calendar=dossier.counted_with), strong=True)
    rows = [[_weekday(one.day), str(one.number or ""), _counted(one)] for one in dossier.days]
    yield Grid((3, 1, 5), rows, (tr("day"), NUMBER, tr("how it counts")))


def _weekday(day: date) -> str:
    return f"{day.isoformat()}, {tr(WEEKDAYS[day.weekday()]).lower()}"


def _counted(one: CountedDay) -> str:
    return tr(ENDS_HERE if one.kind is DayKind.MOVED and one.worked else DAYS[one.kind])


def _times(dossier: Dossier) -> Iterator[Sequence[str]]:
    times = dossier.times
    yield [tr("signed by both parties"), _day(times.signed_by_both)]
    yield [tr("entered by HR"), _time(times.entered_by_hr)]
    yield [tr("taken by the agent"), _time(times.taken)]
    yield [tr("signed with the employer's EDS"), _time(times.signed_by_us)]
    yield [tr("acknowledged by USREC"), _time(times.acknowledged)]


def _attempts(dossier: Dossier) -> Iterator[Block]:
    yield Heading(tr("4. Attempts and answers"))
    attempts = dossier.record.attempts
    if not attempts:
        yield Paragraph(tr("Nothing was sent."))
        return
    heads = (NUMBER, tr("begun"), tr("ended"), tr("what became of it"))
    ends = {line.at: line.reason for line in dossier.record.lines if line.action == "attempt_closed"}
    yield Grid((1, 3, 3, 8), [_attempt(one, ends) for one in attempts], heads)
    yield Paragraph(
        tr(
            "Answers lie in the bundle as they came. Of each request the bundle holds the signed document and the "
            "digest of the envelope around it; the envelope is not kept, because it holds the sender's password."
        )
    )
    if dossier.record.questions:
        heads = (NUMBER, tr("begun"), tr("ended"), tr("what became of it"))
        yield Grid((1, 3, 3, 8), [_question(one) for one in dossier.record.questions], heads)


def _question(one: QuestionEvidence) -> Sequence[str]:
    parts = [tr(REASONS[FOUND[one.finding]]), code_words(one.code) if one.code else "", one.detail]
    told = "; ".join(part for part in parts if part)
    return [str(one.after_attempt), _exact(one.asked_at), _exact(one.answered_at), told]


def _attempt(one: AttemptEvidence, ends: Mapping[str, str]) -> Sequence[str]:
    """One row. Why it ended is told by the journal's word for it, where that is known; else as it was noted."""
    ending = tr("not closed") if one.ending is None else tr(ENDINGS[one.ending])
    reason = "" if one.closed_at is None else ends.get(one.closed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "")
    why = tr(REASONS[reason]) if reason in REASONS else one.detail
    if one.ending is Ending.REGISTERED and one.code.startswith(_REFUSALS):
        why = tr("USREC has held this very entry since an earlier attempt")
    parts = [ending, code_words(one.code) if one.code else "", why]
    return [str(one.number), _exact(one.opened_at), _exact(one.closed_at), "; ".join(part for part in parts if part)]


def _decisions(decisions: Sequence[DecisionEvidence]) -> Iterator[Block]:
    yield Heading(tr("5. What decided"))
    if not decisions:
        yield Paragraph(tr("Nothing has decided yet."))
    else:
        heads = (tr("when"), tr("what"), tr("code"))
        yield Grid((3, 8, 4), [_decision(one) for one in decisions], heads)


def _decision(one: DecisionEvidence) -> Sequence[str]:
    by = tr(DECIDED_BY.get(one.kind, DECIDED_BY["answer"]))
    result = tr("registered") if one.accepted else tr("refused")
    return [_exact(one.acknowledged_at), f"{by}: {result}", code_words(one.code) if one.code else ""]


def _outages(outages: Sequence[Outage]) -> Iterator[Block]:
    yield Heading(tr("6. When the gateway could not be reached"))
    if not outages:
        yield Paragraph(tr("No exchange of the agent failed to reach the gateway between the intake and the decision."))
        return
    yield Paragraph(
        tr("From the first exchange that reached nobody to the next that reached somebody, of all submissions:")
    )
    yield outage_grid(outages)


def outage_grid(outages: Sequence[Outage]) -> Grid:
    """Outages with what failed."""
    rows = [[_exact(one.began), _exact(one.ended) or tr("goes on"), _failures(one)] for one in outages]
    return Grid((3, 3, 8), rows, (tr("first failure"), tr("reached again"), tr("failed exchanges")))


def _failures(outage: Outage) -> str:
    return "; ".join(f"{tr(REASONS.get(reason, reason))}: {count}" for reason, count in outage.failures.items())


def _alerts(dossier: Dossier) -> Iterator[Block]:
    yield Heading(tr("7. Alerts"))
    if not dossier.record.alerts:
        yield Paragraph(tr("No alert about a term was needed."))
    else:
        rows = [
            [
                _exact(one.raised_at),
                alert_title(one.watched, one.threshold),
                one.last_day.isoformat(),
                str(len(one.told)),
            ]
            for one in dossier.record.alerts
        ]
        yield Grid((3, 6, 2, 2), rows, (tr("raised"), tr("what"), tr("date"), tr("told to")))


def closing_words(*, mitigates: bool) -> Iterator[Block]:
    """What the act does and does not prove."""
    yield Heading(tr("What this proves, and what it does not"))
    if mitigates:
        yield Paragraph(tr(MITIGATES), strong=True)
    yield Paragraph(
        tr(
            "This page is for reading. The proof is in the other files of the bundle: README.txt says how anybody "
            "checks them without us, with the free program kzeds."
        )
    )
    yield Grid(_NARROW, [[tr("handed over by (post, name)"), ""], [tr("date, signature"), ""]])


def _day(day: date | None) -> str:
    return tr("unknown") if day is None else day.isoformat()


def _time(moment: datetime | None) -> str:
    return local_time(moment) or tr("not yet, or unknown")


def _exact(moment: datetime | None) -> str:
    from usrec.domain.kazakhstan_time import KAZAKHSTAN

    return "" if moment is None else moment.astimezone(KAZAKHSTAN).strftime("%Y-%m-%d %H:%M:%S")
