"""Bringing what stands in the ledger under the present key, or out of encryption: batch by batch, agents may work on.

It may be broken off at any moment and begun again: a value says by its beginning how it is stored, so that what is done
is passed over. A value is replaced only where it is still the one that was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, delete, func, literal, or_, select, tuple_, update

from usrec.adapters.persistence.care.places import PLACES, SealedPlace
from usrec.adapters.persistence.engine import READ_ONLY, connected
from usrec.adapters.persistence.inbox import LEDGER_KEY
from usrec.adapters.persistence.keys_in_use import keys_in_use
from usrec.adapters.persistence.sealing import LONGEST_MARK, Sealing, is_pruned, stored_beginning
from usrec.adapters.persistence.tables import encryption_keys

BATCH: Final = 200
"""Values in one transaction, so that an agent on SQLite never waits long."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the values of a column are stored.

    Attributes:
        place: Table and column.
        by_key: How many under each key; the empty name stands for plain ones. What retention left counts for nothing.
    """

    place: str
    by_key: dict[str, int]


def standing(engine: Engine) -> Sequence[Standing]:
    """How everything is stored, by column, from one snapshot: each table is read once, and that wholly."""
    with connected(engine.execution_options(**{READ_ONLY: True})) as connection, connection.begin():
        keys = keys_in_use(connection)
        tables = [list(places) for _, places in groupby(PLACES, lambda place: place.table.name)]
        return [one for places in tables for one in _counted(connection, places, keys)]


def _counted(connection: Connection, places: Sequence[SealedPlace], keys: Sequence[str]) -> Iterator[Standing]:
    """How the columns of one table are stored."""
    wanted = [
        func.count(case((condition, 1)))
        for place in places
        for condition in (_holds_something(place), _is_short(place), *(_is_under(place, key) for key in keys))
    ]
    found = iter(connection.execute(select(*wanted)).one())
    for place in places:
        everything, short = next(found), next(found)
        under = {key: int(next(found)) for key in keys}
        pruned = _pruned(connection, place) if short else 0
        yield Standing(place.name, {"": everything - sum(under.values()) - pruned, **under})


def _pruned(connection: Connection, place: SealedPlace) -> int:
    short = select(place.column).where(_is_short(place))
    found = connection.execution_options(yield_per=BATCH).scalars(short)
    return sum(is_pruned(one if isinstance(one, str) else bytes(one).decode("latin-1")) for one in found)


def _is_short(place: SealedPlace) -> ColumnElement[bool]:
    """Whether it may be what retention left."""
    return func.length(place.column).between(1, LONGEST_MARK)


def reencrypt(
    engine: Engine, sealing: Sealing, done: Callable[[str, int], None], batch: int = BATCH, *, own_key: bool = True
) -> int:
    """Store every value as ``sealing`` would store it now.

    The ledger's own key is closed after everything else, and opened before it: where it stands encrypted, everything
    does.

    Args:
        done: Told after each transaction: the column, and how many values were stored anew.
        own_key: The ledger's own key, too; not while an agent runs that may not know of the encryption yet.

    Returns:
        How many values were stored anew.
    """
    total = 0
    for place in _in_order(sealing, own_key=own_key):
        for number in _column(engine, sealing, place, batch):
            done(place.name, number)
            total += number
    return total


def _in_order(sealing: Sealing, *, own_key: bool) -> Sequence[SealedPlace]:
    others = [place for place in PLACES if place.name != LEDGER_KEY]
    own = [place for place in PLACES if place.name == LEDGER_KEY and own_key]
    return [*others, *own] if sealing.closes else [*own, *others]


def forget_keys(engine: Engine, sealing: Sealing) -> Sequence[str]:
    """Forget the keys under which nothing is stored any more; the caller knows that no agent uses them.

    Returns:
        The keys that values still need beside the present one.
    """
    wanted = [key for key in sealing.key_ids[:1] if sealing.closes]
    needed = {key for one in standing(engine) for key, number in one.by_key.items() if key and number}
    with connected(engine) as connection, connection.begin():
        gone = [key for key in keys_in_use(connection) if key not in needed and key not in wanted]
        connection.execute(delete(encryption_keys).where(encryption_keys.c.id.in_(gone)))
    return sorted(needed - set(wanted))


def _column(engine: Engine, sealing: Sealing, place: SealedPlace, batch: int) -> Iterator[int]:
    """One transaction after another, along the keys of the rows."""
    last: Sequence[Any] | None = None
    while True:
        with connected(engine) as connection, connection.begin():
            rows = connection.execute(_waiting(place, sealing, last).limit(batch)).all()
            number = sum(_store(connection, sealing, place, row) for row in rows)
        if not rows:
            return
        last = rows[-1][:-1]
        yield number


def _waiting(place: SealedPlace, sealing: Sealing, last: Sequence[Any] | None) -> Any:
    """Rows whose value is not stored as it should be, behind the last one that was looked at."""
    rows = select(*place.key, place.column).where(_holds_something(place)).order_by(*place.key)
    rows = rows.where(_is_not_as_wanted(place, sealing))
    return rows if last is None else rows.where(tuple_(*place.key) > tuple_(*map(literal, last)))


def _holds_something(place: SealedPlace) -> ColumnElement[bool]:
    """An empty value tells nothing, and stays empty: an answer that comes late goes into the place of an empty one."""
    return func.length(place.column) > 0


def _is_not_as_wanted(place: SealedPlace, sealing: Sealing) -> ColumnElement[bool]:
    if sealing.closes:
        return ~_is_under(place, sealing.key_ids[0])
    return or_(*(_is_under(place, key) for key in sealing.key_ids))


def _is_under(place: SealedPlace, key: str) -> ColumnElement[bool]:
    beginning = stored_beginning(key)
    wanted: Any = beginning if place.is_text else beginning.encode()
    return func.substr(place.column, 1, len(beginning)) == literal(wanted, place.column.type)


def _store(connection: Connection, sealing: Sealing, place: SealedPlace, row: Any) -> int:
    *key, stored = row
    value = place.sealed(sealing, key, place.opened(sealing, key, stored))
    this = and_(*(column == one for column, one in zip(place.key, key, strict=True)), place.column == stored)
    return connection.execute(update(place.table).where(this).values({place.column: value})).rowcount
