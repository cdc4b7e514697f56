"""Personal data that leaves the ledger for a file is written down: who took it, how, how much; never what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from usrec.domain.submission import SubmissionId
from usrec.ports.ledger import Ledger
from usrec.ports.outgoing import JournalEntry

EXPORTED: Final = "exported"
"""The journal's word."""


def record_export(
    command: str,
    records: int,
    actor: str,
    *,
    ledger: Ledger,
    now: datetime,
    of: SubmissionId | None = None,
    more: Mapping[str, object] | None = None,
) -> None:
    """Write the line. Called before the file is shown or handed over, so that no export goes unwritten.

    Args:
        command: Such as ``document show``.
        records: How many submissions or documents it holds.
        of: The submission that it is about, where it is about one: the line stands in its timeline.
        more: What else tells which export it was, without personal data.
    """
    detail = json.dumps({"command": command, "records": records, **(more or {})})
    with ledger.begin() as work:
        work.journal.append(JournalEntry(now, of, EXPORTED, None, None, actor, "", detail))
        work.commit()
