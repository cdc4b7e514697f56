"""Whatever HR edits, and whenever it is looked at: the simulator's registry ends where HR's staff ends.

The whole line is real: ledger, intake, rules, order within a contract, rendered messages; the registry judges them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kzeds.xml import parse
from support.line import BIN, EMPLOYERS, IIN, Line, refused, registered
from support.quick_ledger import quick_ledger
from usrec.adapters.rendering.profile import load_profile
from usrec.adapters.rendering.renderer import XmlRenderer
from usrec.adapters.sources.staff_source import StaffSource
from usrec.application.ingest import ingest
from usrec.application.take_snapshot import SnapshotPolicy
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.message import Envelope
from usrec.domain.outcome import Refused, Registered
from usrec.domain.snapshot.staff import LeaveRow, Look, StaffRow, fold
from usrec.domain.source_event import Operation, SourceName
from usrec.domain.state import State
from usrec.ports.ledger_view import SubmissionFilter
from usrec_simulator.business import read_business
from usrec_simulator.ledger import Ledger
from usrec_simulator.operations import Profile
from usrec_simulator.registry import Registry
from usrec_simulator.rules import RuleBook
from usrec_simulator.view import View

HR: Final = SourceName("hr")
KEY: Final = "ТД-1"
_PROFILE: Final = load_profile("current")
_ENTER_TERMS: Final = {"conclusion", "amendment", "contract_edit"}
_ENTER_LEAVES: Final = {"social_leave", "social_leave_edit"}


class Staff:
    """HR's two rows: one of an old contract, one that is edited. Implements the port ``StaffRoster``."""

    where = "hr"

    def __init__(self) -> None:
        self.row: StaffRow | None = None
        self.leave: LeaveRow | None = None
        self.is_hidden = False
        self.is_seconded = False

    def look(self, at: datetime) -> Look:
        old = StaffRow("ТД-0", BIN, {"employee_iin": IIN, "contract_number": "ТД-0", "contract_date": "2021-03-01"})
        shown = [self.row] if self.row and not self.is_hidden and not self.is_seconded else []
        seconded = frozenset({fold(KEY)} if self.is_seconded else ())
        return Look([old, *shown], [self.leave] if self.leave else [], at, seconded)

    def close(self) -> None:
        """Nothing is open."""


class Office:
    """HR, the line and the registry behind it."""

    def __init__(self) -> None:
        self.line = Line(ledger=quick_ledger())
        self.line.renderer = XmlRenderer(_PROFILE)  # type: ignore[assignment]  # the real one in the place of a plain one
        self.staff = Staff()
        policy = SnapshotPolicy(leaves_are_complete=True)
        every = timedelta(minutes=1)
        self.source = StaffSource(HR, self.staff, self.line.ledger, self.line.clock, policy, every=every)
        self.books = Ledger(Path(":memory:"))
        self.registry = Registry(self.books, RuleBook())
        self.papers = 0
        self.ended = ""
        self.look()

    @property
    def today(self) -> str:
        return kazakhstan_date(self.line.clock.now()).isoformat()

    def look(self) -> int:
        """One look, and its events are taken."""
        line = self.line
        line.clock.advance(timedelta(hours=5))
        return ingest(
            source=self.source,
            ledger=line.ledger,
            employers=EMPLOYERS,
            calendar=line.calendar,
            clock=line.clock,
            entropy=line.entropy,
            preflight=line.preflight,
        ).rows

    def send(self, most: int) -> None:
        """The line sends some of what is due."""
        for claim in self.line.claim(most):
            self.line.wire.then(self._judged)
            self.line.deliver(claim)

    def _judged(self, envelope: Envelope) -> Registered | Refused:
        message = next(one for one in self.line.wire.messages if one.message_id == envelope.message_id)
        record = read_business(parse(message.document), digest=message.digest, profile=Profile.CURRENT)
        assert record is not None
        decision = self.registry.submit(record, at=self.line.clock.now())
        return registered(decision.record_id or "") if decision.code is None else refused(decision.code)

    def contract(self, **changes: str) -> None:
        """HR changes fields of the contract."""
        if self.staff.row is not None:
            self.staff.row = replace(self.staff.row, contract={**self.staff.row.contract, **changes})

    def edit(self, **changes: Mapping[str, str]) -> None:
        """HR changes what belongs to the contract."""
        if self.staff.row is not None:
            self.staff.row = replace(self.staff.row, **changes)  # type: ignore[arg-type]  # names of fields

    def agree(self) -> None:
        self.papers += 1
        paper = {"agreement_number": f"ДС-{self.papers}"}
        self.edit(agreement=paper | dict.fromkeys(("agreement_date", "signed_on", "begin_date"), self.today))

    def complete(self) -> None:
        """HR gives what is missing in what was not sent."""
        for row in self.line.ledger.view.rows(SubmissionFilter(state=State.INVALID)):
            if row.operation == Operation.AMENDMENT:
                self.agree()
            if row.operation == Operation.REINSTATEMENT:
                self.edit(comeback=self.comeback())
            if row.operation == Operation.TERMINATION and self.staff.row and self.staff.row.ending:
                self.edit(ending={**self.staff.row.ending, "reason_code": "05"})

    def comeback(self) -> dict[str, str]:
        body = {"deciding_body_code": "1", "court_code": "12", "order_number": "5-в"}
        return {"reinstatement_date": self.today, **body}


