"""Supporting documents for tests: small whole files of each kind, and shelves that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from usrec.domain.document import LONGEST_READ, Absence, FoundFile, MissingFile

PDF: Final = b"%PDF-1.4\n1 0 obj\n%%EOF\n"
JPEG: Final = b"\xff\xd8\xff\xe0scan\xff\xd9"
PNG: Final = b"\x89PNG\r\n\x1a\nscanIEND\xaeB`\x82"
WORD: Final = b"PK\x03\x04[Content_Types].xml"


def pdf_of(size: int) -> bytes:
    """A whole PDF of so many bytes."""
    return PDF[:-6] + b"x" * (size - len(PDF)) + PDF[-6:]


@dataclass
class HeldShelf:
    """A shelf of what a test puts there."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    def find(self, name: str) -> FoundFile | MissingFile:
        if name not in self.files:
            return MissingFile(Absence.MISSING)
        content = self.files[name]
        if len(content) > LONGEST_READ:
            return MissingFile(Absence.TOO_LARGE, len(content))
        return FoundFile(name, content)


SHELF: Final = HeldShelf(
    {
        "attestation.pdf": PDF,
        "scan.JPG": JPEG,
        "page.png": PNG,
        "order.pdf": WORD,
        "order.docx": WORD,
        "empty.pdf": b"",
        "half.pdf": PDF[:12],
        "0123456789abcdef0123456789abcdef.pdf": PDF,
        "large.pdf": pdf_of(80_000),
        "huge.pdf": pdf_of(LONGEST_READ + 1),
    }
)
"""What the rows of tests name."""
