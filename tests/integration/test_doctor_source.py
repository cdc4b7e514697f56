"""`usrec doctor` on the HR databases, SQLite files and real PostgreSQL accounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from support.hr_sides import PostgresqlHr, SqliteHr
from support.ledger_values import a_row
from support.patient import Patient, provokes, provokes_each
from support.postgresql import PostgresqlServer
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import open_ledger
from usrec.domain.source_event import EventId, SourceName
from usrec.interfaces.doctor import source_check as say
from usrec.interfaces.doctor.finding import Kind
from usrec.interfaces.doctor.source_check import examine_sources

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(NOW))


@pytest.fixture
def hr(patient: Patient) -> Iterator[SqliteHr]:
    side = SqliteHr(patient.folder / "hr.db")
    yield side
    side.close()


@provokes(say.EMPTY)
def test_a_table_without_waiting_rows_is_right(patient: Patient, hr: SqliteHr) -> None:
    assert list(patient.says(examine_sources)) == ["source.empty"]


@provokes(say.UNPROVEN)
def test_a_kind_of_server_that_nobody_tried_is_told(patient: Patient) -> None:
    patient.tables["source.hr"]["url"] = "oracle://agent@127.0.0.1:1/?service_name=HR"
    assert patient.says(examine_sources)["source.unproven"].values["product"] == "Oracle"


@provokes_each({say.WAITING: timedelta(minutes=59), say.LEFT_LYING: timedelta(hours=2)})
def test_waiting_rows_are_counted_with_the_age_of_the_oldest(
    kind: Kind, case: timedelta, patient: Patient, hr: SqliteHr
) -> None:
    hr.enter("hire-1", entered_at=(NOW - timedelta(days=9)).isoformat())
    hr.execute("UPDATE usrec_outbox SET taken_at = 'long ago'")
    hr.enter("hire-2", entered_at=(NOW - case).isoformat())
    hr.enter("hire-3", entered_at=NOW.isoformat())
    said = patient.says(examine_sources)
    assert list(said) == [kind.id]
    assert (said[kind.id].values["number"], said[kind.id].values["age"]) == (2, case)


@provokes(say.WAITING)
def test_a_row_that_does_not_tell_when_it_was_entered_is_counted_all_the_same(patient: Patient, hr: SqliteHr) -> None:
    hr.enter("hire-1", entered_at="on Monday")
    assert patient.says(examine_sources)["source.waiting"].values["number"] == 1


@provokes(say.FORGOTTEN)
def test_rows_that_were_taken_and_that_the_ledger_has_forgotten_are_counted(patient: Patient, hr: SqliteHr) -> None:
    """A failover or a restored backup has lost T1: HR's mark alone knows that somebody took them."""
    hr.enter("hire-1")
    hr.enter("hire-2")
    hr.execute("UPDATE usrec_outbox SET taken_at = 'just now'")
    assert list(patient.says(examine_sources)) == ["source.empty"], "without a ledger nothing is known"
    assert not (patient.folder / "ledger.db").exists()
    patient.make_ledger()
    ledger = open_ledger(f"sqlite:///{patient.folder / 'ledger.db'}")
    with ledger.begin() as work:
        row = replace(a_row("hire-1"), source=SourceName("hr"))
        work.inbox.add(row, EventId("hire-1"), work.inbox.fingerprint(row.canonical()), NOW)
        work.commit()
    ledger.close()
    said = patient.says(examine_sources)
    assert list(said) == ["source.empty", "source.forgotten"]
    assert (said["source.forgotten"].values["number"], said["source.forgotten"].about) == (1, "hr")


@provokes(say.READ_ONLY)
def test_a_read_only_table_needs_no_column_to_write(patient: Patient, hr: SqliteHr) -> None:
    for column in ("taken_at", "usrec_state"):
        hr.execute("DROP INDEX IF EXISTS usrec_outbox_new")
        hr.execute(f"ALTER TABLE usrec_outbox RENAME COLUMN {column} TO other_{column}")
    patient.tables["source.hr"]["read_only"] = True
    assert list(patient.says(examine_sources)) == ["source.read_only"]


