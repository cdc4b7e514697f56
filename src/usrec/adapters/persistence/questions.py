"""Every question to the registry, with its answer."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, insert, select

from usrec.adapters.persistence.question_table import questions
from usrec.adapters.persistence.rows import values_of
from usrec.adapters.persistence.sealing import RowKey, sealing_of
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.inquiry import AskedQuestion

QUESTION_REPLY: Final = "questions.reply"
"""Place of sealed values."""

_ADD: Final = insert(questions).inline()
_SEEN: Final = select(questions.c.id).where(questions.c.signed_digest == bindparam("digest"))


class SqlQuestions:
    """The ``Questions`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def add(self, asked: AskedQuestion) -> None:
        """Record a question; the database allows one after each attempt."""
        row: RowKey = [asked.submission_id, asked.after_attempt]
        reply = sealing_of(self._connection).content(QUESTION_REPLY, row, asked.reply) if asked.reply else b""
        self._connection.execute(_ADD, {**values_of(asked), "reply": reply})

    def seen(self, signed_digest: str) -> bool:
        """Whether an answer with this digest is on record."""
        return self._connection.scalar(_SEEN, {"digest": signed_digest}) is not None
