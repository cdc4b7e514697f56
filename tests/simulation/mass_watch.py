"""What must hold of many changes that are held as one, read from the journal and from who is in which batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from simulation.journal_watch import Row
from simulation.mass_desk import WRONG_EXPORT
from simulation.world import World
from usrec.domain.chain import ChainLine

MASS: Final = "nothing of an undecided or taken back batch is sent"
ALONE: Final = "what a person let go alone is not held with its batch again"
DECIDED: Final = "a batch is decided about once, and that reaches each of its events"

_LETS_GO_ALONE: Final = frozenset({"release", "resend", "check_out"})
_WITH_A_PERSON: Final = frozenset({"held_by_person", "checked_out", "needs_decision"})
_UNDECIDED: Final = (
    "SELECT submission_id, state, status, wait_reason, fence FROM mass_batches JOIN mass_members ON batch = name"
    " JOIN submissions ON id = submission_id JOIN outbox USING (submission_id) WHERE decision IS NULL"
)
_ANY_FENCE: Final = 1 << 60

Read = Callable[..., Sequence[tuple[Any, ...]]]


@dataclass
class MassWatch:
    """Follows the batches.

    Attributes:
        owed: By submission, what was decided about its batch and has not reached it.
    """

    world: World
    read: Read
    owed: dict[str, str] = field(default_factory=dict)
    _held: dict[str, str] = field(default_factory=dict)
    _back: set[str] = field(default_factory=set)
    _alone: set[str] = field(default_factory=set)
    _decided: set[str] = field(default_factory=set)
    _members: dict[str, int] = field(default_factory=dict)

    def follow(self, lines: Sequence[ChainLine], events: Mapping[str, Row]) -> None:
        """New lines of the journal; then who stands in a batch about which nobody has decided."""
        for line in lines:
            if line.submission_id is None:
                self._decision(line)
            else:
                self._next(line, line.submission_id, events)
        self._members = {which: self._members.get(which, _spared(*stands)) for which, *stands in self.read(_UNDECIDED)}

    def _decision(self, line: ChainLine) -> None:
        if line.action not in {"mass_released", "mass_cancelled"}:
            return
        name = json.loads(line.detail)["batch"]
        self.world.holds(DECIDED, name not in self._decided, lambda: f"{name} is {line.action} the second time")
        self._decided.add(name)
        self.owed |= {which: line.action for which, batch in self._held.items() if batch == name}

    def _next(self, line: ChainLine, which: str, events: Mapping[str, Row]) -> None:
        holds, told = self.world.holds, lambda: f"{events[which].event_id}: {line.action} ({line.reason})"
        if line.action == "mass_hold":
            holds(ALONE, which not in self._alone, told)
            self._held[which] = line.reason
        elif line.action == "mass_release":
            holds(DECIDED, self.owed.pop(which, "") == "mass_released", told)
        elif line.action == "cancel" and line.reason == WRONG_EXPORT:
            holds(DECIDED, self.owed.pop(which, "") == "mass_cancelled", told)
            self._back.add(which)
        elif line.action == "attempt_opened":
            spared = self._members.get(which, _ANY_FENCE) >= json.loads(line.detail)["fence"]
            holds(MASS, spared and which not in self._held and which not in self._back, told)
            self._members[which] = _ANY_FENCE
        if line.action in _LETS_GO_ALONE:
            self._alone.add(which)
        if line.action in _ENDS:
            self.owed.pop(which, None)
            self._held.pop(which, None)
            self._members.pop(which, None)


_ENDS: Final = _LETS_GO_ALONE | {"mass_release", "cancel", "invalidate", "hold"}
"""It is held with its batch no more."""


def _spared(state: str, status: str, wait_reason: str | None, fence: int) -> int:
    """Up to which fence an event may go out that was in hand when its batch began."""
    if state != "pending" or wait_reason in _WITH_A_PERSON:
        return _ANY_FENCE
    return fence if status == "claimed" else -1
