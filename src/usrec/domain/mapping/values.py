"""One field of an event from the cells of a row: a column, a constant or an expression, and a map of values."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from usrec.domain.mapping.dates import DateRules
from usrec.domain.mapping.expression import Cells, Expression

UNMAPPED: Final = "unmapped: "
"""Before a value that the declared map does not know; the rules refuse it and name the field."""
_BROKEN: Final = "\ufffd"


@dataclass(frozen=True, slots=True)
class ValueRule:
    """Where a value comes from.

    Attributes:
        reads: Gives the text of a row.
        columns: The columns that it reads.
        codes: HR's values and the codes that they mean; None where the value is taken as it is.
        is_date: It is a calendar date.
        is_free_text: Any text would pass the rules, so that an unmapped value is left out rather than marked.
    """

    reads: Expression = field(repr=False)
    columns: frozenset[str] = frozenset()
    codes: Mapping[str, str] | None = None
    is_date: bool = False
    is_free_text: bool = False

    def value(self, cells: Cells, dates: DateRules) -> str:
        """The value; empty where there is none."""
        text = self.reads(cells)
        if self.is_date:
            return dates.day(text)
        if self.codes is None or not text:
            return text
        found = self.codes.get(as_key(text))
        if found is None:
            return "" if self.is_free_text else f"{UNMAPPED}{text}"
        return found


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
