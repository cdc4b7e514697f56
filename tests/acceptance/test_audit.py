"""The three books of a real installation: HR's staff in its database, the ledger, an export of the registry."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from support.personnel import Person, a_day
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, Workplace, log_records

MAPPING = """
version = 1
[contract]
query = "SELECT * FROM staff"
key = "id"
employer_bin = { constant = "the BIN" }
department = { constant = "Кадрлар" }
[contract.conclusion]
employee_iin = "iin"
contract_number = "number"
contract_date = "signed"
signed_on = "signed"
begin_date = "signed"
end_date = "until"
position_code = "code"
established_post = { constant = "Әдіскер" }
conscript_code = { constant = "1" }
term_code = { constant = "2" }
work_place_address = { constant = "Астана, Мәңгілік Ел, 1" }
"""
HEADER = ("contract_id", "employee_iin", "contract_number", "contract_date")
RUN = ("audit", "run", "--employer", "main")


def test_what_three_books_say_is_told_and_only_ids_are_taken_over(
    make_workplace: Callable[..., Workplace], pki: Path, tmp_path: Path
) -> None:
    place = make_workplace()
    columns = "id text, iin text, number text, signed date, until date, code text"
    place.hr.execute(f"CREATE TABLE staff ({columns})")
    for number in range(1, 6):
        _hire(place, Person(number), "2022-04-01")
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        place.connect(simulator.url)
        _use_staff(place)
        place.drain()
        new, stranger = Person(6), Person(9)
        _hire(place, new, a_day(2).isoformat())
        place.drain()
        _hire(place, Person(7), "2026-02-02")
        place.hr.execute("UPDATE staff SET iin = ? WHERE id = ?", Person(8).iin, Person(1).key)
        _export(tmp_path, [Person(2), (Person(3), "ТД-33"), stranger])
        found = _asked(place, "--registry", str(tmp_path / "export.csv"))
        told = {one["contract_key"] or one["contract_id"]: (one["kind"], one["cause"]) for one in found["findings"]}
        assert told == {
            Person(2).key: ("by_hand", "not_taken_over"),
            Person(7).key: ("late", "entry_late"),
            _id(stranger): ("orphan", "unknown_to_hr"),
            Person(1).key: ("unclear", "puzzle"),
            Person(3).key: ("different", "other_identity"),
            Person(4).key: ("missing", "id_unknown"),
            Person(5).key: ("missing", "id_unknown"),
        }
        assert found["books"]["registry"] == 3
        late = next(one for one in found["findings"] if one["kind"] == "late")
        assert late["legal_date"] is not None
        assert {one["needed_by"] for one in found["findings"] if one["cause"] == "id_unknown"} == {"2027-03-31"}
        shown = place.usrec(*RUN, "--registry", str(tmp_path / "export.csv"))
        assert all(person.iin not in shown.stdout for person in map(Person, range(10)))
        plan = re.search(r"[0-9a-f]{16}", shown.stdout)
        assert plan is not None, shown.stdout + shown.stderr
        assert found["plan"].startswith(plan[0])
        before = simulator.registry()
        _hire(place, Person(8), "2022-04-01")
        apply = (*RUN, "--registry", str(tmp_path / "export.csv"), "--reason", "audit", "--yes", "--apply")
        stale = place.usrec(*apply, plan[0])
        assert stale.returncode == 5, "a book has changed since"
        place.hr.execute("DELETE FROM staff WHERE id = ?", Person(8).key)
        assert place.ask(*apply, plan[0])["taken_over"] == 1
        assert place.ask("onboard", "show", Person(2).key, "--employer", "main")["contract_id"] == _id(Person(2))
        again = _asked(place, "--registry", str(tmp_path / "export.csv"))
        assert again["counts"]["by_hand"] == 0
        assert simulator.registry() == before, "nothing was registered or ended"
        kept = place.ask("audit", "show", "--employer", "main", "--kind", "late")
        assert [one["contract_key"] for one in kept["findings"]] == [Person(7).key]
        full = place.usrec("audit", "show", "--employer", "main", "--show-personal").stdout
        assert Person(4).iin in full
        assert "exported" in place.usrec("journal", "show").stdout
        assert _told(place) == {
            "USREC: an audit found 6 contracts to look at",
            "USREC: the registry's ids of 2 contracts are not known",
            "USREC: 1 contract of HR's staff cannot be understood",
        }
        assert _told(place) == set(), "what was told is on record"
        puzzles = place.ask("source", "puzzles", "hr")
        assert puzzles == [{"kind": "other_employee", "key": Person(1).key}]
        stages = place.ask("audit", "lateness")[0]
        assert stages["registered"] == len(simulator.registry())
        table = place.usrec("audit", "lateness", "--csv").stdout.splitlines()
        assert len(table) == 1 + len(stages["stages"])
        departments = place.ask("audit", "lateness", "--by-department")
        assert [(one["department"], one["registered"]) for one in departments] == [("Кадрлар", stages["registered"])]
        assert "Кадрлар" in place.usrec("audit", "lateness", "--by-department").stdout


def _told(place: Workplace) -> set[str]:
    """What a drain tells of contracts; the log needs no working hours."""
    return {str(one["event"]) for one in log_records(place.drain()) if one["action"] == "alert.audit"}


def _hire(place: Workplace, person: Person, signed: str) -> None:
    cells = [person.key, person.iin, person.contract_number, signed, "2027-03-31", "2512-0-001"]
    place.hr.execute("INSERT INTO staff VALUES (?, ?, ?, ?, ?, ?)", *cells)


def _export(folder: Path, people: Sequence[Person | tuple[Person, str]]) -> None:
    with (folder / "export.csv").open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(HEADER)
        for one in people:
            person, number = one if isinstance(one, tuple) else (one, one.contract_number)
            writer.writerow([_id(person), person.iin, number, "2022-04-01"])


def _id(person: Person) -> str:
    return f"6f9d2c1e-0a41-4b7e-9c55-{person.number:012}"


def _asked(place: Workplace, *more: str) -> Any:
    return place.ask(*RUN, *more)


def _use_staff(place: Workplace) -> None:
    (place.folder / "staff.toml").write_text(MAPPING.replace("the BIN", BIN), "utf-8")
    written = place.settings.read_text("utf-8")
    old = f'[source.hr]\nkind = "outbox"\nurl = "{place.hr.url}"\n'
    assert old in written
    new = f'[source.hr]\nkind = "snapshot"\nmapping = "staff.toml"\nurl = "{place.hr.url}"\nlost_percent = 20\n'
    place.settings.write_text(written.replace(old, new), "utf-8")
