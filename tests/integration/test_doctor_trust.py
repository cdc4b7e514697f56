"""`usrec doctor` on revocation: authorities, servers, stored lists, and every certificate in use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kzeds import Certificate, RevocationStore, make_test_pki
from support.patient import Patient, provokes
from support.simulator_process import SimulatorProcess
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.doctor import trust_check as say
from usrec.interfaces.doctor.trust_check import examine_trust

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def own_pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PKI of this module alone, because certificates are revoked in it; as old as ``NOW``, whenever it is made."""
    return make_test_pki(tmp_path_factory.mktemp("doctor-trust") / "pki", now=NOW).directory


@pytest.fixture(scope="module")
def simulator(own_pki: Path) -> Iterator[SimulatorProcess]:
    with SimulatorProcess.start(own_pki.parent / "r.db", own_pki) as running:
        yield running


@pytest.fixture
def patient(tmp_path: Path, own_pki: Path) -> Patient:
    """Somebody whose authorities are known and who asks no server."""
    patient = Patient(tmp_path, own_pki, ManualClock(NOW))
    patient.tables["trust"] = {"authorities": str(own_pki / "nca-ca.pem"), "ca_file": str(own_pki / "tls-ca.pem")}
    return patient


def serve(patient: Patient, simulator: SimulatorProcess) -> None:
    address = f"https://127.0.0.1:{simulator.port}"
    authority = str(patient.pki / "nca-ca.pem")
    patient.tables["trust"] |= {
        "ocsp": f"{address}/ocsp/",
        "crl": [{"authority": authority, "url": f"{address}/crl/nca.crl", "delta_url": f"{address}/crl/nca-delta.crl"}],
    }


def store_list(patient: Patient, at: datetime) -> None:
    issuer = Certificate.load(patient.pki / "nca-ca.pem")
    store = RevocationStore(patient.folder / "revocation")
    store.import_bytes((patient.pki / "nca.crl").read_bytes(), [issuer], at=at)


@provokes(say.OFF)
def test_settings_without_the_table_are_told_of(patient: Patient) -> None:
    del patient.tables["trust"]
    assert list(patient.says(examine_trust)) == [say.OFF.id]


@provokes(say.AUTHORITIES, say.REACHED, say.GOOD, say.STORED)
def test_servers_and_certificates_in_order_are_right(patient: Patient, simulator: SimulatorProcess) -> None:
    serve(patient, simulator)
    assert say.STORED.id not in patient.says(examine_trust)
    assert not (patient.folder / "revocation").exists(), "the doctor may be root: it leaves nothing there"
    store_list(patient, NOW)
    said = patient.says(examine_trust)
    assert set(said) == {kind.id for kind in (say.AUTHORITIES, say.REACHED, say.GOOD, say.STORED)}
    assert said[say.GOOD.id].about == "main"


@provokes(say.REVOKED, say.ANSWERS_REVOKED)
def test_revoked_certificates_are_failures(patient: Patient, simulator: SimulatorProcess) -> None:
    serve(patient, simulator)
    names = ("employer", "gateway")
    serials = [f"{Certificate.load(patient.pki / f'{name}.pem').serial_number:x}" for name in names]
    by_hand = patient.pki / "revoked.toml"
    by_hand.write_text(f"serial_numbers = {serials!r}".replace("'", '"'), "utf-8")
    try:
        said = patient.says(examine_trust)
    finally:
        by_hand.unlink()
    assert {say.REVOKED.id, say.ANSWERS_REVOKED.id} <= set(said)
    assert say.GOOD.id not in said


@provokes(say.UNREACHED, say.UNKNOWN)
def test_servers_that_are_away_leave_it_unknown(patient: Patient) -> None:
    patient.tables["trust"] |= {"ocsp": "http://127.0.0.1:9/ocsp/", "timeout": 2}
    said = patient.says(examine_trust)
    assert "refused" in said[say.UNREACHED.id].text
    assert say.UNKNOWN.id in said


@provokes(say.NO_SOURCE, say.UNKNOWN_REFUSED)
def test_unknown_is_a_failure_where_it_is_refused(patient: Patient) -> None:
    patient.tables["trust"]["unknown"] = "refuse"
    said = patient.says(examine_trust)
    assert set(said) == {kind.id for kind in (say.AUTHORITIES, say.NO_SOURCE, say.UNKNOWN_REFUSED)}


@provokes(say.STORED_OLD)
def test_stored_list_grows_old(patient: Patient) -> None:
    store_list(patient, NOW)
    assert {say.STORED.id, say.GOOD.id} <= set(patient.says(examine_trust))
    patient.clock.advance(timedelta(days=9))
    said = patient.says(examine_trust)
    assert {say.STORED_OLD.id, say.UNKNOWN.id} <= set(said)
    assert re.search("[89] days", said[say.STORED_OLD.id].text)
    assert "kzeds revocation import" in said[say.STORED_OLD.id].advice


@provokes(say.UNTRUSTED)
def test_certificates_of_other_authorities_are_failures(patient: Patient, tmp_path: Path) -> None:
    other = make_test_pki(tmp_path / "other", now=NOW).nca_ca
    patient.tables["trust"]["authorities"] = str(other)
    assert say.UNTRUSTED.id in patient.says(examine_trust)


@provokes(say.UNUSABLE)
@pytest.mark.parametrize("place", ["missing", "employer.pem"])
def test_authorities_that_cannot_be_read_are_a_failure(patient: Patient, place: str) -> None:
    patient.tables["trust"]["authorities"] = str(patient.pki / place)
    assert list(patient.says(examine_trust)) == [say.UNUSABLE.id]
