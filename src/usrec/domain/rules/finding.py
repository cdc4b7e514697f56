"""What a rule has to say about a row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether the row can go on; ``UNDETERMINED`` is what cannot be known here, and stops nothing."""

    ERROR = "error"
    WARNING = "warning"
    UNDETERMINED = "undetermined"
    """What the rule rests on is not known here; it stops nothing and the ledger does not keep it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend, or to know.

    Attributes:
        rule: Stable name of the rule.
        field: Field of the source row to mend.
        code: The USREC response code that the registry would answer, empty where it has none.
        point: The clause of law or protocol behind it.
        message: One sentence without personal data.
    """

    rule: str
    severity: Severity
    field: str
    code: str
    point: str
    message: str


def error(rule: str, field: str, message: str, *, code: str = "", point: str = "") -> Finding:
    """A finding that stops the row."""
    return Finding(rule, Severity.ERROR, field, code, point, message)


def warning(rule: str, field: str, message: str, *, code: str = "", point: str = "") -> Finding:
    """A finding that lets the row go on."""
    return Finding(rule, Severity.WARNING, field, code, point, message)


def undetermined(rule: str, field: str, message: str, *, code: str = "", point: str = "") -> Finding:
    """A finding that cannot be settled here: only USREC, the agent's ledger or a code list not imported knows."""
    return Finding(rule, Severity.UNDETERMINED, field, code, point, message)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding stops the row."""
    return any(one.severity is Severity.ERROR for one in findings)


def dump_findings(findings: Iterable[Finding]) -> str:
    """Findings as a JSON array for the ledger, without those that say nothing about the row."""
    kept = [
        {name: getattr(one, name) for name in Finding.__slots__}
        for one in findings
        if one.severity is not Severity.UNDETERMINED
    ]
    return json.dumps(kept, ensure_ascii=False) if kept else "[]"


def load_findings(text: str) -> Sequence[Finding]:
    """Findings from the ledger's JSON array."""
    return [Finding(**{**item, "severity": Severity(item["severity"])}) for item in json.loads(text)]
