"""One audit of an employer: its findings, and the digest by which a person says which plan is meant."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from usrec.domain.audit import QUIET, Cause, FieldDifference, Finding, Kind, Step, count_kinds
from usrec.domain.source_event import ContractKey, EmployerName
from usrec.domain.submission import SubmissionId

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Compared:
    """How large the books were; None for a book that was not there."""

    hr: int | None
    ledger: int
    registry: int | None
    unusable: int = 0
    """Rows of the export that cannot be used."""
    exported_on: date | None = None


@dataclass(frozen=True, slots=True)
class AuditRun:
    """What an audit found.

    Attributes:
        taken_at: Aware UTC.
        digest: Says which plan it is; empty when retention took it away. It is made of personal data.
        findings: Of every contract but those that agree; None when retention took them away.
        counts: By kind, those that agree included.
        unmatched: Contracts of HR's whose id in the registry nobody knows.
    """

    employer_bin: str
    employer: EmployerName
    taken_at: datetime
    digest: str
    compared: Compared | None
    findings: Sequence[Finding] | None
    counts: Mapping[Kind, int]
    unmatched: int

    @property
    def troubles(self) -> int:
        """How many contracts somebody has to look at."""
        return sum(number for kind, number in self.counts.items() if kind not in QUIET)

    def to_do(self) -> Sequence[Finding]:
        """What applying the plan would do."""
        return [one for one in self.findings or () if one.step is Step.TAKE_OVER]


def audit_run(
    employer: tuple[str, EmployerName], findings: Sequence[Finding], compared: Compared, at: datetime
) -> AuditRun:
    """A run of what was found; what agrees is counted and not kept."""
    told = [one for one in findings if one.kind is not Kind.AGREES]
    unmatched = sum(one.cause is Cause.ID_UNKNOWN for one in findings)
    return AuditRun(*employer, at, plan_digest(told), compared, told, count_kinds(findings), unmatched)


def plan_digest(findings: Sequence[Finding]) -> str:
    """SHA-256 of all that a plan says, values included: what changed since is another plan."""
    return sha256(json.dumps([_plain(one) for one in findings], sort_keys=True).encode()).hexdigest()


def dump_report(run: AuditRun) -> str:
    """Findings and books as text; personal data is in it."""
    compared = run.compared or Compared(None, 0, None)
    books = {
        "hr": compared.hr,
        "ledger": compared.ledger,
        "registry": compared.registry,
        "unusable": compared.unusable,
        "exported_on": _iso(compared.exported_on),
    }
    findings = [_plain(one) for one in run.findings or ()]
    whole = {"format": FORMAT, "digest": run.digest, "books": books, "findings": findings}
    return json.dumps(whole, ensure_ascii=False)


def load_report(text: str) -> tuple[str, Compared, Sequence[Finding]] | None:
    """Digest, books and findings as :func:`dump_report` wrote them; None where retention took it away."""
    read = json.loads(text)
    if "findings" not in read:
        return None
    books = {**read["books"], "exported_on": _day(read["books"]["exported_on"])}
    return read["digest"], Compared(**books), [_finding(one) for one in read["findings"]]


def _plain(one: Finding) -> dict[str, Any]:
    """Only what is there."""
    told = {
        "cause": one.cause.value,
        "key": one.key,
        "contract_id": one.contract_id,
        "legal_date": _iso(one.legal_date),
        "needed_by": _iso(one.needed_by),
        "submission": one.submission,
        "fields": [[field.name, field.hr, field.ledger, field.registry] for field in one.fields],
        "candidates": list(one.candidates),
        "operations": list(one.operations),
        "puzzle": one.puzzle,
        "iin": one.iin,
    }
    return {name: value for name, value in told.items() if value}


def _finding(told: Mapping[str, Any]) -> Finding:
    key, submission = told.get("key"), told.get("submission")
    return Finding(
        Cause(told["cause"]),
        None if key is None else ContractKey(key),
        told.get("contract_id"),
        _day(told.get("legal_date")),
        _day(told.get("needed_by")),
        None if submission is None else SubmissionId(submission),
        tuple(FieldDifference(*field) for field in told.get("fields", ())),
        tuple(told.get("candidates", ())),
        tuple(told.get("operations", ())),
        told.get("puzzle", ""),
        told.get("iin", ""),
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
