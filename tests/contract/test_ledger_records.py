"""The behaviour of every ledger: attempts, decisions, the journal, notes to HR, what is watched."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from support.ledger_values import (
    DAY,
    HOUR,
    NOW,
    SOURCE,
    a_closing,
    a_line,
    a_note,
    a_submission,
    an_acknowledgement,
    an_attempt,
)
from usrec.adapters.persistence import SqlLedger
from usrec.domain.errors import InvariantViolation, LedgerUnavailable
from usrec.domain.source_event import SourceName
from usrec.domain.state import State
from usrec.domain.submission import AttemptId, SubmissionId
from usrec.domain.verdict import Ending
from usrec.ports.outgoing import JournalEntry

A_MOMENT = timedelta(microseconds=1)
S1, S2 = SubmissionId("s1"), SubmissionId("s2")


@pytest.fixture
def stocked(ledger: SqlLedger) -> SqlLedger:
    with ledger.begin() as work:
        work.submissions.add(a_submission("s1"))
        work.submissions.add(a_submission("s2"))
        work.commit()
    return ledger


def test_attempt_is_open_until_it_is_closed(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        assert work.attempts.open_of(S1) is None
        work.attempts.open(an_attempt(S1))
        assert work.attempts.open_of(S1) == an_attempt(S1).id
        assert work.attempts.open_of(S2) is None
        work.attempts.close(an_attempt(S1).id, a_closing())
        assert work.attempts.open_of(S1) is None


def test_closing_again_changes_nothing(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.attempts.open(an_attempt(S1))
        work.attempts.close(an_attempt(S1).id, a_closing(Ending.REGISTERED))
        work.attempts.close(an_attempt(S1).id, a_closing(Ending.NOTHING_SENT))
        assert work.attempts.sent_of(S1) == 1


def test_an_answer_after_its_attempt_was_given_up_is_kept_once(stocked: SqlLedger) -> None:
    abandoned = replace(a_closing(), reply=b"")
    late, another = (replace(a_closing(Ending.REGISTERED), reply=reply) for reply in (b"<late/>", b"<another/>"))
    with stocked.begin() as work:
        work.attempts.open(an_attempt(S1))
        for closing in (abandoned, late, another):
            work.attempts.close(an_attempt(S1).id, closing)
        work.commit()
    with stocked._engine.connect() as connection:
        kept = connection.execute(text("SELECT reply, ending FROM attempts")).one()
    assert (bytes(kept[0]), kept[1]) == (b"<late/>", "unknown")


def test_closing_an_attempt_that_was_never_opened_is_a_fault(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.attempts.close(AttemptId("nobody"), a_closing())
        with pytest.raises(InvariantViolation, match="never opened"):
            work.writing.send()


def test_second_open_attempt_of_a_submission_is_refused(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.attempts.open(an_attempt(S1))
        work.attempts.open(an_attempt(S2))
        work.attempts.open(an_attempt(S1, 2))
        with pytest.raises(InvariantViolation):
            work.writing.send()


def test_number_of_an_attempt_is_used_once(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.attempts.open(an_attempt(S1))
        work.attempts.close(an_attempt(S1).id, a_closing())
        work.attempts.open(an_attempt(S1, id=AttemptId("other")))
        with pytest.raises(InvariantViolation):
            work.writing.send()


@pytest.mark.parametrize(
    ("ending", "sent"),
    [
        (Ending.REGISTERED, 1),
        (Ending.REFUSED, 0),
        (Ending.UNKNOWN, 1),
        (Ending.NOT_PROCESSED, 0),
        (Ending.NOTHING_SENT, 0),
    ],
)
def test_attempts_after_which_the_registry_may_hold_the_record_are_counted(
    stocked: SqlLedger, ending: Ending, sent: int
) -> None:
    with stocked.begin() as work:
        work.attempts.open(an_attempt(S1))
        work.attempts.close(an_attempt(S1).id, a_closing(ending))
        assert work.attempts.sent_of(S1) == sent
        work.attempts.open(an_attempt(S1, 2))
        assert work.attempts.sent_of(S1) == sent + 1
        assert work.attempts.sent_of(S2) == 0


def test_decision_is_seen_by_its_digest(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        assert not work.acknowledgements.seen(["digest-1"])
        work.attempts.open(an_attempt(S1))
        work.acknowledgements.add(an_acknowledgement(S1, attempt_id=an_attempt(S1).id))
        work.commit()
    with stocked.begin() as work:
        assert work.acknowledgements.seen(["digest-1", "digest-2"]) == {"digest-1"}


def test_answer_recorded_twice_is_refused_as_somebody_elses_work(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.acknowledgements.add(an_acknowledgement(S1))
        work.acknowledgements.add(an_acknowledgement(S2))
        with pytest.raises(LedgerUnavailable, match="recorded the same fact first"):
            work.writing.send()


def test_journal_keeps_the_order_of_its_lines(stocked: SqlLedger) -> None:
    words = [f"action-{number}" for number in range(20)]
    with stocked.begin() as work:
        work.journal.append()
        work.journal.append(*(a_line(word) for word in words[:15]))
        work.journal.append(a_line(words[15]))
        work.journal.append(*(a_line(word, from_state=State.PENDING, to_state=State.SIGNED) for word in words[16:]))
        work.journal.append(JournalEntry(NOW, None, "conflict", None, None, "agent", "hr/e1", '{"a": 1}'))
        work.commit()
    story = stocked.view.story(S1)
    assert story is not None
    assert [line.action for line in story.journal] == words
    numbers = [line.seq for line in story.journal]
    assert numbers == sorted(set(numbers))
    last = story.journal[-1]
    assert (last.at, last.from_state, last.to_state) == (NOW, "pending", "signed")
    assert (last.actor, last.reason, last.detail) == ("agent", "because", "{}")


@pytest.mark.parametrize("written", [False, True])
def test_last_note_of_a_row_wins_and_is_the_latest_by_any_clock(ledger: SqlLedger, *, written: bool) -> None:
    """An agent whose clock ran ahead must not have the last word in HR's row."""
    with ledger.begin() as work:
        for state, hours in (("pending", 5), ("signed", 0), ("accepted", 1)):
            work.write_backs.put(a_note(state=state, noted_at=NOW + hours * HOUR))
            ((handle, note),) = work.write_backs.due(SOURCE, NOW + DAY, 10)
            if written:
                work.write_backs.done([handle], NOW)
        work.write_backs.put(a_note("18"))
    assert (note.state, note.noted_at) == ("accepted", NOW + 5 * HOUR + 2 * A_MOMENT)


