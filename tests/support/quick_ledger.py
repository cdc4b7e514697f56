"""Ledgers in memory for tests that play thousands of steps: the real one, with its statements prepared once.

Most of such a test's time goes into what SQLAlchemy does around each statement. That a ledger with prepared statements
ends as that of production is held by a test of the simulation, which plays seeds over both.
"""

from __future__ import annotations

from functools import cache

from simulation.prepared import PreparedConnection, PreparedLedger
from support.line import empty
from usrec.adapters.persistence import create_ledger_engine


class QuickLedger(PreparedLedger):
    """A ledger whose file in memory the next test empties and uses again."""

    def close(self) -> None:
        """Its statements are kept."""


def quick_ledger(number: int = 0) -> QuickLedger:
    """An empty ledger; the one that had this number before is gone.

    Args:
        number: Tells ledgers apart that a test needs at the same time.
    """
    connection = _connection(number)
    empty(connection.engine)
    return QuickLedger(connection)


@cache
def _connection(_: int) -> PreparedConnection:
    return PreparedConnection(create_ledger_engine("sqlite://"))
