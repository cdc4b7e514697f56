"""Supporting documents: one row for each content, known by its digest and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Executable, bindparam, select

from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import documents
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.document import FoundFile, StoredDocument

CONTENT: Final = "documents.content"
"""Place of sealed values."""
_FACTS: Final = (documents.c.digest, documents.c.format, documents.c.size, documents.c.taken_at)


def _keep(insert_into: InsertInto) -> Executable:
    return insert_into(documents).on_conflict_do_nothing(index_elements=[documents.c.digest])


_KEEP: Final = per_dialect(_keep)
_GET: Final = select(*_FACTS, documents.c.content).where(documents.c.digest == bindparam("which"))
_STORED: Final = select(*_FACTS).order_by(documents.c.taken_at.desc(), documents.c.digest).limit(bindparam("most"))
_LIKE: Final = (
    select(*_FACTS)
    .where(documents.c.digest.startswith(bindparam("beginning"), autoescape=False))
    .order_by(documents.c.digest)
    .limit(2)
)


class SqlDocuments:
    """The ``Documents`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def keep(self, found: FoundFile, at: datetime) -> None:
        """Insert the content unless it is there."""
        row = {
            "digest": found.digest,
            "format": found.format,
            "size": len(found.content),
            "content": sealing_of(self._connection).content(CONTENT, [found.digest], found.content),
            "taken_at": at,
        }
        self._connection.execute(_KEEP[self._connection.dialect.name], row)

    def get(self, digest: str) -> tuple[StoredDocument, bytes] | None:
        """One document with its content."""
        row = self._connection.execute(_GET, {"which": digest}).one_or_none()
        if row is None:
            return None
        content = sealing_of(self._connection).opened_content(CONTENT, [digest], row[-1])
        return StoredDocument(*row[:-1]), content

    def stored(self, limit: int) -> Sequence[StoredDocument]:
        """The documents taken last."""
        return [StoredDocument(*row) for row in self._connection.execute(_STORED, {"most": limit})]

    def like(self, beginning: str) -> Sequence[StoredDocument]:
        """Those whose digest begins so; anything but hexadecimal digits begins none."""
        if not set(beginning) <= set("0123456789abcdef"):
            return []
        return [StoredDocument(*row) for row in self._connection.execute(_LIKE, {"beginning": beginning})]
