"""Databases that fail: each failure is one of the agent's errors, says what to do, and shows no secret."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, make_url, text

from support.ledger_values import BIN, a_submission
from usrec.adapters.persistence import SqlLedger, create_ledger_engine, engine, open_ledger
from usrec.adapters.persistence.failures import address_of
from usrec.domain.errors import ConfigurationError, InvariantViolation, LedgerUnavailable, ValidationProblem
from usrec.domain.source_event import ContractKey
from usrec.domain.submission import SubmissionId

SHORT = timedelta(milliseconds=50)

only_sqlite = pytest.mark.parametrize("shared_ledger", ["sqlite-file"], indirect=True)
only_postgresql = pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LOCK_WAIT", SHORT)
    own = f"lock_timeout = {engine._MILLISECONDS};"
    assert own in engine._POSTGRESQL_SETTINGS
    monkeypatch.setattr(engine, "_POSTGRESQL_SETTINGS", engine._POSTGRESQL_SETTINGS.replace(own, "lock_timeout = 50;"))


@pytest.fixture
def second(shared_ledger: SqlLedger, impatient: None) -> Iterator[SqlLedger]:
    """Give another agent on the same ledger, without patience."""
    ledger = open_ledger(shared_ledger._engine.url.render_as_string(hide_password=False))
    yield ledger
    ledger.close()


def kill_other_connections(ledger: SqlLedger) -> None:
    with psycopg.connect(
        ledger._engine.url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as killer:
        killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://u:secret@h/db", "oracle://u:secret@h/db", "", "http://", "postgresql://u:secret@h:port/db"],
)
def test_address_of_another_kind_is_a_setting_to_mend(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"\[ledger\] url") as caught:
        create_ledger_engine(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:secret@db.example:5433/ledger?password=secret", "ledger db.example/ledger"),
        ("postgresql://user:secret@/ledger?host=/run/postgresql", "ledger /run/postgresql/ledger"),
        ("postgresql://u@/ledger?host=db-a:5432&host=db-b:5432", "ledger db-a:5432,db-b:5432/ledger"),
        ("sqlite:////var/lib/usrec/ledger.db", "ledger /var/lib/usrec/ledger.db"),
        ("sqlite://", "ledger in memory"),
    ],
)
def test_ledger_is_named_without_user_and_password(url: str, shown: str) -> None:
    assert address_of(make_url(url)) == shown


def test_unreachable_server_is_waited_for_and_its_password_not_shown() -> None:
    with pytest.raises(LedgerUnavailable, match=r"127\.0\.0\.1/ledger: it cannot be reached") as caught:
        open_ledger("postgresql://usrec:secret@127.0.0.1:1/ledger")
    assert isinstance(caught.value.__cause__, psycopg.OperationalError)
    assert "Check that it runs, and url and password in [ledger]" in caught.value.next_step
    assert "secret" not in f"{caught.value} {caught.value.__cause__!r}"


@only_postgresql
def test_missing_database_is_named(shared_ledger: SqlLedger) -> None:
    with pytest.raises(LedgerUnavailable, match=r"nowhere.*does not exist"):
        open_ledger(shared_ledger._engine.url.set(database="nowhere").render_as_string(hide_password=False))


@only_sqlite
def test_locked_file_is_waited_for_and_nothing_is_lost(shared_ledger: SqlLedger, second: SqlLedger) -> None:
    with shared_ledger.begin() as work:
        work.submissions.add(a_submission())
        with pytest.raises(LedgerUnavailable, match="kept it locked for too long") as caught:
            second.begin().__enter__()
        work.commit()
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    with second.begin() as work:
        assert work.submissions.get(SubmissionId("s1")) == a_submission()


@only_postgresql
def test_locked_contract_is_waited_for_and_nothing_is_lost(shared_ledger: SqlLedger, second: SqlLedger) -> None:
    key = ContractKey("K-1")
    with shared_ledger.begin() as work:
        work.contracts.lock(BIN, key)
        with pytest.raises(LedgerUnavailable, match="kept a row locked for too long"), second.begin() as other:
            other.contracts.lock(BIN, key)
        work.commit()
    with second.begin() as other:
        other.contracts.lock(BIN, key)


def test_ledger_in_memory_is_busy_while_its_unit_of_work_is_open(impatient: None) -> None:
    ledger = open_ledger("sqlite://")
    with ledger.begin(), pytest.raises(LedgerUnavailable, match="connections are in use"):
        ledger.view.progress()
    assert ledger.view.progress().ready == 0
    ledger.close()


@only_sqlite
def test_full_disk_rolls_back_and_keeps_what_was_committed(shared_ledger: SqlLedger) -> None:
    with shared_ledger.begin() as work:
        work.submissions.add(a_submission("kept"))
        work.commit()
    shared_ledger._engine.dispose()
    event.listen(shared_ledger._engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 1"))
    with shared_ledger.begin() as work:
        work.submissions.add(a_submission("lost", details="x" * 1_000_000))
        with pytest.raises(LedgerUnavailable, match=r"disk is full.*Free some space"):
            work.writing.send()
    with shared_ledger.begin() as work:
        assert work.submissions.get(SubmissionId("kept")) is not None
        assert work.submissions.get(SubmissionId("lost")) is None


def test_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_text("a letter, and a long one at that" * 100)
    with pytest.raises(LedgerUnavailable, match="not an SQLite database"):
        open_ledger(f"sqlite:///{file}")
    assert file.read_text().startswith("a letter")


@only_sqlite
def test_read_only_file_says_what_right_is_missing(shared_ledger: SqlLedger) -> None:
    file = shared_ledger._engine.url.database
    ledger = open_ledger(f"sqlite:///file:{file}?mode=ro&uri=true")
    with ledger.begin() as work:
        work.submissions.add(a_submission())
        with pytest.raises(LedgerUnavailable, match=r"cannot be written.*right to write"):
            work.writing.send()
    ledger.close()


@only_postgresql
def test_connection_lost_in_a_unit_of_work_rolls_it_back(shared_ledger: SqlLedger) -> None:
    with shared_ledger.begin() as work:
        work.submissions.add(a_submission())
        kill_other_connections(shared_ledger)
        with pytest.raises(LedgerUnavailable, match="connection was lost"):
            work.submissions.get(SubmissionId("s1"))
    with shared_ledger.begin() as work:
        assert work.submissions.get(SubmissionId("s1")) is None


@only_postgresql
def test_connection_lost_at_commit_is_reported(shared_ledger: SqlLedger) -> None:
    with shared_ledger.begin() as work:
        work.submissions.add(a_submission())
        kill_other_connections(shared_ledger)
        with pytest.raises(LedgerUnavailable):
            work.commit()
    with shared_ledger.begin() as work:
        assert work.submissions.get(SubmissionId("s1")) is None


@only_postgresql
def test_connection_lost_while_idle_is_replaced_unnoticed(shared_ledger: SqlLedger) -> None:
    with shared_ledger.begin() as work:
        work.submissions.add(a_submission())
        work.commit()
    kill_other_connections(shared_ledger)
    with shared_ledger.begin() as work:
        assert work.submissions.get(SubmissionId("s1")) is not None


@only_postgresql
def test_agents_that_lock_crosswise_are_both_told_to_try_again(shared_ledger: SqlLedger) -> None:
    with shared_ledger._engine.connect() as connection, pytest.raises(LedgerUnavailable, match="collided"):
        connection.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"))


@only_postgresql
@pytest.mark.parametrize(
    ("code", "words"), [("57014", "statement_timeout"), ("25P03", "had stood still"), ("25006", "takes no writes")]
)
def test_what_the_server_cuts_off_is_named(shared_ledger: SqlLedger, code: str, words: str) -> None:
    with shared_ledger._engine.connect() as connection, pytest.raises(LedgerUnavailable, match=words):
        connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$"))


@only_postgresql
def test_agent_that_stands_still_in_a_transaction_lets_go_of_its_locks(
    shared_ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that was stopped does: the server ends the session, and nobody waits for it any longer."""
    monkeypatch.setattr(engine, "_POSTGRESQL_SETTINGS", "SET idle_in_transaction_session_timeout = 50")
    stopped = open_ledger(shared_ledger._engine.url.render_as_string(hide_password=False))
    with stopped.begin() as work:
        work.contracts.lock(BIN, ContractKey("K-1"))
        with shared_ledger.begin() as other:
            other.contracts.lock(BIN, ContractKey("K-1"))
            other.commit()
        with pytest.raises(LedgerUnavailable):
            work.contracts.lock(BIN, ContractKey("K-1"))
    stopped.close()


