"""`usrec doctor` on the calendar, the time zone, the dictionaries, the wire profile, and on a check that breaks."""

from __future__ import annotations

import re
import shutil
import sys
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from support.patient import Patient, provokes, provokes_each
from usrec.adapters.calendar.kazakhstan import CHECKED_YEARS
from usrec.adapters.dictionaries.files import DictionaryFiles
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.rendering.profile import SHIPPED, load_profile
from usrec.domain.dictionary import Dictionary, Edition, Entry
from usrec.domain.errors import ConfigurationError
from usrec.domain.rules.codes import CODE_FIELDS
from usrec.interfaces.doctor import calendar_check as calendar
from usrec.interfaces.doctor import dictionaries_check as dictionaries
from usrec.interfaces.doctor import documents_check as documents
from usrec.interfaces.doctor import installation as fence
from usrec.interfaces.doctor import profile_check as profile
from usrec.interfaces.doctor.calendar_check import examine_calendar, examine_time_zone
from usrec.interfaces.doctor.dictionaries_check import examine_dictionaries
from usrec.interfaces.doctor.documents_check import examine_documents
from usrec.interfaces.doctor.finding import Kind, Line
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.doctor.profile_check import ASSUMPTIONS, examine_profile

LAST_CHECKED = CHECKED_YEARS[-1]


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(datetime(LAST_CHECKED, 11, 22, 9, tzinfo=UTC)))


@provokes_each(
    {
        calendar.CHECKED: datetime(LAST_CHECKED - 1, 12, 1, tzinfo=UTC),
        calendar.NEXT_YEAR_OPEN: datetime(LAST_CHECKED, 10, 31, 18, tzinfo=UTC),
        calendar.NEXT_YEAR: datetime(LAST_CHECKED, 10, 31, 19, tzinfo=UTC),
        calendar.THIS_YEAR: datetime(LAST_CHECKED + 1, 2, 1, tzinfo=UTC),
    }
)
def test_the_calendar_must_cover_this_year_and_in_autumn_the_next(kind: Kind, case: datetime, patient: Patient) -> None:
    patient.clock.set(case)
    assert list(patient.says(examine_calendar)) == [kind.id]


@provokes(calendar.THIS_YEAR, calendar.NEXT_YEAR)
def test_both_years_are_told_when_neither_was_compared(patient: Patient) -> None:
    patient.clock.set(datetime(LAST_CHECKED + 1, 11, 2, tzinfo=UTC))
    assert list(patient.says(examine_calendar)) == ["calendar.this_year", "calendar.next_year"]


@provokes(calendar.CHECKED)
def test_a_year_that_the_administrator_compared_counts(patient: Patient) -> None:
    patient.tables["calendar"] = {"checked_years": [LAST_CHECKED + 1]}
    assert list(patient.says(examine_calendar)) == ["calendar.checked"]


def test_calendar_of_one_employer_is_told_by_itself(patient: Patient) -> None:
    patient.clock.set(datetime(LAST_CHECKED + 1, 2, 1, tzinfo=UTC))
    patient.tables["employer.main.calendar"] = {"checked_years": [LAST_CHECKED + 1]}
    told = patient.says(examine_calendar)
    assert {kind: line.about for kind, line in told.items()} == {
        "calendar.this_year": "",
        "calendar.next_year_open": "main",
    }


@pytest.fixture
def zones() -> Iterator[None]:
    """Leaves the time zone data as they were."""
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


def look_for_zones_in(folder: Path) -> None:
    zoneinfo.reset_tzpath([str(folder)])
    zoneinfo.ZoneInfo.clear_cache()


@provokes(calendar.ZONE_AGREES)
def test_time_zone_data_of_today_agree_with_the_rule(patient: Patient, zones: None) -> None:
    look_for_zones_in(Path(str(files("tzdata") / "zoneinfo")))
    assert list(patient.says(examine_time_zone)) == ["time_zone.agrees"]


@provokes(calendar.ZONE_OLD)
def test_time_zone_data_from_before_the_change_are_a_warning(patient: Patient, zones: None) -> None:
    (patient.folder / "Asia").mkdir()
    bishkek = Path(str(files("tzdata") / "zoneinfo" / "Asia" / "Bishkek"))
    shutil.copy(bishkek, patient.folder / "Asia" / "Almaty")
    look_for_zones_in(patient.folder)
    assert patient.says(examine_time_zone)["time_zone.old"].values == {"hours": "+1"}


