"""Events that follow a registered contract: their term, their contract's id, and the way out of p.13."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.line import ENDS_TODAY, TODAY, Line
from usrec.domain.rules.finding import load_findings
from usrec.domain.source_event import HEADS, Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason

FOLLOWERS = sorted(set(Operation) - HEADS)


@pytest.mark.parametrize("operation", FOLLOWERS)
def test_event_of_a_registered_contract_is_sent_with_its_id(operation: Operation) -> None:
    line = Line()
    contract = line.register("hire", **(ENDS_TODAY if operation is Operation.EXTENSION else {}))
    if operation is Operation.REINSTATEMENT:
        line.register("end", "termination")
    followed = line.register("next", operation)
    assert (followed.state, followed.contract_id) == (State.ACCEPTED, contract.contract_id)


@pytest.mark.parametrize("operation", FOLLOWERS)
def test_event_waits_until_its_contract_is_known(operation: Operation) -> None:
    line = Line()
    line.take("next", operation)
    assert line.deliver_all() == []
    entry = line.entry("next")
    assert (entry.status, entry.wait_reason) == (QueueStatus.HELD, WaitReason.CONTRACT_UNKNOWN)


def test_legacy_contract_goes_first_and_tells_its_id() -> None:
    line = Line()
    line.take("next", "extension")
    contract = line.register("old", "legacy_contract")
    assert contract.position == 0
    assert line.of("next").contract_id == contract.contract_id
    assert line.take("again", "conclusion").reason == "second_conclusion"


@pytest.mark.parametrize("operation", ["contract_edit", "contract_delete"])
def test_correction_runs_from_the_day_on_which_the_agent_registered_the_contract(operation: str) -> None:
    line = Line()
    line.register("hire")
    line.clock.advance(timedelta(days=7))
    corrected = line.take("mend", operation, entered_on=None)
    assert corrected.trigger == TODAY
    assert corrected.safe_date is not None
    assert corrected.legal_date is not None
    assert corrected.safe_date <= TODAY + timedelta(days=30) < corrected.legal_date


@pytest.mark.parametrize("operation", ["amendment_edit", "amendment_delete"])
def test_correction_of_an_agreement_runs_from_its_own_registration(operation: str) -> None:
    line = Line()
    line.register("hire")
    line.clock.advance(timedelta(days=7))
    agreed = line.register("agree", "amendment")
    corrected = line.take("mend", operation, entered_on=None, agreement_id=agreed.record_id)
    assert corrected.trigger == TODAY + timedelta(days=7)
    assert line.take("other", operation, entered_on=None, agreement_id="R-unknown").trigger is None


def test_the_rows_own_day_of_first_entry_wins() -> None:
    line = Line()
    line.register("hire")
    corrected = line.take("mend", "contract_edit", entered_on=(TODAY - timedelta(days=3)).isoformat())
    assert corrected.trigger == TODAY - timedelta(days=3)


@pytest.mark.parametrize("operation", ["contract_edit", "contract_delete"])
def test_a_later_day_than_that_of_the_agents_own_registration_does_not_lengthen_the_term(operation: str) -> None:
    """HR wrote the day on which the mistake was found; Order 353 p.9 counts from the first entry."""
    line = Line()
    line.register("hire")
    line.clock.advance(timedelta(days=21))
    corrected = line.take("mend", operation, entered_on=(TODAY + timedelta(days=21)).isoformat())
    assert corrected.trigger == TODAY
    assert corrected.safe_date is not None
    assert corrected.safe_date <= TODAY + timedelta(days=30)


@pytest.mark.parametrize("operation", ["contract_edit", "contract_delete", "amendment_edit", "amendment_delete"])
def test_correction_after_a_registered_termination_is_refused_with_the_way_out(operation: str) -> None:
    line = Line()
    line.register("hire")
    line.register("end", "termination")
    refused = line.take("mend", operation)
    assert (refused.state, refused.reason) == (State.INVALID, "contract_not_terminated")
    (finding,) = load_findings(refused.findings)
    assert (finding.code, finding.point) == ("SCSE092", "Order 353 p.13")


def test_correction_after_a_reinstatement_is_sent() -> None:
    line = Line()
    line.register("hire")
    line.register("end", "termination")
    line.clock.advance(timedelta(hours=1))
    line.register("back", "reinstatement")
    assert line.register("mend", "contract_edit").state is State.ACCEPTED


def test_correction_before_the_end_of_its_contract_is_sent() -> None:
    line = Line()
    line.register("hire")
    assert line.register("mend", "contract_edit").state is State.ACCEPTED
    assert line.register("end", "termination").state is State.ACCEPTED
