"""A supporting document of harmful work: what it is known by, and how large it may be.

Sources: response codes SCSE167-174 and 999. HR names a file that lies in the folder of documents; its bytes are taken
once and known by their digest from then on. What kind of file it is, its first bytes say, never its name alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, Protocol

from usrec.domain.message import DATA_CAP_BYTES

FORMATS: Final[Mapping[str, bytes]] = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
"""The kinds of file that USREC takes, by how they begin; jpeg is another name of jpg."""

LONGEST_READ: Final = DATA_CAP_BYTES
"""No file above this is read: it could not be sent, whatever is in it."""

FILE_NAME: Final = re.compile(r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]{0,199}")
"""A plain name: no folder, no hidden file, nothing that leaves the folder."""

_ENDS: Final[Mapping[str, bytes]] = {"pdf": b"%%EOF", "png": b"IEND\xaeB`\x82", "jpg": b"\xff\xd9"}
_TAIL: Final = 1024
"""Within so many bytes of the end that mark stands; programs may write something behind it."""
_REFERENCE: Final = "sha256:"
_SHELVED: Final = re.compile(r"[0-9a-f]{32}")


class Absence(StrEnum):
    """Why a file cannot be had."""

    MISSING = "missing"
    """The folder has no such file."""
    REFUSED = "refused"
    """The name leads out of the folder, or what lies there is no plain file (a link, a folder, a pipe)."""
    UNREADABLE = "unreadable"
    """The file is there and may not be read, or reading it failed."""
    TOO_LARGE = "too_large"
    """It is over ``LONGEST_READ``; it was not read."""


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A file that was not had.

    Attributes:
        size: Its bytes, where they could be counted.
    """

    why: Absence
    size: int = 0


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as it was read.

    Attributes:
        name: Of the file, without a folder. It may hold a person's name, so it is never logged.
    """

    name: str = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the content, hexadecimal."""
        return sha256(self.content).hexdigest()

    @property
    def format(self) -> str | None:
        """One of ``FORMATS`` by the first bytes, None for any other file."""
        return next((name for name, head in FORMATS.items() if self.content.startswith(head)), None)

    @property
    def is_whole(self) -> bool:
        """Whether the mark that ends a file of its format is there: a file that is still being copied lacks it."""
        return self.format is not None and _ENDS[self.format] in self.content[-_TAIL:]

    @property
    def title(self) -> str:
        """What the document is called where HR gives no name: the file's name without its ending.

        Empty where the name says nothing to anybody, because this program made it.
        """
        stem = self.name.rpartition(".")[0] or self.name
        return "" if _SHELVED.fullmatch(stem) else stem

    @property
    def reference(self) -> str:
        """How an event names the content once it is in the ledger."""
        return f"{_REFERENCE}{self.digest}"

    @property
    def shelf_name(self) -> str:
        """A file name that tells nothing about the content but which one it is."""
        return f"{self.digest[:32]}.{self.format}"


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the ledger: one for each content.

    Attributes:
        digest: SHA-256 of the content, hexadecimal.
        format: One of ``FORMATS``.
        size: Bytes.
        taken_at: When the agent took it, aware UTC.
    """

    digest: str
    format: str
    size: int
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document on its way into a message.

    Attributes:
        document_id: Its id in the registry, made for this message alone (codes SCSE169 and 170).
        format: One of ``FORMATS``.
    """

    document_id: str
    format: str
    content: bytes = field(repr=False)


class DocumentShelf(Protocol):
    """Where HR puts its files."""

    def find(self, name: str) -> FoundFile | MissingFile:
        """The file of this plain name."""
        ...


def digest_in(reference: str) -> str | None:
    """The digest that an event names; None where it names a file that is not in the ledger yet."""
    return reference.removeprefix(_REFERENCE) if reference.startswith(_REFERENCE) else None
