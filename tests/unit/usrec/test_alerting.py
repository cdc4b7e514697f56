"""The threads that tell of deadlines: each sink on its own, none holds the agent, a drain tells what is due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from support.line import DAY, Line
from support.line_agent import agent_of
from usrec.adapters.alerts import guarded
from usrec.adapters.alerts import log as alert_log
from usrec.adapters.alerts.log import LogAlertSink
from usrec.adapters.inmemory.alert_sink import InMemoryAlertSink
from usrec.bootstrap import Agent
from usrec.domain.alert import OpenAlert
from usrec.interfaces import alerting
from usrec.interfaces.alerting import in_brief
from usrec.interfaces.daemon import Daemon
from usrec.ports.alert_sink import LOG, AlertMessage, SinkName, Subscriber
from usrec.settings import LoadedSettings, Settings
from usrec.sinks import build_alert_sinks, unusable_sinks

Log = Sequence[MutableMapping[str, Any]]
MAIL, HOOK = SinkName("mail.hr"), SinkName("webhook.chat")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """What is logged about alerts, whatever other tests did to the loggers."""
    with capture_logs() as captured:
        for module in (alerting, alert_log, guarded):
            monkeypatch.setattr(module, "_log", structlog.get_logger("fresh"))
        yield captured


def told_by(line: Line, *subscribers: Subscriber) -> Agent:
    return replace(agent_of(line), subscribers=subscribers)


def overdue(line: Line) -> None:
    line.take("late", employee_iin=None)
    line.clock.advance(60 * DAY)


def run(daemon: Daemon, *, until: Callable[[], bool], then: Callable[[], None]) -> None:
    """Let the agent work until something is so; one that never gets there is stopped, and the test fails."""
    limit = time.monotonic() + 20
    reached = []

    def wait() -> None:
        while not until() and time.monotonic() < limit:
            time.sleep(0.005)
        reached.append(until())
        daemon.stop.set()
        then()

    waiting = threading.Thread(target=wait)
    waiting.start()
    daemon.run(drain=False)
    waiting.join()
    assert reached == [True]


class Hanging:
    """A mail server that answers no more, until it is let go."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go = threading.Event()

    def deliver(self, message: AlertMessage) -> None:
        self.reached.set()
        self.go.wait(20)


def test_sink_that_hangs_holds_neither_another_sink_nor_the_line(line: Line) -> None:
    hanging, works = Hanging(), InMemoryAlertSink()
    overdue(line)
    line.enter("fine", contract="K-2")
    line.wire.then(line.registers)
    daemon = Daemon(told_by(line, Subscriber(MAIL, hanging, "ru"), Subscriber(HOOK, works, "ru")))

    def all_else_is_done() -> bool:
        others = len(works.messages) == 1 and line.states().get("fine") == "accepted"
        return others and hanging.reached.is_set()

    run(daemon, until=all_else_is_done, then=hanging.go.set)


def test_drain_tells_what_is_due_before_it_ends(line: Line) -> None:
    overdue(line)
    sinks = {MAIL: InMemoryAlertSink(), LOG: InMemoryAlertSink()}
    agent = told_by(line, *(Subscriber(name, sink, "ru", at_once=name == LOG) for name, sink in sinks.items()))
    Daemon(agent).run(drain=True)
    assert [len(sink.messages) for sink in sinks.values()] == [1, 1]


