"""Personal data that leaves the ledger for a file is written down: who took it, how, how much; never what."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from usrec.ports.ledger import Ledger
from usrec.ports.outgoing import JournalEntry

EXPORTED: Final = "exported"
"""The journal's word."""


def record_export(command: str, records: int, actor: str, *, ledger: Ledger, now: datetime) -> None:
    """Write the line. Called before the file is shown or handed over, so that no export goes unwritten.

    Args:
        command: Such as ``document show``.
        records: How many submissions or documents it holds.
    """
    detail = json.dumps({"command": command, "records": records})
    with ledger.begin() as work:
        work.journal.append(JournalEntry(now, None, EXPORTED, None, None, actor, "", detail))
        work.commit()
