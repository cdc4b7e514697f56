"""Timestamps: for this data, this request, by an authority that may make them, of a time that has been."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from asn1crypto import tsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds import HttpFetch, KeyKind, SigningKey, Timestamp, fetch_timestamp, sign_detached, verify_timestamp
from kzeds.answering import key_of, make_timestamp, refuse_timestamp
from kzeds.certificate import Certificate
from kzeds.cms import sign_content
from kzeds.errors import (
    CertificateExpiredError,
    CertificateMissingError,
    KzedsError,
    MalformedAnswerError,
    MalformedSignatureError,
    SignatureError,
    TimestampMismatchError,
    TimestampRefusedError,
    UnsupportedAlgorithmError,
    UntrustedCertificateError,
    WeakAlgorithmError,
)
from kzeds.issuing import Authority, Validity, issue_responder, issue_timestamper
from kzeds.signed_parts import read_signed
from kzeds.timestamp import TST_INFO
from kzeds.tsp import POLICY_GOST_2015, TimestampRequest, make_request, read_response
from support.kzeds_authority import (
    HOUR,
    STRANGE,
    Court,
    court,
    http_server,
    issued_key,
    issuing_with,
    new_key,
    other_court,
    read,
    usage,
)
from support.kzeds_material import NOW, flipped, shared

DATA = "Еңбек шарты № 1\n".encode()


def token_of(
    request: TimestampRequest, *, of: Court | None = None, by: SigningKey | None = None, at: timedelta = timedelta()
) -> bytes:
    return read_response(make_timestamp(by or (of or court()).timestamper, request.der, at=NOW + at))


def verify(token: bytes, data: bytes = DATA, *, of: Court | None = None, nonce: int | None = None) -> Timestamp:
    return verify_timestamp(token, data, [(of or court()).issuer], at=NOW, nonce=nonce)


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512", "gost2015", "gost2004"])
def test_timestamp_tells_when_and_by_whom(kind: KeyKind, hash_name: str) -> None:
    some = court(kind)
    request = make_request(DATA, hash_name=hash_name, policy=POLICY_GOST_2015)
    stamp = verify(token_of(request, of=some), of=some, nonce=request.nonce)
    assert (stamp.time, stamp.policy, stamp.serial_number) == (NOW, POLICY_GOST_2015, 1)
    assert stamp.certificate == some.timestamper.certificate
    assert verify(stamp.token, of=some) == stamp


def test_only_a_hash_of_the_data_leaves() -> None:
    asked = asn1.TimeStampReq.load(make_request(DATA).der, strict=True)
    assert DATA not in asked.dump()
    assert asked["cert_req"].native is True
    assert make_request(DATA).nonce != make_request(DATA).nonce


@pytest.mark.parametrize(("name", "error"), [("sha1", WeakAlgorithmError), ("md5", UnsupportedAlgorithmError)])
def test_weak_and_unknown_hashes_are_not_asked_for(name: str, error: type[KzedsError]) -> None:
    with pytest.raises(error):
        make_request(DATA, hash_name=name)


def test_timestamp_is_for_its_data_and_its_request() -> None:
    request = make_request(DATA)
    token = token_of(request)
    with pytest.raises(TimestampMismatchError, match="other data"):
        verify(token, DATA + b"!")
    with pytest.raises(TimestampMismatchError, match="another request"):
        verify(token, nonce=request.nonce + 1)
    with pytest.raises(TimestampMismatchError, match="policy"):
        verify_timestamp(token, DATA, [court().issuer], at=NOW, policies=[POLICY_GOST_2015])


def test_timestamp_from_the_future_is_refused() -> None:
    with pytest.raises(TimestampMismatchError, match="from the future"):
        verify(token_of(make_request(DATA), at=HOUR))


def test_certificate_is_judged_for_the_time_in_the_token() -> None:
    """A certificate that has expired since does not spoil an old timestamp; one that had expired then does."""
    short = Validity(NOW - 9 * HOUR, NOW - 3 * HOUR)
    key = issued_key(court().authority, KeyKind.GOST_2004, issue_timestamper, short)
    assert verify(token_of(make_request(DATA), by=key, at=-4 * HOUR)).time == NOW - 4 * HOUR
    with pytest.raises(CertificateExpiredError):
        verify(token_of(make_request(DATA), by=key, at=-2 * HOUR))


def test_authority_must_be_trusted_and_certified_for_timestamps() -> None:
    request = make_request(DATA)
    with pytest.raises(UntrustedCertificateError):
        verify(token_of(request, of=other_court()))
    for_other_things = issued_key(court().authority, KeyKind.GOST_2004, issue_responder)
    with pytest.raises(TimestampMismatchError, match="certified"):
        verify(token_of(request, by=for_other_things))


_STAMPS, _MAILS = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.EMAIL_PROTECTION


@pytest.mark.parametrize(
    ("extensions", "words"),
    [
        ([(x509.ExtendedKeyUsage([_STAMPS]), True)], ""),
        ([(x509.ExtendedKeyUsage([_STAMPS]), True), (usage("digital_signature"), True)], ""),
        ([], "not certified for timestamps"),
        ([(x509.ExtendedKeyUsage([_STAMPS]), False)], "not certified for timestamps"),
        ([(x509.ExtendedKeyUsage([_MAILS]), True)], "not certified for timestamps"),
        ([(x509.ExtendedKeyUsage([_STAMPS, _MAILS]), True)], "or for more than them"),
        ([(x509.ExtendedKeyUsage([_STAMPS]), True), (usage("key_encipherment"), True)], "by its key usage"),
        ([(x509.ExtendedKeyUsage([_STAMPS]), True), (STRANGE, True)], "not known here: 1.2.3.4"),
    ],
)
def test_maker_may_do_what_its_certificate_says(extensions: list[tuple[x509.ExtensionType, bool]], words: str) -> None:
    """Timestamps and nothing else, and critical, so that nobody passes over it."""
    some = court(KeyKind.RSA)
    key = issued_key(some.authority, KeyKind.RSA, issuing_with(*extensions))
    token = token_of(make_request(DATA), by=key)
    if not words:
        assert verify(token, of=some).time == NOW
        return
    with pytest.raises((TimestampMismatchError, UntrustedCertificateError), match=words):
        verify(token, of=some)


def test_certificate_may_be_left_out_when_it_is_given() -> None:
    parsed = asn1.TimeStampResp.load(make_timestamp(court().timestamper, make_request(DATA).der, at=NOW))
    del parsed["time_stamp_token"]["content"]["certificates"]
    token = parsed["time_stamp_token"].dump(force=True)
    with pytest.raises(CertificateMissingError):
        verify(token)
    known = [court().timestamper.certificate]
    assert verify_timestamp(token, DATA, [court().issuer], at=NOW, certificates=known).time == NOW


def test_token_must_name_its_certificate() -> None:
    """Without the attribute another certificate of the same key could be put in its place (RFC 5035)."""
    told = read_signed(token_of(make_request(DATA))).content or b""
    token = sign_content(told, court().timestamper, at=NOW, content_type=TST_INFO, attached=True)
    with pytest.raises(MalformedSignatureError, match="does not name the certificate"):
        verify(token)


def test_certificate_cannot_be_swapped_for_another_of_the_same_key() -> None:
    """The serial number follows from the key, as in the NCA's certificates of today."""
    key, authority = new_key(KeyKind.GOST_2015), court().authority
    first, second = (
        issue_timestamper(authority, key.public_key(), "TSA", Validity(NOW - hours * HOUR, NOW + HOUR))
        for hours in (1, 2)
    )
    parsed = asn1.TimeStampResp.load(make_timestamp(key_of(Authority(first, key)), make_request(DATA).der, at=NOW))[
        "time_stamp_token"
    ]
    assert verify(parsed.dump()).certificate == read(first)
    swapped = parsed.dump().replace(read(first).der, read(second).der)
    with pytest.raises(TimestampMismatchError, match="names another certificate"):
        verify(swapped)


