"""A ledger that goes back in time registers nothing twice and forgets nothing, by the way of upgrade-and-backup.md."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.markdown import blocks, read, section
from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, OTHER_BIN, MakeWorkplace, Workplace, employer, run

BEFORE, WAITING, SIGNED, AFTER, FORGOTTEN = EVERYBODY = tuple(Person(number) for number in range(1, 6))
PAGE = section(read("how-to/upgrade-and-backup.md"), "Restore")
(CLEAR,) = (block.text for block in blocks(PAGE) if block.language == "sql")
KEY = "5c" * 32


def use_key_of_the_other(workplace: Workplace, pki: Path, password: Path) -> None:
    own = employer("main", BIN, pki / "employer.p12", pki / "employer.password")
    workplace.employers = own + employer("other", OTHER_BIN, pki / "employer-2.p12", password)


def connect(workplace: Workplace, url: str) -> None:
    """The settings of an installation whose ledger is encrypted."""
    workplace.connect(url)
    secret = workplace.folder / "ledger.key"
    secret.touch(mode=0o600)
    secret.write_text(KEY, "utf-8")
    encryption = f'[ledger.encryption]\nkey = {{ file = "{secret}" }}\n'
    workplace.settings.write_text(workplace.settings.read_text("utf-8") + encryption, "utf-8")


def registered(simulator: SimulatorProcess) -> Counter[str]:
    """How many records the registry holds for each contract number."""
    return Counter(record["number"] for record in simulator.registry())


def done(workplace: Workplace, *arguments: str) -> str:
    """What a command says that must go well."""
    result = workplace.usrec(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def settle_as_registered(workplace: Workplace, event: str, contract: str) -> None:
    """As the page says it: take it out, then tell what the portal showed."""
    extract = workplace.folder / "extract.pdf"
    extract.write_bytes(b"what the portal showed")
    which = submission_of(workplace, event)
    done(workplace, "submission", "checkout", which, "--for", "A. Colleague", "--reason", "ledger restored")
    given = ["--evidence", str(extract), "--reason", "registered before the restore"]
    done(workplace, "submission", "settle", which, "--as", "accepted", "--contract-id", contract, *given)


def submission_of(workplace: Workplace, event: str) -> str:
    (found,) = [row["id"] for row in workplace.ask("submission", "list") if row["event_id"] == event]
    return str(found)


def states(workplace: Workplace) -> dict[str, str]:
    return {row["event_id"]: row["state"] for row in workplace.ask("submission", "list", "--all")}


@pytest.mark.slow
def test_a_restored_ledger_registers_nothing_twice_and_forgets_nothing(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace()
    ledger, copy, registry = tmp_path / "ledger.db", tmp_path / "copy.usrec-backup", tmp_path / "registry.db"
    wrong = tmp_path / "wrong.password"
    wrong.touch(mode=0o600)
    wrong.write_text("not the word\n", "utf-8")

    use_key_of_the_other(workplace, pki, wrong)
    workplace.hire(BEFORE)
    workplace.enter("hire-2", "conclusion", WAITING.key, conclusion_of(WAITING), employer_bin=OTHER_BIN)
    with SimulatorProcess.start(registry, pki) as simulator:
        connect(workplace, simulator.url)
        workplace.drain()
    workplace.hire(SIGNED)
    assert workplace.usrec("run", "--drain", "--give-up-after", "0.02").returncode == 4, "the gateway is gone"
    assert states(workplace) == {"hire-1": "accepted", "hire-2": "pending", "hire-3": "signed"}
    made = workplace.ask("backup", "--output", str(copy))
    assert BEFORE.iin.encode() not in ledger.read_bytes() + copy.read_bytes()
    assert KEY.encode() not in copy.read_bytes()

    use_key_of_the_other(workplace, pki, pki / "employer-2.password")
    workplace.hire(AFTER)
    with SimulatorProcess.start(registry, pki) as simulator:
        connect(workplace, simulator.url)
        done(workplace, "submission", "retry", submission_of(workplace, "hire-2"), "--reason", "password mended")
        workplace.drain()
        assert sum(registered(simulator).values()) == 4
    workplace.hire(FORGOTTEN)
    assert workplace.usrec("run", "--drain", "--give-up-after", "0.02").returncode == 4
    later = states(workplace)

    assert workplace.usrec("restore", str(copy)).returncode == 5, "a ledger stands there"
    assert states(workplace) == later, "which was not touched"
    restored = workplace.ask("restore", str(copy), "--replace")
    assert (restored["held"], restored["doubted"], restored["stopped"]) == (2, 1, 2)
    journal = workplace.ask("journal", "verify")
    assert journal["whole"], "nobody cut it off: its newer heads belong to the ledger that was kept aside"
    assert journal["heads_excused"] > 0
    assert restored["outside_head"] > made["head"] > 0
    with closing(sqlite3.connect(restored["kept_aside"])) as aside:
        assert aside.execute("SELECT count(*) FROM submissions").fetchone() == (5,), "nothing was thrown away"

    with SimulatorProcess.start(registry, pki) as simulator:
        connect(workplace, simulator.url)
        workplace.drain()
        assert sum(registered(simulator).values()) == 4, "nothing goes before somebody has looked"
        compared = workplace.usrec("restore", "--compare", "--json")
        assert compared.returncode == 5
        found: dict[str, Any] = {row["event"]: row for row in json.loads(compared.stdout)}
        assert {event: row["difference"] for event, row in found.items()} == {
            "hire-2": "registered_open",
            "hire-3": "registered_open",
            "hire-4": "registered_unknown",
            "hire-5": "taken_unknown",
        }

        settle_as_registered(workplace, "hire-2", found["hire-2"]["contract_id"])
        done(workplace, "submission", "release", submission_of(workplace, "hire-3"), "--reason", "its own bytes")
        for event in ("hire-4", "hire-5"):
            workplace.hr.execute(CLEAR.replace("hire-4", event))
        workplace.drain()
        settle_as_registered(workplace, "hire-4", found["hire-4"]["contract_id"])
        for name in ("main", "other"):
            done(workplace, "employer", "release", name, "--reason", "compared with HR and the portal")
        workplace.transfer(AFTER)
        workplace.drain()
        numbers = [*(person.contract_number for person in EVERYBODY), f"ДС-{AFTER.number}"]
        assert registered(simulator) == dict.fromkeys(numbers, 1)
    expected = ["hire-1", "hire-2", "hire-3", "hire-4", "hire-5", "transfer-4"]
    assert states(workplace) == dict.fromkeys(expected, "accepted"), "hire-3: its own bytes came back as known"
    assert done(workplace, "restore", "--compare").strip()
    journal = workplace.ask("journal", "verify")
    assert (journal["whole"], journal["heads_excused"] > 0, journal["heads_outside"] > 0) == (True, True, True)
    assert run([sys.executable, "-m", "usrec", "backup", "--verify", str(copy)]).returncode == 0
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :])
    assert run([sys.executable, "-m", "usrec", "backup", "--verify", str(copy)]).returncode == 5
    assert made["keys"]


@pytest.mark.slow
def test_a_snapshot_put_back_by_hand_is_held_where_it_stands_and_its_journal_is_not_called_cut(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace()
    ledger, snapshot = tmp_path / "ledger.db", tmp_path / "snapshot"
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        workplace.hire(BEFORE)
        workplace.drain()
        with closing(sqlite3.connect(ledger)) as connection:
            connection.execute("VACUUM INTO ?", (str(snapshot),))
        workplace.hire(AFTER)
        workplace.drain()
        for left_over in tmp_path.glob("ledger.db-*"):
            left_over.unlink()
        snapshot.replace(ledger)
        assert workplace.usrec("journal", "verify", "--json").returncode == 1, "it was cut off, as far as anybody knows"
        for wrong in (["--in-place", "--compare"], ["--in-place", "--replace"], ["--in-place", str(snapshot)], []):
            assert workplace.usrec("restore", *wrong).returncode == 2
        said = done(workplace, "restore", "--in-place")
        assert "forgotten what was done last" in said
        assert "once went on to batch" in said
        journal = workplace.ask("journal", "verify")
        assert journal["whole"]
        assert journal["heads_excused"] > 0
        compared = workplace.usrec("restore", "--compare", "--json")
        assert {row["event"]: row["difference"] for row in json.loads(compared.stdout)} == {
            "hire-4": "registered_unknown"
        }
        workplace.hr.execute(CLEAR)
        workplace.drain()
        settle_as_registered(workplace, "hire-4", json.loads(compared.stdout)[0]["contract_id"])
        done(workplace, "employer", "release", "main", "--reason", "compared with HR and the portal")
        workplace.transfer(AFTER)
        workplace.drain()
        numbers = [BEFORE.contract_number, AFTER.contract_number, f"ДС-{AFTER.number}"]
        assert registered(simulator) == dict.fromkeys(numbers, 1)
    assert set(states(workplace).values()) == {"accepted"}
