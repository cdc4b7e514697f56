"""What the forecast and the last day look like, as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from usrec.domain.forecast import Forecast, RateBasis
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.last_day import Advice
from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.tables import local_time, span
from usrec.interfaces.i18n import N_, ntr, tr

NAMED: Final = 20
"""How many dates, or submissions, are named one by one."""

BASES: Final[Mapping[RateBasis, str]] = {
    RateBasis.MEASURED: N_("At {rate} decisions a minute, as in the last {span}, the last one goes at {time}"),
    RateBasis.CAP: N_("At most {rate} messages a minute go by [delivery] rate; the last one goes at {time} or later"),
    RateBasis.PLAN: N_("At the {rate} messages a minute of this plan, the last one goes at {time}"),
    RateBasis.TOO_SHORT: N_("How fast they go is not known yet, so nothing is foretold"),
    RateBasis.STALLED: N_("Nothing goes through: the last exchanges brought no decision, so nothing is foretold"),
    RateBasis.IDLE: N_("Nothing is being sent, so nothing is foretold; is an agent running?"),
}


def forecast_json(forecast: Forecast) -> dict[str, object]:
    """``forecast`` of ``usrec status --json`` and of a replay's plan."""
    rate = forecast.rate
    return {
        "waiting": forecast.waiting,
        "rate_per_minute": None if rate.per_minute is None else round(rate.per_minute, 3),
        "rate_basis": rate.basis,
        "decided": rate.decided,
        "measured_seconds": round(rate.over.total_seconds()),
        "empty_at": forecast.empty_at,
        "late": forecast.late,
        "late_safe": forecast.late_safe,
        "scheduled": forecast.dated,
        "scheduled_late": forecast.dated_late,
        "misses": [{"due": one.due_utc, "number": one.number, "late": one.late} for one in forecast.misses[:NAMED]],
    }


def last_day_json(advice: Mapping[SubmissionId, Advice]) -> dict[str, object]:
    """``last_day`` of ``usrec status --json``; of long lists of ids the first twenty."""
    by_hand, unsure = _told(advice, Advice.PORTAL), _told(advice, Advice.FIND_OUT)
    return {
        "enter_by_hand": len(by_hand),
        "enter_by_hand_ids": by_hand[:NAMED],
        "find_out": len(unsure),
        "find_out_ids": unsure[:NAMED],
    }


def forecast_words(forecast: Forecast) -> Iterator[str]:
    """Nothing where nothing waits and nothing comes too late."""
    rate = forecast.rate
    if rate.basis is not RateBasis.EMPTY:
        yield ""
        yield ntr("{number} waits to be sent", "{number} wait to be sent", forecast.waiting)
        yield tr(BASES[rate.basis]).format(
            rate=f"{rate.per_minute or 0:.3g}",
            span=span(max(rate.over, timedelta(minutes=1))),
            time="" if forecast.empty_at is None else local_time(forecast.empty_at),
        )
    if forecast.dated_late:
        late = forecast.dated_late
        yield ntr(
            "{number} waits for a time after its last day by law",
            "{number} wait for a time after their last day by law",
            late,
        )
    if forecast.late:
        yield ntr("{number} will be late at this rate", "{number} will be late at this rate", forecast.late)
    yield from _misses(forecast)
    if forecast.late_safe and forecast.late_safe != forecast.late:
        yield ntr("{number} will miss the safe date", "{number} will miss the safe date", forecast.late_safe)


def _misses(forecast: Forecast) -> Iterator[str]:
    by_day: dict[str, list[int]] = {}
    for one in forecast.misses:
        sums = by_day.setdefault(kazakhstan_date(one.due_utc - timedelta(microseconds=1)).isoformat(), [0, 0])
        sums[0] += one.late
        sums[1] += one.number
    for day, (late, number) in sorted(by_day.items())[:NAMED]:
        yield "  " + tr("last day {day}: {late} of {number}").format(day=day, late=late, number=number)


def last_day_words(advice: Mapping[SubmissionId, Advice]) -> Iterator[str]:
    """What a person should do today; nothing where all will make it."""
    by_hand, unsure = _told(advice, Advice.PORTAL), _told(advice, Advice.FIND_OUT)
    if by_hand:
        yield ""
        yield ntr(
            "LAST DAY: {number} will not make it today and can be entered in the portal (enbek.kz). First take it out "
            "of the line:",
            "LAST DAY: {number} will not make it today and can be entered in the portal (enbek.kz). First take each "
            "out of the line:",
            len(by_hand),
        )
        take_out = tr("usrec submission checkout {id} --for WHO --reason WHY")
        yield from ("  " + take_out.format(id=one) for one in by_hand[:NAMED])
        yield from _more(by_hand)
        yield tr(
            "Only then enter it, keep the extract, and record it: "
            "usrec submission settle {id} --as accepted --evidence FILE --reason WHY"
        ).format(id=by_hand[0] if len(by_hand) == 1 else "ID")
    if unsure:
        yield ""
        yield ntr(
            "LAST DAY: {number} will not make it today and may be registered already. Do not enter it by hand; look in "
            "the portal whether it is there:",
            "LAST DAY: {number} will not make it today and may be registered already. Do not enter them by hand; look "
            "in the portal whether they are there:",
            len(unsure),
        )
        yield from (f"  usrec submission show {one}" for one in unsure[:NAMED])
        yield from _more(unsure)


def _more(ids: Sequence[SubmissionId]) -> Iterator[str]:
    if len(ids) > NAMED:
        yield "  " + tr("and {number} more").format(number=len(ids) - NAMED)


def _told(advice: Mapping[SubmissionId, Advice], what: Advice) -> list[SubmissionId]:
    return [one for one, told in advice.items() if told is what]
