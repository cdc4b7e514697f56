"""What whoever checks the journal's chain reads, in pieces, so that a journal of any length can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, func, literal, or_, select

from usrec.adapters.persistence.chain import HEAD_COLUMNS, HEADER_COLUMNS, LAST_HEAD, LINES
from usrec.adapters.persistence.chain_tables import journal_batches, journal_heads
from usrec.adapters.persistence.engine import READ_ONLY, connected
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.adapters.persistence.tables import journal
from usrec.domain.chain import Batch, BatchHeader, ChainLine, digest_key, ledger_id
from usrec.domain.spans import Span, holds, read_spans
from usrec.domain.submission import SubmissionId
from usrec.ports.chain import SignedHead, Tail

_AT_ONCE: Final = 100
"""Runs of numbers, or batches, in one statement."""

_WHOLE: Final = select(*HEADER_COLUMNS, journal_batches.c.hash, journal_batches.c.digests)
_NEXT: Final = (
    _WHOLE.where(journal_batches.c.number > bindparam("after"))
    .order_by(journal_batches.c.number)
    .limit(bindparam("most"))
)
_HEADERS: Final = (
    select(*HEADER_COLUMNS, journal_batches.c.hash)
    .where(journal_batches.c.number > bindparam("after"))
    .order_by(journal_batches.c.number)
    .limit(bindparam("most"))
)
_REACHING: Final = (
    select(journal_batches.c.number, journal_batches.c.ranges)
    .where(journal_batches.c.through >= bindparam("seq"))
    .order_by(journal_batches.c.through, journal_batches.c.number)
)
_OF_NUMBER: Final = _WHOLE.where(journal_batches.c.number == bindparam("which"))
_RUN: Final = LINES.where(journal.c.seq.between(bindparam("first"), bindparam("last"))).order_by(journal.c.seq)
_OF_SUBMISSION: Final = LINES.where(journal.c.submission_id == bindparam("which")).order_by(journal.c.seq)
_NEWEST: Final = LINES.order_by(journal.c.seq.desc()).limit(bindparam("most"))
_RESTORINGS: Final = LINES.where(
    journal.c.submission_id.is_(None), journal.c.action == literal("ledger_restored", literal_execute=True)
).order_by(journal.c.seq)
_LOWEST: Final = select(func.min(journal.c.seq))
_HIGHEST: Final = select(func.max(journal.c.seq))
_HEADS: Final = (
    select(*HEAD_COLUMNS)
    .where(journal_heads.c.number > bindparam("after"))
    .order_by(journal_heads.c.number)
    .limit(bindparam("most"))
)
_LAST: Final = (
    select(journal_batches.c.number, journal_batches.c.total, journal_batches.c.through, journal_batches.c.gaps)
    .order_by(journal_batches.c.number.desc())
    .limit(1)
)
_LATE: Final = select(func.count(), func.min(journal.c.at)).select_from(journal)
HEAD_SIGNED_AT: Final = select(func.max(journal_heads.c.signed_at))
_BEHIND: Final = select(func.count()).select_from(journal).where(journal.c.seq > bindparam("through"))
_OLDEST_BEHIND: Final = (
    select(journal.c.at).where(journal.c.seq > bindparam("through")).order_by(journal.c.seq).limit(1)
)


class SqlChainView:
    """The ``ChainView`` port."""

    def __init__(self, engine: Engine, key: FingerprintKey) -> None:
        self._engine = engine.execution_options(**{READ_ONLY: True})
        self._key = key

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        with connected(self._engine) as connection, connection.begin():
            yield connection

    @property
    def gaps_happen(self) -> bool:
        """PostgreSQL's sequences do not roll back; SQLite's do."""
        return self._engine.dialect.name == "postgresql"

    def ledger_id(self) -> str:
        """Made from the ledger's own key."""
        with self._snapshot() as connection:
            return ledger_id(self._key.read(connection))

    def digest_key(self, submission_id: SubmissionId) -> bytes:
        """The key of a submission's digests."""
        with self._snapshot() as connection:
            return digest_key(self._key.read(connection), submission_id)

    def batches(self, after: int, limit: int) -> Sequence[Batch]:
        """Batches with a higher number."""
        with self._snapshot() as connection:
            return [_batch(row) for row in connection.execute(_NEXT, {"after": after, "most": limit})]

    def headers(self, after: int, limit: int) -> Sequence[tuple[BatchHeader, str]]:
        """Headers with a higher number."""
        with self._snapshot() as connection:
            rows = connection.execute(_HEADERS, {"after": after, "most": limit})
            return [(BatchHeader(*row[:-1]), row[-1]) for row in rows]

    def batch_of(self, seq: int) -> Batch | None:
        """Nearly always the first that reaches so far; a line that was written late is in a later one."""
        with self._snapshot() as connection:
            reaching = connection.execute(_REACHING.execution_options(yield_per=_AT_ONCE), {"seq": seq})
            which = next((row.number for row in reaching if holds(read_spans(row.ranges), seq)), None)
            reaching.close()
            found = None if which is None else connection.execute(_OF_NUMBER, {"which": which}).one()
        return None if found is None else _batch(found)

    def lines(self, spans: Sequence[Span]) -> Sequence[ChainLine]:
        """The lines with these numbers, ascending."""
        with self._snapshot() as connection:
            return list(_within(connection, spans))

    def lines_of(self, submission_id: SubmissionId) -> Sequence[ChainLine]:
        """All lines of a submission."""
        with self._snapshot() as connection:
            return [ChainLine(*row) for row in connection.execute(_OF_SUBMISSION, {"which": submission_id})]

    def newest(self, limit: int) -> Sequence[ChainLine]:
        """The last lines."""
        with self._snapshot() as connection:
            found = [ChainLine(*row) for row in connection.execute(_NEWEST, {"most": limit})]
        return found[::-1]

    def restorings(self) -> Sequence[ChainLine]:
        """From the lines that belong to no submission, of which there are few."""
        with self._snapshot() as connection:
            return [ChainLine(*row) for row in connection.execute(_RESTORINGS)]

    def ends(self) -> tuple[int, int] | None:
        """Two questions, each to one end of the key."""
        with self._snapshot() as connection:
            lowest, highest = connection.scalar(_LOWEST), connection.scalar(_HIGHEST)
        return None if lowest is None or highest is None else (lowest, highest)

    def heads(self, after: int, limit: int) -> Sequence[SignedHead]:
        """Signed heads of later batches."""
        with self._snapshot() as connection:
            return [SignedHead(*row) for row in connection.execute(_HEADS, {"after": after, "most": limit})]

    def last_head(self) -> SignedHead | None:
        """The newest signed head."""
        with self._snapshot() as connection:
            row = connection.execute(LAST_HEAD).one_or_none()
        return None if row is None else SignedHead(*row)

    def tail(self) -> Tail:
        """What is not linked yet; a line in a gap counts too."""
        with self._snapshot() as connection:
            return read_tail(connection)


