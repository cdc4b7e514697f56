"""Whether a look shows the staff at all: a broken query must never pass for a mass dismissal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from usrec.domain.errors import SnapshotRefused
from usrec.domain.snapshot.look import Memory
from usrec.domain.snapshot.staff import Look, fold

_KEPT: Final = "The last snapshot stands; nothing was derived and no event is lost"
_ALWAYS_POSSIBLE: Final = 1
"""So many contracts may vanish from any staff, however small."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """What is still a staff.

    Attributes:
        lost_percent: More of the running contracts may not vanish between two looks.
    """

    lost_percent: int = 5


BY_DEFAULT: Final = Soundness()


def require_sound(look: Look, memory: Memory, bounds: Soundness, where: str) -> None:
    """Make sure that ``look`` can be the staff.

    Raises:
        SnapshotRefused: It is empty, loses too many contracts, or has keys that are missing or not told apart.
    """
    if not look.contracts:
        raise _refused("the query returned no row", where, "Run the query by hand; has a view or a right been lost?")
    _require_keys([row.key for row in look.contracts], "contract", where)
    _require_keys([row.key for row in look.leaves or ()], "leave", where)
    running = {key for key, story in memory.contracts.items() if _runs(story.belief.ending) and not story.closed}
    lost = len(running - {fold(row.key) for row in look.contracts})
    if lost > max(_ALWAYS_POSSIBLE, bounds.lost_percent * len(running) / 100):
        raise _refused(
            f"{lost} of {len(running)} running contracts are missing from what the query returned",
            where,
            f"Run the query by hand. If all have truly left, set lost_percent to {-(-100 * lost // len(running))}, "
            "look with usrec source preview, and set it back after one look",
        )


def _runs(ending: object) -> bool:
    return ending is None


def _require_keys(keys: Sequence[str], what: str, where: str) -> None:
    empty = sum(not key for key in keys)
    if empty:
        raise _refused(f"{empty} rows have no {what} key", where, "Correct key in the mapping file, or the rows")
    twice = _twice(map(fold, keys))
    if twice:
        raise _refused(
            f"{twice} {what} keys stand in more than one row, or differ only in case, blanks or forms of letters",
            where,
            "Make the query return each once; declare slices where it has one row for each time slice",
        )


def _twice(keys: Iterable[str]) -> int:
    return sum(number > 1 for number in Counter(keys).values())


def _refused(what: str, where: str, next_step: str) -> SnapshotRefused:
    return SnapshotRefused(what, where=where, kept=_KEPT, next_step=next_step)
