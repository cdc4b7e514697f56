"""The agent with keys that it does not hold itself, the signer daemon's and NCANode's: the same proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.ncanode_server import running_ncanode
from support.personnel import Person
from support.signer_daemon import SignerDaemon, running
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import BIN, MakeWorkplace, Workplace, log_records


@contextmanager
def employer_with(workplace: Workplace, key: str, tmp_path: Path) -> Iterator[SimulatorProcess]:
    """The workplace's employer has its key there; the registry runs."""
    workplace.employers = f'[employer.main]\nbin = "{BIN}"\n{key}\n'
    workplace.delivery = workplace.delivery.replace("lease = 30", "lease = 150")
    with SimulatorProcess.start(tmp_path / "registry.db", workplace.pki) as simulator:
        workplace.connect(simulator.url)
        yield simulator


def keys_of(workplace: Workplace) -> list[str]:
    """What the doctor finds about keys."""
    found = json.loads(workplace.usrec("doctor", "--json").stdout)["lines"]
    return [f"{line['check']}.{line['finding']}" for line in found if line["check"] == "key"]


def test_the_signer_daemon_signs_for_the_agent_waits_for_nobody_and_its_quota_is_obeyed(
    make_workplace: MakeWorkplace, tmp_path: Path
) -> None:
    workplace = make_workplace()
    (tmp_path / "d").mkdir()
    daemon = SignerDaemon(tmp_path / "d")
    daemon.set_up(workplace.pki, daily_quota="1")
    key = f'signer_daemon = {{ socket = "{daemon.socket}", key = "main" }}'
    with employer_with(workplace, key, tmp_path) as simulator:
        hired = workplace.hire(Person(1))
        away = log_records(workplace.drain())
        assert "key.away" in [record["action"] for record in away]
        assert "does not answer" in waits(workplace, hired)
        assert keys_of(workplace) == ["key.away"]
        assert simulator.registry() == []

        with running(daemon):
            assert keys_of(workplace) == ["key.good"]
            workplace.drain()
            assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {hired}
            second = workplace.hire(Person(2))
            workplace.drain()
            assert "quota" in waits(workplace, second)
            assert len(simulator.registry()) == 1
        events = [line["event"] for line in daemon.lines()]
        assert [one for one in events if one != "stated"][:4] == ["started", "signed", "enveloped", "refused"]
        assert "stated" in events, "heads of the journal are signed as well, and are no documents of the quota"


def waits(workplace: Workplace, event_id: str) -> str:
    """Why an event waits for its key."""
    row = workplace.row(event_id)
    assert (row.state, row.wait_reason) == ("pending", "key_unusable")
    return str(workplace.story(event_id).journal[-1].reason)


def test_ncanode_signs_documents_and_envelopes_that_usrec_takes(make_workplace: MakeWorkplace, tmp_path: Path) -> None:
    workplace = make_workplace()
    key, word = workplace.pki / "employer.p12", workplace.pki / "employer.password"
    with running_ncanode() as node:
        place = f'ncanode = {{ url = "{node.url}", key_file = "{key}", key_password = {{ file = "{word}" }} }}'
        with employer_with(workplace, place, tmp_path) as simulator:
            events = {workplace.hire(Person(1)), workplace.transfer(Person(1))}
            workplace.drain()
            assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == events
            assert keys_of(workplace) == ["key.good"]
        assert {path for path, _ in node.requests} == {"/xml/sign", "/wsse/sign"}
