"""The chain over the journal on a real database: what comes late, what never comes, and who may link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, event, insert, text

from support.ledger_values import NOW, a_line, a_submission
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.rows import values_of
from usrec.adapters.persistence.schema import alembic_config, upgrade
from usrec.adapters.persistence.tables import journal
from usrec.application.link_journal import Linked, link_journal
from usrec.application.verify_journal import verify_journal
from usrec.domain.chain import START, keyed_digest
from usrec.domain.chain_check import Breach, Damage
from usrec.domain.errors import InvariantViolation
from usrec.domain.submission import SubmissionId
from usrec.ports.chain import SignedHead

CLOCK = ManualClock(NOW)
S1 = SubmissionId("s1")


def write(ledger: SqlLedger, *actions: str) -> None:
    with ledger.begin() as work:
        work.journal.append(*(a_line(one) for one in actions))
        work.commit()


def turn(ledger: SqlLedger, limit: int = 256) -> Linked:
    return link_journal(ledger=ledger, clock=CLOCK, limit=limit)


def numbers(ledger: SqlLedger) -> list[int]:
    """Of the journal's lines; PostgreSQL's go on from the test before."""
    with ledger._engine.connect() as connection:
        return list(connection.scalars(text("SELECT seq FROM journal ORDER BY seq")))


def headers(ledger: SqlLedger) -> list[tuple[str, str, str]]:
    return [(one.ranges, one.gaps, one.voids) for one, _ in ledger.chain_view.headers(0, 100)]


def breach(ledger: SqlLedger) -> Breach | None:
    return verify_journal(ledger.chain_view).breach


def test_lines_are_linked_once_in_batches_and_the_tail_tells_what_is_left(ledger: SqlLedger) -> None:
    write(ledger, *(f"line {one}" for one in range(5)))
    tail = ledger.chain_view.tail()
    assert (tail.lines, tail.linked, tail.batches, tail.oldest_at) == (5, 0, 0, NOW)
    assert turn(ledger, 2) == Linked(2, 1, more=True)
    assert ledger.chain_view.tail().lines == 3
    assert [turn(ledger, 2).lines for _ in range(3)] == [2, 1, 0]
    tail = ledger.chain_view.tail()
    assert (tail.lines, tail.linked, tail.oldest_at) == (0, 5, None)
    assert verify_journal(ledger.chain_view).state.total == 5


def test_batch_of_a_line_and_the_lines_of_a_submission_are_found(ledger: SqlLedger) -> None:
    write(ledger, "first", "second", "third")
    turn(ledger, 2)
    seqs = numbers(ledger)
    found = ledger.chain_view.batch_of(seqs[1])
    assert found is not None
    assert found.header.entries == 2
    assert ledger.chain_view.batch_of(seqs[2]) is None
    assert [line.action for line in ledger.chain_view.lines_of(S1)] == ["first", "second", "third"]
    assert ledger.chain_view.ends() == (seqs[0], seqs[-1])


def test_digest_of_a_submission_is_that_of_the_key_which_its_bundle_may_give_away(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        made = work.journal.digest(S1, b"bytes")
    assert made == keyed_digest(ledger.chain_view.digest_key(S1), b"bytes")
    assert len(ledger.chain_view.ledger_id()) == 32


def test_a_check_goes_on_from_where_an_earlier_one_ended(ledger: SqlLedger) -> None:
    write(ledger, "first")
    turn(ledger)
    before = verify_journal(ledger.chain_view).state
    write(ledger, "second")
    turn(ledger)
    after = verify_journal(ledger.chain_view, before)
    assert (after.breach, after.state) == (None, verify_journal(ledger.chain_view).state)


def test_signed_heads_are_kept_in_their_order(ledger: SqlLedger) -> None:
    write(ledger, "first")
    turn(ledger)
    (_, found), *_ = ledger.chain_view.headers(0, 1)
    head = SignedHead(1, found, NOW, "c" * 64, "{}", b"cms", None)
    with ledger.begin() as work:
        assert work.chain.last_head() is None
        work.chain.add_head(head)
        assert work.chain.last_head() == head
        work.commit()
    assert ledger.chain_view.heads(0, 10) == [head]
    assert ledger.chain_view.last_head() == head


@pytest.mark.parametrize("table", ["journal_batches", "journal_heads"])
@pytest.mark.parametrize("attack", ["UPDATE {0} SET hash = 'x'", "DELETE FROM {0}"])
def test_plain_sql_cannot_change_the_chain(shared_ledger: SqlLedger, table: str, attack: str) -> None:
    test_signed_heads_are_kept_in_their_order(shared_ledger)
    with shared_ledger._engine.connect() as connection, pytest.raises(InvariantViolation, match="append-only"):
        connection.execute(text(attack.format(table)))


@pytest.mark.parametrize("shared_ledger", ["sqlite-file"], indirect=True)
def test_batch_cannot_be_replaced_by_inserting_over_it(shared_ledger: SqlLedger) -> None:
    write(shared_ledger, "first")
    turn(shared_ledger)
    attack = "INSERT OR REPLACE INTO journal_batches SELECT * FROM journal_batches"
    with shared_ledger._engine.connect() as connection, pytest.raises(InvariantViolation, match="append-only"):
        connection.execute(text(attack))


def test_what_was_rolled_back_leaves_no_line_out(shared_ledger: SqlLedger) -> None:
    """On SQLite its number is drawn again; on PostgreSQL it stays a gap until no transaction of then lives."""
    write(shared_ledger, "first")
    with shared_ledger.begin() as work:
        work.journal.append(a_line("never"))
        work.writing.send()
    write(shared_ledger, "second")
    turn(shared_ledger)
    turn(shared_ledger)
    first, *_, last = numbers(shared_ledger)
    on_postgresql = shared_ledger.dialect == "postgresql"
    assert last - first == (2 if on_postgresql else 1)
    voids = [one.split(",")[-1] for _, _, one in headers(shared_ledger)]
    assert voids[-1] == (str(first + 1) if on_postgresql else "")
    assert breach(shared_ledger) is None


postgresql_only = pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)


@postgresql_only
def test_line_that_becomes_visible_late_is_taken_into_a_later_batch(shared_ledger: SqlLedger) -> None:
    write(shared_ledger, "zero")
    turn(shared_ledger)
    turn(shared_ledger)
    with shared_ledger.begin() as slow:
        slow.submissions.add(a_submission("other"))
        slow.journal.append(a_line("late"))
        slow.writing.send()
        write(shared_ledger, "early")
        turn(shared_ledger)
        _, early = numbers(shared_ledger)
        assert headers(shared_ledger)[-1] == (str(early), str(early - 1), "")
        assert turn(shared_ledger) == Linked()
        slow.commit()
    assert shared_ledger.chain_view.tail().lines == 1
    turn(shared_ledger)
    assert headers(shared_ledger)[-1] == (str(early - 1), "", "")
    found = shared_ledger.chain_view.batch_of(early - 1)
    assert found is not None
    assert found.header.number == len(headers(shared_ledger))
    assert breach(shared_ledger) is None


@postgresql_only
def test_number_is_void_only_when_every_writer_of_then_has_ended(shared_ledger: SqlLedger) -> None:
    """Another writer of the journal keeps the gap open, since nobody can tell which number it has drawn."""
    write(shared_ledger, "zero")
    turn(shared_ledger)
    turn(shared_ledger)
    with shared_ledger.begin() as other:
        other.journal.append(a_line("slow"))
        other.writing.send()
        with shared_ledger.begin() as work:
            work.journal.append(a_line("never"))
            work.writing.send()
        write(shared_ledger, "early")
        turn(shared_ledger)
        early = numbers(shared_ledger)[-1]
        write(shared_ledger, "more")
        turn(shared_ledger)
        assert headers(shared_ledger)[-1][1:] == (f"{early - 2}-{early - 1}", "")
        other.commit()
    turn(shared_ledger)
    assert headers(shared_ledger)[-1] == (str(early - 2), "", str(early - 1))
    assert breach(shared_ledger) is None


@pytest.mark.parametrize("empty_engine", ["postgresql"], indirect=True)
@postgresql_only
def test_long_transaction_of_somebody_else_keeps_no_number_open(shared_ledger: SqlLedger, empty_engine: Engine) -> None:
    """Neither one in another database of the server, nor one that has not touched the journal."""
    with empty_engine.begin() as foreign, shared_ledger.begin() as idle:
        foreign.execute(text("CREATE TABLE held_open (number integer)"))
        idle.submissions.add(a_submission("other"))
        idle.writing.send()
        test_what_was_rolled_back_leaves_no_line_out(shared_ledger)


@postgresql_only
def test_writer_that_has_drawn_its_number_and_nothing_else_is_waited_for(shared_ledger: SqlLedger) -> None:
    """Between the number and the row PostgreSQL has not given the transaction a number of its own yet."""
    write(shared_ledger, "zero")
    turn(shared_ledger)
    turn(shared_ledger)
    with shared_ledger._engine.connect() as paused, paused.begin():
        paused.execute(text("LOCK TABLE journal IN ROW EXCLUSIVE MODE"))
        drawn = paused.scalar(text("SELECT nextval(pg_get_serial_sequence('journal', 'seq'))"))
        write(shared_ledger, "early")
        turn(shared_ledger)
        assert [turn(shared_ledger) for _ in range(2)] == [Linked(), Linked()]
        assert headers(shared_ledger)[-1][1:] == (str(drawn), "")
        _insert(paused, drawn or 0)
        paused.commit()
    turn(shared_ledger)
    assert headers(shared_ledger)[-1] == (str(drawn), "", "")


@postgresql_only
def test_line_in_a_void_place_is_found(shared_ledger: SqlLedger) -> None:
    test_what_was_rolled_back_leaves_no_line_out(shared_ledger)
    void = numbers(shared_ledger)[0] + 1
    with shared_ledger._engine.begin() as connection:
        _insert(connection, void)
    assert turn(shared_ledger) == Linked()
    found = breach(shared_ledger)
    assert found is not None
    assert (found.damage, found.seq) == (Damage.INSERTED, void)


@postgresql_only
def test_who_finds_another_linking_goes_on_without_waiting(shared_ledger: SqlLedger) -> None:
    write(shared_ledger, "first")
    with shared_ledger.begin() as other:
        assert other.chain.lead()
        assert turn(shared_ledger) == Linked(busy=True)
    assert turn(shared_ledger).lines == 1


@postgresql_only
def test_horizon_of_another_server_has_passed(shared_ledger: SqlLedger) -> None:
    """A ledger that was restored into a new server has marks far above that server's own."""
    with shared_ledger.begin() as work:
        mark = work.chain.horizon()
        assert mark is not None
        assert work.chain.passed(mark)
        assert work.chain.passed(2**40)
        assert not work.chain.passed(None)


