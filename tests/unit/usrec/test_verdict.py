"""The decision table row by row, and which signed answers are believed at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.line import HOUR, MONDAY, TOLERANCE, UNREACHABLE, faulted, proof, refused, registered
from usrec.domain.outcome import (
    Doubt,
    Faulted,
    NothingSent,
    Refused,
    Registered,
    ReplyProof,
    SubmissionOutcome,
    Unknown,
    code_of,
    proof_of,
)
from usrec.domain.response_code import Policy
from usrec.domain.source_event import Operation
from usrec.domain.state import Move
from usrec.domain.verdict import (
    NOT_PROCESSED_FAULTS,
    TIME_DEPENDENT,
    AttemptWindow,
    Ending,
    Next,
    Standing,
    Verdict,
    authenticate,
)
from usrec.domain.verdict import decide as decide_by

OURS = "0f8fad5b-d9cb-469f-a165-70867728950e"
CONCLUSION, AMENDMENT, TERMINATION = Operation.CONCLUSION, Operation.AMENDMENT, Operation.TERMINATION
WINDOW = AttemptWindow(MONDAY, MONDAY + HOUR, TOLERANCE, "chain-1")

REGISTERED = (Ending.REGISTERED, Move.ACCEPT, Next.NOTHING)
REJECTED = (Ending.REFUSED, Move.REJECT, Next.NOTHING)
RESENT = (Ending.UNKNOWN, Move.DOUBT, Next.RESEND)
PERSON = (Ending.UNKNOWN, Move.DOUBT, Next.PERSON)
CONFIRM = (Ending.REFUSED, Move.DOUBT, Next.CONFIRM)
NEXT_DAY = (Ending.REFUSED, None, Next.NEXT_DAY)
OTHER_PARTY = (Ending.REFUSED, None, Next.OTHER_PARTY)


def decide(outcome: SubmissionOutcome, standing: Standing, policy: Policy = Policy.FIX_AND_RESEND) -> Verdict:
    return decide_by(outcome, standing, policy)


def first_send(operation: Operation = CONCLUSION, *, record_id: str | None = OURS) -> Standing:
    return Standing(operation, record_id, may_have_arrived=False)


def after_doubt(operation: Operation = CONCLUSION, *, record_id: str | None = OURS) -> Standing:
    return Standing(operation, record_id, may_have_arrived=True)


def said(verdict: Verdict) -> tuple[Ending, Move | None, Next]:
    return verdict.ending, verdict.move, verdict.next


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("arrived", [False, True])
def test_registered_is_accepted_whatever_came_before(operation: Operation, *, arrived: bool) -> None:
    verdict = decide(registered(OURS), Standing(operation, OURS, arrived))
    assert said(verdict) == REGISTERED
    assert verdict.registry_id == OURS
    assert not verdict.alert


def test_conclusion_registered_under_another_id_than_ours_is_accepted_with_an_alert() -> None:
    verdict = decide(registered("R-9"), first_send())
    assert said(verdict) == REGISTERED
    assert verdict.registry_id == "R-9"
    assert verdict.alert


def test_registry_may_choose_the_id_under_a_profile_without_record_ids() -> None:
    assert not decide(registered("R-9"), first_send(record_id=None)).alert


@pytest.mark.parametrize("operation", [AMENDMENT, TERMINATION])
def test_entry_of_a_known_contract_may_have_an_id_of_its_own(operation: Operation) -> None:
    assert not decide(registered("entry-9"), first_send(operation)).alert


@pytest.mark.parametrize("operation", Operation)
def test_086_after_doubt_is_our_own_record(operation: Operation) -> None:
    verdict = decide(refused("SCSE086"), after_doubt(operation))
    assert said(verdict) == REGISTERED
    assert verdict.registry_id == OURS
    assert verdict.reason == "own_id_used"


def test_086_on_a_first_send_goes_to_a_person_because_nobody_can_have_sent_that_id() -> None:
    verdict = decide(refused("SCSE086"), first_send())
    assert said(verdict) == CONFIRM
    assert verdict.reason == "id_used_by_unknown"
    assert verdict.alert


@pytest.mark.parametrize("standing", [first_send(record_id=None), after_doubt(record_id=None)])
def test_086_without_a_record_id_of_ours_is_a_refusal(standing: Standing) -> None:
    assert said(decide(refused("SCSE086"), standing)) == REJECTED


@pytest.mark.parametrize("record_id", [OURS, None])
def test_070_after_doubt_is_our_own_agreement(record_id: str | None) -> None:
    verdict = decide(refused("SCSE070"), after_doubt(AMENDMENT, record_id=record_id))
    assert said(verdict) == REGISTERED
    assert verdict.registry_id is None
    assert verdict.reason == "own_agreement_exists"


@pytest.mark.parametrize("record_id", [OURS, None])
def test_014_after_doubt_goes_to_a_person_because_the_id_cannot_be_learnt(record_id: str | None) -> None:
    verdict = decide(refused("SCSE014"), after_doubt(CONCLUSION, record_id=record_id))
    assert said(verdict) == PERSON
    assert verdict.reason == "own_contract_id_unknown"


def test_092_after_doubt_goes_to_a_person_because_anybody_may_have_terminated() -> None:
    verdict = decide(refused("SCSE092"), after_doubt(TERMINATION))
    assert said(verdict) == PERSON
    assert verdict.reason == "terminated_by_unknown"


@pytest.mark.parametrize("code", ["SCSE014", "SCSE070", "SCSE092", *sorted(TIME_DEPENDENT)])
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("record_id", [OURS, None])
def test_on_a_first_send_what_is_to_be_mended_is_a_refusal(
    code: str, operation: Operation, record_id: str | None
) -> None:
    verdict = decide(refused(code), first_send(operation, record_id=record_id))
    assert said(verdict) == REJECTED
    assert verdict.reason == "refused"


@pytest.mark.parametrize("code", sorted(TIME_DEPENDENT))
@pytest.mark.parametrize("operation", Operation)
def test_a_lateness_met_only_by_the_resend_says_nothing_about_the_first_attempt(
    code: str, operation: Operation
) -> None:
    verdict = decide(refused(code), after_doubt(operation))
    assert said(verdict) == PERSON
    assert verdict.reason == "late_after_doubt"


@pytest.mark.parametrize(
    ("code", "operation"),
    [
        ("SCSE014", AMENDMENT),
        ("SCSE014", TERMINATION),
        ("SCSE070", CONCLUSION),
        ("SCSE070", TERMINATION),
        ("SCSE092", CONCLUSION),
        ("SCSE092", AMENDMENT),
        ("SCSE043", CONCLUSION),
        ("SCSE999", AMENDMENT),
    ],
)
def test_other_codes_after_doubt_are_refusals(code: str, operation: Operation) -> None:
    assert said(decide(refused(code), after_doubt(operation))) == REJECTED


@pytest.mark.parametrize("code", ["SCSE002", "SBF-VE-8", "", "SCSE0860", "SCSE86", "xSCSE043"])
@pytest.mark.parametrize("standing", [first_send(), after_doubt()])
def test_unknown_error_and_foreign_codes_leave_it_open(code: str, standing: Standing) -> None:
    verdict = decide(refused(code), standing)
    assert said(verdict) == RESENT
    assert verdict.alert


@pytest.mark.parametrize("code", sorted(NOT_PROCESSED_FAULTS))
@pytest.mark.parametrize("standing", [first_send(), after_doubt()])
def test_fault_before_the_service_makes_nothing_doubtful(code: str, standing: Standing) -> None:
    assert said(decide(faulted(code), standing)) == (Ending.NOT_PROCESSED, None, Next.RESEND)


@pytest.mark.parametrize("code", ["SCE909", "SCE002", "VAL-R-004", ""])
def test_any_other_fault_leaves_it_open(code: str) -> None:
    assert said(decide(faulted(code), first_send())) == RESENT


@pytest.mark.parametrize("doubt", Doubt)
def test_unknown_is_resent_and_only_an_unknown_success_calls_somebody(doubt: Doubt) -> None:
    verdict = decide(Unknown(doubt, "something"), first_send())
    assert said(verdict) == RESENT
    assert verdict.reason == doubt.value
    assert verdict.alert == (doubt is Doubt.UNKNOWN_SHAPE)


@pytest.mark.parametrize("standing", [first_send(), after_doubt()])
def test_nothing_sent_changes_nothing(standing: Standing) -> None:
    assert said(decide(UNREACHABLE, standing)) == (Ending.NOTHING_SENT, None, Next.RESEND)


def outcomes() -> st.SearchStrategy[SubmissionOutcome]:
    codes = st.one_of(st.integers(0, 999).map("SCSE{:03d}".format), st.text(max_size=8))
    proofs = st.builds(proof)
    return st.one_of(
        st.builds(Registered, codes, st.just(""), st.text(max_size=8), proofs),
        st.builds(Refused, codes, st.just(""), proofs),
        st.builds(Faulted, codes, st.just(""), proofs),
        st.builds(Unknown, st.sampled_from(Doubt), st.just("")),
        st.builds(NothingSent, st.just("")),
    )


def standings() -> st.SearchStrategy[Standing]:
    yes_or_no = st.booleans()
    ids = st.none() | st.just(OURS)
    return st.builds(Standing, st.sampled_from(Operation), ids, yes_or_no, yes_or_no, yes_or_no)


@given(outcome=outcomes(), standing=standings())
def test_what_could_be_registered_is_never_rejected_without_a_signed_refusal(
    outcome: SubmissionOutcome, standing: Standing
) -> None:
    arrived = standing.may_have_arrived
    for policy in Policy:
        verdict = decide(outcome, standing, policy)
        if verdict.move is Move.REJECT:
            assert isinstance(outcome, Refused)
            assert verdict.ending is Ending.REFUSED
        if verdict.move is Move.ACCEPT:
            assert isinstance(outcome, Registered) or (arrived and isinstance(outcome, Refused))
        assert (verdict.move is Move.DOUBT) == (verdict.ending is Ending.UNKNOWN or verdict.next is Next.CONFIRM)
        assert (verdict.next is Next.NOTHING) == (verdict.move in {Move.ACCEPT, Move.REJECT})


@given(code=st.integers(1, 999).map("SCSE{:03d}".format), standing=standings(), policy=st.sampled_from(Policy))
def test_refusal_of_what_cannot_be_registered_leaves_no_doubtful_attempt(
    code: str, standing: Standing, policy: Policy
) -> None:
    """Else a person who has it sent again would have the next 086 taken for our own record."""
    verdict = decide(refused(code), replace(standing, may_have_arrived=False), policy)
    assert verdict.ending is (Ending.UNKNOWN if code == "SCSE002" else Ending.REFUSED)
    assert verdict.move is not Move.ACCEPT


@given(code=st.integers(1, 999).map("SCSE{:03d}".format), standing=standings(), policy=st.sampled_from(Policy))
def test_what_may_be_registered_is_rejected_only_where_a_mended_row_would_be(
    code: str, standing: Standing, policy: Policy
) -> None:
    verdict = decide(refused(code), replace(standing, may_have_arrived=True), policy)
    if verdict.move is Move.REJECT:
        assert policy in {Policy.FIX_AND_RESEND, Policy.OUT_OF_SCOPE, Policy.SUCCESS}


@given(outcome=outcomes(), standing=standings(), policy=st.sampled_from(Policy))
def test_only_a_signed_answer_about_the_employer_stops_it(
    outcome: SubmissionOutcome, standing: Standing, policy: Policy
) -> None:
    if decide(outcome, standing, policy).stops_employer:
        assert policy is Policy.STOP_EVERYTHING
        assert isinstance(outcome, Refused)


LAST_DAY = {"has_another_day": False}
REVISED = {"is_revised": True}


@pytest.mark.parametrize(
    ("policy", "prospects", "none_arrived", "one_may_have"),
    [
        (Policy.RETRY, {}, NEXT_DAY, NEXT_DAY),
        (Policy.RETRY, LAST_DAY, REJECTED, PERSON),
        (Policy.RETRY, REVISED, REJECTED, PERSON),
        (Policy.FIX_AND_RESEND, {}, REJECTED, REJECTED),
        (Policy.CONFIRM_THEN_ACCEPT, {}, CONFIRM, PERSON),
        (Policy.CONFIRM_THEN_ACCEPT, REVISED, CONFIRM, PERSON),
        (Policy.OTHER_PARTY, {}, OTHER_PARTY, PERSON),
        (Policy.OTHER_PARTY, REVISED, REJECTED, PERSON),
        (Policy.STOP_EVERYTHING, {}, REJECTED, PERSON),
        (Policy.OUT_OF_SCOPE, {}, REJECTED, REJECTED),
        (Policy.SUCCESS, {}, REJECTED, REJECTED),
    ],
)
def test_refusal_leads_where_its_policy_says(
    policy: Policy, prospects: dict[str, Any], none_arrived: object, one_may_have: object
) -> None:
    code = refused("SCSE043")
    assert said(decide(code, replace(first_send(), **prospects), policy)) == none_arrived
    assert said(decide(code, replace(after_doubt(), **prospects), policy)) == one_may_have


@pytest.mark.parametrize("code", ["SCSE001", "SCSE046"])
@pytest.mark.parametrize("policy", Policy)
def test_what_comes_before_all_else_says_nothing_about_an_earlier_attempt(code: str, policy: Policy) -> None:
    """A key that was revoked between two attempts: the first one may be registered."""
    assert said(decide(refused(code), after_doubt(), policy)) == PERSON


@pytest.mark.parametrize(
    "answer",
    [
        proof(response_date=None, correlation_id=None),
        proof(response_date=None, correlation_id=""),
        proof(response_date=MONDAY - TOLERANCE, correlation_id="chain-1"),
        proof(response_date=MONDAY + HOUR + TOLERANCE, correlation_id="chain-1"),
    ],
)
def test_answer_of_this_attempt_is_believed(answer: ReplyProof) -> None:
    outcome = Registered("SCSS001", "", "R-1", answer)
    assert authenticate(outcome, WINDOW, seen_before=False) is outcome


@pytest.mark.parametrize("outcome", [registered(), refused("SCSE043"), faulted("SCE001")])
def test_answer_that_is_on_record_already_is_a_replay(outcome: Registered | Refused | Faulted) -> None:
    trusted = authenticate(outcome, WINDOW, seen_before=True)
    assert isinstance(trusted, Unknown)
    assert trusted.doubt is Doubt.REPLAYED
    assert trusted.raw == outcome.proof.raw


def test_answer_that_names_another_correlation_is_not_ours() -> None:
    trusted = authenticate(registered(correlation_id="chain-2"), WINDOW, seen_before=False)
    assert isinstance(trusted, Unknown)
    assert trusted.doubt is Doubt.OTHER_MESSAGE


@pytest.mark.parametrize(
    "date", [MONDAY - TOLERANCE - timedelta(seconds=1), MONDAY + HOUR + TOLERANCE + timedelta(seconds=1)]
)
def test_answer_dated_outside_the_attempt_is_doubted(date: object) -> None:
    trusted = authenticate(refused("SCSE043", response_date=date), WINDOW, seen_before=False)
    assert isinstance(trusted, Unknown)
    assert trusted.doubt is Doubt.CLOCK


def test_unequal_message_id_alone_is_no_error() -> None:
    outcome = registered(message_id="the receiver's own")
    assert authenticate(outcome, WINDOW, seen_before=False) is outcome


@pytest.mark.parametrize("outcome", [Unknown(Doubt.TIMEOUT, ""), UNREACHABLE])
def test_what_is_not_signed_needs_no_authentication(outcome: SubmissionOutcome) -> None:
    assert authenticate(outcome, WINDOW, seen_before=True) is outcome
    assert proof_of(outcome) is None


def test_code_is_read_from_every_outcome_that_has_one() -> None:
    outcomes: list[SubmissionOutcome] = [
        registered(),
        refused("SCSE014"),
        faulted("SCE909"),
        Unknown(Doubt.HTTP_ERROR, "", code="502"),
    ]
    assert [code_of(one) for one in outcomes] == ["SCSS001", "SCSE014", "SCE909", "502"]
    assert code_of(UNREACHABLE) == ""


def test_what_was_received_never_shows_in_a_repr() -> None:
    secret = proof(raw=b"<iin>900101300007</iin>")
    shown = repr([Registered("SCSS001", "", "R-1", secret), Unknown(Doubt.NOT_SOAP, "no SOAP", raw=secret.raw)])
    assert "900101300007" not in shown
    assert "23 bytes" in shown
