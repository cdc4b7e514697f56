"""Backups of the ledger, and what HR's own rows remember of what happened after one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from usrec.domain.source_event import EventId, SourceName


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        ledger: The ledger's name, as the journal's heads have it.
        schema: The ledger's version.
        dialect: ``sqlite`` or ``postgresql``.
        made_at: Aware UTC.
        release: Of the program that made it.
        counts: Rows by table.
        journal_lines: Number of the last line of the journal; 0 when it is empty.
        head: Number of the chain's last batch; 0 when nothing is linked.
        head_hash: Its hash.
        keys: Ids of the keys under which values are encrypted; the keys themselves are not in a backup.
        size: Of the content, in bytes.
        sha256: Of the content, hexadecimal.
        label: What the one who made it wrote.
    """

    ledger: str
    schema: str
    dialect: str
    made_at: datetime
    release: str
    counts: Mapping[str, int]
    journal_lines: int
    head: int
    head_hash: str
    keys: Sequence[str]
    size: int
    sha256: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class RememberedRow:
    """What HR's table says of one of its rows.

    Attributes:
        taken: It bears the mark of a row that an agent has taken.
        state: The last state that was written to it; empty where none was.
    """

    source: SourceName
    event_id: EventId
    revision: int
    taken: bool
    state: str
    code: str
    contract_id: str | None
    record_id: str | None


class HrMemory(Protocol):
    """What HR's table remembers."""

    def remembered(self) -> Iterator[Sequence[RememberedRow]]:
        """All rows that were taken or noted, page by page.

        Raises:
            SourceUnavailable: The HR database cannot be read.
        """
        ...
