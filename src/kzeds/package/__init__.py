"""The signing package: documents that travel to the owner of a key, because the key may not travel to them.

Source: the law forbids handing one's EDS to others. A package is a ZIP file with `manifest.json`, `payloads/NNN.xml`
and, for the owner to read, `summary.html` and `summary.txt`. A package is not secret from the owner and proves nothing
by itself: the owner looks at what the documents say, and whoever made them checks what comes back (`match_signed`).

Example::

    package = SigningPackage("2026-11-22-1", now, "200940000013", {"ru": "Договоры"}, (PackageItem("1", xml, {...}),))
    write_package(package, Path("to-sign.zip"))
    # on the owner's workstation
    signed = sign_package(read_package(Path("to-sign.zip")), KeySigner(key), at=now)
    write_signed(signed, Path("signed.zip"))
    # back again
    matching = match_signed(read_signed(Path("signed.zip")), package.items, signer=package.signer, at=now)
    matching.signed["1"].document
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kzeds.errors import DamagedPackageError
from kzeds.package.archive import read_archive, write_archive
from kzeds.package.items import PackageItem, SigningPackage
from kzeds.package.manifest import MANIFEST, UNSIGNED, Fields, from_json, require_digest, require_members, to_json
from kzeds.package.returned import MatchedDocument, Matching, SignedDocument, SignedPackage
from kzeds.package.signed import match_signed, read_signed, require_signer, sign_package, write_signed
from kzeds.package.summary import summary_html, summary_text

__all__ = [
    "MatchedDocument",
    "Matching",
    "PackageItem",
    "SignedDocument",
    "SignedPackage",
    "SigningPackage",
    "match_signed",
    "read_package",
    "read_signed",
    "require_signer",
    "sign_package",
    "write_package",
    "write_signed",
]

_HTML = "summary.html"
_TEXT = "summary.txt"


def write_package(package: SigningPackage, file: Path) -> None:
    """Write a package whole or not at all; only its owner may read it.

    Source: ours; docs/reference/kzeds.md describes the file, a ZIP of at most 64 000 000 bytes.

    Raises:
        MalformedXmlError: A document is not XML that can be read, so it cannot be shown.
        DamagedPackageError: It would be larger than what can be read.
        OSError: It cannot be written.
    """
    fields = {
        "id": package.id,
        "made_at": package.made_at.isoformat(),
        "signer": package.signer,
        "title": dict(package.title),
        "items": [_row(name, item) for name, item in _named(package.items)],
    }
    members = {
        MANIFEST: to_json(UNSIGNED, fields),
        _HTML: summary_html(package).encode(),
        _TEXT: summary_text(package).encode(),
        **{name: item.document for name, item in _named(package.items)},
    }
    write_archive(file, members, at=package.made_at)


def read_package(file: Path) -> SigningPackage:
    """Read a package; the summary pages in it are for people, what counts is in the manifest and the payloads.

    Source: ours; docs/reference/kzeds.md describes the file. At most 64 000 000 bytes are read, 200 000 000 unpacked.

    Raises:
        DamagedPackageError: It is no package, or its content does not fit its manifest.
        UnknownPackageVersionError: It is of another version.
        PackageError: A value is out of its bounds.
        OSError: It cannot be read.
    """
    members = read_archive(file)
    if MANIFEST not in members:
        raise DamagedPackageError(f"the ZIP file is not a signing package: it holds no {MANIFEST}")
    fields = from_json(members[MANIFEST], UNSIGNED)
    rows = [Fields(row, "an item of the manifest") for row in fields.rows("items")]
    package = SigningPackage(
        id=fields.text("id"),
        made_at=fields.moment("made_at"),
        signer=fields.text("signer"),
        title=fields.texts("title"),
        items=tuple(_item(row, name, members) for name, row in zip(_names(len(rows)), rows, strict=True)),
    )
    fields.require_no_more()
    require_members(members, {MANIFEST, _HTML, _TEXT, *_names(len(rows))})
    return package


def _names(count: int) -> list[str]:
    return [f"payloads/{number:03}.xml" for number in range(1, count + 1)]


def _named(items: tuple[PackageItem, ...]) -> Iterator[tuple[str, PackageItem]]:
    return zip(_names(len(items)), items, strict=True)


def _row(name: str, item: PackageItem) -> dict[str, object]:
    return {
        "id": item.id,
        "file": name,
        "sha256": item.digest,
        "due": None if item.due is None else item.due.isoformat(),
        "summary": dict(item.summary),
    }


def _item(row: Fields, name: str, members: dict[str, bytes]) -> PackageItem:
    """One item of the manifest with its payload; the file that it names is the one of its place, no other."""
    if row.text("file") != name or name not in members:
        raise DamagedPackageError(f"the manifest and the ZIP file do not agree on {name}")
    require_digest(members[name], row.text("sha256"), name)
    item = PackageItem(row.text("id"), members[name], row.texts("summary"), row.moment_or_none("due"))
    row.require_no_more()
    return item
