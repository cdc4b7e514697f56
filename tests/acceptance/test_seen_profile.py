"""The wire profile of the 2019 clients: no record id of ours, so a doubt about a new contract needs a person.

The registry gives the contract its id in the answer. Where that answer is lost, the same bytes are answered SCSE014
"number exists", which proves that the contract stands there but not under which id.
"""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

import pytest

from support.hr_sides import SqliteHr
from support.personnel import Person
from support.postgresql import own_server
from support.simulator_process import SimulatorProcess
from support.two_books import HrRow, require_exactly_once
from support.workplace import MakeWorkplace, Workplace, running, wait_until
from usrec.domain.state import State
from usrec.domain.submission import WaitReason
from usrec.domain.verdict import Ending

PERSON = Person(1)


@pytest.fixture
def workplace(make_workplace: MakeWorkplace) -> Workplace:
    return make_workplace(profile="seen")


def lost_answer(operation: str) -> str:
    """A fault script that loses the first answer about the person, after the registry has committed."""
    which = f'operation = "{operation}"\n'
    which += f'number = "{PERSON.contract_number}"\n' if operation == "conclusion" else ""
    return f'[[fault]]\nkind = "reset_after_commit"\nlimit = 1\n{which}'


def test_contract_id_comes_from_the_registry(workplace: Workplace, tmp_path: Path, pki: Path) -> None:
    """The profile has no element for term and address, so a row without them is complete."""
    workplace.hire(PERSON, term_code=None, work_place_address=None)
    workplace.transfer(PERSON)
    workplace.dismiss(PERSON)
    with SimulatorProcess.start(tmp_path / "registry.db", pki, profile="seen") as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        assert len(require_exactly_once(workplace.hr_rows(), simulator.registry())) == 3
        (given,) = {record["contract_id"] for record in simulator.registry()}
        assert {row.contract_id for row in workplace.hr_rows()} == {given}
    assert {story.row.record_id for story in workplace.stories()} == {None}


def test_doubtful_conclusion_waits_for_a_person_who_settles_it(workplace: Workplace, tmp_path: Path, pki: Path) -> None:
    conclusion, amendment = workplace.hire(PERSON), workplace.transfer(PERSON)
    other = workplace.hire(Person(2))
    with SimulatorProcess.start(
        tmp_path / "registry.db", pki, faults=lost_answer("conclusion"), profile="seen"
    ) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        require_the_way_out_is_shown(workplace, conclusion, amendment)
        assert workplace.states()[other] == "accepted", "another contract was held up"

        require_nothing_can_be_done_by_accident(workplace, conclusion, tmp_path)

        (record,) = [one for one in simulator.registry() if one["number"] == PERSON.contract_number]
        assert record["times_received"] > 1
        evidence = tmp_path / "extract.pdf"
        evidence.write_bytes(b"%PDF of the portal")
        answer = ["--as", "accepted", "--contract-id", record["contract_id"], "--evidence", str(evidence)]
        held = workplace.row(conclusion).id
        done = workplace.usrec("submission", "settle", held, *answer, "--reason", "extract of the portal")
        assert done.returncode == 0, done.stderr
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {conclusion, amendment, other}
        assert workplace.hr_row(conclusion).contract_id == record["contract_id"]
    settled = [line for line in workplace.story(conclusion).journal if line.action == "accept"]
    assert [line.reason for line in settled] == ["settled"]
    assert settled[0].actor not in {"", "agent"}
    assert "extract of the portal" in settled[0].detail


def require_the_way_out_is_shown(workplace: Workplace, conclusion: str, amendment: str) -> None:
    held, behind = workplace.row(conclusion), workplace.row(amendment)
    assert (held.state, held.wait_reason) == (State.INDETERMINATE, WaitReason.NEEDS_DECISION)
    assert (behind.wait_reason, behind.blocked_by) == (WaitReason.PREDECESSOR_IN_DOUBT, held.id)
    assert workplace.hr_row(conclusion).state == "indeterminate"
    listed = workplace.ask("submission", "list", "--state", "indeterminate")
    assert [(one["id"], one["wait_reason"]) for one in listed] == [(held.id, "needs_decision")]
    told = workplace.ask("submission", "show", held.id)
    assert f"usrec submission settle {held.id}" in told["next_step"]
    assert [one["id"] for one in told["behind"]] == [behind.id]
    assert workplace.ask("status")["needs_person"] == 1


