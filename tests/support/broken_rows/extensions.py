"""Extensions that do not follow from the terms and extensions of their contract."""

from __future__ import annotations

from typing import Final

from support.sound_rows import CONCLUDED, Before, BrokenRow
from usrec.domain.source_event import Operation

_BODY: Final = {"contract_date": "2023-11-17", "begin_date": "2023-11-18", "signed_on": "2023-11-17"}
_OLD: Final = Before(Operation.CONCLUSION, {**_BODY, "end_date": "2024-11-18"})
_INDEFINITE: Final = Before(Operation.CONCLUSION, {"term_code": "1", "end_date": None})


def _extended(day: str, end: str) -> Before:
    return Before(Operation.EXTENSION, {"extension_date": day, "end_date": end})


_ONCE: Final = _extended("2024-11-18", "2025-11-18")
_TWICE: Final = _extended("2025-11-18", "2026-11-18")

EXTENSIONS: tuple[BrokenRow, ...] = (
    BrokenRow("SCSE111", "extension_needs_fixed_term", Operation.EXTENSION, before=(_INDEFINITE,)),
    BrokenRow(
        "SCSE112",
        "extension_follows_sequence",
        Operation.EXTENSION,
        {"extension_date": "2025-05-18", "term_code": "1", "end_date": None},
        (_OLD, _ONCE, _TWICE),
    ),
    BrokenRow(
        "SCSE113",
        "third_extension_is_indefinite",
        Operation.EXTENSION,
        {"extension_date": "2026-11-18", "end_date": "2027-11-18"},
        (_OLD, _ONCE, _TWICE),
    ),
    BrokenRow("SCSE114", "extension_term_allowed", Operation.EXTENSION, {"term_code": "4"}),
    BrokenRow(
        "SCSE116",
        "extension_date_is_end_date",
        Operation.EXTENSION,
        {"extension_date": "2026-11-19", "end_date": "2027-11-19"},
    ),
    BrokenRow(
        "SCSE120",
        "extension_not_repeated",
        Operation.EXTENSION,
        {"extension_date": "2024-11-18", "end_date": "2025-11-18"},
        (_OLD, _ONCE),
    ),
    BrokenRow(
        "SCSE116",
        "extension_date_is_end_date",
        Operation.EXTENSION,
        before=(CONCLUDED, Before(Operation.AMENDMENT, {"term_code": "2", "end_date": "2027-01-31"})),
    ),
)
