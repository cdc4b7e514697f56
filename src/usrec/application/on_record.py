"""What the ledger holds about the events and contracts of one portion of rows.

It is read at once, in a number of statements that does not grow with the portion, when the contracts are locked. What
the portion adds is remembered here; whatever else it changes is read again when it is asked for. What no lock holds
still is never remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from usrec.domain.onboarding import ImportedContract
from usrec.domain.source_event import HEADS, ContractKey
from usrec.domain.state import State
from usrec.domain.submission import (
    OUTSIDE_THE_LINE,
    PROVEN_ABSENT,
    Submission,
    SubmissionId,
    WaitReason,
    contract_of,
    counts,
    turn,
)
from usrec.ports.contracts import ContractRef, NumberRef
from usrec.ports.ledger import EventRef, UnitOfWork

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class _Shelf(Generic[Key, Value]):
    """Answers to one question about many keys; what is not there is asked for by itself."""

    def __init__(self, ask: Callable[[Collection[Key]], Mapping[Key, Value]], keys: Collection[Key]) -> None:
        self._ask = ask
        self._found = dict(ask(keys)) if keys else {}

    def of(self, key: Key) -> Value:
        if key not in self._found:
            self._found |= self._ask([key])
        return self._found[key]

    def change(self, key: Key, change: Callable[[Value], Value]) -> None:
        """Follow what the ledger has become; what was not asked for yet will be read as it is then."""
        if key in self._found:
            self._found[key] = change(self._found[key])

    def forget(self, key: Key) -> None:
        self._found.pop(key, None)


class OnRecord:
    """What is known of the events and contracts of a portion.

    Args:
        events: Of which the earlier submissions are wanted.
        contracts: Whose locks the caller holds.
        begun: Those of ``contracts`` that a conclusion is about.
        changed: Those that anything else is about.
        numbers: That events of the portion give to their contracts.
    """

    def __init__(
        self,
        work: UnitOfWork,
        *,
        events: Collection[EventRef],
        contracts: Collection[ContractRef],
        begun: Collection[ContractRef] = (),
        changed: Collection[ContractRef] = (),
        numbers: Collection[NumberRef] = (),
    ) -> None:
        self._work = work
        self._locked = frozenset(contracts)
        self._events = _Shelf(work.submissions.of_events, events)
        self._standing = _Shelf(work.submissions.standing_of, self._locked)
        self._conclusions = _Shelf(work.submissions.conclusions_of, begun)
        self._positions = _Shelf(work.submissions.next_positions, changed)
        self._numbers = _Shelf(work.contracts.with_numbers, numbers)
        self._imported = _Shelf(work.imported.of, {*begun, *changed})

    def of_event(self, event: EventRef) -> Sequence[Submission]:
        """All submissions of an event, oldest revision first."""
        if any(contract_of(one) not in self._locked for one in self._events.of(event)):
            self._events.forget(event)
        return self._events.of(event)

    def read_anew(self, event: EventRef) -> Sequence[Submission]:
        """The same, as it stands now that more is locked."""
        self._events.forget(event)
        return self._events.of(event)

    def standing(self, contract: ContractRef) -> Sequence[Submission]:
        """What counts of a contract, in the order in which it was or will be registered."""
        return self.standing_of([contract])[contract]

    def standing_of(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, Sequence[Submission]]:
        """The same of many."""
        others = [one for one in contracts if one not in self._locked]
        read = self._work.submissions.standing_of(others) if others else {}
        return {one: read[one] if one in read else self._standing.of(one) for one in contracts}

    def conclusions_of(self, contract: ContractRef) -> Sequence[Submission]:
        """The conclusion events in the line of a contract, neither replaced nor cancelled."""
        return self._conclusions.of(contract)

    def next_position(self, contract: ContractRef) -> int:
        """A position behind all events of a contract."""
        return self._positions.of(contract)

    def with_number(self, number: NumberRef) -> Sequence[ContractKey]:
        """The employer's contracts to which an event ever gave a number."""
        return self._numbers.of(number)

    def imported(self, contract: ContractRef) -> ImportedContract | None:
        """What was taken over of a contract from an export of the registry."""
        return self._imported.of(contract)

    def add_number(self, contract: ContractRef, number: str) -> None:
        """An event gives the contract a number."""
        employer_bin, key = contract
        self._work.contracts.add_number(employer_bin, key, number)
        self._numbers.change((employer_bin, number), lambda keys: sorted({*keys, key}))

    def added(self, new: Submission) -> None:
        """``new`` was stored, and no other submission was changed."""
        contract = contract_of(new)
        self._events.change((new.source, new.event_id), lambda known: sorted([*known, new], key=_age))
        if counts(new):
            self._standing.change(contract, lambda known: sorted([*known, new], key=turn))
        if _is_conclusion(new):
            self._conclusions.change(contract, lambda known: [*known, new])
        self._positions.change(contract, lambda free: max(free, new.position + 1))

    def changed(self, submissions: Iterable[Submission]) -> None:
        """These are not as they were."""
        for one in submissions:
            contract = contract_of(one)
            self._events.forget((one.source, one.event_id))
            self._standing.forget(contract)
            self._conclusions.forget(contract)
            self._positions.forget(contract)


def entered_by_hand(work: UnitOfWork, ids: Collection[SubmissionId]) -> Collection[SubmissionId]:
    """Those that a person has checked out: they may stand in the registry although nothing was sent."""
    entries = work.outbox.get_all(ids).values()
    return {entry.submission_id for entry in entries if entry.wait_reason is WaitReason.CHECKED_OUT}


def proven_absent(work: UnitOfWork, ids: Collection[SubmissionId]) -> Collection[SubmissionId]:
    """Those that wait after a signed refusal which proves that they are not registered."""
    entries = work.outbox.get_all(ids).values()
    waiting = [entry.submission_id for entry in entries if entry.wait_reason in PROVEN_ABSENT]
    return {one.id for one in work.submissions.get_all(waiting).values() if one.state is State.SIGNED}


def _age(one: Submission) -> tuple[int, datetime, str]:
    return one.revision, one.received_at, one.id


def _is_conclusion(new: Submission) -> bool:
    in_line = new.position != OUTSIDE_THE_LINE and new.replaced_by is None
    return in_line and new.operation in HEADS and new.state is not State.CANCELLED
