"""What the agent's account may do in the ledger: as little as its statements need, told with the SQL that gives it."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Delete, Executable, Insert, Select, Update, make_url, text
from sqlalchemy.sql.visitors import iterate

from support.fresh_ledger import make_ledger
from support.ledger_values import a_submission
from support.postgresql import PostgresqlServer
from usrec.adapters import persistence
from usrec.adapters.persistence import create_ledger_engine, open_ledger
from usrec.adapters.persistence.columns import metadata
from usrec.adapters.persistence.dialects import PerDialect
from usrec.adapters.persistence.rights import ENCRYPTING, PRUNING, RIGHTS, shortfalls
from usrec.adapters.persistence.schema import upgrade
from usrec.domain.errors import LedgerUnavailable
from usrec.domain.secret import Secret
from usrec.domain.submission import SubmissionId

WORD = "role's own wörd"


@dataclass
class Guarded:
    """A ledger, and a role with a password that has no rights in it yet."""

    owner_url: str
    role: str

    @property
    def url(self) -> str:
        return make_url(self.owner_url)._replace(username=self.role, password=None).render_as_string()

    def run(self, *statements: str) -> None:
        """Run SQL as the ledger's owner."""
        url = make_url(self.owner_url)
        where = f"host={url.query['host']} user={url.username} dbname={url.database}"
        with psycopg.connect(where, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def missing(self) -> list[str]:
        engine = create_ledger_engine(self.url, Secret(WORD))
        try:
            return [one.what for one in shortfalls(engine)]
        finally:
            engine.dispose()

    def remedies(self) -> list[str]:
        engine = create_ledger_engine(self.url, Secret(WORD))
        try:
            return [one.remedy for one in shortfalls(engine)]
        finally:
            engine.dispose()


@pytest.fixture
def guarded(postgresql_server: PostgresqlServer) -> Iterator[Guarded]:
    url = postgresql_server.new_database()
    make_ledger(url)
    role = postgresql_server.new_role(WORD)
    yield Guarded(url, role)
    postgresql_server.drop_role(role, url)
    postgresql_server.drop_database(url)


def statements() -> Iterator[Executable]:
    """Every statement that the package prepares; those of one dialect alone with it."""
    for module in pkgutil.iter_modules(persistence.__path__):
        if module.name == "migrations":
            continue
        held = vars(import_module(f"{persistence.__name__}.{module.name}"))
        for value in held.values():
            found: list[Any] = list(value.values()) if isinstance(value, Mapping) else [value]
            if isinstance(value, PerDialect):
                found = [value[dialect] for dialect in ("sqlite", "postgresql")]
            yield from (one for one in found if isinstance(one, Insert | Update | Delete | Select))


def needed_by(statement: Any) -> set[tuple[str, str]]:
    """Tables and privileges, as PostgreSQL asks for them."""
    verb = {Insert: "INSERT", Update: "UPDATE", Delete: "DELETE"}
    needed: set[tuple[str, str]] = set()
    parts: list[Any] = list(iterate(statement))
    for part in parts:
        for kind, privilege in verb.items():
            if isinstance(part, kind):
                needed.add((str(part.table), privilege))
        if isinstance(part, Insert) and "OnConflictDoUpdate" in type(part._post_values_clause).__name__:
            needed.add((str(part.table), "UPDATE"))
        if isinstance(part, Select):
            names = {one.name for table in part.get_final_froms() for one in iterate(table) if one in TABLES}
            needed |= {(name, "SELECT") for name in names}
            if part._for_update_arg is not None:
                needed |= {(name, "UPDATE") for name in names}
    return needed


TABLES = set(metadata.tables.values())


def test_rights_are_those_that_the_statements_need() -> None:
    """What is granted is used, and what is used is granted; reading goes with every other right."""
    needed = set().union(*(needed_by(one) for one in statements()))
    written = {(name, one) for name, given in RIGHTS.items() for one in given if one != "SELECT"}
    assert {one for one in needed if one[1] != "SELECT"} == written
    assert {name for name, _ in needed} <= set(RIGHTS) == set(metadata.tables) | {"alembic_version"}


def test_nobody_may_change_or_erase_the_journal_nor_what_was_signed() -> None:
    for table in ("journal", "messages", "inbox", "acknowledgements"):
        assert set(RIGHTS[table]) == {"SELECT", "INSERT"}


@pytest.mark.postgresql
def test_every_missing_right_is_told_and_the_sql_that_is_told_gives_it(guarded: Guarded) -> None:
    assert len(guarded.missing()) == len(RIGHTS)
    assert "SELECT, INSERT on journal" in guarded.missing()
    guarded.run(*guarded.remedies())
    assert guarded.missing() == []
    ledger = open_ledger(guarded.url, Secret(WORD))
    with ledger.begin() as work:
        work.submissions.add(a_submission("mine"))
        work.commit()
    with ledger.begin() as work:
        assert work.submissions.get(SubmissionId("mine")) is not None
    with pytest.raises(LedgerUnavailable, match="access is denied"), ledger._engine.begin() as connection:
        connection.execute(text("DELETE FROM journal"))
    ledger.close()
    engine = create_ledger_engine(guarded.url, Secret(WORD))
    changed = ("inbox", "messages", "questions", "acknowledgements")
    beyond = [f"UPDATE on {table}" for table in changed]
    beyond += [f"DELETE on {table}" for table in ("documents", "alerts")]
    assert [one.what for one in shortfalls(engine, PRUNING)] == beyond, "what is signed it can neither change nor prune"
    assert "UPDATE on messages" in [one.what for one in shortfalls(engine, ENCRYPTING)]
    engine.dispose()


@pytest.mark.postgresql
def test_a_schema_that_may_not_be_entered_is_told(guarded: Guarded) -> None:
    guarded.run(*guarded.remedies(), "REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    assert guarded.missing() == ["USAGE on schema public"]
    guarded.run(*guarded.remedies())
    assert guarded.missing() == []


@pytest.mark.postgresql
def test_a_server_that_takes_no_writes_is_told(guarded: Guarded) -> None:
    guarded.run(*guarded.remedies(), f"ALTER ROLE {guarded.role} SET default_transaction_read_only = on")
    assert guarded.missing() == ["a server that takes writes"]


@pytest.mark.postgresql
def test_a_database_that_cannot_hold_every_letter_is_told(
    guarded: Guarded, postgresql_server: PostgresqlServer
) -> None:
    name = f"ascii_{guarded.role}"
    guarded.run(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    url = make_url(guarded.owner_url).set(database=name).render_as_string(hide_password=False)
    engine = create_ledger_engine(url)
    upgrade(engine)
    assert [one.what for one in shortfalls(engine)] == ["a database in UTF8"]
    engine.dispose()
    postgresql_server.drop_database(url)


@pytest.mark.postgresql
@pytest.mark.parametrize("password", [None, Secret("guessed")])
def test_a_wrong_or_absent_password_is_told_and_not_shown(guarded: Guarded, password: Secret | None) -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        open_ledger(guarded.url, password)
    said = f"{caught.value} {caught.value.__cause__}"
    assert "guessed" not in said
    assert "login" in said or "cannot be reached" in said


@pytest.mark.postgresql
def test_a_password_is_in_no_address_and_no_repr(guarded: Guarded) -> None:
    engine = create_ledger_engine(guarded.url, Secret(WORD))
    assert engine.url.password is None
    assert WORD not in f"{engine!r} {engine.url.render_as_string(hide_password=False)} {vars(engine.dialect)}"


def test_a_ledger_file_that_may_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ledger.db"
    engine = create_ledger_engine(f"sqlite:///{file}")
    assert shortfalls(engine) == []
    upgrade(engine)
    assert shortfalls(engine) == []
    monkeypatch.setattr("os.access", lambda place, _: Path(place) not in {file, tmp_path})
    assert [one.what for one in shortfalls(engine)] == [
        f"the right to read and write {file}",
        f"the right to write the folder {tmp_path}",
    ]
    engine.dispose()


def test_a_ledger_in_memory_needs_no_rights() -> None:
    engine = create_ledger_engine("sqlite://")
    assert shortfalls(engine) == []
    engine.dispose()
