"""Linking the journal: its new lines are bound into the chain, a batch at a time.

Those who write the journal never wait for this: lines are written unlinked, and one sequencer takes them up later. On
PostgreSQL a line may become visible after one with a higher number; the numbers that are missing are remembered, and
are declared void only when no transaction lives that could still write them.
"""

from __future__ import annotations

from dataclasses import dataclass

from usrec.domain.chain import MOST_LINES, link
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Linked:
    """What one turn did.

    Attributes:
        lines: How many lines were linked.
        batch: Number of the batch, None when none was made.
        busy: Another agent was linking; it was not waited for.
        more: As many lines as one turn takes were there, so that the next turn may find more at once.
    """

    lines: int = 0
    batch: int | None = None
    busy: bool = False
    more: bool = False


def link_journal(*, ledger: Ledger, clock: Clock, limit: int = MOST_LINES) -> Linked:
    """Link up to ``limit`` lines in one short transaction."""
    now = clock.now()
    with ledger.begin() as work:
        if not work.chain.lead():
            return Linked(busy=True)
        state = work.chain.state()
        passed = work.chain.passed(state.horizon)
        lines = work.chain.unlinked(state, limit)
        batch = link(state, lines, at=now, passed=passed, horizon=work.chain.horizon())
        if batch is None:
            return Linked()
        work.chain.add(batch)
        work.commit()
    return Linked(len(lines), batch.header.number, more=len(lines) == limit)
