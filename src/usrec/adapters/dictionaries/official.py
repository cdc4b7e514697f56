"""From the rows of an official file to entries. Whatever is unclear is told with its line, and nothing is taken.

One thing is settled here: the official list of positions holds codes of the former classifier, out of use, that the
present one gave out again. Of such a pair the one in use counts; two in use are an error.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from usrec.adapters.dictionaries.known import form_of
from usrec.adapters.dictionaries.tables import FileRows, Row, unusable
from usrec.domain.dictionary import Entry

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id",),
    "code": ("code", "код"),
    "name_kk": ("name_kz", "name_kk"),
    "name_ru": ("name_ru",),
    "active": ("is_actual", "active"),
    "parent_id": ("parent_id",),
}
"""Each column that is read, with the headings that official files give it."""
LEFT_OUT: Final = frozenset({"direction", "list_type"})
"""Columns of official files that nothing here needs."""
_YES: Final = frozenset({"1", "true", "да", "иә"})
_NO: Final = frozenset({"0", "false", "нет", "жоқ"})
_LONGEST_NAME: Final = 4000
_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class Layout:
    """What a person says of a file's columns.

    Attributes:
        columns: Heading by our name of the column, over what is recognised.
        ignored: Headings of columns that are not read.
    """

    columns: Mapping[str, str]
    ignored: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Official:
    """What an official file holds.

    Attributes:
        reused: Codes that stand there twice, once out of use.
        unmarked: There is no column that says what is in use; everything counts as in use.
        numbers: Codes stood as numbers in a workbook; leading zeros may be lost.
    """

    entries: Mapping[str, Entry]
    reused: Sequence[str]
    unmarked: bool
    numbers: bool


@dataclass(frozen=True, slots=True)
class _Line:
    line: int
    id: str
    code: str
    name_kk: str
    name_ru: str
    active: bool
    parent_id: str


def read_official(file: Path, name: str, found: FileRows, layout: Layout) -> Official:
    """The entries of a file.

    Args:
        name: The dictionary that it holds.

    Raises:
        ValidationProblem: A column is missing or unknown; a code is missing, malformed or there twice; and so on.
    """
    places = _places(file, found.rows[0][1], layout)
    problems: list[str] = []
    lines = list(_lines(found, places, problems))
    problems += _wrong_codes(name, lines)
    taken, reused = _one_of_each(lines, problems)
    parents = _parents(lines, problems)
    if problems:
        more = f"; and {len(problems) - _TOLD} more" if len(problems) > _TOLD else ""
        raise unusable(file, "; ".join(problems[:_TOLD]) + more, "Get the official list again, or mend the file")
    if not taken:
        raise unusable(file, "the file has a heading and no codes", "Name the official list")
    entries = {one.code: Entry(one.code, one.name_kk, one.name_ru, one.active, parents[one.line]) for one in taken}
    numbers = any(one.line in found.numbers for one in taken)
    return Official(entries, reused, "active" not in places, numbers)


def _places(file: Path, heading: Sequence[str], layout: Layout) -> Mapping[str, int]:
    """Where each column stands."""
    cells = [cell.strip() for cell in heading]
    by_hand = {title: name for name, title in layout.columns.items()}
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = by_hand.get(cell) or next((one for one, titles in COLUMNS.items() if cell.lower() in titles), None)
        if name is None and cell not in layout.ignored and cell.lower() not in LEFT_OUT:
            raise unusable(
                file,
                f"column {cell!r} is not known",
                "Name it with --column, or leave it out with --ignore-column",
            )
        if name in places:
            raise unusable(file, f"two columns are {name}", "Leave one out with --ignore-column")
        if name is not None and cell not in layout.ignored:
            places[name] = place
    absent = [title for title in layout.columns.values() if title not in cells]
    absent += [] if "code" in places else ["code"]
    absent += [] if {"name_ru", "name_kk"} & places.keys() else ["name_ru or name_kz"]
    if absent:
        raise unusable(file, f"there is no column {', '.join(absent)}", "Name the columns with --column")
    return places


def _lines(found: FileRows, places: Mapping[str, int], problems: list[str]) -> Iterator[_Line]:
    width = len(found.rows[0][1])
    for line, cells in found.rows[1:]:
        if len(cells) != width:
            problems.append(f"line {line} has {len(cells)} cells, the heading {width}")
            continue
        yield _line((line, cells), places, problems)


def _line(row: Row, places: Mapping[str, int], problems: list[str]) -> _Line:
    line, cells = row
    texts = {name: _clean(cells[place]) for name, place in places.items()}
    mark = texts.get("active", "1").lower()
    if mark not in _YES | _NO:
        problems.append(f"line {line}: {texts['active']!r} is neither 1 nor 0 for being in use")
    names = texts.get("name_kk", ""), texts.get("name_ru", "")
    if not any(names):
        problems.append(f"line {line} has no name")
    if any("\ufffd" in one or len(one) > _LONGEST_NAME for one in names):
        problems.append(f"line {line} has a name with lost letters or of over {_LONGEST_NAME} characters")
    return _Line(line, texts.get("id", ""), texts["code"], *names, mark in _YES, texts.get("parent_id", ""))


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _wrong_codes(name: str, lines: Sequence[_Line]) -> Iterator[str]:
    form = form_of(name)
    for one in lines:
        if not one.code:
            yield f"line {one.line} has no code"
        elif not form.codes.fullmatch(one.code):
            yield f"line {one.line}: {one.code[:40]!r} has not the form of a code of {name}, such as {form.example}"


def _one_of_each(lines: Sequence[_Line], problems: list[str]) -> tuple[Sequence[_Line], Sequence[str]]:
    taken: dict[str, _Line] = {}
    reused: list[str] = []
    for one in lines:
        earlier = taken.get(one.code)
        if earlier is not None and one.code:
            if earlier.active == one.active:
                problems.append(f"line {one.line}: code {one.code} stands in line {earlier.line} already")
            reused.append(one.code)
        if earlier is None or one.active:
            taken[one.code] = one
    return list(taken.values()), reused


def _parents(lines: Sequence[_Line], problems: list[str]) -> Mapping[int, str]:
    """The code above each line."""
    codes: dict[str, str] = {}
    for one in lines:
        if one.id and one.id in codes:
            problems.append(f"line {one.line}: id {one.id} stands there twice")
        codes[one.id] = one.code
    lost = [one for one in lines if one.parent_id and one.parent_id not in codes]
    problems += [f"line {one.line}: parent_id {one.parent_id} is the id of no line" for one in lost]
    return {one.line: codes.get(one.parent_id, "") if one.parent_id else "" for one in lines}
