"""The audit that an agent takes by itself: once a day at its time; a failure is said and waited out."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.line import WeekdayCalendar
from support.patient import BIN, Patient
from usrec.adapters.inmemory.alert_sink import InMemoryAlertSink
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.bootstrap import Agent, build_agent
from usrec.domain.audit import Cause
from usrec.domain.audit_due import GRACE, AuditTimetable, DriftScope
from usrec.domain.audit_run import AuditRun
from usrec.domain.drift import AuditSight, Drift, troubles_of_drift
from usrec.domain.errors import AlertNotTaken
from usrec.domain.oversight import Concern
from usrec.interfaces.alerting import Alerting, in_brief
from usrec.interfaces.audit_watch import AGAIN, AuditWatch
from usrec.ports.alert_sink import LOG, AlertMessage, MessageKind, SinkName, Subscriber
from usrec.settings import load_settings

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SUNDAY = datetime(2026, 11, 22, 1, tzinfo=UTC)
"""Six o'clock in Kazakhstan."""


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    made = Patient(tmp_path, pki, ManualClock(SUNDAY))
    made.tables["audit"] = {"at": "07:00"}
    made.tables["audit.export.main"] = {"file": "export.csv", "columns": ["contract_id=ID"]}
    return made


@contextmanager
def running(patient: Patient) -> Iterator[Agent]:
    patient.write()
    patient.make_ledger()
    agent = build_agent(load_settings(patient.file), clock=patient.clock)
    yield agent
    agent.close()


def export(patient: Patient, *ids: str) -> None:
    with (patient.folder / "export.csv").open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["ID", "employee_iin", "contract_number", "contract_date"])
        writer.writerows([one, "900101300007", f"ТД-{one}", "2022-04-01"] for one in ids)


