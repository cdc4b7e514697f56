"""``usrec source conformance``: what the agent relies upon, tried on real databases; what is otherwise is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from typer.testing import CliRunner

from support.hr_sides import NAME, MariadbHr, PostgresqlHr, SqlHr, SqliteHr
from support.mariadb import NO_MARIADB, MariadbServer
from support.plain_settings import PLAIN
from usrec.adapters.sources.conformance.outbox_trials import OutboxTrials
from usrec.adapters.sources.conformance.scratch import Scratch
from usrec.adapters.sources.conformance.trials import Account, try_outbox
from usrec.domain.errors import ConfigurationError
from usrec.interfaces.cli.app import app

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
WRITERS = {"late_commit", "read_only", "claim", "hr_goes_on", "locks", "killed", "limits", "reading"}


@pytest.fixture(params=["sqlite", POSTGRESQL, pytest.param("mariadb", marks=NO_MARIADB)])
def hr(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlHr]:
    side: SqlHr
    match request.param:
        case "sqlite":
            side = SqliteHr(tmp_path / "hr.db")
        case "mariadb":
            side = MariadbHr(request.getfixturevalue("mariadb"), "hr_conformance")
        case _:
            server = request.getfixturevalue("postgresql_server")
            side = PostgresqlHr(server.new_database())
    yield side
    side.close()


def test_database_that_does_all_passes_and_nothing_is_left(hr: SqlHr) -> None:
    hr.enter("HR's own")
    account = Account(NAME, hr.url, None)
    found = {one.check.value: one for one in try_outbox(account, table="usrec_outbox", writable=True, scratch=account)}
    verdicts = {check: one.verdict.value for check, one in found.items()}
    skipped = {"encryption"} | (WRITERS if isinstance(hr, SqliteHr) else set())
    assert verdicts == {check: "skip" if check in skipped else "pass" for check in verdicts}, found
    assert len(verdicts) == 16
    assert hr.execute("SELECT event_id, taken_at FROM usrec_outbox") == [("HR's own", None)]
    engine = create_engine(make_url(hr.url).set(drivername=_driver(hr.url)))
    with engine.connect() as connection:
        assert [name for name in _tables(connection) if "conformance" in name] == []
    engine.dispose()


@NO_MARIADB
def test_what_a_database_does_otherwise_is_found(mariadb: MariadbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that forgets letters and the end of times, compares without case, and does not lock rows."""
    hr = MariadbHr(mariadb, "hr_otherwise")
    scratch = Scratch(NAME, hr.url, None)
    monkeypatch.setattr(Scratch, "make", lambda self: hr.execute(_otherwise(self.called)))
    found = {one.check.value: one for one in OutboxTrials(NAME, scratch).findings()}
    assert {check for check, one in found.items() if one.verdict.value == "fail"} >= {"types", "keys", "killed"}
    assert found["clean"].verdict.value == "pass"
    scratch.close()
    hr.close()


@NO_MARIADB
def test_account_without_rights_and_its_server_stay_unnamed_in_the_report(
    mariadb: MariadbServer, tmp_path: Path
) -> None:
    hr = MariadbHr(mariadb, "hr_unnamed")
    mariadb.run("CREATE USER nobody; GRANT SELECT ON usrec_outbox TO nobody", "hr_unnamed")
    settings, authority = tmp_path / "usrec.toml", mariadb.authority / "tls-ca.pem"
    url = f"{mariadb.tcp('hr_unnamed', 'nobody')}?ssl_ca={authority}"
    settings.write_text(PLAIN.replace("sqlite:///hr.db", url))
    report = tmp_path / "report.json"
    command = ["source", "conformance", "hr", "--config", str(settings), "--yes", "--output", str(report)]
    assert CliRunner().invoke(app, command).exit_code == 5
    checks = {one["check"]: one for one in json.loads(report.read_text())["checks"]}
    assert [checks[name]["verdict"] for name in ("encryption", "rights", "table")] == ["pass", "fail", "fail"]
    assert "CREATE command denied" in checks["table"]["seen"]
    assert not any(name in report.read_text() for name in ("nobody", "hr_unnamed", "127.0.0.1"))
    mariadb.run("DROP USER nobody")
    hr.close()


def test_report_is_written_and_tells_nothing_of_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hr = SqliteHr(tmp_path / "hr.db")
    settings = tmp_path / "usrec.toml"
    settings.write_text(PLAIN)
    monkeypatch.chdir(tmp_path)
    command = ["source", "conformance", "hr", "--config", str(settings)]
    refused = CliRunner().invoke(app, command)
    assert (refused.exit_code, "repeat with --yes" in " ".join(refused.output.split())) == (2, True)
    done = CliRunner().invoke(app, [*command, "--yes", "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "usrec-conformance-hr.json").read_text())
    assert report["checks"] == json.loads(done.stdout)["checks"]
    assert report["failed"] == 0
    hr.execute("ALTER TABLE usrec_outbox DROP COLUMN usrec_state")
    failed = CliRunner().invoke(app, [*command, "--yes", "--output", "once more.json"])
    assert failed.exit_code == 5
    readable = (tmp_path / "once more.txt").read_text()
    assert "rights | fail | The agent's account may do what it must" in readable
    assert "no such column: usrec_state" in readable
    assert str(tmp_path) not in readable + json.dumps(report)
    password = CliRunner().invoke(app, [*command, "--yes", "--scratch-url", "postgresql://u:p4ss@h/db"])
    assert isinstance(password.exception, ConfigurationError)
    assert "p4ss" not in str(password.exception) + password.output
    hr.close()


def _tables(connection: Connection) -> list[str]:
    where = "sqlite_master" if connection.dialect.name == "sqlite" else "information_schema.tables"
    column = "name" if connection.dialect.name == "sqlite" else "table_name"
    return [str(name) for (name,) in connection.execute(text(f"SELECT {column} FROM {where}"))]  # noqa: S608 -- no value


def _driver(url: str) -> str:
    return "postgresql+psycopg" if url.startswith("postgresql") else make_url(url).drivername


def _otherwise(name: str) -> str:
    texts = "event_type varchar(40), contract_key varchar(400), employer_bin varchar(40), payload text"
    told = "usrec_state varchar(20), usrec_code varchar(20), usrec_message text, usrec_findings text"
    ids = "usrec_contract_id varchar(100), usrec_record_id varchar(100)"
    return (
        f"CREATE TABLE {name} (row_id bigint AUTO_INCREMENT PRIMARY KEY, event_id varchar(200),"
        f" revision int NOT NULL DEFAULT 1, {texts}, withdrawn boolean NOT NULL DEFAULT 0, entered_at datetime,"
        f" taken_at datetime, {told}, {ids}, usrec_legal_date date,"
        " usrec_noted_at datetime(6), UNIQUE (event_id, revision))"
        " ENGINE = Aria DEFAULT CHARACTER SET latin1"
    )
