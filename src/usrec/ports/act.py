"""The readable act of an evidence bundle, as whoever sets it in type takes it: plain text only, never markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; ``strong`` where nobody may overlook it."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes:
        heads: Of the columns; none where each row is a name and its value.
        widths: Of the columns, relative.
    """

    widths: Sequence[int]
    rows: Sequence[Sequence[str]]
    heads: Sequence[str] = ()


Block = Heading | Paragraph | Grid


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose EDS a document bears, in the words of the certificate.

    Attributes:
        organisation: Empty where the certificate names none.
        holder: The person.
        certificate: Enough of its fingerprint to tell it from others.
    """

    organisation: str
    holder: str
    certificate: str


@dataclass(frozen=True, slots=True)
class ActText:
    """The act in one language.

    Attributes:
        language: ``kk`` or ``ru``.
        footer: On each page.
    """

    language: str
    title: str
    footer: str
    blocks: Sequence[Block]


class Typesetter(Protocol):
    """Makes a PDF."""

    def __call__(self, texts: Sequence[ActText]) -> bytes | None:
        """The PDF with every language behind the other; None where nothing is installed that could make it."""
        ...
