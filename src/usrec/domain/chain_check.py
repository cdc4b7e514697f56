"""Holding the journal's lines against the chain: the first that is not as it was linked is named, and how it differs.

"First" is meant in the order in which lines were linked. The kinds say what a reader has to look for; that something
was changed is proven by the hash alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from usrec.domain.chain import DIGEST_BYTES, Batch, ChainLine, ChainState, digest_of, follows, state_after
from usrec.domain.spans import holds, numbers_in, read_spans


class Damage(StrEnum):
    """What was done to the journal."""

    EDITED = "edited"
    REMOVED = "removed"
    REORDERED = "reordered"
    INSERTED = "inserted"
    CUT_OFF = "cut_off"
    BATCH_EDITED = "batch_edited"
    BATCH_REMOVED = "batch_removed"


@dataclass(frozen=True, slots=True)
class Breach:
    """The first place where the journal is not what was linked.

    Attributes:
        batch: Number of the batch concerned.
        seq: Number of the line, None where a batch itself is damaged.
    """

    damage: Damage
    batch: int
    seq: int | None


def check_batch(
    state: ChainState, batch: Batch, lines: Sequence[ChainLine], *, cut_at: int | None = None, gaps_happen: bool = True
) -> Breach | ChainState:
    """Check the batch after ``state`` with the lines found under its numbers and its voids.

    Args:
        lines: All lines that the ledger has under the numbers of ``ranges`` and ``voids``, in any order.
        cut_at: The highest number in the journal; what is missing above it was cut off. None: not known.
        gaps_happen: The database may draw numbers that are never written; where it never does, a gap is a line that
            was taken out before it was linked.

    Returns:
        What is wrong first, or where the chain stands after this batch.
    """
    header = batch.header
    if header.number > state.number + 1:
        return Breach(Damage.BATCH_REMOVED, state.number + 1, None)
    if not follows(state, batch):
        return Breach(Damage.BATCH_EDITED, header.number, None)
    by_seq = {line.seq: line for line in lines}
    breach = _of_lines(batch, by_seq, cut_at) or _of_voids(batch, by_seq)
    if breach is None and not gaps_happen:
        breach = _of_gaps(batch)
    return breach or state_after(header, batch.hash)


def _of_lines(batch: Batch, found: Mapping[int, ChainLine], cut_at: int | None) -> Breach | None:
    numbers = tuple(numbers_in(read_spans(batch.header.ranges)))
    for place, seq in enumerate(numbers):
        line = found.get(seq)
        if line is None:
            cut = cut_at is not None and seq > cut_at
            return Breach(Damage.CUT_OFF if cut else Damage.REMOVED, batch.header.number, seq)
        if digest_of(line) != _at(batch, place):
            return Breach(_kind(batch, numbers, found, place), batch.header.number, seq)
    return None


def _kind(batch: Batch, numbers: Sequence[int], found: Mapping[int, ChainLine], place: int) -> Damage:
    """How the line at ``place`` came to differ: by what stands in its place, and where its own text is now."""
    expected = [_at(batch, one) for one in range(len(numbers))]
    standing = {seq: digest_of(found[seq]) for seq in numbers if seq in found}
    moved_here = standing[numbers[place]] in expected[place + 1 :]
    moved_on = any(standing.get(seq) == expected[place] for seq in islice(numbers, place + 1, None))
    return kind_of(moved_here=moved_here, moved_on=moved_on)


def kind_of(*, moved_here: bool, moved_on: bool) -> Damage:
    """How a line came to differ.

    Args:
        moved_here: What stands there was linked further on.
        moved_on: What was linked there stands further on.
    """
    if moved_here:
        return Damage.REORDERED if moved_on else Damage.REMOVED
    return Damage.INSERTED if moved_on else Damage.EDITED


def digest_at(batch: Batch, seq: int) -> bytes:
    """The digest that was linked for a line.

    Raises:
        ValueError: The batch does not hold it.
    """
    return _at(batch, list(numbers_in(read_spans(batch.header.ranges))).index(seq))


def digests_in(batch: Batch) -> frozenset[bytes]:
    """All that were linked in a batch."""
    return frozenset(_at(batch, place) for place in range(batch.header.entries))


def _of_voids(batch: Batch, found: Mapping[int, ChainLine]) -> Breach | None:
    """A line where none was ever written."""
    voids = read_spans(batch.header.voids)
    seq = min((one for one in found if holds(voids, one)), default=None)
    return None if seq is None else Breach(Damage.INSERTED, batch.header.number, seq)


def _of_gaps(batch: Batch) -> Breach | None:
    missing = read_spans(batch.header.gaps) or read_spans(batch.header.voids)
    return Breach(Damage.REMOVED, batch.header.number, missing[0][0]) if missing else None


def _at(batch: Batch, place: int) -> bytes:
    return batch.digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
