"""Every export of evidence is a line of the journal: who took what out, and which bundle that was."""

from __future__ import annotations

import json
from datetime import date
from typing import Final

from usrec.domain.submission import SubmissionId
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger
from usrec.ports.outgoing import JournalEntry

ACTION: Final = "evidence_exported"


def note_export(
    scope: SubmissionId | tuple[date, date],
    *,
    submissions: int,
    manifest: str,
    actor: str,
    ledger: Ledger,
    clock: Clock,
) -> None:
    """Write the line.

    Args:
        scope: The submission, or the period.
        manifest: SHA-256 of the bundle's manifest, hexadecimal.

    Raises:
        LedgerUnavailable: The ledger cannot be written.
    """
    single = scope if isinstance(scope, str) else None
    period = None if isinstance(scope, str) else [day.isoformat() for day in scope]
    detail = json.dumps({"submissions": submissions, "period": period, "manifest": manifest})
    with ledger.begin() as work:
        work.journal.append(JournalEntry(clock.now(), single, ACTION, None, None, actor, "", detail))
        work.commit()
