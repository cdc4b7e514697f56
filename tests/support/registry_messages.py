"""Messages of every operation, written by the simulator's own layouts and judged by its own registry.

Apart from the agent: nothing here renders, checks or reads as the agent does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from kzeds.xml import parse
from usrec_simulator.business import NAMESPACE, BusinessRecord, read_business
from usrec_simulator.layouts import DATES, element_of, layout_of
from usrec_simulator.ledger import Ledger
from usrec_simulator.operations import Operation, Profile
from usrec_simulator.registry import Registry
from usrec_simulator.rules import RuleBook, valid_iin

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BIN = "200940000013"
OTHER_BIN = "150340000027"
IIN = "900101300007"
OTHER_IIN = "900101300811"


def made_iin(start: str) -> str:
    """Complete the first seven digits to an IIN whose check digit is right."""
    candidates = (f"{start}{serial:04d}{check}" for serial in range(1, 9) for check in range(10))
    return next(candidate for candidate in candidates if valid_iin(candidate))


OLD_IIN = made_iin("6503153")
FOREIGN_IIN = made_iin("9001010")
PERSON_EMPLOYER = made_iin("8505053")

CONTRACT_ID = "contract-00000000000000000000000001"
AGREEMENT_ID = "agreement-000000000000000000000001"
EXTENSION_ID = "extension-000000000000000000000001"
LEAVE_ID = "leave-0000000000000000000000000001"
LAST_ID = "judged-000000000000000000000000001"
DOCUMENT_ID = "document-00000000000000000000000001"

Values = Mapping[str, str | None]

_CONTRACT: Values = {
    "employer": BIN,
    "employee": IIN,
    "number": "17",
    "event_date": "2025-11-17",
    "begin_date": "2025-11-18",
    "position": "2512-0-001",
    "post": "Инженер",
    "term_code": "2",
    "end_date": "2026-11-18",
    "work_place_address": "Астана, Мәңгілік Ел, 1",
    "country_code": "398",
    "kato_code": "710000000",
    "conscript_code": "1",
}
_AGREEMENT: Values = {
    "employer": BIN,
    "contract_id": CONTRACT_ID,
    "number": "17/1",
    "event_date": "2026-11-16",
    "begin_date": "2026-11-17",
    "position": "2512-0-001",
    "post": "Старший инженер",
}
_LEAVE: Values = {
    "employer": BIN,
    "contract_id": CONTRACT_ID,
    "leave_type_code": "1",
    "event_date": "2026-06-01",
    "not_worked_to": "2026-10-04",
    "first_working_day": "2026-10-05",
    "timesheet_number": "0042",
}
_TWO: Values = {"employer": BIN, "contract_id": CONTRACT_ID}
_THREE: Values = {**_TWO, "employee": IIN}

GOOD: Mapping[Operation, Values] = {
    Operation.CONCLUSION: _CONTRACT,
    Operation.LEGACY_CONTRACT: _CONTRACT,
    Operation.AMENDMENT: _AGREEMENT,
    Operation.TERMINATION: {**_TWO, "event_date": "2026-11-19", "reason": "05"},
    Operation.CONTRACT_EDIT: {**_CONTRACT, "contract_id": CONTRACT_ID, "post": "Инженер-программист"},
    Operation.CONTRACT_DELETE: _THREE,
    Operation.AMENDMENT_EDIT: {**_AGREEMENT, "agreement_id": AGREEMENT_ID},
    Operation.AMENDMENT_DELETE: {**_THREE, "agreement_id": AGREEMENT_ID},
    Operation.REINSTATEMENT: {
        **_TWO,
        "order_number": "5-в",
        "event_date": "2026-11-20",
        "termination_date": "2026-11-19",
        "deciding_body_code": "1",
        "court_code": "12",
    },
    Operation.EXTENSION: {**_TWO, "event_date": "2026-11-18", "term_code": "2", "end_date": "2027-11-18"},
    Operation.SOCIAL_LEAVE: _LEAVE,
    Operation.SOCIAL_LEAVE_EDIT: {**_LEAVE, "leave_id": LEAVE_ID},
    Operation.SOCIAL_LEAVE_DELETE: {**_THREE, "leave_id": LEAVE_ID},
    Operation.IIN_CHANGE: {**_THREE, "new_employee_iin": OTHER_IIN},
    Operation.BIN_CHANGE: {**_TWO, "new_employer_bin": OTHER_BIN},
    Operation.TRANSFER: {**_TWO, "new_employer_bin": OTHER_BIN, "event_date": "2026-11-19"},
}
"""Values of one acceptable message of each operation, by the names of the simulator's layouts."""

