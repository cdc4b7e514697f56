"""Writes wait for the end of their transaction and go together; nobody can tell, but by counting statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from support.ledger_values import BIN, HOUR, NOW, a_line, a_note, a_submission, an_attempt, an_entry
from usrec.adapters.persistence import SqlLedger
from usrec.domain.errors import LeaseLost
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId

S1, S2 = SubmissionId("s1"), SubmissionId("s2")


@contextmanager
def statements(ledger: SqlLedger) -> Iterator[list[str]]:
    """What was run meanwhile, by its first two words."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        seen.append(" ".join(statement.split()[:3]))

    event.listen(ledger._engine, "before_cursor_execute", note)
    yield seen
    event.remove(ledger._engine, "before_cursor_execute", note)


def stored(ledger: SqlLedger, *names: str) -> None:
    with ledger.begin() as work:
        for name in names:
            work.submissions.add(a_submission(name))
        work.commit()


@contextmanager
def ends(ledger: SqlLedger) -> Iterator[list[str]]:
    """How transactions ended meanwhile."""
    seen: list[str] = []
    listeners = {"commit": lambda _: seen.append("commit"), "rollback": lambda _: seen.append("rollback")}
    for name, note in listeners.items():
        event.listen(ledger._engine, name, note)
    yield seen
    for name, note in listeners.items():
        event.remove(ledger._engine, name, note)


def test_transaction_that_only_asked_ends_so_that_the_server_keeps_what_it_prepared(ledger: SqlLedger) -> None:
    with ends(ledger) as seen, ledger.begin() as work:
        assert work.submissions.get(S1) is None
    assert seen == ["commit"]


def test_what_was_written_and_not_committed_is_rolled_back(ledger: SqlLedger) -> None:
    with ends(ledger) as seen, ledger.begin() as work:
        work.submissions.add(a_submission("s1"))
        assert work.submissions.get(S1) is not None
    assert seen == ["rollback"]
    with ledger.begin() as work:
        work.submissions.add(a_submission("s2"))
    with ledger.begin() as work:
        assert (work.submissions.get(S1), work.submissions.get(S2)) == (None, None)


def test_lease_that_was_taken_and_not_committed_is_free(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission("s1"))
        work.outbox.put(an_entry(a_submission("s1")))
        work.commit()
    with ends(ledger) as seen, ledger.begin() as work:
        assert len(work.outbox.claim("me", NOW, HOUR, 1)) == 1
    assert seen == ["rollback"]
    with ledger.begin() as work:
        assert len(work.outbox.claim("another", NOW, HOUR, 1)) == 1


def test_rows_of_one_kind_go_in_one_statement(ledger: SqlLedger) -> None:
    with statements(ledger) as seen, ledger.begin() as work:
        for name in ("s1", "s2", "s3"):
            work.submissions.add(a_submission(name))
            work.outbox.put(an_entry(a_submission(name)))
            work.journal.append(a_line())
        work.commit()
    inserts = [one.split()[-1] for one in seen if one.startswith("INSERT")]
    assert sorted(inserts) == ["journal", "outbox", "submissions"]
    assert inserts.index("submissions") < inserts.index("outbox")


def test_question_sees_what_was_written_before(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission("s1"))
        assert work.submissions.get(S1) == a_submission("s1")
        work.outbox.put(an_entry(a_submission("s1"), status=QueueStatus.HELD))
        contract = BIN, a_submission("s1").contract_key
        (standing,) = work.submissions.lines_of([contract])[contract]
        assert (standing.state, standing.status) == (State.PENDING, QueueStatus.HELD)
        work.submissions.update(a_submission("s1", state=State.SIGNED), was=State.PENDING)
        assert work.submissions.get(S1) == a_submission("s1", state=State.SIGNED)


def test_question_about_another_table_sends_nothing(ledger: SqlLedger) -> None:
    with ledger.begin() as work, statements(ledger) as seen:
        work.submissions.add(a_submission("s1"))
        assert work.employer_stops.get("nobody") is None
        assert not [one for one in seen if one.startswith("INSERT")]


def test_two_changes_of_one_row_keep_their_order(ledger: SqlLedger) -> None:
    stored(ledger, "s1", "s2")
    with ledger.begin() as work:
        for name in ("s2", "s1"):
            work.submissions.update(a_submission(name, state=State.SIGNED), was=State.PENDING)
        work.submissions.update(a_submission("s1", state=State.INDETERMINATE), was=State.SIGNED)
        work.commit()
    with ledger.begin() as work:
        found = [work.submissions.get(one) for one in (S1, S2)]
    assert [one and one.state for one in found] == [State.INDETERMINATE, State.SIGNED]


def test_one_of_many_that_moved_on_is_seen_by_the_count(ledger: SqlLedger) -> None:
    stored(ledger, "s1", "s2")
    with ledger.begin() as work:
        work.submissions.update(a_submission("s1", state=State.CANCELLED), was=State.PENDING)
        work.commit()
    with ledger.begin() as work:
        for name in ("s1", "s2"):
            work.submissions.update(a_submission(name, state=State.SIGNED), was=State.PENDING)
        with pytest.raises(LeaseLost, match="state of one has changed"):
            work.commit()
    with ledger.begin() as work:
        assert work.submissions.get(S2) == a_submission("s2")


def test_notes_about_one_row_are_told_in_their_order(ledger: SqlLedger) -> None:
    first, other = a_note(state="signed"), replace(a_note(state="signed"), row_ref="another row")
    with ledger.begin() as work:
        work.write_backs.put(first)
        work.write_backs.put(other)
        work.write_backs.put(replace(first, state="accepted"))
        work.commit()
    with ledger.begin() as work:
        due = [(note.row_ref, note.state) for _, note in work.write_backs.due(first.source, NOW, 9)]
    assert sorted(due) == sorted([(first.row_ref, "accepted"), ("another row", "signed")])


def test_what_was_written_is_gone_without_a_commit(ledger: SqlLedger) -> None:
    stored(ledger, "s1")
    with ledger.begin() as work:
        work.attempts.open(an_attempt(S1))
    with ledger.begin() as work:
        assert work.attempts.open_of(S1) is None
