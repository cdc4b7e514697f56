"""Fields that are different now, and the correction of what is registered otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from usrec.domain.snapshot.derived import Telling, Why
from usrec.domain.snapshot.staff import Fields
from usrec.domain.snapshot.story import Facts
from usrec.domain.source_event import Operation


def different(known: Fields | None, now: Fields) -> list[str]:
    """Names of the fields whose values differ."""
    known = known or {}
    return sorted(name for name in {*known, *now} if known.get(name) != now.get(name))


def with_values(known: Fields | None, now: Fields, names: Sequence[str]) -> Fields:
    """``known`` with the values of ``names`` as they are now."""
    kept = {name: value for name, value in (known or {}).items() if name not in names}
    return kept | {name: now[name] for name in names if name in now}


def edit(telling: Telling, operation: Operation, after: Facts, why: Why, names: Sequence[str]) -> None:
    """Tell a correction, or its next revision while nothing was told behind it."""
    open_one = telling.story.last([operation])
    if open_one is not None and open_one is telling.story.told[-1]:
        telling.revise(open_one, after, Why.NOT_SENT_YET, names)
    else:
        telling.tell(operation, after, why, names)
