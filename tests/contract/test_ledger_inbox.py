"""The behaviour of every ledger: what HR said."""

from dataclasses import replace

import pytest

from support.ledger_values import (
    NOW,
    SOURCE,
    a_row,
)
from usrec.adapters.persistence import SqlLedger
from usrec.domain.errors import LedgerUnavailable, ValidationProblem
from usrec.domain.source_event import EventId, SourceName
from usrec.ports.ledger import InboxKey


def test_inbox_knows_what_was_added_by_source_event_and_revision(ledger: SqlLedger) -> None:
    keys: list[InboxKey] = [(SOURCE, EventId("e1"), 1), (SOURCE, EventId("e1"), 2), (SourceName("b"), EventId("e1"), 1)]
    with ledger.begin() as work:
        assert work.inbox.known(keys) == {}
        work.inbox.add(a_row(), EventId("e1"), "f1", NOW)
        work.inbox.add(a_row(revision=3), EventId("e1"), "f3", NOW)
        work.commit()
    with ledger.begin() as work:
        assert work.inbox.known(keys) == {keys[0]: "f1"}
        assert work.inbox.known([]) == {}


def test_inbox_answers_for_more_keys_than_a_statement_takes(ledger: SqlLedger) -> None:
    keys: list[InboxKey] = [(SOURCE, EventId(f"e{number}"), 1) for number in range(1203)]
    with ledger.begin() as work:
        for number in (0, 600, 1202):
            work.inbox.add(a_row(f"e{number}"), EventId(f"e{number}"), "f", NOW)
        assert set(work.inbox.known(keys)) == {keys[0], keys[600], keys[1202]}


def test_row_comes_back_as_it_was_taken(ledger: SqlLedger) -> None:
    row = a_row(payload="{not json", withdrawn=True, entered_at=None, event_type="?")
    nameless = replace(row, event_id="")
    with ledger.begin() as work:
        work.inbox.add(row, EventId("e1"), "f", NOW)
        work.inbox.add(nameless, EventId("made up"), "f", NOW)
        assert work.inbox.row((SOURCE, EventId("e1"), 1)) == row
        assert work.inbox.row((SOURCE, EventId("made up"), 1)) == replace(row, event_id="made up")
        assert work.inbox.row((SOURCE, EventId("e1"), 2)) is None


def test_of_each_event_of_a_source_the_newest_row_is_told(ledger: SqlLedger) -> None:
    """Keys that differ in case alone are two events, whatever the database's collation."""
    elsewhere = replace(a_row("e9"), source=SourceName("b"))
    rows = [a_row("e1"), a_row("E1"), a_row("e1", revision=2), a_row("e2"), a_row("E1", revision=10), elsewhere]
    with ledger.begin() as work:
        for row in rows:
            work.inbox.add(row, EventId(row.event_id), "f", NOW)
        found = {(row.event_id, row.revision) for row in work.inbox.newest_of(SOURCE)}
        assert found == {("e1", 2), ("E1", 10), ("e2", 1)}
        assert list(work.inbox.newest_of(SourceName("none"))) == []


def test_row_taken_twice_is_refused_as_somebody_elses_work(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.inbox.add(a_row(), EventId("e1"), "f1", NOW)
        work.commit()
    with ledger.begin() as work:
        work.inbox.add(a_row(), EventId("e1"), "f1", NOW)
        with pytest.raises(LedgerUnavailable, match="recorded the same fact first"):
            work.writing.send()


def test_fingerprint_is_stable_keyed_and_not_a_bare_digest(ledger: SqlLedger, sqlite_memory: SqlLedger) -> None:
    with ledger.begin() as first, sqlite_memory.begin() as other:
        digest = first.inbox.fingerprint(b"row")
        assert first.inbox.fingerprint(b"row") == digest
        assert first.inbox.fingerprint(b"row.") != digest
        assert other.inbox.fingerprint(b"row") != digest
    assert len(digest) == 64


def test_number_too_large_for_the_database_names_no_value(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.inbox.add(a_row(revision=2**70), EventId("e1"), "f", NOW)
        with pytest.raises(ValidationProblem, match="too large") as caught:
            work.writing.send()
    assert str(2**70) not in str(caught.value)


def test_half_a_character_is_refused_and_not_shown(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.inbox.add(a_row(payload="\ud800"), EventId("e1"), "f", NOW)
        with pytest.raises(ValidationProblem, match="cannot be stored"):
            work.writing.send()


@pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)
def test_nul_character_that_postgresql_cannot_hold_is_refused_and_not_shown(shared_ledger: SqlLedger) -> None:
    with shared_ledger.begin() as work:
        work.inbox.add(a_row(contract_key="900101300123\0"), EventId("e1"), "f", NOW)
        with pytest.raises(ValidationProblem, match="cannot be stored") as caught:
            work.writing.send()
    assert "900101300123" not in f"{caught.value} {caught.value.__cause__}"
