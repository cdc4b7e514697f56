"""`usrec doctor` on the ledger's PostgreSQL server, and on the databases that wake the agent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from support.cutting_proxy import CuttingProxy
from support.patient import Patient, provokes, provokes_each
from support.postgresql import PostgresqlServer
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import server_probe
from usrec.interfaces.doctor import server_check as say
from usrec.interfaces.doctor.finding import Kind
from usrec.interfaces.doctor.server_check import examine_server

pytestmark = pytest.mark.postgresql


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(datetime.now(UTC)))


@pytest.fixture
def database(postgresql_server: PostgresqlServer, patient: Patient) -> Iterator[str]:
    """A database whose ledger the doctor looks at; its commits reach the log before they return."""
    url = postgresql_server.new_database()
    patient.tables["ledger"]["url"] = url
    for_all_sessions(url, "synchronous_commit", "on")
    yield url
    postgresql_server.drop_database(url)


def for_all_sessions(url: str, setting: str, value: str) -> None:
    place = make_url(url)
    with psycopg.connect(f"host={place.query['host']} user={place.username} dbname={place.database}") as owner:
        owner.execute(f"ALTER DATABASE {place.database} SET {setting} = {value}".encode())


def as_if(monkeypatch: pytest.MonkeyPatch, **found: Any) -> None:
    """The server is as it is, apart from what a test cannot make of it."""
    look = server_probe.look_at_server
    monkeypatch.setattr(server_probe, "look_at_server", lambda *where: replace(look(*where), fsync=True, **found))


@provokes(say.FIT, say.HEARD)
def test_a_server_that_keeps_its_commits_is_fit_and_wakes_the_agent(
    patient: Patient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_if(monkeypatch)
    said = patient.says(examine_server)
    assert list(said) == ["server.fit", "doorbell.heard"]
    assert said["doorbell.heard"].about == "ledger"


@provokes_each(
    {
        say.STANDBY: {"standby": True},
        say.LAGGING: {"replicas": 2},
        say.OLD: {"version": 12},
        say.CLOCKS: {"clock": datetime.now(UTC) + timedelta(minutes=3)},
        say.POOLED: {"own_settings": False},
    }
)
def test_a_server_that_is_otherwise_is_told(
    kind: Kind, case: dict[str, Any], patient: Patient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_if(monkeypatch, **case)
    assert set(patient.says(examine_server)) == {kind.id, "doorbell.heard"}


def test_a_replica_that_is_waited_for_is_no_fault(
    patient: Patient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_if(monkeypatch, replicas=2, waits_for_replica=True)
    assert set(patient.says(examine_server)) == {"server.fit", "doorbell.heard"}


@provokes(say.LOSES_COMMITS, say.IMPATIENT)
def test_what_the_databases_own_settings_spoil_is_told(patient: Patient, database: str) -> None:
    for_all_sessions(database, "synchronous_commit", "off")
    for_all_sessions(database, "statement_timeout", "'5s'")
    said = patient.says(examine_server)
    assert said["server.loses_commits"].values["settings"] == "synchronous_commit = off, fsync = off"
    assert said["server.impatient"].values["limit"] == timedelta(seconds=5)


@provokes(say.DEAF)
def test_a_pooler_that_keeps_notifications_to_itself_is_told_and_can_be_left_alone(
    patient: Patient, database: str
) -> None:
    with CuttingProxy(database) as pooler:
        pooler.deaf = True
        patient.tables["ledger"]["url"] = pooler.url
        said = patient.says(examine_server)
        assert said["doorbell.deaf"].advice.startswith("Set notify = false in [ledger]")
        patient.tables["ledger"]["notify"] = False
        assert not any(kind.startswith("doorbell") for kind in patient.says(examine_server))


def test_a_ledger_in_a_file_has_no_server_and_one_that_is_away_is_told_elsewhere(patient: Patient) -> None:
    patient.make_ledger()
    assert patient.says(examine_server) == {}
    patient.tables["ledger"]["url"] = "postgresql+psycopg://usrec@127.0.0.1:9/usrec"
    assert patient.says(examine_server) == {}
