"""Whoever types what the page about the last day says sees what it shows, and nothing is entered twice."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker

import pytest

from support.markdown import blocks, read
from support.operator_desk import UNANSWERED, UNREACHABLE, Desk
from support.page_runner import Step, _steps

HALF_PAST_THREE = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
"""In Kazakhstan, on the last day of contracts signed on the 16th."""


def page_steps(ids: dict[str, str]) -> list[Step]:
    text = read("how-to/last-day.md")
    for placeholder, submission in ids.items():
        text = text.replace(placeholder, submission)
    return [step for block in blocks(text) if block.language == "console" for step in _steps(block)]


def test_commands_of_the_page_do_what_it_says(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.folder)
    monkeypatch.setattr("usrec.adapters.system_clock.SystemClock", lambda: desk.clock)
    (desk.folder / "extract.pdf").write_bytes(b"%PDF")
    desk.clock.set(HALF_PAST_THREE - timedelta(minutes=10))
    for number in (1, 2):
        days = dict.fromkeys(("signed_on", "contract_date", "begin_date"), "2026-11-16")
        desk.hire(number, **days)
    desk.take()
    desk.send_one("hire-1", UNREACHABLE)
    desk.send_one("hire-2", UNANSWERED)
    desk.clock.set(HALF_PAST_THREE)
    ids = {"DOUBTFUL": desk.row("hire-2").id, " ID": f" {desk.row('hire-1').id}"}
    steps, codes = page_steps(ids), []
    for step in steps:
        said = desk.usrec(*shlex.split(step.command)[1:])
        codes.append(said.code)
        assert _as_written(step, said.out + said.err), said.out + said.err
    assert codes == [0, 0, 0, 5, 0]
    assert desk.states() == {"accepted": 2}
    assert not desk.queue()
    assert [len(desk.story(f"hire-{number}").attempts) for number in (1, 2)] == [1, 1]


def _as_written(step: Step, printed: str) -> bool:
    return not step.expected or OutputChecker().check_output(step.expected, printed, ELLIPSIS | NORMALIZE_WHITESPACE)
