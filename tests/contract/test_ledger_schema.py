"""The ledger's schema: made by migrations alone, the same as the program's tables, never used at another version."""

import json
import shutil
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from support.ledger_values import BIN, HOUR, NOW, SOURCE, a_message, a_note, a_submission, an_alert, enqueued
from support.postgresql import PostgresqlServer
from usrec.adapters.persistence import SqlLedger, create_ledger_engine, delivery_tables, open_ledger, tables
from usrec.adapters.persistence.schema import (
    alembic_config,
    current_revision,
    head_revision,
    require_current,
    upgrade,
    upgrade_sql,
)
from usrec.domain.alert import Threshold, Watched
from usrec.domain.employer_stop import AGENT, EmployerStop
from usrec.domain.errors import LedgerSchemaError, LedgerUnavailable
from usrec.domain.message import RenderedMessage
from usrec.domain.signing_request import SigningRequest
from usrec.domain.source_event import ContractKey, EmployerName, Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason

CATALOGUES = {
    "sqlite": (
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'index') "
        "AND tbl_name NOT IN ('alembic_version', 'sqlite_sequence')"
    ),
    "postgresql": """
        SELECT table_name, column_name, concat_ws(' ', data_type, is_nullable, collation_name, column_default,
            is_identity, identity_generation)
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
        UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass
    """,
}


def catalogue(engine: Engine) -> dict[tuple[str, str], set[str]]:
    """Every table, column, index and constraint in the database's own words, constraints in no order."""
    with engine.connect() as connection:
        rows = connection.execute(text(CATALOGUES[engine.dialect.name])).all()
    return {(kind, name): _parts(str(definition)) for kind, name, definition in rows}


def _parts(definition: str) -> set[str]:
    return set(" ".join(definition.split()).removesuffix(" )").split(", CONSTRAINT "))


def downgrade(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), revision)


@pytest.fixture(scope="module")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the migrations make, to be copied: they take longer than what is asked of it."""
    file = tmp_path_factory.mktemp("migrated") / "ledger.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="module")
def migrated_database(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """The same on PostgreSQL."""
    url = postgresql_server.new_database()
    _migrate(url)
    yield url
    postgresql_server.drop_database(url)


def _migrate(url: str) -> None:
    engine = create_ledger_engine(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite-file", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give an engine on a copy that no other test touches."""
    if request.param == "sqlite-file":
        file = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "migrated.db")
        engine = create_ledger_engine(f"sqlite:///{file}")
        yield engine
        engine.dispose()
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    url = server.new_database(like=request.getfixturevalue("migrated_database"))
    engine = create_ledger_engine(url)
    yield engine
    engine.dispose()
    server.drop_database(url)


def test_empty_database_is_upgraded_to_this_version(empty_engine: Engine) -> None:
    assert current_revision(empty_engine) is None
    upgrade(empty_engine)
    assert current_revision(empty_engine) == head_revision()
    require_current(empty_engine)


def test_upgrading_again_changes_nothing(migrated: Engine) -> None:
    key = text("SELECT fingerprint_key FROM ledger_meta")
    with migrated.connect() as connection:
        before = connection.execute(key).scalar_one()
    upgrade(migrated)
    with migrated.connect() as connection:
        assert connection.execute(key).scalar_one() == before
    assert len(before) == 32


def test_version_of_the_program_is_that_of_the_newest_migration(migrated: Engine) -> None:
    with migrated.connect() as connection:
        assert ScriptDirectory.from_config(alembic_config(connection)).get_heads() == [head_revision()]


def test_program_and_migrations_mean_the_same_tables(migrated: Engine) -> None:
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.submissions.metadata) == []
    made_by_migrations = catalogue(migrated)
    downgrade(migrated, "base")
    assert catalogue(migrated) == {}
    tables.submissions.metadata.create_all(migrated)
    assert catalogue(migrated) == made_by_migrations
    assert delivery_tables.outbox.metadata is tables.submissions.metadata


def test_ledger_comes_down_and_up_again(migrated: Engine) -> None:
    before = catalogue(migrated)
    downgrade(migrated, "base")
    assert inspect(migrated).get_table_names() == ["alembic_version"]
    upgrade(migrated)
    assert catalogue(migrated) == before


