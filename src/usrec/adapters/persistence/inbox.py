"""What was taken from the sources, and the key that makes its fingerprints.

A fingerprint is HMAC-SHA256 under a key that lives in the ledger and nowhere else: a bare digest of a row with an IIN
could be guessed back, since there are only some hundred million IINs.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, text

from usrec.adapters.persistence.dialects import for_many
from usrec.adapters.persistence.portions import in_portions_of_each
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import inbox, ledger_meta
from usrec.adapters.persistence.writing import AnyConnection, WriteBehind
from usrec.domain.identifiers import RecordId, new_record_id
from usrec.domain.source_event import EventId, SourceName, SourceRow
from usrec.ports.ledger import InboxKey

PAYLOAD: Final = "inbox.payload"
LEDGER_KEY: Final = "ledger_meta.fingerprint_key"
"""Places of sealed values."""

_INTAKE: Final = 0x75736969
"""PostgreSQL advisory lock of whoever takes rows ("usii")."""
_ALONE: Final = text("SELECT pg_advisory_xact_lock(:key)")
_WITH_OTHERS: Final = text("SELECT pg_advisory_xact_lock_shared(:key)")

_KEY: Final = select(ledger_meta.c.fingerprint_key)
_ADD: Final = insert(inbox)
_KNOWN: Final = for_many(
    lambda one_of: select(inbox.c.event_id, inbox.c.revision, inbox.c.fingerprint).where(
        inbox.c.source == bindparam("which"), one_of(inbox.c.event_id, "ids")
    )
)

_PLACES: Final = for_many(
    lambda one_of: select(inbox.c.event_id, inbox.c.revision, inbox.c.row_ref).where(
        inbox.c.source == bindparam("which"), one_of(inbox.c.event_id, "ids")
    )
)

_ROW: Final = select(*(inbox.c[name] for name in SourceRow.__slots__)).where(
    inbox.c.source == bindparam("which"),
    inbox.c.event_id == bindparam("event"),
    inbox.c.revision == bindparam("number"),
)

_OF_SOURCE: Final = (
    select(*(inbox.c[name] for name in SourceRow.__slots__))
    .where(inbox.c.source == bindparam("which"))
    .order_by(inbox.c.event_id, inbox.c.revision)
)


class FingerprintKey:
    """The ledger's key, read once for each process."""

    def __init__(self) -> None:
        self._key: bytes | None = None

    def read(self, connection: AnyConnection) -> bytes:
        """The key; it never changes."""
        if self._key is None:
            stored: bytes = connection.execute(_KEY).scalar_one()
            self._key = sealing_of(connection).opened_content(LEDGER_KEY, [1], stored)
        return self._key

    def record_id(self, connection: AnyConnection, source: bytes) -> RecordId:
        """The record id that follows from ``source``; without the key it tells nothing of it."""
        return new_record_id(hmac.digest(self.read(connection), source, "sha256")[:16])


class SqlInbox:
    """The ``Inbox`` port."""

    def __init__(self, connection: WriteBehind, key: FingerprintKey) -> None:
        self._connection = connection
        self._key = key

    def take_turns(self, *, alone: bool) -> None:
        """On PostgreSQL by an advisory lock; on SQLite a transaction that writes is alone anyway."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(_ALONE if alone else _WITH_OTHERS, {"key": _INTAKE})

    def fingerprint(self, canonical: bytes) -> str:
        """Keyed digest of a row's canonical bytes."""
        return hmac.digest(self._key.read(self._connection), canonical, "sha256").hex()

    def known(self, keys: Collection[InboxKey]) -> Mapping[InboxKey, str]:
        """The fingerprints of those ``keys`` that are on record."""
        wanted, statement = set(keys), _KNOWN[self._connection.dialect.name]
        found: dict[InboxKey, str] = {}
        for source, ids in in_portions_of_each({(source, event_id) for source, event_id, _ in wanted}):
            rows = self._connection.execute(statement, {"which": source, "ids": ids})
            found |= {(source, event_id, revision): fingerprint for event_id, revision, fingerprint in rows}
        return {key: value for key, value in found.items() if key in wanted}

    def row_refs(self, source: SourceName, events: Collection[EventId]) -> Mapping[InboxKey, str]:
        """Which row of its source each revision of these events was taken from."""
        found, statement = dict[InboxKey, str](), _PLACES[self._connection.dialect.name]
        for _, ids in in_portions_of_each({(source, event_id) for event_id in events}):
            rows = self._connection.execute(statement, {"which": source, "ids": ids})
            found |= {(source, event_id, revision): row_ref for event_id, revision, row_ref in rows}
        return found

    def add(self, row: SourceRow, event_id: EventId, fingerprint: str, at: datetime) -> None:
        """Record a row."""
        self._connection.later(_ADD, self._stored(row, event_id, fingerprint, at))

    def add_all(self, rows: Sequence[tuple[SourceRow, EventId, str]], at: datetime) -> None:
        """Record rows, in one statement."""
        self._connection.later(_ADD, *(self._stored(*one, at) for one in rows))

    def _stored(self, row: SourceRow, event_id: EventId, fingerprint: str, at: datetime) -> dict[str, Any]:
        key = (row.source, event_id, row.revision)
        payload = sealing_of(self._connection).text(PAYLOAD, key, row.payload)
        return {**_values(row, event_id, fingerprint, at), "payload": payload}

    def row(self, key: InboxKey) -> SourceRow | None:
        """The row as it was taken; one without an event id bears the id that the agent made for it."""
        source, event_id, revision = key
        found = self._connection.execute(_ROW, {"which": source, "event": event_id, "number": revision}).one_or_none()
        return None if found is None else self._opened(SourceRow(*found))

    def newest_of(self, source: SourceName) -> Iterator[SourceRow]:
        """Of each event of a source the newest revision that was taken."""
        rows = (SourceRow(*found) for found in self._connection.execute(_OF_SOURCE, {"which": source}))
        for _, revisions in groupby(rows, key=lambda row: row.event_id):
            *_, newest = revisions
            yield self._opened(newest)

    def _opened(self, row: SourceRow) -> SourceRow:
        key = (row.source, row.event_id, row.revision)
        return replace(row, payload=sealing_of(self._connection).opened_text(PAYLOAD, key, row.payload))


def _values(row: SourceRow, event_id: EventId, fingerprint: str, at: datetime) -> dict[str, Any]:
    return {
        "source": row.source,
        "event_id": event_id,
        "revision": row.revision,
        "fingerprint": fingerprint,
        "row_ref": row.row_ref,
        "event_type": row.event_type,
        "contract_key": row.contract_key,
        "employer_bin": row.employer_bin,
        "withdrawn": row.withdrawn,
        "entered_at": row.entered_at,
        "received_at": at,
    }
