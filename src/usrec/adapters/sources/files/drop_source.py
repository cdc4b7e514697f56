"""Contract events from a folder of files.

How far a file is taken is nowhere written down: a file that was begun is read again from its first row, and the inbox
knows the rows that it has. So a crash between any two steps loses nothing and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

import structlog

from usrec.adapters.sources.files.drop_folder import REFUSED, DropFolder, id_in_name
from usrec.adapters.sources.files.options import ReadingOptions
from usrec.adapters.sources.files.raw import FileUnreadable
from usrec.adapters.sources.files.reading import EventFile, read_event_file
from usrec.adapters.sources.files.results import write_results
from usrec.adapters.sources.named import NamedSource
from usrec.domain.errors import SourceUnavailable
from usrec.domain.rules.finding import Finding, dump_findings, error, has_errors
from usrec.domain.rules.reader import with_reader_findings
from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.clock import Clock
from usrec.ports.event_source import StatusNote

_log = structlog.get_logger("usrec.source")

REPEATED: Final = "Taken before, from another row or file; nothing was done again."
UNREADABLE: Final = "This file was not taken: it cannot be read as a whole."
REMARKS: Final = "The file was taken; about the file as a whole there is something to know."

Repeats = Callable[[Sequence[SourceRow]], Sequence[SourceRow]]
"""Those of some rows in the ledger that it took from another row."""
Tell = Callable[[Sequence[StatusNote]], None]
"""Keep notes in the ledger until they are written."""


@dataclass(frozen=True, slots=True)
class Ledgering:
    """What the source has from the ledger."""

    repeats: Repeats
    tell: Tell


@dataclass(slots=True)
class _Opened:
    """The file that is being taken, and how many of its rows are."""

    file: Path
    rows: list[SourceRow]
    taken: int = 0


class DropFolderSource(NamedSource):
    """An :class:`usrec.ports.event_source.EventSource` over a folder of files.

    Args:
        name: The source's name in the settings.
        folder: Where HR drops files.
        options: What is declared about them.
        settle: A file that has changed since then may still be written.
    """

    def __init__(
        self,
        name: SourceName,
        folder: Path,
        options: ReadingOptions,
        *,
        settle: timedelta,
        clock: Clock,
        ledger: Ledgering,
    ) -> None:
        super().__init__(name, writable=True)
        self._where = f"[source.{name}] {folder}"
        self._folder = DropFolder(folder)
        self._options = options
        self._settle = settle
        self._clock = clock
        self._ledger = ledger
        self._opened: _Opened | None = None

    def fetch(self, limit: int) -> Sequence[SourceRow]:
        """Up to ``limit`` rows of one file that are not yet taken, in the order of the file.

        Raises:
            SourceUnavailable: The folder cannot be read or written, or nothing is left but files that cannot be.
        """
        with self._reached():
            closed = self._pick_up()
            if self._opened is None:
                self._opened = self._open_next()
            if self._opened is None and closed is not None:
                raise closed
        opened = self._opened
        return [] if opened is None else opened.rows[opened.taken : opened.taken + limit]

    def mark_taken(self, rows: Sequence[SourceRow]) -> None:
        """Go on behind these rows; behind the last one of a file the file itself is moved.

        Raises:
            SourceUnavailable: The folder cannot be written; the rows are delivered again.
        """
        opened = self._opened
        if opened is None or not rows or list(rows) != opened.rows[opened.taken : opened.taken + len(rows)]:
            return
        again = self._ledger.repeats(rows)
        self._ledger.tell([self._note(row.row_ref, row.revision, "repeated", REPEATED) for row in again])
        opened.taken += len(rows)
        if opened.taken >= len(opened.rows):
            self._opened = None
            with self._reached():
                self._folder.finish(opened.file)

    def write_back(self, notes: Sequence[StatusNote]) -> None:
        """Write states into the result files; of a file that HR has taken away nothing is written.

        Raises:
            SourceUnavailable: A result file cannot be written, perhaps because a program holds it open.
        """
        placed = sorted(((*_place_of(note.row_ref), note) for note in notes), key=lambda one: one[0])
        with self._reached():
            for file_id, some in groupby(placed, key=lambda one: one[0]):
                lines = [(row, note) for _, row, note in some]
                result = self._folder.result_of(file_id, refused=any(note.state == REFUSED for _, note in lines))
                if result is not None:
                    write_results(result, lines)

    def close(self) -> None:
        """No file is open between two steps."""

    def _pick_up(self) -> OSError | None:
        """Take what has arrived; a file that cannot be read or moved keeps no other waiting, and is returned."""
        closed: OSError | None = None
        for file in self._folder.arrivals(self._clock.now(), self._settle):
            try:
                self._folder.take(file)
            except OSError as problem:
                closed = problem
        return closed

    def _open_next(self) -> _Opened | None:
        for file in self._folder.in_work():
            try:
                read = read_event_file(file, self._name, self._options)
            except FileUnreadable as problem:
                self._refuse(file, [error("file_readable", "", f"The file cannot be taken: {_said(problem)}")])
                continue
            if has_errors(read.findings) or not read.rows:
                self._refuse(file, read.findings)
                continue
            self._remark(file, read.findings)
            return _Opened(file, self._rows(file, read))
        return None

    def _rows(self, file: Path, read: EventFile) -> list[SourceRow]:
        file_id = id_in_name(file)
        placed = ((one, replace(one.row, row_ref=f"{file_id}:{one.number}")) for one in read.rows)
        return [with_reader_findings(row, one.findings) for one, row in placed]

    def _refuse(self, file: Path, findings: Sequence[Finding]) -> None:
        """Said before the file is moved: of what is said twice the later one stands."""
        file_id = id_in_name(file)
        note = self._note(f"{file_id}:0", 0, REFUSED, UNREADABLE)
        self._ledger.tell([replace(note, findings=dump_findings(findings))])
        self._folder.refuse(file)
        _log.error("a file cannot be taken as a whole", action="files.refused", source=self._name, file=file_id)

    def _remark(self, file: Path, findings: Sequence[Finding]) -> None:
        if findings:
            note = self._note(f"{id_in_name(file)}:0", 0, "taken", REMARKS)
            self._ledger.tell([replace(note, findings=dump_findings(findings))])

    def _note(self, row_ref: str, revision: int, state: str, message: str) -> StatusNote:
        now = self._clock.now()
        return StatusNote(self._name, row_ref, revision, state, "", message, "[]", None, None, now)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise SourceUnavailable(
                f"the folder of files cannot be used: {problem.strerror}",
                where=self._where,
                kept="No file is lost; the agent looks again by itself",
                next_step="Check that the folder is there and that the agent's user may read and write it",
            ) from None


def _place_of(row_ref: str) -> tuple[str, int]:
    file_id, _, row = row_ref.rpartition(":")
    return file_id, int(row)


def _said(problem: FileUnreadable) -> str:
    return ". ".join(part for part in (problem.what, problem.next_step) if part) + "."
