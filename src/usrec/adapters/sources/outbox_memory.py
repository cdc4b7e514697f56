"""What HR's outbox table remembers of its rows: the second memory beside a restored ledger. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import RowMapping, or_, select

from usrec.adapters.sources.hr_database import HrDatabase
from usrec.adapters.sources.outbox_row import habits_of, read_key
from usrec.adapters.sources.outbox_schema import outbox_table
from usrec.adapters.sources.texts import as_text
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName
from usrec.ports.backup import RememberedRow

_AT_ONCE: Final = 1000
_TOLD: Final = ("usrec_state", "usrec_code", "usrec_contract_id", "usrec_record_id")


class OutboxMemory:
    """An :class:`usrec.ports.backup.HrMemory` over the outbox table of a source."""

    def __init__(self, name: SourceName, url: str, *, table: str, password: Secret | None = None) -> None:
        self._name = name
        self._database = HrDatabase(name, url, writable=False, password=password)
        self._table = outbox_table(table)

    def remembered(self) -> Iterator[Sequence[RememberedRow]]:
        """All rows that were taken or noted, page by page."""
        columns = self._table.c
        texts = (columns.event_id, columns.revision, columns.taken_at, *(columns[name] for name in _TOLD))
        rows = (
            select(columns.row_id, *map(as_text, texts))
            .where(or_(columns.taken_at.is_not(None), columns.usrec_state.is_not(None)))
            .order_by(columns.row_id)
            .limit(_AT_ONCE)
        )
        page = rows
        while True:
            with self._database.transaction() as connection:
                found = connection.execute(page).mappings().all()
            if not found:
                return
            yield [self._row(cells) for cells in found]
            page = rows.where(columns.row_id > found[-1]["row_id"])

    def close(self) -> None:
        """Close idle connections."""
        self._database.close()

    def _row(self, cells: RowMapping) -> RememberedRow:
        event_id, revision = read_key(cells, habits_of(self._database.kind))
        told: list[Any] = [cells[name] or "" for name in _TOLD]
        return RememberedRow(
            self._name, event_id, revision, bool(cells["taken_at"]), told[0], told[1], told[2] or None, told[3] or None
        )
