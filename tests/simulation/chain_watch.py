"""What must hold of the journal's chain and of the digests in its lines, reckoned here once more by hand."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from simulation.world import World
from usrec.domain.chain import START, Batch, BatchHeader, ChainLine, ChainState
from usrec.domain.chain_check import Breach, check_batch
from usrec.domain.spans import numbers_in, read_spans

CHAIN: Final = "each journal line linked once, as it was written, in order"
DIGESTS: Final = "journal holds the keyed digests of what was sent and received"

_BATCHES: Final = (
    "SELECT number, at, entries, total, ranges, through, gaps, voids, horizon, content, previous, hash, digests"
    " FROM journal_batches WHERE number > ? ORDER BY number"
)
_REPLY: Final = "SELECT reply FROM attempts WHERE submission_id = ? AND number = ?"
_OF_ATTEMPT: Final = "SELECT submission_id, number FROM attempts WHERE envelope_digest = ?"

Read = Callable[..., Sequence[tuple[Any, ...]]]


@dataclass
class ChainWatch:
    """Follows the chain.

    Attributes:
        tail: Lines that are not linked yet, as they were when they were written.
        ends: Hash and number of lines up to it, by the number of a batch.
    """

    world: World
    read: Read
    tail: dict[int, ChainLine] = field(default_factory=dict)
    ends: dict[int, tuple[str, int]] = field(default_factory=dict)
    _state: ChainState = START
    _sent: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._key: bytes = self.read("SELECT fingerprint_key FROM ledger_meta")[0][0]

    def follow(self, lines: Sequence[ChainLine]) -> None:
        """New lines of the journal, then new batches of the chain."""
        for line in lines:
            self.tail[line.seq] = line
            self._digests(line)
        for *header, own_hash, digests in self.read(_BATCHES, self._state.number):
            header[1] = datetime.fromisoformat(header[1])
            self._batch(Batch(BatchHeader(*header), own_hash, digests))

    def _batch(self, batch: Batch) -> None:
        numbers = list(numbers_in(read_spans(batch.header.ranges)))
        first = self._state.through + 1
        expected = list(range(first, first + len(numbers)))
        self.world.holds(
            CHAIN, numbers == expected, lambda: f"batch {batch.header.number} holds {numbers}, not {first}..."
        )
        lines = [self.tail.pop(number) for number in numbers]
        found = check_batch(self._state, batch, lines, gaps_happen=False)
        self.world.holds(CHAIN, not isinstance(found, Breach), lambda: repr(found))
        assert isinstance(found, ChainState)
        self._state = found
        self.ends[found.number] = found.hash, found.total

    def _digests(self, line: ChainLine) -> None:
        if line.submission_id is None or line.action not in {"attempt_opened", "attempt_closed"}:
            return
        detail = json.loads(line.detail)
        number = detail["attempt"]
        if line.action == "attempt_opened":
            self._sent[line.submission_id, number] = detail
            return
        (reply,) = self.read(_REPLY, line.submission_id, number)[0]
        told, own = detail.get("reply"), self._digest(line.submission_id, reply) if reply else None
        self.world.holds(DIGESTS, told == own, lambda: f"line {line.seq} tells another reply than the attempt holds")

    def sent(self, envelope_digest: str, envelope: bytes, document: bytes) -> str | None:
        """Something left: the journal has its digests.

        Returns:
            Its submission, None when the ledger knows no such attempt.
        """
        found = self.read(_OF_ATTEMPT, envelope_digest)
        if not found:
            return None
        which, number = found[0]
        told = self._sent.pop((which, number), {})
        own = self._digest(which, envelope), self._digest(which, document)
        self.world.holds(
            DIGESTS, (told.get("request"), told.get("document")) == own, lambda: f"{which}: other bytes left"
        )
        return str(which)

    def _digest(self, submission_id: str, content: bytes) -> str:
        key = hmac.digest(self._key, f"usrec journal digest v1|{submission_id}".encode(), "sha256")
        return hmac.digest(key, content, "sha256").hex()

    def is_linked(self) -> bool:
        """Whether nothing is left to link."""
        return not self.tail
