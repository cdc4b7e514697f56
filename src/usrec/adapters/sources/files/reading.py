"""A file of events as rows of a source, with what its reader found in each.

Reading never stops at a bad cell: the row goes on to the rules with what could be read, and the finding names the row
as its editor or spreadsheet counts it. Only a file that cannot be read as a whole is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from usrec.adapters.sources.files.cells import Column, read_cell
from usrec.adapters.sources.files.columns import ANY_RULES, COLUMNS, FIELD_COLUMNS, ROW_COLUMNS, RULES, check_columns
from usrec.adapters.sources.files.options import MOST_ROWS, ReadingOptions
from usrec.adapters.sources.files.raw import FileUnreadable, RawFile, RawRow
from usrec.adapters.sources.outbox_row import read_instant, read_row
from usrec.domain.rules.finding import Finding, error, warning
from usrec.domain.source_event import SourceName, SourceRow

_TRUTH: Final = frozenset({"", "0", "f", "false", "n", "no", "off", "1", "t", "true", "y", "yes", "on"})
_KINDS: Final = ".csv, .tsv, .txt, .xlsx, .jsonl or .ndjson"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file; ``number`` is that of the spreadsheet or editor, and ``row.row_ref`` the same as text."""

    number: int
    row: SourceRow
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class EventFile:
    """What a file holds.

    Attributes:
        how: How it was read, in a few English words.
        header_row: Where ``findings`` belong, which are about its columns and its encoding.
    """

    how: str
    header_row: int
    findings: tuple[Finding, ...]
    rows: Sequence[FileRow]


def read_event_file(path: Path, source: SourceName, options: ReadingOptions) -> EventFile:
    """Read a whole file.

    Raises:
        FileUnreadable: It cannot be read as a whole; the message says why and what helps.
    """
    raw = _open(path, options)
    findings = check_columns(raw.columns, str(path))
    if raw.recognised:
        told = f"The file was read as {raw.recognised}, recognised by its letters; declare it with --encoding."
        findings.append(warning("encoding_recognised", "", told))
    rows: list[FileRow] = []
    for one in raw.rows:
        if len(rows) == MOST_ROWS:
            raise FileUnreadable(f"the file has more than {MOST_ROWS} rows", where=str(path), next_step="Split it")
        rows.append(_file_row(one, source, options, raw))
    if not rows:
        findings.append(warning("rows_present", "", "The file holds no row of events."))
    return EventFile(raw.how, raw.header_row, tuple(findings), rows)


def _open(path: Path, options: ReadingOptions) -> RawFile:
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            from usrec.adapters.sources.files.delimited import read_delimited

            return read_delimited(path, options, COLUMNS)
        case ".xlsx":
            from usrec.adapters.sources.files.workbook import read_workbook

            return read_workbook(path)
        case ".jsonl" | ".ndjson":
            from usrec.adapters.sources.files.json_lines import read_json_lines

            return read_json_lines(path, options)
        case _:
            raise FileUnreadable(
                "the name of the file does not tell what it is", where=str(path), next_step=f"It must end in {_KINDS}"
            )


def _file_row(raw: RawRow, source: SourceName, options: ReadingOptions, file: RawFile) -> FileRow:
    values: dict[str, object] = {}
    findings: list[Finding] = []
    event_type = str(raw.cells.get("event_type") or "").strip()
    for name, cell in raw.cells.items():
        if name in COLUMNS:
            value, found = read_cell(cell, _column(event_type, name), options, file.first_day)
            values[name] = value
            findings += [] if found is None else [found]
    if raw.beyond:
        findings.append(error("cells_within_columns", "", "Something stands in a column without a name."))
    findings += _check_marks(values)
    payload = {name: values[name] for name in FIELD_COLUMNS if values.get(name) is not None}
    cells = {name: values.get(name) for name in ROW_COLUMNS}
    cells |= {"row_id": raw.number, "payload": json.dumps(payload, ensure_ascii=False)}
    cells["revision"] = "1" if cells["revision"] is None else cells["revision"]
    return FileRow(raw.number, read_row(source, _stripped(cells)), tuple(findings))


def _stripped(cells: Mapping[str, object]) -> Mapping[str, object]:
    return {name: cell.strip() if isinstance(cell, str) else cell for name, cell in cells.items()}


def _check_marks(values: Mapping[str, object]) -> list[Finding]:
    """What a source would pass over in silence."""
    found = []
    if str(values.get("withdrawn") or "").strip().lower() not in _TRUTH:
        found.append(error("withdrawn_form", "withdrawn", "withdrawn must be true, false or empty."))
    if values.get("entered_at") is not None and read_instant(values["entered_at"]) is None:
        told = "entered_at is no time with its zone, such as 2026-11-18T09:30:00+05:00; it is not kept."
        found.append(warning("entered_at_form", "entered_at", told))
    return found


@cache
def _column(event_type: str, name: str) -> Column:
    if name == "employer_bin":
        return Column(name, "employer", "SCSE009", "SCSE043")
    rule = RULES.get(event_type, {}).get(name) or ANY_RULES.get(name)
    return Column(name) if rule is None else Column(name, rule.kind, rule.missing, rule.malformed)
