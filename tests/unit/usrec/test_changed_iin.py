"""Whatever happens to an employee's IIN, one paper is at most one registered contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.line import HOUR, IIN, TIMEOUT, UNREACHABLE, Line, numbered, refused, registered
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.source_event import HEADS
from usrec.domain.state import State
from usrec.domain.submission import WaitReason
from usrec.ports.ledger_view import SubmissionFilter, SubmissionRow

IINS = ("", IIN, numbered("90010130001"), numbered("90010100002"))
"""Not issued yet, and three of one person; all rows are about the contract with number 17."""
Deed = tuple[str, int, int]
"""What happens, and two numbers that tell how."""


class PaperRegistry:
    """Takes one record under an id and, as USREC does, one contract under a number.

    Attributes:
        knows_numbers: Without it, only the agent itself stands between a paper and its second registration.
        contracts: The HR key of each registered contract; all have the same number.
    """

    def __init__(self, line: Line, *, knows_numbers: bool = True) -> None:
        self.line = line
        self.knows_numbers = knows_numbers
        self.records: set[str] = set()
        self.contracts: list[str] = []

    def answer(self, envelope: Envelope) -> SubmissionOutcome:
        record_id = self.line.wire.record_id_in(envelope) or ""
        if record_id in self.records:
            return refused("SCSE086")
        row = self._row(record_id)
        if row.operation in HEADS:
            if self.contracts and self.knows_numbers:
                return refused("SCSE014")
            self.contracts.append(row.contract_key)
        self.records.add(record_id)
        return registered(record_id)

    def answer_is_lost(self, envelope: Envelope) -> SubmissionOutcome:
        self.answer(envelope)
        return TIMEOUT

    def _row(self, record_id: str) -> SubmissionRow:
        rows = self.line.ledger.view.rows(SubmissionFilter(current=False))
        return next(row for row in rows if row.record_id == record_id)


def concludes(line: Line, event: int, iin: int, contract: str = "K-1") -> None:
    """HR's next revision of one of three conclusions of the same paper."""
    name = f"c{event % 3}"
    mark = {"awaits_iin": "true"} if not IINS[iin % 4] else {}
    revision = len(line.all_of(name)) + 1
    line.take(name, revision=revision, contract=contract, employee_iin=IINS[iin % 4], **mark)


def changes(line: Line, old: int, new: int) -> None:
    """HR's event for a changed IIN."""
    number = sum(row.operation == "iin_change" for row in line.ledger.view.rows(SubmissionFilter(current=False)))
    numbers = {"employee_iin": IINS[1 + old % 3], "new_employee_iin": IINS[1 + new % 3]}
    line.take(f"i{number}", "iin_change", **numbers)


def sends(line: Line, registry: PaperRegistry, how: int) -> None:
    steps = (registry.answer, registry.answer_is_lost, lambda _: TIMEOUT, lambda _: UNREACHABLE)
    for claim in line.claim():
        line.wire.then(steps[how % len(steps)])
        line.deliver(claim)


def does(line: Line, registry: PaperRegistry, deed: Deed) -> None:
    what, one, two = deed
    acts: dict[str, Callable[[], object]] = {
        "conclude": lambda: concludes(line, one, two),
        "conclude anew": lambda: concludes(line, one, two, contract=f"K-{2 + one % 2}"),
        "change": lambda: changes(line, one, two),
        "send": lambda: sends(line, registry, one),
        "crash": line.crash,
        "wait": lambda: line.clock.advance(one * HOUR),
    }
    acts[what]()


WHATS = ("conclude", "conclude", "conclude anew", "change", "send", "send", "send", "crash", "wait")
DEEDS = st.lists(st.tuples(st.sampled_from(WHATS), st.integers(0, 5), st.integers(0, 5)), max_size=14)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DEEDS, st.booleans())
def test_one_paper_is_at_most_one_registered_contract_whatever_its_iin(deeds: list[Deed], numbers: bool) -> None:
    """Without the registry's help that holds for each ``contract_key``, with it for the number of the paper."""
    line = Line()
    try:
        registry = PaperRegistry(line, knows_numbers=numbers)
        for deed in deeds:
            does(line, registry, deed)
        for _ in range(4):
            sends(line, registry, 0)
            line.clock.advance(HOUR)
        rows = line.ledger.view.rows(SubmissionFilter(current=False))
        accepted = [row.contract_key for row in rows if row.operation in HEADS and row.state is State.ACCEPTED]
        assert len(registry.contracts) == len(set(registry.contracts))
        assert not numbers or len(registry.contracts) <= 1
        assert Counter(accepted) <= Counter(registry.contracts)
    finally:
        line.close()


def test_a_second_conclusion_of_a_contract_is_refused_whatever_its_iin_and_told_of_iin_change(line: Line) -> None:
    line.register("c1", employee_iin=IINS[1])
    line.take("c2", employee_iin=IINS[2])
    assert line.of("c2").state is State.INVALID
    (finding,) = line.findings("c2")
    assert finding.rule == "second_conclusion"
    assert "iin_change" in finding.message


def test_a_registered_conclusion_takes_no_other_iin_and_tells_of_iin_change(line: Line) -> None:
    line.register("c1", employee_iin=IINS[1])
    line.take("c1", revision=2, employee_iin=IINS[2])
    (finding,) = line.findings("c1", revision=2)
    assert finding.rule == "already_registered"
    assert "iin_change" in finding.message


def test_a_changed_iin_goes_out_for_the_same_contract(line: Line) -> None:
    contract = line.register("c1", employee_iin=IINS[1]).contract_id
    line.register("i1", "iin_change", employee_iin=IINS[1], new_employee_iin=IINS[2])
    assert line.of("i1").contract_id == contract
    assert line.of("i1").contract_key == line.of("c1").contract_key


@pytest.mark.parametrize("iin", IINS[1:])
def test_an_iin_that_comes_while_the_answer_is_unknown_waits_and_makes_no_second_contract(line: Line, iin: str) -> None:
    registry = PaperRegistry(line)
    line.take("c1", employee_iin=IINS[1])
    (claim,) = line.claim()
    line.wire.then(registry.answer_is_lost)
    line.deliver(claim)
    line.take("c1", revision=2, employee_iin=iin)
    line.clock.advance(24 * HOUR)
    sends(line, registry, 0)
    assert line.of("c1", revision=1).state is State.ACCEPTED
    assert line.of("c1", revision=2).state is State.INVALID
    assert registry.contracts == ["K-1"]


def test_a_follower_of_a_contract_without_an_iin_is_no_way_around(line: Line) -> None:
    line.take("c1", employee_iin="", awaits_iin="true")
    line.take("i1", "iin_change", employee_iin=IINS[1], new_employee_iin=IINS[2])
    assert line.entry("i1").wait_reason is WaitReason.AWAITING_IIN
