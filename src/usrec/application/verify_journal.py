"""Holding the whole journal against its chain, batch by batch, so that a journal of any length fits.

What was checked once need not be checked again: a later call goes on from the state that an earlier one ended with.
Only lines up to that state that were changed since then are missed so; checking from the start finds those too.

What concerns one submission lies behind its intake. Before it the headers alone are followed: whatever hides one of its
lines, in whichever batch, changed something behind that place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from usrec.domain.chain import (
    START,
    Batch,
    BatchHeader,
    ChainLine,
    ChainState,
    digest_of,
    follows,
    hash_of,
    state_after,
)
from usrec.domain.chain_check import Breach, Damage, check_batch, digest_at, digests_in, kind_of
from usrec.domain.errors import InvariantViolation, LedgerUnavailable
from usrec.domain.spans import Span, holds, numbers_in, read_spans
from usrec.domain.submission import SubmissionId
from usrec.ports.chain import ChainView

_AT_ONCE: Final = 16
"""Batches in memory."""
_HEADERS_AT_ONCE: Final = 500
_CLOCKS_DIFFER: Final = timedelta(days=1)
"""By so much at most: agents of one ledger that do not tell the same time, or a clock that was set back."""
_MOVES: Final = frozenset({Damage.EDITED, Damage.REMOVED, Damage.INSERTED})


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
    while batches := _batches(view, state.number):
        for batch in batches:
            if batch is None:
                return Checked(state, Breach(Damage.BATCH_EDITED, state.number + 1, None))
            found = _check(view, state, batch, highest)
            if isinstance(found, Breach):
                return Checked(state, _traced(view, batch, found))
            state = found
    return Checked(state)


def state_before(view: ChainView, submission_id: SubmissionId, taken_at: datetime) -> ChainState:
    """Where the chain stood before any line of a submission was linked, for :func:`verify_journal` to go on from.

    It is the start of the chain where that cannot be told, and the last whole header where one before is damaged.

    Args:
        taken_at: Its intake, aware UTC.
    """
    try:
        known = [view.batch_of(line.seq) for line in view.lines_of(submission_id)]
        first = min((batch.header.number for batch in known if batch is not None), default=None)
        return _followed(view, first, taken_at - _CLOCKS_DIFFER)
    except (ValueError, TypeError, InvariantViolation, LedgerUnavailable):
        view.ends()
        return START


def _followed(view: ChainView, first: int | None, taken_at: datetime) -> ChainState:
    """By the headers up to this batch, or to the first that was linked then."""
    state = START
    while headers := view.headers(state.number, _HEADERS_AT_ONCE):
        for header, its_hash in headers:
            reached = header.number == first or header.at >= taken_at
            if reached or not _is_next(state, header, its_hash):
                return state
            state = state_after(header, its_hash)
    return state


def _is_next(state: ChainState, header: BatchHeader, its_hash: str) -> bool:
    return (header.number, header.previous) == (state.number + 1, state.hash) and hash_of(header) == its_hash


def _batches(view: ChainView, after: int) -> Sequence[Batch | None]:
    """The next ones; None for one of which a value is not even of its kind any more."""
    try:
        return view.batches(after, _AT_ONCE)
    except (ValueError, TypeError):
        return _next(view, after)


def _next(view: ChainView, after: int) -> Sequence[Batch | None]:
    try:
        return view.batches(after, 1)
    except (ValueError, TypeError):
        return [None]


def _check(view: ChainView, state: ChainState, batch: Batch, highest: int) -> Breach | ChainState:
    """A batch that does not follow names no lines worth reading: whoever changed it may have named any number."""
    spans: Sequence[Span] = ()
    if follows(state, batch):
        spans = (*read_spans(batch.header.ranges), *read_spans(batch.header.voids))
    return check_batch(state, batch, _lines(view, spans), cut_at=highest, gaps_happen=view.gaps_happen)


def _lines(view: ChainView, spans: Sequence[Span]) -> Sequence[ChainLine]:
    """The lines of a batch; one whose text the database cannot even read was edited, and stands here without it.

    Raises:
        LedgerUnavailable: The ledger does not answer at all.
    """
    try:
        return view.lines(spans)
    except (InvariantViolation, LedgerUnavailable):
        view.ends()
        return [line for seq in numbers_in(spans) for line in _one(view, seq)]


def _one(view: ChainView, seq: int) -> Sequence[ChainLine]:
    try:
        return view.lines([(seq, seq)])
    except (InvariantViolation, LedgerUnavailable):
        return [ChainLine(seq, "", None, "", None, None, "", "", "")]


def _traced(view: ChainView, batch: Batch, found: Breach) -> Breach:
    """The same with its kind, where the rest of the journal tells it: lines may have moved out of their batch."""
    if found.damage not in _MOVES or found.seq is None or not holds(_places(batch), found.seq):
        return found
    (standing,) = _one(view, found.seq) or (None,)
    if standing is None:
        return found
    linked, stands = digest_at(batch, found.seq), digest_of(standing)
    here, on = found.damage in {Damage.REORDERED, Damage.REMOVED}, found.damage in {Damage.REORDERED, Damage.INSERTED}
    after = batch.header.number
    while not (here and on) and (later := view.batches(after, _AT_ONCE)):
        here = here or any(stands in digests_in(one) for one in later)
        on = on or any(digest_of(line) == linked for one in later for line in _lines(view, _places(one)))
        after = later[-1].header.number
    highest = (view.ends() or (0, 0))[1]
    on = on or any(digest_of(line) == linked for line in _lines(view, [(max(1, highest - _AT_ONCE), highest)]))
    return Breach(kind_of(moved_here=here, moved_on=on), found.batch, found.seq)


def _places(batch: Batch) -> Sequence[Span]:
    try:
        return read_spans(batch.header.ranges)
    except ValueError:
        return ()
