"""What every ledger's database refuses by itself, whoever asks and in whatever SQL."""

from itertools import product

import pytest
from sqlalchemy import Connection, insert, literal_column, text
from sqlalchemy.exc import InvalidRequestError

from support.ledger_values import a_line, a_submission
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.rows import submission_values
from usrec.adapters.persistence.sealing import NOT_SEALED
from usrec.adapters.persistence.tables import submissions
from usrec.domain.errors import InvariantViolation, LedgerUnavailable
from usrec.domain.state import TRANSITIONS, State
from usrec.domain.submission import SubmissionId

ALLOWED = {(before, after) for (before, _), after in TRANSITIONS.items()} | {(state, state) for state in State}


def _moves(connection: Connection, before: State, after: State) -> bool:
    """Whether plain SQL may take a submission from one state to the other."""
    name = f"{before}-{after}"
    connection.execute(insert(submissions), submission_values(a_submission(name, state=before), NOT_SEALED))
    try:
        with connection.begin_nested():
            what = {"name": name, "state": after.value}
            connection.execute(text("UPDATE submissions SET state = :state WHERE id = :name"), what)
    except InvariantViolation:
        return False
    stored = connection.scalar(text("SELECT state FROM submissions WHERE id = :name"), {"name": name})
    return bool(stored == after)


def test_plain_sql_moves_a_state_along_the_transitions_only(shared_ledger: SqlLedger) -> None:
    with shared_ledger._engine.connect() as connection, connection.begin():
        moved = {pair for pair in product(State, State) if _moves(connection, *pair)}
    assert moved == ALLOWED


@pytest.mark.parametrize("state", ["", "Pending", "done"])
def test_plain_sql_cannot_invent_a_state(shared_ledger: SqlLedger, state: str) -> None:
    row = submission_values(a_submission(), NOT_SEALED) | {"state": literal_column(f"'{state}'")}
    with shared_ledger._engine.begin() as connection, pytest.raises(InvariantViolation, match="ck_submissions_state"):
        connection.execute(insert(submissions).values(row))


def test_plain_sql_cannot_invent_a_queue_status(shared_ledger: SqlLedger) -> None:
    columns = (
        "submission_id, employer_bin, contract_key, status, priority, available_at, fence, attempts, doubtful, note"
    )
    moment = "'2026-03-02 00:00:00.000000Z'"
    row = f"'s1', '', '', 'waiting', {moment}, {moment}, 0, 0, false, ''"
    with shared_ledger._engine.begin() as connection:
        connection.execute(insert(submissions), submission_values(a_submission(), NOT_SEALED))
        with pytest.raises(InvariantViolation, match="ck_outbox_status"):
            connection.execute(text(f"INSERT INTO outbox ({columns}) VALUES ({row})"))  # noqa: S608 -- literals above


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE journal SET reason = 'other'",
        "DELETE FROM journal",
        "DELETE FROM journal WHERE action = 'second'",
    ],
)
def test_plain_sql_cannot_change_the_journal(shared_ledger: SqlLedger, attack: str) -> None:
    _refuses_to_change_the_journal(shared_ledger, attack)


@pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)
def test_journal_cannot_be_truncated(shared_ledger: SqlLedger) -> None:
    _refuses_to_change_the_journal(shared_ledger, "TRUNCATE journal")


@pytest.mark.parametrize("shared_ledger", ["sqlite-file"], indirect=True)
def test_journal_line_cannot_be_replaced_by_inserting_over_it(shared_ledger: SqlLedger) -> None:
    columns = "seq, at, submission_id, action, from_state, to_state, actor, reason, detail"
    attack = f"INSERT OR REPLACE INTO journal ({columns}) SELECT {columns} FROM journal"  # noqa: S608 -- a literal above
    _refuses_to_change_the_journal(shared_ledger, attack)


def _refuses_to_change_the_journal(ledger: SqlLedger, attack: str) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission())
        work.journal.append(a_line("first"), a_line("second"))
        work.commit()
    with ledger._engine.connect() as connection, pytest.raises(InvariantViolation, match="append-only"):
        connection.execute(text(attack))
    story = ledger.view.story(SubmissionId("s1"))
    assert story is not None
    assert [(line.action, line.reason) for line in story.journal] == [("first", "because"), ("second", "because")]


@pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)
def test_view_reads_in_transactions_that_cannot_write(shared_ledger: SqlLedger) -> None:
    with shared_ledger.view._snapshot() as connection, pytest.raises(LedgerUnavailable, match="read-only transaction"):
        connection.execute(text("DELETE FROM write_backs"))


def test_unit_of_work_is_over_after_its_commit(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission())
        work.commit()
        with pytest.raises(InvalidRequestError):
            work.submissions.get(SubmissionId("s1"))
        with pytest.raises(InvalidRequestError):
            work.commit()
    with ledger.begin() as work:
        assert work.submissions.get(SubmissionId("s1")) is not None