@pytest.mark.parametrize("shared_ledger", ["sqlite-file"], indirect=True)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (["UPDATE journal SET reason = 'other' WHERE seq = 3"], (Damage.EDITED, 3)),
        (["UPDATE journal SET at = replace(at, 'Z', '+00:00') WHERE seq = 2"], (Damage.EDITED, 2)),
        (["UPDATE journal SET at = 'yesterday' WHERE seq = 2"], (Damage.EDITED, 2)),
        (["UPDATE journal SET to_state = 'heaven' WHERE seq = 4"], (Damage.EDITED, 4)),
        (["UPDATE journal SET detail = CAST(x'ff' AS TEXT) WHERE seq = 4"], (Damage.EDITED, 4)),
        (["UPDATE journal SET reason = x'00ff' WHERE seq = 1"], (Damage.EDITED, 1)),
        (["UPDATE journal SET seq = -seq WHERE seq = 3"], (Damage.INSERTED, -3)),
        (["DELETE FROM journal WHERE seq = 1"], (Damage.REMOVED, 1)),
        (["DELETE FROM journal WHERE seq >= 4"], (Damage.CUT_OFF, 4)),
    ],
)
def test_change_of_a_ledger_without_its_guards_is_found(
    shared_ledger: SqlLedger, changes: Sequence[str], expected: tuple[Damage, int]
) -> None:
    write(shared_ledger, *(f"line {one}" for one in range(5)))
    turn(shared_ledger, 2)
    turn(shared_ledger)
    with shared_ledger._engine.begin() as connection:
        for guard in ("journal_no_update", "journal_no_delete"):
            connection.execute(text(f"DROP TRIGGER {guard}"))
        for change in changes:
            connection.execute(text(change))
    found = breach(shared_ledger)
    assert found is not None
    assert (found.damage, found.seq) == expected


