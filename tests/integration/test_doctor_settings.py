"""`usrec doctor` on the settings file and the secrets that it names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.patient import Patient, note, provokes, provokes_each
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.doctor import settings_check as say
from usrec.interfaces.doctor.finding import Kind
from usrec.interfaces.doctor.settings_check import examine_secrets, examine_settings, look_at_settings
from usrec.settings import LoadedSettings

WORD = "not-to-be-shown-91"


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(datetime.now(UTC)))


@provokes(say.READ)
def test_settings_that_can_be_used_are_said_so(patient: Patient) -> None:
    patient.write()
    assert isinstance(look_at_settings(patient.file), LoadedSettings)
    assert list(patient.says(examine_settings)) == ["settings.read"]


@provokes(say.WRITABLE)
def test_settings_that_everybody_may_write_fail(patient: Patient) -> None:
    patient.write()
    patient.file.chmod(0o646)
    assert list(patient.says(examine_settings)) == ["settings.writable_by_others"]


@provokes(say.WRONG)
def test_wrong_settings_are_told_one_by_one_with_their_lines(patient: Patient) -> None:
    patient.tables["gateway"]["sendr_id"] = "company"
    patient.tables["ledger"] = {}
    patient.write()
    found = look_at_settings(patient.file)
    assert isinstance(found, list)
    (line,) = note(found)
    assert line.values["number"] == len(line.details) == 2
    assert any("sendr_id" in detail and "line " in detail for detail in line.details)


@provokes(say.UNREADABLE)
def test_settings_that_are_not_there_are_told(patient: Patient) -> None:
    found = look_at_settings(patient.folder / "elsewhere.toml")
    assert isinstance(found, list)
    (line,) = note(found)
    assert "usrec init" in line.advice


@provokes(say.SECRETS_READ)
def test_secrets_are_looked_for_in_every_table(patient: Patient) -> None:
    secret = patient.tables["gateway"]["password"]
    patient.tables["gateway.proxy"] = {"url": "http://127.0.0.1:9", "user": "me", "password": secret}
    patient.tables["alerts.mail.hr"] = {
        "host": "127.0.0.1",
        "user": "me",
        "password": secret,
        "sender": "a@b.kz",
        "to": ["c@d.kz"],
    }
    assert patient.says(examine_secrets)["secrets.read"].values == {"number": 4}


@provokes_each(
    {
        say.SECRET_FILE: {"file": "missing.password"},
        say.SECRET_VARIABLE: {"env": "NOT_SET_BY_ANYBODY"},
        say.SECRET_CREDENTIAL: {"credential": "sender"},
        say.SECRET_COMMAND: {"command": ["/bin/sh", "-c", f"echo {WORD}; exit 3"]},
    }
)
def test_a_secret_that_cannot_be_read_fails_and_the_others_are_read(
    kind: Kind, case: dict[str, object], patient: Patient
) -> None:
    patient.tables["gateway"]["password"] = case
    said = patient.says(examine_secrets)
    assert set(said) == {kind.id, "secrets.read"}
    assert said[kind.id].about == "[gateway] password"
    assert said["secrets.read"].values == {"number": 1}
    assert WORD not in f"{said[kind.id].text} {said[kind.id].advice}"


@provokes(say.SECRET_FILE)
def test_a_secret_that_others_may_read_fails_and_the_advice_names_its_file(patient: Patient) -> None:
    (patient.folder / "sender.password").chmod(0o644)
    line = patient.says(examine_secrets)["secrets.file"]
    assert "other users may read" in line.text
    assert str(patient.folder / "sender.password") in line.advice
