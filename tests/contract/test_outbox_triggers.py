"""Triggers made from a mapping file fill the outbox from HR's own tables: on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg
import pytest
from sqlalchemy import make_url

from support.mariadb import NO_MARIADB, MariadbServer
from support.postgresql import PostgresqlServer
from usrec.adapters.sources.outbox_ddl import outbox_ddl
from usrec.adapters.sources.outbox_kit.rights import rights
from usrec.adapters.sources.outbox_kit.triggers import triggers
from usrec.adapters.sources.outbox_table import OutboxTableSource
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName

MAPPING: Final = """
version = 1
empty = ["-"]
[codes.term]
"Бессрочный" = "1"
[triggers]
contract = { "Келісім шарт" = "Нөмір id", hr_agreement = "contract_id" }
[contract]
query = '''
SELECT c."Нөмір id" AS contract, c.iin, c.number, c.signed_on, c.term, c.post, c."Мекенжай" AS place, c.ended_on,
       c.ground, a.number AS ds_number, a.dated AS ds_date
FROM "Келісім шарт" c LEFT JOIN hr_agreement a ON a.contract_id = c."Нөмір id"
  AND a.id = (SELECT MAX(b.id) FROM hr_agreement b WHERE b.contract_id = c."Нөмір id") -- the last one
'''
key = "contract"
employer_bin = { constant = "200940000013" }
department = "ground"
[contract.conclusion]
employee_iin = "iin"
contract_number = "number"
contract_date = "signed_on"
term_code = { column = "term", codes = "term" }
established_post = "post"
work_place_address = "place"
conscript_code = { constant = "it's 1\\\\" }
[contract.amendment]
agreement_number = "ds_number"
agreement_date = "ds_date"
[contract.termination]
termination_date = "ended_on"
reason_code = "ground"
"""
TABLES: Final = """
CREATE TABLE "Келісім шарт" ("Нөмір id" varchar(40) PRIMARY KEY, iin varchar(12), number varchar(100), signed_on DAY,
    term varchar(50), post varchar(200), "Мекенжай" varchar(200), ended_on DAY, ground varchar(10));
CREATE TABLE hr_agreement (id integer PRIMARY KEY, contract_id varchar(40), number varchar(100), dated DAY);
INSERT INTO "Келісім шарт" VALUES ('K-0', '900101300007', 'old', '2020-10-01', '-', 'x', 'y', NULL, NULL);
"""
NEW: Final = """
INSERT INTO "Келісім шарт" VALUES ('Қ-1''"\\', '900101300007', 'ЕШ-1 "ә"', '2026-11-18', 'бессрочный', 'Әкімші',
    'Мәңгілік Ел, 1', NULL, NULL);
"""
CONTRACT: Final = {
    "employee_iin": "900101300007",
    "contract_number": 'ЕШ-1 "ә"',
    "contract_date": "2026-11-18",
    "term_code": "1",
    "established_post": "Әкімші",
    "work_place_address": "Мәңгілік Ел, 1",
    "conscript_code": "it's 1\\",
}
KEY: Final = "Қ-1'\"\\"
DEPARTMENT: Final = {"department": "05"}
AGREEMENT: Final = {"term_code": "1", "established_post": "Маман", "work_place_address": "Мәңгілік Ел, 1"}
ALL: Final = "SELECT event_id, revision, withdrawn, payload FROM usrec_outbox ORDER BY row_id"
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
Told = tuple[str, int, bool, dict[str, str]]


class Hr(Protocol):
    """HR's database with the outbox, the triggers, and one contract older than both."""

    def run(self, script: str) -> None: ...
    def rows(self) -> list[list[Any]]: ...
    def close(self) -> None: ...


