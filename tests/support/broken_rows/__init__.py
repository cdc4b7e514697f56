"""Rows that break one preflight rule each, by subject."""

from __future__ import annotations

from support.broken_rows.dates import DATES
from support.broken_rows.foreigners import FOREIGNERS
from support.sound_rows import BrokenRow

BROKEN_ROWS: tuple[BrokenRow, ...] = (*DATES, *FOREIGNERS)
