"""`usrec doctor` on staffs that are looked at."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.patient import Patient, provokes
from support.workplace import BIN
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.doctor import staff_check as say
from usrec.interfaces.doctor.source_check import examine_sources

MAPPING = """
version = 1
[contract]
query = "SELECT * FROM staff"
key = "id"
employer_bin = { constant = "the BIN" }
[contract.conclusion]
contract_number = "number"
"""


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    found = Patient(tmp_path, pki, ManualClock(datetime(2026, 11, 22, 9, tzinfo=UTC)))
    with closing(sqlite3.connect(found.folder / "staff.db")) as hr:
        hr.execute("CREATE TABLE staff (id text, number text)")
    (found.folder / "staff.toml").write_text(MAPPING.replace("the BIN", BIN), "utf-8")
    found.tables["source.hr"] = {
        "kind": "snapshot",
        "mapping": str(found.folder / "staff.toml"),
        "url": f"sqlite:///{found.folder / 'staff.db'}",
    }
    return found


@provokes(say.STAFF)
def test_contracts_of_a_staff_are_counted(patient: Patient) -> None:
    with closing(sqlite3.connect(patient.folder / "staff.db")) as hr, hr:
        hr.executemany("INSERT INTO staff VALUES (?, ?)", [("1", "ТД-1"), ("2", "ТД-2")])
    assert patient.says(examine_sources)["source.staff"].values["number"] == 2


@provokes(say.STAFF_EMPTY)
def test_a_staff_of_nobody_is_told(patient: Patient) -> None:
    assert patient.says(examine_sources)["source.staff_empty"].about == "hr"


@provokes(say.STAFF_UNUSABLE)
def test_a_query_that_fails_is_told(patient: Patient) -> None:
    with closing(sqlite3.connect(patient.folder / "staff.db")) as hr:
        hr.execute("DROP TABLE staff")
    assert patient.says(examine_sources)["source.staff_unusable"].values["why"]
