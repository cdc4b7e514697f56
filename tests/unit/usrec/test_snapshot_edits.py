"""Whatever HR edits, and whenever it is looked at: what gets registered in the end is what HR shows in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from usrec.domain.snapshot.derived import Derived
from usrec.domain.snapshot.look import Memory, differ
from usrec.domain.snapshot.staff import TERMS, LeaveRow, Look, StaffRow
from usrec.domain.snapshot.story import Fate
from usrec.domain.source_event import EventId, Operation

_BIN = "200940000013"
_BEGUN = date(2026, 11, 2)
_CONTRACT = {
    "employee_iin": "900101300007",
    "contract_number": "ТД-1",
    "contract_date": "2026-11-02",
    "signed_on": "2026-11-02",
    "begin_date": "2026-11-02",
    "position_code": "2511-2-001",
    "established_post": "Аналитик",
    "conscript_code": "01",
    "term_code": "2",
    "end_date": "2027-11-01",
    "work_place_address": "Астана",
}
_HEADS = {Operation.CONCLUSION, Operation.LEGACY_CONTRACT, Operation.CONTRACT_EDIT}


@dataclass
class Registry:
    """What USREC holds of one contract: each accepted event has had its effect, and nothing else."""

    contract: dict[str, str] = field(default_factory=dict)
    ending: dict[str, str] | None = None
    leaves: dict[str, dict[str, str]] = field(default_factory=dict)

    def accept(self, event: Derived) -> None:
        """The effect of one event."""
        payload = dict(event.payload)
        match event.operation:
            case operation if operation in _HEADS:
                self.contract = payload
            case Operation.AMENDMENT | Operation.AMENDMENT_EDIT:
                kept = {name: value for name, value in self.contract.items() if name not in TERMS}
                self.contract = kept | {name: payload[name] for name in TERMS if name in payload}
            case Operation.EXTENSION:
                self.contract.pop("end_date", None)
                self.contract |= {name: payload[name] for name in ("term_code", "end_date") if name in payload}
            case Operation.TERMINATION:
                self.ending = payload
            case Operation.REINSTATEMENT:
                assert self.ending is not None, "nobody comes back who has not left"
                assert payload["termination_date"] == self.ending["termination_date"]
                self.ending = None
            case Operation.SOCIAL_LEAVE:
                self.leaves[event.event_id] = payload
            case Operation.SOCIAL_LEAVE_EDIT:
                self.leaves[payload.pop("leave_id")] = payload
            case Operation.SOCIAL_LEAVE_DELETE:
                del self.leaves[payload["leave_id"]]
            case other:
                pytest.fail(f"{other} is never derived")


class Office:
    """HR's table, the agent that looks at it, and the registry behind a slow line."""

    def __init__(self, *, new_from: date | None) -> None:
        self.row: StaffRow | None = None
        self.leaves: dict[str, LeaveRow] = {}
        self.memory = Memory()
        self.registry = Registry()
        self.now = datetime(2026, 11, 2, 6, tzinfo=UTC)
        self.events: dict[EventId, list[Derived]] = {}
        self.accepted: dict[EventId, int] = {}
        self.numbers = 0
        self.new_from = new_from

    def look(self) -> list[Derived]:
        """One look; what it makes is in the line at once."""
        self.now += timedelta(hours=7)
        others = [StaffRow("ТД-0", _BIN, {**_CONTRACT, "contract_number": "ТД-0", "signed_on": "2020-10-01"})]
        seen = Look([*others, *([self.row] if self.row else [])], list(self.leaves.values()), self.now)
        made = differ(self.memory, seen, self._fates(), new_from=self.new_from, leaves_are_complete=True)
        assert not made.puzzles
        self.memory = Memory(
            seen.day, {**self.memory.contracts, **made.contracts}, {**self.memory.leaves, **made.leaves}
        )
        for event in made.events:
            before = self.events.setdefault(event.event_id, [])
            before.append(event)
            assert event.revision == len(before), "revisions follow one another"
        return list(made.events)

    def decide(self, most: int) -> None:
        """The line goes on: what is complete is registered in its order, a revision that came too late is refused."""
        for event_id, revisions in self.events.items():
            last = revisions[-1]
            if most == 0 or event_id in self.accepted or last.withdrawn:
                continue
            if last.missing or self._end_was_moved(last):
                break
            self.registry.accept(last)
            self.accepted[event_id] = last.revision
            most -= 1

    def _end_was_moved(self, event: Derived) -> bool:
        """A registered end that HR moves without a return is a puzzle, and told elsewhere."""
        ending = self.row.ending if self.row else {}
        ends = [one for one, told in self.events.items() if told[-1].operation is Operation.TERMINATION]
        return (
            event.event_id in ends[-1:]
            and bool(ending)
            and any(ending.get(name) != event.payload[name] for name in ("termination_date", "reason_code"))
        )

    def _fates(self) -> Mapping[EventId, Fate]:
        return {
            event_id: Fate(self.accepted.get(event_id), cancelled=revisions[-1].withdrawn)
            for event_id, revisions in self.events.items()
        }

    def edit(self, **changes: Any) -> None:
        """HR changes fields of the row."""
        if self.row is not None:
            self.row = replace(self.row, **changes)

    def contract(self, name: str, value: str) -> None:
        """HR changes one field of the contract."""
        if self.row is not None:
            kept = {key: one for key, one in self.row.contract.items() if key != name}
            self.row = replace(self.row, contract=kept | ({name: value} if value else {}))

    def agree(self) -> None:
        """HR enters a new agreement."""
        self.numbers += 1
        day = (self.now.date() + timedelta(days=1)).isoformat()
        paper = {"agreement_number": f"ДС-{self.numbers}", "agreement_date": day, "signed_on": day, "begin_date": day}
        self.edit(agreement=paper)

    def date_only(self) -> None:
        """HR dates an agreement and does not number it yet."""
        self.agree()
        if self.row is not None:
            paper = {name: day for name, day in self.row.agreement.items() if name != "agreement_number"}
            self.edit(agreement=paper)

    def number(self) -> None:
        """HR numbers what it has dated."""
        if self.row is not None and self.row.agreement:
            self.edit(agreement={"agreement_number": f"ДС-{self.numbers}", **self.row.agreement})

    def complete(self) -> None:
        """HR gives everything that an event still lacks."""
        self.contract("signed_on", "2026-11-02")
        for revisions in list(self.events.values()):
            last = revisions[-1]
            if last.event_id in self.accepted or not last.missing or self.row is None:
                continue
            if last.operation is Operation.AMENDMENT:
                self.agree()
            if last.operation is Operation.REINSTATEMENT:
                self.edit(comeback={"reinstatement_date": "2030-01-01", "deciding_body_code": "1", "court_code": "1"})
            if last.operation is Operation.TERMINATION and self.row.ending:
                self.edit(ending={**self.row.ending, "reason_code": "05"})


