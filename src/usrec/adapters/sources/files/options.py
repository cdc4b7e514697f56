"""What a reader may be told about a file; without it nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from usrec.domain.errors import ValidationProblem

ENCODINGS: Final = ("utf-8", "cp1251", "kz1048", "ptcp154")
"""What a text file may be written in; the last three are the one-byte code pages of Kazakhstan's Windows."""

LARGEST_FILE: Final = 64 * 2**20
LARGEST_UNPACKED: Final = 256 * 2**20
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 300

SENTINELS: Final = frozenset({"0000-00-00", "0001-01-01", "2001-01-01", "9999-12-31"})
"""Days that HR systems write where there is none. 2001-01-01 may also be a day."""

_SENTINEL: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)=(none|date)")


class Sentinel(StrEnum):
    """What a declared special date stands for: no date at all, or truly that day."""

    NONE = "none"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What is declared about a file.

    Attributes:
        encoding: One of :data:`ENCODINGS`; empty where it is to be recognised.
        pad_numbers: Put back the leading zeros of an IIN or BIN where the check digit proves them.
        sentinels: Special dates as ``YYYY-MM-DD`` and what they stand for.
        excel_dates: Bare numbers in date fields are Excel's count of days.
    """

    encoding: str = ""
    pad_numbers: bool = False
    sentinels: Mapping[str, Sentinel] = field(default_factory=dict)
    excel_dates: bool = False


def parse_sentinel(text: str) -> tuple[str, Sentinel]:
    """The day and its meaning in ``99991231=none`` or ``2001-01-01=date``.

    Raises:
        ValidationProblem: It has another form.
    """
    found = _SENTINEL.fullmatch(text.strip())
    if found is None:
        raise ValidationProblem(
            f"{text!r} declares no special date", next_step="Write 99991231=none, or 2001-01-01=date where it is a day"
        )
    return f"{found[1]}-{found[2]}-{found[3]}", Sentinel(found[4])
