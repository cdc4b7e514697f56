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
def test_connection_that_was_used_last_is_used_first_and_keeps_what_it_asks_again(
    postgresql_server: PostgresqlServer,
) -> None:
    engine = create_ledger_engine(postgresql_server.new_database())
    whose, prepared = text("SELECT pg_backend_pid()"), text("SELECT count(*) FROM pg_prepared_statements")
    try:
        with engine.connect() as one, engine.connect() as other:
            last = one.execute(whose).scalar_one()
            assert other.execute(whose).scalar_one() != last
        for _ in range(3):
            with engine.connect() as again:
                assert again.execute(whose).scalar_one() == last
                again.commit()
        with engine.connect() as again:
            assert again.execute(prepared).scalar_one() > 0
    finally:
        engine.dispose()


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
