"""Files in HR's folder, read with the suspicion that a folder which others write deserves.

A name that HR typed never leaves the folder: it has no separators, links are not followed, and only a plain file is
opened. A file that could not be sent is not read at all.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kzeds.files import write_atomically
from usrec.domain.document import FILE_NAME, LONGEST_READ, Absence, FoundFile, MissingFile
from usrec.domain.errors import ConfigurationError

_HOW: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})
_NOT_PLAIN: Final = frozenset({errno.ELOOP, errno.ENXIO})
_FOR_THE_AGENT: Final = 0o640


@dataclass(frozen=True, slots=True)
class Access:
    """Who may read a folder.

    Attributes:
        readable: This user.
        open_to_all: Every user of the machine.
    """

    readable: bool
    open_to_all: bool


class DocumentFolder:
    """The ``DocumentShelf`` of a folder, which may be absent until HR uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, name: str) -> FoundFile | MissingFile:
        """The file of this plain name."""
        if not FILE_NAME.fullmatch(name):
            return MissingFile(Absence.REFUSED)
        return read_document(self.folder / name)

    def access(self) -> Access | None:
        """Who may read the folder; None where there is none."""
        try:
            mode = self.folder.stat().st_mode
        except OSError as problem:
            return None if problem.errno in _ABSENT else Access(readable=False, open_to_all=False)
        readable = stat.S_ISDIR(mode) and os.access(self.folder, os.R_OK | os.X_OK)
        return Access(readable, bool(mode & stat.S_IROTH))

    def place(self, found: FoundFile) -> str:
        """Put a copy of a file into the folder, under a name that tells nothing; returns that name.

        Raises:
            ConfigurationError: The folder cannot be written.
        """
        file = self.folder / found.shelf_name
        try:
            if not file.exists():
                write_atomically(file, found.content)
                file.chmod(_FOR_THE_AGENT)
        except OSError as problem:
            raise ConfigurationError(
                f"the document cannot be put into the folder of documents ({problem.strerror})",
                where=str(self.folder),
                kept="Nothing was changed",
                next_step="Make the folder of [documents] folder, and let this user write and the agent's user read it",
            ) from None
        return file.name


def read_document(file: Path) -> FoundFile | MissingFile:
    """A file that may be a document; a link, a folder or a pipe is none."""
    try:
        handle = os.open(file, _HOW)
    except OSError as problem:
        return MissingFile(_why(problem))
    try:
        return _read(file.name, handle)
    except OSError:
        return MissingFile(Absence.UNREADABLE)
    finally:
        os.close(handle)


def _why(problem: OSError) -> Absence:
    if problem.errno in _ABSENT:
        return Absence.MISSING
    return Absence.REFUSED if problem.errno in _NOT_PLAIN else Absence.UNREADABLE


def _read(name: str, handle: int) -> FoundFile | MissingFile:
    """What the handle holds; it may grow while it is read, so one byte more is asked for than may come."""
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode):
        return MissingFile(Absence.REFUSED)
    if facts.st_size > LONGEST_READ:
        return MissingFile(Absence.TOO_LARGE, facts.st_size)
    content = b""
    while len(content) <= LONGEST_READ and (more := os.read(handle, LONGEST_READ + 1 - len(content))):
        content += more
    if len(content) > LONGEST_READ:
        return MissingFile(Absence.TOO_LARGE, len(content))
    return FoundFile(name, content)
