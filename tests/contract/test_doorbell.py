"""Doorbells: one suite for every kind, and who rings on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import make_url

from support.hr_sides import PostgresqlHr
from support.ledger_values import HOUR, NOW, an_entry, enqueued
from support.outbox_steps import FIVE_MINUTES, claim_all, claim_one
from support.postgresql import PostgresqlServer
from usrec.adapters.doorbells.postgresql import PostgresqlDoorbell, is_heard
from usrec.adapters.inmemory.doorbell import InMemoryDoorbell
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.domain.errors import DoorbellLost
from usrec.domain.secret import Secret
from usrec.domain.submission import QueueStatus, SubmissionId
from usrec.ports.doorbell import Doorbell, Ring

SOON = timedelta(seconds=10)
"""Longer than any ring takes; a test that waits so long fails."""
AT_ONCE = timedelta(seconds=0.05)


@dataclass
class Rung:
    """A bell, who rings it, and what cuts its line."""

    bell: Doorbell
    press: Callable[[], object]
    cut: Callable[[], object]
    mend: Callable[[], object]


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def cut_listeners(url: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as killer:
        killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'usrec-agent doorbell'"
        )


def tell(url: str, channel: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as other:
        other.execute("SELECT pg_notify(%s, '')", [channel])


@pytest.fixture(params=["memory", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def rung(request: pytest.FixtureRequest) -> Iterator[Rung]:
    """Give a bell of each kind that has made its connection."""
    if request.param == "memory":
        small = InMemoryDoorbell("ledger", Ring.READY)

        def online(*, is_so: bool) -> None:
            small.online = is_so

        made = Rung(small, small.press, lambda: online(is_so=False), lambda: online(is_so=True))
    else:
        url: str = request.getfixturevalue("postgresql_ledger_url")
        bell = PostgresqlDoorbell("ledger", Ring.READY, url)
        made = Rung(bell, lambda: tell(url, "usrec_ready"), lambda: cut_listeners(url), lambda: None)
    assert made.bell.wait(AT_ONCE) is True, "somebody may have rung before there was a connection"
    yield made
    made.bell.close()


def test_ring_ends_the_wait_and_rings_while_nobody_waits_are_told_and_then_it_is_quiet(rung: Rung) -> None:
    assert (rung.bell.name, rung.bell.ring) == ("ledger", Ring.READY)
    assert rung.bell.wait(AT_ONCE) is False
    rung.press()
    rung.press()
    assert rung.bell.wait(SOON) is True
    later = [rung.bell.wait(AT_ONCE), rung.bell.wait(AT_ONCE)]
    assert later[1] is False, "the server may bring the second ring after the first was heard; there is no third"
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(rung.bell.wait, SOON)
        rung.press()
        assert waiting.result(5) is True


def test_hushed_wait_ends_without_a_ring(rung: Rung) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(rung.bell.wait, SOON)
        rung.bell.hush()
        assert waiting.result(5) is False


def test_lost_line_is_told_and_made_again_by_the_next_wait(rung: Rung) -> None:
    rung.cut()
    with pytest.raises(DoorbellLost, match="nothing wakes the agent early") as lost:
        rung.bell.wait(SOON)
    assert lost.value.where == "ledger"
    rung.mend()
    assert rung.bell.wait(AT_ONCE) is True, "somebody may have rung while the line was cut"
    rung.press()
    assert rung.bell.wait(SOON) is True


def test_unreachable_server_is_told_without_its_password() -> None:
    bell = PostgresqlDoorbell("source.hr", Ring.ROWS, "postgresql://usrec@127.0.0.1:1/hr", Secret("the word"))
    with pytest.raises(DoorbellLost, match=r"source\.hr.*looks by itself") as lost:
        bell.wait(SOON)
    assert "the word" not in str(lost.value)
    bell.close()
    bell.close()


@pytest.mark.postgresql
def test_one_connection_hears_what_another_rings(postgresql_ledger_url: str) -> None:
    assert is_heard(postgresql_ledger_url)


# -- the ledger rings


@pytest.fixture
def ledger_and_bell(new_ledger_url: Callable[[str], str]) -> Iterator[tuple[SqlLedger, Doorbell]]:
    url = new_ledger_url("postgresql")
    ledger, bell = open_ledger(url), PostgresqlDoorbell("ledger", Ring.READY, url)
    bell.wait(AT_ONCE)
    yield ledger, bell
    bell.close()
    ledger.close()


@pytest.mark.postgresql
def test_ledger_rings_when_a_commit_makes_an_entry_ready_and_only_then(
    ledger_and_bell: tuple[SqlLedger, Doorbell],
) -> None:
    ledger, bell = ledger_and_bell
    with ledger.begin() as work:
        enqueued(work, "s1")
        assert bell.wait(AT_ONCE) is False, "rung before the commit"
        work.commit()
    assert bell.wait(SOON) is True
    with ledger.begin() as work:
        enqueued(work, "s2")
    assert bell.wait(AT_ONCE) is False, "rung for what was rolled back"
    with ledger.begin() as work:
        enqueued(work, "s3", entry={"status": QueueStatus.SCHEDULED, "available_at": NOW + HOUR})
        work.commit()
    assert len(claim_all(ledger, "agent")) == 1
    assert bell.wait(AT_ONCE) is False, "rung for what nobody can send"


@pytest.mark.postgresql
def test_ledger_rings_when_a_claim_is_given_back_and_not_for_what_its_own_claim_took(
    ledger_and_bell: tuple[SqlLedger, Doorbell],
) -> None:
    ledger, bell = ledger_and_bell
    with ledger.begin() as work:
        enqueued(work, "s1", entry={"status": QueueStatus.SCHEDULED, "available_at": NOW})
        work.commit()
    with ledger.begin() as work:
        assert work.outbox.promote(NOW) == 1
        (claim,) = work.outbox.claim("agent-1", NOW, FIVE_MINUTES, 1)
        work.commit()
    assert bell.wait(AT_ONCE) is False, "it was promoted and claimed in one breath"
    with ledger.begin() as work:
        work.outbox.release(claim.lease, an_entry(claim.submission))
        work.commit()
    assert bell.wait(SOON) is True
    claim_one(ledger)
    with ledger.begin() as work:
        assert work.outbox.free_leases(work.outbox.lease_owners()) == 1
        work.commit()
    assert bell.wait(SOON) is True


@pytest.mark.postgresql
def test_ledger_that_may_not_notify_does_not(new_ledger_url: Callable[[str], str]) -> None:
    url = new_ledger_url("postgresql")
    ledger, bell = open_ledger(url, notify=False), PostgresqlDoorbell("ledger", Ring.READY, url)
    bell.wait(AT_ONCE)
    with ledger.begin() as work:
        enqueued(work, "s1")
        work.commit()
    assert bell.wait(AT_ONCE) is False
    with ledger.begin() as work:
        assert work.outbox.get(SubmissionId("s1")) is not None
    bell.close()
    ledger.close()


# -- HR's table rings


@pytest.mark.postgresql
def test_table_of_hr_rings_for_its_rows_and_not_for_what_the_agent_writes(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.new_database()
    hr, bell = PostgresqlHr(url), PostgresqlDoorbell("source.hr", Ring.ROWS, url)
    bell.wait(AT_ONCE)
    row = hr.enter("e1")
    assert bell.wait(SOON) is True
    source = hr.source()
    source.mark_taken(source.fetch(10))
    assert bell.wait(AT_ONCE) is False
    hr.edit(row, payload="{}", revision=2)
    assert bell.wait(SOON) is True
    other = hr.connect(autocommit=False)
    other.execute("INSERT INTO usrec_outbox (event_id) VALUES ('e2')")
    assert bell.wait(AT_ONCE) is False, "rung before HR committed"
    other.commit()
    assert bell.wait(SOON) is True
    other.close()
    bell.close()
    hr.close()
    postgresql_server.drop_database(url)


def test_threads_may_ring_and_hush_a_bell_that_is_closed() -> None:
    bell = PostgresqlDoorbell("ledger", Ring.READY, "postgresql://usrec@127.0.0.1:1/ledger")
    bell.close()
    hushing = threading.Thread(target=bell.hush)
    hushing.start()
    hushing.join(5)
    assert not hushing.is_alive()
