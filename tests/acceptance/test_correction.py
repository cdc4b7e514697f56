"""HR mends what was refused: the row comes back as a higher revision and is registered, and HR reads how it ended."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import PATIENCE, MakeWorkplace, log_records, running, wait_until

STRANGER, PERSON = Person(1), Person(2)


def test_refused_then_corrected_then_registered(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    """The registry does not know the person (SCSE012); HR had typed somebody else's IIN."""
    workplace = make_workplace()
    event = workplace.hire(PERSON, employee_iin=STRANGER.iin)
    follower = workplace.transfer(PERSON)
    unknown = f'unknown_persons = ["{STRANGER.iin}"]\n'
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=unknown) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        refused = workplace.hr_row(event)
        assert (refused.state, refused.code, refused.contract_id) == ("rejected", "SCSE012", None)
        assert refused.message is not None
        assert "revision" in refused.message
        assert workplace.states()[follower] == "pending"
        assert simulator.registry() == []

        workplace.enter(event, "conclusion", PERSON.key, conclusion_of(PERSON), revision=2)
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {event, follower}
        corrected = workplace.hr_row(event, revision=2)
        (contract_id,) = {record["contract_id"] for record in simulator.registry()}
        assert (corrected.state, corrected.code, corrected.contract_id) == ("accepted", "SCSS001", contract_id)
        assert workplace.hr_row(event).state == "rejected", "what is told about revision 1 stays as it was"
    first, second = workplace.stories_of(event)
    assert (first.row.replaced_by, second.replaces) == (second.row.id, first.row.id)


def test_invalid_row_names_the_field_and_is_taken_again(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    """HR edits the row in place and raises its revision."""
    workplace = make_workplace()
    row = workplace.enter("hire-2", "conclusion", PERSON.key, conclusion_of(PERSON, begin_date=None))
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        told = workplace.hr_row("hire-2")
        findings = json.loads(told.findings or "[]")
        assert told.state == "invalid"
        assert [(one["field"], one["code"]) for one in findings] == [("begin_date", "SCSE005")]

        workplace.hr.edit(row, payload=json.dumps(conclusion_of(PERSON)), revision=2)
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {"hire-2"}
        assert json.loads(workplace.hr_row("hire-2", revision=2).findings or "[]") == []


def test_correction_of_a_registered_row_is_refused_with_advice(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace()
    event = workplace.hire(PERSON)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        other_post = conclusion_of(PERSON, position_code="2512-0-009")
        workplace.enter(event, "conclusion", PERSON.key, other_post, revision=2)
        workplace.drain()
        told = workplace.hr_row(event, revision=2)
        assert told.state == "invalid"
        assert "already" in (told.findings or "")
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {event}
        assert [record["times_received"] for record in simulator.registry()] == [1]


def test_a_running_agent_takes_new_rows_and_stops_on_sigterm(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    """No restart is needed: HR enters, corrects and reads while the agent runs; SIGTERM finishes the step in hand."""
    workplace = make_workplace()
    slowly = '[[fault]]\nkind = "delay"\nseconds = 0.3\nwhen = "after"\n'
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=slowly) as simulator:
        workplace.connect(simulator.url)
        log = tmp_path / "agent.log"
        with running(workplace.command("run"), log) as agent:
            wait_until(lambda: "agent.start" in log.read_text("utf-8"), "the start of the agent")
            event = workplace.hire(PERSON, employee_iin="12")
            wait_until(lambda: workplace.hr_row(event).state == "invalid", "a finding for HR")
            workplace.enter(event, "conclusion", PERSON.key, conclusion_of(PERSON), revision=2)
            wait_until(lambda: workplace.hr_row(event, revision=2).state == "accepted", "the registration")

            workplace.hire(STRANGER)
            wait_until(lambda: len(simulator.registry()) == 2, "a second record in the registry")
            agent.send_signal(signal.SIGTERM)
            assert agent.wait(PATIENCE) == 0
        assert log_records(log.read_text("utf-8"))[-1]["action"] == "agent.stop"
        assert all(attempt.closed_at for story in workplace.stories() for attempt in story.attempts)
        workplace.drain()
        assert len(require_exactly_once(workplace.hr_rows(), simulator.registry())) == 2
