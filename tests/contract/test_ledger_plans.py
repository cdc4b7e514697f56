"""Counted work instead of measured time: which index a statement uses, and how many statements a step takes."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text, update

from support.fresh_ledger import make_ledger
from support.ledger_values import BIN, DAY, HOUR, NOW, SOURCE, a_note, a_submission, an_entry, enqueued
from support.outbox_steps import FIVE_MINUTES
from support.postgresql import PostgresqlServer
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger, open_ledger, unsettled
from usrec.adapters.persistence.alert_tables import permits
from usrec.adapters.persistence.delivery_tables import outbox
from usrec.adapters.persistence.rows import submission_values, values_of
from usrec.adapters.persistence.sealing import NOT_SEALED
from usrec.adapters.persistence.tables import submissions, write_backs
from usrec.adapters.persistence.view import SqlLedgerView
from usrec.application.survey import NAMED, take_survey
from usrec.domain.alert import Watched
from usrec.domain.source_event import ContractKey, EventId
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, Submission, SubmissionId
from usrec.ports.ledger import UnitOfWork
from usrec.ports.ledger_view import SubmissionRow

ROWS = 10_000
STATUSES = (QueueStatus.READY, QueueStatus.READY, QueueStatus.SCHEDULED, QueueStatus.BLOCKED, QueueStatus.CLAIMED)

Executed = list[tuple[str, Any]]


@contextmanager
def executed(ledger: SqlLedger) -> Iterator[Executed]:
    """Every statement that goes to the database, with its parameters."""
    seen: Executed = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        seen.append((statement, parameters))

    event.listen(ledger._engine, "before_cursor_execute", note)
    yield seen
    event.remove(ledger._engine, "before_cursor_execute", note)


def stock(url: str) -> None:
    """Make a ledger and fill it as a long outage would."""
    make_ledger(url)
    ledger = open_ledger(url)
    rows, entries, notes, ending = [], [], [], []
    for number in range(ROWS):
        one = a_submission(f"s{number:06}", event_id=EventId(f"e{number}"))
        status = STATUSES[number % len(STATUSES)]
        times = {"priority": NOW + number * HOUR, "available_at": NOW + number * HOUR}
        entry = values_of(an_entry(one, status=status, **times))
        if status is QueueStatus.CLAIMED:
            entry |= {"lease_owner": "other", "lease_until": NOW + DAY + number * HOUR}
        rows.append(submission_values(one, NOT_SEALED) | {"watch_at": NOW + number * HOUR})
        entries.append(entry)
        ending.append(_permit(one, (NOW + number * DAY).date()))
        notes.append(values_of(a_note(str(number))) | {"due_at": NOW + number * HOUR})
    with ledger._engine.begin() as connection:
        for table, values in ((submissions, rows), (outbox, entries), (permits, ending), (write_backs, notes)):
            connection.execute(insert(table), values)
        connection.execute(text("ANALYZE"))
    ledger.close()


@pytest.fixture(scope="module")
def stocked_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full ledger, to be copied: filling one takes longer than all that is asked of it."""
    file = tmp_path_factory.mktemp("stock") / "ledger.db"
    stock(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="module")
