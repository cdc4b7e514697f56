"""The behaviour of every ledger: alerts raised once for an event, and each sink told on its own."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, text

from support.ledger_values import DAY, HOUR, NOW, a_submission, an_alert, enqueued
from usrec.adapters.persistence import SqlLedger, create_ledger_engine
from usrec.adapters.persistence.alert_tables import alerts as alerts_table
from usrec.adapters.persistence.schema import alembic_config, upgrade
from usrec.domain.alert import Alert, OpenAlert, Threshold, Watched
from usrec.domain.oversight import Concern, Trouble
from usrec.domain.oversight_notice import Told
from usrec.domain.source_event import EventId
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId, WaitReason
from usrec.ports.alert_sink import AlertMessageId, SinkName
from usrec.ports.alert_sinks import Untold
from usrec.ports.ledger import UnitOfWork

S1, S2 = SubmissionId("s1"), SubmissionId("s2")
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
MAIL, LOG = SinkName("mail.hr"), SinkName("log")
M1, M2 = AlertMessageId("m1"), AlertMessageId("m2")
UNTIL = NOW + HOUR


@pytest.fixture
def stocked(ledger: SqlLedger) -> SqlLedger:
    with ledger.begin() as work:
        enqueued(work, "s1")
        work.submissions.add(a_submission("s2"))
        work.commit()
    return ledger


def untold(work: UnitOfWork, sink: SinkName = MAIL, *, at_once: bool = True, limit: int = 10) -> list[Untold]:
    return list(work.alert_sinks.untold(sink, NOW, limit, at_once=at_once))


def alerts_of(found: list[Untold]) -> list[Alert]:
    return [one.open.alert for one in found]


def tell(work: UnitOfWork, sink: SinkName = MAIL, message: AlertMessageId = M1, owner: str = "me") -> list[Untold]:
    """Begin a message with everything that the sink does not know."""
    assert work.alert_sinks.failures(sink, NOW) is not None
    found = untold(work, sink)
    work.alert_sinks.begin(sink, message, [one.handle for one in found], owner=owner, until=UNTIL)
    return found


# -- raised once


def test_alert_is_raised_once_for_event_date_and_threshold(stocked: SqlLedger) -> None:
    first = an_alert(S1)
    others = [
        an_alert(S2),
        an_alert(S1, watched=Watched.SAFE),
        an_alert(S1, last_day=date(2026, 3, 11)),
        an_alert(S1, threshold=Threshold.MISSED),
    ]
    with stocked.begin() as work:
        assert work.alerts.add([first]) == [first]
        again = replace(first, raised_at=NOW + HOUR)
        assert work.alerts.add([again, *others, others[0]]) == others
        assert work.alerts.add([]) == []


def test_submission_that_takes_anothers_place_does_not_raise_the_same_again(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1)])
        assert work.alerts.add([an_alert(S2, event_id=an_alert(S1).event_id)]) == []
        assert alerts_of(untold(work)) == [an_alert(S1)]


def test_later_threshold_of_a_date_closes_the_earlier_ones(stocked: SqlLedger) -> None:
    late, early = an_alert(S1, threshold=Threshold.HOURS_4), an_alert(S1, threshold=Threshold.WORKING_DAYS_3)
    safe = an_alert(S1, watched=Watched.SAFE, threshold=Threshold.WORKING_DAYS_3)
    with stocked.begin() as work:
        work.alerts.add([early, safe, an_alert(S2)])
        work.alerts.add([late])
        assert alerts_of(untold(work)) == [safe, an_alert(S2), late]


def test_alert_that_was_closed_and_is_raised_again_stands_for_its_event_once_more(stocked: SqlLedger) -> None:
    again = an_alert(S2, event_id=an_alert(S1).event_id)
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1)])
        work.alerts.close([one.handle for one in untold(work)], NOW)
        assert untold(work) == []
        assert work.alerts.add([again]) == []
        assert alerts_of(untold(work)) == [again]


def test_alert_that_was_raised_too_early_is_unsaid_and_told_again_when_its_time_comes(stocked: SqlLedger) -> None:
    early, true = an_alert(S1, raised_at=NOW + 9 * DAY, tell_at=NOW + 9 * DAY), an_alert(S1)
    with stocked.begin() as work:
        work.alerts.add([early, an_alert(S2)])
        tell(work)
        work.alert_sinks.taken(MAIL, M1, NOW, owner="me")
        assert list(work.alerts.unsay(NOW, NOW, 10)) == [S1]
        assert untold(work) == []
        work.alerts.add([true])
        assert alerts_of(untold(work)) == [true]
        assert list(work.alerts.unsay(NOW, NOW, 10)) == []


def test_alerts_of_what_is_settled_or_replaced_are_outdated(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.submissions.add(a_submission("registered", state=State.ACCEPTED))
        work.submissions.add(a_submission("replaced", replaced_by=S1))
        over = [an_alert(SubmissionId("registered")), an_alert(SubmissionId("replaced"))]
        work.alerts.add([an_alert(S1), *over])
        assert [alert for _, alert in work.alerts.outdated(10)] == over
        assert [alert for _, alert in work.alerts.outdated(1)] == over[:1]
        assert alerts_of(untold(work)) == [an_alert(S1)]
        work.alerts.close([handle for handle, _ in work.alerts.outdated(10)], NOW)
        assert work.alerts.outdated(10) == []


def test_alert_is_handed_over_with_what_each_sink_was_told(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1)])
        (known,) = tell(work, LOG)
        work.alert_sinks.taken(LOG, M1, NOW, owner="me")
        work.alerts.hand_over(known.handle, S2)
        assert untold(work, LOG) == []
        assert [one.open.alert.submission_id for one in untold(work, MAIL)] == [S2]


# -- each sink on its own


def test_alert_says_how_its_event_stands_and_nothing_personal(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        one = enqueued(
            work,
            "s1",
            entry={"wait_reason": WaitReason.GATEWAY_FAULT},
            state=State.SIGNED,
            code="SCSE012",
            trigger=date(2026, 3, 2),
            safe_date=date(2026, 3, 9),
        )
        work.alerts.add([an_alert(S1)])
        assert [one.open for one in untold(work)] == [
            OpenAlert(
                alert=an_alert(S1),
                state=State.SIGNED,
                code="SCSE012",
                wait_reason=WaitReason.GATEWAY_FAULT,
                blocked_by=None,
                legal_date=one.legal_date,
                safe_date=date(2026, 3, 9),
                trigger=date(2026, 3, 2),
                entered_at=NOW,
            )
        ]


def test_row_that_tells_when_hr_entered_it_is_believed(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission("s1", entered_at=NOW - DAY))
        work.alerts.add([an_alert(S1)])
        assert [one.open.entered_at for one in untold(work)] == [NOW - DAY]


def test_sink_with_digests_learns_of_an_alert_when_its_time_has_come(stocked: SqlLedger) -> None:
    now, tomorrow = an_alert(S1), an_alert(S2, tell_at=NOW + DAY)
    with stocked.begin() as work:
        work.alerts.add([now, tomorrow])
        assert alerts_of(untold(work, at_once=False)) == [now]
        assert alerts_of(untold(work, at_once=True)) == [now, tomorrow]
        assert alerts_of(untold(work, limit=1)) == [now]


def test_what_one_sink_took_another_has_still_to_be_told(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1), an_alert(S2)])
        tell(work, LOG)
        work.alert_sinks.taken(LOG, M1, NOW, owner="me")
        work.commit()
    with stocked.begin() as work:
        assert untold(work, LOG) == []
        assert alerts_of(untold(work, MAIL)) == [an_alert(S1), an_alert(S2)]


def test_message_that_was_begun_and_never_taken_keeps_its_id(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1)])
        tell(work)
        work.commit()
    with stocked.begin() as work:
        work.alerts.add([an_alert(S2)])
        assert [one.message_id for one in untold(work)] == [M1, None]


def test_message_may_be_begun_again_with_fewer_alerts(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1), an_alert(S2)])
        first, _ = tell(work)
        work.alert_sinks.begin(MAIL, M1, [first.handle], owner="me", until=UNTIL)
        work.alert_sinks.taken(MAIL, M1, NOW, owner="me")
        assert [(one.open.alert, one.message_id) for one in untold(work)] == [(an_alert(S2), None)]


def test_nobody_else_tells_a_sink_that_is_being_told(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        assert work.alert_sinks.failures(MAIL, NOW) == 0
        work.alerts.add([an_alert(S1)])
        tell(work)
        work.commit()
    with stocked.begin() as work:
        assert [work.alert_sinks.rests(sink, NOW) for sink in (MAIL, LOG)] == [True, False]
        assert not work.alert_sinks.rests(MAIL, UNTIL)
        assert work.alert_sinks.failures(MAIL, NOW) is None
        assert work.alert_sinks.failures(LOG, NOW) == 0
        assert work.alert_sinks.failures(MAIL, UNTIL) == 0, "its lease has run out"


def test_sink_that_fails_is_left_alone_until_it_is_to_be_tried_again(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1)])
        tell(work)
        work.alert_sinks.failed(MAIL, "no answer", NOW, retry_at=UNTIL, owner="me")
        assert work.alert_sinks.rests(MAIL, NOW)
        assert not work.alert_sinks.rests(MAIL, UNTIL)
        assert work.alert_sinks.failures(MAIL, NOW) is None
        assert work.alert_sinks.failures(MAIL, UNTIL) == 1
        assert [(one.open.alert, one.message_id) for one in untold(work)] == [(an_alert(S1), M1)]


def test_failures_are_counted_in_a_row(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1)])
        for failures in (1, 2):
            tell(work)
            work.alert_sinks.failed(MAIL, "no answer", NOW, retry_at=NOW, owner="me")
            assert work.alert_sinks.failures(MAIL, NOW) == failures
        tell(work)
        work.alert_sinks.taken(MAIL, M1, NOW, owner="me")
        assert work.alert_sinks.failures(MAIL, NOW) == 0


def test_agent_whose_lease_ran_out_disturbs_nobody_who_tells_the_sink_since(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1)])
        tell(work, owner="slow")
        work.alert_sinks.begin(MAIL, M1, [untold(work)[0].handle], owner="other", until=UNTIL + HOUR)
        work.alert_sinks.failed(MAIL, "no answer", NOW, retry_at=NOW, owner="slow")
        assert work.alert_sinks.rests(MAIL, UNTIL), "the other still tells it"
        work.alert_sinks.taken(MAIL, M1, NOW, owner="slow")
        assert work.alert_sinks.rests(MAIL, UNTIL)
        assert untold(work) == [], "what arrived has arrived"
        work.alert_sinks.taken(MAIL, M1, NOW, owner="other")
        assert work.alert_sinks.failures(MAIL, NOW) == 0


def test_of_more_than_can_be_told_the_urgent_and_the_nearest_are_told_first(stocked: SqlLedger) -> None:
    waits: dict[str, Any] = {"tell_at": NOW - HOUR, "raised_at": NOW - 2 * HOUR}
    reminder = an_alert(S1, watched=Watched.PERSON, threshold=Threshold.AWAITED, **waits)
    later = an_alert(S1, event_id=EventId("later"), last_day=date(2026, 12, 9), **waits)
    nearer = an_alert(S1, event_id=EventId("nearer"), last_day=date(2026, 12, 8), **waits)
    urgent = replace(an_alert(S1), event_id=EventId("urgent"), threshold=Threshold.MISSED, tell_at=NOW, raised_at=NOW)
    with stocked.begin() as work:
        work.alerts.add([reminder, later, nearer, urgent])
        order = [urgent, nearer, later, reminder]
        for limit in range(1, 5):
            oldest_first = [one for one in (reminder, later, nearer, urgent) if one in order[:limit]]
            assert alerts_of(untold(work, limit=limit)) == oldest_first


def test_dead_agents_message_is_told_again_at_once(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.alerts.add([an_alert(S1)])
        tell(work, owner="host:1")
        assert list(work.alert_sinks.owners()) == ["host:1"]
        work.alert_sinks.free(["host:2"])
        assert work.alert_sinks.failures(MAIL, NOW) is None
        work.alert_sinks.free(["host:1"])
        assert work.alert_sinks.failures(MAIL, NOW) == 0
        assert list(work.alert_sinks.owners()) == []


def test_each_sink_knows_its_own_troubles_with_contracts_until_it_is_taken_away(ledger: SqlLedger) -> None:
    trouble = Trouble(Concern.AUDIT_FINDINGS, NOW - DAY, 3, frozenset({"филиал", "main"}))
    puzzled = Trouble(Concern.STAFF_PUZZLES, NOW, 1, frozenset({"hr"}))
    known = {one.concern: Told(one, NOW, times) for times, one in enumerate((trouble, puzzled), start=1)}
    with ledger.begin() as work:
        work.alert_sinks.learn(MAIL, known)
        work.alert_sinks.learn(LOG, known)
        work.commit()
    with ledger.begin() as work:
        assert work.alert_sinks.knowledge(MAIL) == known
        work.alert_sinks.learn(MAIL, {Concern.STAFF_PUZZLES: known[Concern.STAFF_PUZZLES]})
        assert [*work.alert_sinks.knowledge(MAIL)] == [Concern.STAFF_PUZZLES]
        work.alert_sinks.abandon([MAIL], NOW)
        assert work.alert_sinks.knowledge(LOG) == {}
        work.alert_sinks.learn(MAIL, {})
        assert work.alert_sinks.knowledge(MAIL) == {}


@pytest.mark.parametrize("shared_ledger", [POSTGRESQL], indirect=True)
def test_two_agents_cannot_begin_with_one_sink_together(shared_ledger: SqlLedger) -> None:
    """On SQLite the second one waits for the first."""
    with shared_ledger.begin() as work:
        enqueued(work, "s1")
        work.alerts.add([an_alert(S1)])
        work.alert_sinks.failures(MAIL, NOW)
        work.commit()
    with shared_ledger.begin() as one, shared_ledger.begin() as other:
        assert one.alert_sinks.failures(MAIL, NOW) == 0
        assert other.alert_sinks.failures(MAIL, NOW) is None


# -- from the version before


def test_alerts_of_the_version_before_are_kept_and_the_log_is_not_told_them_again(empty_engine: Engine) -> None:
    with empty_engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0004")
    old = create_ledger_engine(empty_engine.url.render_as_string(hide_password=False))
    with old.begin() as connection:
        for name, replaced in (("s1", "'s2'"), ("s2", "NULL")):
            connection.execute(text(_OLD_SUBMISSION.format(name=name, replaced=replaced)))
        told = {"at": "2026-03-02T08:30:00.123456Z"}
        for name, watched, delivered in (
            ("s1", "legal_date", ":at"),
            ("s2", "legal_date", ":at"),
            ("s2", "safe_date", "NULL"),
        ):
            connection.execute(text(_OLD_ALERT.format(name=name, watched=watched, delivered=delivered)), told)
    upgrade(old)
    ledger = SqlLedger(old)
    with ledger.begin() as work:
        found = {(one.open.alert.submission_id, one.open.alert.watched) for one in untold(work, LOG)}
        assert found == {(S2, Watched.SAFE)}
        assert {one.open.alert.event_id for one in untold(work, MAIL)} == {EventId("e1")}
        assert len(untold(work, MAIL)) == 2
    with old.begin() as connection:
        command.downgrade(alembic_config(connection), "0004")
        kept = connection.execute(text("SELECT submission_id, watched, delivered_at IS NULL FROM alerts ORDER BY id"))
        assert [tuple(row) for row in kept] == [("s2", "legal_date", False), ("s2", "safe_date", True)]
    upgrade(old)
    with old.connect() as connection:
        assert len(connection.execute(alerts_table.select()).all()) == 2
    ledger.close()


_OLD_SUBMISSION = """INSERT INTO submissions
(id, source, row_ref, event_id, revision, employer_bin, contract_key, position, state, details, withdrawn, received_at,
 edition, point, term, calendar_version, code, reason, findings, replaced_by)
VALUES ('{name}', 'hr', '1', 'e1', 1, '0', 'K', 0, 'rejected', '{{}}', false, '2026-03-02T08:30:00.123456Z',
 '', '', '', '', '', '', '[]', {replaced})"""
_OLD_ALERT = """INSERT INTO alerts (submission_id, watched, threshold, last_day, raised_at, delivered_at)
VALUES ('{name}', '{watched}', '1_day', '2026-03-10', :at, {delivered})"""