def test_what_nobody_approved_is_stopped_where_nobody_can_be_asked(migrated: Engine) -> None:
    """An older program knows no approvals: it would sign and send at once."""
    held = {"status": QueueStatus.HELD, "wait_reason": WaitReason.AWAITING_APPROVAL}
    with SqlLedger(migrated).begin() as work:
        waiting = enqueued(work, "s1", entry=held)
        work.signing_requests.put(SigningRequest.of(waiting.id, RenderedMessage(b"<a/>", None), NOW))
        work.commit()
    downgrade(migrated, "0006")
    with migrated.connect() as connection:
        assert connection.execute(text("SELECT status, wait_reason FROM outbox")).all() == [("held", "held_by_person")]


def test_what_waits_for_a_signature_is_tried_again_where_nobody_can_be_asked(migrated: Engine) -> None:
    """A ledger that goes back to 0006 forgets requests and reminders, and no submission."""
    held = {"status": QueueStatus.HELD, "wait_reason": WaitReason.AWAITING_SIGNATURE}
    with SqlLedger(migrated).begin() as work:
        waiting = enqueued(work, "s1", entry=held)
        work.signing_requests.put(SigningRequest.of(waiting.id, RenderedMessage(b"<a/>", None), NOW))
        work.alerts.add([an_alert(waiting.id, watched=Watched.PERSON, threshold=Threshold.AWAITED)])
        work.commit()
    downgrade(migrated, "0006")
    with migrated.connect() as connection:
        assert connection.execute(text("SELECT status, wait_reason FROM outbox")).all() == [("ready", None)]
        assert connection.execute(text("SELECT count(*) FROM alerts")).scalar_one() == 0
    upgrade(migrated)
    with SqlLedger(migrated).begin() as work:
        assert [claim.request for claim in work.outbox.claim("me", NOW, HOUR, 1)] == [None]


def test_numbers_of_contracts_that_are_there_already_are_taken_over(migrated: Engine) -> None:
    given: dict[str, dict[str, Any]] = {
        "registered": {"state": State.ACCEPTED},
        "mended": {"operation": Operation.CONTRACT_EDIT, "position": 1},
        "amended": {"operation": Operation.AMENDMENT, "position": 2},
        "invalid": {"state": State.INVALID},
    }
    downgrade(migrated, "0010")
    with SqlLedger(migrated).begin() as work:
        for name, changes in given.items():
            details = json.dumps({"contract_number": f"ТД-{name}"}, ensure_ascii=False)
            work.submissions.add(a_submission(name, contract_key=ContractKey("K-1"), details=details, **changes))
        work.submissions.add(a_submission("empty", details="{}"))
        work.commit()
    upgrade(migrated)
    with SqlLedger(migrated).begin() as work:
        numbers = work.contracts.with_numbers([(BIN, f"ТД-{name}") for name in given])
        found = {name for name in given if numbers[BIN, f"ТД-{name}"] == ["K-1"]}
    assert found == {"registered", "mended"}


def test_what_waits_for_hr_and_for_the_gateway_goes_on_after_the_upgrade_from_0007(migrated: Engine) -> None:
    message, note = a_message(), a_note(record_id=None)
    with SqlLedger(migrated).begin() as work:
        signed = enqueued(work, "s1", state=State.SIGNED)
        work.submissions.store_message(signed.id, message)
        kept = work.outbox.get(signed.id)
        work.write_backs.put(note)
        work.commit()
    downgrade(migrated, "0007")
    upgrade(migrated)
    with SqlLedger(migrated).begin() as work:
        assert [waiting for _, waiting in work.write_backs.due(SOURCE, NOW + HOUR, 10)] == [note]
        assert work.submissions.message(signed.id) == message
        assert work.outbox.get(signed.id) == kept is not None


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_older_ledger_is_refused_until_it_is_upgraded(migrated: Engine, revision: str) -> None:
    downgrade(migrated, revision)
    with pytest.raises(LedgerSchemaError, match=rf"at version {revision}.*usrec db upgrade"):
        require_current(migrated)
    upgrade(migrated)
    require_current(migrated)


def test_newer_ledger_is_neither_used_nor_touched(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refuse in (require_current, upgrade):
        with pytest.raises(LedgerSchemaError, match=r"at version 9999.*newer"):
            refuse(migrated)
    assert current_revision(migrated) == "9999"


def test_empty_database_is_not_opened_as_a_ledger(empty_engine: Engine) -> None:
    with pytest.raises(LedgerSchemaError, match="usrec db upgrade"):
        open_ledger(empty_engine.url.render_as_string(hide_password=False))


def test_ledger_without_its_tables_asks_for_the_upgrade(migrated: Engine) -> None:
    ledger = open_ledger(migrated.url.render_as_string(hide_password=False))
    downgrade(migrated, "base")
    with pytest.raises(LedgerSchemaError, match="usrec db upgrade"), ledger.begin() as work:
        work.submissions.get(SubmissionId("s1"))
    ledger.close()


def test_two_agents_upgrading_at_once_both_find_a_ledger(empty_engine: Engine) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(upgrade, [empty_engine, empty_engine]))
    require_current(empty_engine)


