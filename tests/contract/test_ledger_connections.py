"""An agent's connections to its ledger: opened when they are needed, kept, and never more than is promised."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import Engine, text

from support.postgresql import PostgresqlServer
from usrec.adapters.persistence import create_ledger_engine

PROMISED = 15
"""docs/how-to/many-agents.md, what `max_connections` has to allow for."""


def backends(engine: Engine) -> set[int]:
    """The server's processes behind all connections that can be had at once."""
    with ExitStack() as together:
        used = [together.enter_context(engine.connect()) for _ in range(PROMISED)]
        return {one.execute(text("SELECT pg_backend_pid()")).scalar_one() for one in used}


@pytest.mark.postgresql
def test_many_lines_use_the_promised_connections_again_and_open_no_more(postgresql_server: PostgresqlServer) -> None:
    engine = create_ledger_engine(postgresql_server.new_database())
    try:
        first = backends(engine)
        assert len(first) == PROMISED
        assert backends(engine) == first
        assert engine.pool.status().startswith(f"Pool size: {PROMISED} ")
        assert "Current Overflow: 0" in engine.pool.status()
    finally:
        engine.dispose()
