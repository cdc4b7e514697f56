"""A part of the journal's chain that proves some of its lines to whoever does not have the ledger.

It holds the lines, every batch from the first that holds one of them to the next signed head (of batches that hold none
only the header), and that head. Whoever has it can compute each line's digest, find it in its batch, and follow the
hashes up to what the head's signature covers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from usrec.domain.chain import DIGEST_BYTES, BatchHeader, ChainLine, content_of, digest_of, hash_of
from usrec.domain.spans import numbers_in, read_spans


@dataclass(frozen=True, slots=True)
class Link:
    """A batch of a proof.

    Attributes:
        hash: As the ledger has it.
        digests: Of its lines; None where the proof needs only its header.
        is_head: There is a signed head of it.
    """

    header: BatchHeader
    hash: str
    digests: bytes | None
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class ProofFault:
    """What does not fit.

    Attributes:
        seq: The line that it is about, None for a batch.
    """

    what: str
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class ProofFound:
    """What a proof shows.

    Attributes:
        linked: How many lines are bound into the chain.
        unlinked: Lines behind the last batch: written shortly before the export.
        number: Of the last batch, 0 without any.
        hash: Of that batch.
    """

    linked: int
    unlinked: int
    number: int
    hash: str
    faults: Sequence[ProofFault]


_MOST_FAULTS: Final = 100


def check_proof(lines: Iterable[ChainLine], links: Iterable[Link]) -> ProofFound:
    """Hold lines against batches, and the batches against one another.

    Args:
        lines: In any order; gone through once.
        links: Ascending, without holes.
    """
    digests: dict[int, bytes] = {}
    faults: list[ProofFault] = []
    last: Link | None = None
    for link in links:
        faults += _link_faults(link, last)
        digests |= _digests_in(link)
        last = link
    linked = unlinked = 0
    for line in lines:
        known = digests.get(line.seq)
        if known == digest_of(line):
            linked += 1
        elif known is None and (last is None or _may_be_unlinked(line.seq, last.header)):
            unlinked += 1
        else:
            faults.append(ProofFault(f"line {line.seq} of the journal is not the one that the chain holds", line.seq))
    number, found = (0, "") if last is None else (last.header.number, last.hash)
    return ProofFound(linked, unlinked, number, found, faults[:_MOST_FAULTS])


def _link_faults(link: Link, before: Link | None) -> Iterator[ProofFault]:
    header = link.header
    if hash_of(header) != link.hash:
        yield ProofFault(f"batch {header.number} of the chain does not have the hash of what it says")
    if before is not None and (header.previous, header.number) != (before.hash, before.header.number + 1):
        yield ProofFault(f"batch {header.number} of the chain does not follow batch {before.header.number}")
    if link.digests is not None and content_of(link.digests) != header.content:
        yield ProofFault(f"the digests of batch {header.number} are not those that its header names")


def _digests_in(link: Link) -> dict[int, bytes]:
    if link.digests is None:
        return {}
    try:
        numbers = numbers_in(read_spans(link.header.ranges))
    except ValueError:
        return {}
    pieces = range(0, len(link.digests), DIGEST_BYTES)
    return {seq: link.digests[start : start + DIGEST_BYTES] for seq, start in zip(numbers, pieces, strict=False)}


def _may_be_unlinked(seq: int, header: BatchHeader) -> bool:
    """Whether the chain had not come to this number yet."""
    try:
        gaps = read_spans(header.gaps)
    except ValueError:
        return False
    return seq > header.through or any(first <= seq <= last for first, last in gaps)


def line_json(line: ChainLine) -> dict[str, Any]:
    """A line as a proof writes it."""
    return {name: getattr(line, name) for name in ChainLine.__slots__}


def digests_named(line: ChainLine) -> dict[str, str]:
    """The keyed digests that a line's detail holds, by what they are of."""
    try:
        detail = json.loads(line.detail)
    except ValueError:
        return {}
    names = ("request", "document", "reply", "evidence")
    return {name: detail[name] for name in names if isinstance(detail, dict) and isinstance(detail.get(name), str)}
