"""The behaviour of every ledger: the figures for a monitoring system, and what they cost."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from support.ledger_values import (
    BIN,
    DAY,
    HOUR,
    NOW,
    SOURCE,
    a_closing,
    a_note,
    a_submission,
    an_acknowledgement,
    an_attempt,
    enqueued,
)
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.rows import submission_values
from usrec.adapters.persistence.schema import head_revision
from usrec.adapters.persistence.sealing import NOT_SEALED
from usrec.adapters.persistence.tables import submissions
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.source_event import EmployerName, EventId, Operation, SourceName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.domain.verdict import Ending
from usrec.ports.alert_sink import AlertMessageId, SinkName
from usrec.ports.figures import Backlog, OpenGroup, SinkRecord
from usrec.ports.ledger import UnitOfWork

MINUTE = timedelta(minutes=1)


def test_empty_ledger_has_figures_without_anything(ledger: SqlLedger) -> None:
    figures = ledger.view.figures(NOW)
    assert figures.schema == head_revision()
    assert (figures.by_state, figures.open, figures.queue) == ({}, [], {})
    assert (figures.in_doubt, figures.undelivered_alerts) == (Backlog(0, None), Backlog(0, None))
    assert (figures.write_backs, figures.sinks) == ({}, {})


def test_open_submissions_are_grouped_by_state_and_both_dates(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission("a", received_at=NOW + HOUR))
        work.submissions.add(a_submission("b", received_at=NOW - HOUR))
        work.submissions.add(a_submission("c", safe_utc=NOW + 8 * DAY))
        work.submissions.add(a_submission("d", state=State.REJECTED))
        work.submissions.add(a_submission("e", due_utc=None, safe_utc=None))
        work.submissions.add(a_submission("f", state=State.ACCEPTED))
        work.submissions.add(a_submission("g", state=State.CANCELLED))
        work.submissions.add(a_submission("h", state=State.REJECTED, replaced_by=SubmissionId("a")))
        work.commit()
    figures = ledger.view.figures(NOW)
    safe, due = NOW + 7 * DAY, NOW + 8 * DAY
    assert sorted(figures.open, key=str) == sorted(
        [
            OpenGroup(State.PENDING, safe, due, 2, NOW - HOUR),
            OpenGroup(State.PENDING, due, due, 1, NOW),
            OpenGroup(State.PENDING, None, None, 1, NOW),
            OpenGroup(State.REJECTED, safe, due, 1, NOW),
        ],
        key=str,
    )
    assert figures.by_state == {State.PENDING: 4, State.REJECTED: 1, State.ACCEPTED: 1, State.CANCELLED: 1}


def test_queue_is_counted_by_status_and_reason(ledger: SqlLedger) -> None:
    blocked = {"status": QueueStatus.BLOCKED, "wait_reason": WaitReason.PREDECESSOR_OPEN}
    with ledger.begin() as work:
        enqueued(work, "a")
        for name in ("b", "c"):
            enqueued(work, name, entry=blocked)
        work.commit()
    assert ledger.view.figures(NOW).queue == {
        (QueueStatus.READY, None): 1,
        (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN): 2,
    }


def attempted(work: UnitOfWork, name: str, *endings: Ending, **changes: Any) -> None:
    """A submission whose attempts ended so, an hour after another."""
    submission = a_submission(name, **changes)
    work.submissions.add(submission)
    for number, ending in enumerate(endings, start=1):
        attempt = an_attempt(submission.id, number, opened_at=NOW + number * HOUR)
        work.attempts.open(attempt)
        work.attempts.close(attempt.id, a_closing(ending))


def test_doubt_begins_with_the_first_attempt_whose_answer_is_unknown(ledger: SqlLedger) -> None:
    doubtful, nothing, unknown = State.INDETERMINATE, Ending.NOTHING_SENT, Ending.UNKNOWN
    with ledger.begin() as work:
        attempted(work, "a", nothing, nothing, unknown, unknown, state=doubtful)
        attempted(work, "b", nothing, unknown, state=doubtful, replaced_by=SubmissionId("a"))
        attempted(work, "settled", unknown, state=State.ACCEPTED)
        attempted(work, "waiting", nothing, state=State.SIGNED)
        work.commit()
    assert ledger.view.figures(NOW).in_doubt == Backlog(2, NOW + 2 * HOUR)


def test_notes_to_hr_are_counted_by_source_from_the_oldest(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.write_backs.put(a_note("1", noted_at=NOW))
        work.write_backs.put(a_note("2", noted_at=NOW + HOUR))
        work.write_backs.put(a_note("1", source=SourceName("other"), noted_at=NOW + DAY))
        postponed = [handle for handle, _ in work.write_backs.due(SOURCE, NOW, 1)]
        work.write_backs.postpone(postponed, NOW + 2 * DAY)
        work.commit()
    assert ledger.view.figures(NOW).write_backs == {
        SOURCE: Backlog(2, NOW),
        SourceName("other"): Backlog(1, NOW + DAY),
    }


def alert(of: SubmissionId, name: str, **changes: Any) -> Alert:
    told: dict[str, Any] = {
        "submission_id": of,
        "source": SOURCE,
        "event_id": EventId(name),
        "watched": Watched.LEGAL,
        "threshold": Threshold.DAY_1,
        "operation": Operation.CONCLUSION,
        "employer": EmployerName("Алатау"),
        "last_day": date(2026, 3, 10),
        "raised_at": NOW - HOUR,
        "tell_at": NOW - MINUTE,
    }
    return Alert(**told | changes)


def test_alert_is_undelivered_from_its_time_until_every_sink_that_was_to_take_it_has(ledger: SqlLedger) -> None:
    mail, log = SinkName("mail.hr"), SinkName("log")
    with ledger.begin() as work:
        one = enqueued(work, "a").id
        work.alerts.add([alert(one, "untold"), alert(one, "next digest", tell_at=NOW + HOUR)])
        work.commit()
    assert ledger.view.figures(NOW).undelivered_alerts == Backlog(1, NOW - MINUTE)
    assert ledger.view.figures(NOW + 2 * HOUR).undelivered_alerts == Backlog(2, NOW - MINUTE)
    for sink, is_taken in ((log, True), (mail, False)):
        with ledger.begin() as work:
            assert work.alert_sinks.failures(sink, NOW) == 0
            (untold,) = work.alert_sinks.untold(sink, NOW, 10, at_once=False)
            message = AlertMessageId(f"m-{sink}")
            work.alert_sinks.begin(sink, message, [untold.handle], owner="me", until=NOW + HOUR)
            if is_taken:
                work.alert_sinks.taken(sink, message, NOW, owner="me")
            else:
                work.alert_sinks.failed(sink, "no answer", NOW, retry_at=NOW + HOUR, owner="me")
            work.commit()
        expected = Backlog(0, None) if is_taken else Backlog(1, NOW - MINUTE)
        assert ledger.view.figures(NOW).undelivered_alerts == expected
    assert ledger.view.figures(NOW).sinks == {log: SinkRecord(0, NOW), mail: SinkRecord(1, None)}


def test_sink_that_was_taken_out_of_the_settings_is_not_waited_for(ledger: SqlLedger) -> None:
    mail, log = SinkName("mail.hr"), SinkName("log")
    with ledger.begin() as work:
        work.alerts.add([alert(enqueued(work, "a").id, "one")])
        for sink in (log, mail):
            work.alert_sinks.failures(sink, NOW)
            (untold,) = work.alert_sinks.untold(sink, NOW, 10, at_once=False)
            work.alert_sinks.begin(sink, AlertMessageId(sink), [untold.handle], owner="me", until=NOW + HOUR)
        work.alert_sinks.taken(log, AlertMessageId(log), NOW, owner="me")
        work.commit()
    waiting = []
    for kept, at in (([log], NOW), ([log, mail], NOW + 2 * HOUR), ([log], NOW + 2 * HOUR)):
        with ledger.begin() as work:
            work.alert_sinks.abandon(kept, at)
            work.commit()
        waiting.append(ledger.view.figures(at).undelivered_alerts.number)
    assert waiting == [1, 1, 0], "a message on its way and a sink that is still named are waited for"


def test_last_exchange_is_the_newest_answer_and_not_a_persons_settlement(ledger: SqlLedger) -> None:
    assert ledger.view.last_exchange() is None
    with ledger.begin() as work:
        one = enqueued(work, "a").id
        for number, kind in enumerate(("answer", "answer", "settlement")):
            at = NOW + number * HOUR
            told = {"kind": kind, "signed_digest": f"d{number}", "acknowledged_at": at}
            work.acknowledgements.add(an_acknowledgement(one, **told))
        work.commit()
    assert ledger.view.last_exchange() == NOW + HOUR


OPEN, SETTLED = 400, 6_000
DETAILS = "x" * 1500
"""As long as a real event's; with shorter ones a database may well read the table itself."""


