"""A row against what the ledger holds of its contract: refused with the way out, and taken again once that is gone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from support.line import BIN, DAY, OTHER_BIN, TODAY, TOMORROW, Line, numbered, refused
from usrec.domain.contract_history import ContractHistory, PastEvent, history_of
from usrec.domain.errors import UnsafeRequest
from usrec.domain.rules.finding import Severity
from usrec.domain.source_event import Amendment, AmendmentDelete, AmendmentEdit, SocialLeave, SocialLeaveEdit
from usrec.domain.state import State
from usrec.domain.submission import OUTSIDE_THE_LINE, QueueStatus, WaitReason

YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
OTHER_IIN = numbered("90010130001")


def stopped_by(line: Line, event_id: str) -> list[tuple[str, str]]:
    return [(one.rule, one.code) for one in line.findings(event_id) if one.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("before", "operation", "row", "expected"),
    [
        ([], "amendment", {"agreement_date": YESTERDAY}, ("amendment_not_before_contract", "SCSE063")),
        ([], "termination", {"termination_date": YESTERDAY}, ("termination_not_before_contract", "SCSE067")),
        (["amendment"], "amendment", {}, ("agreement_not_repeated", "SCSE070")),
        (["termination"], "amendment", {}, ("contract_not_terminated", "SCSE092")),
        (["termination"], "termination", {}, ("contract_not_terminated", "SCSE092")),
        ([], "reinstatement", {}, ("reinstatement_needs_termination", "SCSE095")),
        (
            ["termination"],
            "reinstatement",
            {"termination_date": YESTERDAY},
            ("termination_date_as_registered", "SCSE096"),
        ),
        (["bin_change"], "amendment", {}, ("contract_belongs_to_employer", "SCSE097")),
        (["bin_change"], "contract_delete", {}, ("deletion_names_the_employer", "SCSE048")),
        ([], "contract_delete", {"employee_iin": OTHER_IIN}, ("deletion_names_the_employee", "SCSE047")),
        (["iin_change"], "social_leave_delete", {}, ("deletion_names_the_employee", "SCSE132")),
        (["social_leave"], "social_leave", {}, ("leave_not_repeated", "SCSE121")),
        ([], "social_leave", {"not_worked_from": YESTERDAY}, ("leave_not_before_contract", "SCSE147")),
        ([], "transfer", {"reorganisation_date": YESTERDAY}, ("reorganisation_not_before_contract", "SCSE155")),
    ],
)
@pytest.mark.parametrize("registered", [True, False], ids=["registered", "in_line"])
def test_what_the_ledger_holds_forbids(
    before: list[str], operation: str, row: dict[str, Any], expected: tuple[str, str], *, registered: bool
) -> None:
    """Registered or only waiting in front: the registry would answer the same when its turn comes."""
    line = Line()
    earlier = ["conclusion", *before]
    for place, kind in enumerate(earlier):
        line.take(f"before-{place}", kind)
        if registered:
            line.deliver_all()
    assert set(line.states().values()) == {"accepted" if registered else "pending"}
    line.take("now", operation, **row)
    assert line.of("now").state is State.INVALID
    assert stopped_by(line, "now") == [expected]
    assert line.notes()[line.of("now").row_ref].state == "invalid"


@pytest.mark.parametrize("operation", ["extension", "amendment", "reinstatement", "termination", "social_leave"])
def test_of_a_contract_registered_elsewhere_nothing_is_known_and_nothing_refused(operation: str) -> None:
    line = Line()
    line.take("now", operation, contract_id="R-17")
    assert line.register("next", operation, contract="K-2", contract_id="R-18").state is State.ACCEPTED
    assert stopped_by(line, "now") == []
    assert line.take("unknown", operation, contract="K-3").state is State.PENDING


def test_what_is_refused_or_taken_back_does_not_count() -> None:
    line = Line()
    line.register("hire")
    line.take("end", "termination")
    line.send(refused("SCSE022"))
    assert line.take("agree", "amendment").state is State.PENDING
    line.cancel("end")
    line.deliver_all()
    line.take("end-2", "termination")
    line.take("end-2", "termination", revision=2, withdrawn=True)
    assert line.take("agree-2", "amendment", agreement_number="17/2").state is State.PENDING


def test_what_stands_behind_in_the_line_does_not_count() -> None:
    """A corrected revision keeps its turn, before a termination that came meanwhile."""
    line = Line()
    line.register("hire")
    line.take("agree", "amendment", agreement_number=None)
    line.take("end", "termination")
    assert line.take("agree", "amendment", revision=2).state is State.PENDING


def test_a_reinstatement_opens_the_contract_again() -> None:
    line = Line()
    line.register("hire")
    line.register("end", "termination")
    line.take("back", "reinstatement")
    assert line.register("agree", "amendment").state is State.ACCEPTED
    assert line.states()["back"] == "accepted"


def test_after_a_termination_the_row_holds_nobody_and_every_other_refusal_holds_its_followers() -> None:
    line = Line()
    line.register("hire")
    line.take("early", "termination", termination_date=YESTERDAY)
    line.take("agree", "amendment")
    entry = line.entry("agree")
    assert (entry.status, entry.wait_reason) == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_REFUSED)
    line.take("early", "termination", revision=2)
    assert line.take("late", "amendment", agreement_number="17/2").position == OUTSIDE_THE_LINE


def test_a_refused_row_is_taken_again_once_its_obstacle_is_gone() -> None:
    line = Line()
    line.register("hire")
    line.take("end", "termination", termination_date=TODAY.isoformat())
    line.take("agree", "amendment")
    assert stopped_by(line, "agree") == [("contract_not_terminated", "SCSE092")]
    with pytest.raises(UnsafeRequest, match="still invalid"):
        line.retry("agree")
    line.take("end", "termination", revision=2, withdrawn=True)
    assert line.retry("agree").state is State.PENDING
    line.deliver_all()
    line.take("end", "termination", revision=3, termination_date=TOMORROW.isoformat())
    line.clock.advance(2 * DAY)
    line.deliver_all()
    assert line.states() == {"hire": "accepted", "agree": "accepted", "end": "accepted"}


def test_an_event_that_was_taken_back_comes_back_behind_what_came_meanwhile() -> None:
    line = Line()
    line.register("hire")
    line.take("end", "termination", termination_date=TOMORROW.isoformat())
    line.take("end", "termination", revision=2, withdrawn=True)
    line.take("agree", "amendment")
    line.take("end", "termination", revision=3, termination_date=TOMORROW.isoformat())
    assert line.of("agree").position < line.of("end").position


def test_a_number_given_twice_is_refused_until_the_first_contract_is_gone() -> None:
    line = Line()
    line.register("one", contract_number="17")
    line.take("two", contract="K-2", contract_number="17")
    assert stopped_by(line, "two") == [("contract_number_unused", "SCSE014")]
    assert line.take("elsewhere", employer=OTHER_BIN, contract_number="17").state is State.INVALID
    assert ("contract_number_unused", "SCSE014") not in stopped_by(line, "elsewhere")
    line.register("wrong", "contract_delete")
    assert line.retry("two").state is State.PENDING


def test_a_number_that_a_correction_gave_up_is_free_and_the_one_it_took_is_not() -> None:
    line = Line()
    line.register("one", contract_number="17")
    line.register("mend", "contract_edit", contract_number="18")
    assert line.take("two", contract="K-2", contract_number="17").state is State.PENDING
    line.take("three", contract="K-3", contract_number="18")
    assert stopped_by(line, "three") == [("contract_number_unused", "SCSE014")]


def test_two_contracts_of_one_batch_do_not_share_a_number() -> None:
    line = Line()
    line.enter("one", contract_number="17")
    line.enter("two", contract="K-2", contract_number="17")
    line.ingest()
    assert line.states() == {"one": "pending", "two": "invalid"}


def test_after_a_registered_deletion_the_contract_is_concluded_anew_under_its_key() -> None:
    line = Line()
    first = line.register("hire")
    line.take("gone", "contract_delete")
    assert line.take("again").reason == "second_conclusion"
    line.deliver_all()
    line.take("agree", "amendment")
    assert line.entry("agree").wait_reason is WaitReason.CONTRACT_UNKNOWN
    assert line.take("again", revision=2).state is State.PENDING
    line.clock.advance(DAY)
    line.deliver_all()
    second = line.of("again")
    assert second.contract_id != first.contract_id
    assert (line.of("agree").state, line.of("agree").contract_id) == (State.ACCEPTED, second.contract_id)
    assert line.take("third").reason == "second_conclusion"


def test_a_correction_runs_from_the_entry_of_the_contract_that_stands() -> None:
    line = Line()
    line.register("hire")
    line.register("gone", "contract_delete")
    line.clock.advance(timedelta(days=7))
    line.register("again")
    assert line.take("mend", "contract_edit", entered_on=None).trigger == TODAY + timedelta(days=7)


@pytest.mark.parametrize(
    ("kind", "field", "follow"),
    [
        ("amendment", "agreement_id", "amendment_edit"),
        ("amendment", "agreement_id", "amendment_delete"),
        ("social_leave", "leave_id", "social_leave_edit"),
        ("social_leave", "leave_id", "social_leave_delete"),
    ],
)
def test_what_this_agent_registered_may_be_named_by_its_event(kind: str, field: str, follow: str) -> None:
    """Nobody tells HR the registry's id of an agreement or a leave."""
    line = Line()
    line.register("hire")
    line.take("first", kind)
    line.take("early", follow, **{field: "first"})
    assert [one.field for one in line.findings("early")] == [field]
    line.deliver_all()
    named = line.retry("early")
    assert json.loads(named.details)[field] == line.of("first").record_id
    assert line.take("other", follow, contract="K-2", **{field: "first"}).details.count('"first"') == 1
    line.deliver_all()
    assert line.of("early").state is State.ACCEPTED


