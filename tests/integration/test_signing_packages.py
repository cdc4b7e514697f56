"""Packages for an owner who signs by hand: what is written, what is read back, and whose signature is believed."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
import structlog
from cryptography.x509 import load_pem_x509_certificate
from structlog.testing import capture_logs

from kzeds import SigningKey, load_pkcs12
from kzeds.algorithms import RSA_SHA256
from kzeds.issuing import Authority, Holder, Validity
from kzeds.package import read_package, sign_package, write_signed
from kzeds.rsa import signer
from kzeds.signers.base import KeySigner
from kzeds.test_pki import EMPLOYER_BIN
from kzeds.xmldsig import sign_enveloped
from support.kzeds_authority import forged
from support.kzeds_material import NOW, key, private_key
from support.patient import Patient
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.signing.packages import KzedsPackages
from usrec.domain.errors import ConfigurationError, ValidationProblem
from usrec.domain.message import RenderedMessage
from usrec.domain.signing_request import SigningRequest
from usrec.domain.submission import SubmissionId
from usrec.packages import build_packages
from usrec.ports.signing_package import Inspected, OwnersPackage, Paper, ReturnedPaper
from usrec.settings import load_settings

FIRST = "<c:request xmlns:c='urn:test'><c:name>Әсел</c:name></c:request>".encode()
SECOND = b"<request><number>2</number></request>"


def a_request(name: str, document: bytes) -> SigningRequest:
    return SigningRequest.of(SubmissionId(name), RenderedMessage(document, None), NOW)


REQUESTS = [a_request("s1", FIRST), a_request("s2", SECOND)]


@pytest.fixture
def packages() -> KzedsPackages:
    return KzedsPackages({})


def a_package(requests: Sequence[SigningRequest] = REQUESTS) -> OwnersPackage:
    papers = [Paper(one, {"kk": "Еңбек шарты", "ru": "Трудовой договор"}, NOW + timedelta(days=3)) for one in requests]
    return OwnersPackage("P-1", NOW, EMPLOYER_BIN, {"kk": "Құжаттар", "ru": "Документы"}, papers)


def inspect(packages: KzedsPackages, *documents: bytes, says: str | None = None, at: datetime = NOW) -> Inspected:
    which = None if says is None else SubmissionId(says)
    papers = [ReturnedPaper(f"{number}.xml", one, which) for number, one in enumerate(documents)]
    return packages.inspect(papers, REQUESTS, employer_bin=EMPLOYER_BIN, at=at)


def why(inspected: Inspected) -> str:
    """Why the only document was not taken."""
    assert inspected.signatures == []
    (unfit,) = inspected.unfit
    return unfit.why


def test_package_goes_to_the_owner_and_comes_back_signed(packages: KzedsPackages, tmp_path: Path) -> None:
    file, signed = tmp_path / "to-sign.zip", tmp_path / "signed.zip"
    packages.write(a_package(), file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    write_signed(sign_package(read_package(file), KeySigner(key("employer")), at=NOW), signed)
    returned = packages.read(signed)
    assert [one.submission_id for one in returned] == ["s1", "s2"]
    inspected = packages.inspect(returned, REQUESTS, employer_bin=EMPLOYER_BIN, at=NOW)
    assert [one.request for one in inspected.signatures] == REQUESTS
    assert inspected.signatures[0].certificate.fingerprint == key("employer").certificate.fingerprint
    assert inspected.unfit == []


@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
def test_documents_that_were_signed_one_by_one_are_known_by_what_they_say(
    packages: KzedsPackages, tmp_path: Path, packed: bool
) -> None:
    """NCALayer writes XML files of any name."""
    signed = {f"файл {number}.xml": sign_enveloped(one, key("employer")) for number, one in enumerate((SECOND, FIRST))}
    folder = tmp_path / "signed"
    folder.mkdir()
    for name, content in signed.items():
        (folder / name).write_bytes(content)
    source = folder
    if packed:
        source = tmp_path / "signed.zip"
        with ZipFile(source, "w") as archive:
            for name, content in signed.items():
                archive.writestr(name, content)
    inspected = packages.inspect(packages.read(source), REQUESTS, employer_bin=EMPLOYER_BIN, at=NOW)
    assert {one.request.submission_id for one in inspected.signatures} == {"s1", "s2"}


def test_two_requests_for_the_same_document_stop_nobody(packages: KzedsPackages) -> None:
    """Under a profile without record ids HR can enter one termination twice; one signature counts once."""
    twin = a_request("s0", FIRST)
    papers = [
        ReturnedPaper(f"{number}.xml", sign_enveloped(one, key("employer")), None)
        for number, one in enumerate((FIRST, SECOND))
    ]
    told = packages.inspect(papers, [*REQUESTS, twin], employer_bin=EMPLOYER_BIN, at=NOW)
    assert [one.request.submission_id for one in told.signatures] == ["s1", "s2"]


def test_changed_document_is_not_what_was_asked_for(packages: KzedsPackages) -> None:
    inspected = inspect(packages, sign_enveloped(SECOND.replace(b"2", b"3"), key("employer")), says="s2")
    assert "none of the documents" in why(inspected)
    assert inspected.unfit[0].foreign


def test_document_that_was_changed_after_the_signing_is_refused(packages: KzedsPackages) -> None:
    signed = sign_enveloped(SECOND, key("employer"))
    broken = signed.replace(b"<number>2</number>", b"<number>2 </number>")
    assert "none of the documents" in why(inspect(packages, broken))


def test_unsigned_document_is_refused(packages: KzedsPackages) -> None:
    told = inspect(packages, FIRST, says="s1")
    assert "is not good" in why(told)
    assert "the same package again, without changing" in told.unfit[0].advice


@pytest.mark.parametrize(
    ("holder", "said"),
    [("employer-2", "another BIN or IIN"), ("employer-auth", "AUTH"), ("employer-expired", "expired")],
)
def test_certificate_of_another_employer_or_purpose_or_time_is_refused(
    packages: KzedsPackages, holder: str, said: str
) -> None:
    told = inspect(packages, sign_enveloped(FIRST, key(holder)))
    assert said in why(told)
    assert not told.unfit[0].foreign
    assert "the same package again, with the employer's own valid key" in told.unfit[0].advice


def test_only_the_certificate_that_the_settings_name_is_taken() -> None:
    mine = f"{key('employer').certificate.serial_number:x}"
    signed = sign_enveloped(FIRST, key("employer"))
    assert len(inspect(KzedsPackages({EMPLOYER_BIN: {"5f3a9c", mine}}), signed).signatures) == 1
    told = inspect(KzedsPackages({EMPLOYER_BIN: {mine + "0"}}), signed)
    assert "another certificate" in why(told)
    assert "name this one too" in told.unfit[0].advice


def test_certificate_that_is_objected_to_is_refused_and_asked_about_once() -> None:
    asked: list[str] = []

    def objection(certificate: object, at: datetime) -> str:
        asked.append(str(certificate))
        assert at == NOW
        return "it was revoked"

    packages = KzedsPackages({}, objection)
    told = inspect(packages, *(sign_enveloped(one, key("employer")) for one in (FIRST, SECOND)))
    assert [one.why for one in told.unfit] == ["it was revoked", "it was revoked"]
    assert len(asked) == 1
    assert all(one.advice.startswith("See usrec doctor: are all authorities") for one in told.unfit)


def test_employee_of_another_organisation_does_not_sign_for_an_entrepreneur() -> None:
    """The certificate carries the entrepreneur's IIN, but speaks for the organisation."""
    iin = key("employer").certificate.iin
    assert iin is not None
    paper = ReturnedPaper("1.xml", sign_enveloped(FIRST, key("employer")), None)
    told = KzedsPackages({}).inspect([paper], REQUESTS, employer_bin=iin, at=NOW)
    assert "another BIN or IIN" in why(told)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"<xml/>"])
