"""HR's rows behind a stopped employer say that, and say that they will be sent when it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.operator_desk import BIN, Desk, registered
from usrec.application.tell_stop import tell_stop
from usrec.application.write_back import write_back
from usrec.interfaces import stop_notes
from usrec.interfaces.cli.hr_words import hr_note
from usrec.interfaces.stop_notes import LOOK_EVERY, StopNotes
from usrec.ports.ledger_view import SubmissionFilter

WHY = ("--reason", "the key is being changed")
STOPPED = "its employer is stopped"
WILL_BE_SENT = "Taken; it will be sent."


def told(desk: Desk) -> dict[str, str]:
    """What HR reads, by row."""
    write_back(source=desk.hr, ledger=desk.ledger, clock=desk.clock, words=lambda note: hr_note(note, "en"))
    found = {str(row): desk.hr.status_of(str(row)) for row in range(1, 5) if f"hire-{row}" in entered(desk)}
    return {ref: note.message for ref, note in found.items() if note is not None}


def entered(desk: Desk) -> set[str]:
    return {row.event_id for row in desk.ledger.view.rows(SubmissionFilter())}


def test_rows_behind_a_stop_say_so_until_it_is_over(desk: Desk) -> None:
    rows = [desk.hire(number) for number in (1, 2, 3)]
    desk.take()
    desk.send_one("hire-3", registered())
    notes, agent = StopNotes(), desk.agent()
    notes.look(agent)
    before = told(desk)
    assert sorted(message == WILL_BE_SENT for message in before.values()) == [False, True, True]
    assert desk.usrec("employer", "stop", "main", *WHY).code == 0
    desk.clock.advance(LOOK_EVERY)
    notes.look(agent)
    desk.hire(4)
    desk.take()
    desk.clock.advance(timedelta(seconds=1))
    notes.look(agent)
    assert sum(STOPPED in message for message in told(desk).values()) == 2, "not so often that it costs"
    desk.clock.advance(LOOK_EVERY)
    notes.look(agent)
    behind = told(desk)
    assert sum(STOPPED in message for message in behind.values()) == len(rows), (
        "the new row too; not the registered one"
    )
    assert tell_stop(BIN, ledger=desk.ledger, clock=desk.clock) == 0, "what was told is passed over"
    assert desk.usrec("employer", "release", "main", *WHY).code == 0
    desk.clock.advance(LOOK_EVERY)
    notes.look(agent)
    after = told(desk)
    assert [after[ref] for ref, message in behind.items() if STOPPED in message] == [WILL_BE_SENT] * 3


def test_an_agent_that_was_restarted_meanwhile_says_that_the_stop_is_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        desk.hire(number)
    desk.take()
    assert desk.usrec("employer", "stop", "main", *WHY).code == 0
    monkeypatch.setattr(stop_notes, "AT_ONCE", 1)
    monkeypatch.setattr(stop_notes, "_MOST_TURNS", 1)
    first = StopNotes()
    for _ in range(3):
        first.look(desk.agent())
        desk.clock.advance(LOOK_EVERY)
    assert sum(STOPPED in message for message in told(desk).values()) == 3, "little by little"
    assert desk.usrec("employer", "release", "main", *WHY).code == 0
    restarted = StopNotes()
    for _ in range(4):
        restarted.look(desk.agent())
        desk.clock.advance(LOOK_EVERY)
    assert not any(STOPPED in message for message in told(desk).values())
