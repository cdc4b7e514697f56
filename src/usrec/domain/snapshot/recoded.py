"""Codes that persons have corrected in the mapping: HR changed nothing, and nobody has signed an agreement.

Such a difference is no event: an amendment would name an agreement that does not exist, one for each contract
concerned. What is registered stays, until an event of HR's own carries the right code; a person is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from usrec.domain.snapshot.derived import HEADS, Derived
from usrec.domain.snapshot.staff import Fields, LeaveRow, StaffRow
from usrec.domain.snapshot.story import Story
from usrec.domain.source_event import Operation

_CARRIERS: Final = (*HEADS, Operation.AMENDMENT)
"""Events that say all terms anew, the right code among them."""


@dataclass(frozen=True, slots=True)
class Recoded:
    """A code that the mapping has now, and the wrong one that is registered.

    Attributes:
        number: Contracts or leaves that it concerns.
    """

    field: str
    was: str
    now: str
    number: int = 1


def as_registered(story: Story, row: StaffRow) -> tuple[StaffRow, Sequence[Recoded]]:
    """``row`` with what is registered in the place of codes that only the mapping has corrected.

    An event of the contract that is not registered yet takes the right code itself: then the row stays as it is.
    """
    carrier = story.last(_CARRIERS)
    if not row.formerly or (carrier is not None and not carrier.withdrawn):
        return row, ()
    contract, corrected = _kept(story.settled.contract, row.contract, row.formerly)
    ending, of_end = _kept(story.settled.ending, row.ending, row.formerly)
    return replace(row, contract=contract, ending=ending), (*corrected, *of_end)


def leave_as_registered(story: Story, row: LeaveRow) -> tuple[LeaveRow, Sequence[Recoded]]:
    """The same of a leave."""
    if not row.formerly or story.told:
        return row, ()
    leave, corrected = _kept(story.settled.leave, row.leave, row.formerly)
    return replace(row, leave=leave), corrected


def is_carried(events: Iterable[Derived]) -> bool:
    """Whether HR's own events say all terms anew."""
    return any(one.operation in _CARRIERS and not one.withdrawn for one in events)


def by_code(every: Iterable[Recoded]) -> Sequence[Recoded]:
    """Each correction once, with how much it concerns."""
    counted = Counter(every)
    return [replace(one, number=number) for one, number in sorted(counted.items(), key=lambda item: str(item[0]))]


def _kept(
    known: Fields | None, now: Fields, formerly: Mapping[str, frozenset[str]]
) -> tuple[Fields, Sequence[Recoded]]:
    corrected = [
        Recoded(name, known[name], now[name])
        for name, wrong in formerly.items()
        if known is not None and name in known and name in now and known[name] != now[name] and known[name] in wrong
    ]
    return {**now, **{one.field: one.was for one in corrected}}, corrected
