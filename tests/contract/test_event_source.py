"""One behaviour for every event source: in memory, SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError

from support.hr_sides import NAME, HrSide, InMemoryHr, MariadbHr, PostgresqlHr, SqlHr, SqliteHr, Status
from support.mariadb import NO_MARIADB
from support.postgresql import PostgresqlServer
from usrec.adapters.sources.outbox_table import OutboxTableSource
from usrec.adapters.sources.texts import LONGEST
from usrec.domain.errors import ConfigurationError, SourceUnavailable
from usrec.domain.source_event import EventId, SourceRow
from usrec.ports.event_source import StatusNote

NOON = datetime(2026, 11, 20, 7, tzinfo=UTC)
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
MARIADB = pytest.param("mariadb", marks=NO_MARIADB)
EVENT: dict[str, Any] = {
    "event_type": "termination",
    "contract_key": "TD-00045-1",
    "employer_bin": "990240000012",
    "payload": '{"termination_date": "2026-11-20", "employee_name": "Әсел Ғаниқызы Һәмитова"}',
}


def _side(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> HrSide:
    match kind:
        case "memory":
            return InMemoryHr()
        case "sqlite":
            return SqliteHr(tmp_path / "кадры #1.db")
        case "mariadb":
            return MariadbHr(request.getfixturevalue("mariadb"), "hr_side")
        case _:
            return PostgresqlHr(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """An empty database, dropped after the test."""
    url = postgresql_server.new_database()
    yield url
    postgresql_server.drop_database(url)


@pytest.fixture(params=["memory", "sqlite", POSTGRESQL, MARIADB])
def hr(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HrSide]:
    side = _side(request.param, tmp_path, request)
    yield side
    side.close()


@pytest.fixture(params=["sqlite", POSTGRESQL, MARIADB])
def sql_hr(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HrSide]:
    side = _side(request.param, tmp_path, request)
    yield side
    side.close()


@pytest.fixture
def postgresql_hr(postgresql_url: str) -> Iterator[PostgresqlHr]:
    side = PostgresqlHr(postgresql_url)
    yield side
    side.close()


class TakenKeys:
    """The ledger's memory, as a read-only source asks for it."""

    def __init__(self) -> None:
        self.keys: set[tuple[EventId, int]] = set()
        self.questions = 0

    def __call__(self, keys: Collection[tuple[EventId, int]]) -> Collection[tuple[EventId, int]]:
        self.questions += 1
        return self.keys.intersection(keys)

    def take(self, rows: Collection[SourceRow]) -> None:
        self.keys.update((EventId(row.event_id or f"row:{row.row_ref}"), row.revision) for row in rows)


def note(row_ref: str, *, state: str = "accepted", at: datetime = NOON, revision: int = 1) -> StatusNote:
    return StatusNote(
        source=NAME,
        row_ref=row_ref,
        revision=revision,
        state=state,
        code="SCSS001",
        message="Тіркелді.",
        findings='[{"field": "begin_date"}]',
        contract_id="8d0a0e0c-0000-4000-8000-000000000001",
        legal_date=date(2026, 11, 25),
        noted_at=at,
        record_id="8d0a0e0c-0000-4000-8000-000000000002",
    )


def ids(rows: Collection[SourceRow]) -> list[str]:
    return [row.event_id for row in rows]


