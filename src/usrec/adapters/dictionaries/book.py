"""The imported dictionaries as the rules ask them: read when a code is first looked up, and again after an import."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import structlog

from usrec.adapters.dictionaries.files import DictionaryFiles
from usrec.domain.dictionary import CodeBook, Dictionary, Edition
from usrec.domain.errors import ConfigurationError

_log = structlog.get_logger("usrec.dictionaries")
_State = tuple[int, int, int] | None
"""What tells one content of a file from the next: inode, size, time of the last change; None without a file."""
_NEVER_LOOKED: Final = (-1, -1, -1)


class FileCodeBook(CodeBook):
    """Looks at the file's state with each question, so that a running agent uses what was just imported.

    A file that cannot be read is said loudly, once, and decides nothing: no row stops because of it.
    """

    __slots__ = ("_files", "_places", "_read")

    def __init__(self, files: DictionaryFiles) -> None:
        self._files = files
        self._places: dict[str, Path] = {}
        self._read: dict[str, tuple[_State, Dictionary | None]] = {}

    def edition(self, name: str, day: date) -> Edition | None:
        """What held on ``day``."""
        state = self._state(name)
        known, dictionary = self._read.get(name, (_NEVER_LOOKED, None))
        if known != state:
            dictionary = self._load(name)
            self._read[name] = (state, dictionary)
        return dictionary.on(day) if dictionary else None

    def _state(self, name: str) -> _State:
        if name not in self._places:
            self._places[name] = self._files.file(name)
        try:
            found = self._places[name].stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _load(self, name: str) -> Dictionary | None:
        try:
            return self._files.load(name)
        except ConfigurationError as problem:
            _log.error(str(problem), action="dictionary.unreadable", dictionary=name)
            return None
