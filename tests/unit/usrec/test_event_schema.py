"""The published schema of the contract event says what the rules say, and is a sound schema itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from support.sample_events import SAMPLES, ordinary_fields
from usrec.domain.rules.completeness import is_demanded
from usrec.domain.rules.event_schema import contract_event_schema
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.rules.fields import read_details
from usrec.domain.source_event import Operation

SCHEMA = contract_event_schema()
JUDGE = Draft202012Validator(SCHEMA)
WRONG = ["", " ", "x" * 300, "2026-1-1", "\n", "123", "ж", "true ", "0", "../x"]


def an_event(operation: str, payload: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    keys = {"event_id": "e-1", "event_type": operation, "contract_key": "c-1", "employer_bin": "200940000013"}
    return {**keys, "payload": payload, **changes}


def ordinary(operation: Operation) -> Mapping[str, Any]:
    shown = ordinary_fields(operation)
    return {name: value for name, value in SAMPLES[operation].items() if name in shown}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("operation", Operation)
def test_events_of_every_kind_pass(operation: Operation) -> None:
    for payload in (SAMPLES[operation], ordinary(operation)):
        assert not list(JUDGE.iter_errors(an_event(operation, payload)))


@pytest.mark.parametrize("operation", Operation)
def test_without_a_field_the_schema_refuses_what_the_rules_refuse(operation: Operation) -> None:
    whole = SAMPLES[operation]
    for rule in FIELDS[operation]:
        without = {name: value for name, value in whole.items() if name != rule.name}
        refused = read_details(operation, without)[0] is None or is_demanded(operation, rule.name)
        assert JUDGE.is_valid(an_event(operation, without)) is not refused, rule.name


@pytest.mark.parametrize("operation", Operation)
def test_what_the_rules_refuse_by_its_form_the_schema_refuses(operation: Operation) -> None:
    """Check digits and the calendar apart: what the schema takes is of the right form, and nothing else is taken."""
    for rule in FIELDS[operation]:
        for value in WRONG:
            payload = {**SAMPLES[operation], rule.name: value}
            if read_details(operation, payload)[0] is None:
                assert not JUDGE.is_valid(an_event(operation, payload)), (rule.name, value)


def test_an_iin_may_be_absent_only_beside_its_mark() -> None:
    payload = {**SAMPLES[Operation.CONCLUSION]}
    del payload["employee_iin"]
    assert not JUDGE.is_valid(an_event("conclusion", payload | {"awaits_iin": "false"}))
    assert JUDGE.is_valid(an_event("conclusion", payload | {"awaits_iin": "true"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"revision": 0},
        {"revision": "1"},
        {"event_type": "hire"},
        {"employer_bin": "12"},
        {"event_id": " "},
        {"payload": "{}"},
        {"withdrawn": "no"},
    ],
)
def test_what_every_event_has_is_of_its_kind(changes: dict[str, Any]) -> None:
    sound = an_event("termination", ordinary(Operation.TERMINATION))
    assert JUDGE.is_valid(sound)
    assert not JUDGE.is_valid(sound | changes)
