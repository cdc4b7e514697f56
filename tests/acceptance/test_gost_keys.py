"""Employer and gateway with the GOST keys that the NCA issues: the same line, the same proof."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kzeds import KeyKind, make_test_pki
from kzeds.algorithms import GOST_2004_SIGNATURE, GOST_2015_SIGNATURE
from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import MakeWorkplace


@pytest.mark.parametrize(
    ("kind", "uri"),
    [(KeyKind.GOST_2015, GOST_2015_SIGNATURE.uri), (KeyKind.GOST_2004, GOST_2004_SIGNATURE.uri)],
)
def test_contract_and_transfer_are_registered_with_gost_signatures(
    make_workplace: MakeWorkplace, tmp_path: Path, kind: KeyKind, uri: str
) -> None:
    pki = make_test_pki(tmp_path / "pki", now=datetime.now(UTC), kind=kind).directory
    workplace = make_workplace()
    workplace.pki = pki
    events = {workplace.hire(Person(1)), workplace.transfer(Person(1))}
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == events
    sent = workplace.query("SELECT document FROM messages")
    assert len(sent) == len(events)
    assert all(uri.encode() in bytes(document) for (document,) in sent)
