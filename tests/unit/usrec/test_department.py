"""HR's department goes with an event for the figures alone: nothing that is sent, compared or told depends on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest

from support.line import BIN, Line
from support.sample_events import SAMPLES
from usrec.adapters.sources.mapping.read import read_mapping
from usrec.domain.errors import ConfigurationError
from usrec.domain.rules.changes import check_change
from usrec.domain.rules.documents import message_size
from usrec.domain.rules.field_table import LONGEST_DEPARTMENT
from usrec.domain.rules.fields import read_details
from usrec.domain.rules.finding import Severity
from usrec.domain.snapshot.contract import tell_contract
from usrec.domain.snapshot.derived import Derived
from usrec.domain.snapshot.leave import tell_leave
from usrec.domain.snapshot.staff import LeaveRow, StaffRow
from usrec.domain.snapshot.story import Facts, Story
from usrec.domain.source_event import Amendment, Conclusion, Operation, dump_details, load_details
from usrec.domain.state import State
from usrec.ports.ledger_view import SubmissionFilter

TODAY = date(2026, 11, 20)
MAPPING = """
version = 1
[contract]
query = "SELECT * FROM staff"
key = "id"
employer_bin = { constant = "200940000013" }
department = "dept"
[contract.conclusion]
contract_number = "number"
[leave]
query = "SELECT * FROM leaves"
key = "id"
contract_key = "id"
department = { constant = "Цех" }
[leave.social_leave]
not_worked_from = "number"
"""


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.close()


def test_it_stays_with_the_submission_and_never_leaves_the_house(line: Line) -> None:
    line.register("E-1", department="Цех № 2")
    line.register("E-2", contract="K-2")
    assert all("Цех".encode() not in one.document for one in line.wire.messages)
    view = line.ledger.view
    assert sorted(one.department or "" for one in view.passages(None, None, departments=True)) == ["", "Цех № 2"]
    assert {one.department for one in view.passages(None, None)} == {None}, "nothing is unsealed without being asked"


@pytest.mark.parametrize("label", ["Ц" * (LONGEST_DEPARTMENT + 1), "Цех\u0007", 7])
def test_one_that_does_not_fit_is_left_out_with_a_warning_and_holds_nothing_up(line: Line, label: object) -> None:
    line.enter("e", department=label)
    line.ingest()
    (finding,) = line.findings("e")
    assert (finding.field, finding.severity) == ("department", Severity.WARNING)
    line.deliver_all()
    assert line.of("e").state is State.ACCEPTED
    assert json.loads(line.of("e").details).get("department") is None


def test_another_one_is_no_other_content(line: Line) -> None:
    for row_id, department in enumerate(["Цех № 1", "Цех № 2"], start=1):
        line.take("E-1", department=department, row_id=row_id)
    line.enter("E-1", row_id=3)
    line.ingest()
    (only,) = line.ledger.view.rows(SubmissionFilter())
    assert only.state is State.PENDING
    assert json.loads(line.of("E-1").details)["department"] == "Цех № 1"


@pytest.mark.parametrize("operation", list(Operation))
def test_every_event_may_have_one_and_equals_the_same_event_of_another(operation: Operation) -> None:
    ours, problems = read_details(operation, SAMPLES[operation])
    assert (problems, ours and ours.department) == ([], "Цех № 2")
    assert ours is not None
    assert load_details(operation, dump_details(ours)).department == "Цех № 2"
    other = replace(ours, department=None)
    assert (other, hash(other)) == (ours, hash(ours))
    _, problems = read_details(operation, {**SAMPLES[operation], "department": "x" * (LONGEST_DEPARTMENT + 1)})
    assert [one.rule for one in problems] == ["field_length"]


def test_an_agreement_that_says_nothing_else_changes_nothing() -> None:
    paper = {name: SAMPLES[Operation.AMENDMENT][name] for name in ("agreement_number", "agreement_date", "signed_on")}
    details, _ = read_details(Operation.AMENDMENT, {**paper, "begin_date": "2026-12-01", "department": "Цех"})
    assert isinstance(details, Amendment)
    assert [one.rule for one in check_change(details)] == ["amendment_changes_something"]


def test_it_takes_no_room_in_the_message() -> None:
    details, _ = read_details(Operation.CONCLUSION, SAMPLES[Operation.CONCLUSION])
    assert isinstance(details, Conclusion)
    assert message_size(0, details) == message_size(0, replace(details, department=None))


def test_a_mapping_gives_it_to_contracts_and_leaves_beside_their_fields() -> None:
    mapping = read_mapping(MAPPING, "staff.toml")
    assert "dept" in mapping.contracts.columns
    row = {"id": "K", "number": "1", "dept": "x" * 300}
    (contract,) = mapping.contract_rows([row], TODAY, "here")
    assert (contract.department, "department" in contract.contract) == ("x" * LONGEST_DEPARTMENT, False)
    assert mapping.leave_rows([row])[0].department == "Цех"
    with pytest.raises(ConfigurationError, match="there is no such field"):
        read_mapping(MAPPING.replace('contract_number = "number"', 'department = "dept"'), "staff.toml")


def test_a_staff_that_moves_to_another_one_tells_nothing_and_what_is_told_carries_it() -> None:
    fields = {"contract_number": "ТД-1", "contract_date": "2026-11-18", "end_date": "2027-01-01"}
    row = StaffRow("K", BIN, fields, department="Цех № 1")
    telling, _, _ = tell_contract(Story("K", BIN, Facts()), row, TODAY)
    assert _told(telling.events) == [("conclusion", "Цех № 1")]
    again, _, _ = tell_contract(telling.story, replace(row, department="Цех № 2"), TODAY)
    assert (again.events, again.story) == ([], telling.story)
    leave = LeaveRow("L", "K", {"not_worked_from": "2026-11-20"}, department="Цех № 3")
    assert _told(tell_leave(Story("L", BIN, Facts()), leave, fields, TODAY, 0).events) == [("social_leave", "Цех № 3")]


def _told(events: Sequence[Derived]) -> list[tuple[str, str]]:
    return [(one.operation.value, one.payload["department"]) for one in events]
