"""Reading a bundle: its manifest, and whether the files are those that the manifest names."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from kzeds.bundle.layout import MANIFEST, SIGNATURE, require_layout
from kzeds.errors import BundleFilesError, DamagedBundleError, Fault, FaultKind

_CHUNK = 1 << 20
_LARGEST_MANIFEST = 64_000_000
_LARGEST_SIGNATURE = 1_000_000
_FAULTS = (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as the manifest names it; `size` in bytes, `sha256` hexadecimal."""

    name: str
    size: int
    sha256: str


class BundleReader:
    """A bundle whose ZIP layout is right; nothing of its content is proven yet.

    Attributes:
        manifest: The bytes of the manifest.
        signature: Those of its signature.
        fields: What the manifest says.
        files: What it lists, in its order.
    """

    def __init__(self, stream: IO[bytes], archive: zipfile.ZipFile) -> None:
        self._archive = archive
        require_layout(stream, archive)
        self._entries = {entry.filename: entry for entry in archive.infolist()}
        if len(self._entries) != len(archive.infolist()):
            raise DamagedBundleError("the ZIP file holds two files of one name")
        self.manifest = self._kept(MANIFEST, _LARGEST_MANIFEST)
        self.signature = self._kept(SIGNATURE, _LARGEST_SIGNATURE)
        self.fields = _fields_of(self.manifest)
        self.files = _files_of(self.fields)

    def content(self, name: str) -> bytes:
        """A file's content.

        Raises:
            BundleFilesError: It is not there, or not whole.
        """
        if name not in self._entries:
            raise BundleFilesError([Fault(name, FaultKind.MISSING)])
        return b"".join(self._portions(name))

    def faults(self) -> Sequence[Fault]:
        """Every file that is not as the manifest says, in the order of the manifest; then those that it does not name.

        The content goes through in portions, whatever its size.
        """
        listed = [one.name for one in self.files]
        found = [fault for one in self.files if (fault := self._fault_of(one)) is not None]
        added = [name for name in self._entries if name not in {*listed, MANIFEST, SIGNATURE}]
        if not found and not added and list(self._entries) != [*listed, MANIFEST, SIGNATURE]:
            return [Fault(MANIFEST, FaultKind.CHANGED)]
        return [*found, *(Fault(name, FaultKind.ADDED) for name in added)]

    def _fault_of(self, one: ListedFile) -> Fault | None:
        if one.name not in self._entries:
            return Fault(one.name, FaultKind.MISSING)
        digest = hashlib.sha256()
        try:
            for portion in self._portions(one.name):
                digest.update(portion)
        except BundleFilesError:
            return Fault(one.name, FaultKind.CHANGED)
        same = (self._entries[one.name].file_size, digest.hexdigest()) == (one.size, one.sha256)
        return None if same else Fault(one.name, FaultKind.CHANGED)

    def _kept(self, name: str, largest: int) -> bytes:
        if name in self._entries and self._entries[name].file_size > largest:
            raise DamagedBundleError(f"{name} has more than {largest} bytes", name)
        return self.content(name)

    def _portions(self, name: str) -> Iterator[bytes]:
        try:
            with self._archive.open(self._entries[name]) as member:
                while portion := member.read(_CHUNK):
                    yield portion
        except _FAULTS:
            raise BundleFilesError([Fault(name, FaultKind.CHANGED)]) from None


@contextmanager
def reading(file: Path) -> Iterator[BundleReader]:
    """Open a bundle.

    Raises:
        DamagedBundleError: It is not a bundle, or its ZIP layout or manifest was changed.
        BundleFilesError: It has no manifest, or no signature.
        OSError: It cannot be read.
    """
    with file.open("rb") as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except _FAULTS:
            raise DamagedBundleError("the file is not a ZIP file that can be read, or it was changed") from None
        with archive:
            yield BundleReader(stream, archive)


def _fields_of(manifest: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(manifest, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        raise DamagedBundleError(f"{MANIFEST} is not JSON", MANIFEST) from None
    if not isinstance(fields, dict) or not isinstance(fields.get("signer"), str):
        raise DamagedBundleError(f"{MANIFEST} is not the manifest of a bundle", MANIFEST)
    return MappingProxyType(fields)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name readers of JSON take either; what is signed may mean one thing only."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("two values of one name")
    return found


def _files_of(fields: Mapping[str, Any]) -> Sequence[ListedFile]:
    try:
        files = [ListedFile(one["name"], one["size"], one["sha256"]) for one in fields["files"]]
        plain = all((type(one.name), type(one.size), type(one.sha256)) == (str, int, str) for one in files)
    except (KeyError, TypeError):
        files, plain = [], False
    if not plain:
        raise DamagedBundleError(f"{MANIFEST} lists no files, or not as it has to", MANIFEST)
    if len({one.name for one in files}) != len(files):
        raise DamagedBundleError(f"{MANIFEST} lists a file twice", MANIFEST)
    return files