def has_a_key_of_its_own(patient: Patient, key: bytes) -> None:
    """As a ledger has that is no copy of the tests' one."""
    with closing(sqlite3.connect(patient.folder / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE ledger_meta SET fingerprint_key = ?", (key,))


def last(agent: Agent) -> AuditRun | None:
    with agent.ledger.begin() as work:
        return work.audits.last(BIN)


def test_it_is_taken_once_on_each_working_day_and_what_fails_is_tried_again_later(patient: Patient) -> None:
    watch = AuditWatch()
    with running(patient) as agent, capture_logs() as log:
        patient.clock.advance(5 * 60 * MINUTE)
        watch.look(agent)
        assert (last(agent), log) == (None, []), "nobody works on Sunday"
        patient.clock.set(SUNDAY + DAY + 59 * MINUTE)
        watch.look(agent)
        assert log == [], "not yet seven o'clock"
        patient.clock.advance(MINUTE)
        watch.look(agent)
        watch.look(agent)
        assert [one["action"] for one in log] == ["audit.failed"], "there is no export, and it is not asked for at once"
        export(patient, "R-1")
        patient.clock.advance(AGAIN)
        watch.look(agent)
        watch.look(agent)
        assert [(one["action"], one["log_level"]) for one in log[1:]] == [("audit.taken", "warning")]
        assert "900101300007" not in str(log)
        taken = last(agent)
        assert taken is not None
        assert [one.cause for one in taken.findings or ()] == [Cause.UNKNOWN_TO_HR]
        patient.clock.set(SUNDAY + 2 * DAY + 60 * MINUTE)
        watch.look(agent)
        assert len(log) == 3, "and again on the next day"


def test_people_are_told_of_whom_no_audit_was_taken_at_its_time_but_not_on_a_day_off() -> None:
    timetable, told = AuditTimetable(time(7), WeekdayCalendar()), dict[str, set[str]]()
    scope = DriftScope(["main", "other"], [], timetable)
    taken = AuditSight("main", SUNDAY + DAY + 60 * MINUTE, 0, 0)
    friday = replace(taken, taken_at=SUNDAY - 2 * DAY + 60 * MINUTE)
    moments = {
        "Sunday": (SUNDAY + 5 * 60 * MINUTE, [friday, replace(friday, employer="other")]),
        "at once": (SUNDAY + DAY + 61 * MINUTE, [friday, replace(friday, employer="other")]),
        "later": (SUNDAY + DAY + 60 * MINUTE + GRACE, [taken, replace(friday, employer="other")]),
        "never": (SUNDAY + DAY + 60 * MINUTE + GRACE, []),
    }
    for name, (now, audits) in moments.items():
        trouble = troubles_of_drift(scope.within(Drift(audits), now), now).get(Concern.AUDIT_MISSING)
        told[name] = set() if trouble is None else {*trouble.about}
        assert trouble is None or trouble.since == SUNDAY + DAY + 60 * MINUTE
    assert told == {"Sunday": set(), "at once": set(), "later": {"other"}, "never": {"main", "other"}}


def test_nobody_is_told_of_an_employer_or_a_staff_that_the_settings_do_not_name_any_more() -> None:
    scope = DriftScope(["main"], ["hr"])
    left, here = AuditSight("sold", SUNDAY, 7, 7), AuditSight("main", SUNDAY, 1, 0)
    assert scope.within(Drift([here, left], {"hr": 1, "old": 5}), SUNDAY) == Drift([here], {"hr": 1})


class Told:
    """A running agent that is looked at day by day."""

    def __init__(self, agent: Agent) -> None:
        self.sink, self.log = InMemoryAlertSink(), InMemoryAlertSink()
        mail, log = SinkName("mail.hr"), Subscriber(LOG, self.log, "en", at_once=True)
        self.agent = replace(agent, subscribers=(log, Subscriber(mail, self.sink, "en")))
        self.watch = AuditWatch()
        self.alerting = self.started()

    def started(self) -> Alerting:
        """As if the process had just begun."""
        return Alerting(in_brief, AgentMetrics(self.agent.clock), lambda: self.watch.has_looked)

    def look(self) -> list[str]:
        """What the mail is told now."""
        before = len(self.sink.messages)
        self.alerting.watch(self.agent)
        for loop in self.alerting.loops(self.agent, 1):
            while loop.once(self.agent):
                pass
        return [one.subject for one in self.sink.messages[before:]]


ONE, TWO = "USREC: an audit found 1 contract to look at", "USREC: an audit found 2 contracts to look at"
OVER = "USREC: the last audit found nothing to look at"


def test_agents_own_sinks_tell_what_it_finds_when_it_grows_daily_and_when_it_is_over(patient: Patient) -> None:
    with running(patient) as agent:
        told, days = Told(agent), []
        for number, ids in enumerate([["R-1"], ["R-1"], ["R-1", "R-2"], []], start=1):
            export(patient, *ids)
            patient.clock.set(SUNDAY + number * DAY + 60 * MINUTE)
            told.watch.look(told.agent)
            early = told.look()
            patient.clock.advance(2 * 60 * MINUTE)
            days.append((early, told.look(), told.look()))
            told.alerting = told.started()
            assert told.look() == [], "a restart tells nothing twice"
    assert days == [([], [ONE], []), ([], [ONE], []), ([], [TWO], []), ([], [OVER], [])], "in working hours, once"
    first = told.sink.messages[0]
    assert (first.kind, first.urgent, len(told.log.messages)) == (MessageKind.AUDIT, False, 4)
    assert "usrec audit show --employer NAME" in first.text
    assert "usrec run" in first.text
    assert "main" in first.text
    assert "900101300007" not in first.text


def test_sink_that_does_not_take_a_finding_is_told_later_under_the_same_id(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(patient) as agent:
        told = Told(agent)
        export(patient, "R-1")
        patient.clock.set(SUNDAY + DAY + 3 * 60 * MINUTE)
        told.watch.look(told.agent)

        def arrives_and_is_not_confirmed(message: AlertMessage) -> None:
            told.sink.messages.append(message)
            raise AlertNotTaken("the connection broke")

        with monkeypatch.context() as patch:
            patch.setattr(told.sink, "deliver", arrives_and_is_not_confirmed)
            assert told.look() == [ONE]
        board = agent.ledger.view.notice_board()
        assert {one.name: one.failures for one in board.sinks} == {"log": 0, "mail.hr": 1}
        assert told.look() == [], "it rests"
        patient.clock.advance(20 * MINUTE)
        assert told.look() == []
        assert [one.subject for one in told.sink.repeated] == [ONE]


def test_no_two_ledgers_and_no_two_sinks_tell_one_receiver_under_the_same_id(
    patient: Patient, tmp_path: Path, pki: Path
) -> None:
    """It would drop the second message as a repeated one."""
    (tmp_path / "other").mkdir()
    other = Patient(tmp_path / "other", pki, patient.clock)
    other.tables |= patient.tables
    patient.clock.set(SUNDAY + DAY + 5 * 60 * MINUTE)
    ids = []
    for number, installation in enumerate((patient, other)):
        with running(installation) as agent:
            has_a_key_of_its_own(installation, bytes([number]) * 32)
            told = Told(agent)
            told.watch.look(told.agent)
            assert told.look() == ["USREC: the audit of 1 employer fails"]
            ids += [one.id for one in (*told.sink.messages, *told.log.messages)]
    assert len(set(ids)) == len(ids) == 4


def test_audit_that_fails_is_told_and_one_that_the_agent_had_no_time_for_is_not(patient: Patient) -> None:
    with running(patient) as agent:
        told = Told(agent)
        patient.clock.set(SUNDAY + DAY + 5 * 60 * MINUTE)
        assert told.look() == [], "the agent has just been started"
        told.watch.look(told.agent)
        assert told.look() == ["USREC: the audit of 1 employer fails"]
        export(patient)
        patient.clock.advance(AGAIN)
        told.watch.look(told.agent)
        assert told.look() == ["USREC: the audits are taken again"]


def test_drain_tells_what_an_audit_found_before_it_ends(patient: Patient) -> None:
    with running(patient) as agent:
        told = Told(agent)
        export(patient, "R-1")
        patient.clock.set(SUNDAY + DAY + 3 * 60 * MINUTE)
        told.watch.look(told.agent)
        told.alerting.tell_all(told.agent)
        assert [one.subject for one in told.sink.messages] == [ONE]
