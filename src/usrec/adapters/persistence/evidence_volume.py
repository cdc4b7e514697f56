"""How many files some submissions become in a bundle of evidence at least, and how large those are: a few counts.

What retention removed, and evidence that is one of the answers, is no file of its own; so the truth lies at or above.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, bindparam, cast, func, literal_column, select

from usrec.adapters.persistence.delivery_tables import attempts
from usrec.adapters.persistence.question_table import questions
from usrec.adapters.persistence.tables import messages, submissions

_IDS: Final[Any] = bindparam("ids", expanding=True)
_OF_THESE: Final = submissions.c.id.in_(_IDS)
_NOT_PRUNED: Final = submissions.c.pruned_at.is_(None)
_NOTHING: Final[Any] = literal_column("0")


def _contents(column: Column[Any]) -> Any:
    """A column of which each value becomes a file of its own."""
    belongs = column.table.c.submission_id == submissions.c.id
    rows = select(func.count(), cast(func.coalesce(func.sum(func.length(column)), 0), BigInteger)).join_from(
        submissions, column.table, belongs
    )
    return rows.where(_OF_THESE, _NOT_PRUNED, func.length(column) > 0)


WEIGHED: Final = (
    select(func.count(), _NOTHING).select_from(submissions).where(_OF_THESE),
    select(func.count(), _NOTHING).select_from(submissions).where(_OF_THESE, _NOT_PRUNED),
    _contents(messages.c.document),
    _contents(attempts.c.reply),
    _contents(questions.c.reply),
)
"""The records, HR's rows, the documents, and what came back: each gives a number of files and their bytes."""
