"""An agreement that HR has dated and not numbered: nothing is made up, and its term runs from the day that HR gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from usrec.domain.rules.field_table import PROVISIONAL_FROM
from usrec.domain.snapshot.derived import Derived, Why
from usrec.domain.snapshot.look import Memory, differ
from usrec.domain.snapshot.staff import Look, StaffRow
from usrec.domain.source_event import Operation

BIN = "200940000013"
ROW = StaffRow(
    "ТД-1",
    BIN,
    {
        "employee_iin": "900101300007",
        "contract_number": "ТД-1",
        "contract_date": "2024-03-01",
        "signed_on": "2024-03-01",
        "begin_date": "2024-03-01",
        "position_code": "2511-2-001",
        "established_post": "Аналитик",
        "conscript_code": "01",
        "term_code": "1",
        "work_place_address": "Астана",
    },
)
MOVED = replace(ROW, contract={**ROW.contract, "position_code": "2512-0-001"})
DATED = {"agreement_date": "2026-11-10", "signed_on": "2026-11-10", "begin_date": "2026-11-16"}


class Agent:
    """Looks at one contract that was registered long ago, and remembers."""

    def __init__(self, first: StaffRow = ROW) -> None:
        self.memory, self.now = Memory(), datetime(2026, 11, 20, 6, tzinfo=UTC)
        assert not self.look(first)

    def look(self, row: StaffRow) -> list[Derived]:
        made = differ(self.memory, Look([row], None, self.now), {})
        self.memory = Memory(self.now.date(), {**self.memory.contracts, **made.contracts}, {})
        self.now += timedelta(days=1)
        return list(made.events)


def test_its_term_runs_from_the_day_that_hr_gives_and_not_from_the_look_before() -> None:
    (told,) = Agent().look(replace(MOVED, agreement=DATED))
    assert (told.operation, list(told.missing)) == (Operation.AMENDMENT, ["agreement_number"])
    assert told.payload["signed_on"] == "2026-11-10"
    assert PROVISIONAL_FROM not in told.payload
    (told,) = Agent().look(replace(MOVED, agreement={"agreement_date": "2026-11-09"}))
    assert told.payload[PROVISIONAL_FROM] == "2026-11-09"
    assert "signed_on" not in told.payload


def test_a_date_that_comes_later_makes_the_term_stricter_and_the_number_completes_the_event() -> None:
    agent = Agent()
    (first,) = agent.look(MOVED)
    assert first.payload[PROVISIONAL_FROM] == "2026-11-20"
    (second,) = agent.look(replace(MOVED, agreement=DATED))
    assert (second.event_id, second.revision, second.payload["signed_on"]) == (first.event_id, 2, "2026-11-10")
    (third,) = agent.look(replace(MOVED, agreement={**DATED, "agreement_number": "ДС-1"}))
    assert (third.event_id, third.revision, list(third.missing)) == (first.event_id, 3, [])
    assert agent.look(replace(MOVED, agreement={**DATED, "agreement_number": "ДС-1"})) == []


def test_a_paper_that_changes_nothing_that_is_mapped_is_told_and_a_slip_is_taken_back() -> None:
    agent = Agent()
    (told,) = agent.look(replace(ROW, agreement=DATED))
    assert (told.why, list(told.missing)) == (Why.NEW_AGREEMENT, ["agreement_number"])
    (back,) = agent.look(ROW)
    assert (back.event_id, back.withdrawn) == (told.event_id, True)


def test_an_agreement_that_lost_its_number_and_a_day_of_effect_alone_are_no_new_paper() -> None:
    numbered = replace(ROW, agreement={**DATED, "agreement_number": "ДС-1"})
    assert Agent(numbered).look(replace(ROW, agreement=DATED)) == []
    assert Agent().look(replace(ROW, agreement={"begin_date": "2026-11-16"})) == []


def test_the_registered_agreement_is_not_told_anew_when_an_unnumbered_one_goes_away() -> None:
    numbered = replace(MOVED, agreement={**DATED, "agreement_number": "ДС-1"})
    agent = Agent(numbered)
    further = {**numbered.contract, "position_code": "1120-0-001"}
    (told,) = agent.look(replace(numbered, contract=further, agreement={"agreement_date": "2026-11-18"}))
    (again,) = agent.look(replace(numbered, contract=further))
    assert (again.event_id, again.withdrawn, "agreement_number" in again.payload) == (told.event_id, False, False)


def test_an_agreement_that_waits_is_not_lost_to_the_next_one_without_a_number() -> None:
    agent = Agent()
    (first,) = agent.look(replace(MOVED, agreement={**DATED, "agreement_number": "ДС-1"}))
    paper = {"agreement_date": "2026-11-18", "signed_on": "2026-11-18"}
    further = replace(MOVED, contract={**MOVED.contract, "position_code": "1120-0-001"}, agreement=paper)
    told = agent.look(further)
    assert first.event_id not in {one.event_id for one in told}, "the first stays as it is"
    (numbered,) = agent.look(
        replace(further, agreement={**paper, "agreement_number": "ДС-2", "begin_date": "2026-11-19"})
    )
    assert (numbered.event_id, list(numbered.missing)) == (told[-1].event_id, [])
    assert numbered.payload["position_code"] == "1120-0-001"