def test_what_a_thread_kept_from_being_told_is_told_when_all_threads_have_ended(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sink is told by one at a time: while its thread is at it, nobody else finds anything to tell."""
    daemon = Daemon(told_by(line, Subscriber(LOG, InMemoryAlertSink(), "en", at_once=True)))
    at_work: list[int] = []
    tell_all = daemon.alerting.tell_all

    def noted(agent: Agent) -> None:
        at_work.append(sum(thread.is_alive() for thread in daemon.crew._threads.values()))
        tell_all(agent)

    monkeypatch.setattr(daemon.alerting, "tell_all", noted)
    daemon.run(drain=True)
    assert at_work[-1] == 0
    assert at_work[0] > 0


def test_sink_that_is_taken_out_of_the_settings_is_waited_for_no_more(line: Line) -> None:
    overdue(line)
    away = InMemoryAlertSink()
    away.online = False
    everybody = Subscriber(LOG, InMemoryAlertSink(), "en", at_once=True), Subscriber(MAIL, away, "ru")
    waiting = []
    for subscribers in (everybody, everybody[:1]):
        Daemon(told_by(line, *subscribers)).run(drain=True)
        waiting.append(line.ledger.view.figures(line.clock.now()).undelivered_alerts.number)
    assert waiting == [2, 0]


def test_composer_gets_the_alerts_and_the_sinks_language(line: Line) -> None:
    overdue(line)
    sink = InMemoryAlertSink()

    def compose(alerts: Sequence[OpenAlert], *, language: str, now: datetime) -> tuple[str, str]:
        return f"{len(alerts)} {language}", now.isoformat()

    Daemon(told_by(line, Subscriber(MAIL, sink, "kk")), words=compose).run(drain=True)
    assert [(one.subject, one.language) for one in sink.messages] == [("2 kk", "kk")]


def test_sink_that_takes_nothing_is_an_error_in_the_log_and_ends_no_drain(line: Line, log: Log) -> None:
    overdue(line)
    away = InMemoryAlertSink()
    away.online = False
    Daemon(told_by(line, Subscriber(MAIL, away, "ru"))).run(drain=True)
    (said, *_) = [one for one in log if one["action"] == "alert.not_taken"]
    assert (said["log_level"], said["sink"]) == ("error", MAIL)
    assert "nobody answers" in said["event"]


def test_missed_date_is_logged_as_an_error_and_a_near_one_as_a_warning(line: Line, log: Log) -> None:
    agent = told_by(line, Subscriber(LOG, LogAlertSink(), "en", at_once=True))
    submission = line.take("late", employee_iin=None)
    assert submission.due_utc is not None
    levels = []
    for moment in (submission.due_utc - DAY, submission.due_utc):
        line.clock.set(moment)
        Daemon(agent).run(drain=True)
        levels.append({one["log_level"] for one in log if one.get("watched") == "legal_date"})
    assert levels == [{"warning"}, {"warning", "error"}]
    assert {one["submission"] for one in log if one["action"] == "alert.deadline"} == {submission.id}


def test_brief_words_say_what_was_reached() -> None:
    assert in_brief([], language="kk", now=Line().clock.now()) == ("USREC: 0 alerts", "")


# -- from the settings

TABLES: dict[str, Any] = {
    "language": "kk",
    "command": {"pager": {"command": ["./page"], "timeout": 5, "language": "en"}},
    "webhook": {"chat": {"url": "https://chat.example/", "token": {"file": "token"}}},
    "mail": {
        "personnel": {"host": "mail.example", "sender": "a@b.kz", "to": ["c@b.kz"], "ca_file": "missing.pem"},
    },
}


def settings_of(line: Line, folder: Path, alerts: dict[str, Any]) -> LoadedSettings:
    tree = agent_of(line).settings.values.model_dump() | {"alerts": alerts}
    return LoadedSettings(Settings(**tree), folder / "usrec.toml")


def test_settings_make_the_log_and_every_sink_in_its_language(line: Line, tmp_path: Path) -> None:
    found = build_alert_sinks(settings_of(line, tmp_path, TABLES))
    assert [(one.name, one.language, one.at_once) for one in found] == [
        ("log", "en", True),
        ("command.pager", "en", False),
        ("webhook.chat", "kk", False),
        ("mail.personnel", "kk", False),
    ]
    assert [one.lease.total_seconds() for one in found] == [60, 110, 160, 360]


def test_sink_that_cannot_be_made_is_named_with_what_is_missing(line: Line, tmp_path: Path) -> None:
    settings = settings_of(line, tmp_path, TABLES)
    problems = unusable_sinks(settings)
    assert set(problems) == {"webhook.chat", "mail.personnel"}
    assert str(tmp_path / "token") in str(problems[SinkName("webhook.chat")])
    assert str(tmp_path / "missing.pem") in str(problems[SinkName("mail.personnel")])
    (tmp_path / "token").touch(mode=0o600)
    (tmp_path / "token").write_text("word\n", "utf-8")
    assert set(unusable_sinks(settings)) == {"mail.personnel"}


def test_unusable_sink_does_not_keep_the_agent_from_being_composed(line: Line, tmp_path: Path) -> None:
    with capture_logs() as log:
        assert len(build_alert_sinks(settings_of(line, tmp_path, TABLES))) == 4
    loud = [(one["log_level"], one["sink"]) for one in log if one["action"] == "alert.sink_unusable"]
    assert sorted(loud) == [("error", "mail.personnel"), ("error", "webhook.chat")]


def test_watching_is_by_the_settings(line: Line, tmp_path: Path) -> None:
    alerts = {"digest_at": "10:30", "late_entry_days": 5}
    agent = replace(agent_of(line), settings=settings_of(line, tmp_path, alerts))
    assert agent.watching.late_entry_days == 5
    assert agent.watching.digests.digest_at.isoformat() == "10:30:00"
    assert agent.watching.calendars is line.calendar
