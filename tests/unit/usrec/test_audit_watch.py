"""The audit that an agent takes by itself: once a day at its time; a failure is said and waited out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.line import WeekdayCalendar
from support.patient import BIN, Patient
from usrec.adapters.inmemory.clock import ManualClock
from usrec.bootstrap import Agent, build_agent
from usrec.domain.audit import Cause
from usrec.domain.audit_due import GRACE, AuditTimetable
from usrec.domain.audit_run import AuditRun
from usrec.domain.oversight import AuditSight, Concern, Impression, Sight, Troubles, troubles_of
from usrec.domain.oversight_notice import Knowledge, Phase, informed, notices_for
from usrec.interfaces.audit_watch import AGAIN, AuditWatch
from usrec.preflight import build_audit_timetable
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
    taken = AuditSight("main", SUNDAY + DAY + 60 * MINUTE, 0, 0)
    friday = replace(taken, taken_at=SUNDAY - 2 * DAY + 60 * MINUTE)
    moments = {
        "Sunday": (SUNDAY + 5 * 60 * MINUTE, [friday, replace(friday, employer="other")]),
        "at once": (SUNDAY + DAY + 61 * MINUTE, [friday, replace(friday, employer="other")]),
        "later": (SUNDAY + DAY + 60 * MINUTE + GRACE, [taken, replace(friday, employer="other")]),
        "never": (SUNDAY + DAY + 60 * MINUTE + GRACE, []),
    }
    for name, (now, audits) in moments.items():
        sight = Sight(unaudited=timetable.missing(["main", "other"], audits, now))
        trouble = troubles_of(sight, Impression(now), now, DAY).get(Concern.AUDIT_MISSING)
        told[name] = set() if trouble is None else {*trouble.about}
        assert trouble is None or trouble.since == SUNDAY + DAY + 60 * MINUTE
    assert told == {"Sunday": set(), "at once": set(), "later": {"other"}, "never": {"main", "other"}}


def test_the_watcher_knows_the_timetable_where_its_settings_have_one(patient: Patient) -> None:
    patient.write()
    found = build_audit_timetable(load_settings(patient.file))
    assert found is not None
    assert (found.at, found.working_days_only) == (time(7), True)
    del patient.tables["audit"], patient.tables["audit.export.main"]
    patient.write()
    assert build_audit_timetable(load_settings(patient.file)) is None


def test_people_are_told_when_it_finds_something_when_it_grows_and_when_it_is_over(patient: Patient) -> None:
    with running(patient) as agent:
        phases: list[tuple[Phase, int]] = []
        known: Knowledge = {}
        for number, ids in enumerate([["R-1"], ["R-1"], ["R-1", "R-2"], []], start=1):
            export(patient, *ids)
            patient.clock.set(SUNDAY + number * DAY + 60 * MINUTE)
            AuditWatch().look(agent)
            now = patient.clock.now()
            sight = agent.ledger.view.sight(now, now - MINUTE)
            found = troubles_of(sight, Impression(now), now, DAY)
            troubles: Troubles = {one: found[one] for one in found if one is Concern.AUDIT_FINDINGS}
            for notice in notices_for(known, troubles, now, blind=False):
                phases.append((notice.phase, notice.trouble.number))
                known = informed(known, notice)
    assert phases == [(Phase.NEW, 1), (Phase.LASTS, 1), (Phase.GREW, 2), (Phase.OVER, 2)]
