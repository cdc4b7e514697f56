"""The ledger itself: one transaction for each unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, RootTransaction, text

from usrec.adapters.persistence.agents import SqlAgents
from usrec.adapters.persistence.alert_sinks import SqlAlertSinks
from usrec.adapters.persistence.alerts import SqlAlerts
from usrec.adapters.persistence.attempts import SqlAcknowledgements, SqlAttempts
from usrec.adapters.persistence.audits import SqlAudits
from usrec.adapters.persistence.chain import SqlChain
from usrec.adapters.persistence.chain_view import SqlChainView
from usrec.adapters.persistence.contracts import SqlContracts
from usrec.adapters.persistence.documents import SqlDocuments
from usrec.adapters.persistence.employer_stops import SqlEmployerStops
from usrec.adapters.persistence.engine import LOCK_WAIT, busy, connected, create_ledger_engine, is_in_memory
from usrec.adapters.persistence.evidence import SqlEvidence
from usrec.adapters.persistence.imported_contracts import SqlImportedContracts
from usrec.adapters.persistence.inbox import FingerprintKey, SqlInbox
from usrec.adapters.persistence.intake import SqlIntake
from usrec.adapters.persistence.keys_in_use import require_keys
from usrec.adapters.persistence.masses import SqlMasses
from usrec.adapters.persistence.outbox import SqlOutbox
from usrec.adapters.persistence.outgoing import SqlJournal, SqlWriteBacks
from usrec.adapters.persistence.pairs import SqlPairs
from usrec.adapters.persistence.permits import SqlPermits
from usrec.adapters.persistence.questions import SqlQuestions
from usrec.adapters.persistence.retained import SqlRetainedData
from usrec.adapters.persistence.schema import require_current, upgrade
from usrec.adapters.persistence.sealing import NOT_SEALED, OPTION, Sealing
from usrec.adapters.persistence.server_time import LedgerTime
from usrec.adapters.persistence.signing_requests import SqlSigningRequests
from usrec.adapters.persistence.snapshots import SqlSnapshots
from usrec.adapters.persistence.submissions import SqlSubmissions
from usrec.adapters.persistence.turns import Turns
from usrec.adapters.persistence.view import SqlLedgerView
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.secret import Secret

_RING: Final = text("SELECT pg_notify('usrec_ready', '')")
"""Told by the server when the transaction is committed, and only then; without a word about what is ready."""


class SqlUnitOfWork:
    """The ``UnitOfWork`` port. It ends with ``commit``; using it afterwards is an error.

    Attributes:
        writing: Writes that nothing has asked for yet wait there; the commit sends them.
        rings: Its commit wakes other agents when entries became ready.
    """

    rings = False

    def __init__(self, connection: Connection, transaction: RootTransaction, key: FingerprintKey) -> None:
        self._connection = connection
        self._transaction = transaction
        self.writing = writing = WriteBehind(connection)
        self.inbox = SqlInbox(writing, key)
        self.submissions = SqlSubmissions(writing)
        self.outbox = SqlOutbox(writing, key)
        self.signing_requests = SqlSigningRequests(writing)
        self.attempts = SqlAttempts(writing)
        self.acknowledgements = SqlAcknowledgements(writing)
        self.questions = SqlQuestions(writing)
        self.contracts = SqlContracts(writing)
        self.documents = SqlDocuments(writing)
        self.retained = SqlRetainedData(writing)
        self.journal = SqlJournal(writing, key)
        self.chain = SqlChain(writing)
        self.write_backs = SqlWriteBacks(writing)
        self.alerts = SqlAlerts(writing)
        self.alert_sinks = SqlAlertSinks(writing)
        self.permits = SqlPermits(writing)
        self.agents = SqlAgents(writing)
        self.employer_stops = SqlEmployerStops(writing)
        self.masses = SqlMasses(writing)
        self.pairs = SqlPairs(writing)
        self.snapshots = SqlSnapshots(writing)
        self.intake = SqlIntake(writing)
        self.imported = SqlImportedContracts(writing)
        self.audits = SqlAudits(writing)

    def commit(self) -> None:
        """Send what waits and make everything durable."""
        self.writing.send()
        if self.rings and self.outbox.made_ready > 0:
            self._connection.execute(_RING)
        self._transaction.commit()
        self._connection.close()

    def end_question(self) -> None:
        """Commit a transaction that only asked: after a ROLLBACK psycopg forgets what the server has prepared."""
        if self._transaction.is_active and not self.writing.has_written:
            self._transaction.commit()


class SqlLedger:
    """The ``Ledger`` port on SQLite or PostgreSQL. Threads may share it; each unit of work belongs to one thread.

    A ledger in memory has one connection, so there a second unit of work or question waits until the first has ended.

    Attributes:
        rings: A commit that makes entries ready wakes the agents that listen.
    """

    def __init__(self, engine: Engine, sealing: Sealing = NOT_SEALED) -> None:
        self._engine = engine = engine.execution_options(**{OPTION: sealing})
        self.rings = engine.dialect.name == "postgresql"
        self._key = FingerprintKey()
        self._turns = Turns()
        self.view = SqlLedgerView(engine)
        self.chain_view = SqlChainView(engine, self._key)
        self.evidence = SqlEvidence(engine, self._key)
        self.time = LedgerTime(engine)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @property
    def takes_turns(self) -> bool:
        """Whether a transaction of one thread waits for those of the others to end: on an SQLite file."""
        return self.dialect == "sqlite" and not is_in_memory(self._engine)

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """Start a transaction; it rolls back unless it was committed."""
        with self._turn(), connected(self._engine) as connection:
            work = SqlUnitOfWork(connection, connection.begin(), self._key)
            work.rings = self.rings
            yield work
            work.end_question()

    def _turn(self) -> AbstractContextManager[None]:
        """On an SQLite file one thread of this process after another; in memory the one connection sees to that."""
        if not self.takes_turns:
            return nullcontext()
        return self._turns.taken(LOCK_WAIT, lambda: busy(self._engine))

    def close(self) -> None:
        """Close all connections. A ledger in memory is gone then."""
        self._engine.dispose()


def open_ledger(
    url: str,
    password: Secret | None = None,
    sealing: Sealing = NOT_SEALED,
    *,
    at: datetime | None = None,
    notify: bool = True,
) -> SqlLedger:
    """The ledger at ``url``; one in memory (``sqlite://``) is made on the spot.

    Args:
        sealing: How its personal data is kept.
        at: The present, aware UTC, for a key that is used for the first time. Without it nothing that is encrypted
            can be read, and the keys are not asked for.
        notify: On PostgreSQL, commits that make entries ready wake the agents that listen.

    Raises:
        ConfigurationError: The address is not that of a ledger, or it holds values of a key that is not at hand.
        LedgerSchemaError: The ledger is not at this program's version.
        LedgerUnavailable: It cannot be reached.
    """
    engine = create_ledger_engine(url, password)
    try:
        if is_in_memory(engine):
            upgrade(engine)
        else:
            require_current(engine)
        if at is not None:
            sealing = require_keys(engine, sealing, at)
    except BaseException:
        engine.dispose()
        raise
    ledger = SqlLedger(engine, sealing)
    ledger.rings = ledger.rings and notify
    return ledger