def test_ordinary_signature_is_no_timestamp() -> None:
    with pytest.raises(MalformedSignatureError, match="not a timestamp"):
        verify(sign_detached(DATA, court().timestamper, at=NOW))


def test_refusal_tells_its_reason() -> None:
    with pytest.raises(TimestampRefusedError, match=r"refused: rejection \(bad_alg\)"):
        read_response(refuse_timestamp())


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"\x30\x05\x30\x03\x02\x01\x00", b"<html>", bytes(1_000_001)])
def test_bytes_that_are_no_answer_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        read_response(data)


def test_timestamp_is_fetched_from_a_server() -> None:
    def answer(_path: str, body: bytes) -> tuple[int, bytes]:
        return 200, make_timestamp(court().timestamper, body, at=NOW)

    with http_server(answer) as url:
        stamp = fetch_timestamp(
            DATA, url, HttpFetch(), [court().issuer], at=lambda: NOW, hash_name="gost2015", policy=POLICY_GOST_2015
        )
    assert (stamp.time, stamp.policy) == (NOW, POLICY_GOST_2015)


def test_replayed_answer_of_a_server_is_refused() -> None:
    replay = make_timestamp(court().timestamper, make_request(DATA).der, at=NOW)
    with http_server(lambda _path, _body: (200, replay)) as url, pytest.raises(TimestampMismatchError):
        fetch_timestamp(DATA, url, HttpFetch(), [court().issuer], at=lambda: NOW)


