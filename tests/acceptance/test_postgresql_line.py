"""Ledger and HR outbox on PostgreSQL, where many agents work side by side; a SQLite ledger takes one."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import PATIENCE, MakeWorkplace, log_records, running, wait_until

PEOPLE = 5


@pytest.mark.postgresql
def test_two_agents_register_every_event_exactly_once(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    workplace = make_workplace("postgresql")
    people = [Person(number) for number in range(1, PEOPLE + 1)]
    hired = [workplace.hire(person) for person in people]
    transferred = [workplace.transfer(person) for person in people]
    dismissed = [workplace.dismiss(person) for person in people[: PEOPLE // 2]]
    script = (
        '[[fault]]\nkind = "reset_after_commit"\nevery = 6\nlimit = 3\n'
        '[[fault]]\nkind = "delay"\nseconds = 0.2\nwhen = "after"\n'
    )
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=script) as simulator:
        workplace.connect(simulator.url)
        logs = [tmp_path / "first.log", tmp_path / "second.log"]
        with (
            running(workplace.command("run", "--drain"), logs[0]) as first,
            running(workplace.command("run", "--drain"), logs[1]) as second,
        ):
            ended = [first.wait(PATIENCE), second.wait(PATIENCE)]
        told = [log.read_text("utf-8") for log in logs]
        assert ended == [0, 0], told
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {*hired, *transferred, *dismissed}
    sent = [sum(record["action"] == "deliver" for record in log_records(text)) for text in told]
    assert min(sent) > 0, f"one of the agents did nothing: {sent}"
    assert len(workplace.stories()) == len(hired) + len(transferred) + len(dismissed), "a row was taken twice"
    assert all(attempt.closed_at for story in workplace.stories() for attempt in story.attempts)


def test_second_agent_on_one_sqlite_ledger_is_refused(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    workplace = make_workplace()
    event = workplace.hire(Person(1))
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        log = tmp_path / "first.log"
        with running(workplace.command("run"), log):
            wait_until(lambda: "agent.start" in log.read_text("utf-8"), "the start of the first agent")
            refused = workplace.usrec("run", "--drain")
            assert refused.returncode == 3
            assert str(tmp_path / "ledger.db") in refused.stderr
            assert "PostgreSQL" in refused.stderr
            wait_until(lambda: workplace.ask("submission", "list"), "a look, to which everybody is welcome")
            wait_until(lambda: workplace.hr_row(event).state == "accepted", "the registration by the first agent")
