"""What a signing package holds, and what a person may put into one.

Source: the law forbids handing one's EDS to others, so where the owner of a key signs, documents travel to the owner.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kzeds.errors import PackageError

MAXIMUM_ITEMS = 2000
"""Documents of one package; a person reads them all."""

MAXIMUM_DOCUMENT = 1_000_000
"""Bytes of one document."""

MAXIMUM_TEXT = 20_000
"""Characters of one title or summary."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)
_NUMBER = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PackageItem:
    """One document to sign, and what it says in the owner's languages.

    Source: ours; docs/reference/kzeds.md describes the file.

    Attributes:
        id: Of whoever made the package: letters, digits and ``._:-``, at most 100.
        document: The XML document, without an enveloped signature; 1 to 1 000 000 bytes.
        summary: Language code ("kk", "ru", "en") to lines of text, at most 20 000 characters each.
        due: When the signed document has to be back, aware; None when nobody waits.

    Raises:
        PackageError: When it is made with a value out of these bounds.
    """

    id: str
    document: bytes = field(repr=False)
    summary: Mapping[str, str] = field(repr=False)
    due: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be written, or not be read again.

        Raises:
            PackageError: When the id, the document or the summary is out of its bounds.
        """
        if not _ID.fullmatch(self.id):
            raise PackageError("the id of an item is not 1 to 100 letters, digits or ._:-")
        if not 0 < len(self.document) <= MAXIMUM_DOCUMENT:
            raise PackageError(f"the document of item {self.id} is empty, or longer than {MAXIMUM_DOCUMENT} bytes")
        require_texts(self.summary, f"the summary of item {self.id}")
        _require_aware(self.due, f"item {self.id} is due")

    @property
    def digest(self) -> str:
        """SHA-256 of the document, lower-case hex, 64 characters."""
        return hashlib.sha256(self.document).hexdigest()


@dataclass(frozen=True, slots=True)
class SigningPackage:
    """Documents for one owner of a key.

    Source: ours; docs/reference/kzeds.md describes the file.

    Attributes:
        id: Of whoever made it, as an item's.
        made_at: When it was made, aware.
        signer: The BIN that the signing certificate must carry; the IIN where it carries no BIN; 12 digits.
        title: Language code to one line, at most 20 000 characters.
        items: In the order in which they are shown, 1 to 2000; no two share an id or a document.

    Raises:
        PackageError: When it is made with a value out of these bounds.
    """

    id: str
    made_at: datetime
    signer: str
    title: Mapping[str, str] = field(repr=False)
    items: tuple[PackageItem, ...]

    def __post_init__(self) -> None:
        """Refuse a package in which it is not clear what is signed by whom.

        Raises:
            PackageError: When a value is out of its bounds, or two items share an id or a document.
        """
        if not _ID.fullmatch(self.id):
            raise PackageError("the id of the package is not 1 to 100 letters, digits or ._:-")
        if not _NUMBER.fullmatch(self.signer):
            raise PackageError("the signer of the package is not a BIN or IIN of 12 digits")
        if not 0 < len(self.items) <= MAXIMUM_ITEMS:
            raise PackageError(f"a package holds 1 to {MAXIMUM_ITEMS} documents, not {len(self.items)}")
        require_texts(self.title, "the title of the package")
        _require_aware(self.made_at, "the package was made")
        for what in ("id", "digest"):
            if len({getattr(one, what) for one in self.items}) != len(self.items):
                raise PackageError(f"two items of the package share one {what}")


def require_texts(texts: Mapping[str, str], what: str) -> None:
    """Check a text in several languages.

    Raises:
        PackageError: When there is none, a language is no two-letter code, or a text is empty, too long or no Unicode.
    """
    if not texts:
        raise PackageError(f"{what} is in no language")
    for language, text in texts.items():
        if not _LANGUAGE.fullmatch(language):
            raise PackageError(f"{what} is in a language that is not a code of two letters")
        if not text.strip() or len(text) > MAXIMUM_TEXT:
            raise PackageError(f"{what} in {language} is empty, or longer than {MAXIMUM_TEXT} characters")
        if any("\ud800" <= one <= "\udfff" for one in text):
            raise PackageError(f"{what} in {language} holds half a character, which no text has")


def _require_aware(moment: datetime | None, what: str) -> None:
    if moment is not None and moment.utcoffset() is None:
        raise PackageError(f"{what} at a time without a time zone")
