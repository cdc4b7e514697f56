"""Holding the whole journal against its chain, batch by batch, so that a journal of any length fits.

What was checked once need not be checked again: a later call goes on from the state that an earlier one ended with.
Only lines up to that state that were changed since then are missed so; checking from the start finds those too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from usrec.domain.chain import START, Batch, ChainState
from usrec.domain.chain_check import Breach, Damage, check_batch
from usrec.domain.spans import read_spans
from usrec.ports.chain import ChainView

_AT_ONCE: Final = 16
"""Batches in memory."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes:
        state: Where the chain stands after the last whole batch.
        breach: The first place where the journal is not what was linked, None when all of it is.
    """

    state: ChainState
    breach: Breach | None = None


def verify_journal(view: ChainView, since: ChainState = START) -> Checked:
    """Check all batches after ``since``."""
    ends = view.ends()
    lowest, highest = ends or (1, 0)
    if lowest < 1:
        return Checked(since, Breach(Damage.INSERTED, 0, lowest))
    state = since
    while batches := view.batches(state.number, _AT_ONCE):
        for batch in batches:
            found = _check(view, state, batch, highest)
            if isinstance(found, Breach):
                return Checked(state, found)
            state = found
    return Checked(state)


def _check(view: ChainView, state: ChainState, batch: Batch, highest: int) -> Breach | ChainState:
    try:
        spans = (*read_spans(batch.header.ranges), *read_spans(batch.header.voids))
    except ValueError:
        spans = ()
    lines = view.lines(spans)
    return check_batch(state, batch, lines, cut_at=highest, gaps_happen=view.gaps_happen)
