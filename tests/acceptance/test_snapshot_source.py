"""HR's staff without a change in HR's system: looked at by a real agent, registered in a real simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.personnel import Person, a_day
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, Workplace

MAPPING = """
version = 1
[contract]
query = "SELECT * FROM staff"
key = "id"
employer_bin = { constant = "the BIN" }
[contract.conclusion]
employee_iin = "iin"
contract_number = "number"
contract_date = "signed"
signed_on = "both"
begin_date = "signed"
position_code = "code"
established_post = "post"
conscript_code = { constant = "1" }
term_code = { column = "term", codes = "term" }
work_place_address = { constant = "Астана, Мәңгілік Ел, 1" }
[codes.term]
"Бессрочный" = "1"
[contract.amendment]
agreement_number = "ds"
agreement_date = "ds_date"
signed_on = "ds_date"
begin_date = "ds_date"
[contract.termination]
termination_date = "ended"
reason_code = { constant = "05" }
"""


class Hr:
    """HR's own table, in which nothing is known of the agent."""

    def __init__(self, workplace: Workplace) -> None:
        self.execute = workplace.hr.execute
        columns = "id text, iin text, number text, signed date, both date, post text, code text, term text"
        self.execute(f"CREATE TABLE staff ({columns}, ds text, ds_date date, ended date)")

    def hire(self, person: Person, signed: str) -> None:
        cells = [person.key, person.iin, person.contract_number, signed, signed, "Әдіскер", "2512-0-001", "бессрочный"]
        columns = "id, iin, number, signed, both, post, code, term"
        self.execute(f"INSERT INTO staff ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *cells)  # noqa: S608 -- names


def test_a_staff_is_registered_as_it_changes(
    make_workplace: Callable[..., Workplace], pki: Path, tmp_path: Path
) -> None:
    place = make_workplace()
    hr, new = Hr(place), Person(1)
    for old in range(2, 12):
        hr.hire(Person(old), "2022-04-01")
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        place.connect(simulator.url)
        _use_snapshot(place)
        assert place.ask("source", "check", "hr")["has_faults"] is False
        assert "The staff can be looked at; contracts: 10" in place.usrec("doctor").stdout
        place.drain()
        assert simulator.registry() == [], "the first look remembers"
        hr.hire(new, a_day(2).isoformat())
        assert [one["why"] for one in place.ask("source", "preview", "hr")["events"]] == ["new_contract"]
        place.drain()
        day = a_day(1).isoformat()
        hr.execute("UPDATE staff SET code = '2511-1-001', ds = 'ДС-1', ds_date = ? WHERE id = ?", day, new.key)
        place.drain()
        hr.execute("UPDATE staff SET ended = ? WHERE id = ?", a_day(0).isoformat(), new.key)
        hr.execute("DELETE FROM staff WHERE id = ?", Person(5).key)
        place.drain()
        seen = [(one["operation"], one["number"], one["times_received"]) for one in simulator.registry()]
        number = new.contract_number
        assert seen == [("conclusion", number, 1), ("amendment", "ДС-1", 1), ("termination", number, 1)]
        gone = place.ask("submission", "list", "--state", "invalid")
        assert [(one["contract_key"], one["operation"]) for one in gone] == [(Person(5).key, "termination")]
        assert gone[0]["legal_date"] is not None, "somebody is told in time"
        hr.execute("DELETE FROM staff WHERE number <> 'ТД-2'")
        refused = place.usrec("source", "preview", "hr")
        assert refused.returncode == 4
        assert "running contracts are missing" in refused.stderr


def test_a_check_names_what_the_mapping_lacks_and_shows_nobody(
    make_workplace: Callable[..., Workplace], tmp_path: Path
) -> None:
    place = make_workplace()
    hr = Hr(place)
    hr.hire(Person(1), "2022-04-01")
    hr.execute("INSERT INTO staff (id, term, both) VALUES ('k-1', 'Сезонный', 'вчера'), ('x', 'Ж?мабек', NULL)")
    hr.execute("INSERT INTO staff (id, term) VALUES ('850515400012/1', 'ИИН 850515 400012')")
    place.connect("https://127.0.0.1:9/")
    _use_snapshot(place)
    done = place.usrec("source", "check", "hr", "--json")
    assert done.returncode == 5
    found: dict[str, Any] = json.loads(done.stdout)
    fields = {one["field"]: one for one in found["contracts"]["fields"] if one["event"] == "conclusion"}
    assert found["contracts"]["ambiguous"] == 1, "K-1 and k-1"
    assert fields["term_code"]["unmapped"] == {"Сезонный": 1, "Ж?мабек": 1, "ИИН 8***": 1}
    assert fields["signed_on"]["unread"] == 1
    assert found["sample"][0]["fields"]["employee_iin"] == "9***"
    assert {one["contract"] for one in found["sample"]} == {Person(1).key, "k-1", "x", "8***/1"}
    page = place.usrec("source", "check", "hr").stdout
    assert "400012" not in page + done.stdout
    assert Person(1).iin not in page
    assert Person(1).iin not in done.stdout


def test_a_database_without_its_driver_names_it(make_workplace: Callable[..., Workplace]) -> None:
    place = make_workplace()
    place.connect("https://127.0.0.1:9/")
    _use_snapshot(place, url="mssql://reader@hr-server/hr")
    done = place.usrec("source", "check", "hr")
    assert done.returncode == 3
    assert 'pip install "usrec-agent[mssql]"' in done.stderr


def _use_snapshot(place: Workplace, url: str = "") -> None:
    (place.folder / "staff.toml").write_text(MAPPING.replace("the BIN", BIN), "utf-8")
    written = place.settings.read_text("utf-8")
    old = f'[source.hr]\nkind = "outbox"\nurl = "{place.hr.url}"\n'
    new = f'[source.hr]\nkind = "snapshot"\nmapping = "staff.toml"\nurl = "{url or place.hr.url}"\n'
    assert old in written
    place.settings.write_text(written.replace(old, f"{new}lost_percent = 20\n"), "utf-8")