@pytest.mark.parametrize("shared_ledger", ["sqlite-file"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        "ranges = '1-9999999999999999999'",
        "ranges = '1-9000000000000000000'",
        "gaps = '1-9000000000000000000'",
        "at = 'yesterday'",
        "digests = 'no bytes'",
        "entries = 'many'",
        "total = x'00'",
        "previous = 7",
    ],
)
def test_batch_that_was_made_unreadable_is_named(shared_ledger: SqlLedger, change: str) -> None:
    for one in range(4):
        write(shared_ledger, f"line {one}")
        turn(shared_ledger)
    with shared_ledger._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER journal_batches_no_update"))
        connection.execute(text(f"UPDATE journal_batches SET {change} WHERE number = 3"))  # noqa: S608 -- literals
    assert breach(shared_ledger) == Breach(Damage.BATCH_EDITED, 3, None)


@pytest.mark.parametrize("shared_ledger", ["sqlite-file"], indirect=True)
def test_nothing_is_linked_behind_a_batch_that_cannot_be_read(shared_ledger: SqlLedger) -> None:
    write(shared_ledger, "line")
    turn(shared_ledger)
    with shared_ledger._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER journal_batches_no_update"))
        connection.execute(text("UPDATE journal_batches SET at = 'yesterday'"))
    with pytest.raises(InvariantViolation, match="usrec journal verify"):
        turn(shared_ledger)