def test_no_single_bit_of_a_token_can_be_changed_to_another_meaning() -> None:
    """What is not signed (versions, algorithm parameters, spelling) may change, but nothing that the token says."""
    token = token_of(make_request(DATA))
    original = verify(token)
    for position in range(len(token)):
        try:
            changed = verify(flipped(token, position, position % 8))
        except KzedsError:
            continue
        assert replace(changed, token=token) == original, position


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_altered_answers_raise_nothing_but_our_errors(data: st.DataObject) -> None:
    changed = bytearray(make_timestamp(court().timestamper, make_request(DATA).der, at=NOW))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        stamp = verify(read_response(bytes(changed)))
    except KzedsError:
        return
    assert stamp.time == NOW


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_junk_is_refused(data: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(data)
    with pytest.raises(MalformedAnswerError):
        read_response(data)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not on this machine")
def test_openssl_accepts_our_request_and_our_token(tmp_path: Path) -> None:
    """An independent reader of the same standard."""
    some = court(KeyKind.RSA)
    request = make_request(DATA)
    (tmp_path / "request").write_bytes(request.der)
    (tmp_path / "response").write_bytes(make_timestamp(some.timestamper, request.der, at=NOW))
    (tmp_path / "ca.pem").write_bytes(some.authority.certificate.public_bytes(Encoding.PEM))
    run = partial(subprocess.run, cwd=tmp_path, capture_output=True, check=False, text=True)
    told = run(["openssl", "ts", "-query", "-in", "request", "-text"])
    assert "Hash Algorithm: sha256" in told.stdout
    moment = str(int(NOW.timestamp()))
    command = ["openssl", "ts", "-verify", "-queryfile", "request", "-in", "response", "-CAfile", "ca.pem"]
    done = run([*command, "-attime", moment])
    assert "Verification: OK" in done.stdout, done.stderr


def test_token_of_the_nca_is_proven_up_to_its_data() -> None:
    """What was stamped is not published; everything before the comparison with it has passed."""
    token = shared("testkeys/tsp/tsp_token.bin").read_bytes()
    authority = Certificate.load(shared("testkeys/nca_2004_gost_cert.pem"))
    assert read_response(shared("testkeys/tsp/tsp_response.bin").read_bytes()) == token
    with pytest.raises(WeakAlgorithmError):
        verify_timestamp(token, DATA, [authority], at=NOW)
    with pytest.raises(TimestampMismatchError, match="other data"):
        verify_timestamp(token, DATA, [authority], at=NOW, allow_weak=True)
    with pytest.raises(SignatureError, match="was not made by the key"):
        verify_timestamp(flipped(token, len(token) - 1, 0), DATA, [authority], at=NOW, allow_weak=True)
