"""A replay's plan, as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from usrec.application.plan_replay import REPLAYED, Plan, Treatment
from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.forecast_words import forecast_json, forecast_words
from usrec.interfaces.cli.tables import local_time, span
from usrec.interfaces.cli.use_case_words import TREATMENTS
from usrec.interfaces.cli.words import code_words
from usrec.interfaces.i18n import tr

NAMED: Final = 20
"""How many submissions are named one by one."""


def plan_json(plan: Plan) -> dict[str, object]:
    """``usrec replay --plan --json``; of long lists of ids the first twenty."""
    kinds = [turn.treatment for turn in plan.turns]
    return {
        "at": plan.made_at,
        "matched": plan.matched,
        "by_code": dict(plan.by_code),
        "replayable": len(plan.turns),
        "new_versions": kinds.count(Treatment.NEW_VERSION),
        "same_bytes": kinds.count(Treatment.SAME_BYTES),
        "canary": plan.turns[0].id if plan.turns else None,
        "unknown": {"count": len(plan.unknown), "ids": list(plan.unknown[:NAMED])},
        "left_alone": {treatment.value: number for treatment, number in plan.left_alone.items()},
        "rate_per_second": round(timedelta(seconds=1) / plan.interval, 6),
        "finishes_at": plan.finishes_at,
        "already_late": {"count": len(plan.already_late), "ids": list(plan.already_late[:NAMED])},
        "will_miss": {"count": len(plan.will_miss), "ids": list(plan.will_miss[:NAMED])},
        "forecast": None if plan.forecast is None else forecast_json(plan.forecast),
    }


def plan_words(plan: Plan) -> Iterator[str]:
    """The plan for a person."""
    kinds = [turn.treatment for turn in plan.turns]
    matching = tr("Open submissions that match: {matched}; to be replayed: {number}")
    yield matching.format(matched=plan.matched, number=len(plan.turns))
    yield from (_line(kinds.count(kind), tr(TREATMENTS[kind])) for kind in sorted(REPLAYED) if kind in kinds)
    if plan.by_code:
        yield tr("Refused, by code:")
        yield from (_line(number, code_words(code)) for code, number in sorted(plan.by_code.items()))
    if plan.unknown or plan.left_alone:
        yield tr("Left alone:")
        if plan.unknown:
            yield _line(len(plan.unknown), tr(TREATMENTS[Treatment.UNKNOWN]))
        yield from (_line(number, tr(TREATMENTS[why])) for why, number in plan.left_alone.items())
    if plan.turns:
        pace = tr("One every {interval}; the last at {time} in Kazakhstan")
        yield pace.format(interval=span_exact(plan.interval), time=local_time(plan.finishes_at))
        yield from _misses(tr("{number} already late:"), plan.already_late)
        yield from _misses(tr("{number} will miss 24:00 of the legal date at this rate:"), plan.will_miss)
        yield from _forecast(plan)


def _line(number: int, text: str) -> str:
    return f"  {number:>6}  {text}"


def _forecast(plan: Plan) -> Iterator[str]:
    told = [] if plan.forecast is None else list(forecast_words(plan.forecast))
    if told:
        yield tr("Together with what is in the line already:")
        yield from (f"  {line}" for line in told)


def span_exact(interval: timedelta) -> str:
    """An interval in seconds, or in words from a minute on."""
    if interval >= timedelta(minutes=1):
        return span(interval)
    return tr("{seconds} s").format(seconds=f"{interval.total_seconds():g}")


def _misses(what: str, ids: Sequence[SubmissionId]) -> Iterator[str]:
    if ids:
        yield what.format(number=len(ids))
        yield from (f"  {one}" for one in ids[:NAMED])
        if len(ids) > NAMED:
            yield "  " + tr("and {number} more").format(number=len(ids) - NAMED)
