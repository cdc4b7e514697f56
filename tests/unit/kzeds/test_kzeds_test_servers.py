"""The servers for a test PKI: they answer what the NCA's would for its own keys, and nobody else's questions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

import kzeds
from kzeds import Certificate, CrlServer, HttpFetch, OcspServer, Revocation, RevocationStore, TestServers
from kzeds.errors import TestPkiError, UnreachableError
from support.health_client import free_port
from support.kzeds_material import NOW
from support.kzeds_material import pki as rsa_pki

LATER = NOW + timedelta(minutes=3)
KZEDS = Path(sys.executable).with_name("kzeds")


@pytest.mark.parametrize(("name", "status"), [("employer", "good"), ("employer-revoked", "revoked")])
def test_ocsp_and_lists_say_the_same_of_each_key(name: str, status: str, tmp_path: Path) -> None:
    pki = rsa_pki()
    asked = Certificate.load(pki.certificate_file(name)), Certificate.load(pki.nca_ca)
    with TestServers(pki.directory, clock=lambda: LATER) as servers:
        by_ocsp = OcspServer(HttpFetch(), servers.ocsp)
        by_list = CrlServer(HttpFetch(), servers.crl, RevocationStore(tmp_path), delta_url=servers.delta_crl)
        answers = [kzeds.check_revocation(*asked, [source], at=LATER) for source in (by_ocsp, by_list)]
    assert [str(one.status) for one in answers] == [status, status]
    assert {one.revocation_reason for one in answers} == {"key_compromise" if status == "revoked" else None}
    assert answers[0].as_of == LATER.replace(microsecond=0)


def test_stranger_is_unknown() -> None:
    pki = rsa_pki()
    stranger, issuer = Certificate.load(pki.certificate_file("stranger")), Certificate.load(pki.nca_ca)
    with TestServers(pki.directory, clock=lambda: LATER) as servers:
        answer = kzeds.check_revocation(stranger, issuer, [OcspServer(HttpFetch(), servers.ocsp)], at=LATER)
    assert answer.status is Revocation.UNKNOWN


def test_time_stamps_hold_and_have_numbers_of_their_own() -> None:
    pki = rsa_pki()
    authorities = kzeds.load_authorities(pki.directory)
    with TestServers(pki.directory, clock=lambda: LATER) as servers:
        stamps = [
            kzeds.fetch_timestamp(b"data", servers.tsp, HttpFetch(), authorities, at=lambda: LATER) for _ in range(2)
        ]
    assert {one.time for one in stamps} == {LATER.replace(microsecond=0)}
    assert len({one.serial_number for one in stamps}) == 2
    assert kzeds.verify_timestamp(stamps[0].token, b"data", authorities, at=LATER) == stamps[0]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/", None, 404),
        ("/crl/employer.p12", None, 404),
        ("/crl/../employer.password", None, 404),
        ("/tsp/", None, 404),
        ("/other/", b"", 404),
        ("/ocsp/", b"junk", 400),
        ("/tsp/", b"junk", 400),
        ("/tsp/", b"0" * 65537, 400),
    ],
)
def test_other_questions_are_refused(path: str, body: bytes | None, status: int) -> None:
    with TestServers(rsa_pki().directory, clock=lambda: LATER) as servers:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(servers.url + path, body))  # noqa: S310 - it is ours
        refused.value.close()
        HttpFetch()(servers.crl)
    assert refused.value.code == status


def test_behind_the_block_nobody_answers() -> None:
    with TestServers(rsa_pki().directory, clock=lambda: LATER) as servers:
        address = servers.crl
    with pytest.raises(UnreachableError):
        HttpFetch(timeout=5)(address)


def test_directory_or_port_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(TestPkiError, match=f"{tmp_path} is not a directory that kzeds test-pki made"):
        TestServers(tmp_path, clock=lambda: LATER)
    with TestServers(rsa_pki().directory, clock=lambda: LATER) as servers:
        port = int(servers.url.rpartition(":")[2])
        with pytest.raises(TestPkiError, match=f"port {port} of 127.0.0.1 cannot be had; --port 0"):
            TestServers(rsa_pki().directory, clock=lambda: LATER, port=port)


def test_command_tells_its_addresses_and_ends_when_interrupted() -> None:
    port = free_port()
    command: list[str | Path] = [KZEDS, "test-servers", rsa_pki().directory, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as done:
        assert done.stdout is not None
        told = [done.stdout.readline().split()[-1] for _ in range(4)]
        assert HttpFetch()(told[2]) == rsa_pki().crl.read_bytes()
        os.kill(done.pid, signal.SIGINT)
        assert done.communicate(timeout=30)[1] == ""
    paths = ["ocsp/", "tsp/", "crl/nca.crl", "crl/nca-delta.crl"]
    assert (done.returncode, told) == (0, [f"http://127.0.0.1:{port}/{path}" for path in paths])
