"""Signed heads of the journal's chain: a test key, the file outside the ledger, and what must hold of both.

The key signs by HMAC, so that the same statement has the same signature everywhere; that real keys sign and verify is
tested elsewhere. Signing and writing take their time: an agent may be interrupted, or die, before each.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from simulation.faults import Fault
from simulation.world import World
from usrec.application.verify_heads import verify_heads
from usrec.domain.chain_head import Restoring, read_statement
from usrec.domain.errors import HeadFileUnusable, SigningRefused
from usrec.ports.chain import ChainView, SignedHead
from usrec.ports.head_signer import CheckedSignature, HeadSignature

HEAD: Final = "each signed head is one of the chain, and none is kept behind another"
KEPT: Final = "every head of the ledger is kept outside, and all verify"

_KEY: Final = b"the test key of the simulation"
_CERTIFICATE: Final = hashlib.sha256(_KEY).hexdigest()
_AWAY: Final = 0.1
"""How likely the key, or the file, cannot be used."""


class Calls(Protocol):
    """A process that calls a port."""

    def port(self, name: str) -> None:
        """Here it may be interrupted, or die."""


@dataclass
class Heads:
    """What all agents share: the key and the file.

    Attributes:
        said: Every statement that was signed, whether it was kept or not.
        file: The heads outside the ledger, line by line; None for a line that is not written, or that a crash tore.
    """

    said: list[str] = field(default_factory=list)
    file: list[SignedHead | None] = field(default_factory=list)


@dataclass
class HeadKey:
    """The key, in a process."""

    agent: Calls
    world: World
    heads: Heads

    def sign(self, statement: bytes, at: datetime) -> HeadSignature:
        """A signature over the statement.

        Raises:
            SigningRefused: The key is away.
        """
        del at
        self.agent.port("sign a head")
        if self.world.strikes(Fault.HEAD_KEY_AWAY, _AWAY):
            raise SigningRefused("the key of the heads is away")
        self.heads.said.append(statement.decode())
        return HeadSignature(_CERTIFICATE, _signature(statement))


@dataclass
class HeadShelf:
    """The file outside the ledger, in a process."""

    agent: Calls
    world: World
    shared: Heads

    def last(self) -> int:
        """The highest number in it."""
        self.agent.port("read the heads")
        return max((one.number for one in self.shared.file if one is not None), default=0)

    def append(self, head: SignedHead) -> None:
        """Add a head; a crash leaves its line torn.

        Raises:
            HeadFileUnusable: It cannot be written.
        """
        if self.world.strikes(Fault.HEAD_FILE_AWAY, _AWAY):
            raise HeadFileUnusable("the file of the heads cannot be written", where="heads")
        place = len(self.shared.file)
        self.shared.file.append(None)
        self.agent.port("write a head")
        self.shared.file[place] = head

    def heads(self) -> Iterator[SignedHead | None]:
        """All lines."""
        return iter(self.shared.file)

    def restorings(self) -> Sequence[Restoring]:
        """No backup is restored here."""
        return ()

    def append_restoring(self, restoring: Restoring) -> None:
        """No backup is restored here."""


def _signature(statement: bytes) -> bytes:
    return hmac.digest(_KEY, statement, "sha256")


class _Checker:
    """Knows the key."""

    def check(self, head: SignedHead) -> CheckedSignature:
        good = hmac.compare_digest(head.signature, _signature(head.statement.encode()))
        return CheckedSignature("the test key", "" if good else "not signed by the test key")


@dataclass
class HeadWatch:
    """Follows what is signed and kept.

    Attributes:
        said: How many statements were looked at.
    """

    world: World
    heads: Heads
    said: int = 0
    _kept: list[int] = field(default_factory=list)

    def follow(self, batches: Mapping[int, tuple[str, int]]) -> None:
        """What was signed since the last look.

        Args:
            batches: Hash and number of lines up to it, by the number of a batch, as they are linked.
        """
        for text in self.heads.said[self.said :]:
            told = read_statement(text)
            linked = batches.get(told.batch)
            self.world.holds(HEAD, linked == (told.hash, told.entries), lambda t=told, b=linked: f"{t}, but {b}")  # type: ignore[misc]
        self.said = len(self.heads.said)

    def kept(self, numbers: Sequence[int]) -> None:
        """The numbers of all heads of the ledger, ascending: those that are new come behind those that were there."""
        if len(numbers) > len(self._kept):
            before = self._kept
            self.world.holds(HEAD, list(numbers[: len(before)]) == before, lambda: f"{numbers}, and before {before}")
            self._kept = list(numbers)

    def look_at_the_end(self, view: ChainView) -> None:
        """All of the ledger are outside too, and each is good."""
        numbers = {head.number for head in view.heads(0, 1000)}
        missing = numbers - {one.number for one in self.heads.file if one is not None}
        self.world.holds(KEPT, not missing, lambda: f"{missing} are not kept outside")
        breach = verify_heads(view, _Checker(), self.heads.file).breach
        self.world.holds(KEPT, breach is None, lambda: repr(breach))
        state = view.tail()
        last = max(self._kept, default=0)
        self.world.holds(KEPT, last == state.batches, lambda: f"signed up to {last} of {state.batches}")
