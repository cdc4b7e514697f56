"""Contracts that stand in the registry: their ids are taken over once, in portions, and never against the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import event

from support.line import ASEL, BIN, EMPLOYERS, IIN, POLICY, TODAY, Line, refused
from usrec.adapters.persistence import SqlLedger
from usrec.application import onboard
from usrec.application.approve import approve
from usrec.application.onboard import OnboardingPlan, Standing, apply_onboarding, plan_onboarding
from usrec.application.undo_import import undo_import
from usrec.domain.errors import UnsafeRequest
from usrec.domain.onboarding import Fit, HrContract, ImportedContract, KnownAgreement, KnownContract
from usrec.domain.snapshot.look import Difference
from usrec.domain.snapshot.staff import FoldedKey
from usrec.domain.snapshot.story import Facts, Story
from usrec.domain.source_event import ContractKey, EmployerName, Operation, SourceName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason

DAY = date(2020, 4, 1)
EMPLOYER = BIN, EmployerName(EMPLOYERS[BIN])


def known(number: int, **changes: object) -> KnownContract:
    one = KnownContract(f"R-{number}", IIN, f"17-K-{number}", DAY, DAY, rows=(number + 2,))
    return replace(one, **changes)  # type: ignore[arg-type]


def hr(serial: int, *, key: str = "", **changes: str) -> HrContract:
    told = {"employee_iin": IIN, "number": f"17-k-{serial} ", "day": DAY.isoformat()} | changes
    return HrContract(ContractKey(key or f"K-{serial}"), **told)


def planned(line: Line, rows: Sequence[KnownContract], roster: Sequence[HrContract] = ()) -> OnboardingPlan:
    return plan_onboarding(EMPLOYER, rows, roster, ledger=line.ledger)


def applied(line: Line, plan: OnboardingPlan) -> int:
    told: list[tuple[int, int]] = []
    taken = apply_onboarding(
        plan, "0" * 64, ASEL, ledger=line.ledger, clock=line.clock, progress=lambda *now: told.append(now)
    )
    assert not plan.new or told[-1] == (len(plan.new), len(plan.new))
    return taken


@contextmanager
def counted(ledger: SqlLedger) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    event.listen(ledger._engine, "before_cursor_execute", note)
    yield seen
    event.remove(ledger._engine, "before_cursor_execute", note)


def test_a_termination_waits_for_the_id_and_goes_when_it_is_taken_over(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.take("t1", "termination")
    assert line.entry("t1").wait_reason is WaitReason.CONTRACT_UNKNOWN
    assert applied(line, planned(line, [known(1)], [hr(1)])) == 1
    assert line.entry("t1").status is QueueStatus.READY
    assert line.of("t1").contract_id == "R-1"
    again = planned(line, [known(1)], [hr(1)])
    assert (again.new, again.counts) == ([], {"known": 1})


def test_a_contract_that_stands_is_never_registered_again(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.take("c1", "legacy_contract", contract_date=DAY.isoformat(), signed_on=DAY.isoformat())
    assert line.of("c1").state is State.PENDING, line.findings("c1")
    assert applied(line, planned(line, [known(1)])) == 1, "the row itself tells IIN, number and date"
    assert (line.of("c1").state, line.of("c1").reason) == (State.CANCELLED, "stands_in_registry")
    for event_id, revision in (("c1", 2), ("c2", 1)):
        line.take(event_id, "legacy_contract", revision=revision, contract_date=DAY.isoformat())
        assert line.of(event_id, revision).state is State.INVALID
        assert [one.rule for one in line.findings(event_id, revision)] == ["stands_in_registry"]
    assert line.deliver_all() == []


@pytest.mark.parametrize("state", [State.REJECTED, State.INVALID])
def test_a_refused_conclusion_of_a_contract_that_stands_is_never_sent_and_holds_nobody(
    ledger: SqlLedger, state: State
) -> None:
    line = Line(ledger=ledger)
    if state is State.REJECTED:
        line.take("c1")
        line.send(refused("SCSE007"))
    else:
        line.take("c1", employee_iin=None)
    line.take("t1", "termination")
    assert (line.of("c1").state, line.entry("t1").wait_reason) == (state, WaitReason.PREDECESSOR_REFUSED)
    applied(line, planned(line, [known(1)], [hr(1)]))
    assert (line.of("c1").state, line.of("c1").reason) == (State.CANCELLED, "stands_in_registry")
    with pytest.raises(UnsafeRequest):
        line.retry("c1")
    assert [one.submission.event_id for one in line.deliver_all()] == ["t1"]
    assert line.of("t1").contract_id == "R-1"


def test_a_conclusion_that_an_older_import_left_refused_is_not_tried_again(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.take("c1")
    line.send(refused("SCSE007"))
    with line.work() as work:
        work.contracts.set_registry_id(BIN, ContractKey("K-1"), "R-1")
        work.imported.put(BIN, ImportedContract(ContractKey("K-1"), "R-1", None, ()), line.clock.now())
    with pytest.raises(UnsafeRequest, match="stands in USREC already"):
        line.retry("c1")
    line.cancel("c1")


def test_the_ledgers_own_id_wins(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.register("c1", contract_date=TODAY.isoformat())
    plan = planned(line, [known(1, contract_id="R-other", day=TODAY)])
    assert [one.standing for one in plan.judged] == [Standing.OTHER_ID]
    assert applied(line, plan) == 0
    with line.work() as work:
        assert work.contracts.registry_id(BIN, ContractKey("K-1")) != "R-other"


def test_a_conclusion_on_its_way_is_settled_first(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.take("c1", contract_date=TODAY.isoformat())
    line.crash()
    plan = planned(line, [known(1, day=TODAY)])
    assert [one.standing for one in plan.judged] == [Standing.BEING_SENT]


@pytest.mark.parametrize(
    "second",
    [
        [known(1, contract_id="R-9")],
        [known(1, entered=TODAY)],
        [known(1, agreements=(KnownAgreement("A-1", "1", DAY, TODAY),))],
        [known(2, contract_id="R-1")],
        [known(3), known(3, entered=TODAY, rows=(44,))],
        [known(3, agreements=(KnownAgreement("A-3"),)), known(4, agreements=(KnownAgreement("A-3"),))],
    ],
    ids=["other-id", "other-day", "other-agreement", "id-of-another", "rows", "agreements"],
)
def test_a_contradiction_is_refused_with_its_rows(sqlite_memory: SqlLedger, second: list[KnownContract]) -> None:
    line = Line(ledger=sqlite_memory)
    first = known(1, agreements=(KnownAgreement("A-1", "1", DAY, DAY),))
    applied(line, planned(line, [first], [hr(1)]))
    with pytest.raises(UnsafeRequest, match=r"rows \d+.*contradict"):
        planned(line, second, [hr(number) for number in range(1, 5)])


def test_a_second_export_may_tell_more(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    applied(line, planned(line, [known(1, entered=None)], [hr(1)]))
    agreement = KnownAgreement("A-1", "17/1", DAY, DAY)
    assert applied(line, planned(line, [known(1, agreements=(agreement,))], [hr(1)])) == 1
    assert applied(line, planned(line, [known(1, entered=None)], [hr(1)])) == 0
    with line.work() as work:
        (found,) = work.imported.of([(BIN, ContractKey("K-1"))]).values()
    assert found is not None
    assert (found.entered, found.agreements) == (DAY, (agreement,))


def test_a_correction_runs_from_the_first_entry_that_the_export_told(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    agreement = KnownAgreement("A-1", "17/1", DAY, date(2022, 5, 5))
    older = known(2)
    applied(line, planned(line, [known(1, entered=TODAY, agreements=(agreement,)), older], [hr(1), hr(2)]))
    line.take("d1", "amendment_delete", agreement_id="A-1", entered_on=None)
    assert line.of("d1").trigger == date(2022, 5, 5)
    line.take("d2", "contract_delete", entered_on=None)
    assert line.of("d2").trigger == TODAY
    line.take("d3", "contract_delete", contract="K-2", entered_on=None)
    assert line.of("d3").trigger is None, "no term runs from a day before the Order"


def test_the_baseline_of_a_staff_is_what_hr_knows(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    fields = {"employee_iin": IIN, "contract_number": "17-K-1", "contract_date": DAY.isoformat()}
    with line.work() as work:
        stories = {FoldedKey(key.lower()): Story(key, bin_, Facts(fields)) for key, bin_ in (("K-1", BIN), ("Z", "9"))}
        assert work.snapshots.keep(SourceName("hr"), Difference((), (), stories, {}), line.clock.now(), None)
    assert [one.key for one in planned(line, [known(1)]).new] == ["K-1"]


def test_what_is_not_certain_is_told_and_not_taken(sqlite_memory: SqlLedger) -> None:
    line = Line(ledger=sqlite_memory)
    roster = [
        hr(1, key="A", employee_iin="1"),
        hr(1, key="B", employee_iin="1"),
        hr(2, number="18", employee_iin="2"),
        hr(3, day="2020-04-02", employee_iin="3"),
        hr(4, employee_iin="x"),
        hr(6, key="C", employee_iin="6"),
        hr(7, employee_iin="7"),
        hr(8, employee_iin="8"),
    ]
    rows = [known(number, employee_iin=str(number)) for number in (1, 2, 3, 4, 5, 7)]
    rows.append(known(6, employee_iin="6", stated_key=ContractKey("X")))
    rows.append(known(7, employee_iin="7", contract_id="R-77"))
    plan = planned(line, rows, roster)
    found = {one.contract.contract_id: one.fit for one in plan.matching.others}
    assert found == {
        "R-1": Fit.SEVERAL_KEYS,
        "R-2": Fit.NUMBER_DIFFERS,
        "R-3": Fit.DATE_DIFFERS,
        "R-4": Fit.IIN_DIFFERS,
        "R-5": Fit.UNKNOWN,
        "R-6": Fit.KEY_DIFFERS,
        "R-7": Fit.SEVERAL_IDS,
        "R-77": Fit.SEVERAL_IDS,
    }
    assert [one.key for one in plan.matching.missing] == ["C", "K-8"]
    chosen = planned(line, [known(1, employee_iin="1", stated_key=ContractKey("B"))], roster)
    assert [one.key for one in chosen.new] == ["B"]


def test_a_wrong_match_is_taken_back_until_something_was_signed(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.take("t1", "termination")
    applied(line, planned(line, [known(1)], [hr(1)]))
    assert undo_import(BIN, "R-1", ASEL, ledger=line.ledger, clock=line.clock) == "K-1"
    assert line.of("t1").contract_id is None
    assert line.entry("t1").wait_reason is WaitReason.CONTRACT_UNKNOWN
    with pytest.raises(UnsafeRequest, match="no import has"):
        undo_import(BIN, "R-1", ASEL, ledger=line.ledger, clock=line.clock)
    applied(line, planned(line, [known(1)], [hr(1)]))
    line.deliver_all()
    assert line.of("t1").state is State.ACCEPTED
    with pytest.raises(UnsafeRequest, match="signed or registered"):
        undo_import(BIN, "R-1", ASEL, ledger=line.ledger, clock=line.clock)


def test_a_document_made_under_a_wrong_match_is_never_sent(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger, policy=replace(POLICY, approve={BIN: frozenset({Operation.TERMINATION})}))
    which = line.take("t1", "termination").id
    applied(line, planned(line, [known(1)], [hr(1)]))
    line.deliver(*line.claim())
    with ledger.begin() as work:
        asked = work.signing_requests.get(which)
    assert asked is not None
    undo_import(BIN, "R-1", ASEL, ledger=ledger, clock=line.clock)
    assert line.entry("t1").wait_reason is WaitReason.CONTRACT_UNKNOWN
    with pytest.raises(UnsafeRequest, match="does not wait for an approval"):
        approve(which, asked.digest, ASEL, ledger=ledger, clock=line.clock)
    applied(line, planned(line, [known(1, contract_id="R-7")], [hr(1)]))
    line.deliver(*line.claim())
    with ledger.begin() as work:
        again = work.signing_requests.get(which)
    assert again is not None
    assert (b"R-1" in asked.document, b"R-1" in again.document, b"R-7" in again.document) == (True, False, True)


def test_what_was_refused_under_a_wrong_match_is_sent_again_under_the_right_one(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.take("t1", "termination")
    applied(line, planned(line, [known(1)], [hr(1)]))
    line.send(refused("SCSE007"))
    assert line.of("t1").state is State.REJECTED
    undo_import(BIN, "R-1", ASEL, ledger=ledger, clock=line.clock)
    line.retry("t1")
    assert line.entry("t1").wait_reason is WaitReason.CONTRACT_UNKNOWN
    applied(line, planned(line, [known(1, contract_id="R-7")], [hr(1)]))
    line.deliver_all()
    assert [b"R-1" in one.document for one in line.wire.messages] == [True, False]
    assert line.of("t1").contract_id == "R-7"


def test_what_a_person_has_in_hand_stays_theirs_when_a_match_is_undone(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.take("a1", "amendment")
    line.take("t1", "termination")
    applied(line, planned(line, [known(1)], [hr(1)]))
    line.check_out("a1")
    line.hold("t1")
    undo_import(BIN, "R-1", ASEL, ledger=ledger, clock=line.clock)
    assert line.entry("a1").wait_reason is WaitReason.CHECKED_OUT
    assert line.entry("t1").wait_reason is WaitReason.HELD_BY_PERSON
    line.settle("a1")
    assert line.of("a1").state is State.ACCEPTED
    assert line.claim() == []


def test_an_import_that_was_broken_off_goes_on(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onboard, "PORTION", 10)
    line = Line(ledger=ledger)
    rows, roster = [known(number) for number in range(25)], [hr(number) for number in range(25)]

    def killed(done: int, _: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_onboarding(planned(line, rows, roster), "0", ASEL, ledger=line.ledger, clock=line.clock, progress=killed)
    assert applied(line, planned(line, rows, roster)) == 5
    assert planned(line, rows, roster).counts == {"known": 25}


def test_twenty_thousand_contracts_take_a_bounded_number_of_statements(sqlite_memory: SqlLedger) -> None:
    line = Line(ledger=sqlite_memory)
    rows = [known(number) for number in range(20_000)]
    roster = [hr(number) for number in range(20_000)]
    with counted(sqlite_memory) as seen:
        plan = planned(line, rows, roster)
    assert len(seen) <= 4 * 25 + 10, "a few questions about each 800 contracts"
    with counted(sqlite_memory) as seen:
        assert applied(line, plan) == 20_000
    assert len(seen) <= 100 * 16, "a portion of 200 takes as many statements as one contract"