_FIRST: Mapping[Operation, str] = {
    Operation.CONCLUSION: CONTRACT_ID,
    Operation.AMENDMENT: AGREEMENT_ID,
    Operation.EXTENSION: EXTENSION_ID,
    Operation.SOCIAL_LEAVE: LEAVE_ID,
}


@dataclass(frozen=True)
class Sent:
    """A message that the registry accepted before."""

    operation: Operation
    change: Values = field(default_factory=dict)

    def document(self) -> bytes:
        known = _FIRST.get(self.operation, f"earlier-{self.operation:_<24}".replace("_", "-"))
        return document(self.operation, {"record_id": known, **GOOD[self.operation], **self.change})


CONCLUDED = Sent(Operation.CONCLUSION)

NEEDS: Mapping[Operation, tuple[Sent, ...]] = {
    Operation.CONCLUSION: (),
    Operation.LEGACY_CONTRACT: (),
    Operation.AMENDMENT_EDIT: (CONCLUDED, Sent(Operation.AMENDMENT)),
    Operation.AMENDMENT_DELETE: (CONCLUDED, Sent(Operation.AMENDMENT)),
    Operation.REINSTATEMENT: (CONCLUDED, Sent(Operation.TERMINATION)),
    Operation.SOCIAL_LEAVE_EDIT: (CONCLUDED, Sent(Operation.SOCIAL_LEAVE)),
    Operation.SOCIAL_LEAVE_DELETE: (CONCLUDED, Sent(Operation.SOCIAL_LEAVE)),
}
"""What has to be registered before the acceptable message of an operation; a contract where nothing is said."""


@dataclass(frozen=True)
class Counterexample:
    """A message that breaks one rule.

    Attributes:
        code: What the registry answers.
        operation: Of the message.
        change: What differs from the acceptable message; None takes a value away.
        before: What is registered before, when it is not what the operation needs anyhow.
        book: Settings of the registry that differ.
        without: A block that is taken out of the document.
        at: When the message comes; what is before came at `NOW`.
    """

    code: str
    operation: Operation
    change: Values = field(default_factory=dict)
    before: tuple[Sent, ...] | None = None
    book: Mapping[str, Any] = field(default_factory=dict)
    without: str | None = None
    at: datetime = NOW

    @property
    def history(self) -> tuple[Sent, ...]:
        return NEEDS.get(self.operation, (CONCLUDED,)) if self.before is None else self.before

    def document(self) -> bytes:
        whole = document(self.operation, {"record_id": LAST_ID, **GOOD[self.operation], **self.change})
        return whole if self.without is None else _without(whole, self.without)


def document(operation: Operation, values: Values, profile: Profile = Profile.CURRENT) -> bytes:
    """Write a document; dates get the zone of Kazakhstan."""
    layout = layout_of(operation, profile)
    unknown = set(values) - set(layout.values())
    assert not unknown, f"{operation} has no {unknown}"
    given = [(path, text) for path, name in layout.items() if (text := values.get(name)) is not None]
    dated = {"event_date", "begin_date", *DATES}
    texts = [(path, f"{text}+05:00" if layout[path] in dated else text) for path, text in given]
    element = element_of(operation, profile)
    return (
        f'<c:contractRequest xmlns:c="{NAMESPACE}"><{element}>{_nested(texts)}</{element}></c:contractRequest>'
    ).encode()


def read(content: bytes, profile: Profile = Profile.CURRENT) -> BusinessRecord:
    record = read_business(parse(content), digest=f"{hash(content):x}", profile=profile)
    assert record is not None
    return record


def answer(example: Counterexample) -> tuple[str | None, Registry]:
    """Register what goes before, then let the registry answer the message."""
    ledger = Ledger(Path(":memory:"))
    registry, earlier = Registry(ledger, RuleBook(**example.book)), Registry(ledger, RuleBook())
    for sent in example.history:
        decision = earlier.submit(read(sent.document()), at=NOW)
        assert decision.code is None, f"{sent.operation} is refused by {decision.code}"
    return registry.submit(read(example.document()), at=example.at).code, registry


def _nested(texts: list[tuple[str, str]]) -> str:
    written, opened = "", ""
    for path, text in [*texts, ("", "")]:
        block, _, name = path.rpartition("/")
        if block != opened:
            written += "".join(f"</{part}>" for part in reversed(opened.split("/")) if part)
            written += "".join(f"<{part}>" for part in block.split("/") if part)
            opened = block
        written += f"<{name}>{escape(text)}</{name}>" if name else ""
    return written


def _without(whole: bytes, block: str) -> bytes:
    start, end = whole.index(f"<{block}>".encode()), whole.index(f"</{block}>".encode())
    return whole[:start] + whole[end + len(block) + 3 :]