def plans(ledger: SqlLedger) -> dict[str, str]:
    """How the database answers each question of the figures, by the question."""
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(ledger._engine, "before_cursor_execute", note)
    ledger.view.figures(NOW)
    event.remove(ledger._engine, "before_cursor_execute", note)
    with ledger._engine.connect() as connection:
        return {statement: plan(connection, statement, told) for statement, told in asked if "SELECT" in statement}


def plan(connection: Connection, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))


@pytest.mark.parametrize("shared_ledger", ["sqlite-file", "postgresql"], indirect=True)
def test_figures_count_the_settled_past_in_an_index_and_read_only_what_is_open(shared_ledger: SqlLedger) -> None:
    rows = []
    for number in range(OPEN + SETTLED):
        state = State.PENDING if number < OPEN else State.ACCEPTED
        told: dict[str, Any] = {"state": state, "due_utc": NOW + number % 9 * DAY, "details": DETAILS}
        rows.append(submission_values(a_submission(f"s{number:06}", **told), NOT_SEALED))
    with shared_ledger._engine.begin() as connection:
        if shared_ledger.dialect == "postgresql":
            connection.execute(text("SET LOCAL synchronous_commit = on"))  # or VACUUM could not yet call rows visible
        connection.execute(insert(submissions), rows)
    with shared_ledger._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if connection.dialect.name == "sqlite" else "VACUUM ANALYZE submissions"))
    figures, found = shared_ledger.view.figures(NOW), plans(shared_ledger)
    assert len(figures.open) == 9
    assert sum(group.number for group in figures.open) == OPEN
    (by_state,) = (how for what, how in found.items() if what.endswith("GROUP BY submissions.state"))
    assert "ix_submissions_state_code" in by_state
    assert "COVERING" in by_state or "Index Only" in by_state
    (groups,) = (how for what, how in found.items() if "due_utc" in what)
    assert "ix_submissions_unsettled" in groups
    whole = [how for how in found.values() if "Seq Scan on submissions" in how or how.endswith("SCAN submissions")]
    assert whole == []


def test_bin_is_no_figure(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        enqueued(work, "a")
        work.commit()
    told = repr(ledger.view.figures(NOW))
    assert BIN not in told
    assert "contract of a" not in told
