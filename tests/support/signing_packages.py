"""What the tests of signing packages share: two documents, a package of them, and the owner's key."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from kzeds.package import PackageItem, SigningPackage
from kzeds.test_pki import EMPLOYER_BIN
from support.kzeds_material import CONTRACT, NOW

OTHER = CONTRACT.replace(b"2511-1-002", b"2511-1-003")


def item(name: str = "S-1", document: bytes = CONTRACT) -> PackageItem:
    summary = {"kk": f"Еңбек шарты {name}\nЛауазымы: талдаушы", "ru": f"Трудовой договор {name}\nДолжность: аналитик"}
    return PackageItem(name, document, summary, NOW + timedelta(days=3))


def package(*items: PackageItem, signer: str = EMPLOYER_BIN) -> SigningPackage:
    title = {"kk": "Еңбек шарттары", "ru": "Трудовые договоры"}
    return SigningPackage("P-1", NOW, signer, title, items or (item("S-1"), item("S-2", OTHER)))


def members(file: Path) -> dict[str, bytes]:
    """The files in a ZIP."""
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(content: Mapping[str, bytes]) -> bytes:
    """A ZIP with these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return stream.getvalue()
