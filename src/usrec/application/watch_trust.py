"""Look up whether the certificates that are in use were revoked, and put on record what changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from usrec.application.record_standing import record_standing
from usrec.domain.trust import Subject, TrustVerdict
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger
from usrec.ports.ledger_view import LedgerView
from usrec.ports.trust import TrustJudge

TRUST = "trust"
"""Kind of the journal's lines about certificates in use and their revocation."""


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """A certificate as the journal has it.

    Attributes:
        of: A word of :class:`SubjectKind`.
        status: A word of :class:`TrustStatus`.
        revoked_at: ISO 8601, or None.
    """

    of: str
    name: str
    serial: str
    status: str
    revoked_at: str | None


def look_up(
    subjects: Collection[Subject], *, judge: TrustJudge, clock: Clock, stopping: Callable[[], bool]
) -> Mapping[Subject, TrustVerdict]:
    """Ask about every certificate; servers that are away only make answers unknown.

    Args:
        stopping: Whether the asking is to end; the rest of the certificates is then left out.
    """
    verdicts = {}
    for one in subjects:
        if stopping():
            break
        verdicts[one] = judge.judge(one.der, at=clock.now())
    return verdicts


def recall(subjects: Collection[Subject], *, judge: TrustJudge, clock: Clock) -> Mapping[Subject, TrustVerdict]:
    """Say what this machine remembers of every certificate."""
    return {one: judge.recall(one.der, at=clock.now()) for one in subjects}


def record_trust(verdicts: Mapping[Subject, TrustVerdict], *, ledger: Ledger, view: LedgerView, clock: Clock) -> bool:
    """Write a line into the journal where a status changed; true when it was written.

    Raises:
        LedgerUnavailable: Nothing was written.
    """
    return record_standing(TRUST, dump_trust(verdicts), ledger=ledger, view=view, clock=clock)


def recorded_trust(view: LedgerView) -> Sequence[CertificateRecord]:
    """What was last put on record of the certificates in use, by whichever agent looked last; nothing without one."""
    line = view.standing(TRUST)
    return [] if line is None else [CertificateRecord(**one) for one in json.loads(line.detail)]


def dump_trust(verdicts: Mapping[Subject, TrustVerdict]) -> str:
    """Statuses alone, without the moments that change with every look."""
    lines = [
        CertificateRecord(
            of=one.kind.value,
            name=one.name,
            serial=one.serial,
            status=verdict.status.value,
            revoked_at=None if verdict.revoked_at is None else verdict.revoked_at.isoformat(),
        )
        for one, verdict in verdicts.items()
    ]
    return json.dumps([asdict(line) for line in sorted(lines, key=lambda line: (line.of, line.name, line.serial))])
