"""What upgrade-and-backup.md tells to do with a restored ledger registers nothing twice and forgets nothing."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.markdown import blocks, read, section
from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, OTHER_BIN, MakeWorkplace, Workplace, employer

BEFORE, WAITING, SIGNED, AFTER, FORGOTTEN = (Person(number) for number in range(1, 6))
PAGE = section(read("how-to/upgrade-and-backup.md"), "Restore")
LOOK, CLEAR = (block.text for block in blocks(PAGE) if block.language == "sql")
TIME_OF_THE_PAGE = "2026-11-20T21:00:00Z"


def back_up(ledger: Path, copy: Path) -> None:
    """As the page does it in Python."""
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def restore(copy: Path, ledger: Path) -> None:
    for beside in ("-wal", "-shm"):
        ledger.with_name(ledger.name + beside).unlink(missing_ok=True)
    ledger.write_bytes(copy.read_bytes())


def use_key_of_the_other(workplace: Workplace, pki: Path, password: Path) -> None:
    own = employer("main", BIN, pki / "employer.p12", pki / "employer.password")
    workplace.employers = own + employer("other", OTHER_BIN, pki / "employer-2.p12", password)


def registered(simulator: SimulatorProcess) -> Counter[str]:
    """How many records the registry holds for each contract number."""
    return Counter(record["number"] for record in simulator.registry())


def settle_as_registered(workplace: Workplace, event: str, contract: str | None) -> None:
    """Column a) of the page's table, with the contract id of its list."""
    extract = workplace.folder / "extract.pdf"
    extract.write_bytes(b"what the portal showed")
    given = ["--evidence", str(extract), "--reason", "registered before the restore"]
    known = ["--contract-id", contract] if contract else []
    done = workplace.usrec("submission", "settle", workplace.row(event).id, "--as", "accepted", *known, *given)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_way_of_the_page_registers_nothing_twice_and_forgets_nothing(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace()
    ledger, copy, registry = tmp_path / "ledger.db", tmp_path / "ledger-copy.db", tmp_path / "registry.db"
    wrong = tmp_path / "wrong.password"
    wrong.touch(mode=0o600)
    wrong.write_text("not the word\n", "utf-8")

    use_key_of_the_other(workplace, pki, wrong)
    workplace.hire(BEFORE)
    workplace.enter("hire-2", "conclusion", WAITING.key, conclusion_of(WAITING), employer_bin=OTHER_BIN)
    with SimulatorProcess.start(registry, pki) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
    workplace.hire(SIGNED)
    assert workplace.usrec("run", "--drain", "--give-up-after", "0.02").returncode == 4, "the gateway is gone"
    assert workplace.states() == {"hire-1": "accepted", "hire-2": "pending", "hire-3": "signed"}
    back_up(ledger, copy)
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    use_key_of_the_other(workplace, pki, pki / "employer-2.password")
    workplace.hire(AFTER)
    with SimulatorProcess.start(registry, pki) as simulator:
        workplace.connect(simulator.url)
        again = workplace.usrec("submission", "retry", workplace.row("hire-2").id, "--reason", "password mended")
        assert again.returncode == 0, again.stderr
        workplace.drain()
        assert sum(registered(simulator).values()) == 4
    workplace.hire(FORGOTTEN)
    assert workplace.usrec("run", "--drain", "--give-up-after", "0.02").returncode == 4
    workplace.ledger.close()
    workplace._ledger = None

    restore(copy, ledger)
    held = workplace.usrec("submission", "hold", "--state", "pending", "--reason", "ledger restored", "--yes")
    assert held.returncode == 0, held.stderr
    listed = list(workplace.hr.execute(LOOK.replace(TIME_OF_THE_PAGE, since)))
    seen, contracts = {row[0]: row[2] for row in listed}, {row[0]: row[4] for row in listed}
    assert seen.pop("hire-5") in {"pending", "signed"}, "to be looked up in the portal, where it is not"
    assert seen == {"hire-2": "accepted", "hire-3": "accepted", "hire-4": "accepted"}
    out = ["--for", "A. Colleague", "--reason", "ledger restored"]
    assert workplace.usrec("submission", "checkout", workplace.row("hire-2").id, *out).returncode == 0
    settle_as_registered(workplace, "hire-2", contracts["hire-2"])
    workplace.hr.execute(CLEAR.replace(TIME_OF_THE_PAGE, since).replace("hire-4", "hire-5"))

    with SimulatorProcess.start(registry, pki) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        assert workplace.states()["hire-3"] == "indeterminate", "its own bytes came back as known"
        settle_as_registered(workplace, "hire-3", contracts["hire-3"])
        workplace.drain()
        everybody = (BEFORE, WAITING, SIGNED, AFTER, FORGOTTEN)
        assert registered(simulator) == {person.contract_number: 1 for person in everybody}
    assert workplace.states() == dict.fromkeys(("hire-1", "hire-2", "hire-3", "hire-5"), "accepted")
