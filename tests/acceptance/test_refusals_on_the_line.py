"""What an operator meets after each kind of refusal, with real processes on both sides and the real commands."""

from __future__ import annotations

from pathlib import Path

from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import MakeWorkplace, Workplace
from usrec.domain.state import State
from usrec.domain.submission import WaitReason

TAKEN, LATER, KEY = Person(1), Person(2), Person(3)
BEHIND = Person(4)
WHY = ("--reason", "the registry's letter")


def refused_once(person: Person, code: str) -> str:
    number = f'number = "{person.contract_number}"\n'
    return f'[[fault]]\nkind = "refuse"\ncode = "{code}"\noperation = "conclusion"\nlimit = 1\n{number}'


FAULTS = refused_once(TAKEN, "SCSE014") + refused_once(LATER, "SCSE119") + refused_once(KEY, "SCSE001")


def test_each_refusal_waits_for_what_it_needs_and_ends_registered_once(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace(delivery="workers = 1\npoll = 0.1\nretry_base = 1\nretry_cap = 2\nlease = 30")
    taken, later = workplace.hire(TAKEN), workplace.hire(LATER)
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=FAULTS) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        require_a_look(workplace, taken)
        require_another_party(workplace, later)

        key = workplace.hire(KEY)
        workplace.drain()
        behind = workplace.hire(BEHIND)
        workplace.drain()
        require_a_stop(workplace, key, behind)

        (name,) = [one["employer"] for one in workplace.ask("employer", "list")]
        released = workplace.usrec("employer", "release", name, *WHY)
        assert (released.returncode, f"--employer {name} --code SCSE001" in released.stdout) == (0, True)
        assert workplace.usrec("employer", "release", name, *WHY).returncode == 5
        ids = [workplace.row(event).id for event in (key, later, taken)]
        assert workplace.usrec("submission", "retry", *ids, "--yes", *WHY).returncode == 0
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {taken, later, key, behind}


def require_a_look(workplace: Workplace, event: str) -> None:
    row = workplace.row(event)
    assert (row.state, row.wait_reason, row.code) == (State.INDETERMINATE, WaitReason.TO_CONFIRM, "SCSE014")
    assert "SCSE014" in str(workplace.hr_row(event).message)
    told = workplace.ask("submission", "show", row.id)
    assert f"usrec submission settle {row.id}" in told["next_step"]
    assert told["explanation"]["code"] == "SCSE014"


def require_another_party(workplace: Workplace, event: str) -> None:
    row = workplace.row(event)
    assert (row.state, row.wait_reason, row.code) == (State.SIGNED, WaitReason.OTHER_PARTY, "SCSE119")
    told = workplace.ask("submission", "show", row.id)
    again = f"usrec submission retry {row.id} --reason WHY"
    assert told["next_step"] == f"When it is done (USREC support, when asked): {again}"


def require_a_stop(workplace: Workplace, key: str, behind: str) -> None:
    assert workplace.row(key).state is State.REJECTED
    kept = workplace.row(behind)
    assert (kept.state, kept.wait_reason, kept.attempts) == (State.PENDING, WaitReason.EMPLOYER_STOPPED, 0)
    (stop,) = workplace.ask("status")["employers_stopped"]
    assert (stop["code"], stop["submission"]) == ("SCSE001", workplace.row(key).id)
    assert "IS STOPPED" in workplace.usrec("status").stdout.splitlines()[0]
    check = workplace.usrec("status", "--check")
    assert (check.returncode, "stopped: " in check.stdout) == (2, True)
