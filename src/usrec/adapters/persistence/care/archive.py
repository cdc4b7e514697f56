"""The file of a backup: a tar with a manifest, a word of warning, and the ledger itself. Only its owner may read it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from usrec.domain.errors import ConfigurationError, UnsafeRequest, unwritable
from usrec.ports.backup import Manifest

FORMAT: Final = "usrec-backup 1"
LABEL: Final = "CONTAINS PERSONAL DATA: registered employment contracts. Keep it encrypted, in Kazakhstan, under lock."
_NO_KEY: Final = "The keys of encrypted values are NOT in it: without them nobody can read those values."
_MANIFEST: Final = "manifest.json"
_WARNING: Final = "READ-ME.txt"
_CONTENT: Final = "ledger"
_LARGEST_MANIFEST: Final = 1024 * 1024
_PORTION: Final = 1024 * 1024


def write_backup(file: Path, manifest: Manifest, content: Path) -> None:
    """Write the file: all of it or nothing, readable by its owner alone.

    Raises:
        ConfigurationError: It cannot be written.
    """
    try:
        with _replacing(file) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            _add(archive, _MANIFEST, _written(manifest), manifest.made_at)
            _add(archive, _WARNING, f"{LABEL}\n{_NO_KEY}\n".encode(), manifest.made_at)
            archive.add(content, _CONTENT, filter=_plain)
    except OSError as problem:
        kept = "The ledger was not touched, and no half backup was left"
        raise unwritable("the backup", file, problem, kept=kept) from None


def read_manifest(file: Path) -> Manifest:
    """What a backup says of itself.

    Raises:
        ConfigurationError: It cannot be read.
        UnsafeRequest: It is no backup of a ledger.
    """
    with _opened(file) as archive:
        return _manifest(archive, file)


def extract(file: Path, target: Path) -> Manifest:
    """Write the content to ``target`` and compare it with the manifest.

    Raises:
        ConfigurationError: It cannot be read or written.
        UnsafeRequest: It is no backup of a ledger, or was damaged or changed.
    """
    with _opened(file) as archive:
        manifest = _manifest(archive, file)
        size, digest = _copied(archive, target, file)
    if (size, digest) != (manifest.size, manifest.sha256):
        raise _unusable(file, "its content is not the one that its manifest names: it was damaged or changed")
    return manifest


def digest_of(file: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def private_folder(beside: Path) -> Iterator[Path]:
    """A folder for work in hand, beside a file, that is gone afterwards.

    Raises:
        ConfigurationError: It cannot be made.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=".usrec-", dir=beside.parent)
    except OSError as problem:
        raise unwritable("a folder for work in hand", beside.parent, problem, kept="Nothing was changed") from None
    with folder as name:
        yield Path(name)


@contextmanager
def _replacing(file: Path) -> Iterator[IO[bytes]]:
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.absolute().parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _add(archive: tarfile.TarFile, name: str, content: bytes, at: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), 0o600, int(at.timestamp())
    archive.addfile(member, io.BytesIO(content))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mode, member.uid, member.gid, member.uname, member.gname = 0o600, 0, 0, "", ""
    return member


def _written(manifest: Manifest) -> bytes:
    told = {"format": FORMAT, "warning": LABEL, **asdict(manifest), "made_at": manifest.made_at.isoformat()}
    return json.dumps(told, ensure_ascii=False, indent=2).encode()


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as archive:
            yield archive
    except tarfile.TarError:
        raise _unusable(file, "it is no backup of a ledger, or only a part of one") from None
    except OSError as problem:
        raise ConfigurationError(
            f"the backup cannot be read: {problem.strerror or 'it ends too early'}",
            where=str(file),
            kept="Nothing was changed",
            next_step="Check the path, its rights and its disk",
        ) from None


def _manifest(archive: tarfile.TarFile, file: Path) -> Manifest:
    try:
        member = archive.getmember(_MANIFEST)
        stream = archive.extractfile(member)
        told: dict[str, Any] = json.loads(stream.read(_LARGEST_MANIFEST) if stream else b"")
        if told.pop("format") != FORMAT:
            raise _unusable(file, "a newer program made it")
        told.pop("warning")
        return Manifest(**{**told, "made_at": datetime.fromisoformat(told["made_at"])})
    except (KeyError, TypeError, ValueError):
        raise _unusable(file, "it has no manifest of a ledger's backup") from None


def _copied(archive: tarfile.TarFile, target: Path, file: Path) -> tuple[int, str]:
    try:
        stream = archive.extractfile(archive.getmember(_CONTENT))
    except KeyError:
        stream = None
    if stream is None:
        raise _unusable(file, "the ledger is not in it")
    size, digest = 0, hashlib.sha256()
    target.touch(mode=0o600)
    with target.open("wb") as output:
        while portion := stream.read(_PORTION):
            output.write(portion)
            digest.update(portion)
            size += len(portion)
        output.flush()
        os.fsync(output.fileno())
    return size, digest.hexdigest()


def _unusable(file: Path, why: str) -> UnsafeRequest:
    return UnsafeRequest(why, where=str(file), kept="Nothing was changed", next_step="Take another backup")
