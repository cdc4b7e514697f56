"""The line to PostgreSQL is cut at every statement of every transaction: the state is the one before or the one after.

Each case is one of the line's transactions (docs/explanation/guarantees.md). It is begun again and again, cut one
statement later each time, up to the COMMIT, whose answer is then lost too. After that the transaction is done once
more, as the agent does: a commit whose answer was lost must be harmless.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from support.cutting_proxy import COMMIT as COMMIT_ON_THE_WIRE
from support.cutting_proxy import CuttingProxy
from support.hr_sides import NAME, PostgresqlHr
from support.line import ASEL, BIN, HOUR, LEASE, TIMEOUT, Line, registered
from support.postgresql import PostgresqlServer
from support.workplace import wait_until
from usrec.adapters.inmemory.alert_sink import InMemoryAlertSink
from usrec.adapters.persistence import open_ledger
from usrec.adapters.sources.outbox_table import OutboxTableSource
from usrec.application.acknowledge import acknowledge_late
from usrec.application.hasten import hasten_unsent
from usrec.application.record_intent import OpenAttempt
from usrec.application.settle import Settlement, settle
from usrec.application.sign_of_life import give_sign, take_leave
from usrec.application.tell_drift import DriftTelling, tell_drift
from usrec.application.tell_sink import tell_sink
from usrec.application.watch_deadlines import watch_deadlines
from usrec.application.write_back import write_back
from usrec.domain.audit_due import DriftScope
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import LedgerUnavailable, SourceUnavailable
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.message import CorrelationId, MessageId
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.snapshot.derived import Puzzle, PuzzleKind
from usrec.domain.snapshot.look import Difference
from usrec.domain.source_event import SourceName
from usrec.domain.state import State
from usrec.domain.watch import WatchPolicy
from usrec.interfaces.alerting import in_brief
from usrec.interfaces.watch_words import compose_notice
from usrec.ports.alert_sink import SinkName, Subscriber
from usrec.ports.event_source import StatusNote
from usrec.ports.ledger import Claim

Act = Callable[[], object]
COMMIT = COMMIT_ON_THE_WIRE.decode()
OPEN_TRANSACTIONS = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' AND xact_start IS NOT NULL"
)
pytestmark = pytest.mark.postgresql


def wait_for_the_end_of_what_was_cut(server: psycopg.Connection[Any]) -> None:
    """The server's session holds its locks until it finds out, and who skips what is locked would find nothing."""
    wait_until(lambda: not server.execute(OPEN_TRANSACTIONS).fetchall(), "the end of the session that was cut")


@dataclass
class Cut:
    """A line whose ledger is reached by a proxy, and the same database without it."""

    line: Line
    proxy: CuttingProxy
    server: psycopg.Connection[tuple[str, ...]]

    def state(self) -> str:
        """A digest of everything that is committed."""
        wait_for_the_end_of_what_was_cut(self.server)
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        whole = sql.SQL("SELECT coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '') FROM {} t")
        names = [name for (name,) in self.server.execute(tables)]
        read = sql.SQL(" UNION ALL ").join(whole.format(sql.Identifier(name)) for name in names)
        return hashlib.sha256("\n\n".join(cells[0] for cells in self.server.execute(read)).encode()).hexdigest()


@pytest.fixture
def cut(new_ledger_url: Callable[[str], str]) -> Iterator[Cut]:
    url = new_ledger_url("postgresql")
    with CuttingProxy(url) as proxy, psycopg.connect(url, autocommit=True) as server:
        line = Line(ledger=open_ledger(proxy.url))
        yield Cut(line, proxy, server)
        line.ledger.close()


def sealed(line: Line, claim: Claim) -> OpenAttempt:
    """T3 of a claim."""
    at = line.clock.now()
    rendered = line.renderer.render(claim.submission, record_id=f"R-{claim.submission.event_id}")
    message = line.signer.sign(rendered, employer_bin=BIN, message_id=MessageId("m"), at=at)
    envelope = line.wire.seal(message, employer_bin=BIN, correlation_id=CorrelationId("c"), at=at)
    return line.intend(claim, message, envelope)


def answered(line: Line, opened: OpenAttempt, outcome: SubmissionOutcome) -> State:
    """T4 of an attempt."""
    recorded = line.record(opened, outcome)
    assert recorded is not None
    return recorded.state


def t1_take(line: Line) -> Act:
    line.enter("c1")
    line.enter("a1", "amendment")
    return line.ingest


def t2_claim(line: Line) -> Act:
    line.take("c1")
    return lambda: line.claim(1)


def t3_intent(line: Line) -> Act:
    line.take("c1")
    (claim,) = line.claim(1)
    return lambda: sealed(line, claim)


def t4_outcome(line: Line) -> Act:
    line.take("c1")
    line.take("a1", "amendment")
    (claim,) = line.claim(1)
    opened, outcome = sealed(line, claim), registered()
    return lambda: answered(line, opened, outcome)


def t4_doubt(line: Line) -> Act:
    line.take("c1")
    (claim,) = line.claim(1)
    opened = sealed(line, claim)
    return lambda: answered(line, opened, TIMEOUT)


