"""Alerts in words for the personnel department: in the reader's language, with what to do, and without personal data.

An event is named by its operation, the employer's name in the settings, HR's own id of the event, and the submission's
id. No person, number of a person, contract or document is ever named: mails pass through many hands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Final

from usrec.domain.alert import OpenAlert, Threshold, Watched
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.state import State
from usrec.domain.submission import REFUSED_SO_FAR
from usrec.interfaces.cli.field_words import trigger_name
from usrec.interfaces.cli.next_step import step_out_of
from usrec.interfaces.cli.tables import SHORT_ID
from usrec.interfaces.cli.words import OPERATIONS, STATES, WAITS, code_words
from usrec.interfaces.i18n import N_, in_language, ntr, tr
from usrec.interfaces.masking import mask

MOST_NAMED: Final = 25
"""So many events are named one by one; the list of all is a command away."""

HEADINGS: Final[Mapping[tuple[Watched, Threshold], str]] = {
    (Watched.EMPLOYER, Threshold.STOPPED): N_("the employer is stopped: nothing of it goes out"),
    (Watched.ANSWER, Threshold.CONTRADICTED): N_("an answer of USREC contradicts the ledger"),
    (Watched.ANSWER, Threshold.UNRECOGNISED): N_("an answer of USREC was not understood"),
    (Watched.PORTAL, Threshold.FIND_OUT): N_("last day, and it may be registered already: find out today"),
    (Watched.PORTAL, Threshold.ENTER_BY_HAND): N_("last day, and it will not make it: enter it in the portal today"),
    (Watched.KEY, Threshold.KEY_UNUSABLE): N_("no key of the employer may sign: nothing of it goes out"),
    (Watched.CLOCK, Threshold.CLOCK_WRONG): N_("nothing is sent, because a machine's clock cannot be relied on"),
    (Watched.LEGAL, Threshold.MISSED): N_("last day missed"),
    (Watched.LEGAL, Threshold.HOURS_4): N_("less than 4 hours left"),
    (Watched.SAFE, Threshold.MISSED): N_("safe date missed"),
    (Watched.SAFE, Threshold.HOURS_4): N_("less than 4 hours left to the safe date"),
    (Watched.LEGAL, Threshold.DAY_1): N_("less than a day left"),
    (Watched.SAFE, Threshold.DAY_1): N_("less than a day left to the safe date"),
    (Watched.LEGAL, Threshold.WORKING_DAYS_3): N_("at most 3 working days left"),
    (Watched.SAFE, Threshold.WORKING_DAYS_3): N_("at most 3 working days left to the safe date"),
    (Watched.FORECAST, Threshold.WILL_BE_LATE): N_("will be late at this rate"),
    (Watched.ENTRY, Threshold.LATE_ENTRY): N_("HR is late with the entry"),
    (Watched.PERMIT, Threshold.PERMIT_LAST): N_("a foreigner's permit ends, last notice"),
    (Watched.MASS, Threshold.MASS_HELD): N_("many changes are held until somebody has looked"),
    (Watched.PAIR, Threshold.HALVES_CONTRADICT): N_("the halves of a transfer contradict each other"),
    (Watched.PAIR, Threshold.HALF_MISSING): N_("one half of a transfer is missing"),
    (Watched.IIN, Threshold.AWAITED): N_("an employee's IIN is awaited"),
    (Watched.PERSON, Threshold.AWAITED): N_(
        "somebody is awaited: to sign, approve or decide, or to act after a refusal"
    ),
    (Watched.PERMIT, Threshold.PERMIT_SECOND): N_("a foreigner's permit ends, second notice"),
    (Watched.PERMIT, Threshold.PERMIT_FIRST): N_("a foreigner's permit ends, first notice"),
    (Watched.TARGET, Threshold.TARGET_PASSED): N_("internal target passed (not a term of law)"),
    (Watched.TARGET, Threshold.TARGET_NEAR): N_("internal target near (not a term of law)"),
}
"""The worst first; an event stands under its worst."""
_ANSWERS: Final[Mapping[Threshold, str]] = {
    Threshold.CONTRADICTED: N_(
        "Look in the portal whether it is registered, then at the whole story: usrec submission show {id}"
    ),
    Threshold.UNRECOGNISED: N_(
        "It does not count as registered, and the same is sent again. Tell whoever looks after the agent that the wire "
        "profile may be out of date: usrec submission show {id}"
    ),
}
_RANKS: Final = {kind: rank for rank, kind in enumerate(HEADINGS)}
_TITLES: Final = tuple(HEADINGS.values())


def compose_alerts(alerts: Sequence[OpenAlert], *, language: str, now: datetime) -> tuple[str, str]:
    """Subject and text of one message.

    Args:
        alerts: One or more; an event may have several.
        language: ``kk``, ``ru`` or ``en``.
        now: Aware UTC.
    """
    groups = [(rank, list(events)) for rank, events in groupby(_worst_of_each_event(alerts), key=_rank)]
    with in_language(language):
        told = [_title(rank, len(events)) for rank, events in groups]
        subject = tr("USREC: {what}").format(what=", ".join(told))
        lines = list(_page(groups, kazakhstan_date(now)))
    return mask(subject), mask("\n".join(lines) + "\n")


def compose_test(sink: str, *, language: str) -> tuple[str, str]:
    """Subject and text of a message by which somebody tries whether a sink works."""
    with in_language(language):
        subject = tr("USREC: test message")
        text = tr("This is a test of the alert sink {sink}. Whoever reads it will be told of deadlines.")
    return subject, text.format(sink=sink) + "\n"


def alert_title(watched: Watched, threshold: Threshold) -> str:
    """What was reached."""
    return tr(HEADINGS[watched, threshold])


def _rank(one: OpenAlert) -> int:
    return _RANKS[one.alert.watched, one.alert.threshold]


def _worst_of_each_event(alerts: Sequence[OpenAlert]) -> Sequence[OpenAlert]:
    """One alert of each event, worst first and then by the last day."""
    worst: dict[tuple[str, str], OpenAlert] = {}
    for one in sorted(alerts, key=_rank):
        worst.setdefault((one.alert.source, one.alert.event_id), one)
    return sorted(worst.values(), key=lambda one: (_rank(one), one.legal_date or date.max, one.alert.submission_id))


def _title(rank: int, events: int) -> str:
    what, how_many = tr(_TITLES[rank]), ntr("{number} event", "{number} events", events)
    return f"{what} ({how_many})"


def _page(groups: Sequence[tuple[int, Sequence[OpenAlert]]], today: date) -> Iterator[str]:
    number = 0
    for rank, events in groups:
        title = _title(rank, len(events))
        yield title[:1].upper() + title[1:]
        yield ""
        for one in events[: max(0, MOST_NAMED - number)]:
            number += 1
            yield from _event(number, one, today)
            yield ""
    left_out = sum(len(events) for _, events in groups) - number
    if left_out:
        yield ntr("{number} more event is not named here.", "{number} more events are not named here.", left_out)
    yield from _last_words([one for _, events in groups for one in events])


def _event(number: int, one: OpenAlert, today: date) -> Iterator[str]:
    alert = one.alert
    operation = tr(OPERATIONS[alert.operation]) if alert.operation else tr("unknown event")
    employer = alert.employer or tr("an employer that is not configured")
    yield f"{number}. {operation[:1].upper()}{operation[1:]}, {employer}"
    facts = _permit_facts if alert.watched is Watched.PERMIT else _facts
    for name, value in facts(one, today):
        if value:
            yield f"   {name}: {value}"


def _facts(one: OpenAlert, today: date) -> Iterator[tuple[str, str]]:
    shown = one.alert.submission_id[:SHORT_ID]
    yield tr("Last day by law"), _day(one.legal_date, today)
    if one.legal_date is None:
        yield tr("Internal target, not a term of law"), _day(one.safe_date, today)
    else:
        yield tr("Safe date"), _day(one.safe_date if one.safe_date != one.legal_date else None, today)
    yield trigger_name(one.alert.operation), "" if one.trigger is None else one.trigger.isoformat()
    yield tr("In HR since"), kazakhstan_date(one.entered_at).isoformat()
    yield tr("HR's event"), one.event
    yield tr("Submission"), shown
    yield tr("Now"), _standing(one)
    yield tr("To do"), _to_do(one, shown)


def _to_do(one: OpenAlert, shown: str) -> str:
    if one.alert.watched is Watched.PAIR:
        return tr("See both halves: usrec pair list")
    if one.alert.watched is Watched.ANSWER:
        return tr(_ANSWERS[one.alert.threshold]).format(id=shown)
    if one.alert.watched is Watched.FORECAST:
        return tr("It stands for all that will be late: usrec status tells how many, and what the rate rests on")
    if one.alert.threshold is Threshold.ENTER_BY_HAND:
        return tr(
            "First take it out of the line, or it could be registered twice: usrec submission checkout {id} --for WHO "
            "--reason WHY. Then "
            "enter it in the portal (enbek.kz), keep the extract, and record it: usrec submission settle {id} "
            "--as accepted --evidence FILE --reason WHY"
        ).format(id=shown)
    if one.alert.threshold is Threshold.FIND_OUT:
        return tr(
            "Do not enter it by hand: it could be registered twice. Look in the portal (enbek.kz) whether it is there, "
            "and record what you find: usrec submission settle {id} --as accepted --evidence FILE --reason WHY"
        ).format(id=shown)
    if one.alert.watched is Watched.CLOCK:
        return tr("Set the clock of the agent's machine right; see usrec status")
    return step_out_of(one.state, one.wait_reason, shown, code=one.code, before=one.blocked_by)


def _permit_facts(one: OpenAlert, today: date) -> Iterator[tuple[str, str]]:
    yield tr("Permit valid to"), _day(one.alert.last_day, today)
    yield tr("HR's event"), one.event
    yield tr("Submission"), one.alert.submission_id[:SHORT_ID]
    step = tr(
        "Apply for a new permit or its prolongation in good time. When it is there, enter its number and days by an "
        "event contract_edit of the same contract_key; if USREC refuses that as too late, ask its support. Without a "
        "valid permit, management and the lawyer decide today whether the person may go on working"
    )
    yield tr("To do"), step


def _day(day: date | None, today: date) -> str:
    if day is None:
        return ""
    days = (day - today).days
    if days < 0:
        when = ntr("{number} day ago", "{number} days ago", -days)
    else:
        when = tr("today, until 24:00") if days == 0 else ntr("in {number} day", "in {number} days", days)
    return f"{day.isoformat()}, {when}"


def _standing(one: OpenAlert) -> str:
    state = tr(STATES[one.state])
    if one.code and (one.state is State.REJECTED or one.wait_reason in REFUSED_SO_FAR):
        return f"{state}; {code_words(one.code)}"
    if one.wait_reason is None:
        return state
    wait = tr(WAITS[one.wait_reason])
    return wait if one.state is State.INDETERMINATE else f"{state}; {wait}"


def _last_words(alerts: Sequence[OpenAlert]) -> Iterator[str]:
    yield tr("All about one of them: usrec submission show ID; all that are open: usrec status")
    if any(one.state is State.INDETERMINATE for one in alerts):
        yield tr("What is in doubt must not be entered by hand: it could be registered twice.")
    if any(one.alert.urgent for one in alerts):
        yield tr(
            "What cannot be sent in time can be entered in the enbek.kz portal: "
            "usrec submission checkout ID --for WHO --reason WHY"
        )
