"""The whole staff at one moment against what was told of it: events, puzzles, and what is remembered.

The first look at a staff tells nothing: who stands there was hired long ago, and was entered by other means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from usrec.domain.onboarding import folded_number
from usrec.domain.snapshot.contract import facts_of, tell_contract, tell_gone
from usrec.domain.snapshot.derived import Derived, Puzzle, PuzzleKind, Telling
from usrec.domain.snapshot.leave import tell_leave, tell_leave_gone
from usrec.domain.snapshot.recoded import Recoded, by_code, leave_as_registered
from usrec.domain.snapshot.staff import Fields, FoldedKey, LeaveRow, Look, StaffRow, fold
from usrec.domain.snapshot.story import Facts, Fate, Story, settle
from usrec.domain.source_event import EventId, Operation


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a staff.

    Attributes:
        taken_on: Day of the last look in Kazakhstan; None before the first.
        contracts: By folded key.
        leaves: By folded key.
    """

    taken_on: date | None = None
    contracts: Mapping[FoldedKey, Story] = field(default_factory=dict)
    leaves: Mapping[FoldedKey, Story] = field(default_factory=dict)

    @property
    def open_events(self) -> Sequence[EventId]:
        """Events whose fate is asked for."""
        stories = (*self.contracts.values(), *self.leaves.values())
        return [one.event_id for story in stories for one in story.told]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a look at the staff makes.

    Attributes:
        contracts: The stories that changed, by folded key.
        leaves: The same of leaves.
        recoded: Codes that only the mapping has corrected; what is registered has the wrong ones.
        is_first: It was the first look: nothing was derived of those who stand already.
    """

    events: Sequence[Derived]
    puzzles: Sequence[Puzzle]
    contracts: Mapping[FoldedKey, Story]
    leaves: Mapping[FoldedKey, Story]
    is_first: bool = False
    recoded: Sequence[Recoded] = ()


def differ(
    memory: Memory,
    look: Look,
    fates: Mapping[EventId, Fate],
    *,
    new_from: date | None = None,
    leaves_are_complete: bool = False,
) -> Difference:
    """What is new in ``look``, which is sound (:func:`~usrec.domain.snapshot.sound.require_sound`).

    Args:
        fates: What became of the events that were told.
        new_from: In a first look, what was signed or ended on this day or later is new.
        leaves_are_complete: A leave whose row is gone was deleted; else it only lies too far back.
    """
    return _Differing(memory, look, fates, new_from, leaves_are_complete).whole()


class _Differing:
    def __init__(
        self,
        memory: Memory,
        look: Look,
        fates: Mapping[EventId, Fate],
        new_from: date | None,
        leaves_are_complete: bool,  # noqa: FBT001 -- private, and passed on once
    ) -> None:
        self._memory = memory
        self._look = look
        self._fates = fates
        self._new_from = new_from
        self._complete = leaves_are_complete
        self._since = memory.taken_on or look.day
        self._refused = {event_id for event_id, fate in fates.items() if fate.refused}
        self._is_first = memory.taken_on is None
        self._moved = _moved(memory, look)
        self._seconded = look.seconded or frozenset[FoldedKey]()
        self._elsewhere = _elsewhere(memory, look)
        self._events: list[Derived] = []
        self._puzzles: list[Puzzle] = []
        self._recoded: list[Recoded] = []
        self._contracts: dict[FoldedKey, Story] = {}
        self._leaves: dict[FoldedKey, Story] = {}

    def whole(self) -> Difference:
        rows = {fold(row.key): row for row in self._look.contracts}
        for key in sorted({*rows, *self._memory.contracts}):
            self._contract(key, rows.get(key))
        of_contracts, self._events = self._events, []
        leaves = {fold(row.key): row for row in self._look.leaves or ()}
        for key in sorted({*leaves, *(self._memory.leaves if self._look.leaves is not None else ())}):
            self._leave(key, leaves.get(key))
        events = _in_order(of_contracts, self._events)
        return Difference(events, self._puzzles, self._contracts, self._leaves, self._is_first, by_code(self._recoded))

    def _contract(self, key: FoldedKey, row: StaffRow | None) -> None:
        known = self._memory.contracts.get(key)
        if known is not None and known.closed:
            return
        if known is not None:
            story = settle(known, self._fates)
        elif row is not None and _identity(row.contract) in self._moved:
            self._puzzles.append(Puzzle(PuzzleKind.OTHER_KEY, row.key))
            return
        elif row is not None and row.contract.get("employee_iin") in self._elsewhere:
            self._puzzles.append(Puzzle(PuzzleKind.OTHER_EMPLOYER, row.key))
            return
        elif row is not None:
            story = Story(row.key, row.employer_bin, self._standing(row))
        else:
            return
        puzzle = None
        if row is None and (key in self._seconded or _identity(story.settled.contract) in self._moved):
            telling = Telling(story, self._since, None)
        elif row is None and (story.belief.contract or {}).get("employee_iin") in self._elsewhere:
            telling, puzzle = Telling(story, self._since, None), Puzzle(PuzzleKind.OTHER_EMPLOYER, story.key)
        elif row is None:
            telling = tell_gone(story, self._since)
        else:
            telling, puzzle, recoded = tell_contract(story, row, self._since)
            self._recoded += recoded
        if puzzle is None:
            telling.tell_again(self._refused)
        self._keep(telling, known, key, self._contracts)
        self._puzzles += [puzzle] if puzzle else []

    def _leave(self, key: FoldedKey, row: LeaveRow | None) -> None:
        known = self._memory.leaves.get(key)
        if known is not None and known.closed:
            return
        if row is None:
            if known is not None:
                telling = self._leave_gone(settle(known, self._fates))
                self._keep(telling, known, key, self._leaves)
            return
        owner = fold(row.contract_key)
        contract = self._contracts.get(owner) or self._memory.contracts.get(owner)
        if contract is None:
            self._puzzles.append(Puzzle(PuzzleKind.LEAVE_WITHOUT_CONTRACT, row.key))
            return
        fields = contract.belief.contract or {}
        first = Facts(contract=fields, leave=row.leave) if self._is_old(row.leave.get("not_worked_from")) else Facts()
        story = settle(known, self._fates) if known else Story(contract.key, contract.employer_bin, first)
        row, recoded = leave_as_registered(story, row)
        self._recoded += recoded
        telling = tell_leave(story, row, fields, self._since, len(contract.told))
        telling.tell_again(self._refused)
        self._keep(telling, known, key, self._leaves)

    def _leave_gone(self, story: Story) -> Telling:
        return tell_leave_gone(story, self._since) if self._complete else Telling(story, self._since, None)

    def _keep(self, telling: Telling, known: Story | None, key: FoldedKey, kept: dict[FoldedKey, Story]) -> None:
        self._events += telling.events
        if telling.story != known:
            kept[key] = telling.story

    def _standing(self, row: StaffRow) -> Facts:
        """What counts as registered of a contract that was never seen: in a first look all that is old."""
        if not self._is_old(row.contract.get("signed_on") or row.contract.get("contract_date")):
            return Facts()
        facts = facts_of(row)
        if not self._is_old(row.agreement.get("signed_on") or row.agreement.get("agreement_date")):
            facts = replace(facts, agreement={})
        if not self._is_old(row.ending.get("termination_date")):
            facts = replace(facts, ending=None)
        return facts

    def _is_old(self, day: str | None) -> bool:
        if not self._is_first:
            return False
        return self._new_from is None or not day or day < self._new_from.isoformat()


_Identity = tuple[str, str, str] | None


def _identity(contract: Fields | None) -> _Identity:
    """What a contract is recognised by when its key has changed; None where it is not given whole."""
    iin, number, day = ((contract or {}).get(name) for name in ("employee_iin", "contract_number", "contract_date"))
    return (iin, folded_number(number), day) if iin and number and day else None


def _moved(memory: Memory, look: Look) -> frozenset[_Identity]:
    """Contracts that stand in the registry and that ``look`` shows under a key which was never seen."""
    known = {_identity(story.settled.contract) for story in memory.contracts.values()}
    new = {_identity(row.contract) for row in look.contracts if fold(row.key) not in memory.contracts}
    return frozenset(known & new - {None})


def _elsewhere(memory: Memory, look: Look) -> frozenset[str | None]:
    """Persons whose row of a running contract is gone, while a new one names another employer.

    That is a secondment, a transfer or chance. Nobody but the mapping can tell: with a rule for secondments, what it
    does not name is none.
    """
    if look.seconded is not None:
        return frozenset()
    rows = {fold(row.key): row for row in look.contracts}
    new: dict[str, set[str]] = {}
    for key, row in rows.items():
        if key not in memory.contracts and (iin := row.contract.get("employee_iin")):
            new.setdefault(iin, set()).add(row.employer_bin)
    gone = ((story.belief, story.employer_bin) for key, story in memory.contracts.items() if key not in rows)
    running = (((facts.contract or {}).get("employee_iin"), one) for facts, one in gone if facts.ending is None)
    return frozenset(iin for iin, employer in running if iin and new.get(iin, set()) - {employer})


def _in_order(of_contracts: Sequence[Derived], of_leaves: Sequence[Derived]) -> Sequence[Derived]:
    """Leaves stand before the end of their contract that the same look shows: afterwards no leave is taken."""
    waiting: dict[str, list[Derived]] = {}
    for one in of_leaves:
        waiting.setdefault(one.contract_key, []).append(one)
    events: list[Derived] = []
    for one in of_contracts:
        if one.operation is Operation.TERMINATION and not one.withdrawn:
            events += waiting.pop(one.contract_key, [])
        events.append(one)
    return [*events, *(one for ones in waiting.values() for one in ones)]