@pytest.mark.parametrize(
    ("operation", "row", "expected"),
    [
        ("conclusion", {"signed_on": "2026-10-01", "contract_date": "2026-10-01"}, "conclusion_entered_in_time"),
        ("amendment", {"signed_on": "2026-10-01"}, "amendment_entered_in_time"),
        ("termination", {"termination_date": "2026-10-01"}, "termination_entered_in_time"),
        ("contract_edit", {"entered_on": "2026-10-01"}, "correction_window_open"),
    ],
)
def test_what_is_late_is_told_with_the_day_that_was_missed_and_sent(
    operation: str, row: dict[str, Any], expected: str
) -> None:
    line = Line()
    if operation != "conclusion":
        line.register("hire", begin_date="2026-10-01")
    line.take("late", operation, **row)
    (found,) = line.findings("late")
    assert (found.rule, found.severity) == (expected, Severity.WARNING)
    assert "2026-10-" in found.message
    line.deliver_all()
    assert line.of("late").state is State.ACCEPTED


def test_a_late_extension_is_told_and_sent() -> None:
    line = Line()
    line.register("hire", begin_date="2025-10-01", term_code="2", end_date="2026-10-01")
    line.take("late", "extension", extension_date="2026-10-01", term_code="1", end_date=None)
    (found,) = line.findings("late")
    assert (found.rule, found.severity, found.code) == ("extension_entered_in_time", Severity.WARNING, "")
    assert found.point == "Order 353 p.13-1"
    assert "2026-10-22" in found.message
    line.deliver_all()
    assert line.of("late").state is State.ACCEPTED