def t5_late_answer(line: Line) -> Act:
    line.take("c1")
    (claim,) = line.claim(1)
    opened, outcome = sealed(line, claim), registered()
    line.clock.advance(LEASE + HOUR)
    late = timedelta(hours=2)
    return lambda: acknowledge_late(opened, outcome, ledger=line.ledger, clock=line.clock, tolerance=late)


def t5_settlement(line: Line) -> Act:
    line.take("c1")
    line.send(TIMEOUT)
    which, found = line.of("c1").id, Settlement(accepted=True, contract_id=None, evidence=b"a letter")
    return lambda: settle(which, found, ASEL, ledger=line.ledger, clock=line.clock)


def policy(line: Line) -> WatchPolicy:
    return WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)


def t6_raise(line: Line) -> Act:
    line.take("c1")
    line.clock.advance(timedelta(days=30))
    return lambda: watch_deadlines(ledger=line.ledger, policy=policy(line), clock=line.clock)


def t6_tell(line: Line) -> Act:
    t6_raise(line)()
    to = Subscriber(SinkName("webhook.desk"), InMemoryAlertSink(), "en", at_once=True)

    def tell() -> object:
        return tell_sink(
            subscriber=to,
            ledger=line.ledger,
            compose=in_brief,
            digests=policy(line).digests,
            clock=line.clock,
            entropy=line.entropy,
            owner="agent",
        )

    return tell


def t6_tell_of_contracts(line: Line) -> Act:
    puzzles = Difference([], [Puzzle(PuzzleKind.OTHER_EMPLOYEE, "K-1")], {}, {})
    with line.work() as work:
        assert work.snapshots.keep(SourceName("hr"), puzzles, line.clock.now(), None)
    to = Subscriber(SinkName("webhook.desk"), InMemoryAlertSink(), "en", at_once=True)
    telling = DriftTelling(DriftScope([], ["hr"]), compose_notice, policy(line).digests, "ledger")
    ledger, clock = line.ledger, line.clock
    return lambda: tell_drift(to, telling, ledger=ledger, clock=clock, entropy=line.entropy, owner="agent")


def t7_note(line: Line) -> Act:
    line.take("c1")
    with line.ledger.begin() as work:
        due = work.write_backs.due(line.source.name, line.clock.now(), 10)
    assert due

    def done() -> None:
        with line.work() as work:
            work.write_backs.done([handle for handle, _ in due], line.clock.now())

    return done


def heartbeat(line: Line) -> Act:
    now = line.clock.now()
    sign = Heartbeat("host:1", "host", "1", now, now, 2, draining=False)
    return lambda: give_sign(sign, ledger=line.ledger)


def farewell(line: Line) -> Act:
    heartbeat(line)()
    return lambda: take_leave("host:1", line.clock.now(), ledger=line.ledger)


def given_back(line: Line) -> Act:
    line.take("c1")
    line.claim(1)

    def free() -> None:
        with line.work() as work:
            work.outbox.free_leases(["agent"])

    return free


CASES = [
    t1_take,
    t2_claim,
    t3_intent,
    t4_outcome,
    t4_doubt,
    t5_late_answer,
    t5_settlement,
    t6_raise,
    t6_tell,
    t6_tell_of_contracts,
    t7_note,
    heartbeat,
    farewell,
    given_back,
]


def cut_everywhere(proxy: CuttingProxy, act: Act, state: Callable[[], str], error: type[Exception], words: str) -> int:
    """Cut the line at every statement and at last behind the COMMIT; gives the number of statements."""
    before, place = state(), 0
    while True:
        place += 1
        proxy.cut(place)
        with pytest.raises(error, match=words):
            act()
        statement = proxy.spare()
        assert statement, f"the transaction has no statement {place}, and no COMMIT before it"
        assert state() == before, f"cut at statement {place}, something was committed: {statement!r}"
        if COMMIT in statement:
            break
    proxy.cut(place, "after")
    with pytest.raises(error, match=words):
        act()
    assert COMMIT in proxy.spare()
    assert state() != before, "the server committed; only its answer was lost"
    return place


@pytest.mark.parametrize("prepare", CASES, ids=lambda case: str(case.__name__))
def test_line_cut_at_any_statement_leaves_the_state_before_or_the_one_after(
    cut: Cut, prepare: Callable[[Line], Act]
) -> None:
    act = prepare(cut.line)
    words = "127.0.0.1/test_.*connection was lost.*committed as a whole or not at all.*tries again by itself"
    assert cut_everywhere(cut.proxy, act, cut.state, LedgerUnavailable, words) >= 3


# -- what the agent does after a commit whose answer was lost


def lose_commit(cut: Cut, act: Act) -> None:
    """Do it with the answer to its COMMIT lost."""
    cut.proxy.lose_commit()
    with pytest.raises(LedgerUnavailable):
        act()
    assert COMMIT in cut.proxy.spare()


