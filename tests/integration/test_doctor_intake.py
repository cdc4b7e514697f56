"""`usrec doctor` on the certificate of the HTTP intake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support.made_certificates import make_server
from support.patient import Patient, provokes, provokes_each
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.doctor import intake_check as say
from usrec.interfaces.doctor.finding import Kind
from usrec.interfaces.doctor.intake_check import examine_intake

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    found = Patient(tmp_path, pki, ManualClock(NOW))
    found.tables["intake"] = {"listen": "0.0.0.0:9465", "certificate": "tls/tls.pem", "certificate_key": "tls/tls.key"}
    found.tables["source.erp"] = {"kind": "http", "token_hashes": ["ab" * 32]}
    return found


@provokes_each(
    {
        say.INTAKE_GOOD: (-DAY, 200 * DAY),
        say.INTAKE_ENDS_SOON: (-DAY, 5 * DAY),
        say.INTAKE_EXPIRED: (-2 * DAY, -DAY),
        say.INTAKE_NOT_YET: (DAY, 20 * DAY),
    }
)
def test_its_dates(kind: Kind, case: tuple[timedelta, timedelta], patient: Patient) -> None:
    make_server(patient.folder / "tls", NOW + case[0], NOW + case[1])
    assert list(patient.says(examine_intake)) == [kind.id]


@provokes(say.INTAKE_OTHER_NAME)
@pytest.mark.parametrize(
    ("name", "leads_here"), [("127.0.0.1", True), ("localhost", True), ("192.0.2.7", False), ("hr.invalid", False)]
)
def test_its_names(name: str, leads_here: bool, patient: Patient) -> None:
    make_server(patient.folder / "tls", NOW - DAY, NOW + 200 * DAY, name="hr.invalid")
    assert "intake.other_name" in patient.says(examine_intake)
    make_server(patient.folder / "tls", NOW - DAY, NOW + 200 * DAY, name=name)
    assert ("intake.other_name" in patient.says(examine_intake)) is not leads_here


@provokes(say.INTAKE_NO_NAME)
def test_one_that_names_no_machine(patient: Patient) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = x509.CertificateBuilder().issuer_name(name).subject_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(NOW - DAY).not_valid_after(NOW + 99 * DAY)
    (patient.folder / "tls").mkdir()
    (patient.folder / "tls" / "tls.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (patient.folder / "tls" / "tls.key").write_bytes(private)
    assert list(patient.says(examine_intake)) == ["intake.good", "intake.no_name"]


@provokes(say.INTAKE_UNUSABLE)
def test_another_key_and_none_at_all(patient: Patient) -> None:
    assert list(patient.says(examine_intake)) == ["intake.unusable"]
    make_server(patient.folder / "tls", NOW - DAY, NOW + 200 * DAY)
    other = make_server(patient.folder / "other", NOW - DAY, NOW + 200 * DAY)
    (other / "tls.key").replace(patient.folder / "tls" / "tls.key")
    assert list(patient.says(examine_intake)) == ["intake.unusable"]


def test_without_a_certificate_there_is_nothing_to_say(patient: Patient) -> None:
    patient.tables["intake"] = {"listen": "127.0.0.1:9465"}
    assert not patient.says(examine_intake)
