"""HR's rows that lint, agent and registry take, one of each operation, and rows that break exactly one rule.

A broken row says which row it was, what was changed, what stood before it, and which code the registry has to answer
when nobody checked it first. `judged_without_preflight` sends it through nothing but the wire profile's mapping.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lxml import etree

from kzeds.xml import parse
from support.document_files import SHELF
from support.registry_messages import made_iin
from usrec.adapters.rendering.document import build_document, wire_text
from usrec.adapters.rendering.mapping import Value
from usrec.adapters.rendering.profile import load_profile
from usrec.domain.document import FoundFile
from usrec.domain.rules.codes import CodeCheck
from usrec.domain.source_event import HEADS, Operation, SourceName, SourceRow
from usrec_simulator.business import read_business
from usrec_simulator.codes import TOO_LARGE
from usrec_simulator.exchange import SIZE_LIMIT
from usrec_simulator.ledger import Ledger
from usrec_simulator.operations import Profile
from usrec_simulator.registry import Registry
from usrec_simulator.rules import Demand, RuleBook

NOW: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BIN: Final = "200940000013"
OTHER_BIN: Final = "150340000027"
IIN: Final = "900101300007"
OTHER_IIN: Final = "900101300811"
OLD_IIN: Final = made_iin("6503153")
FOREIGN_IIN: Final = made_iin("9001010")
PERSON_EMPLOYER: Final = made_iin("8505053")
CONTRACT_KEY: Final = "contract-17"
CONTRACT_ID: Final = "contract-00000000000000000000000001"
AGREEMENT_ID: Final = "agreement-000000000000000000000001"
LEAVE_ID: Final = "leave-0000000000000000000000000001"

Changes = Mapping[str, str | None]
"""Fields of a payload that differ; None takes a field away."""

_BODY: Final = {
    "employee_iin": IIN,
    "contract_number": "17",
    "contract_date": "2025-11-17",
    "begin_date": "2025-11-18",
    "position_code": "2512-0-001",
    "established_post": "Инженер",
    "conscript_code": "1",
    "term_code": "2",
    "end_date": "2026-11-18",
    "work_place_address": "Астана, Мәңгілік Ел, 1",
    "country_code": "398",
    "kato_code": "710000000",
}
_AGREEMENT: Final = {
    "agreement_number": "17/1",
    "agreement_date": "2026-11-16",
    "begin_date": "2026-11-17",
    "position_code": "2512-0-001",
    "established_post": "Старший инженер",
}
_LEAVE: Final = {
    "leave_type_code": "1",
    "not_worked_from": "2026-06-01",
    "not_worked_to": "2026-10-04",
    "first_working_day": "2026-10-05",
    "timesheet_number": "0042",
}

SOUND: Final[Mapping[Operation, Mapping[str, str]]] = {
    Operation.CONCLUSION: {**_BODY, "signed_on": "2025-11-17"},
    Operation.LEGACY_CONTRACT: {**_BODY, "contract_date": "2019-03-01", "begin_date": "2019-03-04"},
    Operation.AMENDMENT: {**_AGREEMENT, "signed_on": "2026-11-16"},
    Operation.TERMINATION: {"termination_date": "2026-11-19", "reason_code": "05"},
    Operation.CONTRACT_EDIT: {**_BODY, "established_post": "Инженер-программист"},
    Operation.CONTRACT_DELETE: {"employee_iin": IIN},
    Operation.AMENDMENT_EDIT: {**_AGREEMENT, "agreement_id": AGREEMENT_ID},
    Operation.AMENDMENT_DELETE: {"employee_iin": IIN, "agreement_id": AGREEMENT_ID},
    Operation.REINSTATEMENT: {
        "order_number": "5-в",
        "reinstatement_date": "2026-11-20",
        "termination_date": "2026-11-19",
        "deciding_body_code": "1",
        "court_code": "12",
    },
    Operation.EXTENSION: {"extension_date": "2026-11-18", "term_code": "2", "end_date": "2027-11-18"},
    Operation.SOCIAL_LEAVE: _LEAVE,
    Operation.SOCIAL_LEAVE_EDIT: {**_LEAVE, "leave_id": LEAVE_ID},
    Operation.SOCIAL_LEAVE_DELETE: {"employee_iin": IIN, "leave_id": LEAVE_ID},
    Operation.IIN_CHANGE: {"employee_iin": IIN, "new_employee_iin": OTHER_IIN},
    Operation.BIN_CHANGE: {"new_employer_bin": OTHER_BIN},
    Operation.TRANSFER: {"reorganisation_date": "2026-11-19", "new_employer_bin": OTHER_BIN},
}


@dataclass(frozen=True)
class Before:
    """An event that is registered already, of the same contract where no other is named."""

    operation: Operation
    changes: Changes = field(default_factory=dict)
    contract_key: str = CONTRACT_KEY
    days_ago: int = 0


CONCLUDED: Final = Before(Operation.CONCLUSION)
NEEDS: Final[Mapping[Operation, tuple[Before, ...]]] = {
    Operation.AMENDMENT_EDIT: (CONCLUDED, Before(Operation.AMENDMENT)),
    Operation.AMENDMENT_DELETE: (CONCLUDED, Before(Operation.AMENDMENT)),
    Operation.REINSTATEMENT: (CONCLUDED, Before(Operation.TERMINATION)),
    Operation.SOCIAL_LEAVE_EDIT: (CONCLUDED, Before(Operation.SOCIAL_LEAVE)),
    Operation.SOCIAL_LEAVE_DELETE: (CONCLUDED, Before(Operation.SOCIAL_LEAVE)),
}
"""What a sound row needs before it; a contract where nothing is said, nothing for what is a contract itself."""


@dataclass(frozen=True)
class BrokenRow:
    """A row that breaks one rule.

    Attributes:
        code: What the rule cites, and the registry answers.
        rule: Name of the preflight rule.
        changes: What differs from the sound row of the operation.
        before: What is registered before, when it is not what a sound row needs.
        book: Settings of the registry that differ from the whole of the Order's demands.
        codes: The dictionaries that the agent has; None where it has none.
        employer_bin: Of the row.
    """

    code: str
    rule: str
    operation: Operation
    changes: Changes = field(default_factory=dict)
    before: tuple[Before, ...] | None = None
    book: Mapping[str, Any] = field(default_factory=dict)
    employer_bin: str = BIN
    codes: CodeCheck | None = None

    @property
    def history(self) -> tuple[Before, ...]:
        if self.before is not None:
            return self.before
        return NEEDS.get(self.operation, () if self.operation in HEADS else (CONCLUDED,))

    @property
    def payload(self) -> dict[str, str]:
        return payload_of(self.operation, self.changes)


def payload_of(operation: Operation, changes: Changes) -> dict[str, str]:
    """The payload of the sound row with some fields changed."""
    changed = {**SOUND[operation], **changes}
    return {name: value for name, value in changed.items() if value is not None}


def row_of(
    operation: Operation,
    changes: Changes | None = None,
    *,
    place: int = 0,
    employer_bin: str = BIN,
    contract_key: str = CONTRACT_KEY,
) -> SourceRow:
    """HR's row; ``place`` makes its ids."""
    return SourceRow(
        source=SourceName("hr"),
        row_ref=str(place),
        event_id=f"event-{place}",
        revision=1,
        event_type=operation.value,
        contract_key=contract_key,
        employer_bin=employer_bin,
        payload=json.dumps(payload_of(operation, changes or {}), ensure_ascii=False),
    )


