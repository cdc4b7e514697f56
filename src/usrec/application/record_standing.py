"""What held for the agent as a whole at a moment: kept in the journal whenever it changes.

A document that was signed, or a term that was counted, on a past day is proven with what held then: the line of the
journal that was the newest of its kind at that moment.
"""

from __future__ import annotations

from typing import Final

from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger
from usrec.ports.ledger_view import LedgerView
from usrec.ports.outgoing import JournalEntry

AUTHORITY: Final = "authority"
"""Who signs for each employer, under which orders and certificate."""
CALENDAR: Final = "calendar"
"""The working calendar with the settings' days."""


def record_standing(action: str, detail: str, *, ledger: Ledger, view: LedgerView, clock: Clock) -> bool:
    """Write a line unless the newest one of its kind says the same; true when it was written.

    Args:
        action: The kind of the line.
        detail: JSON without personal data; equal facts make equal text.

    Raises:
        LedgerUnavailable: Nothing was written.
    """
    newest = view.standing(action)
    if newest is not None and newest.detail == detail:
        return False
    with ledger.begin() as work:
        work.journal.append(JournalEntry(clock.now(), None, action, None, None, "agent", "", detail))
        work.commit()
    return True
