"""The bundle as one file: the same bytes whenever the same things are put in."""

from __future__ import annotations

import gzip
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Final

SUMS: Final = "SHA256SUMS"


def write_sums(folder: Path) -> None:
    """Write the digest of every file in the folder, as ``sha256sum -c`` reads it."""
    lines = [
        f"{sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}" for file in _files(folder)
    ]
    (folder / SUMS).write_text("\n".join([*lines, ""]), "utf-8")


def pack(folder: Path, archive: Path, epoch: int) -> None:
    """Pack the folder under its own name: sorted, owned by root, dated ``epoch``; written whole or not at all."""
    unfinished = archive.with_name(f".{archive.name}.unfinished")
    with (
        unfinished.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for file in _files(folder):
            _add(tar, file, Path(folder.name, file.relative_to(folder)), epoch)
    unfinished.replace(archive)


def _add(tar: tarfile.TarFile, file: Path, name: Path, epoch: int) -> None:
    entry = tarfile.TarInfo(name.as_posix())
    entry.size, entry.mtime = file.stat().st_size, epoch
    entry.mode = 0o755 if file.suffix == ".sh" else 0o644
    entry.uname = entry.gname = "root"
    with file.open("rb") as content:
        tar.addfile(entry, content)


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())
