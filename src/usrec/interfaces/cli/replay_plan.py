"""A replay's plan, as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from usrec.application.plan_replay import REPLAYED, Plan, Treatment
from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.tables import local_time, span
from usrec.interfaces.cli.words import TREATMENTS, code_words

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
    }


def plan_words(plan: Plan) -> Iterator[str]:
    """The plan for a person."""
    kinds = [turn.treatment for turn in plan.turns]
    yield f"Open submissions that match: {plan.matched}; to be replayed: {len(plan.turns)}"
    for treatment in sorted(REPLAYED):
        if treatment in kinds:
            yield f"  {kinds.count(treatment):>6}  {TREATMENTS[treatment]}"
    if plan.by_code:
        yield "Refused, by code:"
        yield from (f"  {number:>6}  {code_words(code)}" for code, number in sorted(plan.by_code.items()))
    if plan.unknown or plan.left_alone:
        yield "Left alone:"
        if plan.unknown:
            yield f"  {len(plan.unknown):>6}  {TREATMENTS[Treatment.UNKNOWN]}"
        yield from (f"  {number:>6}  {TREATMENTS[why]}" for why, number in plan.left_alone.items())
    if plan.turns:
        yield f"One every {span_exact(plan.interval)}; the last at {local_time(plan.finishes_at)} in Kazakhstan"
        yield from _misses("already late", plan.already_late)
        yield from _misses("will miss 24:00 of the legal date at this rate", plan.will_miss)


def span_exact(interval: timedelta) -> str:
    """An interval in seconds, or in words from a minute on."""
    return span(interval) if interval >= timedelta(minutes=1) else f"{interval.total_seconds():g} s"


def _misses(what: str, ids: Sequence[SubmissionId]) -> Iterator[str]:
    if ids:
        yield f"{len(ids)} {what}:"
        yield from (f"  {one}" for one in ids[:NAMED])
        if len(ids) > NAMED:
            yield f"  and {len(ids) - NAMED} more"
