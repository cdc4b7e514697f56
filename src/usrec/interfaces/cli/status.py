"""``usrec status``: how things stand, on one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.selection import opened
from usrec.interfaces.cli.tables import local_time, say, span
from usrec.interfaces.cli.words import STATES, WAITS, code_words
from usrec.interfaces.i18n import N_, ntr, tr

if TYPE_CHECKING:
    from usrec.application.foresee import Foreseen
    from usrec.application.survey import Survey
    from usrec.application.watch_trust import CertificateRecord
    from usrec.domain.permit import EndingPermit
    from usrec.ports.chain import SignedHead, Tail

_DOUBTS: Final[Mapping[str, str]] = {
    "revoked": N_("Certificate {serial} of {name} was revoked and is not used"),
    "unknown": N_("Nobody can tell whether certificate {serial} of {name} was revoked: usrec doctor"),
    "untrusted": N_("None of the trusted authorities issued certificate {serial} of {name}: usrec doctor"),
}
"""What is said of a certificate that is not known to be good."""


def status(
    *,
    config: Config = None,
    as_json: AsJson = False,
    check: Annotated[
        bool, typer.Option("--check", help="Answer like a Nagios plug-in: one line, exit code 0, 1, 2 or 3.")
    ] = False,
) -> None:
    """How many stand where, why they wait, what is overdue and what needs a person."""
    if check:
        from usrec.interfaces.cli.check import run_check

        run_check(config, as_json=as_json)
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.foresee import Foreseen
    from usrec.application.survey import take_survey
    from usrec.application.watch_trust import recorded_trust
    from usrec.domain.kazakhstan_time import kazakhstan_date
    from usrec.interfaces.cli.forecast_words import forecast_words, last_day_words

    with opened(config) as place:
        values = place.settings.values
        survey = take_survey(view=place.ledger.view, clock=SystemClock())
        foreseen = Foreseen.of(place.ledger.view, survey.at, values.delivery.rate, values.alerts.portal_from)
        certificates = recorded_trust(place.ledger.view)
        soon = timedelta(days=place.settings.values.alerts.permit_days.first)
        permits = place.ledger.view.permits(kazakhstan_date(survey.at) + soon)
        tail, head = place.ledger.chain_view.tail(), place.ledger.chain_view.last_head()
    if as_json:
        print_json({**survey_json(survey, certificates, permits, foreseen=foreseen), **tail_json(tail, head)})
        return
    ahead = [*forecast_words(foreseen.forecast), *last_day_words(foreseen.advice)]
    pages = [
        _halted(survey),
        _stopped(survey),
        survey_words(survey),
        ahead,
        _permits(permits),
        _certificates(certificates),
    ]
    for line in chain(*pages, _journal(tail, head)):
        say(line)


def survey_json(
    survey: Survey,
    certificates: Sequence[CertificateRecord],
    permits: Sequence[EndingPermit] = (),
    *,
    foreseen: Foreseen,
) -> dict[str, object]:
    """The keys that scripts rely on; every state is there, with 0 where there is none."""
    from dataclasses import asdict

    from usrec.application.survey import NAMED
    from usrec.interfaces.cli.employer import stop_json
    from usrec.interfaces.cli.forecast_words import forecast_json, last_day_json

    oldest = survey.oldest
    return {
        "at": survey.at,
        "employers_stopped": [stop_json(one) for one in survey.stopped],
        "clocks_wrong": [
            {"host": one.host, "state": one.halted, "ahead_seconds": one.clock_ahead, "at": one.beat_at}
            for one in survey.halted
        ],
        "by_state": {state.value: number for state, number in survey.by_state.items()},
        "refused_by_code": dict(survey.refused_by_code),
        "waiting": {reason.value: number for reason, number in survey.waiting.items()},
        "sending": survey.sending,
        "open": survey.open,
        "oldest_open": None
        if oldest is None
        else {"id": oldest.id, "state": oldest.state, "received_at": oldest.received_at, "due": oldest.due_utc},
        "overdue": survey.overdue.number,
        "overdue_ids": [row.id for row in survey.overdue.first],
        "due_within_24h": survey.due_soon.number,
        "due_within_24h_ids": [row.id for row in survey.due_soon.first],
        "needs_person": sum(survey.needs_person.values()),
        "needs_person_by_reason": {why.value: number for why, number in survey.needs_person.items()},
        "write_backs_waiting": survey.write_backs_waiting,
        "not_registrable": survey.passed_over,
        "mass_batches": [one.batch.name for one in survey.masses],
        "internal_targets": survey.targets.number,
        "internal_targets_passed": survey.targets_passed.number,
        "internal_targets_passed_ids": [row.id for row in survey.targets_passed.first],
        "pairs_half_missing": [pair.key for pair in survey.pairs if pair.missing is not None][:NAMED],
        "pairs_contradict": [pair.key for pair in survey.pairs if pair.contradictions][:NAMED],
        "certificates": [asdict(one) for one in certificates],
        "forecast": forecast_json(foreseen.forecast),
        "last_day": last_day_json(foreseen.advice),
        "permits_ending": len(permits),
        "permits_ending_soonest": [asdict(one) for one in permits[:NAMED]],
    }


def survey_words(survey: Survey) -> Iterator[str]:
    """The page for a person."""
    from usrec.interfaces.cli.use_case_words import NEEDS

    yield tr("At {time} in Kazakhstan").format(time=local_time(survey.at))
    stand = [(number, tr(STATES[state])) for state, number in survey.by_state.items() if number]
    yield from _section(tr("Submissions"), stand) or ["  " + tr("There are no submissions yet.")]
    refused = [(number, code_words(code)) for code, number in survey.refused_by_code.items()]
    yield from _section(tr("Refused by USREC"), refused)
    waiting = [(number, tr(WAITS[reason])) for reason, number in survey.waiting.items()]
    sending = [(survey.sending, tr("being sent, or next"))] if survey.sending else []
    yield from _section(tr("Why the open ones wait"), sending + waiting)
    needed = [(number, tr(NEEDS[why])) for why, number in survey.needs_person.items()]
    yield from _section(tr("A person is needed"), needed)
    yield ""
    yield from _deadlines(survey)
    if survey.oldest is not None:
        age, oldest = span(survey.at - survey.oldest.received_at), survey.oldest.id
        yield tr("The oldest open one was taken {age} ago: {id}").format(age=age, id=oldest)
    yield from _beside_the_law(survey)
    waiting_notes = survey.write_backs_waiting
    yield ntr("{number} note to HR still to be written", "{number} notes to HR still to be written", waiting_notes)


def _stopped(survey: Survey) -> Iterator[str]:
    """Employers of whom nothing goes out: before all else."""
    from usrec.interfaces.cli.employer import why_stopped

    for one in survey.stopped:
        words = tr(
            "{employer} IS STOPPED since {time} by {person}: {why}. When it is mended: "
            "usrec employer release {employer} --reason WHY"
        )
        yield words.format(
            employer=one.employer, time=local_time(one.stopped_at), person=one.stopped_by, why=why_stopped(one)
        )


def _halted(survey: Survey) -> Iterator[str]:
    """Agents that send nothing because of a clock."""
    for one in survey.halted:
        ahead = timedelta(minutes=round((one.clock_ahead or 0) / 60))
        fast = tr("NOTHING IS SENT from {host}: its clock is {time} ahead, others say. It goes on when that is right")
        slow = tr("NOTHING IS SENT from {host}: its clock is {time} behind, others say. It goes on when that is right")
        words = fast if ahead > timedelta(0) else slow
        yield words.format(host=one.host, time=span(abs(ahead)))


def _deadlines(survey: Survey) -> Iterator[str]:
    late, near = survey.overdue, survey.due_soon
    overdue = tr("{number} overdue, the longest: {id}") if late.first else tr("{number} overdue")
    yield overdue.format(number=late.number, id=late.first[0].id if late.first else "")
    soon = tr("{number} due within 24 hours, the next: {id}") if near.first else tr("{number} due within 24 hours")
    yield soon.format(number=near.number, id=near.first[0].id if near.first else "")


def _permits(permits: Sequence[EndingPermit]) -> Iterator[str]:
    """Foreigners whose permit ends soon, or has ended; nothing where there is none."""
    if permits:
        number = ntr(
            "{number} foreigner's permit ends soon or has ended",
            "{number} foreigners' permits end soon or have ended",
            len(permits),
        )
        first = tr("the first on {day}: {id}").format(day=permits[0].end_date, id=permits[0].submission_id)
        yield f"{number}; {first}"


def _beside_the_law(survey: Survey) -> Iterator[str]:
    """What the installation decides itself; nothing where there is nothing of it."""
    if survey.targets.number:
        yield ntr(
            "{number} without a term of law, by an internal target (not a term of law); passed: {passed}",
            "{number} without a term of law, by internal targets (not terms of law); passed: {passed}",
            survey.targets.number,
            passed=str(survey.targets_passed.number),
        )
    if survey.passed_over:
        yield ntr(
            "{number} agreement not sent, by the employer's policy of what is entered",
            "{number} agreements not sent, by the employer's policy of what is entered",
            survey.passed_over,
        )
    for one in survey.masses:
        yield tr("Held until somebody has looked: {held} in batch {name}, usrec mass show").format(
            held=one.held, name=one.batch.name
        )
    if survey.pairs:
        yield ntr(
            "{number} transfer in two halves needs a look: usrec pair list",
            "{number} transfers in two halves need a look: usrec pair list",
            len(survey.pairs),
        )


def _certificates(records: Sequence[CertificateRecord]) -> Iterator[str]:
    """Those of which it is not known that they are good."""
    for one in records:
        if one.status in _DOUBTS:
            yield tr(_DOUBTS[one.status]).format(name=one.name, serial=one.serial)


def tail_json(tail: Tail, head: SignedHead | None) -> dict[str, object]:
    """The keys about the journal."""
    return {
        "journal_lines_linked": tail.linked,
        "journal_tail": tail.lines,
        "journal_tail_oldest": tail.oldest_at,
        "journal_last_head": None if head is None else {"batch": head.number, "signed_at": head.signed_at},
    }


def _journal(tail: Tail, head: SignedHead | None) -> Iterator[str]:
    """How far the journal is linked and signed."""
    from usrec.interfaces.cli.journal import tail_words

    yield tail_words(tail)
    if head is None:
        yield tr("No head of the journal is signed yet")
    else:
        yield tr("The journal's head was signed on {time}, batch {number}").format(
            time=local_time(head.signed_at), number=head.number
        )


def _section(title: str, lines: list[tuple[int, str]]) -> list[str]:
    if not lines:
        return []
    return ["", f"{title}:", *(f"  {number:>6}  {text}" for number, text in lines)]