def test_notes_put_together_stand_as_if_put_one_by_one(stocked: SqlLedger) -> None:
    """Of each row the last revision; the later note of one revision is later, whatever the clock says."""
    ahead, ids = NOW + HOUR, ("new", "again", "mended", "older")
    with stocked.begin() as work:
        for row, revision in (("again", 1), ("mended", 1), ("older", 3), ("elsewhere", 1)):
            work.write_backs.put(a_note(row, revision=revision, state="signed", noted_at=ahead))
        work.write_backs.put(*(a_note(row, revision=2 if row == "mended" else 1, state="accepted") for row in ids))
        found = {note.row_ref: note for _, note in work.write_backs.due(SOURCE, ahead, 10)}
    assert {row: (note.revision, note.state, note.noted_at) for row, note in found.items()} == {
        "new": (1, "accepted", NOW),
        "again": (1, "accepted", ahead + A_MOMENT),
        "mended": (2, "accepted", NOW),
        "older": (3, "signed", ahead),
        "elsewhere": (1, "signed", ahead),
    }


def test_later_note_of_the_same_moment_wins(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.write_backs.put(a_note(state="signed"))
        work.write_backs.put(a_note(state="accepted"))
        assert [note.state for _, note in work.write_backs.due(SOURCE, NOW, 10)] == ["accepted"]


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_note_about_an_older_revision_never_takes_the_place_of_a_later_one(ledger: SqlLedger, hours: int) -> None:
    """Whatever the clocks of two agents say: HR's row stands at the later revision, and reads only notes about it."""
    later = a_note(revision=2)
    older = a_note(state="conflict", contract_id=None, noted_at=NOW + hours * HOUR)
    for first, second in ((later, older), (older, later)):
        with ledger.begin() as work:
            work.write_backs.put(first)
            work.write_backs.put(second)
            assert [note for _, note in work.write_backs.due(SOURCE, NOW + HOUR, 10)] == [later]


def test_notes_come_for_their_source_longest_due_first(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for row, hours in (("later", -1), ("old", 5), ("older", 7)):
            work.write_backs.put(a_note(row, noted_at=NOW - hours * HOUR))
        work.write_backs.put(a_note("elsewhere", source=SourceName("other")))
        assert [note.row_ref for _, note in work.write_backs.due(SOURCE, NOW, 10)] == ["older", "old"]
        assert [note.row_ref for _, note in work.write_backs.due(SOURCE, NOW, 1)] == ["older"]
        assert [note.row_ref for _, note in work.write_backs.due(SOURCE, NOW + HOUR, 10)][-1] == "later"


def test_written_notes_are_forgotten_and_failed_ones_come_again_later(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for row in ("a", "b", "c"):
            work.write_backs.put(a_note(row))
        a, b, c = (handle for handle, _ in work.write_backs.due(SOURCE, NOW, 10))
        work.write_backs.done([a], NOW)
        work.write_backs.postpone([b], NOW + DAY)
        assert [handle for handle, _ in work.write_backs.due(SOURCE, NOW, 10)] == [c]
        assert [handle for handle, _ in work.write_backs.due(SOURCE, NOW + DAY, 10)] == [c, b]
        work.write_backs.done([], NOW)
        work.write_backs.done([*range(-1200, 0), b, c], NOW)
        assert work.write_backs.due(SOURCE, NOW + DAY, 10) == []


def test_note_that_came_while_the_older_was_being_written_is_not_lost(ledger: SqlLedger) -> None:
    newer = a_note(noted_at=NOW + HOUR)
    with ledger.begin() as work:
        work.write_backs.put(a_note())
        ((handle, _),) = work.write_backs.due(SOURCE, NOW, 10)
        work.write_backs.put(newer)
        work.write_backs.done([handle], NOW)
        work.write_backs.postpone([handle], NOW + DAY)
        assert [note for _, note in work.write_backs.due(SOURCE, NOW + HOUR, 10)] == [newer]


def test_handle_is_never_given_twice(ledger: SqlLedger) -> None:
    seen = set()
    for number in range(3):
        with ledger.begin() as work:
            work.write_backs.put(a_note(str(number)))
            ((handle, _),) = work.write_backs.due(SOURCE, NOW, 10)
            work.write_backs.done([handle], NOW)
            work.commit()
        seen.add(handle)
    assert len(seen) == 3


def test_submissions_are_watched_from_their_time_on_earliest_first(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for name in ("never", "first", "second", "third", "later"):
            work.submissions.add(a_submission(name))
        for name, hours in (("third", 0), ("first", -2), ("later", 1), ("second", -1)):
            work.alerts.watch(SubmissionId(name), NOW + hours * HOUR)
        assert [one.id for one in work.alerts.to_watch(NOW, 10)] == ["first", "second", "third"]
        assert [one.id for one in work.alerts.to_watch(NOW, 2)] == ["first", "second"]
        assert work.alerts.to_watch(NOW, 1) == [a_submission("first")]


def test_latest_word_on_watching_wins(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.watch(S1, NOW)
        work.alerts.watch(S1, NOW + HOUR)
        work.alerts.watch(S2, NOW)
        work.alerts.watch(S2, None)
        assert work.alerts.to_watch(NOW, 10) == []
        assert [one.id for one in work.alerts.to_watch(NOW + HOUR, 10)] == [S1]


def test_storing_a_submission_leaves_its_watch_alone(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.watch(S1, NOW)
        work.submissions.update(a_submission("s1", state=State.CANCELLED), was=State.PENDING)
        assert [one.id for one in work.alerts.to_watch(NOW, 10)] == [S1]


def test_ledger_sorts_ids_byte_by_byte(ledger: SqlLedger) -> None:
    names = ["a", "B", "_", "é", "Z", "z", "0"]
    with ledger.begin() as work:
        for name in names:
            work.submissions.add(a_submission(name))
            work.alerts.watch(SubmissionId(name), NOW)
        found = work.alerts.to_watch(NOW, 10)
        work.commit()
    assert [one.id for one in found] == sorted(names)
    with ledger._engine.connect() as connection:
        assert list(connection.scalars(text("SELECT id FROM submissions ORDER BY id"))) == sorted(names)
