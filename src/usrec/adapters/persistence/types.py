"""Column types that mean the same on SQLite and PostgreSQL.

SQLite has no time type and PostgreSQL sorts text by the rules of a language; left alone, the same query would give
another order on each. Here a moment is TIMESTAMPTZ on PostgreSQL and, on SQLite, ISO 8601 text of fixed width in UTC,
whose alphabetical order is its order in time. Ids and keys are compared byte by byte on both.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import TIMESTAMP, BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

Word = TypeVar("Word", bound=StrEnum)

KEY: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Identifying text, ordered by its bytes."""

SEQUENCE: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A number that the database gives; SQLite counts up only columns that are exactly INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with microseconds; a datetime without a zone is refused, because nobody knows which moment it is."""

    impl = TIMESTAMP
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """TIMESTAMPTZ, or text where the database has no such type."""
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database.

        Raises:
            ValueError: ``value`` has no zone.
        """
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a time without a zone was to be stored; times in the ledger are aware")
        if dialect.name == "postgresql":
            return value
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return moment.isoformat(timespec="microseconds")[:26] + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database, in UTC."""
        if value is None:
            return None
        moment: datetime = value if dialect.name == "postgresql" else datetime.fromisoformat(value)
        return moment.astimezone(UTC)


class WordType(TypeDecorator[Word], Generic[Word]):
    """One of an enumeration's words, kept as text so that the tables can be read without this program."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[Word]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Word | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- the base's signature
        """To the database; the word must belong to the enumeration."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Word | None:  # noqa: ARG002 -- the base's signature
        """From the database."""
        return None if value is None else self.words(value)
