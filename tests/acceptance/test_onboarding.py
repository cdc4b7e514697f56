"""Contracts that stood in the registry before the agent: their ids are imported, then their ends are registered."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, Workplace, run

STAFF = 5_000
SIGNED = "2019-03-04"
HEADER = ["ID договора", "employee_iin", "contract_number", "contract_date", "entered_on", "agreement_id"]
ASK = ("onboard", "import", "export.csv", "--employer", "main", "--hr", "roster.csv")
NAMED = ("--column", "contract_id=ID договора")


def test_imported_contracts_are_ended_in_the_registry_and_never_entered_again(
    make_workplace: Callable[..., Workplace], pki: Path, tmp_path: Path
) -> None:
    place = make_workplace()
    people = [Person(number) for number in range(STAFF)]
    _write(tmp_path / "export.csv", HEADER, ([_id(one), *_identity(one), SIGNED, ""] for one in people[:-1]))
    _write(tmp_path / "roster.csv", ["contract_key", *HEADER[1:4]], ([one.key, *_identity(one)] for one in people))
    leaver, registry = people[7], tmp_path / "registry.db"
    _seed(registry, tmp_path / "history.json", leaver)
    with SimulatorProcess.start(registry, pki) as simulator:
        place.connect(simulator.url)
        place.dismiss(leaver)
        place.drain()
        plan = _asked(place, "--plan")
        assert plan["counts"] == {"new": STAFF - 1, "not_in_export": 1}
        assert plan["missing"] == [people[-1].key]
        _killed_in_the_middle(place)
        left = _asked(place, "--plan")["counts"]
        assert 0 < left["known"] < STAFF - 1
        applied = _asked(place, "--reason", "export of 20 November", "--yes")
        assert applied["taken_over"] == left["new"]
        assert _asked(place, "--reason", "again", "--yes")["taken_over"] == 0
        place.drain()
        assert place.row(f"dismiss-{leaver.number}").state == "accepted"
        ended = [(one["operation"], one["number"]) for one in simulator.registry()]
        assert ended == [("conclusion", leaver.contract_number), ("termination", leaver.contract_number)]
        used = place.usrec("onboard", "undo", _id(leaver), "--employer", "main", "--reason", "wrong")
        assert used.returncode == 5
        undone = place.usrec("onboard", "undo", _id(people[3]), "--employer", "main", "--reason", "wrong")
        assert people[3].key in undone.stdout
        assert _asked(place, "--plan")["counts"]["new"] == 1


def test_what_a_person_has_to_look_at_is_in_a_file_and_not_on_the_screen(
    make_workplace: Callable[..., Workplace], tmp_path: Path
) -> None:
    place = make_workplace()
    place.connect("https://127.0.0.1:9/")
    one, other, third = (Person(number) for number in range(3))
    rows = [[_id(one), one.iin, "=ТД-0/а", SIGNED, "", ""], [_id(other), *_identity(other), "вчера", ""]]
    rows.append([_id(third), *_identity(third), "", "A-1"])
    _write(tmp_path / "export.csv", HEADER, rows)
    people = [one, other, third]
    _write(tmp_path / "roster.csv", ["contract_key", *HEADER[1:4]], ([who.key, *_identity(who)] for who in people))
    nowhere = _run(place, "--reason", "export", "--yes", "--review", str(tmp_path / "no" / "review.csv"))
    assert nowhere.returncode == 2, "before anything is taken over"
    assert "cannot be written" in nowhere.stderr
    file = tmp_path / "review.csv"
    shown = _run(place, "--plan", "--review", str(file))
    assert shown.returncode == 0, shown.stderr
    assert "row 3: entered_on cannot be read" in shown.stdout
    assert f"row 2, contract {_id(one)}: HR has another number" in shown.stdout
    assert all(who.iin not in shown.stdout for who in people)
    assert file.stat().st_mode & 0o077 == 0
    with file.open(encoding="utf-8-sig", newline="") as text:
        found = {row["why"]: row for row in csv.DictReader(text, delimiter=";")}
    assert found["number_differs"]["possible_keys"] == one.key
    assert found["number_differs"]["contract_number"] == "'=ТД-0/а", "no spreadsheet takes it for a formula"
    assert found["number_differs"]["employee_iin"] == one.iin
    done = {**found["number_differs"], "contract_key": one.key}
    _write(tmp_path / "mended.csv", list(done), [list(done.values())])
    ask = ["mended.csv" if part == "export.csv" else part for part in ASK]
    mended = run(_command(place, *ask, "--plan", "--json"), cwd=place.folder)
    assert json.loads(mended.stdout)["counts"]["new"] == 1
    taken = _asked(place, "--reason", "export", "--yes")
    assert taken["taken_over"] == 1
    kept = place.ask("onboard", "show", third.key, "--employer", "main")
    assert kept == {
        "contract_id": _id(third),
        "entered_on": None,
        "agreements": [{"agreement_id": "A-1", "agreement_number": "", "entered_on": None}],
    }


def _id(person: Person) -> str:
    return f"6f9d2c1e-0a41-4b7e-9c55-{person.number:012}"


def _identity(person: Person) -> list[str]:
    """Some have several contracts."""
    return [Person(person.number % 4000).iin, person.contract_number, SIGNED]


def _write(file: Path, header: Sequence[str], rows: Iterator[list[str]] | list[list[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, delimiter=";")
        writer.writerow(header)
        writer.writerows(rows)


def _seed(registry: Path, history: Path, person: Person) -> None:
    record = {"contract_id": _id(person), "bin": BIN, "iin": person.iin, "number": person.contract_number}
    history.write_text(json.dumps([{**record, "date": SIGNED, "begin_date": SIGNED}]), "utf-8")
    done = run([sys.executable, "-m", "usrec_simulator", "seed", "--db", str(registry), "--from", str(history)])
    assert done.returncode == 0, done.stderr


def _command(place: Workplace, *arguments: str) -> list[str]:
    return place.command(*arguments)


def _run(place: Workplace, *more: str) -> subprocess.CompletedProcess[str]:
    return run(_command(place, *ASK, *NAMED, *more), cwd=place.folder)


def _asked(place: Workplace, *more: str) -> Any:
    done = _run(place, *more, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _killed_in_the_middle(place: Workplace) -> None:
    command = _command(place, *ASK, *NAMED, "--reason", "export of 20 November", "--yes")
    with subprocess.Popen(
        command, cwd=place.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "/" in process.stderr.readline(), "the first portion is there"
        process.kill()
    assert process.returncode == -9