def test_sql_text_makes_the_same_ledger(migrated: Engine) -> None:
    by_program = catalogue(migrated)
    downgrade(migrated, "base")
    script = upgrade_sql(migrated.url.render_as_string(hide_password=False))
    with migrated.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        connection.exec_driver_sql("DROP TABLE alembic_version")
        connection.commit()
        if migrated.dialect.name == "sqlite":
            driver.executescript(script)
        else:
            driver.execute(script)
    require_current(migrated)
    assert catalogue(migrated) == by_program
    ledger = open_ledger(migrated.url.render_as_string(hide_password=False))
    with ledger.begin() as work:
        assert len(work.inbox.fingerprint(b"row")) == 64
        work.submissions.add(a_submission())
    ledger.close()


@pytest.mark.parametrize("revision", [f"{number:04}" for number in range(1, 14)])
def test_sql_text_since_a_version_brings_a_ledger_to_this_one(migrated: Engine, revision: str) -> None:
    by_program = catalogue(migrated)
    downgrade(migrated, revision)
    script = upgrade_sql(migrated.url.render_as_string(hide_password=False), revision)
    with migrated.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        (driver.executescript if migrated.dialect.name == "sqlite" else driver.execute)(script)
    require_current(migrated)
    assert catalogue(migrated) == by_program


def test_sql_text_since_an_unknown_version_is_refused() -> None:
    with pytest.raises(LedgerSchemaError, match=r"at version 9999.*newer"):
        upgrade_sql("postgresql://nobody@unreachable.invalid/ledger", "9999")


def test_asking_for_the_version_makes_no_file(tmp_path: Path) -> None:
    engine = create_ledger_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert current_revision(engine) is None
    with pytest.raises(LedgerSchemaError, match=r"version none.*usrec db upgrade"):
        require_current(engine)
    assert list(tmp_path.iterdir()) == []
    engine.dispose()


def test_sql_text_needs_no_connection() -> None:
    script = upgrade_sql("postgresql://nobody:secret@unreachable.invalid/ledger")
    assert "CREATE TABLE submissions" in script
    assert "secret" not in script


def test_new_ledger_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    engine = create_ledger_engine(f"sqlite:///{file}")
    upgrade(engine)
    with engine.begin():
        modes = [stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()]
    engine.dispose()
    assert set(modes) == {0o600}


def test_ledger_in_a_missing_folder_names_it(tmp_path: Path) -> None:
    engine = create_ledger_engine(f"sqlite:///{tmp_path / 'missing' / 'ledger.db'}")
    with pytest.raises(LedgerUnavailable, match=r"missing/ledger\.db"):
        upgrade(engine)


def test_older_program_sends_nothing_of_what_was_kept_back(migrated: Engine) -> None:
    """A ledger that goes back to 0011 knows no stops: what they kept back is held, one by one."""
    ledger = SqlLedger(migrated)
    with ledger.begin() as work:
        enqueued(work, "s1", employer_bin="200940000013")
        enqueued(work, "s2", employer_bin="200940000024")
        for name, reason in (("s3", WaitReason.TO_CONFIRM), ("s4", WaitReason.OTHER_PARTY)):
            enqueued(work, name, employer_bin="200940000024", entry={"status": QueueStatus.HELD, "wait_reason": reason})
        later = {"status": QueueStatus.SCHEDULED, "wait_reason": WaitReason.NEXT_DAY}
        enqueued(work, "s5", employer_bin="200940000024", entry=later)
        work.employer_stops.add(EmployerStop("200940000013", EmployerName("alatau"), NOW, AGENT))
        work.alerts.add([an_alert(SubmissionId("s1"), watched=Watched.EMPLOYER, threshold=Threshold.STOPPED)])
        work.commit()
    downgrade(migrated, "0011")
    with migrated.connect() as connection:
        found = connection.execute(text("SELECT submission_id, status, wait_reason FROM outbox ORDER BY submission_id"))
        assert [tuple(row) for row in found] == [
            ("s1", "held", "held_by_person"),
            ("s2", "ready", None),
            ("s3", "held", "needs_decision"),
            ("s4", "held", "held_by_person"),
            ("s5", "scheduled", "gateway_fault"),
        ]
        assert connection.execute(text("SELECT count(*) FROM alerts")).scalar_one() == 0
    upgrade(migrated)