def test_row_arrives_exactly_as_hr_wrote_it(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1", revision=3, withdrawn=True, entered_at=NOON, **EVENT)
    [row] = source.fetch(10)
    assert row == SourceRow(
        source=NAME,
        row_ref=reference,
        event_id="E1",
        revision=3,
        withdrawn=True,
        entered_at=NOON,
        **EVENT,
    )


def test_source_tells_its_name_and_whether_it_may_write(hr: HrSide) -> None:
    assert hr.source().name == NAME
    assert hr.source().writable
    assert not hr.source(writable=False, known=TakenKeys()).writable


def test_rows_come_oldest_first_and_no_more_than_asked_for(hr: HrSide) -> None:
    source = hr.source()
    for number in range(5):
        hr.enter(f"E{number}")
    assert ids(source.fetch(3)) == ["E0", "E1", "E2"]


def test_row_comes_again_until_it_is_marked(hr: HrSide) -> None:
    source = hr.source()
    hr.enter("E1")
    rows = source.fetch(10)
    assert source.fetch(10) == rows
    source.mark_taken(rows)
    source.mark_taken(rows)
    assert source.fetch(10) == []


def test_more_rows_than_one_statement_holds_are_marked(hr: HrSide) -> None:
    source = hr.source()
    for number in range(1100):
        hr.enter(f"E{number}")
    rows = source.fetch(1050)
    source.mark_taken(rows)
    assert ids(source.fetch(1050)) == [f"E{number}" for number in range(1050, 1100)]


def test_row_with_lower_id_that_commits_late_is_found(hr: HrSide) -> None:
    source = hr.source()
    hr.enter("later id", row_id=20)
    source.mark_taken(source.fetch(10))
    hr.enter("earlier id", row_id=7)
    assert ids(source.fetch(10)) == ["earlier id"]


def test_row_that_hr_changes_after_the_fetch_is_fetched_again(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1", payload='{"a": "1"}')
    rows = source.fetch(10)
    hr.edit(reference, payload='{"a": "2"}')
    source.mark_taken(rows)
    assert [row.payload for row in source.fetch(10)] == ['{"a": "2"}']


def test_one_changed_row_does_not_keep_the_others_from_being_marked(hr: HrSide) -> None:
    source = hr.source()
    first, _second = hr.enter("E1"), hr.enter("E2")
    rows = source.fetch(10)
    hr.edit(first, payload='{"a": "2"}')
    source.mark_taken(rows)
    assert ids(source.fetch(10)) == ["E1"]


def test_correction_in_a_new_row_is_delivered(hr: HrSide) -> None:
    source = hr.source()
    hr.enter("E1")
    source.mark_taken(source.fetch(10))
    hr.enter("E1", revision=2)
    assert [(row.event_id, row.revision) for row in source.fetch(10)] == [("E1", 2)]


def test_correction_in_place_with_a_higher_revision_is_delivered(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1")
    source.mark_taken(source.fetch(10))
    hr.edit(reference, payload='{"a": "2"}', revision=2)
    assert [(row.revision, row.payload) for row in source.fetch(10)] == [(2, '{"a": "2"}')]


def test_deleted_row_is_neither_marked_nor_noted(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1")
    rows = source.fetch(10)
    hr.delete(reference)
    source.mark_taken(rows)
    source.write_back([note(reference)])
    assert source.fetch(10) == []


def test_status_is_written_to_its_row_only(hr: HrSide) -> None:
    source = hr.source()
    first, second = hr.enter("E1"), hr.enter("E2")
    source.write_back([note(first)])
    assert hr.status_of(first) == Status(
        state="accepted",
        code="SCSS001",
        message="Тіркелді.",
        findings='[{"field": "begin_date"}]',
        contract_id="8d0a0e0c-0000-4000-8000-000000000001",
        record_id="8d0a0e0c-0000-4000-8000-000000000002",
        legal_date=date(2026, 11, 25),
        noted_at=NOON,
    )
    assert hr.status_of(second) is None


def test_status_without_contract_or_term_is_written(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1")
    source.write_back([replace(note(reference), contract_id=None, record_id=None, legal_date=None)])
    status = hr.status_of(reference)
    assert status is not None
    assert (status.contract_id, status.record_id, status.legal_date) == (None, None, None)


def test_older_note_never_overwrites_a_newer_one(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1")
    source.write_back([note(reference, state="accepted")])
    source.write_back([note(reference, state="pending", at=NOON - timedelta(microseconds=1))])
    assert _state(hr, reference) == "accepted"
    source.write_back([note(reference, state="cancelled", at=NOON + timedelta(microseconds=1))])
    assert _state(hr, reference) == "cancelled"


def test_newest_note_of_a_batch_wins_whatever_its_place(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1")
    source.write_back([note(reference, state="accepted"), note(reference, state="pending", at=NOON - timedelta(1))])
    assert _state(hr, reference) == "accepted"


def test_same_note_may_be_written_twice(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1")
    source.write_back([note(reference)])
    source.write_back([note(reference)])
    assert _state(hr, reference) == "accepted"


def test_note_about_an_earlier_revision_is_not_written_to_the_corrected_row(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1")
    hr.edit(reference, payload="{}", revision=2)
    source.write_back([note(reference, state="invalid", revision=1)])
    assert hr.status_of(reference) is None
    source.write_back([note(reference, revision=2)])
    assert _state(hr, reference) == "accepted"


def test_note_does_not_bring_a_taken_row_back(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1")
    source.mark_taken(source.fetch(10))
    source.write_back([note(reference)])
    assert source.fetch(10) == []


def test_read_only_source_delivers_what_the_ledger_does_not_know(hr: HrSide) -> None:
    taken = TakenKeys()
    source = hr.source(writable=False, known=taken)
    for number in range(5):
        hr.enter(f"E{number}")
    first = source.fetch(2)
    assert ids(first) == ["E0", "E1"]
    taken.take(first)
    assert ids(source.fetch(10)) == ["E2", "E3", "E4"]


def test_read_only_source_finds_rows_that_commit_late_and_corrections(hr: HrSide) -> None:
    taken = TakenKeys()
    source = hr.source(writable=False, known=taken)
    hr.enter("later id", row_id=20)
    taken.take(source.fetch(10))
    hr.enter("earlier id", row_id=7)
    hr.enter("later id", revision=2, row_id=21)
    assert [(row.event_id, row.revision) for row in source.fetch(10)] == [("earlier id", 1), ("later id", 2)]


def test_read_only_source_does_not_repeat_a_row_without_an_id(hr: HrSide) -> None:
    taken = TakenKeys()
    source = hr.source(writable=False, known=taken)
    hr.enter("")
    hr.enter("E1")
    taken.take(source.fetch(1))
    assert ids(source.fetch(1)) == ["E1"]


def test_read_only_source_writes_nothing(hr: HrSide) -> None:
    taken = TakenKeys()
    source = hr.source(writable=False, known=taken)
    reference = hr.enter("E1")
    rows = source.fetch(10)
    source.mark_taken(rows)
    source.write_back([note(reference)])
    assert source.fetch(10) == rows
    assert hr.status_of(reference) is None


def test_read_only_source_reads_a_long_table_page_by_page(hr: HrSide) -> None:
    taken = TakenKeys()
    source = hr.source(writable=False, known=taken)
    for number in range(2100):
        hr.enter(f"E{number}")
    rows = source.fetch(5000)
    assert ids(rows) == [f"E{number}" for number in range(2100)]
    taken.take(rows)
    hr.enter("new")
    assert ids(source.fetch(5000)) == ["new"]


def test_read_only_source_without_the_ledgers_memory_is_refused(hr: HrSide) -> None:
    with pytest.raises(ValueError, match="known"):
        hr.source(writable=False)


def test_unreachable_database_is_said_so_by_every_method(hr: HrSide) -> None:
    source = hr.source()
    reference = hr.enter("E1")
    rows = source.fetch(10)
    hr.go_offline()
    with pytest.raises(SourceUnavailable, match="hr"):
        source.fetch(10)
    with pytest.raises(SourceUnavailable, match="hr"):
        source.mark_taken(rows)
    with pytest.raises(SourceUnavailable, match="hr"):
        source.write_back([note(reference)])


def test_malformed_cells_become_a_row_and_never_stop_the_others(sql_hr: SqlHr) -> None:
    """An HR database whose own table lacks our types and constraints."""
    sql_hr.execute("DROP TABLE usrec_outbox")
    names = [
        *("event_id", "revision", "event_type", "contract_key", "employer_bin", "payload", "withdrawn", "entered_at"),
        *("taken_at", "usrec_state"),
    ]
    columns = ", ".join(f"{name} text" for name in names)
    sql_hr.execute(f"CREATE TABLE usrec_outbox (row_id integer PRIMARY KEY, {columns})")
    sql_hr.execute("INSERT INTO usrec_outbox (row_id) VALUES (1)")
    malformed = {
        2: ("E2", "two", "not json", "true", "20.11.2026"),
        3: ("E3", "0", "[]", "1", "2026-11-20 12:00:00"),
        4: ("E4", "-1", '{"a": ', "f", "infinity"),
        5: ("E5", "99999999999", "{}", "perhaps", "9999-12-31T23:59:59-14:00"),
        6: ("E6", "1.5", "{}", "0", "0001-01-01T00:00:00+14:00"),
        7: ("E7", " 2 ", "{}", "", "2026-11-20T12:00:00.5+05"),
    }
    insert = "INSERT INTO usrec_outbox (row_id, event_id, revision, payload, withdrawn, entered_at)"
    for row_id, cells in malformed.items():
        sql_hr.execute(f"{insert} VALUES (?, ?, ?, ?, ?, ?)", row_id, *cells)
    naive = datetime(2026, 11, 20, 12, tzinfo=UTC) if isinstance(sql_hr, MariadbHr) else None
    rows = sql_hr.source().fetch(10)
    assert rows[0] == SourceRow(NAME, "1", "", 0, "", "", "", "", withdrawn=False, entered_at=None)
    assert [(row.event_id, row.revision, row.withdrawn, row.entered_at) for row in rows[1:]] == [
        ("E2", 0, True, None),
        ("E3", 0, True, naive),
        ("E4", 0, False, None),
        ("E5", 0, False, None),
        ("E6", 0, False, None),
        ("E7", 2, False, datetime(2026, 11, 20, 7, 0, 0, 500_000, tzinfo=UTC)),
    ]
    assert [row.payload for row in rows[1:4]] == ["not json", "[]", '{"a": ']


def test_row_with_a_payload_of_any_length_is_fetched_cut_off_and_can_be_marked(sql_hr: SqlHr) -> None:
    """A scan in each payload of a portion must not fill the agent's memory; the rules refuse what was cut off."""
    source = sql_hr.source()
    sql_hr.enter("E1", payload='{"scan": "' + "ә" * LONGEST + '"}')
    sql_hr.enter("E2", payload='{"scan": "' + "ә" * (LONGEST - 12) + '"}')
    long, whole = source.fetch(2)
    assert len(long.payload) == LONGEST
    assert len(json.loads(whole.payload)["scan"]) == LONGEST - 12
    source.mark_taken([long, whole])
    assert ids(source.fetch(2)) == []


def test_malformed_rows_can_be_marked(sql_hr: SqlHr) -> None:
    """Otherwise they would fill every batch."""
    source = sql_hr.source()
    sql_hr.enter("E1", revision=-5, payload=None, contract_key=None, event_type="\u0130\u2028")
    sql_hr.enter("E2")
    source.mark_taken(source.fetch(1))
    assert ids(source.fetch(1)) == ["E2"]


def test_view_without_our_status_columns_is_enough_to_read(sql_hr: SqlHr) -> None:
    sql_hr.enter("E1", **EVENT)
    sql_hr.execute(
        "CREATE VIEW contract_events AS SELECT row_id, event_id, revision, event_type, contract_key, employer_bin,"
        " payload, withdrawn, entered_at FROM usrec_outbox"
    )
    source = OutboxTableSource(NAME, sql_hr.url, writable=False, table="contract_events", known=TakenKeys())
    assert ids(source.fetch(10)) == ["E1"]
    source.close()


def test_missing_table_is_named(sql_hr: SqlHr) -> None:
    source = OutboxTableSource(NAME, sql_hr.url, table="no_such_table")
    with pytest.raises(SourceUnavailable, match="no_such_table"):
        source.fetch(10)
    source.close()


def test_ddl_gives_each_row_an_id_a_revision_and_the_time_of_entry(sql_hr: SqlHr) -> None:
    sql_hr.execute("INSERT INTO usrec_outbox (event_id) VALUES ('E1')")
    [row] = sql_hr.source().fetch(10)
    assert (row.row_ref, row.revision, row.withdrawn) == ("1", 1, False)
    assert row.entered_at is not None
    assert datetime.now(UTC) - row.entered_at < timedelta(minutes=5)


def test_ddl_refuses_the_same_revision_twice(sql_hr: SqlHr) -> None:
    sql_hr.enter("E1")
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation, IntegrityError)):
        sql_hr.enter("E1")


def test_time_of_taking_is_written_with_its_zone(sql_hr: SqlHr) -> None:
    source = sql_hr.source()
    sql_hr.enter("E1")
    source.mark_taken(source.fetch(1))
    [(taken,)] = sql_hr.execute("SELECT taken_at FROM usrec_outbox")
    instant = datetime.fromisoformat(taken) if isinstance(taken, str) else taken
    assert abs(datetime.now(UTC) - instant) < timedelta(minutes=5)


def test_missing_sqlite_file_is_never_created(tmp_path: Path) -> None:
    path = tmp_path / "hr.db"
    source = OutboxTableSource(NAME, f"sqlite:///{path}")
    with pytest.raises(SourceUnavailable, match="no such file"):
        source.fetch(10)
    assert not path.exists()


def test_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "hr.db"
    path.write_text("employee,contract\n" * 100)
    with pytest.raises(SourceUnavailable, match="not a database"):
        OutboxTableSource(NAME, f"sqlite:///{path}").fetch(10)


def test_sqlite_text_in_another_encoding_does_not_stop_the_others(tmp_path: Path) -> None:
    hr = SqliteHr(tmp_path / "hr.db")
    hr.execute("INSERT INTO usrec_outbox (event_id, payload) VALUES ('E1', CAST(x'7b22d0e6227d' AS TEXT))")
    hr.execute("INSERT INTO usrec_outbox (event_id, payload) VALUES ('E2', x'7b00ff7d')")
    hr.enter("E3")
    source = hr.source()
    rows = source.fetch(10)
    assert ids(rows) == ["E1", "E2", "E3"]
    assert "\x00" not in rows[1].payload
    source.mark_taken(rows)
    assert source.fetch(10) == []
    hr.close()


def test_sqlite_database_that_hr_is_writing_is_unavailable_for_marking_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usrec.adapters.sources.hr_database._SQLITE_WAIT_SECONDS", 0.01)
    hr = SqliteHr(tmp_path / "hr.db")
    hr.enter("E1")
    source = hr.source()
    hr.execute("BEGIN IMMEDIATE")
    rows = source.fetch(10)
    with pytest.raises(SourceUnavailable, match="locked"):
        source.mark_taken(rows)
    hr.execute("COMMIT")
    source.mark_taken(rows)
    assert source.fetch(10) == []
    hr.close()


@pytest.mark.parametrize(
    "url", ["", "hr.db", "sqlite://", "sqlite:///:memory:", "db2://u:hidden@h/db", "postgresql://u:hidden@h:port/db"]
)
def test_unusable_url_is_a_configuration_error_without_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        OutboxTableSource(NAME, url)
    assert "source.hr" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_unreachable_server_is_named_without_the_password() -> None:
    url = "postgresql://agent:s3cret@127.0.0.1:1/hr?password=s3cret"
    with pytest.raises(SourceUnavailable) as caught:
        OutboxTableSource(NAME, url).fetch(1)
    assert "127.0.0.1" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.postgresql
def test_transaction_that_began_first_and_commits_last_is_found(postgresql_hr: PostgresqlHr) -> None:
    source = postgresql_hr.source()
    insert = "INSERT INTO usrec_outbox (event_id) VALUES (%s) RETURNING row_id"
    with postgresql_hr.connect(autocommit=False) as slow, postgresql_hr.connect(autocommit=False) as quick:
        early = slow.execute(insert, ("A",)).fetchone()
        late = quick.execute(insert, ("B",)).fetchone()
        assert early is not None
        assert late is not None
        assert early < late
        quick.commit()
        rows = source.fetch(10)
        assert ids(rows) == ["B"]
        source.mark_taken(rows)
        assert source.fetch(10) == []
        slow.commit()
    rows = source.fetch(10)
    assert ids(rows) == ["A"]
    source.mark_taken(rows)
    assert source.fetch(10) == []


@pytest.mark.postgresql
def test_read_only_account_finds_the_transaction_that_commits_last(postgresql_hr: PostgresqlHr) -> None:
    taken = TakenKeys()
    source = postgresql_hr.source(writable=False, known=taken)
    insert = "INSERT INTO usrec_outbox (event_id) VALUES (%s)"
    with postgresql_hr.connect(autocommit=False) as slow:
        slow.execute(insert, ("A",))
        postgresql_hr.enter("B")
        taken.take(source.fetch(10))
        slow.commit()
    assert ids(source.fetch(10)) == ["A"]


@pytest.mark.postgresql
def test_row_that_rolls_back_is_never_delivered(postgresql_hr: PostgresqlHr) -> None:
    source = postgresql_hr.source()
    with postgresql_hr.connect(autocommit=False) as hr_session:
        hr_session.execute("INSERT INTO usrec_outbox (event_id) VALUES ('A')")
        assert source.fetch(10) == []
        hr_session.rollback()
    assert source.fetch(10) == []


@pytest.mark.postgresql
def test_row_that_hr_is_changing_is_skipped_without_waiting_and_fetched_again(postgresql_hr: PostgresqlHr) -> None:
    source = postgresql_hr.source()
    postgresql_hr.enter("E1")
    postgresql_hr.enter("E2")
    rows = source.fetch(10)
    with postgresql_hr.connect(autocommit=False) as hr_session:
        hr_session.execute("UPDATE usrec_outbox SET payload = '{\"a\": \"2\"}' WHERE event_id = 'E1'")
        source.mark_taken(rows)
        hr_session.commit()
    assert [row.payload for row in source.fetch(10)] == ['{"a": "2"}']


@pytest.mark.postgresql
def test_jsonb_payload_and_a_foreign_date_style_are_read(postgresql_hr: PostgresqlHr) -> None:
    postgresql_hr.execute("ALTER TABLE usrec_outbox ALTER payload TYPE jsonb USING payload::jsonb")
    database = postgresql_hr.connection.info.dbname
    postgresql_hr.execute(f"ALTER DATABASE \"{database}\" SET datestyle = 'SQL, DMY'")
    postgresql_hr.execute(f"ALTER DATABASE \"{database}\" SET timezone = 'Asia/Almaty'")
    postgresql_hr.execute(
        "INSERT INTO usrec_outbox (event_id, payload, entered_at) VALUES"
        " ('E1', '{\"b\": \"Ә\", \"a\": \"1\"}', '2026-11-20 12:00+05'), ('E2', '[]', 'infinity')"
    )
    source = postgresql_hr.source()
    rows = source.fetch(10)
    assert [(row.payload, row.entered_at) for row in rows] == [('{"a": "1", "b": "Ә"}', NOON), ("[]", None)]
    source.mark_taken(rows)
    assert source.fetch(10) == []


@pytest.mark.postgresql
def test_rights_of_the_documented_account_are_enough(postgresql_hr: PostgresqlHr) -> None:
    """The grants that schemas/hr-outbox/postgresql.sql shows as an example."""
    role = "usrec_agent_of_" + postgresql_hr.connection.info.dbname
    for statement in _documented_grants():
        if "hr_app" not in statement:
            postgresql_hr.execute(statement.replace("usrec_agent", role).replace("PASSWORD '...'", ""))
    reference = postgresql_hr.enter("E1")
    source = postgresql_hr.source()
    _act_as(source, role)
    source.mark_taken(source.fetch(10))
    source.write_back([note(reference)])
    assert _state(postgresql_hr, reference) == "accepted"
    with postgresql_hr.connect() as agent:
        agent.execute(f'SET ROLE "{role}"'.encode())
        for forbidden in ("DELETE FROM usrec_outbox", "UPDATE usrec_outbox SET payload = ''"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                agent.execute(forbidden.encode())
    source.close()
    postgresql_hr.execute(f'DROP OWNED BY "{role}"')
    postgresql_hr.execute(f'DROP ROLE "{role}"')


@pytest.mark.postgresql
def test_failure_of_a_write_repeats_nothing_of_the_row(postgresql_hr: PostgresqlHr) -> None:
    """PostgreSQL's DETAIL shows the whole failing row."""
    postgresql_hr.execute("ALTER TABLE usrec_outbox ADD CHECK (usrec_state <> 'accepted')")
    reference = postgresql_hr.enter("E1", **EVENT)
    with pytest.raises(SourceUnavailable) as caught:
        postgresql_hr.source().write_back([note(reference)])
    assert "check constraint" in str(caught.value)
    assert "Әсел" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


def _state(hr: HrSide, row_ref: str) -> str | None:
    status = hr.status_of(row_ref)
    return None if status is None else status.state


def _documented_grants() -> list[str]:
    from usrec.adapters.sources.outbox_ddl import outbox_ddl

    lines = [line.removeprefix("--").strip() for line in outbox_ddl("postgresql").splitlines() if line.startswith("--")]
    comment = " ".join(lines)
    statements = [part.strip() for part in comment.replace("CREATE ROLE", ";CREATE ROLE").split(";")]
    return [part for part in statements if part.startswith(("CREATE ROLE", "GRANT"))]


def _act_as(source: OutboxTableSource, role: str) -> None:
    from sqlalchemy import event

    engine = source._database._engine
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(f'SET LOCAL ROLE "{role}"'))


# -- several of HR's transactions at once


class Writers:
    """Transactions of HR's that run side by side and end in any order; an SQLite file has one writer at a time."""

    def __init__(self, hr: SqlHr, chance: random.Random) -> None:
        self.engine = create_engine(hr.url)
        self.most = 1 if self.engine.dialect.name == "sqlite" else 5
        self.chance = chance
        self.open: list[tuple[Connection, list[str]]] = []
        self.committed: list[str] = []

    def enter(self, event_id: str) -> None:
        """One more row, in a transaction that is open or in a new one."""
        if (len(self.open) < self.most and self.chance.random() < 0.5) or not self.open:
            self.open.append((self.engine.connect(), []))
        connection, rows = self.chance.choice(self.open)
        connection.execute(text("INSERT INTO usrec_outbox (event_id) VALUES (:one)"), {"one": event_id})
        rows.append(event_id)

    def end(self, *, kept: bool) -> None:
        """Any of those that are open is over."""
        if self.open:
            connection, rows = self.open.pop(self.chance.randrange(len(self.open)))
            if kept:
                connection.commit()
                self.committed += rows
            connection.close()


@pytest.mark.parametrize("writable", [True, False], ids=["marks", "only reads"])
def test_whatever_order_writers_commit_in_no_row_is_missed_or_given_twice(sql_hr: SqlHr, *, writable: bool) -> None:
    taken, given = TakenKeys(), list[str]()
    source = sql_hr.source() if writable else sql_hr.source(writable=False, known=taken)
    chance = random.Random(20261123)
    writers = Writers(sql_hr, chance)

    def take() -> None:
        while rows := source.fetch(3):
            if writers.most == 1:
                writers.end(kept=True)
            source.mark_taken(rows)
            taken.take(rows)
            given.extend(ids(rows))

    for number in range(120):
        writers.enter(f"E-{number}")
        if chance.random() < 0.4:
            writers.end(kept=chance.random() < 0.8)
        if chance.random() < 0.4:
            take()
    while writers.open:
        writers.end(kept=True)
    take()
    writers.engine.dispose()
    assert sorted(given) == sorted(writers.committed)
    numbers = [int(one.removeprefix("E-")) for one in given]
    late = [one for place, one in enumerate(numbers) if one < max(numbers[: place + 1])]
    assert writers.most == 1 or len(late) > 20, "many were entered early and committed late"
