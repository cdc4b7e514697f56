"""What held for the agent as a whole: the newest line of a kind, and the one of a past moment, on every ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger
from usrec.application.record_standing import AUTHORITY, CALENDAR, record_standing
from usrec.ports.outgoing import JournalEntry

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_ledger_without_a_record_says_so(ledger: SqlLedger) -> None:
    assert ledger.view.standing(AUTHORITY) is None
    assert ledger.view.standing(AUTHORITY, before=NOW) is None


def test_only_a_change_is_written_and_each_kind_stands_for_itself(ledger: SqlLedger) -> None:
    clock = ManualClock(NOW)

    def put(action: str, detail: str) -> bool:
        clock.advance(HOUR)
        return record_standing(action, detail, ledger=ledger, view=ledger.view, clock=clock)

    written = [put(AUTHORITY, "[1]"), put(CALENDAR, "{}"), put(AUTHORITY, "[1]"), put(AUTHORITY, "[2]")]
    assert written == [True, True, False, True]
    newest = ledger.view.standing(AUTHORITY)
    assert newest is not None
    assert (newest.detail, newest.at, newest.actor) == ("[2]", NOW + 4 * HOUR, "agent")
    assert put(AUTHORITY, "[1]"), "a return to an earlier record is a change too"


def test_a_past_moment_is_told_what_stood_then(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for hours, action, detail in ((0, AUTHORITY, "[1]"), (1, "conflict", "{}"), (2, AUTHORITY, "[2]")):
            work.journal.append(JournalEntry(NOW + hours * HOUR, None, action, None, None, "agent", "", detail))
        work.commit()

    def told(before: datetime) -> str | None:
        line = ledger.view.standing(AUTHORITY, before=before)
        return None if line is None else line.detail

    moments = (NOW, NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR)
    assert [told(moment) for moment in moments] == [None, "[1]", "[1]", "[2]"]
