"""Rows that break one preflight rule each, by subject."""

from __future__ import annotations

from support.broken_rows.codes import CODES
from support.broken_rows.dates import DATES
from support.broken_rows.documents import DOCUMENTS
from support.broken_rows.extensions import EXTENSIONS
from support.broken_rows.fields import EMPLOYER_ROWS, FIELD_ROWS
from support.broken_rows.foreigners import FOREIGNERS
from support.broken_rows.harmful import HARMFUL
from support.broken_rows.history import HISTORY
from support.broken_rows.leaves import LEAVES
from support.broken_rows.term import TERM
from support.broken_rows.work import WORK
from support.sound_rows import BrokenRow

BROKEN_ROWS: tuple[BrokenRow, ...] = (
    *FIELD_ROWS,
    *EMPLOYER_ROWS,
    *CODES,
    *DATES,
    *DOCUMENTS,
    *EXTENSIONS,
    *FOREIGNERS,
    *HARMFUL,
    *HISTORY,
    *LEAVES,
    *TERM,
    *WORK,
)
