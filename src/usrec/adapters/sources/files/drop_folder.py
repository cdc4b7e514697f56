"""The folder into which HR drops files: one file is in one place at any moment, and each move is one rename.

::

    drop/            HR writes here
    drop/work/       being taken
    drop/taken/      taken whole, each with its result file beside it
    drop/refused/    could not be read, likewise

A file's id is a digest of its name and content. It becomes part of the name, so that no file ever takes the place of
another one, and of every row's place, so that a file that is read again after a crash gives the very same rows. Of a
file that is too large to be taken nothing is read: whoever writes here must not keep the agent busy for hours.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from usrec.adapters.sources.files.options import LARGEST_FILE

WORK: Final = "work"
TAKEN: Final = "taken"
REFUSED: Final = "refused"
RESULT: Final = ".result"
_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".jsonl", ".ndjson"})
_UNFINISHED: Final = (".", "~", "_")
"""How programs begin the names of files that they have not finished."""
_ID: Final = 16
_LONGEST: Final = 240
"""Bytes of a name that the agent gives, so that the name of its result fits into a file system's 255 too."""


class DropFolder:
    """The places and moves of files.

    All methods raise ``OSError`` when the folder cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def arrivals(self, now: datetime, settle: timedelta) -> Sequence[Path]:
        """Files that have not changed for ``settle``, in the order of their names; others may still be written."""
        found = [path for path in self._folder.iterdir() if may_be_events(path)]
        return sorted(path for path in found if now - _changed_at(path) >= settle)

    def take(self, file: Path) -> None:
        """Move a file that has arrived to where it is worked on; nothing where another agent was faster."""
        try:
            before = _signature(file)
            target = self._place(WORK) / _named(file, _id_of(file))
            if _signature(file) == before:
                file.rename(target)
        except FileNotFoundError:
            return

    def in_work(self) -> Sequence[Path]:
        """Files that are being taken, in the order of their names."""
        return sorted(path for path in self._place(WORK).iterdir() if may_be_events(path))

    def finish(self, file: Path) -> None:
        """All rows of a file are taken."""
        self._move(file, TAKEN)

    def refuse(self, file: Path) -> None:
        """A file cannot be read as a whole."""
        self._move(file, REFUSED)

    def result_of(self, file_id: str, *, refused: bool) -> Path | None:
        """Where the results of a file stand; None when nobody has the file any more.

        Args:
            refused: Where a file goes that is still worked on.
        """
        for name in (WORK, TAKEN, REFUSED):
            for file in self._place(name).glob(f"*.{file_id}.*"):
                if may_be_events(file):
                    place = self._place((REFUSED if refused else TAKEN) if name == WORK else name)
                    ending = ".jsonl" if file.suffix.lower() in {".jsonl", ".ndjson"} else ".csv"
                    return place / f"{file.stem}{RESULT}{ending}"
        return None

    def _move(self, file: Path, name: str) -> None:
        try:
            file.rename(self._place(name) / file.name)
        except FileNotFoundError:
            return

    def _place(self, name: str) -> Path:
        """One of the agent's own folders; whoever may use the drop folder may use it."""
        place = self._folder / name
        if not place.is_dir():
            place.mkdir(exist_ok=True)
            place.chmod(stat.S_IMODE(self._folder.stat().st_mode))
        return place


def id_in_name(file: Path) -> str:
    """The id of a file that was taken."""
    return file.stem.rpartition(".")[2]


def _named(file: Path, file_id: str) -> str:
    """With its id; of a long name as much as fits."""
    stem, ending = file.stem, f".{file_id}{file.suffix}"
    while len(os.fsencode(stem + ending)) > _LONGEST:
        stem = stem[:-1]
    return stem + ending


def may_be_events(path: Path) -> bool:
    """Whether it is a finished file of a kind that is read, and no result."""
    plain = not path.is_symlink() and path.is_file()
    unfinished = path.name.startswith(_UNFINISHED) or path.stem.endswith(RESULT)
    return plain and path.suffix.lower() in _SUFFIXES and not unfinished


def _changed_at(path: Path) -> datetime:
    """The later one of both times that a file system keeps: copying programs put the first one back."""
    found = path.stat()
    return datetime.fromtimestamp(max(found.st_mtime, found.st_ctime), UTC)


def _signature(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _id_of(path: Path) -> str:
    found = path.stat()
    if found.st_size > LARGEST_FILE:
        digest = hashlib.sha256(f"{found.st_size} {found.st_mtime_ns}".encode())
    else:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    digest.update(b"\x00" + path.name.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:_ID]
