"""Which policies may be chosen, and that the codes the rules name are those of the explanations."""

from __future__ import annotations

import pytest

from usrec.adapters.explanations.book import explain_all
from usrec.domain.policies import (
    CHOOSABLE,
    EXISTS_ALREADY,
    OF_THE_EMPLOYER,
    RESENDABLE,
    Policies,
    is_known_code,
    objection,
)
from usrec.domain.response_code import Policy
from usrec.policies import default_policies

EXPLAINED = {one.code: one for one in explain_all()}
REFUSALS = sorted(code for code in EXPLAINED if code.startswith("SCSE"))


def test_codes_of_the_rules_are_those_of_the_explanations() -> None:
    assert {code for code, one in EXPLAINED.items() if one.resend_safe} == RESENDABLE
    assert {code for code, one in EXPLAINED.items() if one.policy is Policy.CONFIRM_THEN_ACCEPT} == EXISTS_ALREADY
    assert {code for code, one in EXPLAINED.items() if one.policy is Policy.STOP_EVERYTHING} == OF_THE_EMPLOYER
    every = [f"SCSE{number:03}" for number in range(1000)]
    assert [code for code in every if is_known_code(code)] == REFUSALS


@pytest.mark.parametrize("code", ["SCSS001", "SCSE59", "SCSE0590", "scse059", "", "SCE001"])
def test_what_is_no_code_of_a_refusal_is_not_known(code: str) -> None:
    assert not is_known_code(code)


def test_safe_default_may_always_be_written_down() -> None:
    chosen = {code: EXPLAINED[code].policy for code in REFUSALS if EXPLAINED[code].policy in CHOOSABLE}
    assert {code for code, policy in chosen.items() if objection(code, policy)} == set()


@pytest.mark.parametrize(
    ("code", "policy", "why"),
    [
        ("SCSE014", Policy.RETRY, "could register it twice"),
        ("SCSE086", Policy.RETRY, "could register it twice"),
        ("SCSE086", Policy.FIX_AND_RESEND, "could register it twice"),
        ("SCSE002", Policy.FIX_AND_RESEND, "leaves open whether the record was taken"),
        ("SCSE043", Policy.RETRY, "cannot pass on another day"),
        ("SCSE088", Policy.RETRY, "cannot pass on another day"),
        ("SCSE012", Policy.STOP_EVERYTHING, "one row must not stop everything"),
        ("SCSE012", Policy.SUCCESS, "nothing that can be done"),
        ("SCSE012", Policy.OUT_OF_SCOPE, "nothing that can be done"),
    ],
)
def test_unsafe_choice_is_refused_with_its_reason(code: str, policy: Policy, why: str) -> None:
    assert why in objection(code, policy)


@pytest.mark.parametrize(
    ("code", "policy"),
    [
        ("SCSE059", Policy.FIX_AND_RESEND),
        ("SCSE001", Policy.FIX_AND_RESEND),
        ("SCSE088", Policy.FIX_AND_RESEND),
        ("SCSE153", Policy.RETRY),
        ("SCSE012", Policy.RETRY),
        ("SCSE043", Policy.CONFIRM_THEN_ACCEPT),
    ],
)
def test_safe_choice_stands_in_the_place_of_the_default(code: str, policy: Policy) -> None:
    assert objection(code, policy) == ""
    policies = default_policies({code: policy})
    assert (policies.of(code), policies.is_chosen(code)) == (policy, True)
    assert not default_policies({code: EXPLAINED[code].policy}).is_chosen(code)


def test_code_that_nobody_explained_is_to_be_mended() -> None:
    assert Policies().of("SCSE043") is Policy.FIX_AND_RESEND
    assert default_policies().of("SCSE777") is Policy.FIX_AND_RESEND
