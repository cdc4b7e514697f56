"""The contract event as a JSON Schema (2020-12), made from the rules, so that whoever writes events can check them.

What the schema takes has the shape that the rules want. The rules know more: check digits, dictionaries, days that
belong together, what the contract's earlier events say; and they forgive blanks around a value, as the schema does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from usrec.domain.rules.completeness import is_demanded
from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.source_event import Operation

VERSION: Final = 1
"""Raised when an event that was right would be refused; what is only added leaves it."""
SCHEMA_ID: Final = f"urn:usrec-agent:contract-event:{VERSION}"

_NUMBER: Final = "^[0-9]{12}$"
_DAY: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_KEY: Final[Mapping[str, Any]] = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "\\S"}
_ANY: Final = FieldRule("any").pattern


def contract_event_schema() -> dict[str, Any]:
    """The whole schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Contract event of usrec-agent",
        "description": "One row of the HR outbox, of a file of events, or of a request; docs/reference/events.md",
        **envelope_schema(),
        "allOf": [_payload_of(operation) for operation in Operation],
        "$defs": {operation.value: _details(operation) for operation in Operation},
    }


def envelope_schema() -> dict[str, Any]:
    """What every event has, whatever its payload holds."""
    return {
        "type": "object",
        "required": ["event_id", "event_type", "contract_key", "employer_bin", "payload"],
        "properties": {
            "event_id": {**_KEY, "description": "HR's own id of the event; it never changes"},
            "revision": {
                "type": "integer",
                "minimum": 1,
                "maximum": 2**31 - 1,
                "default": 1,
                "description": "One higher with each correction of the same event",
            },
            "event_type": {"type": "string", "enum": [one.value for one in Operation]},
            "contract_key": {**_KEY, "description": "HR's own key of the contract, never an IIN"},
            "employer_bin": {"type": "string", "pattern": _NUMBER, "description": "BIN, or IIN of an entrepreneur"},
            "withdrawn": {"type": "boolean", "default": False, "description": "HR takes the event back"},
            "entered_at": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "When HR entered it, with its zone",
            },
            "payload": {"type": "object"},
        },
    }


def _payload_of(operation: Operation) -> dict[str, Any]:
    return {
        "if": {"properties": {"event_type": {"const": operation.value}}, "required": ["event_type"]},
        "then": {"properties": {"payload": {"$ref": f"#/$defs/{operation.value}"}}},
    }


def _details(operation: Operation) -> dict[str, Any]:
    rules = FIELDS[operation]
    needed = [one for one in rules if one.required or is_demanded(operation, one.name)]
    schema: dict[str, Any] = {
        "type": "object",
        "required": [one.name for one in needed if not one.unless],
        "properties": {one.name: _field(one, required=one in needed and not one.unless) for one in rules},
    }
    later = [_unless_marked(one) for one in needed if one.unless]
    return schema | ({"allOf": later} if later else {})


def _unless_marked(rule: FieldRule) -> dict[str, Any]:
    """A field that may be absent beside its mark, and only there."""
    marked = {"properties": {rule.unless: {"const": "true"}}, "required": [rule.unless]}
    return {"if": marked, "else": {"properties": {rule.name: {"type": "string"}}, "required": [rule.name]}}


def _field(rule: FieldRule, *, required: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string" if required else ["string", "null"], "description": rule.expected}
    match rule.kind:
        case "date":
            schema |= {"format": "date", "pattern": _DAY}
        case "iin" | "employer":
            schema |= {"pattern": _NUMBER}
        case _:
            schema |= {"minLength": 1, "maxLength": rule.longest}
            schema |= {"pattern": "\\S"} if rule.pattern is _ANY else {"pattern": f"^(?:{rule.pattern.pattern})$"}
    codes = {"missing": rule.missing or rule.point, "malformed": rule.malformed}
    return schema | {f"x-when-{name}": code for name, code in codes.items() if code}