def stocked_database(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """The same on PostgreSQL."""
    url = postgresql_server.new_database()
    stock(url)
    yield url
    postgresql_server.drop_database(url)


@pytest.fixture(params=["sqlite-file", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def full_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlLedger]:
    """Give a full ledger that no other test touches."""
    if request.param == "sqlite-file":
        file = shutil.copy(request.getfixturevalue("stocked_file"), tmp_path / "ledger.db")
        url = f"sqlite:///{file}"
    else:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        url = server.new_database(like=request.getfixturevalue("stocked_database"))
    ledger = open_ledger(url)
    yield ledger
    ledger.close()
    if request.param == "postgresql":
        server.drop_database(url)


def _permit(one: Submission, end_date: date) -> dict[str, object]:
    return {
        "employer_bin": one.employer_bin,
        "contract_key": f"contract of {one.id}",
        "submission_id": one.id,
        "end_date": end_date,
        "ended": False,
    }


def plan(connection: Connection, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))


def reads_whole(table: str, found: str) -> bool:
    lines = found.splitlines()
    return any(f"Seq Scan on {table}" in line or line.endswith(f"SCAN {table}") for line in lines)


def plans_of(ledger: SqlLedger, step: Any) -> str:
    with executed(ledger) as statements, ledger.begin() as work:
        step(work)
    asked = [one for one in statements if not one[0].startswith("BEGIN")]
    with ledger._engine.connect() as connection:
        return "\n".join(plan(connection, *one) for one in asked)


def claim(work: UnitOfWork) -> None:
    assert len(work.outbox.claim("me", NOW, FIVE_MINUTES, 20)) == 20


def claim_of_one(work: UnitOfWork) -> None:
    assert len(work.outbox.claim("me", NOW, FIVE_MINUTES, 20, employer=BIN)) == 20
    assert work.outbox.claim("me", NOW, FIVE_MINUTES, 20, employer="200940000039") == []


SOME = [(BIN, ContractKey(f"contract of s{one:06}")) for one in range(3)]

STEPS: Sequence[tuple[Any, Sequence[str]]] = (
    (claim, ["ix_outbox_ready"]),
    (claim_of_one, ["ix_outbox_line"]),
    (lambda work: work.outbox.promote(NOW + 3 * HOUR), ["ix_outbox_scheduled", "ix_outbox_claimed"]),
    (lambda work: work.outbox.free_leases(["me"]), ["ix_outbox_claimed"]),
    (lambda work: work.alerts.to_watch(NOW + HOUR, 100), ["ix_submissions_watch"]),
    (lambda work: work.write_backs.due(SOURCE, NOW + HOUR, 100), ["ix_write_backs_due"]),
    (lambda work: work.submissions.lines_of(SOME), ["ix_submissions_contract"]),
    (lambda work: work.submissions.conclusions_of(SOME), ["ix_submissions_contract"]),
    (lambda work: work.submissions.next_positions(SOME), ["ix_submissions_contract"]),
    (lambda work: work.submissions.of_event(SOURCE, EventId("e7")), ["ix_submissions_event"]),
    (
        lambda work: work.submissions.of_events([(SOURCE, EventId(f"e{one}")) for one in range(3)]),
        ["ix_submissions_event"],
    ),
    (lambda work: work.submissions.get_all([SubmissionId(f"s{one:06}") for one in range(3)]), ["submissions"]),
    (lambda work: work.outbox.get_all([SubmissionId(f"s{one:06}") for one in range(3)]), ["outbox"]),
    (lambda work: work.contracts.lock_all(SOME), []),
    (lambda work: work.contracts.registry_ids(SOME), ["contracts"]),
    (lambda work: work.submissions.standing_of(SOME), ["ix_submissions_contract"]),
    (lambda work: work.contracts.with_numbers([(BIN, "17"), (BIN, "18")]), ["contract_numbers"]),
    (lambda work: work.signing_requests.awaiting(BIN), ["ix_outbox_awaited"]),
    (lambda work: work.signing_requests.asked_at([SubmissionId("s000007")]), ["signing_requests"]),
    (lambda work: work.submissions.signed_as("d" * 64), ["messages"]),
    (lambda work: work.alerts.outdated(100), []),
    (lambda work: work.alerts.unsay(NOW, NOW, 100), []),
    (lambda work: work.permits.untold(NOW.date(), 10, 100), ["ix_permits_end_date"]),
    (lambda work: work.inbox.known([(SOURCE, EventId("e7"), 1)]), ["inbox"]),
    (lambda work: work.masses.undecided(), []),
    (lambda work: work.masses.unfinished(), []),
)


def test_steps_of_the_line_use_their_indexes_and_never_read_a_whole_table(full_ledger: SqlLedger) -> None:
    for step, indexes in STEPS:
        found = plans_of(full_ledger, step)
        for index in indexes:
            assert index in found
        whole = [table for table in ("submissions", "outbox", "write_backs") if reads_whole(table, found)]
        assert whole == [], found


def test_next_legal_date_is_found_among_what_is_unsettled_however_much_is_registered(full_ledger: SqlLedger) -> None:
    registered = update(submissions).where(submissions.c.id >= "s000100").values(state=State.ACCEPTED)
    with full_ledger._engine.begin() as connection:
        connection.execute(registered)
        connection.execute(text("ANALYZE"))
    with executed(full_ledger) as seen:
        assert full_ledger.view.next_date() == a_submission().legal_date
    first = next(one for one in seen if "min(" in one[0])
    with full_ledger._engine.connect() as connection:
        found = plan(connection, *first)
    assert "ix_submissions_unsettled" in found
    assert not reads_whole("submissions", found), found


def test_claim_reads_the_queue_in_order_and_stops(full_ledger: SqlLedger) -> None:
    """Nothing is sorted before the first rows come, so that a long queue costs no more than a short one."""
    with executed(full_ledger) as statements, full_ledger.begin() as work:
        claim(work)
    choosing = next(one for one in statements if "ORDER BY" in one[0])
    with full_ledger._engine.connect() as connection:
        found = plan(connection, *choosing)
    assert "ix_outbox_ready" in found
    assert "TEMP B-TREE" not in found
    assert "Sort" not in found


@pytest.mark.parametrize(
    ("count", "statements"), [(1, {"postgresql": 2, "sqlite": 3}), (50, {"postgresql": 2, "sqlite": 3})]
)
def test_claim_takes_as_many_statements_for_many_as_for_one(
    shared_ledger: SqlLedger, count: int, statements: dict[str, int]
) -> None:
    with shared_ledger.begin() as work:
        for number in range(count):
            enqueued(work, f"s{number}")
        work.inbox.fingerprint(b"the ledger's key is read once for each process")
        work.commit()
    with executed(shared_ledger) as seen, shared_ledger.begin() as work:
        assert len(work.outbox.claim("me", NOW, timedelta(minutes=5), 100)) == count
    assert (
        len([one for one in seen if not one[0].startswith("BEGIN")])
        == {"postgresql": 2, "sqlite": 3}[shared_ledger.dialect]
    )


def test_status_reads_no_more_submissions_of_a_full_ledger_than_it_names(
    full_ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database counts; what the page holds in memory does not grow with what is open."""
    due = update(submissions).where(submissions.c.id < "s001000").values(due_utc=NOW - HOUR)
    no_term = (
        update(submissions)
        .where(submissions.c.id > "s009000")
        .values(legal_date=None, due_utc=None, safe_date=date(2026, 3, 9))
    )
    with full_ledger._engine.begin() as connection:
        for statement in (due, no_term):
            connection.execute(statement)
    read: list[SubmissionRow] = []

    def noted(*values: Any) -> SubmissionRow:
        read.append(SubmissionRow(*values))
        return read[-1]

    monkeypatch.setattr(unsettled, "SubmissionRow", noted)
    monkeypatch.setattr(SqlLedgerView, "rows", None)
    survey = take_survey(view=full_ledger.view, clock=ManualClock(NOW))
    assert len(read) <= 4 * NAMED + 1
    assert (survey.open, survey.overdue.number, survey.targets.number) == (ROWS, 1_000, 999)
    assert [one.id for one in survey.overdue.first] == [f"s{number:06}" for number in range(NAMED)]
    assert [one.id for one in survey.targets.first][:2] == ["s009001", "s009002"]
    assert survey.oldest is not None
    assert survey.sending == ROWS * 3 // 5


def test_lock_of_a_contract_takes_one_statement_and_on_postgresql_one_for_its_queue(shared_ledger: SqlLedger) -> None:
    with executed(shared_ledger) as seen, shared_ledger.begin() as work:
        work.contracts.lock(BIN, ContractKey("K-1"))
        work.commit()
    statements = {"postgresql": 2, "sqlite": 1}[shared_ledger.dialect]
    assert len([one for one in seen if not one[0].startswith("BEGIN")]) == statements


@pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)
def test_lock_of_a_known_contract_writes_nothing(shared_ledger: SqlLedger) -> None:
    versions = set()
    for _ in range(3):
        with shared_ledger.begin() as work:
            work.contracts.lock(BIN, ContractKey("K-1"))
            work.commit()
        with shared_ledger._engine.connect() as connection:
            versions.add(connection.execute(text("SELECT ctid::text FROM contracts")).scalar_one())
    assert len(versions) == 1


def test_what_stands_of_many_contracts_is_read_at_once(shared_ledger: SqlLedger) -> None:
    contracts = {(BIN, ContractKey(f"K-{number}")) for number in range(300)}
    with executed(shared_ledger) as seen, shared_ledger.begin() as work:
        found = work.submissions.standing_of(contracts)
    assert len([one for one in seen if not one[0].startswith("BEGIN")]) == 1
    assert found == {contract: [] for contract in contracts}


def test_forecast_looks_at_the_last_exchanges_and_alerts_and_not_at_all_of_them(shared_ledger: SqlLedger) -> None:
    with executed(shared_ledger) as seen:
        shared_ledger.view.queue_load(NOW, NOW - HOUR)
        with shared_ledger.begin() as work:
            work.alerts.foretold(Watched.FORECAST, NOW.date())
    with shared_ledger._engine.connect() as connection:
        if shared_ledger.dialect == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        asked = [one for one in seen if "FROM attempts" in one[0] or "FROM alerts" in one[0]]
        plans = [plan(connection, *one) for one in asked]
    assert ["ix_attempts_closed" in one or "ix_alerts_foretold" in one for one in plans] == [True] * 4
