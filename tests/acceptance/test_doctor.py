"""An administrator examines an installation before its first start, after a day, and when the gateway is gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.workplace import MakeWorkplace, Workplace


def doctor(workplace: Workplace, *options: str, code: int = 0) -> Mapping[str, str]:
    """What `usrec doctor` finds, by check."""
    done = workplace.usrec("doctor", "--json", *options)
    assert (done.returncode, done.stderr) == (code, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return {line["check"]: line["finding"] for line in found["lines"]}


def test_the_doctor_sees_an_installation_through_its_first_day(make_workplace: MakeWorkplace) -> None:
    workplace = make_workplace()
    with SimulatorProcess.start(workplace.folder / "sim.db", workplace.pki) as simulator:
        workplace.connect(simulator.url)
        before = doctor(workplace, "--ask")
        assert before == {
            "settings": "read",
            "secrets": "read",
            "ledger": "current",
            "rights": "held",
            "encryption": "off",
            "disk": before["disk"],
            "exchange": "none",
            "agents": "never",
            "journal": "none_yet",
            "source": "empty",
            "tls": "verified",
            "clock": "agrees",
            "wsdl": "fits",
            "key": "good",
            "transport_key": "employers_own",
            "arithmetic": before["arithmetic"],
            "authority": "covered",
            "answer_certificate": "good",
            "trust": "off",
            "profile": "assumed",
            "calendar": before["calendar"],
            "time_zone": before["time_zone"],
            "dictionaries": "not_imported",
            "documents": "no_folder",
            "policy": "masses",
            "alerts": "log_only",
            "ask": "answers",
        }
        assert simulator.registry() == []
        workplace.hire(Person(1))
        assert doctor(workplace)["source"] == "waiting"
        workplace.drain()
        after = doctor(workplace)
        told = after["exchange"], after["agents"], after["source"], after["journal"]
        assert told == ("last", "stopped", "empty", "signed")
        assert len(simulator.registry()) == 1
    gone = doctor(workplace, code=3)
    assert {check for check in gone if gone[check] != after[check]} == {"tls", "clock", "wsdl"}