@pytest.mark.parametrize(
    ("entered", "told", "whom"),
    [
        ("2026-10-01", ["2026-10-31", "2026-11-12"], "labour authority"),
        ("2026-10-12", ["2026-11-11", "2026-11-23"], "USREC support and name p.9"),
    ],
)
def test_a_late_correction_tells_whom_to_ask_by_the_terms_that_are_over(
    entered: str, told: list[str], whom: str
) -> None:
    """To name p.9 is of use only while its own thirty working days run."""
    line = Line()
    line.register("hire", begin_date="2026-10-01")
    line.take("mend", "contract_edit", entered_on=entered)
    (found,) = line.findings("mend")
    assert found.rule == "correction_window_open"
    assert [day for day in told if day in found.message] == told
    assert whom in found.message


def test_a_correction_is_late_by_the_day_on_which_the_agent_entered_the_contract() -> None:
    line = Line()
    line.register("hire")
    line.clock.advance(timedelta(days=31))
    late = line.take("mend", "contract_edit", entered_on=None)
    assert [one.rule for one in line.findings("mend")] == ["correction_window_open"]
    assert late.state is State.PENDING


# -- what the events of others leave unknown

BODY: dict[str, Any] = {"position_code": "2512-0-001", "established_post": "x"}
EDIT = AmendmentEdit(
    agreement_id="A-1", agreement_number="2", agreement_date=TODAY, begin_date=TODAY, term_code="1", **BODY
)


