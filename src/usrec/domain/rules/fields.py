"""The shape of a row: every field is there, of its kind, and fit for the wire, as :mod:`field_table` says."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final

from usrec.domain.identifiers import IdentifierError, parse_employer_id, parse_iin
from usrec.domain.rules.field_table import FIELDS, PROVISIONAL_FROM, FieldRule
from usrec.domain.rules.finding import Finding, Severity, error, has_errors
from usrec.domain.rules.reader import READER
from usrec.domain.source_event import DETAILS_TYPES, Details, Operation, parsed_payload

_KNOWN: Final = frozenset(rule.name for rules in FIELDS.values() for rule in rules) | {PROVISIONAL_FROM, READER}
_UNFIT: Final = frozenset({"Cc", "Cs", "Cn"})
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_payload(text: str) -> tuple[Mapping[str, object], list[Finding]]:
    """The payload's object; a finding when it is not one."""
    try:
        payload = parsed_payload(text)
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
    kept = {name: value for name, value in payload.items() if name in _KNOWN}
    return json.dumps(kept, sort_keys=True)


def read_details(operation: Operation, payload: Mapping[str, object]) -> tuple[Details | None, list[Finding]]:
    """The typed details, or None with the findings that say why not; what is wrong with a label alone stops nothing."""
    values: dict[str, object] = {}
    findings: list[Finding] = []
    for rule in FIELDS[operation]:
        value = payload.get(rule.name)
        if value is not None and not (isinstance(value, str) and not value.strip()):
            problems = list(_check(rule, value))
            findings += [replace(one, severity=Severity.WARNING) for one in problems] if rule.is_label else problems
            values[rule.name] = None if problems else _convert(rule, value)
        elif not rule.required:
            values[rule.name] = None
        elif not _is_given_later(rule, payload):
            findings.append(_missing(rule))
    if has_errors(findings):
        return None, findings
    return DETAILS_TYPES[operation](**values), findings  # type: ignore[arg-type]  # FIELDS names exactly these fields


def read_date(payload: Mapping[str, object], name: str) -> date | None:
    """A date field by itself, None when it is absent or malformed (a refused row still has a term to watch)."""
    value = payload.get(name)
    return _iso_date(value) if isinstance(value, str) else None


def _is_given_later(rule: FieldRule, payload: Mapping[str, object]) -> bool:
    """Whether the row says by its mark that the value is not there yet."""
    return bool(rule.unless) and str(payload.get(rule.unless)).strip() == "true"


def _missing(rule: FieldRule) -> Finding:
    return error("field_present", rule.name, f"{rule.name} is missing.", code=rule.missing, point=rule.point)


def _convert(rule: FieldRule, value: object) -> object:
    """The value as the event holds it."""
    text = str(value).strip()
    if rule.kind == "date":
        return _iso_date(text)
    return text if text.isascii() else unicodedata.normalize("NFC", text).strip()


def _check(rule: FieldRule, value: object) -> Iterator[Finding]:
    """What is wrong with a value that is there."""
    if not isinstance(value, str):
        yield error("field_is_text", rule.name, f"{rule.name} must be JSON text, expected {rule.expected}.")
        return
    text = value.strip()
    if rule.kind == "text":
        yield from _check_text(rule, text)
    elif rule.kind in {"iin", "employer"}:
        yield from _check_number(rule, text)
    elif _iso_date(text) is None:
        yield error("field_is_date", rule.name, f"{rule.name} is not a date YYYY-MM-DD.", code=rule.missing)


def _check_number(rule: FieldRule, text: str) -> Iterator[Finding]:
    try:
        if rule.kind == "iin":
            parse_iin(text)
        else:
            parse_employer_id(text)
    except IdentifierError as problem:
        name = "iin_checksum" if rule.kind == "iin" else "employer_checksum"
        yield error(name, rule.name, f"{rule.name}: {problem.what}.", code=rule.malformed)


def _check_text(rule: FieldRule, text: str) -> Iterator[Finding]:
    if len(text) > rule.longest:
        yield error("field_length", rule.name, f"{rule.name} is longer than {rule.longest} characters.")
    if not text.isprintable() and any(unicodedata.category(char) in _UNFIT for char in text):
        yield error("field_characters", rule.name, f"{rule.name} holds control characters.")
    elif not rule.pattern.fullmatch(text):
        yield error(rule.rule, rule.name, f"{rule.name} must be {rule.expected}.", code=rule.malformed)


def _iso_date(text: str) -> date | None:
    text = text.strip()
    return _day(text) if _DATE.fullmatch(text) else None


@lru_cache(maxsize=2048)
def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
