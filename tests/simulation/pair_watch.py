"""What must hold of transfers in two halves: by what stands in the ledger, reckoned here once more by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from simulation.world import World
from usrec.domain.digest import DigestPolicy
from usrec.domain.kazakhstan_time import day_start_utc, kazakhstan_date

TOLD_OF: Final = "of a transfer that is not whole somebody is told on each working day"
QUIET: Final = "of a transfer that is whole nobody is told"

_STANDING: Final = (
    "SELECT event_id, operation, employer_bin, contract_key, details, received_at FROM submissions"
    " WHERE replaced_by IS NULL AND state NOT IN ('cancelled', 'invalid')"
    " AND operation IN ('conclusion', 'termination')"
)
_ALERTS: Final = "SELECT event_id, threshold, last_day, closed_at IS NULL FROM alerts WHERE watched = 'pair'"
_MISSED_AFTER: Final = timedelta(days=2)
_A_WHILE: Final = timedelta(hours=2)
"""After a digest's time, or after a half came, agents have looked."""

Read = Callable[..., Sequence[tuple[Any, ...]]]


@dataclass(frozen=True)
class Half:
    """What stands of one event."""

    event_id: str
    operation: str
    employer_bin: str
    contract_key: str
    details: Mapping[str, str]
    received_at: datetime

    @property
    def key(self) -> str:
        """Its ``pair_key``, empty without one."""
        return self.details.get("pair_key") or ""

    @property
    def day(self) -> date:
        """When the old contract ends, or the new one begins."""
        return date.fromisoformat(self.details["termination_date" if self.operation == "termination" else "begin_date"])


@dataclass
class PairWatch:
    """Looks at the end, when days have gone by in which nothing else happened."""

    world: World
    read: Read
    digests: DigestPolicy

    def look(self, since: datetime) -> None:
        """All transfers; reminders from ``since`` on.

        Raises:
            ViolationError: Somebody was not told, or is told for nothing.
        """
        standing = [
            Half(event, kind, bin_, contract, json.loads(details), datetime.fromisoformat(at))
            for event, kind, bin_, contract, details, at in self.read(_STANDING)
        ]
        people = {one.contract_key: one.details["employee_iin"] for one in standing if one.operation == "conclusion"}
        told = list(self.read(_ALERTS))
        halves = sorted((one for one in standing if one.key), key=lambda one: (one.key, one.received_at))
        wrong: dict[str, str] = {}
        for key, some in groupby(halves, key=lambda one: one.key):
            pair = list(some)
            flaw = _flaw(pair, people)
            wrong |= {one.event_id: flaw for one in pair}
            for day in self._days(pair, flaw, since):
                found = any((event, threshold, at) in _expected(pair, flaw, day) for event, threshold, at, _ in told)
                self.world.holds(TOLD_OF, found, lambda k=key, d=day, f=flaw: f"{k}: {f}, and nobody was told on {d}")  # type: ignore[misc]
        for event, threshold, _, is_open in told:
            true = not is_open or wrong.get(event, "") == threshold
            self.world.holds(QUIET, true, lambda e=event, t=threshold: f"{e}: {t} is told, and is not so")  # type: ignore[misc]

    def _days(self, pair: Sequence[Half], flaw: str, since: datetime) -> Iterator[date]:
        """The working days on which somebody must have been told."""
        if not flaw:
            return
        first = max(one.received_at for one in pair)
        if flaw == "half_missing":
            first = day_start_utc(max(pair[0].day, kazakhstan_date(pair[0].received_at)) + _MISSED_AFTER)
        digest = self.digests.next(max(first, since) + _A_WHILE)
        while digest + _A_WHILE < self.world.now:
            yield kazakhstan_date(digest)
            digest = self.digests.next(digest + timedelta(seconds=1))


def _expected(pair: Sequence[Half], flaw: str, day: date) -> set[tuple[str, str, str]]:
    return {(one.event_id, flaw, day.isoformat()) for one in pair}


def _flaw(pair: Sequence[Half], people: Mapping[str, str]) -> str:
    """What is wrong, as alerts call it; empty when nothing is."""
    ends = [one for one in pair if one.operation == "termination"]
    begins = [one for one in pair if one.operation == "conclusion"]
    if len(ends) > 1 or len(begins) > 1:
        return "halves_contradict"
    if not ends or not begins:
        return "" if pair[0].details.get("pair_elsewhere") == "true" else "half_missing"
    left, come = ends[0], begins[0]
    same_person = people.get(left.contract_key, come.details["employee_iin"]) == come.details["employee_iin"]
    fits = left.employer_bin != come.employer_bin and same_person and left.day <= come.day
    return "" if fits else "halves_contradict"
