"""Telling HR what became of its rows: retried until told, and never able to alter a submission."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from support.line import TIMEOUT, Line, refused
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.persistence import SqlUnitOfWork
from usrec.application.write_back import RETRY_AFTER, write_back
from usrec.domain.errors import LedgerUnavailable, SourceUnavailable
from usrec.domain.source_event import SourceName
from usrec.domain.state import State
from usrec.ports.event_source import StatusNote


def told(line: Line, limit: int = 500) -> int:
    return write_back(source=line.source, ledger=line.ledger, clock=line.clock, limit=limit)


def test_hr_reads_what_became_of_its_row(line: Line) -> None:
    row = line.enter("c1")
    line.ingest()
    line.deliver_all()
    assert told(line) == 1
    note = line.source.status_of(row)
    assert note is not None
    submission = line.of("c1")
    assert (note.state, note.code, note.contract_id) == ("accepted", "SCSS001", submission.contract_id)
    assert note.record_id == submission.record_id
    assert note.legal_date == line.of("c1").legal_date
    assert note.message == "Registered in USREC."


def test_what_was_told_is_not_told_again(line: Line) -> None:
    line.take("c1")
    assert told(line) == 1
    assert told(line) == 0
    assert line.notes() == {}


def test_each_news_is_told(line: Line) -> None:
    row = line.enter("c1")
    line.ingest()
    seen = []
    for step in (None, TIMEOUT, refused("SCSE007")):
        if step is not None:
            line.send_again(step)
        told(line)
        note = line.source.status_of(row)
        assert note is not None
        seen.append((note.state, note.code))
    assert seen == [("pending", ""), ("indeterminate", ""), ("rejected", "SCSE007")]


def test_limit_leaves_the_rest_for_the_next_call(line: Line) -> None:
    for number in range(3):
        line.take(f"c{number}", contract=f"K-{number}")
    assert [told(line, limit=2) for _ in range(3)] == [2, 1, 0]


def test_hr_database_that_is_away_is_told_a_minute_later(line: Line) -> None:
    row = line.enter("c1")
    line.ingest()
    line.deliver_all()
    line.source.online = False
    with pytest.raises(SourceUnavailable):
        told(line)
    assert line.of("c1").state is State.ACCEPTED
    line.source.online = True
    assert told(line) == 0
    line.clock.advance(RETRY_AFTER)
    assert told(line) == 1
    note = line.source.status_of(row)
    assert note is not None
    assert note.state == "accepted"


def test_ledger_that_fails_after_the_telling_only_tells_twice(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.take("c1")

    def full_disk(_: SqlUnitOfWork) -> None:
        raise LedgerUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(SqlUnitOfWork, "commit", full_disk)
        with pytest.raises(LedgerUnavailable):
            told(line)
    assert told(line) == 1


def test_note_that_comes_while_others_are_written_is_not_lost(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.take("c1")
    real = line.source.write_back

    def meanwhile(notes: Sequence[StatusNote]) -> None:
        real(notes)
        line.clock.advance(RETRY_AFTER)
        line.deliver_all()

    with monkeypatch.context() as patched:
        patched.setattr(line.source, "write_back", meanwhile)
        assert told(line) == 1
    (note,) = line.notes().values()
    assert note.state == "accepted"


def test_read_only_source_is_told_nothing_and_nothing_piles_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.source = InMemorySource(SourceName("hr"), writable=False, known=lambda _: [])
    monkeypatch.setattr(line.source, "write_back", lambda _: pytest.fail("written"))
    line.take("c1")
    assert told(line) == 1
    assert line.notes() == {}


def test_other_sources_notes_are_theirs(line: Line) -> None:
    line.take("c1")
    other = InMemorySource(SourceName("branch"))
    assert write_back(source=other, ledger=line.ledger, clock=line.clock) == 0
    assert told(line) == 1


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_sentence_for_hr(line: Line, state: State) -> None:
    from dataclasses import replace

    from usrec.application.recording import status_note

    note = status_note(replace(line.take("c1"), state=state), line.clock.now())
    assert note.state == state.value
    assert note.message.endswith(".")
