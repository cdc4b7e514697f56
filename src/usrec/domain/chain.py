"""The chain over the journal: batches of lines, each bound to the one before by a hash.

A batch holds the digest of each of its lines, in the order of their numbers, and its hash covers those digests, the
numbers and the hash of the batch before it. So no line can be edited, taken out, put in or moved, and no batch changed,
without every later hash being wrong. Numbers that a transaction drew and has not written yet are ``gaps``; they become
``voids`` when no transaction can fill them any more.

Digests of bytes with personal data are keyed, with a key for each submission: one that is given away tells of its own
submission only. Sources: FIPS 180-4 (SHA-256), RFC 2104 (HMAC), RFC 6962 on chains of digests.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from usrec.domain.spans import Span, count, holes, read_spans, spans_of, without, write_spans
from usrec.domain.submission import SubmissionId

MOST_LINES: Final = 256
"""In one batch."""
DIGEST_BYTES: Final = 32
NOTHING: Final = "0" * 64
"""What the first batch names as the hash before it."""

_LINE: Final = b"usrec journal line v1\n"
_BATCH: Final = b"usrec journal batch v1\n"


@dataclass(frozen=True, slots=True)
class ChainLine:
    """A line of the journal exactly as the ledger stores it.

    Attributes:
        seq: Its number, from 1.
        at: ISO 8601 in UTC with six decimals and ``Z``.
        detail: JSON text, byte for byte.
    """

    seq: int
    at: str
    submission_id: str | None
    action: str
    from_state: str | None
    to_state: str | None
    actor: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What a batch's hash covers.

    Attributes:
        number: From 1, without holes.
        at: When it was linked, aware UTC.
        entries: How many lines it holds.
        total: How many lines this batch and all before it hold.
        ranges: Their numbers, as :mod:`usrec.domain.spans` writes them.
        through: The highest number that is linked, void or a gap.
        gaps: Numbers up to ``through`` that nobody has written yet.
        voids: Numbers that this batch declares as never written.
        horizon: The database's mark that must be passed before the gaps are void, None while it is not known.
        content: SHA-256 of the lines' digests, hexadecimal.
        previous: Hash of the batch before, :data:`NOTHING` for the first.
    """

    number: int
    at: datetime
    entries: int
    total: int
    ranges: str
    through: int
    gaps: str
    voids: str
    horizon: int | None
    content: str
    previous: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A link of the chain.

    Attributes:
        hash: SHA-256 over the header, hexadecimal.
        digests: The lines' digests, 32 bytes each, in the order of their numbers.
    """

    header: BatchHeader
    hash: str
    digests: bytes


@dataclass(frozen=True, slots=True)
class ChainState:
    """All that the next batch depends on.

    Attributes:
        number: Of the last batch, 0 before the first.
        hash: Of the last batch.
        total: Lines linked so far.
        through: As in :class:`BatchHeader`; ``gaps`` too.
    """

    number: int = 0
    hash: str = NOTHING
    total: int = 0
    through: int = 0
    gaps: tuple[Span, ...] = ()
    horizon: int | None = None


START: Final = ChainState()
"""Before the first batch."""


def canonical(value: Any) -> bytes:
    """The one JSON text of a value: ASCII, keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str).encode()


def moment(at: datetime) -> str:
    """An aware moment as the chain writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def digest_of(line: ChainLine) -> bytes:
    """SHA-256 of what a line says; its number is bound by its place in the batch."""
    said = {name: getattr(line, name) for name in ChainLine.__slots__ if name != "seq"}
    return hashlib.sha256(_LINE + canonical(said)).digest()


def hash_of(header: BatchHeader) -> str:
    """The hash that the next batch names."""
    said = {name: getattr(header, name) for name in BatchHeader.__slots__} | {"at": moment(header.at)}
    return hashlib.sha256(_BATCH + canonical(said)).hexdigest()


def content_of(digests: bytes) -> str:
    """What a header says of the digests."""
    return hashlib.sha256(digests).hexdigest()


def state_after(header: BatchHeader, found_hash: str) -> ChainState:
    """Where the chain stands after a batch.

    Raises:
        ValueError: Its gaps are not written as they must be.
    """
    gaps = read_spans(header.gaps)
    return ChainState(header.number, found_hash, header.total, header.through, gaps, header.horizon)


def link(
    state: ChainState, lines: Sequence[ChainLine], *, at: datetime, passed: bool, horizon: int | None
) -> Batch | None:
    """The next batch, None when there is nothing to say.

    Args:
        lines: Not linked yet, at most :data:`MOST_LINES`, ascending; complete up to the last of them.
        passed: No transaction lives that could write into the gaps of ``state``.
        horizon: What must be passed before the gaps of this batch are void, None when that is not known.
    """
    numbers = [line.seq for line in lines]
    gaps = without(state.gaps, numbers)
    voids, kept = (gaps, ()) if passed else ((), gaps)
    mark_found = bool(kept) and state.horizon is None and horizon is not None
    if not numbers and not voids and not mark_found:
        return None
    digests = b"".join(digest_of(line) for line in lines)
    open_now = (*kept, *holes(state.through, numbers))
    header = BatchHeader(
        number=state.number + 1,
        at=at,
        entries=len(numbers),
        total=state.total + len(numbers),
        ranges=write_spans(spans_of(numbers)),
        through=max(state.through, *numbers) if numbers else state.through,
        gaps=write_spans(open_now),
        voids=write_spans(voids),
        horizon=horizon if open_now else None,
        content=content_of(digests),
        previous=state.hash,
    )
    return Batch(header, hash_of(header), digests)


def follows(state: ChainState, batch: Batch) -> bool:
    """Whether a batch is whole in itself and the next one after ``state``; its lines are checked elsewhere."""
    header = batch.header
    try:
        ranges, gaps, voids = read_spans(header.ranges), read_spans(header.gaps), read_spans(header.voids)
    except ValueError:
        return False
    bound = header.number == state.number + 1 and header.previous == state.hash and hash_of(header) == batch.hash
    counted = header.entries == count(ranges) and header.total == state.total + header.entries
    listed = content_of(batch.digests) == header.content and len(batch.digests) == DIGEST_BYTES * header.entries
    return bound and counted and listed and _placed(state, header, ranges, gaps, voids)


def _placed(
    state: ChainState, header: BatchHeader, ranges: Sequence[Span], gaps: Sequence[Span], voids: Sequence[Span]
) -> bool:
    """Whether every number up to ``through`` is linked once, void or a gap, and nothing else is."""
    numbers = [number for first, last in ranges for number in range(first, last + 1)]
    through = max(state.through, *numbers) if numbers else state.through
    left = without(state.gaps, numbers)
    late = [number for number in numbers if number <= state.through]
    was_open = count(state.gaps) - count(left) == len(late)
    expected = (*(() if voids else left), *holes(state.through, numbers))
    return was_open and header.through == through and tuple(voids) in {(), left} and tuple(gaps) == expected


def digest_key(ledger_key: bytes, submission_id: SubmissionId) -> bytes:
    """The key of a submission's digests, 32 bytes; the ledger's key cannot be found from it."""
    return hmac.digest(ledger_key, f"usrec journal digest v1|{submission_id}".encode(), "sha256")


def keyed_digest(key: bytes, content: bytes) -> str:
    """HMAC-SHA256 of some bytes, hexadecimal."""
    return hmac.digest(key, content, "sha256").hex()


def ledger_id(ledger_key: bytes) -> str:
    """A name for the ledger that tells nothing of its key: 32 hexadecimal digits."""
    return hmac.digest(ledger_key, b"usrec ledger id v1", "sha256").hex()[:32]
