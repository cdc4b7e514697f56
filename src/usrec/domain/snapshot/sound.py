"""Whether a look shows the staff at all: a broken query must never pass for a mass dismissal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from usrec.domain.errors import SnapshotRefused
from usrec.domain.snapshot.contract import ending_of
from usrec.domain.snapshot.look import Memory
from usrec.domain.snapshot.staff import FoldedKey, Look, StaffRow, fold

_KEPT: Final = "The last snapshot stands; nothing was derived and no event is lost"
_ALWAYS_POSSIBLE: Final = 1
"""So many contracts may vanish from any staff, however small."""
_POSSIBLE_AT_ONCE: Final = 5
"""So many may end, or be entered late, between two looks at any staff."""
_ENTERED_WITHIN: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Soundness:
    """What is still a staff.

    Attributes:
        lost_percent: More of the running contracts may not vanish or end between two looks, nor more of the leaves be
            deleted, nor more of the rows be old contracts that were never seen.
    """

    lost_percent: int = 5


BY_DEFAULT: Final = Soundness()


def require_sound(
    look: Look, memory: Memory, bounds: Soundness, where: str, *, leaves_are_complete: bool = False
) -> None:
    """Make sure that ``look`` can be the staff.

    Args:
        leaves_are_complete: A leave whose row is gone was deleted.

    Raises:
        SnapshotRefused: It is empty, loses, ends or adds too many contracts, or deletes too many leaves, or lacks keys
            or does not tell them apart.
    """
    if not look.contracts:
        raise _refused("the query returned no row", where, "Run the query by hand; has a view or a right been lost?")
    _require_keys([row.key for row in look.contracts], "contract", where)
    _require_keys([row.key for row in look.leaves or ()], "leave", where)
    _require_likely(look, memory, bounds, where)
    if leaves_are_complete and look.leaves is not None:
        _require_leaves({fold(row.key) for row in look.leaves}, memory, bounds, where)


def _require_leaves(shown: Set[FoldedKey], memory: Memory, bounds: Soundness, where: str) -> None:
    """Neither may too many leaves be deleted at once, nor all."""
    standing = {key for key, one in memory.leaves.items() if one.belief.leave is not None and not one.closed}
    lost = len(standing - shown)
    if lost > max(_POSSIBLE_AT_ONCE if shown else _ALWAYS_POSSIBLE, bounds.lost_percent * len(standing) / 100):
        what = "leaves are missing from what the query of the leaves returned"
        raise _unlikely(lost, len(standing), what, where, "If all were truly deleted")


def _require_likely(look: Look, memory: Memory, bounds: Soundness, where: str) -> None:
    """Neither may too many running contracts be missing or end at once, nor too many old ones come from nowhere."""
    rows = {fold(row.key): row for row in look.contracts}
    running = {key for key, story in memory.contracts.items() if story.belief.ending is None and not story.closed}
    lost = len(running - rows.keys() - (look.seconded or set()))
    if lost > max(_ALWAYS_POSSIBLE, bounds.lost_percent * len(running) / 100):
        what = "running contracts are missing from what the query returned"
        raise _unlikely(lost, len(running), what, where, "If all have truly left")
    ended = sum(ending_of(rows[key]) is not None for key in running & rows.keys())
    if ended > max(_POSSIBLE_AT_ONCE, bounds.lost_percent * len(running) / 100):
        raise _unlikely(ended, len(running), "running contracts end at once", where, "If all have truly left")
    old = sum(_is_old(row, memory.taken_on) for key, row in rows.items() if key not in memory.contracts)
    if old > max(_POSSIBLE_AT_ONCE, bounds.lost_percent * len(rows) / 100):
        what = "contracts are old and were never seen; a first look that lacked them would enter them twice"
        advice = "If the first look was broken, give the source a new name. If none of them stands in USREC"
        raise _unlikely(old, len(rows), what, where, advice)


def _is_old(row: StaffRow, taken_on: date | None) -> bool:
    """Whether the paper of a contract is older than HR takes to enter it."""
    day = row.contract.get("signed_on") or row.contract.get("contract_date")
    return taken_on is not None and day is not None and day < (taken_on - _ENTERED_WITHIN).isoformat()


def _unlikely(number: int, of: int, what: str, where: str, advice: str) -> SnapshotRefused:
    return _refused(
        f"{number} of {of} {what}",
        where,
        f"Run the query by hand. {advice}, set lost_percent to {-(-100 * number // of)}, "
        "look with usrec source preview, and set it back after one look",
    )


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
