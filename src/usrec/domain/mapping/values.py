"""One field of an event from the cells of a row: a column, a constant or an expression, and a map of values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, Protocol

from usrec.domain.mapping.dates import DateRules
from usrec.domain.mapping.expression import Cells, Expression
from usrec.domain.rules.approved_codes import CodesByDay

UNMAPPED: Final = "unmapped: "
"""Before a value that the declared map does not know; the rules refuse it and name the field."""
PERSONS_NUMBER: Final = re.compile(r"(?<!\d)\d(?:[\s\-\u2010-\u2015\u2212]*\d){11}(?!\d)")
"""Twelve digits, written with blanks or hyphens between them or without."""
_BROKEN: Final = "\ufffd"


class DatedCodes(CodesByDay, Protocol):
    """Codes that hold for a time each, and what stood in their place before."""

    def formerly(self, value: str, day: str) -> frozenset[str]:
        """The wrong codes that it had for that day before; empty where none was corrected."""
        ...


@dataclass(frozen=True, slots=True)
class ApprovedMap:
    """A map of values that persons have approved.

    Attributes:
        name: In the mapping file.
        file: Of the review.
        name_ru: HR's Russian name for a value, where the query gives one.
        name_kk: The Kazakh one.
    """

    name: str
    file: str
    codes: DatedCodes
    name_ru: ValueRule | None = None
    name_kk: ValueRule | None = None


@dataclass(frozen=True, slots=True)
class ValueRule:
    """Where a value comes from.

    Attributes:
        reads: Gives the text of a row.
        columns: The columns that it reads.
        codes: HR's values and the codes that they mean; None where the value is taken as it is.
        is_date: It is a calendar date.
        is_free_text: Any text would pass the rules, so that an unmapped value is left out rather than marked.
        approved: Instead of ``codes``: what persons approved, each for its time.
        dated_by: Of the event's day; the first of them that gives one counts.
    """

    reads: Expression = field(repr=False)
    columns: frozenset[str] = frozenset()
    codes: Mapping[str, str] | None = None
    is_date: bool = False
    is_free_text: bool = False
    approved: ApprovedMap | None = None
    dated_by: tuple[ValueRule, ...] = ()

    @property
    def is_mapped(self) -> bool:
        """Whether HR's value is not taken as it is."""
        return self.codes is not None or self.approved is not None

    def value(self, cells: Cells, dates: DateRules) -> str:
        """The value; empty where there is none."""
        text = self.reads(cells)
        if self.is_date:
            return dates.day(text)
        if not self.is_mapped or not text:
            return text
        found = self._code(text, self._day(cells, dates))
        if found is None:
            return "" if self.is_free_text else f"{UNMAPPED}{text}"
        return found

    def formerly(self, cells: Cells, dates: DateRules) -> frozenset[str]:
        """The wrong codes that HR's value had before persons corrected them."""
        text = "" if self.approved is None else self.reads(cells)
        if self.approved is None or not text:
            return frozenset()
        return self.approved.codes.formerly(text, self._day(cells, dates))

    def learned(self, value: str, day: str) -> str:
        """A value that was marked as unmapped, with its code where there is one by now; any other as it is."""
        if not value.startswith(UNMAPPED):
            return value
        return self._code(value.removeprefix(UNMAPPED), day) or value

    def _day(self, cells: Cells, dates: DateRules) -> str:
        days = (rule.value(cells, dates) for rule in self.dated_by)
        return next((day for day in days if day), "")

    def _code(self, text: str, day: str) -> str | None:
        if self.approved is not None:
            return self.approved.codes.code(text, day)
        return (self.codes or {}).get(as_key(text))


def as_key(text: str) -> str:
    """A value of HR's as maps compare it: neither case nor blanks nor the form of letters count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def cells_of(row: Mapping[str, object], dates: DateRules, empty: frozenset[str]) -> dict[str, str]:
    """The texts of a row's cells.

    Args:
        empty: Texts that mean that there is no value.
    """
    texts = {name: text_of(cell, dates) for name, cell in row.items()}
    return {name: "" if text in empty else text for name, text in texts.items()}


def text_of(cell: object, dates: DateRules) -> str:
    """A cell as text: what a driver gives depends on the database, what it means must not."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case date():
            return dates.text_of(cell)
        case float() | Decimal():
            return _number(Decimal(str(cell)))
        case bytes() | memoryview():
            return dates.moved_text(_plain(bytes(cell).decode("utf-8", "replace")))
        case _:
            return dates.moved_text(_plain(str(cell)))


def instant_of(cell: object, text: str, dates: DateRules) -> datetime | None:
    """When HR entered a row, aware UTC; a time without a zone is one of the declared zone."""
    try:
        moment = cell if isinstance(cell, datetime) and not dates.year_offset else datetime.fromisoformat(text)
        zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=dates.zone)
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_broken(text: str) -> bool:
    """Whether letters were lost on the way: a column that cannot hold Kazakh letters gives question marks."""
    return _BROKEN in text or "??" in text or any(_within(text, place) for place in range(1, len(text) - 1))


def _within(text: str, place: int) -> bool:
    return text[place] == "?" and text[place - 1].isalpha() and text[place + 1].isalpha()


def _number(value: Decimal) -> str:
    if not value.is_finite():
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\x00", _BROKEN)).strip()
