"""Contracts of people who do not exist, as many as one likes, each with an IIN and a key of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

from support.hr_sides import PostgresqlHr, SqlHr, SqliteHr
from support.personnel import Person, conclusion_of
from support.workplace import BIN
from usrec.domain.identifiers import check_digit

_BORN_FROM = date(1960, 1, 1)
_EACH_DAY = 400
_NAMES = 1000
_COLUMNS = "(event_id, revision, event_type, contract_key, employer_bin, payload)"
Row = tuple[str, int, str, str, str, str]


def iin(number: int) -> str:
    """The IIN of the person of that number; equal numbers give equal people."""
    born, serial = _BORN_FROM + timedelta(days=number // _EACH_DAY), number % _EACH_DAY
    while (digit := check_digit(f"{born:%y%m%d}3{serial:04d}")) is None:
        serial += _EACH_DAY
    return f"{born:%y%m%d}3{serial:04d}{digit}"


def conclusion(number: int) -> dict[str, str]:
    """What HR writes about one contract, signed two days ago."""
    somebody = Person(number % _NAMES)
    return conclusion_of(somebody, employee_iin=iin(number), contract_number=f"ТД-{number}/2026")


def rows(first: int, count: int) -> Iterator[Row]:
    """Rows of HR's outbox, numbered from ``first``."""
    for number in range(first, first + count):
        payload = json.dumps(conclusion(number), ensure_ascii=False)
        yield f"bench-{number}", 1, "conclusion", f"K-{number}", BIN, payload


def commit(hr: SqlHr, first: int, count: int) -> None:
    """HR commits so many contracts in one transaction."""
    made = list(rows(first, count))
    insert = f"INSERT INTO usrec_outbox {_COLUMNS} VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 -- a constant
    match hr:
        case PostgresqlHr():
            with hr.connection.transaction(), hr.connection.cursor() as cursor:
                cursor.executemany(insert.replace("?", "%s").encode(), made)
        case SqliteHr():
            hr.execute("BEGIN")
            hr._connection.executemany(insert, made)
            hr.execute("COMMIT")
        case _:
            raise TypeError("an HR system in a database is expected")


def accepted(hr: SqlHr, after: int) -> int:
    """Of how many of its rows behind the ``after`` first ones HR has been told that they are registered."""
    question = "SELECT count(*) FROM usrec_outbox WHERE row_id > ? AND usrec_state = 'accepted'"
    return int(hr.execute(question, after)[0][0])
