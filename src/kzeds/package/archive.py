"""ZIP files from strangers: everything is read into memory under limits, and nothing is ever unpacked to a path.

Source: APPNOTE.TXT (ZIP); CWE-22 (paths outside), CWE-409 (compression bombs), CWE-694 (names that are there twice).
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from kzeds.errors import DamagedPackageError
from kzeds.files import write_atomically

MAXIMUM_FILE = 64_000_000
"""Bytes of the ZIP file."""

MAXIMUM_TOTAL = 200_000_000
"""Bytes of everything in it."""

MAXIMUM_MEMBER = 16_000_000
"""Bytes of one file in it."""

MAXIMUM_MEMBERS = 5000
"""Files in it."""

MAXIMUM_RATIO = 200
"""Times that a file in it may have shrunk; XML shrinks by 5 to 30."""

_SMALL = 65536
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OSError)


def write_archive(file: Path, members: Mapping[str, bytes], *, at: datetime) -> None:
    """Write a ZIP whole or not at all, for its owner only; the same members at the same time give the same bytes.

    Raises:
        OSError: It cannot be written.
        DamagedPackageError: It would be larger than what can be read.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.external_attr = (stat.S_IFREG | 0o600) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    written = stream.getvalue()
    _read(written)
    write_atomically(file, written)


def read_archive(file: Path) -> dict[str, bytes]:
    """The files in a ZIP, by name; directories are left out.

    Raises:
        DamagedPackageError: It is no ZIP, was damaged, or holds what a package never does.
        OSError: It cannot be read.
    """
    with file.open("rb") as stream:
        content = stream.read(MAXIMUM_FILE + 1)
    return _read(content)


def _read(content: bytes) -> dict[str, bytes]:
    if len(content) > MAXIMUM_FILE:
        raise DamagedPackageError(f"the file is larger than {MAXIMUM_FILE} bytes, which no package is")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            _require_modest(entries)
            return {entry.filename: _member(archive, entry) for entry in entries}
    except _FAULTS:
        raise DamagedPackageError("the file is not a ZIP file that can be read, or it was damaged") from None


def _require_modest(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAXIMUM_MEMBERS:
        raise DamagedPackageError(f"the ZIP file holds more than {MAXIMUM_MEMBERS} files")
    if len({entry.filename.casefold() for entry in entries}) != len(entries):
        raise DamagedPackageError("the ZIP file holds two files of one name")
    if sum(entry.file_size for entry in entries) > MAXIMUM_TOTAL:
        raise DamagedPackageError(f"the ZIP file holds more than {MAXIMUM_TOTAL} bytes")
    for entry in entries:
        _require_plain(entry)


def _require_plain(entry: zipfile.ZipInfo) -> None:
    parts = entry.filename.replace("\\", "/").split("/")
    if "" in parts or ".." in parts or ":" in entry.filename or not entry.filename.isprintable():
        raise DamagedPackageError("the ZIP file holds a path that leads outside of it")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG} or entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        raise DamagedPackageError("the ZIP file holds a link, or an encrypted or unusually packed file")
    if entry.file_size > MAXIMUM_MEMBER:
        raise DamagedPackageError(f"the ZIP file holds a file of more than {MAXIMUM_MEMBER} bytes")
    if entry.file_size > max(_SMALL, entry.compress_size * MAXIMUM_RATIO):
        raise DamagedPackageError("the ZIP file holds a file that was packed more tightly than documents can be")


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The content of one file, no longer than the ZIP says that it is."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise DamagedPackageError("the ZIP file holds a file of another length than it says")
    return content
