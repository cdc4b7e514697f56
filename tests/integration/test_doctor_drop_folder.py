"""`usrec doctor` on drop folders."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.patient import Patient, provokes
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.doctor import approved_check
from usrec.interfaces.doctor import drop_folder_check as say
from usrec.interfaces.doctor.source_check import examine_sources


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    found = Patient(tmp_path, pki, ManualClock(datetime(2026, 11, 22, 9, tzinfo=UTC)))
    del found.tables["source.hr"]
    found.tables["source.drop"] = {"kind": "files", "folder": "drop"}
    return found


@provokes(say.FOLDER)
def test_waiting_files_are_counted_and_unfinished_ones_are_not(patient: Patient) -> None:
    (patient.folder / "drop").mkdir()
    for name in ("hires.csv", "hires.csv.part", "hires.result.csv", "book.xlsx"):
        (patient.folder / "drop" / name).touch()
    said = patient.says(examine_sources)
    assert {kind: (line.about, line.values["number"]) for kind, line in said.items()} == {"source.folder": ("drop", 2)}


@provokes(say.FILES_REFUSED)
def test_refused_files_are_counted_until_somebody_takes_them_away(patient: Patient) -> None:
    (patient.folder / "drop" / "refused").mkdir(parents=True)
    for name in ("hires.0123.csv", "hires.0123.result.csv"):
        (patient.folder / "drop" / "refused" / name).touch()
    assert patient.says(examine_sources)["source.files_refused"].values["number"] == 1


@provokes(say.FOLDER_UNUSABLE)
def test_a_folder_that_is_not_there_is_told(patient: Patient) -> None:
    assert "No such file" in str(patient.says(examine_sources)["source.folder_unusable"].values["why"])


@provokes(approved_check.REVIEW_UNUSABLE)
def test_a_review_file_that_holds_its_source_is_told(patient: Patient) -> None:
    (patient.folder / "drop").mkdir()
    patient.tables["source.drop"]["approved"] = {"position_code": "posts.csv"}
    said = patient.says(examine_sources)["source.review_unusable"]
    assert (said.about, "posts.csv" in str(said.values["why"])) == ("drop", True)
