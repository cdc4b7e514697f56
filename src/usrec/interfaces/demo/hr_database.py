"""The HR database of the made-up company: a SQLite file as an HR system would keep it, with the outbox beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Final

from usrec.adapters.sources.outbox_ddl import outbox_ddl
from usrec.interfaces.demo.records import Company

_INSERT_EMPLOYEE: Final = "INSERT INTO employees VALUES (?, ?, ?, ?, ?, ?, ?)"
_INSERT_CONTRACT: Final = "INSERT INTO contracts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_PAPER: Final = "INSERT INTO papers VALUES (?, ?, ?, ?, ?)"
_INSERT_EVENT: Final = (
    "INSERT INTO usrec_outbox (event_id, revision, event_type, contract_key, employer_bin, payload, entered_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def write_hr_database(path: Path, company: Company) -> None:
    """Write the whole database, or nothing: it appears under ``path`` only when complete.

    Raises:
        OSError: The directory cannot be written.
        sqlite3.Error: The file cannot be written, the disk being full for example.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as connection, connection:
        connection.executescript(files("usrec").joinpath("fixtures", "demo", "hr_tables.sql").read_text("utf-8"))
        connection.executescript(outbox_ddl("sqlite"))
        connection.executemany(_INSERT_EMPLOYEE, _employees(company))
        connection.executemany(_INSERT_CONTRACT, _contracts(company))
        connection.executemany(_INSERT_PAPER, _papers(company))
        connection.executemany(_INSERT_EVENT, _events(company))
    unfinished.replace(path)


def _employees(company: Company) -> Iterator[tuple[str, ...]]:
    for one in company.employees:
        names = (one.family_name, one.given_name, one.patronymic)
        yield one.personnel_no, one.iin, *names, one.birth_date.isoformat(), one.sex.value


def _contracts(company: Company) -> Iterator[tuple[str | None, ...]]:
    for one in company.contracts:
        yield (
            one.key,
            one.employee.personnel_no,
            one.post.department,
            one.number,
            one.contract_date.isoformat(),
            one.begin_date.isoformat(),
            one.post.code,
            one.post.title,
            None if one.ended_on is None else one.ended_on.isoformat(),
            one.registry_id,
        )


def _papers(company: Company) -> Iterator[tuple[str | None, ...]]:
    for one in company.papers:
        yield one.registry_id, one.contract.key, one.operation.value, one.number, one.day.isoformat()


def _events(company: Company) -> Iterator[tuple[str | int, ...]]:
    for row in company.rows:
        content = (row.event_type, row.contract_key, row.employer_bin, row.payload)
        yield row.event_id, row.revision, *content, row.entered_at.isoformat()
