"""An employer whose EDS never comes near the agent: the owner signs packages elsewhere, with GOST-2015 keys."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kzeds import make_test_pki
from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import BIN, MakeWorkplace, Workplace, run

TESTS = Path(__file__).parents[1]
FIRST, SECOND = Person(1), Person(2)


def owners(pki: Path) -> str:
    """The employer's own key is nowhere in the settings; envelopes are signed with another."""
    return (
        f'[gateway.transport_key]\nkey_file = "{pki}/employer-2.p12"\n'
        f'key_password = {{ file = "{pki}/employer-2.password" }}\n'
        f'[employer.main]\nbin = "{BIN}"\napprove = ["termination"]\nsigned_by_head = true\n[employer.main.owner]\n'
        f'[trust]\nauthorities = "{pki}/nca-ca.pem"\nstore = "{pki}/store"\n'
    )


def sign(package: Path, pki: Path, holder: str = "employer") -> Path:
    """What the owner does on another machine."""
    signed = package.with_suffix(".signed.zip")
    command = [sys.executable, "-m", "kzeds", "sign-package", str(package), str(pki / f"{holder}.p12"), "--yes"]
    done = run([*command, "--password-file", str(pki / f"{holder}.password"), "-o", str(signed)])
    assert done.returncode == 0, done.stderr
    return signed


def create(workplace: Workplace, name: str) -> tuple[Path, list[dict[str, Any]]]:
    (made,) = workplace.ask("package", "create", "-o", str(workplace.folder / name))
    return Path(made["file"]), made["documents"]


def take(workplace: Workplace, source: Path, *, code: int = 0) -> dict[str, dict[str, Any]]:
    done = workplace.usrec("package", "take", str(source), "--json")
    assert done.returncode == code, done.stderr + done.stdout
    return {one["id"]: one for one in json.loads(done.stdout)}


def die(workplace: Workplace, place: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "support.crashing_agent", place, "1", "--", *arguments]
    done = run([*command, "--config", str(workplace.settings)], env=dict(os.environ) | {"PYTHONPATH": str(TESTS)})
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_what_the_owner_signs_by_hand_is_registered_exactly_once(
    make_workplace: MakeWorkplace, tmp_path: Path, kind: str
) -> None:
    """The agent is killed around the taking, HR corrects an event meanwhile, and one event needs an approval."""
    pki = make_test_pki(tmp_path / "pki", now=datetime.now(UTC)).directory
    workplace = make_workplace(kind, employers=owners(pki))
    workplace.pki = pki
    hired, other = workplace.hire(FIRST), workplace.hire(SECOND, established_post="Инженр")
    moved = workplace.transfer(FIRST)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        die(workplace, "within:ask", "run", "--drain")
        die(workplace, "before:ask", "run", "--drain")
        die(workplace, "after:ask", "run", "--drain")
        log = workplace.drain()
        assert simulator.registry() == []
        row = workplace.hr_row(hired)
        assert (row.state, "EDS's owner" in (row.message or "")) == ("pending", True)
        assert workplace.ask("status")["needs_person_by_reason"] == {"awaiting_signature": 2}

        file, documents = create(workplace, "first.zip")
        assert {one["id"] for one in documents} == {workplace.row(hired).id, workplace.row(other).id}
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        foreign = take(workplace, sign(file, pki, "stranger"), code=5)
        assert {one["result"] for one in foreign.values()} == {"refused"}
        assert all("no authority that the settings trust issued" in one["detail"] for one in foreign.values())
        signed = sign(file, pki)
        corrected, mine = workplace.row(other).id, workplace.row(hired).id
        workplace.enter(other, "conclusion", SECOND.key, conclusion_of(SECOND), revision=2)
        log += workplace.drain()

        die(workplace, "within:take", "package", "take", str(signed))
        die(workplace, "before:take", "package", "take", str(signed))
        assert workplace.states()[hired] == "pending"
        die(workplace, "after:take", "package", "take", str(signed))
        assert workplace.states()[hired] == "signed"
        taken = take(workplace, signed, code=5)
        assert (taken[mine]["result"], taken[corrected]["result"]) == ("already_taken", "refused")
        assert "stands in the place of" in taken[corrected]["detail"]
        log += workplace.drain()
        assert require_exactly_once([workplace.hr_row(hired)], simulator.registry()) == {hired}

        file, documents = create(workplace, "second.zip")
        assert {one["id"] for one in documents} == {workplace.row(moved).id, workplace.row(other).id}
        assert {one["result"] for one in take(workplace, sign(file, pki)).values()} == {"taken"}
        log += workplace.drain()

        ended = workplace.dismiss(SECOND)
        log += workplace.drain()
        which = workplace.row(ended).id
        digest = workplace.ask("submission", "show", which)["request"]["digest"]
        assert workplace.usrec("submission", "approve", which, "--digest", "0" * 64).returncode == 5
        assert workplace.usrec("submission", "approve", which).returncode == 5, "nobody can be asked"
        assert workplace.usrec("submission", "approve", which, "--digest", digest).returncode == 0
        log += workplace.drain()
        file, documents = create(workplace, "third.zip")
        assert [(one["digest"], bool(one["approved_by"])) for one in documents] == [(digest, True)]
        take(workplace, sign(file, pki))
        log += workplace.drain()
        final = [row for row in workplace.hr_rows() if (row.event_id, row.revision) != (other, 1)]
        assert require_exactly_once(final, simulator.registry()) == {hired, other, moved, ended}
    for secret in (FIRST.iin, SECOND.iin, FIRST.name):
        assert secret not in log
