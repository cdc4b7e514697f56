"""`[trust]`: addresses that can be asked, answers that live until the next look, files that are there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.patient import Patient
from usrec.adapters.inmemory.clock import ManualClock
from usrec.domain.errors import ConfigurationError
from usrec.revocation import build_fetch, build_judge
from usrec.settings import LoadedSettings, Settings, examine, load_settings, unusable_files
from usrec.settings.rules import broken_rules


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    patient = Patient(tmp_path, pki, ManualClock(datetime.now(UTC)))
    patient.tables["trust"] = {"authorities": str(pki)}
    return patient


def loaded(patient: Patient, **trust: Any) -> LoadedSettings:
    patient.tables["trust"] |= trust
    patient.write()
    return load_settings(patient.file)


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ({"ocsp": "ldap://ocsp.example/"}, ("trust", "ocsp")),
        ({"ocsp": "http://user@ocsp.example/"}, ("trust", "ocsp")),
        ({"crl": [{"authority": "a", "url": "crl.example"}]}, ("trust", "crl", 0, "url")),
        ({"crl": [{"authority": "a", "url": "http://a/", "delta_url": "ftp://a/"}]}, ("trust", "crl", 0, "delta_url")),
        ({"interval": 90_000}, ("trust", "ocsp_max_age")),
        ({"interval": 18_000, "crl_max_age": 17_999}, ("trust", "crl_max_age")),
        ({"proxy": {"url": "http://user:word@proxy:3128"}}, ("trust", "proxy", "url")),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(table: Mapping[str, Any], path: tuple[object, ...]) -> None:
    broken = {wrong.path for wrong in broken_rules({"trust": {"authorities": "nca", **table}})}
    assert broken == {path}


@pytest.mark.parametrize("trust", [{}, {"ocsp": "http://ocsp.example/"}, {"ocsp": "https://ocsp.example/", "crl": []}])
def test_usual_tables_break_no_rule(trust: Mapping[str, Any]) -> None:
    assert list(broken_rules({"trust": {"authorities": "nca", **trust}})) == []


def test_folder_of_authorities_and_a_store_that_is_yet_to_be_made_are_right(patient: Patient) -> None:
    patient.write()
    written = examine(patient.file, Settings).written
    assert written is not None
    assert list(unusable_files(written, Settings)) == []
    patient.tables["trust"] |= {"authorities": str(patient.folder / "missing"), "store": "missing/store"}
    patient.write()
    written = examine(patient.file, Settings).written
    assert written is not None
    assert [wrong.path[-1] for wrong in unusable_files(written, Settings)] == ["authorities", "store"]


def test_authorities_are_read_from_a_folder_or_a_file(patient: Patient) -> None:
    from_folder, from_file = (
        build_judge(loaded(patient, authorities=str(place))) for place in (patient.pki, patient.pki / "nca-ca.pem")
    )
    assert from_folder is not None
    assert from_file is not None
    assert len(from_file.authorities) == 1
    assert set(from_file.authorities) < set(from_folder.authorities), "the folder holds the one of TLS as well"


def test_list_of_an_authority_that_is_not_trusted_is_refused(patient: Patient) -> None:
    lists = [{"authority": str(patient.pki / "tls-ca.pem"), "url": "http://crl.example/"}]
    settings = loaded(patient, authorities=str(patient.pki / "nca-ca.pem"), crl=lists)
    with pytest.raises(ConfigurationError, match="not one of"):
        build_judge(settings)


def test_proxys_password_goes_into_its_address_and_into_no_printed_form(patient: Patient) -> None:
    word = patient.folder / "proxy.password"
    word.touch(mode=0o600)
    word.write_text("p@ss:word/1\n", "utf-8")
    proxy = {"url": "http://proxy.example:3128", "user": "agent", "password": {"file": str(word)}}
    settings = loaded(patient, proxy=proxy)
    assert settings.values.trust is not None
    fetch = build_fetch(settings, settings.values.trust)
    assert fetch.proxy == "http://agent:p%40ss%3Aword%2F1@proxy.example:3128"
    assert "p%40ss" not in repr(fetch)


def test_without_the_table_there_is_no_judge(patient: Patient) -> None:
    del patient.tables["trust"]
    patient.write()
    assert build_judge(load_settings(patient.file)) is None