def told(*events: PastEvent) -> ContractHistory:
    return history_of(BIN, events)


def agreed(record_id: str | None) -> PastEvent:
    details = Amendment(agreement_number="1", agreement_date=TODAY, begin_date=TODAY, signed_on=TODAY, **BODY)
    return PastEvent(details, record_id)


def test_a_correction_of_a_known_agreement_takes_its_place() -> None:
    history = told(agreed("A-1"), agreed("A-2"), PastEvent(EDIT))
    assert [(one.number, one.record_id) for one in history.agreements] == [("2", "A-1"), ("1", "A-2")]
    assert history.term is not None
    assert told(agreed("A-1"), PastEvent(AmendmentDelete(agreement_id="A-1", employee_iin=""))).agreements == ()


def test_a_correction_of_an_agreement_that_nobody_here_knows_leaves_the_term_unknown() -> None:
    history = told(agreed("A-2"), agreed(None), PastEvent(EDIT))
    assert [one.record_id for one in history.agreements] == ["A-2"]
    assert history.term is None


def test_a_corrected_leave_is_that_leave() -> None:
    leave = {"leave_type_code": "1", "not_worked_to": TOMORROW}
    first = PastEvent(SocialLeave(not_worked_from=TODAY, **leave), "L-1")  # type: ignore[arg-type]
    moved = PastEvent(SocialLeaveEdit(not_worked_from=TOMORROW, leave_id="L-1", **leave))  # type: ignore[arg-type]
    assert [one.begins for one in told(first, moved).leaves] == [TOMORROW]


@pytest.mark.parametrize(
    ("operation", "ahead"),
    [
        ("termination", {"termination_date": (TODAY + 14 * DAY).isoformat()}),
        (
            "social_leave",
            {
                "not_worked_from": (TODAY + 14 * DAY).isoformat(),
                "not_worked_to": (TODAY + 40 * DAY).isoformat(),
                "first_working_day": (TODAY + 41 * DAY).isoformat(),
            },
        ),
    ],
)
def test_an_order_entered_ahead_lets_pass_what_is_agreed_meanwhile(operation: str, ahead: dict[str, str]) -> None:
    """Its term of 15 calendar days would be over before that day, and after a termination nothing is taken."""
    line = Line()
    line.register("hire")
    line.take("order", operation, **ahead)
    line.clock.advance(DAY)
    line.take("agree", "amendment")
    assert line.findings("agree") == []
    line.take("broken", "amendment", payload="{}")
    line.take("later", "amendment", agreement_number="18", agreement_date=(TODAY + 15 * DAY).isoformat())
    assert [(one.submission.event_id, one.result) for one in line.deliver_all()] == [("agree", "accepted")]
    assert line.entry("order").wait_reason is WaitReason.PAPER_DATE
    line.clock.advance(15 * DAY)
    assert [one.submission.event_id for one in line.deliver_all()][:1] == ["order"]


def test_what_passed_goes_first_also_when_the_day_has_come_meanwhile() -> None:
    line = Line()
    line.register("hire")
    line.take("end", "termination", termination_date=TOMORROW.isoformat())
    line.take("agree", "amendment")
    line.clock.advance(2 * DAY)
    line.take("back", "reinstatement", reinstatement_date=TOMORROW.isoformat(), termination_date=TOMORROW.isoformat())
    assert [one.submission.event_id for one in line.deliver_all()] == ["agree", "end", "back"]


def test_what_a_person_holds_passes_nobody() -> None:
    line = Line()
    line.register("hire")
    line.take("end", "termination", termination_date=TOMORROW.isoformat())
    line.take("agree", "amendment")
    line.hold("agree")
    line.take("again", "amendment", agreement_number="18")
    line.clock.advance(2 * DAY)
    assert [one.submission.event_id for one in line.deliver_all()] == ["end"]