def test_wrong_statement_is_this_programs_fault(shared_ledger: SqlLedger) -> None:
    with shared_ledger._engine.connect() as connection, pytest.raises(InvariantViolation):
        connection.execute(text("SELEC 1"))
    with shared_ledger._engine.connect() as connection, pytest.raises(InvariantViolation):
        connection.execute(text("SELECT :missing"))


def test_commit_on_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    made = create_ledger_engine(f"sqlite:///{tmp_path / 'new.db'}")
    settings = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    with made.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {setting}").scalar_one() for setting in settings]
    made.dispose()
    assert found == ["wal", 2, 1, 10_000]


@only_postgresql
def test_commit_on_postgresql_is_not_weakened_by_the_agent(shared_ledger: SqlLedger) -> None:
    asked_for = ("TimeZone", "lock_timeout", "application_name", "idle_in_transaction_session_timeout")
    settings = ("transaction_isolation", *asked_for)
    with shared_ledger._engine.connect() as connection:
        found = [connection.exec_driver_sql(f"SHOW {setting}").scalar_one() for setting in settings]
        overridden = connection.exec_driver_sql(
            "SELECT source FROM pg_settings WHERE name IN ('synchronous_commit', 'fsync')"
        ).scalars()
        assert "client" not in set(overridden)
    assert found == ["read committed", "UTC", "10s", "usrec-agent", "1min"]


@only_sqlite
def test_a_damaged_text_is_told_without_its_words(shared_ledger: SqlLedger) -> None:
    with shared_ledger.begin() as work:
        work.submissions.add(a_submission())
        work.commit()
    with shared_ledger._engine.begin() as connection:
        connection.execute(
            text("UPDATE submissions SET details = CAST(:bytes AS TEXT)"), {"bytes": b"900101300007\xff"}
        )
    with (
        pytest.raises(InvariantViolation, match="a text in its tables is damaged") as caught,
        shared_ledger.begin() as work,
    ):
        work.submissions.get(SubmissionId("s1"))
    shows_no_value(caught)


@only_postgresql
def test_a_value_that_is_none_of_its_type_is_told_without_its_words(shared_ledger: SqlLedger) -> None:
    with (
        pytest.raises(ValidationProblem, match="field value out of range") as caught,
        shared_ledger.view._snapshot() as connection,
    ):
        connection.execute(text("SELECT CAST(CAST(:words AS text) AS date)"), {"words": "900101300007"})
    shows_no_value(caught)


def shows_no_value(caught: pytest.ExceptionInfo[Exception]) -> None:
    """Neither the error nor what it came from."""
    error: BaseException | None = caught.value
    while error is not None:
        assert "900101300007" not in str(error)
        error = error.__cause__