def _insert(connection: Connection, seq: int) -> None:
    columns = "seq, at, action, actor, reason, detail"
    values = ":seq, now(), 'forged', 'agent', '', '{}'"
    statement = f"INSERT INTO journal ({columns}) OVERRIDING SYSTEM VALUE VALUES ({values})"  # noqa: S608 -- literals
    connection.execute(text(statement), {"seq": seq})


def test_finding_the_tail_reads_the_tail_alone(shared_ledger: SqlLedger) -> None:
    """However long the journal is: everything goes by the key, and nothing is read whole."""
    with shared_ledger._engine.begin() as connection:
        connection.execute(insert(journal), [values_of(a_line(f"line {one}")) for one in range(5000)])
        connection.execute(text("ANALYZE"))
    first, *_, last = numbers(shared_ledger)
    state = replace(START, number=1, through=last - 10, gaps=((first + 3, first + 3), (first + 9, first + 12)))
    asked: list[tuple[str, Any]] = []
    event.listen(shared_ledger._engine, "before_cursor_execute", lambda *about: asked.append((about[2], about[3])))
    with shared_ledger.begin() as work:
        assert [line.seq - first for line in work.chain.unlinked(state, 8)][:5] == [3, 9, 10, 11, 12]
        work.chain.state()
        work.chain.last_head()
    found = []
    with shared_ledger._engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN " if shared_ledger.dialect == "sqlite" else "EXPLAIN "
        for statement, parameters in [one for one in asked if "SELECT" in one[0]]:
            found += [str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters)]
    assert any("PRIMARY KEY" in line or "pk_journal" in line for line in found)
    assert [line for line in found if "Seq Scan on journal " in line or line.endswith("SCAN journal")] == []


def test_a_ledger_of_before_is_linked_by_and_by_and_comes_down_again(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    ledger = SqlLedger(empty_engine)
    write(ledger, *(f"line {one}" for one in range(4)))
    turn(ledger)
    (_, found), *_ = ledger.chain_view.headers(0, 1)
    with ledger.begin() as work:
        work.chain.add_head(SignedHead(1, found, NOW, "c" * 64, "{}", b"cms", None))
        work.commit()
    with empty_engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0014")
    upgrade(empty_engine)
    assert ledger.chain_view.tail().lines == 4
    assert [turn(ledger, 3).lines for _ in range(2)] == [3, 1]
    assert verify_journal(ledger.chain_view).state.total == 4
