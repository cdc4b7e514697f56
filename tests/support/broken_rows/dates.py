"""Dates of one paper that contradict each other or common sense."""

from __future__ import annotations

from support.sound_rows import BrokenRow
from usrec.domain.source_event import Operation

DATES: tuple[BrokenRow, ...] = (
    BrokenRow(
        "SCSE064",
        "agreement_after_its_effect",
        Operation.AMENDMENT,
        {"agreement_date": "2026-11-17", "begin_date": "2026-11-16"},
    ),
    BrokenRow("SCSE139", "begin_too_early", Operation.CONCLUSION, {"begin_date": "1955-12-31"}),
)
