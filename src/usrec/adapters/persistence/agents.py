"""The agents that work on the ledger and when each gave its last sign of life."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Executable,
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    literal_column,
    null,
    select,
    update,
)

from usrec.adapters.persistence.columns import given, metadata
from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.rows import values_of
from usrec.adapters.persistence.types import KEY, UtcDateTime
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.heartbeat import Heartbeat

agents = Table(
    "agents",
    metadata,
    Column("owner", KEY, primary_key=True),
    given("host", Text),
    given("version", Text),
    given("started_at", UtcDateTime),
    given("beat_at", UtcDateTime),
    Column("gone_at", UtcDateTime),
    given("workers", Integer),
    given("draining", Boolean),
    Column("halted", Text, nullable=False, server_default=""),
    Column("clock_ahead", Integer),
)

HALTED: Final = and_(agents.c.halted != literal_column("''"), agents.c.gone_at.is_(None))
"""It runs and sends nothing."""

HEARTBEATS: Final = select(*(agents.c[name] for name in Heartbeat.__slots__)).order_by(
    agents.c.beat_at.desc(), agents.c.owner
)


def _beat(insert_into: InsertInto) -> Executable:
    statement = insert_into(agents)
    said = {column.name: statement.excluded[column.name] for column in agents.c if column.name != "owner"}
    return statement.on_conflict_do_update(index_elements=[agents.c.owner], set_=said)


_BEAT: Final = per_dialect(_beat)
_LEAVE: Final = update(agents).where(agents.c.owner == bindparam("who"))
_NOT_HALTED: Final = (
    update(agents)
    .where(
        agents.c.host == bindparam("its_host"), agents.c.owner != bindparam("who"), agents.c.halted != bindparam("no")
    )
    .values(halted=bindparam("no"), clock_ahead=null())
)
_FORGET: Final = delete(agents).where(agents.c.beat_at < bindparam("before"))


class SqlAgents:
    """The ``Agents`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def beat(self, sign: Heartbeat) -> None:
        """Put the agent's newest sign in the place of its last one; one clock serves all agents of a machine."""
        self._connection.execute(_BEAT[self._connection.dialect.name], values_of(sign))
        if not sign.halted:
            self._connection.execute(_NOT_HALTED, {"its_host": sign.host, "who": sign.owner, "no": ""})

    def leave(self, owner: str, at: datetime) -> None:
        """The agent takes its leave."""
        self._connection.execute(_LEAVE, {"who": owner, "gone_at": at})

    def forget(self, before: datetime) -> int:
        """Strike off agents that have given no sign since ``before``; returns how many."""
        return self._connection.changed(_FORGET, {"before": before})
