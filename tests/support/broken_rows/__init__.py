"""Rows that break one preflight rule each, by subject."""

from __future__ import annotations

from support.broken_rows.dates import DATES
from support.broken_rows.fields import EMPLOYER_ROWS, FIELD_ROWS
from support.sound_rows import BrokenRow

BROKEN_ROWS: tuple[BrokenRow, ...] = (*FIELD_ROWS, *EMPLOYER_ROWS, *DATES)
