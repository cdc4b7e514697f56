"""The supporting documents in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from usrec.domain.document import FoundFile, StoredDocument


class Documents(Protocol):
    """The supporting documents that events name, each content once."""

    def keep(self, found: FoundFile, at: datetime) -> None:
        """Store a file of a known format; nothing happens when its content is there already."""
        ...

    def get(self, digest: str) -> tuple[StoredDocument, bytes] | None:
        """One document with its content."""
        ...

    def stored(self, limit: int) -> Sequence[StoredDocument]:
        """The documents taken last, newest first."""
        ...

    def like(self, beginning: str) -> Sequence[StoredDocument]:
        """Those whose digest begins so, two at most: enough to know one, none or several."""
        ...
