"""What came back of a signing package, before and after it was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """One signed document, as it came back.

    Source: ours; docs/reference/kzeds.md describes the file.

    Attributes:
        name: Of its file, for messages.
        document: With its signature, which nobody has checked yet; at most 16 000 000 bytes are read.
        item_id: Which item it says that it is; None when it says nothing (NCALayer).
    """

    name: str
    document: bytes = field(repr=False)
    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class SignedPackage:
    """What came back.

    Source: ours; docs/reference/kzeds.md describes the file.

    Attributes:
        package_id: Of the package that was signed; None when nothing says so (NCALayer).
        signed_at: When, by the clock of the owner's workstation, which proves nothing; None when nothing says so.
        originals: SHA-256 (hex) of each original document, by item; empty when nothing says so.
        documents: In the order of the package, or of their names.
    """

    package_id: str | None
    signed_at: datetime | None
    documents: tuple[SignedDocument, ...]
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class MatchedDocument:
    """A document with a good signature of the expected signer.

    Source: ours; the signature is that of `kzeds.verify_enveloped`.

    Attributes:
        name: Of its file.
        document: With its signature.
        certificate: The signer's; it carries the expected number, may sign and is within its dates.
        digest: What the signature is over (the verified ds:DigestValue, `VerifiedDocument.digest`).
    """

    name: str
    document: bytes = field(repr=False)
    certificate: Certificate
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Matching:
    """Which documents came back signed.

    Source: ours.

    Attributes:
        signed: By the item's id.
        missing: Items that came back not at all, or not well signed.
        refused: By the name of the file: why it was not taken. No reason quotes a document.
    """

    signed: Mapping[str, MatchedDocument]
    missing: tuple[str, ...]
    refused: Mapping[str, KzedsError]