@provokes(calendar.ZONE_ABSENT)
def test_a_machine_without_time_zone_data_needs_none(
    patient: Patient, zones: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tzdata", None)
    for name in [name for name in sys.modules if name.startswith("tzdata.")]:
        monkeypatch.setitem(sys.modules, name, None)
    look_for_zones_in(patient.folder)
    assert list(patient.says(examine_time_zone)) == ["time_zone.absent"]


@provokes(dictionaries.NONE_IMPORTED)
def test_without_dictionaries_nothing_is_wrong_and_the_way_to_them_is_told(patient: Patient) -> None:
    assert "usrec dictionaries import" in patient.says(examine_dictionaries)["dictionaries.not_imported"].text


def imported(patient: Patient, name: str, *, valid_from: date, ago: timedelta = timedelta(0)) -> Path:
    """A dictionary of one code."""
    store = DictionaryFiles(patient.folder / "dictionaries")
    entries = {"01": Entry("01", "бір", "один")}
    edition = Edition(valid_from, patient.clock.now() - ago, "list.csv", "ab", entries)
    store.save(Dictionary(name, (edition,)))
    return store.file(name)


@provokes(dictionaries.CURRENT, dictionaries.MISSING)
def test_an_imported_dictionary_is_told_with_its_age_and_one_that_rows_need_is_missed(patient: Patient) -> None:
    imported(patient, "termination_reason", valid_from=date(2020, 1, 1), ago=timedelta(days=9))
    said = patient.says(examine_dictionaries)
    assert "holds from 2020-01-01 and was imported 9 days ago; codes in use: 1" in said["dictionaries.imported"].text
    needed = {origin.dictionary for origin in CODE_FIELDS.values()}
    assert said["dictionaries.missing"].about in needed - {"termination_reason"}


@provokes(dictionaries.STALE, dictionaries.NOT_YET, dictionaries.UNREADABLE)
def test_a_dictionary_that_is_old_or_holds_later_or_is_damaged_is_told(patient: Patient) -> None:
    imported(patient, "position", valid_from=date(2020, 1, 1), ago=timedelta(days=400))
    imported(patient, "court", valid_from=date(2099, 1, 1))
    imported(patient, "country", valid_from=date(2020, 1, 1)).write_text("{", "utf-8")
    said = patient.says(examine_dictionaries)
    assert {"dictionaries.old", "dictionaries.not_yet", "dictionaries.unreadable"} <= set(said)
    assert "2099-01-01" in said["dictionaries.not_yet"].text
    assert said["dictionaries.unreadable"].about == "country"


@provokes(documents.NO_FOLDER, documents.READABLE, documents.OPEN_TO_ALL, documents.NOT_READABLE)
def test_the_folder_of_documents_is_for_hr_and_the_agent_alone(patient: Patient) -> None:
    folder = patient.folder / "documents"
    assert list(patient.says(examine_documents)) == ["documents.no_folder"]
    for mode, said in ((0o750, "readable"), (0o755, "open_to_all")):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        assert list(patient.says(examine_documents)) == [f"documents.{said}"]
    folder.rmdir()
    folder.write_text("no folder at all", "utf-8")
    assert list(patient.says(examine_documents)) == ["documents.unreadable"]


@provokes(profile.ASSUMED)
def test_what_the_profile_assumes_is_listed(patient: Patient) -> None:
    said = patient.says(examine_profile)
    assert list(said) == ["profile.assumed"]
    line = said["profile.assumed"]
    assert (line.about, line.details) == ("current", load_profile("current").assumed())


@provokes(profile.ASSUMED, profile.WITHOUT_RECORD_ID)
def test_the_old_profile_is_told_to_carry_no_record_id(patient: Patient) -> None:
    patient.tables["gateway"]["profile"] = "seen"
    assert list(patient.says(examine_profile)) == ["profile.assumed", "profile.without_record_id"]


def official(folder: Path) -> Path:
    """A profile of which nothing is said to be assumed, as it will be made for the official XSD."""
    ours = files("usrec") / "schemas" / "usrec" / "current"
    folder.mkdir()
    (folder / "contract.xsd").write_bytes((ours / "contract.xsd").read_bytes())
    text = (ours / "profile.toml").read_text("utf-8").replace('evidence = "assumed"', 'evidence = "seen"')
    whole = re.sub(r"^assumed = \[.*?^\]\n", "", text, flags=re.MULTILINE | re.DOTALL)
    (folder / "profile.toml").write_text(whole.replace('name = "current"', 'name = "official"'), "utf-8")
    return folder


@provokes(profile.CONFIRMED)
def test_a_folder_with_nothing_assumed_is_right(patient: Patient) -> None:
    patient.tables["gateway"]["profile"] = official(patient.folder / "official").name
    said = patient.says(examine_profile)
    assert {kind: line.about for kind, line in said.items()} == {"profile.confirmed": "official"}


@provokes(profile.UNUSABLE)
def test_a_profile_that_cannot_be_used_fails_and_is_named(patient: Patient) -> None:
    folder = official(patient.folder / "official")
    (folder / "contract.xsd").unlink()
    patient.tables["gateway"]["profile"] = "official"
    assert "contract.xsd is missing" in patient.says(examine_profile)["profile.unusable"].text


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_profiles_list_every_row_that_their_sources_call_assumed(name: str) -> None:
    folder = files("usrec") / "schemas" / "usrec" / name
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", (folder / "SOURCES.md").read_text("utf-8"), re.MULTILINE)
    marked = [what.replace("`", "") for what, evidence in rows if evidence.startswith("[assumed]")]
    assert load_profile(name).mapping.assumed == tuple(marked)
    assert all(evidence.startswith(("[seen]", "[assumed]")) for _, evidence in rows[1:])
    assert not [what for what, evidence in rows if evidence.startswith("[seen]") and "[assumed]" in evidence]


def test_every_assumption_of_the_shipped_profiles_can_be_translated() -> None:
    shipped = {one for name in SHIPPED for one in load_profile(name).mapping.assumed}
    assert shipped == set(ASSUMPTIONS)


def breaks(_: Installation) -> Iterator[Line]:
    yield calendar.ZONE_AGREES.line()
    raise ZeroDivisionError("850515400012 must not be shown")


def refuses(_: Installation) -> Iterator[Line]:
    yield calendar.ZONE_AGREES.line()
    raise ConfigurationError("something is wrong", where="there")


@provokes_each({fence.BROKEN: breaks})
def test_a_check_that_breaks_is_a_line_without_what_the_error_holds(kind: Kind, case: object, patient: Patient) -> None:
    said = patient.says(breaks, "time_zone")
    assert list(said) == ["time_zone.agrees", "doctor.broken"]
    line = said[kind.id]
    assert line.about == "time_zone"
    assert "ZeroDivisionError at test_doctor_years.py:" in line.text
    assert "8505" not in line.text + line.advice


@provokes(fence.BROKEN)
def test_an_error_of_ours_that_a_check_does_not_know_is_told_whole(patient: Patient) -> None:
    assert "there: something is wrong" in patient.says(refuses)["doctor.broken"].text