@provokes(say.NO_COLUMNS)
def test_missing_columns_are_named(patient: Patient, hr: SqliteHr) -> None:
    for column in ("payload", "usrec_findings"):
        hr.execute(f"ALTER TABLE usrec_outbox RENAME COLUMN {column} TO other_{column}")
    said = patient.says(examine_sources)
    assert list(said) == ["source.no_columns"]
    assert said["source.no_columns"].values["columns"] == "payload, usrec_findings"


@provokes(say.NO_TABLE, say.EMPTY)
def test_one_source_hides_not_another(patient: Patient, hr: SqliteHr) -> None:
    patient.tables["source.branch"] = {"kind": "outbox", "url": "sqlite:///hr.db", "table": "elsewhere"}
    said = patient.says(examine_sources)
    assert {kind: line.about for kind, line in said.items()} == {"source.no_table": "branch", "source.empty": "hr"}


@provokes_each(
    {
        say.UNREACHABLE: "sqlite:///missing.db",
        say.UNUSABLE: "db2://somewhere/hr",
    }
)
def test_a_database_that_cannot_be_asked_fails(kind: Kind, case: str, patient: Patient) -> None:
    patient.tables["source.hr"]["url"] = case
    assert list(patient.says(examine_sources)) == [kind.id]
    assert not (patient.folder / "missing.db").exists()


@pytest.fixture
def database(postgresql_server: PostgresqlServer) -> Iterator[str]:
    url = postgresql_server.new_database()
    side = PostgresqlHr(url)
    side.enter("hire-1", entered_at=NOW - timedelta(minutes=5))
    side.close()
    yield url
    postgresql_server.drop_database(url)


@provokes(say.WAITING)
def test_a_postgresql_source_is_looked_at_the_same_way(patient: Patient, database: str) -> None:
    patient.tables["source.hr"] |= {"url": database, "table": "public.usrec_outbox"}
    line = patient.says(examine_sources)["source.waiting"]
    assert (line.values["number"], line.values["age"]) == (1, timedelta(minutes=5))


class Account:
    """An account at the HR database that may do what it is granted."""

    def __init__(self, server: PostgresqlServer, url: str) -> None:
        self._server, self._url = server, url
        self.name = server.new_role("the account's word")

    @property
    def url(self) -> str:
        return make_url(self._url).set(username=self.name).render_as_string(hide_password=False)

    def grant(self, right: str) -> None:
        owner = make_url(self._url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(owner) as connection:
            connection.execute(f'GRANT {right} ON usrec_outbox TO "{self.name}"'.encode())

    def drop(self) -> None:
        self._server.drop_role(self.name, self._url)


@pytest.fixture
def account(postgresql_server: PostgresqlServer, database: str, patient: Patient) -> Iterator[Account]:
    account = Account(postgresql_server, database)
    word = patient.folder / "account.password"
    word.touch(mode=0o600)
    word.write_text("the account's word", "utf-8")
    patient.tables["source.hr"] |= {"url": account.url, "password": {"file": str(word)}}
    yield account
    account.drop()


@provokes(say.NOT_READABLE, say.NOT_WRITABLE)
def test_an_account_without_rights_is_told_both(patient: Patient, account: Account) -> None:
    said = patient.says(examine_sources)
    assert set(said) == {"source.not_readable", "source.not_writable"}
    assert "payload" in said["source.not_readable"].text


@provokes(say.NOT_WRITABLE)
def test_an_account_that_may_write_some_columns_lacks_the_others(patient: Patient, account: Account) -> None:
    account.grant("SELECT")
    account.grant(
        "UPDATE (taken_at, usrec_state, usrec_code, usrec_message, usrec_findings, usrec_contract_id, usrec_record_id)"
    )
    said = patient.says(examine_sources)
    assert said["source.not_writable"].values["columns"] == "usrec_legal_date, usrec_noted_at"


@provokes(say.READ_ONLY)
def test_an_account_that_may_only_read_suits_a_read_only_source(patient: Patient, account: Account) -> None:
    account.grant("SELECT")
    patient.tables["source.hr"]["read_only"] = True
    assert list(patient.says(examine_sources)) == ["source.read_only"]


@provokes(say.UNREACHABLE)
def test_a_wrong_password_is_told_and_not_shown(patient: Patient, account: Account) -> None:
    (patient.folder / "account.password").write_text("not-to-be-shown-91", "utf-8")
    line = patient.says(examine_sources)["source.unreachable"]
    assert "password authentication failed" in line.text
    assert "not-to-be-shown-91" not in line.text + line.advice
