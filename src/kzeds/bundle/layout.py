"""The one ZIP layout of a bundle: every byte of it follows from the files, so that none can be changed unnoticed.

Source: APPNOTE.TXT 4.3 (ZIP). Files are stored as they are (a packed stream has bits that mean nothing), under plain
names, with one date, for their owner only, without gaps, comments, extra fields or ZIP64.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from typing import IO, Final

from kzeds.errors import DamagedBundleError

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.p7s"

MAXIMUM_FILES: Final = 65_000
"""In one bundle; more would need ZIP64."""

MAXIMUM_SIZE: Final = 2_000_000_000
"""Bytes of a bundle, likewise."""

_DATE: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_VERSION: Final = 20
_MODE: Final = (stat.S_IFREG | 0o600) << 16
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_HEADER: Final = 30
_ENTRY: Final = struct.Struct("<4s4B4H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_FIRST_DAY: Final = 1 << 5 | 1
"""1 January 1980 in the ZIP's way of counting."""


def is_plain_name(name: str) -> bool:
    """Whether a file of a bundle may be called so: ASCII letters and digits in relative folders."""
    return len(name) <= 200 and _NAME.fullmatch(name) is not None


def entry_of(name: str) -> zipfile.ZipInfo:
    """How a file stands in the ZIP."""
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system, entry.create_version, entry.extract_version = _UNIX, _VERSION, _VERSION
    entry.external_attr, entry.compress_type = _MODE, zipfile.ZIP_STORED
    return entry


def require_layout(stream: IO[bytes], archive: zipfile.ZipFile) -> None:
    """Check that the ZIP is exactly what a writer of bundles makes of its files; their content is not looked at.

    Raises:
        DamagedBundleError: It is not; names the file as far as one can be named.
    """
    entries = archive.infolist()
    if len(entries) > MAXIMUM_FILES:
        raise DamagedBundleError(f"the ZIP file holds more than {MAXIMUM_FILES} files")
    offset = 0
    for entry in entries:
        _require_header(stream, entry, offset)
        offset += _HEADER + len(entry.filename) + entry.file_size
    _require_directory(stream, archive, offset)


def _require_header(stream: IO[bytes], entry: zipfile.ZipInfo, offset: int) -> None:
    """Check that a file begins where the one before it ends, with the header of its name, size and checksum."""
    if not is_plain_name(entry.filename):
        raise DamagedBundleError("the ZIP file holds a file under a name that no bundle uses")
    plain = entry_of(entry.filename)
    plain.file_size = plain.compress_size = entry.file_size
    plain.CRC = entry.CRC
    expected = plain.FileHeader(zip64=False)
    stream.seek(offset)
    if entry.header_offset != offset or stream.read(len(expected)) != expected:
        raise DamagedBundleError(f"{entry.filename} stands in the ZIP file otherwise than in a bundle", entry.filename)


def _require_directory(stream: IO[bytes], archive: zipfile.ZipFile, offset: int) -> None:
    """Check that the directory and the end of the ZIP say what the headers say, and nothing else."""
    entries = archive.infolist()
    directory = b"".join(map(_directory_entry, entries))
    counts = (len(entries), len(entries), len(directory), offset)
    expected = directory + _END.pack(b"PK\x05\x06", 0, 0, *counts, 0)
    stream.seek(offset)
    if archive.start_dir != offset or stream.read(len(expected) + 1) != expected:
        raise DamagedBundleError("the ZIP file has another layout than a bundle: it was changed, or packed again")


def _directory_entry(entry: zipfile.ZipInfo) -> bytes:
    made_by, size, name = (_VERSION, _UNIX, _VERSION, 0), entry.file_size, entry.filename.encode("ascii")
    traits = (0, zipfile.ZIP_STORED, 0, _FIRST_DAY, entry.CRC, size, size)
    return _ENTRY.pack(b"PK\x01\x02", *made_by, *traits, len(name), 0, 0, 0, 0, _MODE, entry.header_offset) + name
