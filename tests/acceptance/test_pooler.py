"""PgBouncer between the agent and its databases, as docs/how-to/many-agents.md has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.hr_sides import PostgresqlHr
from support.personnel import Person
from support.pgbouncer import needs_pgbouncer, pooled
from support.postgresql import PostgresqlServer, own_server
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import Workplace, running, wait_until

pytestmark = [needs_pgbouncer, pytest.mark.postgresql]

SLEEPY = "workers = 2\npoll = 600\nlease = 600"
"""Who is not woken looks in ten minutes, when nobody has patience any more."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    with own_server() as made:
        yield made


def said_of_the_servers(workplace: Workplace) -> set[tuple[str, str | None]]:
    """What the doctor finds of the ledger's server and of the doorbells, and about which database."""
    told = json.loads(workplace.usrec("doctor", "--json").stdout)
    servers = [line for line in told["lines"] if line["check"] in {"server", "doorbell"}]
    return {(f"{line['check']}.{line['finding']}", line["about"]) for line in servers}


def test_session_mode_works_for_both_databases_and_wakes_the_agent(
    server: PostgresqlServer, tmp_path: Path, pki: Path
) -> None:
    with pooled(server.new_database(), "session") as ledger, pooled(server.new_database(), "session") as hr:
        workplace = Workplace(tmp_path, PostgresqlHr(hr), ledger, pki, delivery=SLEEPY)
        workplace.make_ledger()
        with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
            workplace.connect(simulator.url)
            said = said_of_the_servers(workplace)
            assert {("doorbell.heard", "ledger"), ("doorbell.heard", "source.hr")} <= said
            assert ("server.pooled", None) not in said
            everything = {workplace.hire(Person(1))}
            with running(workplace.command("run"), tmp_path / "agent.log"):
                wait_until(lambda: {row.state for row in workplace.hr_rows()} == {"accepted"}, "the first note to HR")
                everything |= {workplace.hire(Person(number)) for number in range(2, 12)}
                wait_until(lambda: {row.state for row in workplace.hr_rows()} == {"accepted"}, "the last note to HR")
            assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == everything
        workplace.close()


def test_transaction_mode_before_the_ledger_is_found(server: PostgresqlServer, tmp_path: Path, pki: Path) -> None:
    with pooled(server.new_database(), "transaction") as ledger:
        workplace = Workplace(tmp_path, PostgresqlHr(server.new_database()), ledger, pki)
        workplace.make_ledger()
        workplace.connect("https://127.0.0.1:9/")
        said = said_of_the_servers(workplace)
        assert {("server.pooled", None), ("doorbell.deaf", "ledger"), ("doorbell.heard", "source.hr")} <= said
        workplace.close()


def test_transaction_mode_before_hr_works_without_its_doorbell(
    server: PostgresqlServer, tmp_path: Path, pki: Path
) -> None:
    """HR itself enters its rows without the pooler: how a program of theirs copes with it is not ours to say."""
    direct = server.new_database()
    with pooled(direct, "transaction") as by_pooler:
        workplace = Workplace(tmp_path, PostgresqlHr(direct), server.new_database(), pki)
        workplace.hr.url = by_pooler
        workplace.make_ledger()
        with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
            workplace.connect(simulator.url)
            assert ("doorbell.deaf", "source.hr") in said_of_the_servers(workplace)
            quiet = workplace.settings.read_text("utf-8").replace("[source.hr]\n", "[source.hr]\nnotify = false\n")
            workplace.settings.write_text(quiet, "utf-8")
            assert not any(about == "source.hr" for _, about in said_of_the_servers(workplace))
            everything = {workplace.hire(Person(number)) for number in range(1, 41)}
            workplace.drain()
            everything |= {workplace.transfer(Person(number)) for number in range(1, 41)}
            workplace.drain()
            assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == everything
        workplace.close()
