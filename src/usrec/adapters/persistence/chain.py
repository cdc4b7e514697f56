"""The chain over the journal, in SQL.

Sources: PostgreSQL's manual on snapshots (``pg_current_snapshot``), on ``pg_locks`` (INSERT holds ROW EXCLUSIVE on its
table from before it draws a number until the transaction ends) and on advisory locks; SQLite's manual on AUTOINCREMENT
(a number that was drawn in a transaction that rolled back is drawn again, so that no number is ever left out).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Dialect, Select, Text, bindparam, insert, select, text, type_coerce

from usrec.adapters.persistence.chain_tables import journal_batches, journal_heads
from usrec.adapters.persistence.rows import values_of
from usrec.adapters.persistence.tables import journal
from usrec.adapters.persistence.types import UtcDateTime
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.chain import START, Batch, BatchHeader, ChainLine, ChainState, moment, state_after
from usrec.domain.errors import InvariantViolation
from usrec.domain.spans import Span, read_spans
from usrec.ports.chain import SignedHead

_LOCK: Final = 0x75736A63
"""PostgreSQL advisory lock of whoever links ("usjc")."""


class WrittenMoment(UtcDateTime):
    """A moment as the chain writes it; on SQLite the very text, so that any change of it shows."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """From the database, as text."""
        return moment(value) if isinstance(value, datetime) and dialect.name == "postgresql" else value


_AS_WRITTEN: Final[Mapping[str, Any]] = {"at": WrittenMoment(), "from_state": Text(), "to_state": Text()}
LINES: Final[Select[Any]] = select(
    *(type_coerce(journal.c[name], _AS_WRITTEN.get(name, journal.c[name].type)) for name in ChainLine.__slots__)
)
HEADER_COLUMNS: Final = tuple(journal_batches.c[name] for name in BatchHeader.__slots__)
HEAD_COLUMNS: Final = tuple(journal_heads.c[name] for name in SignedHead.__slots__)
LAST_HEAD: Final = select(*HEAD_COLUMNS).order_by(journal_heads.c.number.desc()).limit(1)

_LAST: Final = select(*HEADER_COLUMNS, journal_batches.c.hash).order_by(journal_batches.c.number.desc()).limit(1)
_HEADER: Final = select(*HEADER_COLUMNS).where(journal_batches.c.number == bindparam("which"))
_BEHIND: Final = LINES.where(journal.c.seq > bindparam("through")).order_by(journal.c.seq).limit(bindparam("most"))
_BETWEEN: Final = (
    LINES.where(journal.c.seq.between(bindparam("first"), bindparam("last")))
    .order_by(journal.c.seq)
    .limit(bindparam("most"))
)
_ADD: Final = insert(journal_batches).inline()
_ADD_HEAD: Final = insert(journal_heads).inline()

_LEAD: Final = text("SELECT pg_try_advisory_xact_lock(:key)")
_PASSED: Final = text(
    "SELECT NOT EXISTS (SELECT 1 FROM pg_locks AS held JOIN pg_locks AS own"
    " ON own.virtualtransaction = held.virtualtransaction"
    " WHERE held.locktype = 'relation' AND held.relation = 'journal'::regclass AND held.mode = 'RowExclusiveLock'"
    " AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock'"
    " AND mod(mod(CAST(CAST(own.transactionid AS text) AS bigint) - :horizon, 4294967296) + 4294967296, 4294967296)"
    " >= 2147483648)"
    " OR :horizon > CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)"
)
"""When all that wrote the journal then have ended; or when the mark is another server's, from which this was restored.

Only those who hold the journal count: another database's long transaction on the same server keeps nothing open. Lock
tables show 32 bits of a transaction's number, so "before the mark" is told modulo 2^32, as PostgreSQL itself does.
"""
_WRITERS_WITHOUT_NUMBER: Final = text(
    "SELECT count(*) FROM pg_locks AS held WHERE held.locktype = 'relation' AND held.relation = 'journal'::regclass"
    " AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND held.mode = 'RowExclusiveLock' AND NOT EXISTS (SELECT 1 FROM pg_locks AS own"
    " WHERE own.virtualtransaction = held.virtualtransaction AND own.locktype = 'transactionid'"
    " AND own.mode = 'ExclusiveLock')"
)
_NEXT_NUMBER: Final = text("SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)")


def numbers_of(header: BatchHeader) -> set[int]:
    """The lines that a batch says it holds; none where that makes no sense, as after somebody changed it."""
    try:
        spans = read_spans(header.ranges)
    except ValueError:
        return set()
    said = sum(end - begin + 1 for begin, end in spans)
    return {seq for begin, end in spans for seq in range(begin, end + 1)} if said == header.entries else set()


class SqlChain:
    """The ``Chain`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._is_postgresql = connection.dialect.name == "postgresql"

    def lead(self) -> bool:
        """On PostgreSQL by an advisory lock; on SQLite a transaction that writes is alone anyway."""
        return not self._is_postgresql or bool(self._connection.scalar(_LEAD, {"key": _LOCK}))

    def state(self) -> ChainState:
        """From the last batch alone.

        Raises:
            InvariantViolation: That batch cannot be read: somebody changed it.
        """
        try:
            last = self._connection.execute(_LAST).one_or_none()
            return START if last is None else state_after(BatchHeader(*last[:-1]), last[-1])
        except (ValueError, TypeError, AttributeError) as problem:
            raise InvariantViolation(
                "the last batch of the journal's chain cannot be read",
                where="journal_batches",
                kept="The journal's lines are there; nothing more is linked",
                next_step="Find out who changed the ledger: usrec journal verify",
            ) from problem

    def passed(self, horizon: int | None) -> bool:
        """Without a mark nothing is known yet."""
        if not self._is_postgresql:
            return True
        return horizon is not None and bool(self._connection.scalar(_PASSED, {"horizon": horizon}))

    def horizon(self) -> int | None:
        """The next transaction's number, unless somebody writes who has no number of its own yet."""
        if not self._is_postgresql:
            return 0
        if self._connection.scalar(_WRITERS_WITHOUT_NUMBER):
            return None
        found: int = self._connection.execute(_NEXT_NUMBER).scalar_one()
        return found

    def unlinked(self, state: ChainState, limit: int) -> Sequence[ChainLine]:
        """Those in gaps come first, since their numbers are lower."""
        found: list[ChainLine] = []
        for gap in state.gaps:
            if len(found) < limit:
                found += self._between(gap, limit - len(found))
        behind = {"through": state.through, "most": limit - len(found)}
        return [*found, *(ChainLine(*row) for row in self._connection.execute(_BEHIND, behind))]

    def _between(self, gap: Span, most: int) -> Sequence[ChainLine]:
        rows = self._connection.execute(_BETWEEN, {"first": gap[0], "last": gap[1], "most": most})
        return [ChainLine(*row) for row in rows]

    def add(self, batch: Batch) -> None:
        """Insert it; a number that is there already is refused by the table's key."""
        values = values_of(batch.header) | {"hash": batch.hash, "digests": batch.digests}
        self._connection.execute(_ADD, values)

    def last_head(self) -> SignedHead | None:
        """The newest signed head."""
        row = self._connection.execute(LAST_HEAD).one_or_none()
        return None if row is None else SignedHead(*row)

    def header(self, number: int) -> BatchHeader | None:
        """One batch's header."""
        row = self._connection.execute(_HEADER, {"which": number}).one_or_none()
        return None if row is None else BatchHeader(*row)

    def add_head(self, head: SignedHead) -> None:
        """Insert it."""
        self._connection.execute(_ADD_HEAD, values_of(head))
