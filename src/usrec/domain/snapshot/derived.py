"""An event that the difference of two looks makes, and why; what nobody but a person can tell from it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from usrec.domain.rules.completeness import DEMANDED, is_demanded
from usrec.domain.rules.field_table import FIELDS, PROVISIONAL_FROM
from usrec.domain.snapshot.staff import AGREEMENT_FIELDS, TERMS, Fields
from usrec.domain.snapshot.story import Facts, Story, Told
from usrec.domain.source_event import DEPARTMENT, TRIGGER_FIELDS, EventId, Operation

HEADS: Final = (Operation.CONCLUSION, Operation.LEGACY_CONTRACT)
_DATES: Final = frozenset(rule.name for rules in FIELDS.values() for rule in rules if rule.kind == "date")


class Why(StrEnum):
    """What was seen."""

    NEW_CONTRACT = "new_contract"
    NEW_AGREEMENT = "new_agreement"
    NO_AGREEMENT = "no_agreement"
    """Terms changed and no new agreement is named."""
    TERM_GOES_ON = "term_goes_on"
    PAPER_CORRECTED = "paper_corrected"
    AGREEMENT_CORRECTED = "agreement_corrected"
    NOT_SENT_YET = "not_sent_yet"
    """An event whose fate is open says something else now."""
    ENDED = "ended"
    ROW_GONE = "row_gone"
    NOT_ENDED = "not_ended"
    """A termination that is not registered stands no more."""
    CAME_BACK = "came_back"
    NO_COMEBACK = "no_comeback"
    """A registered termination stands no more, and HR does not say since when."""
    WAY_IS_CLEAR = "way_is_clear"
    """Its rules refused it for want of an event before it, and that is registered now."""
    ENDED_AFTER_ALL = "ended_after_all"
    NEW_LEAVE = "new_leave"
    LEAVE_CHANGED = "leave_changed"
    LEAVE_GONE = "leave_gone"


class PuzzleKind(StrEnum):
    """What cannot be told from two looks."""

    OTHER_EMPLOYER = "other_employer"
    OTHER_EMPLOYEE = "other_employee"
    OTHER_CONTRACT = "other_contract"
    """The key of an ended contract names one with another number and date."""
    OTHER_KEY = "other_key"
    """A contract that is remembered under another key."""
    OTHER_ENDING = "other_ending"
    """A registered termination has another date or ground."""
    LEAVE_WITHOUT_CONTRACT = "leave_without_contract"


@dataclass(frozen=True, slots=True)
class Puzzle:
    """Something that a person has to settle; nothing is derived for this contract until then."""

    kind: PuzzleKind
    key: str


@dataclass(frozen=True, slots=True)
class Derived:
    """One event.

    Attributes:
        payload: Fields of the contract event; without those that HR does not give.
        fields: What is different, by name.
    """

    event_id: EventId
    revision: int
    operation: Operation
    contract_key: str
    employer_bin: str
    payload: Fields = field(repr=False)
    why: Why
    fields: tuple[str, ...] = ()
    withdrawn: bool = False
    entered_at: datetime | None = None

    @property
    def missing(self) -> Sequence[str]:
        """Fields that HR does not give and an event needs; without some it may go on, as ``[preflight]`` says."""
        if self.withdrawn:
            return []
        demanded = (name for name in DEMANDED if is_demanded(self.operation, name) and name not in self.payload)
        return [*missing_in(self.operation, self.payload), *demanded]


def missing_in(operation: Operation, payload: Fields) -> Sequence[str]:
    """Required fields that a payload lacks."""
    absent = (rule for rule in FIELDS[operation] if rule.required and rule.name not in payload)
    return [rule.name for rule in absent if payload.get(rule.unless) != "true"]


class Telling:
    """Tells events of one contract or leave, one after another.

    Args:
        since: The day of the look before: what is new happened on it or later, as far as HR's system tells.
        ahead: How many events with an open fate these stand behind, in another story.
        department: Goes with each event, where HR gives it.
    """

    def __init__(
        self, story: Story, since: date, entered_at: datetime | None, ahead: int = 0, *, department: str = ""
    ) -> None:
        self.story = story
        self._ahead = ahead
        self.events: list[Derived] = []
        self._since = since
        self._entered_at = entered_at
        self._department = department

    def tell(self, operation: Operation, after: Facts, why: Why, fields: Sequence[str] = ()) -> None:
        """A new event behind those that were told."""
        before = self.story.belief
        event_id = _event_id(self.story, operation, payload_of(operation, before, after))
        after = _naming_itself(operation, after, before, event_id)
        self._put(Told(event_id, operation, (after,)), before, why, fields)

    def revise(self, told: Told, after: Facts, why: Why, fields: Sequence[str] = ()) -> None:
        """The next revision of an event whose fate is open."""
        before = self.story.before(told.event_id)
        after = _naming_itself(told.operation, after, before, told.event_id)
        self._put(replace(told, after=(*told.after, after), withdrawn=False), before, why, fields)

    def withdraw(self, told: Told, why: Why) -> None:
        """Take an event back whose fate is open."""
        before = self.story.before(told.event_id)
        self._put(replace(told, after=(*told.after, before), withdrawn=True), before, why, ())

    def tell_again(self, refused: Collection[EventId]) -> None:
        """Raise the revision of what the rules refused for want of an event before it, once that one is settled."""
        told_now = {one.event_id for one in self.events}
        for one in self.story.told:
            place = self._ahead + self.story.place(one.event_id)
            if one.event_id not in refused or one.withdrawn or one.event_id in told_now or place >= one.behind:
                continue
            payload = payload_of(one.operation, self.story.before(one.event_id), one.after[-1])
            if not missing_in(one.operation, payload):
                self.revise(one, one.after[-1], Why.WAY_IS_CLEAR)

    def _put(self, told: Told, before: Facts, why: Why, fields: Sequence[str]) -> None:
        known = self.story
        told = self._dated(told, before)
        self.story = known.put(told)
        self._emit(told, before, why, fields)
        behind = {one.event_id: one for one in known.told[known.place(told.event_id) + 1 :]}
        for one in self.story.told:
            if one.event_id in behind and not one.withdrawn:
                self._follow(known, behind[one.event_id], one)

    def _follow(self, known: Story, told: Told, rebased: Told) -> None:
        """An event behind one that changed says something else now, where it repeats what changed."""
        before = self.story.before(told.event_id)
        said = payload_of(told.operation, known.before(told.event_id), told.after[-1])
        if payload_of(told.operation, before, rebased.after[-1]) != said:
            again = self._dated(replace(told, after=(*told.after, rebased.after[-1])), before)
            self.story = self.story.exchange(again)
            self._emit(again, before, Why.NOT_SENT_YET, ())

    def _dated(self, told: Told, before: Facts) -> Told:
        payload = payload_of(told.operation, before, _shown(told))
        behind = self._ahead + self.story.place(told.event_id)
        return replace(told, provisional_from=_strictest(self._since, told, payload), behind=behind)

    def _emit(self, told: Told, before: Facts, why: Why, fields: Sequence[str]) -> None:
        payload = payload_of(told.operation, before, _shown(told))
        if told.provisional_from is not None:
            payload[PROVISIONAL_FROM] = told.provisional_from.isoformat()
        if self._department:
            payload[DEPARTMENT] = self._department
        self.events.append(
            Derived(
                told.event_id,
                told.revision,
                told.operation,
                self.story.key,
                self.story.employer_bin,
                payload,
                why,
                tuple(fields),
                told.withdrawn,
                self._entered_at,
            )
        )


def _shown(told: Told) -> Facts:
    """What the payload of the last revision is made of; one that takes the event back repeats it."""
    return told.after[-2] if told.withdrawn else told.after[-1]


def payload_of(operation: Operation, before: Facts, after: Facts) -> dict[str, str]:
    """The fields of an event after which ``after`` is registered, in the place of ``before``."""
    contract = after.contract or {}
    match operation:
        case Operation.AMENDMENT:
            values = _terms(contract) | dict(after.agreement if after.agreement != before.agreement else {})
        case Operation.AMENDMENT_EDIT:
            values = _terms(contract) | dict(after.agreement) | {"agreement_id": after.agreement_event}
        case Operation.EXTENSION:
            values = {**contract, "extension_date": (before.contract or {}).get("end_date", "")}
        case Operation.TERMINATION:
            values = dict(after.ending or {})
        case Operation.REINSTATEMENT:
            values = dict(after.comeback if after.comeback != before.comeback else {})
            values["termination_date"] = (before.ending or {}).get("termination_date", "")
        case Operation.SOCIAL_LEAVE:
            values = dict(after.leave or {})
        case Operation.SOCIAL_LEAVE_EDIT:
            values = {**(after.leave or {}), "leave_id": before.leave_event}
        case Operation.SOCIAL_LEAVE_DELETE:
            values = {"leave_id": before.leave_event, "employee_iin": contract.get("employee_iin", "")}
        case _:
            values = dict(contract)
    known = {rule.name for rule in FIELDS[operation]}
    return {name: value for name, value in values.items() if name in known and value}


def _terms(contract: Mapping[str, str]) -> dict[str, str]:
    return {name: contract[name] for name in TERMS if name in contract and name not in AGREEMENT_FIELDS}


def _naming_itself(operation: Operation, after: Facts, before: Facts, event_id: EventId) -> Facts:
    if operation is Operation.AMENDMENT and after.agreement != before.agreement:
        return replace(after, agreement_event=event_id)
    return replace(after, leave_event=event_id) if operation is Operation.SOCIAL_LEAVE else after


def _event_id(story: Story, operation: Operation, payload: Fields) -> EventId:
    """Of its own for what is told, and the same for the same: a ledger that went back in time tells it once more.

    Corrections name what they correct by it, so it has the form of a registry's id.
    """
    number = story.counted + 1
    what = json.dumps([story.key, story.employer_bin, number, payload], ensure_ascii=True, sort_keys=True)
    return EventId(f"{operation.replace('_', '-')}-{number}-{sha256(what.encode()).hexdigest()[:16]}")


def _strictest(since: date, told: Told, payload: Fields) -> date | None:
    """The first day from which the term may run; None where the event tells its own."""
    named = TRIGGER_FIELDS.get(told.operation)
    is_required = any(one.required for one in FIELDS[told.operation] if one.name == named)
    if named in payload or told.withdrawn or not is_required:
        return None
    given = [day for name, text in payload.items() if name in _DATES and (day := _day(text)) is not None]
    return min([since, *given, *([told.provisional_from] if told.provisional_from else [])])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
