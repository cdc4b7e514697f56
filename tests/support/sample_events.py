"""An example of each kind of event, as HR would write it; shown in the reference and tried in its test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from usrec.domain.source_event import Operation

SAMPLES: Final[Mapping[Operation, Mapping[str, str]]] = {
    Operation.CONCLUSION: {
        "employee_iin": "900101300007",
        "contract_number": "ТД-45",
        "contract_date": "2026-11-18",
        "signed_on": "2026-11-18",
        "begin_date": "2026-11-23",
        "position_code": "2511-2-001",
        "established_post": "Аналитик",
        "conscript_code": "01",
    },
    Operation.AMENDMENT: {
        "agreement_number": "ДС-45/1",
        "agreement_date": "2026-11-19",
        "signed_on": "2026-11-19",
        "begin_date": "2026-12-01",
        "position_code": "2511-1-001",
        "established_post": "Главный аналитик",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
    Operation.TERMINATION: {
        "termination_date": "2026-11-20",
        "reason_code": "05",
        "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    },
}
"""Payloads with every field, optional ones included. The IIN belongs to nobody."""

CONTRACT_KEY: Final = "contract-45"
EMPLOYER_BIN: Final = "200940000013"


def sample_row(operation: Operation) -> str:
    """The statement that HR's program would run, without the optional fields."""
    payload = {name: value for name, value in SAMPLES[operation].items() if name != "contract_id"}
    written = json.dumps(payload, ensure_ascii=False, indent=2)
    return (
        "INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload) VALUES\n"
        f"('{operation}-45', '{operation}', '{CONTRACT_KEY}', '{EMPLOYER_BIN}', '{written}');\n"
    )
