"""The simulator answers for the authority of its test PKI, and takes nothing that was signed with a revoked key."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integration.test_simulator_process import client_of, code_in
from kzeds import (
    Certificate,
    CrlServer,
    HttpFetch,
    OcspServer,
    Revocation,
    RevocationStore,
    fetch_timestamp,
    make_test_pki,
)
from kzeds.errors import UnreachableError
from support.employer_messages import EmployerKeys, conclusion, new_record_id
from support.simulator_process import SimulatorProcess

HERE = "https://127.0.0.1"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a running simulator, and a PKI of its own, because certificates are revoked in it."""
    folder = tmp_path_factory.mktemp("trust-services")
    pki = make_test_pki(folder / "pki", now=datetime.now(UTC)).directory
    with SimulatorProcess.start(folder / "r.db", pki) as simulator:
        yield f"{HERE}:{simulator.port}", pki


def fetch(pki: Path) -> HttpFetch:
    return HttpFetch(tls=ssl.create_default_context(cafile=pki / "tls-ca.pem"))


def read(pki: Path, name: str) -> Certificate:
    return Certificate.load(pki / f"{name}.pem")


def test_ocsp_and_lists_tell_good_from_revoked(place: tuple[str, Path], tmp_path: Path) -> None:
    address, pki = place
    issuer, now = read(pki, "nca-ca"), datetime.now(UTC)
    ocsp = OcspServer(fetch(pki), f"{address}/ocsp/")
    store = RevocationStore(tmp_path / "store")
    lists = CrlServer(fetch(pki), f"{address}/crl/nca.crl", store, delta_url=f"{address}/crl/nca-delta.crl")
    for source in (ocsp, lists):
        assert source.ask(read(pki, "employer"), issuer, at=now).status is Revocation.GOOD
        revoked = source.ask(read(pki, "employer-revoked"), issuer, at=now)
        assert (revoked.status, revoked.revocation_reason) == (Revocation.REVOKED, "key_compromise")
        assert source.ask(read(pki, "stranger"), issuer, at=now).status is Revocation.UNKNOWN


def test_timestamp_is_of_the_directorys_own_authority(place: tuple[str, Path]) -> None:
    address, pki = place
    now = datetime.now(UTC)
    stamp = fetch_timestamp(b"data", f"{address}/tsp/", fetch(pki), [read(pki, "nca-ca")], at=lambda: datetime.now(UTC))
    assert abs((stamp.time - now).total_seconds()) < 60


def test_what_is_no_question_and_what_is_not_there_is_refused(place: tuple[str, Path]) -> None:
    address, pki = place
    for path in ("/ocsp/", "/tsp/"):
        with pytest.raises(UnreachableError, match="status 400"):
            fetch(pki)(f"{address}{path}", b"no question", content_type="application/octet-stream")
    for name in ("employer.p12", "..%2Fnca-ca.pem", "other.crl"):
        with pytest.raises(UnreachableError, match="status 404"):
            fetch(pki)(f"{address}/crl/{name}")
    assert Certificate.from_der(fetch(pki)(f"{address}/cert/nca-ca.cer")) == read(pki, "nca-ca")


def test_gateway_takes_no_signature_of_a_revoked_certificate(place: tuple[str, Path]) -> None:
    address, pki = place
    keys, url = EmployerKeys(pki), f"{address}/bip-sync-wss-gost/"

    def answer(transport: str, inner: str) -> str:
        document = conclusion(record_id=new_record_id(), number=new_record_id()[:8])
        return code_in(http.post(url, content=keys.request(document, inner=inner, outer=transport)), pki)

    with client_of(pki) as http:
        assert answer("employer", "employer") == "SCSS001"
        assert answer("employer-revoked", "employer") == "SCE005"
        assert answer("employer", "employer-revoked") == "SCSE001"


def test_certificate_can_be_revoked_while_it_runs(place: tuple[str, Path]) -> None:
    address, pki = place
    certificate, issuer = read(pki, "employer-2"), read(pki, "nca-ca")
    ocsp = OcspServer(fetch(pki), f"{address}/ocsp/")
    assert ocsp.ask(certificate, issuer, at=datetime.now(UTC)).status is Revocation.GOOD
    (pki / "revoked.toml").write_text(f'serial_numbers = ["{certificate.serial_number:x}"]\n', "utf-8")
    assert ocsp.ask(certificate, issuer, at=datetime.now(UTC)).status is Revocation.REVOKED
    (pki / "revoked.toml").unlink()
    assert ocsp.ask(certificate, issuer, at=datetime.now(UTC)).status is Revocation.GOOD
