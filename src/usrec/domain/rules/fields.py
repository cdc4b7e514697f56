"""The shape of a row: every field is there, of its kind, and fit for the wire.

Sources: the mandatory fields of the response codes (SCSE003-006, 011, 015, 018, 021, 023, 024, 029), the formats of
007, 022, 043, 045 and 087, and Order 353 p.7, p.8 and p.12 for the day from which a term runs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from usrec.domain.identifiers import IdentifierError, parse_iin
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import DETAILS_TYPES, Details, Operation


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What one field must be.

    Attributes:
        missing: Response code for an absent value.
        pattern: What a text must match entirely; ``malformed`` is the response code when it does not.
    """

    name: str
    missing: str = ""
    point: str = ""
    kind: str = "text"
    pattern: re.Pattern[str] = field(default=re.compile(r"(?s).+"))
    malformed: str = ""
    expected: str = "text"
    required: bool = True
    longest: int = 255


POSITION: Final = re.compile(r"[0-9]{6}|[0-9]{4}-[0-9]-[0-9]{3}")
REASON: Final = re.compile(r"[0-9]{2}(-[0-9]{3})*")
CONSCRIPT: Final = re.compile(r"[0-9A-Za-z-]{1,20}")
CONTRACT_ID: Final = re.compile(r"[A-Za-z0-9-]{1,45}")


def _date(name: str, missing: str, point: str = "") -> FieldRule:
    return FieldRule(name, missing, point, kind="date", expected="a date YYYY-MM-DD")


_POST: Final = (
    FieldRule(
        "position_code",
        "SCSE006",
        pattern=POSITION,
        malformed="SCSE007",
        expected="a code of the classifier of occupations, NNNN-N-NNN or six digits",
    ),
    FieldRule("established_post", "SCSE029"),
)
_CONTRACT_ID_GIVEN: Final = FieldRule(
    "contract_id",
    "",
    pattern=CONTRACT_ID,
    malformed="SCSE025",
    expected="the registry's id of the contract: letters, digits and hyphens",
    required=False,
)

FIELDS: Final[Mapping[Operation, tuple[FieldRule, ...]]] = {
    Operation.CONCLUSION: (
        FieldRule("employee_iin", "SCSE011", kind="iin", malformed="SCSE045", expected="an IIN"),
        FieldRule("contract_number", "SCSE003", longest=100),
        _date("contract_date", "SCSE004"),
        _date("signed_on", "", "Order 353 p.7"),
        _date("begin_date", "SCSE005"),
        *_POST,
        FieldRule("conscript_code", "SCSE021", pattern=CONSCRIPT, malformed="SCSE040", expected="a code"),
    ),
    Operation.AMENDMENT: (
        FieldRule("agreement_number", "SCSE015", longest=100),
        _date("agreement_date", "SCSE023"),
        _date("signed_on", "", "Order 353 p.8"),
        _date("begin_date", "SCSE024"),
        *_POST,
        _CONTRACT_ID_GIVEN,
    ),
    Operation.TERMINATION: (
        _date("termination_date", "SCSE018", "Order 353 p.12"),
        FieldRule(
            "reason_code",
            "SCSE022",
            pattern=REASON,
            malformed="SCSE022",
            expected="a code such as 01 or 03-002",
        ),
        _CONTRACT_ID_GIVEN,
    ),
}


def read_payload(text: str) -> tuple[Mapping[str, object], list[Finding]]:
    """The payload's object; a finding when it is not one."""
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return {}, [error("payload_is_json", "payload", "The payload is not valid JSON.")]
    if not isinstance(payload, dict):
        return {}, [error("payload_is_json", "payload", "The payload is JSON but not an object of fields.")]
    return payload, []


def without_unknown_fields(text: str) -> str:
    """The payload with the fields that the rules know, for the ledger: what else HR wrote is not ours to keep.

    A payload that is no object is not kept at all; the row stays refused either way. Other alphabets stay escaped,
    since JSON may spell half a character that no database takes.
    """
    payload, unreadable = read_payload(text)
    if unreadable:
        return ""
    known = {rule.name for rules in FIELDS.values() for rule in rules}
    kept = {name: value for name, value in payload.items() if name in known}
    return json.dumps(kept, sort_keys=True)


def read_details(operation: Operation, payload: Mapping[str, object]) -> tuple[Details | None, list[Finding]]:
    """The typed details, or None with the findings that say why not."""
    values: dict[str, object] = {}
    findings: list[Finding] = []
    for rule in FIELDS[operation]:
        value = payload.get(rule.name)
        problems = list(_check(rule, value))
        findings += problems
        if not problems:
            values[rule.name] = _convert(rule, value)
    if findings:
        return None, findings
    return DETAILS_TYPES[operation](**values), []  # type: ignore[arg-type]  # FIELDS names exactly these fields


def read_date(payload: Mapping[str, object], name: str) -> date | None:
    """A date field by itself, None when it is absent or malformed (a refused row still has a term to watch)."""
    value = payload.get(name)
    return _iso_date(value) if isinstance(value, str) else None


def _convert(rule: FieldRule, value: object) -> object:
    """The value as the event holds it; a text of blanks is no value."""
    text = unicodedata.normalize("NFC", str(value or "")).strip()
    return _iso_date(text) if rule.kind == "date" else text or None


def _check(rule: FieldRule, value: object) -> Iterator[Finding]:
    if value is None or (isinstance(value, str) and not value.strip()):
        if rule.required:
            yield error("field_present", rule.name, f"{rule.name} is missing.", code=rule.missing, point=rule.point)
        return
    if not isinstance(value, str):
        yield error("field_is_text", rule.name, f"{rule.name} must be JSON text, expected {rule.expected}.")
        return
    text = value.strip()
    if rule.kind == "date" and _iso_date(text) is None:
        yield error("field_is_date", rule.name, f"{rule.name} is not a date YYYY-MM-DD.", code=rule.missing)
    elif rule.kind == "iin":
        yield from _check_iin(rule, text)
    elif rule.kind == "text":
        yield from _check_text(rule, text)


def _check_iin(rule: FieldRule, text: str) -> Iterator[Finding]:
    try:
        parse_iin(text)
    except IdentifierError as problem:
        yield error("iin_checksum", rule.name, f"{rule.name}: {problem.what}.", code=rule.malformed)


def _check_text(rule: FieldRule, text: str) -> Iterator[Finding]:
    if len(text) > rule.longest:
        yield error("field_length", rule.name, f"{rule.name} is longer than {rule.longest} characters.")
    if any(unicodedata.category(char) in {"Cc", "Cs", "Cn"} for char in text):
        yield error("field_characters", rule.name, f"{rule.name} holds control characters.")
    elif not rule.pattern.fullmatch(text):
        yield error("field_format", rule.name, f"{rule.name} must be {rule.expected}.", code=rule.malformed)


def _iso_date(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()):
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