def test_what_is_no_package_is_refused_whole(packages: KzedsPackages, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "came-back.zip"
    file.write_bytes(content)
    with pytest.raises(ValidationProblem, match="cannot be read"):
        packages.read(file)


def test_package_that_cannot_be_written_is_told(packages: KzedsPackages, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        packages.write(a_package(), tmp_path / "nowhere" / "to-sign.zip")


def test_summary_of_a_paper_never_shows_in_a_repr() -> None:
    package = a_package([replace(REQUESTS[0])])
    assert "Трудовой" not in repr(package)
    assert "Әсел" not in repr(package)


def test_settings_name_every_certificate_that_is_taken(tmp_path: Path, pki: Path) -> None:
    """Old and new key of an owner overlap, and a deputy signs while the head is away."""
    now = datetime.now(UTC)
    patient = Patient(tmp_path, pki, ManualClock(now))
    signer = load_pkcs12((pki / "employer.p12").read_bytes(), (pki / "employer.password").read_text("utf-8").strip())
    serial = f"{signer.certificate.serial_number:X}"
    patient.tables["employer.main"] = {"bin": EMPLOYER_BIN}
    patient.tables["gateway.transport_key"] = {
        "key_file": str(pki / "employer-2.p12"),
        "key_password": {"file": str(pki / "employer-2.password")},
    }
    taken = []
    for further in ([], [f"0x{serial}"]):
        patient.tables["employer.main.owner"] = {"certificate": "5F:3A:9C", "further_certificates": further}
        patient.write()
        told = inspect(build_packages(load_settings(patient.file)), sign_enveloped(FIRST, signer), at=now)
        taken.append(len(told.signatures))
    assert taken == [0, 1]


@pytest.mark.parametrize("unknown", ["warn", "refuse"])
def test_signature_of_which_nobody_can_tell_is_taken_and_said_or_refused(
    tmp_path: Path, pki: Path, unknown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    patient = Patient(tmp_path, pki, ManualClock(now))
    patient.tables["trust"] = {"authorities": str(pki / "nca-ca.pem"), "unknown": unknown}
    patient.write()
    employer = load_pkcs12((pki / "employer.p12").read_bytes(), (pki / "employer.password").read_text("utf-8").strip())
    with capture_logs() as log:
        monkeypatch.setattr("usrec.packages._log", structlog.get_logger("fresh"))
        packages = build_packages(load_settings(patient.file))
        told = inspect(packages, *(sign_enveloped(one, employer) for one in (FIRST, SECOND)), at=now)
    if unknown == "refuse":
        assert ["nobody can tell" in one.why for one in told.unfit] == [True, True]
        assert log == []
    else:
        assert told.unfit == []
        (line,) = log
        assert (line["action"], line["log_level"]) == ("package.revocation_unknown", "warning")
        assert line["serial"] == f"{employer.certificate.serial_number:x}"


def test_signature_with_a_certificate_that_only_names_an_authority_is_never_taken(tmp_path: Path, pki: Path) -> None:
    """Nobody can check the algorithm by which it says to be signed; that proves nothing for whoever made it up."""
    now = datetime.now(UTC)
    patient = Patient(tmp_path, pki, ManualClock(now))
    patient.tables["trust"] = {"authorities": str(pki / "nca-ca.pem"), "unknown": "warn"}
    patient.write()
    claimed = Authority(load_pem_x509_certificate((pki / "nca-ca.pem").read_bytes()), private_key())
    validity = Validity(now - timedelta(days=1), now + timedelta(days=1))
    holder = Holder("X", organisation="Y", bin=EMPLOYER_BIN)
    false = forged(claimed, private_key().public_key(), holder, algorithm="1.2.3.4", validity=validity)
    forger = SigningKey(false, RSA_SHA256, signer(private_key()))
    packages = build_packages(load_settings(patient.file))
    assert "no authority that the settings trust issued" in why(
        inspect(packages, sign_enveloped(FIRST, forger), at=now)
    )
