"""A staff that HR's system exports as JSON lines: one object a row, UTF-8, and at the end how many there are.

The last line is ``{"_rows": 1234}``. Without it, or with another number, the file is a half one: it was not taken for
the staff, from which contracts would be missing.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from usrec.adapters.sources.files.json_lines import without_doubles
from usrec.adapters.sources.staff_tables.reader import MOST_ROWS, FetchedRow, refused, unavailable
from usrec.domain.errors import ConfigurationError
from usrec.domain.mapping.staff_mapping import TableMapping
from usrec.ports.clock import Clock

COUNT: Final = "_rows"
LARGEST: Final = 512 * 2**20
_AGAIN: Final = "Let HR's system write the export whole under another name, and rename it"


class JsonLinesFolder:
    """Reads the tables of a mapping file from a folder.

    Args:
        where: The source, for messages.
    """

    def __init__(self, folder: Path, clock: Clock, where: str) -> None:
        self._folder = folder
        self._clock = clock
        self._where = where

    def rows(self, table: TableMapping) -> Sequence[FetchedRow]:
        """Every row of the file that the table names.

        Raises:
            ConfigurationError: The table names no plain file of the folder.
            SourceUnavailable: The file is absent, old, half, or no JSON lines.
        """
        if Path(table.read).name != table.read or table.read in {".", ".."}:
            what = f"[tables.{table.name}] read names no plain file of the folder"
            raise ConfigurationError(what, where=self._where, next_step='Write a name such as "staff.jsonl"')
        place = self._folder / table.read
        rows = self._counted(_objects(self._text(place, table), str(place)), str(place))
        self._require_columns(table, rows, str(place))
        return rows

    def close(self) -> None:
        """Nothing is kept open."""

    def _text(self, place: Path, table: TableMapping) -> str:
        try:
            before = place.stat()
            self._require_fresh(before.st_mtime, table, str(place))
            if not stat.S_ISREG(before.st_mode) or before.st_size > LARGEST:
                raise refused(f"the export is no file, or over {LARGEST // 2**20} MiB", str(place), "Split the export")
            data, after = place.read_bytes(), place.stat()
        except OSError as problem:
            next_step = "Let HR's system write it there, readable for the agent's user"
            raise unavailable(f"the export cannot be read: {problem.strerror}", str(place), next_step) from None
        if (before.st_size, before.st_mtime_ns, before.st_ino) != (len(data), after.st_mtime_ns, after.st_ino):
            raise unavailable("the export was changed while it was read", str(place), _AGAIN)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise refused("the export is not UTF-8 text", str(place), "Let HR's system write UTF-8") from None

    def _require_fresh(self, changed: float, table: TableMapping, where: str) -> None:
        """An export that has stopped looks like a staff in which nothing happens."""
        age = self._clock.now() - datetime.fromtimestamp(changed, UTC)
        if age > timedelta(hours=table.max_age):
            hours = int(age.total_seconds() // 3600)
            what = f"the export is {hours} hours old, and {table.max_age} are allowed"
            raise unavailable(what, where, f"See why HR's system exports no more, or set [tables.{table.name}] max_age")

    def _counted(self, objects: Sequence[dict[str, Any]], where: str) -> Sequence[FetchedRow]:
        count = objects[-1].get(COUNT) if objects and set(objects[-1]) == {COUNT} else None
        rows = objects[:-1]
        if count is None:
            raise refused(f'the export does not end with {{"{COUNT}": number}}: it is a half one', where, _AGAIN)
        if count != len(rows) or any(COUNT in row for row in rows):
            raise refused(f"the export has {len(rows)} rows and says that there are {count}", where, _AGAIN)
        return rows

    def _require_columns(self, table: TableMapping, rows: Sequence[FetchedRow], where: str) -> None:
        present = {name for row in rows for name in row}
        lacking = [name for name in table.columns if name not in present]
        if rows and lacking:
            next_step = f"Correct the export, or [tables.{table.name}] columns; an empty value is null"
            raise refused(f"no row of the export has {', '.join(lacking)}", where, next_step)


def _objects(text: str, where: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if len(found) > MOST_ROWS:
            raise refused(f"the export has more than {MOST_ROWS} rows", where, "Leave long ended contracts out")
        found.append(_object(line, number, where))
    return found


def _object(line: str, number: int, where: str) -> dict[str, Any]:
    try:
        one = json.loads(line, object_pairs_hook=without_doubles)
    except (ValueError, RecursionError):
        raise refused(f"line {number} of the export is no JSON, or names a field twice", where, _AGAIN) from None
    if not isinstance(one, dict):
        raise refused(f"line {number} of the export is no object of fields", where, "Write one object a line")
    return one