def _hire(office: Office, _: int) -> None:
    if office.staff.row is None:
        days = dict.fromkeys(("contract_date", "signed_on", "begin_date"), office.today)
        work = {"position_code": "2512-0-001", "established_post": "Инженер", "term_code": "1", "conscript_code": "1"}
        words = {"employee_iin": IIN, "contract_number": KEY, "work_place_address": "Астана, Мәңгілік Ел, 1"}
        office.staff.row = StaffRow(KEY, BIN, {**days, **work, **words})


def _end(office: Office, number: int) -> None:
    """The end of a contract; the date of one that HR has entered before is moved by nobody, which is a puzzle."""
    row = office.staff.row
    if row is not None and not row.ending:
        office.ended = office.ended or office.today
        ground = {"reason_code": "05"} if number % 2 else {}
        office.edit(ending={"termination_date": office.ended, **ground}, comeback={})


def _come_back(office: Office, number: int) -> None:
    row = office.staff.row
    if row is None or not row.ending or row.comeback:
        return
    if number % 2:
        office.edit(comeback=office.comeback())
    else:
        office.edit(ending={})


def _leave(office: Office, number: int) -> None:
    row = office.staff.row
    if row is not None and not row.ending:
        fields = {"leave_type_code": "2", "not_worked_from": "2026-11-16", "not_worked_to": f"2027-0{1 + number}-01"}
        office.staff.leave = LeaveRow("L-1", KEY, fields)


def _hide(office: Office, number: int) -> None:
    """The row is gone: by mistake, or because somebody works elsewhere for a time, which a rule tells."""
    office.staff.is_hidden, office.staff.is_seconded = number % 3 == 0, number % 3 == 1


def _prolong(office: Office, number: int) -> None:
    row = office.staff.row
    if row is not None and not row.ending:
        office.contract(term_code="2", end_date=f"20{28 + number}-11-01")


def _drop_leave(office: Office, _: int) -> None:
    office.staff.leave = None


EDITS: Mapping[str, Callable[[Office, int], object]] = {
    "move": lambda office, number: office.contract(position_code=f"2512-0-00{number}"),
    "place": lambda office, number: office.contract(work_place_address=f"Алматы, {number}"),
    "agree": lambda office, _: office.agree(),
    "renumber": lambda office, number: office.contract(contract_number=f"ТД-1/{number}"),
    "end": _end,
    "come back": _come_back,
    "leave": _leave,
    "drop leave": _drop_leave,
    "hide": _hide,
    "prolong": _prolong,
    "look": lambda office, _: office.look(),
    "send": lambda office, number: office.send(1 + number % 2),
}
_STEPS = st.lists(st.tuples(st.sampled_from(["look", "send", *EDITS]), st.integers(0, 7)), min_size=5, max_size=25)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_STEPS)
def test_the_registry_ends_where_hr_ends(steps: list[tuple[str, int]]) -> None:
    office = Office()
    _hire(office, 0)
    for name, number in steps:
        EDITS[name](office, number)
    _hide(office, 2)
    for _ in range(8):
        office.look()
        office.complete()
        made = office.look()
        for _ in range(6):
            office.send(10)
            office.line.clock.advance(timedelta(minutes=20))
        if not made and not office.look():
            break
    _require_same(office)


def _require_same(office: Office) -> None:
    row = office.staff.row
    assert row is not None
    with office.books.transaction() as connection:
        records: list[Any] = connection.execute("SELECT * FROM record ORDER BY row_id").fetchall()
        contract = View(connection).contract(records[0]["contract_id"])
    assert contract is not None
    is_ended = bool(row.ending) and not row.comeback
    assert (contract.terminated_on.isoformat() if contract.terminated_on else "") == (
        row.ending["termination_date"] if is_ended else ""
    )
    if is_ended:
        return
    document = _last_document(office, records, _ENTER_TERMS)
    assert row.contract["position_code"] in document
    assert row.contract["work_place_address"] in document
    assert contract.number == row.contract["contract_number"]
    ends = row.contract.get("end_date", "")
    assert (contract.term.end.isoformat() if contract.term and contract.term.end else "") == ends
    assert (contract.employee, contract.begin_date) == (IIN, date.fromisoformat(row.contract["begin_date"]))
    leave = office.staff.leave
    assert len(contract.leaves) == (leave is not None)
    if leave is not None:
        assert leave.leave["not_worked_to"] in _last_document(office, records, _ENTER_LEAVES)


def _last_document(office: Office, records: list[Any], operations: Collection[str]) -> str:
    """What the registry was told last by one of these."""
    last = next(one for one in reversed(records) if one["operation"] in operations)
    return next(one for one in office.line.wire.messages if one.record_id == last["record_id"]).document.decode()
