"""An example of each kind of event, as HR would write it; shown in the reference and tried in its test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.rules.fields import read_details
from usrec.domain.source_event import Details, Operation

_CONTRACT: Final = {
    "employee_iin": "900101300007",
    "contract_number": "ТД-45",
    "contract_date": "2026-11-18",
    "begin_date": "2026-11-23",
    "position_code": "2511-2-001",
    "established_post": "Аналитик",
    "conscript_code": "01",
}
_AGREEMENT: Final = {
    "agreement_number": "ДС-45/1",
    "agreement_date": "2026-11-19",
    "begin_date": "2026-12-01",
    "position_code": "2511-1-001",
    "established_post": "Главный аналитик",
}
_TERMS: Final = {
    "term_code": "2",
    "end_date": "2027-11-22",
    "auto_extension_term_code": "2",
    "established_post_code": "2511-2",
    "work_kind_code": "2",
    "work_place_address": "г. Астана, ул. Примерная, 1",
    "kato_code": "710000000",
    "country_code": "398",
    "remote_work_code": "3",
    "working_hours_code": "3",
    "tariff_rate": "0.5",
    "professional_skill_code": "11",
    "personal_quality_code": "12",
    "working_conditions_code": "2",
    "harmful_conditions_code": "L3.6.56",
    "supporting_document": "attestation-2026-12.pdf",
    "supporting_document_name": "Аттестация рабочих мест № 12",
}
_FOREIGNER: Final = {
    "employer_type_code": "1",
    "foreigner_basis_code": "2",
    "foreigner_education_code": "3",
    "permit_number": "РИРС-7",
    "permit_issue_date": "2026-10-01",
    "permit_begin_date": "2026-10-05",
    "permit_end_date": "2027-10-04",
}
_CONSENT: Final = {
    "employee_consent": "true",
    "employer_consent": "true",
    "employee_phone": "+77010000001",
    "employer_phone": "+77010000002",
}
_LEAVE: Final = {
    "leave_type_code": "1",
    "not_worked_from": "2026-11-16",
    "not_worked_to": "2027-03-21",
    "first_working_day": "2027-03-22",
    "timesheet_number": "450",
}

_OWN: Final[Mapping[Operation, Mapping[str, str]]] = {
    Operation.CONCLUSION: {
        "employee_iin": "900101300007",
        "awaits_iin": "false",
        "contract_number": "ТД-45",
        "contract_date": "2026-11-18",
        "signed_on": "2026-11-18",
        "begin_date": "2026-11-23",
        "position_code": "2511-2-001",
        "established_post": "Аналитик",
        "conscript_code": "01",
        "pair_key": "transfer-7",
        "pair_elsewhere": "true",
        **_TERMS,
        **_FOREIGNER,
    },
    Operation.AMENDMENT: {
        "agreement_number": "ДС-45/1",
        "agreement_date": "2026-11-19",
        "signed_on": "2026-11-19",
        "begin_date": "2026-12-01",
        "position_code": "2511-1-001",
        "established_post": "Главный аналитик",
        "changes": "position, salary",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
        **_TERMS,
        **_CONSENT,
    },
    Operation.TERMINATION: {
        "termination_date": "2026-11-20",
        "reason_code": "05",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
        "digitalisation": "false",
        "pair_key": "transfer-7",
        "pair_elsewhere": "true",
        **_CONSENT,
    },
    Operation.CONTRACT_EDIT: {
        **_CONTRACT,
        **_TERMS,
        **_FOREIGNER,
        "entered_on": "2026-11-19",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.CONTRACT_DELETE: {
        "employee_iin": "900101300007",
        "entered_on": "2026-11-19",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.AMENDMENT_EDIT: {
        **_AGREEMENT,
        **_TERMS,
        **_CONSENT,
        "agreement_id": "0b7c0f52-93f1-4a61-8d0e-5c3f5a1b2c01",
        "entered_on": "2026-11-19",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.AMENDMENT_DELETE: {
        "employee_iin": "900101300007",
        "agreement_id": "0b7c0f52-93f1-4a61-8d0e-5c3f5a1b2c01",
        "entered_on": "2026-11-19",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.REINSTATEMENT: {
        "order_number": "12-к",
        "reinstatement_date": "2026-11-20",
        "termination_date": "2026-10-30",
        "deciding_body_code": "1",
        "court_code": "17",
        "mistake_comment": "Уволен не тот работник",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.EXTENSION: {
        "extension_date": "2026-11-20",
        "term_code": "2",
        "end_date": "2027-11-20",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.SOCIAL_LEAVE: {
        **_LEAVE,
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.SOCIAL_LEAVE_EDIT: {
        **_LEAVE,
        "leave_id": "1c8d1063-a402-4b72-9e1f-6d406b2c3d02",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.SOCIAL_LEAVE_DELETE: {
        "employee_iin": "900101300007",
        "leave_id": "1c8d1063-a402-4b72-9e1f-6d406b2c3d02",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.LEGACY_CONTRACT: {
        **_CONTRACT,
        **_TERMS,
        **_FOREIGNER,
        "contract_date": "2019-03-01",
        "begin_date": "2019-03-04",
    },
    Operation.IIN_CHANGE: {
        "employee_iin": "900101300007",
        "new_employee_iin": "900101300811",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.BIN_CHANGE: {
        "new_employer_bin": "200941000029",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.TRANSFER: {
        "reorganisation_date": "2026-11-18",
        "new_employer_bin": "200941000029",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
}
SAMPLES: Final[Mapping[Operation, Mapping[str, str]]] = {
    operation: {**values, "department": "Цех № 2"} for operation, values in _OWN.items()
}
"""Payloads with every field, optional ones included. The IIN belongs to nobody."""

_LETTERS: Final = "Aa09-/№ЁёҚқӘә&<>\"'"
CONTRACT_KEY: Final = "contract-45"
EMPLOYER_BIN: Final = "200940000013"


def details_of_sample(operation: Operation) -> Details:
    """The typed event of the sample, with every field."""
    details, findings = read_details(operation, SAMPLES[operation])
    if details is None:
        raise ValueError(findings)
    return details


def payloads(operation: Operation) -> SearchStrategy[tuple[Operation, dict[str, str]]]:
    """Well-made payloads of an operation: every required field, any of the optional ones."""
    required = {rule.name: _values(rule) for rule in FIELDS[operation] if rule.required}
    optional = {rule.name: _values(rule) for rule in FIELDS[operation] if not rule.required}
    return st.tuples(st.just(operation), st.fixed_dictionaries(required, optional=optional))


def _values(rule: FieldRule) -> SearchStrategy[str]:
    if rule.kind == "date":
        return st.dates(date(1960, 1, 1), date(2099, 12, 31)).map(date.isoformat)
    if rule.kind == "iin":
        return st.sampled_from(["900101300007", "900101300811"])
    if rule.kind == "employer":
        return st.sampled_from(["200940000013", "200941000029", "900101300007"])
    if rule.pattern == FieldRule("any").pattern:
        return st.text(_LETTERS, min_size=1, max_size=rule.longest)
    known = {sample[rule.name] for sample in SAMPLES.values() if rule.name in sample}
    return st.sampled_from(sorted(known))


_ORDINARY: Final = frozenset(
    {
        "entered_on",
        "position_code",
        "established_post",
        "conscript_code",
        "term_code",
        "end_date",
        "work_place_address",
        "order_number",
        "deciding_body_code",
        "court_code",
        "first_working_day",
        "timesheet_number",
    }
)
_UNUSUAL_IN_AGREEMENTS: Final = frozenset({"term_code", "end_date", "work_place_address"})


def ordinary_fields(operation: Operation) -> frozenset[str]:
    """What an ordinary row of this kind holds: the fields that are always required, and those that its case needs."""
    is_agreement = operation in {Operation.AMENDMENT, Operation.AMENDMENT_EDIT}
    usual = _ORDINARY - _UNUSUAL_IN_AGREEMENTS if is_agreement else _ORDINARY
    return frozenset(rule.name for rule in FIELDS[operation] if rule.required or rule.name in usual)


def sample_row(operation: Operation) -> str:
    """The statement that HR's program would run, without the fields that only some events have."""
    shown = ordinary_fields(operation)
    payload = {name: value for name, value in SAMPLES[operation].items() if name in shown}
    written = json.dumps(payload, ensure_ascii=False, indent=2)
    return (
        "INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload) VALUES\n"
        f"('{operation}-45', '{operation}', '{CONTRACT_KEY}', '{EMPLOYER_BIN}', '{written}');\n"
    )