def rows_of(broken: BrokenRow) -> Sequence[SourceRow]:
    """The rows of a file in which the last one is the broken one."""
    earlier = [
        row_of(one.operation, one.changes, place=place, contract_key=one.contract_key)
        for place, one in enumerate(broken.history)
    ]
    last = row_of(broken.operation, broken.changes, place=len(earlier), employer_bin=broken.employer_bin)
    return [*earlier, last]


def judged_without_preflight(broken: BrokenRow) -> str | None:
    """What the registry answers to the row when no rule of the agent looked at it; None when it takes it."""
    ledger = Ledger(Path(":memory:"))
    registry = Registry(ledger, RuleBook(**{"demand": Demand.ORDER, **broken.book}))
    for place, one in enumerate(broken.history):
        payload = {"contract_id": CONTRACT_ID, **payload_of(one.operation, one.changes)}
        document = _document(one.operation, payload, BIN, _record_id(one.operation, place, one.contract_key))
        earlier = Registry(ledger, RuleBook()).submit(_read(document), at=NOW - timedelta(days=one.days_ago))
        assert earlier.code is None, f"{one.operation} is refused by {earlier.code}"
    record_id = _record_id(broken.operation, len(broken.history))
    last = _document(broken.operation, broken.payload, broken.employer_bin, record_id)
    if len(last) > SIZE_LIMIT:
        return TOO_LARGE
    return registry.submit(_read(last), at=NOW).code


_IDS: Final = {
    Operation.CONCLUSION: CONTRACT_ID,
    Operation.LEGACY_CONTRACT: CONTRACT_ID,
    Operation.AMENDMENT: AGREEMENT_ID,
    Operation.SOCIAL_LEAVE: LEAVE_ID,
}


_PROFILE: Final = load_profile("current").mapping
_DOCUMENT: Final = ("supporting_document", "supporting_document_format", "supporting_document_name")
"""Left out where empty: a sender without a file sends no part of one."""


def _record_id(operation: Operation, place: int, contract_key: str = CONTRACT_KEY) -> str:
    """The ids that sound rows name, for the first of their kind."""
    named = _IDS.get(operation) if place <= 1 and contract_key == CONTRACT_KEY else None
    return named or f"record-{place:0>30}"


def _document(operation: Operation, payload: Mapping[str, str], employer_bin: str, record_id: str) -> bytes:
    values: dict[str, str] = {
        "contract_id": CONTRACT_ID,
        **payload,
        "employer_bin": employer_bin,
        "record_id": record_id,
    }
    values |= unchecked_document(payload)
    texts = {
        Value(name): _wire(text)
        for name, text in values.items()
        if name in set(Value) and (text or name not in _DOCUMENT)
    }
    return etree.tostring(build_document(_PROFILE, _PROFILE.operation[operation], texts))


def unchecked_document(payload: Mapping[str, str]) -> dict[str, str]:
    """What a sender that looks at nothing makes of the file that a row names: its ending is its format."""
    name, title = payload.get("supporting_document", ""), payload.get("supporting_document_name", "")
    if not name and not title:
        return {}
    content, (stem, _, ending) = SHELF.files.get(name, b""), name.rpartition(".")
    return {
        "supporting_document_id": "document-00000000000000000000000001",
        "supporting_document": b64encode(content).decode(),
        "supporting_document_format": ending.lower() or "pdf",
        "supporting_document_name": title or (FoundFile(name, content).title and stem),
    }


def _wire(text: str) -> str:
    try:
        return wire_text(date.fromisoformat(text), date_with_zone=True)
    except ValueError:
        return text


def _read(document: bytes) -> Any:
    record = read_business(parse(document), digest=f"{hash(document):x}", profile=Profile.CURRENT)
    assert record is not None
    return record