def _hire(office: Office, _: int) -> None:
    office.row = office.row or StaffRow("ТД-1", _BIN, dict(_CONTRACT))


def _end(office: Office, number: int) -> None:
    """A registered end is not moved: there is no operation for it, and it is a puzzle."""
    if office.registry.ending is not None:
        office.edit(
            ending={name: office.registry.ending[name] for name in ("termination_date", "reason_code")}, comeback={}
        )
    elif office.row is not None and not office.row.ending:
        day = (_BEGUN + timedelta(days=40 + office.numbers)).isoformat()
        office.numbers += 1
        office.edit(ending={"termination_date": day, **({"reason_code": "05"} if number % 2 else {})}, comeback={})


def _undo(office: Office, number: int) -> None:
    if office.row is not None and office.row.ending:
        back = {"reinstatement_date": "2029-01-01", "deciding_body_code": "1", "court_code": "1"}
        office.edit(ending=office.row.ending if number % 2 else {}, comeback=back if number % 2 else {})


def _leave(office: Office, number: int) -> None:
    if office.row is None or office.row.ending:
        return
    key = f"L{number % 2}"
    if number % 3 == 0:
        office.leaves.pop(key, None)
    else:
        fields = {"leave_type_code": "1", "not_worked_from": "2026-12-01", "not_worked_to": f"2027-0{1 + number}-01"}
        office.leaves[key] = LeaveRow(key, "ТД-1", fields)


EDITS: Mapping[str, Callable[[Office, int], object]] = {
    "hire": _hire,
    "move": lambda office, number: office.contract("position_code", f"2511-2-00{number}"),
    "place": lambda office, number: office.contract("work_place_address", f"Алматы {number}"),
    "remote": lambda office, number: office.contract("remote_work_code", str(number) if number % 2 else ""),
    "prolong": lambda office, number: office.contract("end_date", f"2028-0{1 + number}-01" if number else ""),
    "agree": lambda office, _: office.agree(),
    "date only": lambda office, _: office.date_only(),
    "number": lambda office, _: office.number(),
    "no paper": lambda office, _: office.edit(agreement={}),
    "renumber": lambda office, number: office.contract("contract_number", f"ТД-1/{number}"),
    "unsigned": lambda office, _: office.contract("signed_on", ""),
    "end": _end,
    "undo": _undo,
    "leave": _leave,
    "look": lambda office, _: office.look(),
    "decide": lambda office, number: office.decide(1 + number % 2),
}
_STEPS = st.lists(st.tuples(st.sampled_from(["look", "decide", *EDITS]), st.integers(0, 7)), max_size=40)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_STEPS)
def test_any_edits_seen_at_any_moments_register_what_hr_shows_in_the_end(steps: list[tuple[str, int]]) -> None:
    office = Office(new_from=None)
    office.look()
    _hire(office, 0)
    _play(office, steps)
    _settle_all(office)
    _require_same(office)


def _play(office: Office, steps: list[tuple[str, int]]) -> None:
    for name, number in steps:
        EDITS[name](office, number)


def _settle_all(office: Office) -> None:
    """Everybody does their work until nothing is left to do."""
    for _ in range(12):
        made = office.look()
        office.complete()
        made += office.look()
        office.decide(100)
        if not made and not office.look():
            return
    pytest.fail("looks go on making events although HR changes nothing")


def _require_same(office: Office) -> None:
    row, registry = office.row, office.registry
    if row is None:
        assert not office.events
        return
    is_ended = bool(row.ending) and not row.comeback
    assert (registry.ending is not None) == is_ended
    if registry.ending is not None:
        assert registry.ending["termination_date"] == row.ending["termination_date"]
        return
    shown = {name: value for name, value in row.contract.items() if name != "signed_on"}
    assert {name: value for name, value in registry.contract.items() if name != "signed_on"} == shown
    leaves = sorted(str(dict(one.leave)) for one in office.leaves.values())
    assert sorted(map(str, registry.leaves.values())) == leaves
