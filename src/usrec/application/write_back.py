"""Step 11 (T7): tell the HR database what became of its rows. Another database, so a step of its own.

Idempotent, and its failure never alters a submission: notes wait in the ledger and are tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from usrec.domain.errors import SourceUnavailable
from usrec.ports.clock import Clock
from usrec.ports.event_source import EventSource, StatusNote
from usrec.ports.ledger import Ledger

RETRY_AFTER = timedelta(minutes=1)
Words = Callable[[StatusNote], StatusNote]
"""Puts a note into the words that HR reads."""


def as_kept(note: StatusNote) -> StatusNote:
    """The note in the ledger's own words."""
    return note


def write_back(*, source: EventSource, ledger: Ledger, clock: Clock, words: Words = as_kept, limit: int = 500) -> int:
    """Write up to ``limit`` waiting notes to one source; returns how many were written.

    Raises:
        SourceUnavailable: The HR database did not take them; they are tried again in a minute.
    """
    with ledger.begin() as work:
        due = work.write_backs.due(source.name, clock.now(), limit)
    if not due:
        return 0
    handles = [handle for handle, _ in due]
    if source.writable:
        try:
            source.write_back([words(note) for _, note in due])
        except SourceUnavailable:
            with ledger.begin() as work:
                work.write_backs.postpone(handles, clock.now() + RETRY_AFTER)
                work.commit()
            raise
    with ledger.begin() as work:
        work.write_backs.done(handles, clock.now())
        work.commit()
    return len(due)
