"""OCSP: the right responder, about the right certificate, now, and for this request; everything else is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp as openssl
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds import KeyKind, Revocation, RevocationAnswer, SigningKey, judge_ocsp
from kzeds.answering import Revoked, key_of, make_ocsp_answer
from kzeds.certificate import Certificate
from kzeds.errors import MalformedAnswerError, RevocationUnknownError
from kzeds.issuing import Authority, Validity, issue_responder, issue_timestamper
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.revocation import ocsp
from kzeds.revocation.ocsp import make_request
from kzeds.revocation.ocsp_answer import NO_CHECK, read_ocsp
from support.kzeds_authority import HOUR, STRANGE, Court, court, issued_key, issuing_with, other_court, usage
from support.kzeds_material import NOW, flipped, shared

GOOD, REVOKED, UNKNOWN = Revocation.GOOD, Revocation.REVOKED, Revocation.UNKNOWN


def answer(
    *serials: int,
    of: Court | None = None,
    by: SigningKey | None = None,
    request: bytes | None = None,
    at: datetime = NOW,
    with_nonce: bool = True,
) -> bytes:
    """What the responder says when these serial numbers are revoked."""
    some = of or court()
    revoked = {serial: Revoked(NOW - timedelta(days=3), "superseded") for serial in serials}
    asked = request or make_request(some.holder, some.issuer).der
    return make_ocsp_answer(by or some.responder, some.issuer, asked, at=at, revoked=revoked, with_nonce=with_nonce)


def judge(data: bytes, *, of: Court | None = None, nonce: bytes | None = None, at: datetime = NOW) -> RevocationAnswer:
    some = of or court()
    return judge_ocsp(some.holder, some.issuer, data, at=at, nonce=nonce)


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("hash_name", ["sha256", "sha1"])
def test_responder_tells_good_revoked_and_unknown(kind: KeyKind, hash_name: str) -> None:
    some = court(kind)
    request = make_request(some.holder, some.issuer, hash_name=hash_name)
    good = judge(answer(of=some, request=request.der), of=some, nonce=request.nonce)
    assert (good.status, good.source, good.as_of, good.next_update) == (GOOD, "OCSP", NOW, None)
    revoked = judge(answer(some.serial, of=some, request=request.der), of=some, nonce=request.nonce)
    assert (revoked.status, revoked.revocation_reason) == (REVOKED, "superseded")
    assert revoked.revoked_at == NOW - timedelta(days=3)
    data = make_ocsp_answer(some.responder, some.issuer, request.der, at=NOW, revoked={}, unknown=[some.serial])
    denied = judge(data, of=some, nonce=request.nonce)
    assert (denied.status, denied.is_denied) == (UNKNOWN, True)


def test_another_library_reads_our_requests_and_answers() -> None:
    some = court(KeyKind.RSA)
    request = make_request(some.holder, some.issuer)
    asked = openssl.load_der_ocsp_request(request.der)
    assert asked.serial_number == some.serial
    assert asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == request.nonce
    said = openssl.load_der_ocsp_response(answer(some.serial, of=some, request=request.der))
    assert said.certificate_status is openssl.OCSPCertStatus.REVOKED
    assert said.revocation_reason is x509.ReasonFlags.superseded


def test_authority_may_answer_itself() -> None:
    assert judge(answer(by=court().key)).status is GOOD


def test_answer_for_another_request_is_a_replay() -> None:
    request, older = (make_request(court().holder, court().issuer) for _ in range(2))
    assert judge(answer(request=request.der), nonce=request.nonce).status is GOOD
    replayed = judge(answer(request=older.der), nonce=request.nonce)
    assert (replayed.status, replayed.why) == (UNKNOWN, "the OCSP answer repeats another nonce: it is a replay")


def test_answer_without_nonce_is_judged_by_its_age() -> None:
    data = answer(with_nonce=False)
    assert judge(data, nonce=b"asked").status is GOOD
    stale = judge(data, nonce=b"asked", at=NOW + timedelta(hours=25))
    assert stale.status is UNKNOWN
    assert "more than 24 hours old" in stale.why
    assert "from the future" in judge(data, at=NOW - HOUR).why


def test_answer_past_its_own_date_is_stale() -> None:
    some = court()
    asked = make_request(some.holder, some.issuer).der
    data = make_ocsp_answer(some.responder, some.issuer, asked, at=NOW, revoked={}, next_update=NOW + HOUR)
    assert judge(data).next_update == NOW + HOUR
    assert "its date passed" in judge(data, at=NOW + 2 * HOUR).why


def test_answer_about_another_certificate_says_nothing() -> None:
    some = court()
    asked = make_request(some.responder.certificate, some.issuer).der
    assert judge(answer(request=asked)).why == "the OCSP answer is about another certificate"
    same_serial = make_request(some.holder, other_court().issuer).der
    assert judge(answer(request=same_serial)).why == "the OCSP answer is about another certificate"


def test_responder_of_another_authority_is_not_believed() -> None:
    assert judge(answer(by=other_court().responder)).status is UNKNOWN
    assert judge(answer(by=other_court().key)).status is UNKNOWN


def test_responder_must_be_certified_for_it() -> None:
    some = court()
    for_other_things = issued_key(some.authority, KeyKind.GOST_2004, issue_timestamper)
    assert "not certified for it (OCSPSigning)" in judge(answer(by=for_other_things)).why
    expired = issued_key(
        some.authority, KeyKind.GOST_2004, issue_responder, Validity(NOW - timedelta(days=9), NOW - HOUR)
    )
    assert "expired" in judge(answer(by=expired)).why


def test_revoked_outlives_the_certificate_of_the_responder_that_said_so() -> None:
    """Else a key would be released by the mere end of another one; nothing is good by such an answer."""
    some = court()
    short = issued_key(some.authority, KeyKind.GOST_2004, issue_responder, Validity(NOW - HOUR, NOW + HOUR))
    revoked, good = judge(answer(some.serial, by=short), at=NOW + 2 * HOUR), judge(answer(by=short), at=NOW + 2 * HOUR)
    assert (revoked.status, revoked.is_denied, revoked.revoked_at) == (UNKNOWN, True, NOW - timedelta(days=3))
    assert "expired" in revoked.why
    assert (good.status, good.is_denied) == (UNKNOWN, False)
    assert "expired" in good.why


@pytest.mark.parametrize(
    ("extensions", "words"),
    [
        ([], ""),
        ([(usage("digital_signature"), True)], ""),
        ([(usage("content_commitment"), True)], ""),
        ([(usage("key_encipherment"), True)], "may not sign, by its key usage"),
        ([(STRANGE, True)], "not known here: 1.2.3.4"),
    ],
)
def test_responder_may_do_what_its_certificate_says(
    extensions: list[tuple[x509.ExtensionType, bool]], words: str
) -> None:
    some = court(KeyKind.RSA)
    purpose = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
    issue = issuing_with(purpose, (x509.OCSPNoCheck(), False), *extensions)
    told = judge(answer(of=some, by=issued_key(some.authority, KeyKind.RSA, issue)), of=some)
    assert told.status is (UNKNOWN if words else GOOD)
    assert words in told.why


def test_responder_that_could_be_revoked_itself_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryptography.x509.OCSPNoCheck", x509.PrecertPoison)
    without = issued_key(court().authority, KeyKind.GOST_2004, issue_responder)
    assert NO_CHECK not in without.certificate.extensions
    assert "lacks ocsp-nocheck" in judge(answer(by=without)).why


def test_answer_without_the_certificate_of_its_responder_says_nothing() -> None:
    read = replace(read_ocsp(answer()), certificates=())
    assert "does not hold the certificate" in judge_ocsp(court().holder, court().issuer, read, at=NOW).why


def test_weak_signature_of_an_answer_is_refused() -> None:
    some = court(KeyKind.RSA)
    weak = replace(read_ocsp(answer(of=some)), signature_oid="1.2.840.113549.1.1.5")
    assert "RSA-SHA1, which is too weak" in judge_ocsp(some.holder, some.issuer, weak, at=NOW).why


def test_of_several_answers_about_a_certificate_the_worst_counts() -> None:
    good, revoked = read_ocsp(answer(by=court().key)), read_ocsp(answer(court().serial, by=court().key))
    for singles in (good.singles + revoked.singles, revoked.singles + good.singles):
        assert ocsp._single(replace(good, singles=singles), court().holder, court().issuer).status == "revoked"


@pytest.mark.parametrize(("code", "name"), [(1, "malformed_request"), (3, "try_later"), (6, "unauthorized")])
def test_refusal_is_unknown(code: int, name: str) -> None:
    data = bytes([0x30, 3, 0x0A, 1, code])
    with pytest.raises(RevocationUnknownError, match=name):
        read_ocsp(data)
    assert judge(data).status is UNKNOWN


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"<html>", bytes(100_001)], ids=lambda data: str(len(data)))
def test_bytes_that_are_no_answer_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        read_ocsp(data)
    assert judge(data).status is UNKNOWN


def test_no_bit_turns_revoked_into_good() -> None:
    """Names of algorithms outside the signed part may be spelt otherwise; what is signed may not."""
    data = answer(court().serial)
    signed = data.index(read_ocsp(data).signed_part)
    behind = signed + len(read_ocsp(data).signed_part)
    for position in range(len(data)):
        status = judge(flipped(data, position, position % 8)).status
        assert status is UNKNOWN or (status is REVOKED and not signed <= position < behind), position


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_altered_answers_are_never_good_and_raise_nothing(data: st.DataObject) -> None:
    changed = bytearray(answer(court().serial))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(changed)).status is not GOOD


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_junk_is_unknown(data: bytes) -> None:
    assert judge(data).status is UNKNOWN


def test_key_of_an_authority_is_rsa_or_gost() -> None:
    some = court()
    with pytest.raises(TypeError):
        key_of(Authority(some.authority.certificate, object()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key_file", "password", "authority", "name", "status", "why"),
    [
        ("key_ceo_revoked_2015.p12", "Aa123456", "nca_2015_cert.cer", "ceo_2015_revoked", REVOKED, "certificate_hold"),
        ("key_individual_valid_2015.p12", "Aa123456", "nca_2015_cert.cer", "individual_2015", REVOKED, "never issued"),
        ("key_ceo_sign_revoked_2004.p12", "Qwerty12", "nca_2004_gost_cert.pem", "ceo_sign_2004_revoked", REVOKED, ""),
        ("key_individual_valid_sign_2004.p12", "Qwerty12", "nca_2004_rsa_cert.pem", "individual_sign_2004", GOOD, ""),
        (
            "key_individual_auth_revoked_2004.p12",
            "Qwerty12",
            "nca_2004_rsa_cert.pem",
            "individual_sign_2004",
            UNKNOWN,
            "",
        ),
    ],
)
def test_answers_of_the_nca_are_read_and_proven(
    key_file: str, password: str, authority: str, name: str, status: Revocation, why: str
) -> None:
    certificate = load_pkcs12(shared(f"testkeys/{key_file}").read_bytes(), password).certificate
    issuer = Certificate.load(shared(f"testkeys/{authority}"))
    data = shared(f"testkeys/ocsp/ocsp_response_{name}.bin").read_bytes()
    found = judge_ocsp(certificate, issuer, data, at=datetime(2022, 9, 2, 17, 0, tzinfo=UTC))
    assert found.status is status
    assert why in found.why
    assert judge_ocsp(certificate, issuer, data, at=NOW).status is UNKNOWN
