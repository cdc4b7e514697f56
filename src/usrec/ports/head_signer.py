"""Signing the chain's heads, dating them, keeping them outside the ledger, and checking what was signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from usrec.domain.chain_head import Restoring
from usrec.ports.chain import SignedHead


@dataclass(frozen=True, slots=True)
class HeadSignature:
    """A detached CMS signature.

    Attributes:
        certificate: SHA-256 fingerprint of the signer's certificate, hexadecimal.
    """

    certificate: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class CheckedSignature:
    """What a head's signature is worth.

    Attributes:
        signer: Whose certificate it is, in words; empty when that cannot be told.
        wrong: Why it is not good, empty when it is.
        stamped_at: When a time stamping authority saw it, None without a timestamp that was checked.
        stamp_wrong: Why its timestamp is not good; empty when it is, when there is none or when none is trusted.
    """

    signer: str
    wrong: str = ""
    stamped_at: datetime | None = None
    stamp_wrong: str = ""


class HeadSigner(Protocol):
    """A key that signs heads."""

    def sign(self, statement: bytes, at: datetime) -> HeadSignature:
        """A signature over the statement.

        Raises:
            SigningRefused: No key can sign it now; says why.
        """
        ...


class HeadStamper(Protocol):
    """A time stamping authority."""

    def stamp(self, signature: bytes) -> bytes:
        """A token over the signature.

        Raises:
            StampRefused: There is none; says why.
        """
        ...


class HeadChecker(Protocol):
    """Looks at what was signed."""

    def check(self, head: SignedHead) -> CheckedSignature:
        """Whose signature it is and whether it is good."""
        ...


class HeadFile(Protocol):
    """The heads outside the ledger, and the restorings of it: a file that only grows."""

    def last(self) -> int:
        """The highest number in it, 0 when there is none.

        Raises:
            HeadFileUnusable: It cannot be read.
        """
        ...

    def append(self, head: SignedHead) -> None:
        """Add a head; it is on the disk when this returns.

        Raises:
            HeadFileUnusable: It cannot be written.
        """
        ...

    def heads(self) -> Iterator[SignedHead | None]:
        """All in it, in its order; None for a line that cannot be read, as a crash may leave the last one.

        Raises:
            HeadFileUnusable: It cannot be read.
        """
        ...

    def restorings(self) -> Sequence[Restoring]:
        """When backups were put in the ledger's place.

        Raises:
            HeadFileUnusable: It cannot be read.
        """
        ...

    def append_restoring(self, restoring: Restoring) -> None:
        """Add one; it is on the disk when this returns.

        Raises:
            HeadFileUnusable: It cannot be written.
        """
        ...
