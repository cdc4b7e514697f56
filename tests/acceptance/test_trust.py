"""Revocation in the whole line: a revoked key signs nothing, a revoked gateway is not believed, unknown by settings."""

from __future__ import annotations

import signal
import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kzeds import Certificate, make_test_pki
from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import BIN, MakeWorkplace, Workplace, employer, run, running, wait_until
from usrec.domain.state import State
from usrec.domain.submission import WaitReason

DAY = timedelta(days=1)


@pytest.fixture
def workplace(make_workplace: MakeWorkplace, tmp_path: Path) -> Workplace:
    """An installation with a PKI of its own, because certificates are revoked in it."""
    workplace = make_workplace()
    workplace.pki = make_test_pki(tmp_path / "own-pki", now=datetime.now(UTC)).directory
    return workplace


def trust(workplace: Workplace, *more: str, port: int | None = None) -> None:
    """Add `[trust]`; with a port, its responder is the simulator."""
    lines = ["[trust]", f'authorities = "{workplace.pki}/nca-ca.pem"', f'ca_file = "{workplace.pki}/tls-ca.pem"', *more]
    if port is not None:
        lines.append(f'ocsp = "https://127.0.0.1:{port}/ocsp/"')
    workplace.log = "\n".join(['level = "info"\nformat = "json"', *lines])


def serial(workplace: Workplace, name: str) -> str:
    return f"{Certificate.load(workplace.pki / f'{name}.pem').serial_number:x}"


def import_list(workplace: Workplace) -> None:
    """What a cron job does on a machine that reaches no server."""
    command = [sys.executable, "-m", "kzeds", "revocation", "import", str(workplace.folder / "revocation")]
    done = run([*command, str(workplace.pki / "nca.crl"), "--trust", str(workplace.pki)])
    assert done.returncode == 0, done.stderr


def test_revoked_key_signs_nothing_and_its_successor_does(workplace: Workplace, tmp_path: Path) -> None:
    event = workplace.hire(Person(1))
    password = workplace.pki / "employer.password"
    revoked = employer("main", BIN, workplace.pki / "employer-revoked.p12", password)
    with SimulatorProcess.start(tmp_path / "registry.db", workplace.pki) as simulator:
        trust(workplace, port=simulator.port)
        workplace.employers = revoked
        workplace.connect(simulator.url)
        log = workplace.drain()
        assert simulator.registry() == []
        assert '"action": "trust.revoked"' in log
        assert workplace.row(event).wait_reason is WaitReason.KEY_UNUSABLE
        certificates = {one["serial"]: one["status"] for one in workplace.ask("status")["certificates"]}
        assert certificates == {serial(workplace, "employer-revoked"): "revoked", serial(workplace, "gateway"): "good"}
        assert "was revoked and is not used" in workplace.usrec("status").stdout
        assert '"finding": "revoked"' in workplace.usrec("doctor", "--json").stdout
        following = f'[[employer.main.next_key]]\nkey_file = "{workplace.pki}/employer.p12"\n'
        workplace.employers = revoked + following + f'key_password = {{ file = "{password}" }}\n'
        workplace.connect(simulator.url)
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {event}


def test_answers_of_a_revoked_gateway_are_doubted_until_it_is_believed_again(
    workplace: Workplace, tmp_path: Path
) -> None:
    """The gateway's certificate is put on hold, and released again while the agent runs.

    An earlier run has seen it, so that the agent knows when it starts: what was stored counts from the first moment.
    """
    by_hand = workplace.pki / "revoked.toml"
    by_hand.write_text(f'serial_numbers = ["{serial(workplace, "gateway")}"]\n', "utf-8")
    with SimulatorProcess.start(tmp_path / "registry.db", workplace.pki) as simulator:
        trust(workplace, "interval = 1", port=simulator.port)
        workplace.connect(simulator.url)
        workplace.drain()
        assert '"finding": "answers_revoked"' in workplace.usrec("doctor", "--json").stdout
        event = workplace.hire(Person(1))
        with running(workplace.command("run"), tmp_path / "agent.log"):
            wait_until(lambda: workplace.states().get(event) == State.INDETERMINATE, "a doubt")
            assert len(simulator.registry()) == 1
            by_hand.unlink()
            wait_until(lambda: workplace.hr_row(event).state == State.ACCEPTED, "an answer that is believed")
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {event}


def test_closed_network_goes_by_imported_lists_while_they_are_young(
    make_workplace: MakeWorkplace, tmp_path: Path
) -> None:
    workplace = make_workplace()
    young = make_test_pki(tmp_path / "young", now=datetime.now(UTC) - DAY).directory
    old = make_test_pki(tmp_path / "old", now=datetime.now(UTC) - 8 * DAY).directory
    events: set[str] = set()

    def drain(pki: Path, person: int, *more: str) -> str:
        """Register one more contract with these keys; gives the log."""
        workplace.pki = pki
        trust(workplace, *more)
        events.add(workplace.hire(Person(person)))
        with SimulatorProcess.start(tmp_path / f"{pki.name}.db", pki) as simulator:
            workplace.connect(simulator.url)
            return workplace.drain()

    assert '"action": "trust.unknown"' in drain(young, 1, 'unknown = "refuse"'), "nothing was imported yet"
    assert workplace.row("hire-1").wait_reason is WaitReason.KEY_UNUSABLE
    import_list(workplace)
    assert '"action": "trust.good"' in drain(young, 2, 'unknown = "refuse"')
    assert {workplace.row(event).state for event in events} == {State.ACCEPTED}
    workplace.pki = old
    import_list(workplace)
    assert '"action": "trust.unknown"' in drain(old, 3, 'unknown = "warn"')
    assert workplace.row("hire-3").state is State.ACCEPTED


@pytest.mark.parametrize("command", [("run",), ("run", "--drain")])
def test_responder_that_never_answers_does_not_keep_an_agent_from_stopping(
    workplace: Workplace, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Its address takes connections and says nothing; the settings would wait ten minutes for each certificate."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        SimulatorProcess.start(tmp_path / "registry.db", workplace.pki) as simulator,
    ):
        trust(workplace, f'ocsp = "http://127.0.0.1:{silent.getsockname()[1]}/"', "timeout = 600")
        workplace.connect(simulator.url)
        with running(workplace.command(*command), tmp_path / "agent.log") as agent:
            silent.settimeout(30)
            asked, _ = silent.accept()
            agent.send_signal(signal.SIGTERM)
            assert agent.wait(8) == 0, (tmp_path / "agent.log").read_text("utf-8")
            asked.close()