class SqliteTables:
    def __init__(self, path: Path, mapping: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self.run(TABLES.replace("DAY", "text"))
        self.run(outbox_ddl("sqlite") + triggers("sqlite", mapping))

    def run(self, script: str) -> None:
        self._connection.executescript(script)

    def rows(self) -> list[list[Any]]:
        return [list(row) for row in self._connection.execute(ALL)]

    def close(self) -> None:
        self._connection.close()


class PostgresqlTables:
    """Dates are instants, midnight in Kazakhstan, and the session is in another zone."""

    def __init__(self, url: str, mapping: Path) -> None:
        self.plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(self.plain, autocommit=True)
        self.run("SET TimeZone = 'UTC'")
        self.run(TABLES.replace("DAY", "timestamptz"))
        self._connection.execute((outbox_ddl("postgresql") + triggers("postgresql", mapping)).encode())

    def run(self, script: str) -> None:
        self._connection.execute(re.sub(r"'(\d{4}-\d\d-\d\d)'", r"'\1 00:00+05'", script).encode())

    def rows(self) -> list[list[Any]]:
        return [list(row) for row in self._connection.execute(ALL)]

    def close(self) -> None:
        self._connection.close()


class MariadbTables:
    def __init__(self, server: MariadbServer, mapping: Path) -> None:
        self._server = server
        server.run("CREATE DATABASE hr DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; CREATE USER reader")
        self.run(TABLES.replace("DAY", "date"))
        query, rest = mapping.read_text().split('key = "contract"')
        head, query = query.split("SELECT", 1)
        mapping.write_text(f"""{head}SELECT{query.replace('"', "`")}key = "contract"{rest}""")
        made = outbox_ddl("mariadb") + rights("mariadb", "reader") + triggers("mariadb", mapping)
        server.run(made, "hr")

    def run(self, script: str) -> None:
        self._server.run("SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES');" + script, "hr")

    def rows(self) -> list[list[Any]]:
        return [list(row) for row in self._server.run(ALL, "hr")]

    def close(self) -> None:
        self._server.run("DROP DATABASE hr; DROP USER reader")


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    file = tmp_path / "staff.toml"
    file.write_text(MAPPING)
    return file


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    url = postgresql_server.new_database()
    yield url
    postgresql_server.drop_database(url)


@pytest.fixture
def postgresql_hr(postgresql_url: str, mapping: Path) -> Iterator[PostgresqlTables]:
    side = PostgresqlTables(postgresql_url, mapping)
    yield side
    side.close()


@pytest.fixture(params=["sqlite", POSTGRESQL, pytest.param("mariadb", marks=NO_MARIADB)])
def hr(request: pytest.FixtureRequest, tmp_path: Path, mapping: Path) -> Iterator[Hr]:
    side: Hr
    match request.param:
        case "sqlite":
            side = SqliteTables(tmp_path / "hr.db", mapping)
        case "postgresql":
            side = PostgresqlTables(request.getfixturevalue("postgresql_url"), mapping)
        case _:
            side = MariadbTables(request.getfixturevalue("mariadb"), mapping)
    yield side
    side.close()


def told(hr: Hr) -> list[Told]:
    return [(row[0], int(row[1]), str(row[2]) in {"1", "True"}, json.loads(row[3])) for row in hr.rows()]


def test_new_contract_is_a_conclusion_with_every_letter_and_no_nulls(hr: Hr) -> None:
    hr.run(NEW)
    assert told(hr) == [(f"conclusion:{KEY}", 1, False, CONTRACT)]


def test_contract_that_stood_there_before_is_never_concluded_again(hr: Hr) -> None:
    hr.run("""UPDATE "Келісім шарт" SET post = 'z'""")
    assert told(hr) == []
    hr.run("""UPDATE "Келісім шарт" SET ended_on = '2026-11-20', ground = '05'""")
    assert told(hr) == [
        ("termination:K-0", 1, False, {"termination_date": "2026-11-20", "reason_code": "05", **DEPARTMENT})
    ]


def test_change_is_a_revision_and_a_write_that_changes_nothing_is_none(hr: Hr) -> None:
    hr.run(NEW)
    hr.run("""UPDATE "Келісім шарт" SET post = post, ground = 'Цех'""")
    hr.run("""UPDATE "Келісім шарт" SET iin = NULL, term = 'ай сайын' WHERE number LIKE 'ЕШ-1%'""")
    changed = CONTRACT | {"term_code": "unmapped: ай сайын"}
    del changed["employee_iin"]
    assert told(hr)[1:] == [(f"conclusion:{KEY}", 2, False, changed)]


def test_agreement_is_an_amendment_with_the_terms_and_the_conclusion_keeps_its_own(hr: Hr) -> None:
    hr.run(NEW)
    hr.run("""INSERT INTO hr_agreement SELECT 1, "Нөмір id", 'ҚК:1', '2026-11-20' FROM "Келісім шарт"
           WHERE number LIKE 'ЕШ-1%'""")
    hr.run("""UPDATE "Келісім шарт" SET post = 'Маман' WHERE number LIKE 'ЕШ-1%'""")
    paper = {"agreement_number": "ҚК:1", "agreement_date": "2026-11-20"}
    assert told(hr)[1:] == [
        (f"amendment:{KEY}:ҚК:1", 1, False, AGREEMENT | {"established_post": "Әкімші"} | paper),
        (f"amendment:{KEY}:ҚК:1", 2, False, AGREEMENT | paper),
    ]


def test_what_hr_takes_out_is_taken_back_and_what_it_enters_again_is_told_again(hr: Hr) -> None:
    hr.run(NEW)
    hr.run("""UPDATE "Келісім шарт" SET ended_on = '2026-11-20', ground = '05' WHERE number LIKE 'ЕШ-1%'""")
    hr.run("""UPDATE "Келісім шарт" SET ended_on = NULL WHERE number LIKE 'ЕШ-1%'""")
    hr.run("""DELETE FROM "Келісім шарт" WHERE number LIKE 'ЕШ-1%'""")
    hr.run(NEW)
    assert [row[:3] for row in told(hr)] == [
        (f"conclusion:{KEY}", 1, False),
        (f"termination:{KEY}", 1, False),
        (f"termination:{KEY}", 2, True),
        (f"conclusion:{KEY}", 2, True),
        (f"conclusion:{KEY}", 3, False),
    ]


def test_agreement_that_is_taken_out_is_taken_back_though_the_one_before_it_shows_again(hr: Hr) -> None:
    hr.run(NEW)
    agreement = """INSERT INTO hr_agreement SELECT 1, "Нөмір id", 'ҚК-1', '2026-11-20' FROM "Келісім шарт"
                WHERE number LIKE 'ЕШ-1%'"""
    hr.run(agreement)
    hr.run(agreement.replace("SELECT 1", "SELECT 2").replace("ҚК-1", "ҚК-2"))
    hr.run("DELETE FROM hr_agreement WHERE id = 2")
    assert [row[:3] for row in told(hr)[1:]] == [
        (f"amendment:{KEY}:ҚК-1", 1, False),
        (f"amendment:{KEY}:ҚК-2", 1, False),
        (f"amendment:{KEY}:ҚК-2", 2, True),
    ]


def test_what_is_rolled_back_leaves_nothing(hr: Hr) -> None:
    hr.run(f"BEGIN; {NEW} ROLLBACK;")
    assert told(hr) == []


def test_query_that_gives_a_contract_twice_is_refused_before_there_are_triggers(tmp_path: Path, mapping: Path) -> None:
    mapping.write_text(mapping.read_text().replace('шарт" c LEFT', 'шарт" c JOIN (SELECT 1 UNION SELECT 2) LEFT'))
    with closing(sqlite3.connect(tmp_path / "hr.db")) as hr:
        hr.executescript(TABLES.replace("DAY", "text"))
        with pytest.raises(sqlite3.IntegrityError, match="usrec_outbox_known"):
            hr.executescript(outbox_ddl("sqlite") + triggers("sqlite", mapping))
        assert hr.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone() == (0,)


@NO_MARIADB
def test_key_that_a_database_compares_without_case_is_told_as_the_contract_spells_it(
    mariadb: MariadbServer, mapping: Path
) -> None:
    hr = MariadbTables(mariadb, mapping)
    hr.run("""INSERT INTO "Келісім шарт" (number, "Нөмір id") VALUES ('n', 'К-Қ');
           INSERT INTO hr_agreement VALUES (1, 'к-қ', 'ҚК-1', NULL); DELETE FROM hr_agreement""")
    assert [row[:3] for row in told(hr)] == [
        ("conclusion:К-Қ", 1, False),
        ("amendment:К-Қ:ҚК-1", 1, False),
        ("amendment:К-Қ:ҚК-1", 2, True),
    ]
    hr.close()


@pytest.mark.postgresql
def test_event_that_is_committed_late_is_found(postgresql_url: str, postgresql_hr: PostgresqlTables) -> None:
    hr = postgresql_hr
    source = OutboxTableSource(SourceName("hr"), postgresql_url)
    with psycopg.connect(hr.plain) as first:
        first.execute(NEW.replace("Қ-1", "FIRST").encode())
        first.execute("SET CONSTRAINTS ALL IMMEDIATE")
        hr.run(NEW.replace("Қ-1", "SECOND"))
        rows = source.fetch(10)
        source.mark_taken(rows)
        assert [row.contract_key[:6] for row in rows] == ["SECOND"]
        first.commit()
    assert [row.contract_key[:5] for row in source.fetch(10)] == ["FIRST"]
    source.close()


@pytest.mark.postgresql
def test_two_who_change_one_contract_at_once_give_events_one_after_the_other(
    postgresql_hr: PostgresqlTables,
) -> None:
    hr = postgresql_hr
    hr.run(NEW)
    with psycopg.connect(hr.plain) as first:
        first.execute("SET TimeZone = '<+05>-05'")
        first.execute("""UPDATE "Келісім шарт" SET post = 'Маман' WHERE number LIKE 'ЕШ-1%'""".encode())
        first.execute("SET CONSTRAINTS ALL IMMEDIATE")
        agreement = """INSERT INTO hr_agreement SELECT 1, "Нөмір id", 'ҚК-1', '2026-11-20' FROM "Келісім шарт"
                    WHERE number LIKE 'ЕШ-1%'"""
        second = threading.Thread(target=hr.run, args=(agreement,))
        second.start()
        second.join(0.3)
        assert second.is_alive()
        first.commit()
    second.join(30)
    amendment = AGREEMENT | {"agreement_number": "ҚК-1", "agreement_date": "2026-11-20"}
    assert told(hr)[1:] == [
        (f"conclusion:{KEY}", 2, False, CONTRACT | {"established_post": "Маман"}),
        (f"amendment:{KEY}:ҚК-1", 1, False, amendment),
    ]


@pytest.mark.postgresql
def test_account_with_the_printed_rights_takes_rows_and_cannot_write_events(
    postgresql_url: str, postgresql_server: PostgresqlServer, postgresql_hr: PostgresqlTables
) -> None:
    hr = postgresql_hr
    account = postgresql_server.new_role("secret")
    hr.run(rights("postgresql", account))
    hr.run(NEW)
    url = make_url(postgresql_url).set(username=account).render_as_string(hide_password=False)
    source = OutboxTableSource(SourceName("hr"), url, password=Secret("secret"))
    rows = source.fetch(10)
    source.mark_taken(rows)
    assert [row.event_id for row in rows] == [f"conclusion:{KEY}"]
    assert source.fetch(10) == []
    with psycopg.connect(hr.plain, user=account, password="secret") as guest:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            guest.execute("INSERT INTO usrec_outbox (event_id) VALUES ('x')")
        guest.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            guest.execute("SELECT usrec_outbox_tell('x')")
    source.close()
    postgresql_server.drop_role(account, postgresql_url)
