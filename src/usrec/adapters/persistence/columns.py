"""What the ledger's tables are built of: their registry, their names' rules and the columns that recur."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Identity,
    MetaData,
    event,
    literal_column,
)

from usrec.adapters.persistence.types import KEY, SEQUENCE

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def only_where(condition: ColumnElement[Any]) -> dict[Any, Any]:
    """The ``info`` of an index of only some rows: its option for a dialect would load that dialect at every start."""
    return {"where": condition}


@event.listens_for(metadata, "before_create")
def _tell_dialect_which_rows(_: MetaData, connection: Connection, **__: Any) -> None:
    for index in (one for table in metadata.tables.values() for one in table.indexes if "where" in one.info):
        index.dialect_options[connection.dialect.name]["where"] = index.info["where"]


def literal_word(member: StrEnum) -> ColumnElement[Any]:
    """An enumeration's word written into the statement; never for anything that comes from outside."""
    return literal_column(f"'{member.value}'")


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """A CHECK that ``column`` holds a word of the enumeration."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def given(name: str, kind: Any, *, unique: bool = False) -> Column[Any]:
    """A column that is never NULL."""
    return Column(name, kind, nullable=False, unique=unique or None)


def counted(name: str) -> Column[Any]:
    """A primary key that the database counts up and never gives twice."""
    return Column(name, SEQUENCE, Identity(always=True), primary_key=True)


def of_submission(*, primary_key: bool = False) -> Column[Any]:
    """The submission that a row belongs to."""
    return Column("submission_id", KEY, ForeignKey("submissions.id"), primary_key=primary_key, nullable=False)