def test_rows_whose_taking_was_committed_unnoticed_are_recognised(cut: Cut) -> None:
    lose_commit(cut, t1_take(cut.line))
    committed = cut.state()
    assert (again := cut.line.ingest()).repeated == 2
    assert again.taken == again.conflicts == 0
    assert cut.state() == committed


def test_claim_that_was_committed_unnoticed_runs_out_and_nothing_is_lost(cut: Cut) -> None:
    lose_commit(cut, t2_claim(cut.line))
    assert cut.line.claim() == []
    cut.line.clock.advance(LEASE)
    (claim,) = cut.line.claim()
    assert (claim.lease.fence, claim.open_attempt, claim.message) == (2, None, None)


def test_intent_that_cannot_be_recorded_sends_nothing_and_one_recorded_unnoticed_goes_on_with_its_own_bytes(
    cut: Cut,
) -> None:
    line = cut.line
    line.take("c1")
    for place in range(1, 100):
        line.clock.advance(LEASE)
        (claim,) = line.claim(1)
        cut.proxy.cut(place, "after")
        with pytest.raises(LedgerUnavailable):
            line.deliver(claim)
        assert line.wire.submitted == [], "sent without an intent on record"
        wait_for_the_end_of_what_was_cut(cut.server)
        if COMMIT in cut.proxy.spare():
            break
    signed = line.of("c1")
    assert signed.state is State.SIGNED
    line.clock.advance(LEASE)
    assert line.send(line.registers).result == "accepted"
    assert line.wire.record_id_in(line.wire.submitted[0]) == signed.record_id == line.of("c1").record_id


def test_outcome_recorded_unnoticed_is_not_taken_back_and_nothing_is_sent_again(cut: Cut) -> None:
    act = t4_outcome(cut.line)
    lose_commit(cut, act)
    assert cut.line.of("c1").state is State.ACCEPTED
    cut.line.clock.advance(LEASE)
    (follower,) = cut.line.claim()
    assert follower.submission.event_id == "a1", "c1 is not sent again; the line of its contract goes on"


def test_late_answer_is_given_twice_without_harm(cut: Cut) -> None:
    act = t5_late_answer(cut.line)
    lose_commit(cut, act)
    assert cut.line.of("c1").state is State.ACCEPTED
    act()
    assert cut.line.of("c1").state is State.ACCEPTED
    assert hasten_unsent(ledger=cut.line.ledger) == 0


def test_message_begun_unnoticed_is_told_once_and_under_its_own_id(cut: Cut) -> None:
    tell = t6_tell(cut.line)
    lose_commit(cut, tell)
    cut.line.clock.advance(timedelta(minutes=11))
    tell()
    tell()
    (told,) = cut.server.execute("SELECT count(DISTINCT message_id)::text FROM alert_deliveries").fetchall()
    assert told == ("1",)


# -- HR's own database


@pytest.fixture
def hr(postgresql_server: PostgresqlServer) -> Iterator[PostgresqlHr]:
    url = postgresql_server.new_database()
    side = PostgresqlHr(url)
    yield side
    side.close()
    postgresql_server.drop_database(url)


@pytest.mark.parametrize("step", ["mark", "note"])
def test_line_to_hr_cut_at_any_statement_changes_all_or_nothing_there(hr: PostgresqlHr, line: Line, step: str) -> None:
    with CuttingProxy(hr.url) as proxy:
        source = OutboxTableSource(NAME, proxy.url)
        row = hr.enter("e1")
        rows = source.fetch(10)
        note = StatusNote(NAME, row, 1, "pending", "", "Taken.", "", None, None, line.clock.now())

        def act() -> None:
            source.mark_taken(rows) if step == "mark" else source.write_back([note])

        def state() -> str:
            wait_for_the_end_of_what_was_cut(hr.connection)
            return str(hr.execute("SELECT t::text FROM usrec_outbox t"))

        cut_everywhere(proxy, act, state, SourceUnavailable, r"source hr .*No event is lost; the agent asks again")
        committed = state()
        if step == "mark":
            assert source.fetch(10) == []
            act()
            assert state() == committed
        else:
            act()
            status = hr.status_of(row)
            assert status is not None
            assert status.state == "pending"
        source.close()


def test_note_stays_in_the_ledger_until_hr_has_it(hr: PostgresqlHr, line: Line) -> None:
    """T7: the ledger forgets a note only after HR's commit; a lost answer there writes it once more."""
    with CuttingProxy(hr.url) as proxy:
        source = OutboxTableSource(NAME, proxy.url)
        note = StatusNote(NAME, hr.enter("e1"), 1, "pending", "", "Taken.", "", None, None, line.clock.now())
        with line.work() as work:
            work.write_backs.put(note)
        proxy.cut(3)
        with pytest.raises(SourceUnavailable):
            write_back(source=source, ledger=line.ledger, clock=line.clock)
        assert proxy.spare()
        line.clock.advance(timedelta(minutes=2))
        assert write_back(source=source, ledger=line.ledger, clock=line.clock) == 1
        assert write_back(source=source, ledger=line.ledger, clock=line.clock) == 0
        source.close()
