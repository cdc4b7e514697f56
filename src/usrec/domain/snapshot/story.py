"""What was told of one contract, or of one leave: what is settled, and the events whose fate is still open.

The next event follows from the difference between what HR shows and what will be registered when everything that was
told is registered. So it does not matter at which moments HR was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from usrec.domain.snapshot.staff import Fields
from usrec.domain.source_event import EventId, Operation


@dataclass(frozen=True, slots=True)
class Facts:
    """What is registered, or will be.

    Attributes:
        contract: Fields of the contract; None before it is concluded.
        agreement: The last agreement's own fields.
        ending: Fields of the termination, empty where HR gives none yet; None while the contract runs.
        comeback: Fields of the last reinstatement.
        ended: Fields of the termination that it undid.
        leave: Fields of a leave; None before it is entered and after it was deleted.
        agreement_event: The event of the last agreement.
        leave_event: The event of the leave.
    """

    contract: Fields | None = None
    agreement: Fields = field(default_factory=dict)
    ending: Fields | None = None
    comeback: Fields = field(default_factory=dict)
    ended: Fields = field(default_factory=dict)
    leave: Fields | None = None
    agreement_event: str = ""
    leave_event: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An event whose fate is open.

    Attributes:
        after: What is registered once it is, by its revisions, the first one first.
        withdrawn: The last revision takes it back.
        provisional_from: The first day from which its term may run; None where it tells its own.
        behind: How many events with an open fate it stood behind when it was told last.
    """

    event_id: EventId
    operation: Operation
    after: tuple[Facts, ...]
    withdrawn: bool = False
    provisional_from: date | None = None
    behind: int = 0

    @property
    def revision(self) -> int:
        """The last revision; they count from 1."""
        return len(self.after)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an event that was told.

    Attributes:
        accepted: The revision that is registered; None while none is.
        cancelled: Its last revision was taken back, by HR or by a person.
        refused: The rules refused its last revision; it was not sent.
    """

    accepted: int | None = None
    cancelled: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What was told of one contract or leave.

    Attributes:
        key: HR's key, as it was spelt first: events go on under it.
        counted: How many events were told of it.
        closed: Its data was pruned; nothing is derived any more.
    """

    key: str
    employer_bin: str
    settled: Facts
    told: tuple[Told, ...] = ()
    counted: int = 0
    closed: bool = False

    @property
    def belief(self) -> Facts:
        """What is registered once everything that was told is."""
        believed = self.settled
        for one in self.told:
            believed = believed if one.withdrawn else one.after[-1]
        return believed

    def before(self, event_id: EventId) -> Facts:
        """What is registered before an event that was told."""
        believed = self.settled
        for one in self.told:
            if one.event_id == event_id:
                break
            believed = believed if one.withdrawn else one.after[-1]
        return believed

    def last(self, operations: Sequence[Operation]) -> Told | None:
        """The last of these whose fate is open."""
        return next((one for one in reversed(self.told) if one.operation in operations), None)

    def put(self, told: Told) -> Story:
        """With ``told`` in the place of its earlier revision, or behind the others; those behind it build on it."""
        found = self.place(told.event_id)
        if found == len(self.told):
            return replace(self, told=(*self.told, told), counted=self.counted + 1)
        before = self.before(told.event_id)
        meant, is_now = (before if one.withdrawn else one.after[-1] for one in (self.told[found], told))
        rest = tuple(_rebased(one, meant, is_now) for one in self.told[found + 1 :])
        return replace(self, told=(*self.told[:found], told, *rest))

    def place(self, event_id: EventId) -> int:
        """Where an event stands among those whose fate is open; behind all of them when it is not there."""
        return next((number for number, one in enumerate(self.told) if one.event_id == event_id), len(self.told))

    def exchange(self, told: Told) -> Story:
        """With ``told`` in the place of its earlier revision, and nothing else moved."""
        return replace(self, told=tuple(told if one.event_id == told.event_id else one for one in self.told))

    def learn(self, learned: Callable[[Facts], Facts]) -> Story:
        """With what is settled said better than it could be said before; events behind it build on that."""
        better = learned(self.settled)
        if better == self.settled:
            return self
        return replace(self, settled=better, told=tuple(_rebased(one, self.settled, better) for one in self.told))

    def absorb(self, changed: Callable[[Facts], Facts]) -> Story:
        """With what no event carries taken as it is."""
        told = tuple(replace(one, after=tuple(map(changed, one.after))) for one in self.told)
        return replace(self, settled=changed(self.settled), told=told)


def settle(story: Story, fates: Mapping[EventId, Fate]) -> Story:
    """``story`` with what is known by now, in whatever order it became known."""
    for one in story.told:
        fate = fates.get(one.event_id, Fate())
        if fate.accepted is not None:
            story = _registered(story, one, one.after[min(fate.accepted, one.revision) - 1])
        elif fate.cancelled and one.withdrawn:
            story = replace(story, told=tuple(other for other in story.told if other.event_id != one.event_id))
        elif fate.cancelled:
            story = _registered(story, one, one.after[-1])
    return story


def _registered(story: Story, event: Told, after: Facts) -> Story:
    """``event`` is registered as ``after``; a later revision of it came too late, and those behind build on that."""
    number = next(place for place, one in enumerate(story.told) if one.event_id == event.event_id)
    event, before = story.told[number], story.before(event.event_id)
    meant = before if event.withdrawn else event.after[-1]

    def moved(facts: Facts) -> Facts:
        return rebase(after, before, facts)

    earlier = tuple(replace(one, after=tuple(map(moved, one.after))) for one in story.told[:number])
    later = tuple(_rebased(one, meant, after) for one in story.told[number + 1 :])
    return replace(story, settled=moved(story.settled), told=(*earlier, *later))


def _rebased(told: Told, meant: Facts, registered: Facts) -> Told:
    if meant == registered:
        return told
    return replace(told, after=tuple(rebase(one, meant, registered) for one in told.after))


def rebase(facts: Facts, meant: Facts, registered: Facts) -> Facts:
    """``facts`` that were built on ``meant``, built on ``registered``: what they did not change themselves follows."""
    changed = facts
    for name in ("agreement", "ending", "comeback", "ended", "leave", "agreement_event", "leave_event"):
        if getattr(facts, name) == getattr(meant, name):
            changed = replace(changed, **{name: getattr(registered, name)})
    if facts.contract == meant.contract:
        return replace(changed, contract=registered.contract)
    if facts.contract is not None and meant.contract is not None and registered.contract is not None:
        changed = replace(changed, contract=_rebased_fields(facts.contract, meant.contract, registered.contract))
    return changed


def _rebased_fields(fields: Fields, meant: Fields, registered: Fields) -> Fields:
    names = {*fields, *meant, *registered}
    values = {name: registered.get(name) if fields.get(name) == meant.get(name) else fields.get(name) for name in names}
    return {name: value for name, value in values.items() if value is not None}
