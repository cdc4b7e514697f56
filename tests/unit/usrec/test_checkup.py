"""How things stand for a monitoring system: which level, in which words, with which figures."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.line import Line, WeekdayCalendar, refused
from usrec.application.checkup import Level, Standing, duration, judge, take_standing
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.working_time import WorkingTime
from usrec.interfaces.cli import check
from usrec.interfaces.cli.check import Checked, check_json, check_line, run_check

NOON = datetime(2026, 11, 16, 7, tzinfo=UTC)
SILENCE = timedelta(minutes=10)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WELL = Standing(
    at=NOON,
    open=3,
    overdue=0,
    due_soon=0,
    due_within_24h=1,
    oldest_open=HOUR,
    in_doubt=0,
    needs_person=0,
    to_deadline=3 * DAY,
    silence=5 * timedelta(seconds=1),
    missing_agents=0,
    write_backs=2,
    alerts_waiting=0,
)
FIGURE = re.compile(r"'(\w+)'=(-?\d+s?|U);(\d*);(\d*);(\d*)")
"""As the guidelines have it; no minimum where a value may be negative."""


def line(level: Level = Level.OK, *reasons: str, standing: Standing | None = WELL) -> str:
    return check_line(Checked(level, reasons, standing, SILENCE))


@pytest.mark.parametrize(
    ("changes", "level", "reason"),
    [
        ({}, Level.OK, None),
        ({"overdue": 2}, Level.CRITICAL, "2 overdue"),
        ({"silence": SILENCE + MINUTE}, Level.CRITICAL, "no agent has given a sign of life for 11 min"),
        ({"silence": SILENCE}, Level.OK, None),
        ({"silence": None}, Level.CRITICAL, "no agent has ever given a sign of life"),
        ({"due_soon": 1}, Level.WARNING, "1 due within 4 working hours"),
        ({"needs_person": 4}, Level.WARNING, "a person is needed for 4"),
        ({"in_doubt": 1}, Level.WARNING, "1 in doubt"),
        ({"missing_agents": 1}, Level.WARNING, "1 of several agents silent"),
        ({"alerts_waiting": 7}, Level.WARNING, "7 alerts not delivered"),
    ],
)
def test_what_is_lost_is_critical_and_what_a_person_must_look_at_is_a_warning(
    changes: dict[str, Any], level: Level, reason: str | None
) -> None:
    assert judge(replace(WELL, **changes), SILENCE) == (level, [] if reason is None else [reason])


def test_worst_level_counts_and_all_reasons_are_said_worst_first() -> None:
    level, reasons = judge(replace(WELL, in_doubt=1, overdue=1), SILENCE)
    assert (level, reasons) == (Level.CRITICAL, ["1 overdue", "1 in doubt"])


def test_line_is_what_the_guidelines_ask_for() -> None:
    text, _, data = line().partition(" | ")
    assert text == "USREC OK - 3 open, next deadline in 3 d"
    figures = data.split(" ")
    assert all(FIGURE.fullmatch(figure) for figure in figures), figures
    assert "'overdue'=0;;0;0" in figures
    assert "'agent_silence'=5s;;600;0" in figures
    assert "'to_deadline'=259200s;;;" in figures


def test_every_figure_with_a_threshold_is_judged_by_it() -> None:
    """The thresholds in the performance data are those that the level follows from."""
    fields = {"agents_missing": "missing_agents"}
    for label, _, warn, crit, _ in FIGURE.findall(line()):
        threshold = warn or crit
        if threshold:
            beyond = int(threshold) + 1
            changes: dict[str, Any] = {fields.get(label, label): beyond}
            if label == "agent_silence":
                changes = {"silence": timedelta(seconds=beyond)}
            level, _ = judge(replace(WELL, **changes), SILENCE)
            assert level == (Level.WARNING if warn else Level.CRITICAL), label


def test_figures_that_there_are_not_are_undetermined() -> None:
    nothing = replace(WELL, open=0, oldest_open=None, to_deadline=None, silence=None)
    said = line(Level.CRITICAL, "no agent has ever given a sign of life", standing=nothing)
    assert "'oldest_open'=U;;;0 " in said
    assert "'to_deadline'=U;;; " in said
    assert "'agent_silence'=U;;600;0 " in said
    assert line(standing=nothing).startswith("USREC OK - nothing open | ")
    assert line(standing=replace(WELL, to_deadline=None)).startswith("USREC OK - 3 open, none with a deadline | ")


@pytest.mark.parametrize("reason", ["two\nlines", "a | b", "ЕСУТД \x1b[31m", "tab\there"])
def test_line_stays_one_line_of_ascii_whatever_went_wrong(reason: str) -> None:
    said = line(Level.UNKNOWN, reason, standing=None)
    assert said.startswith("USREC UNKNOWN - ")
    assert said.isascii()
    assert said.isprintable()
    assert "|" not in said


def test_json_holds_the_same_figures() -> None:
    told = check_json(Checked(Level.WARNING, ["1 in doubt"], replace(WELL, in_doubt=1, silence=None), SILENCE))
    assert (told["status"], told["exit_code"], told["reasons"], told["at"]) == ("WARNING", 1, ["1 in doubt"], NOON)
    figures = told["figures"]
    assert isinstance(figures, dict)
    assert (figures["in_doubt"], figures["agent_silence"], figures["to_deadline"]) == (1, None, 259200)
    unknown = check_json(Checked(Level.UNKNOWN, ["why"], None, None))
    assert (unknown["status"], unknown["exit_code"], unknown["figures"], unknown["at"]) == ("UNKNOWN", 3, None, None)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 s"),
        (59 * timedelta(seconds=1), "59 s"),
        (MINUTE, "1 min"),
        (HOUR, "1 h"),
        (5 * HOUR + 20 * MINUTE, "5 h 20 min"),
        (3 * DAY + 4 * HOUR + MINUTE, "3 d 4 h"),
        (3 * DAY + MINUTE, "3 d 1 min"),
        (-MINUTE, "1 min"),
    ],
)
def test_durations_are_short(span: timedelta, words: str) -> None:
    assert duration(span) == words


def standing_of(line: Line) -> Standing:
    hours = WorkingTime(WeekdayCalendar())
    return take_standing(view=line.ledger.view, now=line.clock.now(), hours=hours, silence=SILENCE)


def test_standing_counts_what_the_ledger_holds(line: Line) -> None:
    line.take("well")
    line.take("mend", contract="K-2", employee_iin=None)
    line.take("refused", contract="K-3")
    line.take("behind", "amendment", contract="K-3")
    line.take("held", contract="K-4")
    line.hold("held")
    for _ in range(2):
        line.send(refused("SCSE007"))
    with line.work() as work:
        work.agents.beat(Heartbeat("a:1", "a", "1", line.clock.now() - DAY, line.clock.now() - HOUR, 4, draining=False))
        work.agents.beat(Heartbeat("b:1", "b", "1", line.clock.now() - DAY, line.clock.now(), 4, draining=False))
    line.clock.advance(MINUTE)
    now = standing_of(line)
    assert (now.open, now.overdue, now.in_doubt, now.needs_person) == (5, 0, 0, 4)
    assert (now.silence, now.missing_agents, now.oldest_open, now.write_backs) == (MINUTE, 1, MINUTE, 5)
    assert now.to_deadline is not None
    line.clock.advance(now.to_deadline - 10 * HOUR)
    assert (standing_of(line).due_soon, standing_of(line).due_within_24h) == (4, 4)
    line.clock.advance(10 * HOUR)
    late = standing_of(line)
    assert (late.overdue, late.due_soon, late.to_deadline) == (4, 0, timedelta(0))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "[ledger",
        '[ledger]\nurl = "sqlite:///ledger.db"\nsecret = "900101300007"',
        '[ledger]\nurl = "sqlite:///nowhere/ledger.db"',
        '[ledger]\nurl = "postgresql://nobody@127.0.0.1:9/usrec"',
    ],
    ids=["no settings", "no TOML", "wrong setting", "no ledger", "no server"],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_check_that_cannot_look_says_unknown_on_one_line(
    text: str | None, as_json: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "usrec.toml"
    if text is not None:
        file.write_text(text, "utf-8")
    with pytest.raises(SystemExit) as ended:
        run_check(file, as_json=as_json)
    out, err = capsys.readouterr()
    assert (ended.value.code, err) == (3, "")
    assert "900101300007" not in out
    if as_json:
        assert json.loads(out)["status"] == "UNKNOWN"
    else:
        assert out.startswith("USREC UNKNOWN - ")
        assert out.count("\n") == 1


def test_check_that_meets_a_fault_of_its_own_says_unknown_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> Checked:
        raise ZeroDivisionError("900101300007")

    monkeypatch.setattr(check, "_look", broken)
    with pytest.raises(SystemExit) as ended:
        run_check(None, as_json=False)
    assert ended.value.code == 3
    assert capsys.readouterr().out == "USREC UNKNOWN - unexpected ZeroDivisionError; please report this\n"