def require_nothing_can_be_done_by_accident(workplace: Workplace, event: str, folder: Path) -> None:
    """What may already stand in the registry can be neither cancelled nor filed by hand, nor settled without its id."""
    evidence = folder / "letter.txt"
    evidence.write_text("a letter", "utf-8")
    held = workplace.row(event)
    for refused in (
        ["cancel", held.id],
        ["checkout", held.id, "--for", "Асель"],
        ["settle", held.id, "--as", "accepted", "--evidence", str(evidence)],
    ):
        done = workplace.usrec("submission", *refused, "--reason", "a mistake")
        assert done.returncode == 5, (refused, done.stderr)
        assert workplace.row(event) == held


def test_doubtful_amendment_resolves_by_itself(workplace: Workplace, tmp_path: Path, pki: Path) -> None:
    """SCSE070 after a doubt: the registry holds this agreement of this contract, so it is ours."""
    conclusion = workplace.hire(PERSON)
    amendment = workplace.transfer(PERSON)
    workplace.dismiss(PERSON)
    with SimulatorProcess.start(
        tmp_path / "registry.db", pki, faults=lost_answer("amendment"), profile="seen"
    ) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        assert len(require_exactly_once(workplace.hr_rows(), simulator.registry())) == 3
    assert workplace.row(amendment).reason == "own_agreement_exists"
    assert [attempt.code for attempt in workplace.story(amendment).attempts] == ["", "SCSE070"]
    require_left_out_fields_are_told(workplace.hr_row(conclusion))


def require_left_out_fields_are_told(row: HrRow) -> None:
    """HR reads which of its data USREC never got."""
    told = {one["rule"]: one for one in json.loads(row.findings or "[]")}["fields_carried"]
    assert told["severity"] == "warning"
    assert {"term_code", "work_place_address"} <= set(re.findall(r"\w+_\w+", told["message"]))


def test_doubtful_termination_waits_for_a_person(workplace: Workplace, tmp_path: Path, pki: Path) -> None:
    """SCSE092 after a doubt: terminated by our first attempt, or by somebody else; the answer does not tell."""
    workplace.hire(PERSON)
    termination = workplace.dismiss(PERSON)
    with SimulatorProcess.start(
        tmp_path / "registry.db", pki, faults=lost_answer("termination"), profile="seen"
    ) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        assert workplace.row(termination).wait_reason is WaitReason.NEEDS_DECISION
        (tmp_path / "extract.txt").write_text("terminated by us", "utf-8")
        answer = ["--as", "accepted", "--evidence", str(tmp_path / "extract.txt"), "--reason", "extract"]
        assert workplace.usrec("submission", "settle", workplace.row(termination).id, *answer).returncode == 0
        workplace.drain()
        assert len(require_exactly_once(workplace.hr_rows(), simulator.registry())) == 2


@pytest.mark.postgresql
def test_answer_that_comes_while_the_ledger_is_down_is_nobodys_work(tmp_path: Path, pki: Path) -> None:
    """The server crashes while an answer is on its way, and comes back after that."""
    slow = '[[fault]]\nkind = "delay"\nseconds = 2\nwhen = "after"\nlimit = 1\n'
    with own_server() as server, closing(SqliteHr(tmp_path / "hr.db")) as hr:
        workplace = Workplace(tmp_path, hr, server.new_database(), pki, profile="seen")
        workplace.make_ledger()
        conclusion = workplace.hire(PERSON)
        log = tmp_path / "agent.log"
        with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=slow, profile="seen") as simulator:
            workplace.connect(simulator.url)
            listens = f'[health]\nlisten = "unix:{tmp_path}/health.sock"\n'
            workplace.settings.write_text(workplace.settings.read_text("utf-8") + listens, "utf-8")
            with running(workplace.command("run"), log):
                wait_until(simulator.registry, "the registration, whose answer is on its way")
                server.crash()
                wait_until(lambda: "kept in the agent's memory" in log.read_text("utf-8"), "the answer")
                asked = workplace.usrec("health")
                assert "Answers that the ledger has yet to take: 1. Do not restart the agent" in asked.stdout
                server.come_back()
                wait_until(lambda: workplace.hr_row(conclusion).state == "accepted", "HR to be told")
            (record,) = simulator.registry()
        assert (record["times_received"], record["contract_id"]) == (1, workplace.hr_row(conclusion).contract_id)
        assert [attempt.ending for attempt in workplace.story(conclusion).attempts] == [Ending.REGISTERED]
        workplace.close()
