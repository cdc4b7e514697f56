"""What audits and looks at staffs leave to a person: troubles with contracts, not with single events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from usrec.domain.oversight import Concern, Trouble, Troubles

OF_DRIFT: Final = frozenset({Concern.AUDIT_FINDINGS, Concern.AUDIT_MISSING, Concern.IDS_UNKNOWN, Concern.STAFF_PUZZLES})
"""What is told by agents; the independent watcher tells the other concerns."""


@dataclass(frozen=True, slots=True)
class AuditSight:
    """What the last audit of an employer found.

    Attributes:
        taken_at: Aware UTC.
        troubles: Contracts that somebody has to look at.
        unmatched: Those whose id in the registry nobody knows.
    """

    employer: str
    taken_at: datetime
    troubles: int
    unmatched: int


@dataclass(frozen=True, slots=True)
class Drift:
    """How far HR, ledger and registry are known to have drifted apart.

    Attributes:
        audits: The last one of each employer.
        puzzles: How many contracts of which staffs cannot be understood.
        unaudited: Employers whose audit is not there, and when it was due.
    """

    audits: Sequence[AuditSight] = ()
    puzzles: Mapping[str, int] = field(default_factory=dict, hash=False)
    unaudited: Mapping[str, datetime] = field(default_factory=dict, hash=False)


def troubles_of_drift(drift: Drift, now: datetime) -> Troubles:
    """What somebody has to look at."""
    found = [
        _audited(Concern.AUDIT_FINDINGS, {one: one.troubles for one in drift.audits}),
        _audited(Concern.IDS_UNKNOWN, {one: one.unmatched for one in drift.audits}),
        _unaudited(drift.unaudited),
        _puzzled(drift.puzzles, now),
    ]
    return {one.concern: one for one in found if one is not None}


def _audited(concern: Concern, numbers: Mapping[AuditSight, int]) -> Trouble | None:
    found = {audit: number for audit, number in numbers.items() if number}
    if not found:
        return None
    since = min(audit.taken_at for audit in found)
    return Trouble(concern, since, sum(found.values()), frozenset(audit.employer for audit in found))


def _unaudited(due: Mapping[str, datetime]) -> Trouble | None:
    return Trouble(Concern.AUDIT_MISSING, min(due.values()), len(due), frozenset(due)) if due else None


def _puzzled(puzzles: Mapping[str, int], now: datetime) -> Trouble | None:
    return Trouble(Concern.STAFF_PUZZLES, now, sum(puzzles.values()), frozenset(puzzles)) if puzzles else None
