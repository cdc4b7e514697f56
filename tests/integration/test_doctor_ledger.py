"""`usrec doctor` on the ledger, its rights and its disk, and on what the ledger tells of the gateway and the agents."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from support.operator_desk import UNREACHABLE, Desk, registered, set_up_desk
from support.patient import Patient, provokes, provokes_each
from support.postgresql import PostgresqlServer
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import open_ledger
from usrec.adapters.persistence.schema import HEAD
from usrec.domain.employer_stop import AGENT, EmployerStop
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.source_event import EmployerName
from usrec.interfaces.doctor import journal_check as of_journal
from usrec.interfaces.doctor import ledger_check as say
from usrec.interfaces.doctor.employers_check import STOPPED, examine_stops
from usrec.interfaces.doctor.finding import Kind, Verdict, worst
from usrec.interfaces.doctor.ledger_check import examine_ledger

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
UNKNOWN = {say.UNREAD.id, say.UNCOUNTED.id, of_journal.UNREAD.id}


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(NOW))


@pytest.fixture
def database(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """An empty database of the PostgreSQL server."""
    url = postgresql_server.new_database()
    yield url
    postgresql_server.drop_database(url)


@provokes(say.CURRENT, say.RIGHTS_HELD, say.ENOUGH, say.NONE_YET, say.NEVER, of_journal.NONE_YET)
def test_a_new_ledger_is_right_and_waits_for_its_first_agent(patient: Patient) -> None:
    patient.make_ledger()
    said = patient.says(examine_ledger)
    expected = ["ledger.current", "rights.held", "disk.enough", "exchange.none", "agents.never", "journal.none_yet"]
    assert list(said) == expected
    assert said["ledger.current"].values == {"found": HEAD}
    assert said["disk.enough"].values["free"] == 10 * 1024


@provokes(STOPPED)
def test_a_stopped_employer_fails_and_nothing_is_said_where_none_is(patient: Patient) -> None:
    assert patient.says(examine_stops) == {}
    patient.make_ledger()
    assert patient.says(examine_stops) == {}
    ledger = open_ledger(f"sqlite:///{patient.folder / 'ledger.db'}")
    with ledger.begin() as work:
        work.employer_stops.add(EmployerStop("200940000013", EmployerName("alatau"), NOW, AGENT, code="SCSE001"))
        work.commit()
    ledger.close()
    (line,) = patient.says(examine_stops).values()
    assert (line.kind, line.about) == (STOPPED, "alatau")


@provokes(say.UNUSABLE, say.RIGHTS_UNREAD, say.UNREAD, say.UNCOUNTED)
@pytest.mark.parametrize("url", ["mysql://somewhere/ledger", "sqlite://"])
def test_an_address_that_is_none_of_a_ledger_fails(patient: Patient, url: str) -> None:
    patient.tables["ledger"]["url"] = url
    assert set(patient.says(examine_ledger)) == {"ledger.unusable", "rights.unread", *UNKNOWN}


@provokes(say.MISSING, say.RIGHTS_UNREAD)
def test_a_ledger_that_is_not_there_is_told_and_not_made(patient: Patient) -> None:
    said = patient.says(examine_ledger)
    assert set(said) == {"ledger.missing", "rights.unread", "disk.enough", *UNKNOWN}
    assert not (patient.folder / "ledger.db").exists()


@provokes(say.UNREACHABLE)
def test_a_file_that_is_no_ledger_fails(patient: Patient) -> None:
    (patient.folder / "ledger.db").write_text("not a database, but some text " * 50, "utf-8")
    said = patient.says(examine_ledger)
    assert UNKNOWN | {"ledger.unreachable"} <= set(said)
    assert "not an SQLite database" in said["ledger.unreachable"].text


@provokes(say.UNREACHABLE, say.SERVERS)
def test_a_server_that_does_not_answer_fails_and_its_disk_is_its_own_matter(patient: Patient) -> None:
    patient.tables["ledger"]["url"] = "postgresql+psycopg://usrec@127.0.0.1:9/usrec"
    said = patient.says(examine_ledger)
    assert set(said) == {"ledger.unreachable", "rights.unread", "disk.servers", *UNKNOWN}


@provokes(say.EMPTY)
def test_an_empty_database_has_no_tables(patient: Patient, database: str) -> None:
    patient.tables["ledger"]["url"] = database
    assert UNKNOWN | {"ledger.empty"} <= set(patient.says(examine_ledger))


@provokes_each({say.OLDER: "0001", say.NEWER: "9999"})
def test_a_ledger_of_another_version_fails(kind: Kind, case: str, patient: Patient) -> None:
    patient.make_ledger()
    with sqlite3.connect(patient.folder / "ledger.db") as ledger:
        ledger.execute("UPDATE alembic_version SET version_num = ?", (case,))
    ledger.close()
    said = patient.says(examine_ledger)
    assert UNKNOWN | {kind.id} <= set(said)
    assert said[kind.id].values == {"found": case, "needed": HEAD}


@provokes(say.OPEN_TO_OTHERS, say.CURRENT)
def test_a_ledger_that_others_may_read_is_a_warning_beside_its_version(patient: Patient) -> None:
    patient.make_ledger()
    (patient.folder / "ledger.db").chmod(0o644)
    said = patient.says(examine_ledger)
    assert said["ledger.open_to_others"].advice.startswith("Run: chmod 600 ")
    assert worst(list(said.values())) is Verdict.WARN


@provokes(say.STATISTICS)
def test_statistics_in_the_ledgers_file_are_a_warning_until_they_are_dropped_as_advised(patient: Patient) -> None:
    """By those of an empty table SQLite reads it whole at every claim, however long it gets."""
    patient.make_ledger()
    file = patient.folder / "ledger.db"
    with closing(sqlite3.connect(file)) as ledger:
        ledger.executescript("ANALYZE")
        said = patient.says(examine_ledger)
        command, place, sql = shlex.split(said["ledger.statistics"].advice.partition("then: ")[2])
        assert (command, place) == ("sqlite3", str(file))
        ledger.executescript(sql)
    assert "ledger.statistics" not in patient.says(examine_ledger)


@provokes(say.RIGHTS_MISSING, say.CURRENT)
def test_a_role_without_rights_fails_and_is_told_the_grants(
    patient: Patient, database: str, postgresql_server: PostgresqlServer
) -> None:
    patient.tables["ledger"]["url"] = database
    patient.make_ledger()
    role = postgresql_server.new_role("the role's word")
    owner = make_url(database)
    with psycopg.connect(f"host={owner.query['host']} user={owner.username} dbname={owner.database}") as connection:
        connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"'.encode())
    word = patient.folder / "role.password"
    word.touch(mode=0o600)
    word.write_text("the role's word", "utf-8")
    url = owner.set(username=role).render_as_string(hide_password=False)
    patient.tables["ledger"] = {"url": url, "password": {"file": str(word)}}
    said = patient.says(examine_ledger)
    postgresql_server.drop_role(role, database)
    line = said["rights.missing"]
    assert line.values["number"] == len(line.details) > 5
    assert any(f"GRANT INSERT ON public.inbox TO {role};" in detail for detail in line.details)
    assert "ledger.current" in said, "what the role may read is told all the same"


@provokes_each({say.LOW: 1023, say.FULL: 99})
def test_a_disk_that_fills_up_is_told(kind: Kind, case: int, patient: Patient) -> None:
    patient.free = case * say.MIB
    assert patient.says(examine_ledger)[kind.id].values["free"] == case


@pytest.mark.parametrize(("mib", "kind"), [(1024, "disk.enough"), (100, "disk.low")])
def test_the_bounds_of_the_disk_belong_to_the_better_side(mib: int, kind: str, patient: Patient) -> None:
    patient.free = mib * say.MIB
    assert kind in patient.says(examine_ledger)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    (tmp_path / "desk").mkdir()
    with set_up_desk(tmp_path / "desk", monkeypatch, capsys) as desk:
        yield desk


@provokes(say.LAST)
def test_the_last_trusted_answer_is_told(patient: Patient, desk: Desk) -> None:
    desk.hire(1)
    desk.take()
    desk.send_one("hire-1", registered())
    patient.tables["ledger"]["url"] = f"sqlite:///{desk.folder / 'ledger.db'}"
    assert patient.says(examine_ledger)["exchange.last"].values == {"at": desk.clock.now()}


@provokes(say.WAITING)
def test_what_waits_for_the_gateway_is_counted(patient: Patient, desk: Desk) -> None:
    for number in (1, 2):
        desk.hire(number)
    desk.take()
    desk.send_one("hire-1", registered())
    answered_at = desk.clock.now()
    desk.clock.advance(timedelta(hours=1))
    desk.send_one("hire-2", UNREACHABLE)
    patient.tables["ledger"]["url"] = f"sqlite:///{desk.folder / 'ledger.db'}"
    assert patient.says(examine_ledger)["exchange.waiting"].values == {"number": 1, "at": answered_at}


def beat(owner: str, ago: timedelta, *, gone: bool = False) -> Heartbeat:
    """An agent that gave a sign so long ago, and had started a day before."""
    at = NOW - ago
    return Heartbeat(owner, "host", "1.0", at - timedelta(days=1), at, 4, draining=False, gone_at=at if gone else None)


def with_agents(patient: Patient, *agents: Heartbeat) -> dict[str, object]:
    patient.make_ledger()
    ledger = open_ledger(f"sqlite:///{patient.folder / 'ledger.db'}")
    with ledger.begin() as work:
        for agent in agents:
            work.agents.beat(agent)
            if agent.gone_at is not None:
                work.agents.leave(agent.owner, agent.gone_at)
        work.commit()
    ledger.close()
    found = patient.says(examine_ledger)
    return {kind: line.about or dict(line.values) for kind, line in found.items() if kind.startswith("agents.")}


@provokes(say.ALIVE)
def test_an_agent_that_runs_is_told_with_its_last_sign(patient: Patient) -> None:
    told = with_agents(patient, beat("a:1", timedelta(seconds=20)), beat("b:2", timedelta(days=3), gone=True))
    assert told == {"agents.alive": {"number": 1, "at": NOW - timedelta(seconds=20)}}


@provokes(say.SILENT)
def test_an_agent_that_fell_silent_fails(patient: Patient) -> None:
    assert with_agents(patient, beat("a:1", timedelta(hours=1))) == {"agents.silent": "a:1"}


@provokes(say.SILENT, say.ALIVE)
def test_one_that_fell_silent_beside_another_that_runs_fails_too(patient: Patient) -> None:
    told = with_agents(patient, beat("a:1", timedelta(hours=1)), beat("b:2", timedelta(hours=-0)))
    assert told == {"agents.silent": "a:1", "agents.alive": {"number": 1, "at": NOW}}


@provokes(say.STOPPED)
def test_an_agent_that_took_its_leave_is_a_warning(patient: Patient) -> None:
    told = with_agents(patient, beat("a:1", timedelta(hours=1), gone=True))
    assert told == {"agents.stopped": {"at": NOW - timedelta(hours=1)}}
