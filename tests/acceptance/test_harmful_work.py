"""Harmful work through the whole installation: HR's files, the agent's ledger, the registry, what an operator sees."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from support.document_files import JPEG, PDF, WORD, pdf_of
from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import MakeWorkplace, Workplace

HARMFUL = {"working_conditions_code": "2", "harmful_conditions_code": "L3.14.165"}
LARGE = pdf_of(68_000)
"""Just small enough."""
SCAN, PLACED, WORDY, HUGE = map(Person, range(1, 5))


def found_in(workplace: Workplace, event: str) -> list[tuple[str, str]]:
    findings = json.loads(workplace.hr_row(event).findings or "[]")
    return [(one["field"], one["code"]) for one in findings]


def test_harmful_contracts_are_registered_with_their_documents(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    """A scan of HR's, one placed by hand, a Word file in disguise, one too large; nobody's name is seen anywhere."""
    workplace = make_workplace(log='level = "debug"\nformat = "json"')
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / f"{SCAN.name}.pdf").write_bytes(LARGE)
    (folder / "order.pdf").write_bytes(WORD)
    (folder / "whole-attestation.pdf").write_bytes(pdf_of(90_000))
    (tmp_path / "by hand.jpg").write_bytes(JPEG)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        placed = workplace.ask("document", "add", str(tmp_path / "by hand.jpg"))["supporting_document"]
        title = {"supporting_document_name": "Аттестация № 12"}
        good = {
            workplace.hire(SCAN, **HARMFUL, **title, supporting_document=f"{SCAN.name}.pdf"),
            workplace.hire(PLACED, **HARMFUL, **title, supporting_document=placed),
        }
        wordy = workplace.hire(WORDY, **HARMFUL, supporting_document="order.pdf")
        huge = workplace.hire(HUGE, **HARMFUL, supporting_document="whole-attestation.pdf")
        log = workplace.drain()
        assert found_in(workplace, wordy) == [("supporting_document", "SCSE173")]
        assert found_in(workplace, huge) == [("supporting_document", "SCSE999")]
        assert (
            require_exactly_once([row for row in workplace.hr_rows() if row.event_id in good], simulator.registry())
            == good
        )

        (folder / "order.pdf").write_bytes(PDF)
        retried = workplace.usrec("submission", "retry", workplace.row(wordy).id, "--reason", "the file is whole now")
        assert retried.returncode == 0, retried.stderr
        log += workplace.drain()
        assert workplace.states()[wordy] == "accepted"

    listed = workplace.ask("document", "list")
    assert {one["digest"] for one in listed} == {sha256(one).hexdigest() for one in (LARGE, PDF, JPEG)}
    saved = tmp_path / "saved.jpg"
    shown = workplace.ask("document", "show", sha256(JPEG).hexdigest()[:16], "--save", str(saved))
    assert shown["format"] == "jpg"
    assert saved.read_bytes() == JPEG
    refused = workplace.usrec("document", "add", str(folder / "whole-attestation.pdf"))
    assert refused.returncode == 1
    assert "SCSE999" in refused.stdout
    seen = log + refused.stdout + json.dumps(listed)
    assert not [word for word in SCAN.name.split() if word in seen]
