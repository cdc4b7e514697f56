"""The result file beside a file of events: one line for each row, its state and what to do, without personal data.

The file itself is the memory: a note is written over the line of its row unless a later one stands there, so that
writing a note twice is harmless. A reader finds the old content or all of the new. A file that somebody saved in
another form, and that cannot be read any more, is put aside and begun anew; so is what is no plain file, or too large
to be one of ours.
"""

from __future__ import annotations

import csv
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Final

from usrec.adapters.sources.files.options import LARGEST_UNPACKED
from usrec.domain.spreadsheet import harmless
from usrec.ports.event_source import StatusNote

RESULT_COLUMNS: Final = (
    "row",
    "usrec_state",
    "usrec_message",
    "usrec_findings",
    "usrec_code",
    "usrec_contract_id",
    "usrec_record_id",
    "usrec_legal_date",
    "revision",
    "usrec_noted_at",
)
"""The columns of a result file; those that the outbox has too bear its names."""

CHANGED: Final = ".changed"
"""Ends the name of a result that was put aside."""
_HOW: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
"""A pipe that nobody writes to is opened at once, too."""
_PERSONAL: Final = re.compile(r"[0-9]{10,}")

Line = Mapping[str, str]


def write_results(file: Path, notes: Sequence[tuple[int, StatusNote]]) -> None:
    """Put notes, each with the number of its row, into a result file; 0 stands for the file as a whole.

    Raises:
        OSError: It cannot be read or written; what was there before stays.
    """
    lines = dict(_read(file))
    for row, note in sorted(notes, key=lambda one: one[1].noted_at):
        if row not in lines or _is_due(lines[row], note):
            lines[row] = _line(row, note)
    _replace(file, _text(file, [lines[row] for row in sorted(lines)]))


def _is_due(line: Line, note: StatusNote) -> bool:
    return (note.revision, note.noted_at) >= _written(line)


def _written(line: Line) -> tuple[int, datetime]:
    """Revision and time of the note that stands there."""
    at = datetime.fromisoformat(line["usrec_noted_at"])
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return int(line["revision"]), at


def _line(row: int, note: StatusNote) -> Line:
    values = (
        str(row),
        note.state,
        _masked(note.message),
        _masked("; ".join(_findings(note.findings))),
        note.code,
        note.contract_id or "",
        note.record_id or "",
        "" if note.legal_date is None else note.legal_date.isoformat(),
        str(note.revision),
        note.noted_at.isoformat(),
    )
    return dict(zip(RESULT_COLUMNS, values, strict=True))


def _findings(text: str) -> Iterable[str]:
    """Each finding as people read it; an entry may hold more than a finding has."""
    for one in json.loads(text):
        code = f" ({one['code']})" if one.get("code") else ""
        yield f"{one['message']}{code}"


def _masked(text: str) -> str:
    """Long numbers could be somebody's IIN or phone."""
    return _PERSONAL.sub("***", text)


def _read(file: Path) -> Mapping[int, Line]:
    """Its lines by their rows; none where it is not there, or is not as it was written."""
    try:
        lines = [_checked(line) for line in _lines_in(file)]
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, csv.Error, RecursionError):
        file.replace(file.with_name(file.name + CHANGED))
        return {}
    return {int(line["row"]): line for line in lines}


def _lines_in(file: Path) -> Iterable[Line]:
    text = _content(file).decode("utf-8-sig")
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line]
    return csv.DictReader(StringIO(text, newline=""), delimiter=";")


def _content(file: Path) -> bytes:
    """Whoever may use the folder may put something else into its place.

    Raises:
        ValueError: It is no plain file, or too large.
    """
    handle = os.open(file, _HOW)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_UNPACKED:
            raise ValueError("no plain file, or too large")
        with os.fdopen(handle, "rb", closefd=False) as opened:
            return opened.read(LARGEST_UNPACKED)
    finally:
        os.close(handle)


def _checked(line: Line) -> Line:
    """A line that a note can be held against.

    Raises:
        ValueError, TypeError, KeyError: It is not one that was written here.
    """
    said = {name: "" + line[name] for name in RESULT_COLUMNS}
    _written(said)
    int(said["row"])
    return said


def _text(file: Path, lines: Sequence[Line]) -> bytes:
    if file.suffix == ".jsonl":
        return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode()
    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(RESULT_COLUMNS)
    writer.writerows([harmless(line[name]) for name in RESULT_COLUMNS] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _replace(file: Path, content: bytes) -> None:
    """Whoever may use the folder may read and change the file."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=file.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(stat.S_IMODE(file.parent.stat().st_mode) & 0o666)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