def read_tail(connection: Connection) -> Tail:
    """What is not linked yet, from the snapshot of the connection's transaction. Lines' texts are not looked at."""
    last = connection.execute(_LAST).one_or_none()
    number, total, through, gaps = (0, 0, 0, "") if last is None else last
    late = [found for some in _portions(read_spans(gaps)) if (found := connection.execute(_LATE.where(some)).one())[0]]
    behind = connection.scalar(_BEHIND, {"through": through}) or 0
    oldest = connection.scalar(_OLDEST_BEHIND, {"through": through})
    moments = [at for _, at in late] + ([] if oldest is None else [oldest])
    return Tail(sum(found for found, _ in late) + behind, min(moments, default=None), total, number)


def _within(connection: Connection, spans: Sequence[Span]) -> Iterator[ChainLine]:
    if len(spans) == 1:
        ((first, last),) = spans
        yield from (ChainLine(*row) for row in connection.execute(_RUN, {"first": first, "last": last}))
        return
    for some in _portions(spans):
        yield from (ChainLine(*row) for row in connection.execute(LINES.where(some).order_by(journal.c.seq)))


def _portions(spans: Sequence[Span]) -> Iterator[ColumnElement[bool]]:
    """Conditions for lines in these runs, some of them at a time."""
    for start in range(0, len(spans), _AT_ONCE):
        yield or_(*(journal.c.seq.between(*span) for span in spans[start : start + _AT_ONCE]))


def _batch(row: Any) -> Batch:
    *header, found_hash, digests = row
    return Batch(BatchHeader(*header), found_hash, bytes(digests))
