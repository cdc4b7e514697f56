"""Damaged input for every reader: no exception but our own, no hang, no heap, and never a wrong answer.

The inputs are real ones, of the test PKI and (where they lie beside the checkout) of the NCA, damaged at random and by
their structure. `make fuzz FUZZ=100 SEED=7` tries more of them, and others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random

import pytest
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import pkcs12 as asn1_pkcs12
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from cryptography.x509 import load_der_x509_certificate

from kzeds import (
    KeyKind,
    Revocation,
    RevocationStore,
    judge_crl,
    judge_ocsp,
    require_chain,
    sign_detached,
    verify_detached,
    verify_timestamp,
)
from kzeds.answering import Revoked, make_ocsp_answer, make_timestamp
from kzeds.certificate import Certificate
from kzeds.cli.keys import certificate_fields
from kzeds.cli.output import in_words
from kzeds.der import sequence
from kzeds.errors import (
    CertificateError,
    DamagedKeyFileError,
    KeyFileError,
    KzedsError,
    MalformedAnswerError,
    MalformedCertificateError,
    MalformedXmlError,
)
from kzeds.keys import packing, protection
from kzeds.keys import pkcs12 as reader
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.revocation.crl_list import read_crl
from kzeds.revocation.ocsp import make_request
from kzeds.tsp import make_request as make_timestamp_request
from kzeds.tsp import read_response
from kzeds.visible import json_text
from kzeds.xml import parse
from support.kzeds_authority import HOUR, court
from support.kzeds_kinds import key_of, pki_of
from support.kzeds_material import NOW, certificate, encoded, key_bytes, password, private_key
from support.kzeds_mutation import Node, damaged_bytes, damaged_der, damaged_xml, read
from support.kzeds_trials import LONGEST, SEED, Damage, only, try_all
from support.kzeds_verified import Verify, accept_body, accept_enveloped, signed_content, signed_envelope

CONTENT = "Еңбек шарты № 1\n".encode()
KINDS = tuple(KeyKind)


def _published(*patterns: str) -> list[bytes]:
    """Files of the NCA's test material, none where it is not beside the checkout."""
    place = Path(__file__).parents[4] / "shared" / "reference"
    return [path.read_bytes() for pattern in patterns for path in sorted(place.glob(pattern))]


# Key files.


@pytest.fixture
def _few_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit has its own test; here it would only take time."""
    for module in (protection, reader):
        monkeypatch.setattr(module, "MAXIMUM_ITERATIONS", 3000)
    monkeypatch.setattr(packing, "_ITERATIONS", 10)


@cache
def _key_files() -> list[tuple[bytes, str]]:
    """Of each kind, one with PBES2, and the NCA's, with their passwords."""
    found = [
        (pki_of(kind).key_file("employer").read_bytes(), pki_of(kind).password_file("employer").read_text())
        for kind in KINDS
    ]
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2048)
    modern = builder.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).hmac_hash(SHA256()).build(b"secret")
    own = load_der_x509_certificate(certificate().der)
    found.append((pkcs12.serialize_key_and_certificates(b"alias", private_key(), own, None, modern), "secret"))
    return found + [(data, word) for data in _published("testkeys/*.p12") for word in _words_of(data)]


def _words_of(data: bytes) -> list[str]:
    for word in ("Qwerty12", "Aa123456"):
        with suppress(KeyFileError):
            load_pkcs12(data, word)
            return [word]
    return []


def _opens_or_refuses(data: bytes, word: str, expected: Certificate | None) -> None:
    """A file that opens signs with the key of its certificate."""
    with only(KeyFileError):
        key = load_pkcs12(data, word)
    if expected is not None:
        assert key.certificate.public_key == expected.public_key
    key.certificate.verify(key.sign(b"x"), b"x", key.signature_uri)


@pytest.mark.usefixtures("_few_iterations")
@pytest.mark.parametrize("damage", [damaged_bytes, damaged_der])
def test_damaged_key_files(damage: Damage) -> None:
    files = _key_files()
    certificates = [load_pkcs12(data, word).certificate for data, word in files]

    def use(data: bytes, number: int) -> None:
        _opens_or_refuses(data, files[number][1] if Random(data).random() < 0.8 else "wrong", certificates[number])

    try_all(f"PKCS#12 {damage.__name__}", [data for data, _ in files], 150, use, damage)


@pytest.mark.usefixtures("_few_iterations")
def test_damage_inside_a_key_file_with_a_right_integrity_code() -> None:
    """Whoever knows the password can write anything into the file."""
    files = _key_files()[:4]

    def use(data: bytes, number: int) -> None:
        word = files[number][1]
        file = sequence(b"\x02\x01\x03", packing._data(data), packing._integrity(data, word))
        _opens_or_refuses(file, word, None)

    try_all("inside PKCS#12", [_safe_of(data) for data, _ in files], 150, use, damaged_der)


def _safe_of(data: bytes) -> bytes:
    """The AuthenticatedSafe of a key file."""
    return bytes(asn1_pkcs12.Pfx.load(data)["auth_safe"]["content"].native)


@pytest.mark.usefixtures("_few_iterations")
@pytest.mark.parametrize("damage", [damaged_bytes, damaged_der])
def test_damaged_private_key_behind_a_right_password(damage: Damage) -> None:
    files = _key_files()
    keys = [_clear_key(data, word) for data, word in files]
    certificates = [load_pkcs12(data, word).certificate for data, word in files]

    def use(data: bytes, number: int) -> None:
        file = packing.pack_key(data, certificates[number].der, b"\x01", "secret")
        _opens_or_refuses(file, "secret", certificates[number])

    try_all(f"PKCS#8 {damage.__name__}", keys, 100, use, damage)


def _clear_key(data: bytes, word: str) -> bytes:
    return reader._clear_key(reader._take_apart(data)[1], word)


def test_rsa_key_with_a_number_of_absurd_size_is_refused_at_once() -> None:
    """OpenSSL looks for divisors of what is said to be a prime: a minute and a half for nine kilobytes."""
    data, word = key_bytes("employer"), password("employer")
    frame = read(_clear_key(data, word))
    numbers = [one for one in frame.each() if one.tag == 0x02]
    numbers[6].content = b"\x7f" + b"\xff" * 8000
    started = time.thread_time()
    with pytest.raises(DamagedKeyFileError):
        load_pkcs12(packing.pack_key(frame.written(), certificate().der, b"\x01", "secret"), "secret")
    assert time.thread_time() - started < LONGEST


@pytest.mark.usefixtures("_few_iterations")
def test_damaged_certificate_in_a_key_file() -> None:
    files = _key_files()[:3]
    keys = [_clear_key(data, word) for data, word in files]
    certificates = [load_pkcs12(data, word).certificate for data, word in files]

    def use(data: bytes, number: int) -> None:
        file = packing.pack_key(keys[number], data, b"\x01", "secret")
        _opens_or_refuses(file, "secret", certificates[number])

    try_all("certificate in PKCS#12", [one.der for one in certificates], 100, use, damaged_der, damaged_bytes)


# Certificates.


@cache
def _certificates() -> list[tuple[Certificate, Certificate]]:
    """Each with an authority."""
    own = [(key_of(kind).certificate, Certificate.load(pki_of(kind).nca_ca)) for kind in KINDS]
    authorities = [(authority, authority) for _, authority in own]
    published = [Certificate.load(data) for data in _published("testkeys/c[ae]*/*", "testkeys/*.pem", "testkeys/*.cer")]
    return own + authorities + [(one, own[0][1]) for one in published]


def _use_certificate(found: Certificate, number: int) -> None:
    """Everything that is done with a certificate of a stranger."""
    original, authority = _certificates()[number]
    assert repr(found)
    with suppress(KzedsError):
        found.verify(bytes(128), b"data", key_of(KINDS[number % 3]).signature_uri)
    with suppress(KzedsError):
        judge_ocsp(key_of(KINDS[number % 3]).certificate, found, b"", at=NOW)
    with suppress(KzedsError):
        require_chain(key_of(KINDS[number % 3]).certificate, [found], at=NOW)
    fields = certificate_fields(found, NOW)
    assert json_text(fields)
    assert all(in_words(value) for value in fields.values())
    if number >= len(KINDS):
        return
    require_chain(found, [authority], at=NOW)
    assert found == original


@pytest.mark.parametrize("damage", [damaged_bytes, damaged_der])
def test_damaged_certificates(damage: Damage) -> None:
    def use(data: bytes, number: int) -> None:
        with only(CertificateError):
            found = Certificate.from_der(data)
        _use_certificate(found, number)

    try_all(f"certificate {damage.__name__}", [one.der for one, _ in _certificates()], 1500, use, damage)


def test_damaged_pem() -> None:
    def use(data: bytes, number: int) -> None:
        for found in Certificate.load_all(data):
            _use_certificate(found, number)

    frame = "-----{} CERTIFICATE-----\n".format
    texts = [f"{frame('BEGIN')}{encoded(one.der)}\n{frame('END')}".encode() for one, _ in _certificates()]
    try_all("PEM", texts, 800, use, damaged_bytes)


# XML.


@pytest.mark.parametrize("layout", ["enveloped", "wsse"])
@pytest.mark.parametrize("damage", [damaged_bytes, damaged_xml])
def test_damaged_signed_documents(layout: str, damage: Damage) -> None:
    verify: Verify = accept_enveloped if layout == "enveloped" else accept_body
    make = signed_content if layout == "enveloped" else signed_envelope
    documents = [make(kind) for kind in KINDS] + _published(f"vectors/*-{layout}.xml")
    expected = [verify(document, None) for document in documents]

    def use(data: bytes, number: int) -> None:
        with suppress(MalformedXmlError):
            parse(data)
        trusted = [expected[number].certificate] if Random(data).random() < 0.5 else None
        found = verify(data, trusted)
        assert found.content == expected[number].content
        assert found.certificate.public_key == expected[number].certificate.public_key

    try_all(f"{layout} {damage.__name__}", documents, 1500, use, damage)


# Detached signatures, lists and answers.


@pytest.mark.parametrize("damage", [damaged_bytes, damaged_der])
def test_damaged_detached_signatures(damage: Damage) -> None:
    signatures = [sign_detached(CONTENT, key_of(kind), at=NOW) for kind in KINDS]
    expected = [verify_detached(one, CONTENT, trusted=None) for one in signatures]

    def use(data: bytes, number: int) -> None:
        assert verify_detached(data, CONTENT, trusted=[expected[number].certificate]) == expected[number]

    try_all(f"CMS {damage.__name__}", signatures, 600, use, damage)


@pytest.mark.parametrize("damage", [damaged_bytes, damaged_der])
def test_damaged_lists_never_say_good_of_a_revoked_certificate(damage: Damage) -> None:
    courts = [court(kind) for kind in KINDS]
    lists = [one.crl(one.serial) for one in courts] + [one.delta(one.serial) for one in courts]

    def use(data: bytes, number: int) -> None:
        some = courts[number % 3]
        base, delta = (data, None) if number < 3 else (some.crl(), data)
        answer = judge_crl(some.holder, some.issuer, base, delta=delta, at=NOW)
        assert answer.status is not Revocation.GOOD
        answer.require_good()

    try_all(f"CRL {damage.__name__}", lists, 600, use, damage)


def test_damaged_lists_of_the_nca_are_read_or_refused() -> None:
    def use(data: bytes, number: int) -> None:
        with only(MalformedAnswerError):
            found = read_crl(data)
        assert found.name
        found.find(Random(data).getrandbits(100))
        found.require_from(court().issuer)

    lists = [court(kind).crl(*range(1, 200)) for kind in KINDS] + _published("testkeys/crl/*.crl")
    try_all("CRL that is read", lists, 600, use, damaged_der, damaged_bytes)


@pytest.mark.parametrize("damage", [damaged_bytes, damaged_der])
def test_damaged_answers_never_say_good_of_a_revoked_certificate(damage: Damage) -> None:
    courts = [court(kind) for kind in KINDS]
    revoked = [{one.serial: Revoked(NOW - HOUR, "superseded")} for one in courts]
    asked = [make_request(one.holder, one.issuer) for one in courts]
    answers = [
        make_ocsp_answer(one.responder, one.issuer, asked[place].der, at=NOW, revoked=revoked[place])
        for place, one in enumerate(courts)
    ] + _published("testkeys/ocsp/*.bin")

    def use(data: bytes, number: int) -> None:
        some = courts[number % 3]
        answer = judge_ocsp(some.holder, some.issuer, data, at=NOW)
        assert answer.status is not Revocation.GOOD
        answer.require_good()

    try_all(f"OCSP {damage.__name__}", answers, 400, use, damage)


@pytest.mark.parametrize("damage", [damaged_bytes, damaged_der])
def test_damaged_timestamps_tell_no_other_time(damage: Damage) -> None:
    courts = [court(kind) for kind in KINDS]
    asked = [make_timestamp_request(CONTENT) for _ in courts]
    responses = [
        make_timestamp(one.timestamper, request.der, at=NOW) for one, request in zip(courts, asked, strict=True)
    ] + _published("testkeys/tsp/tsp_response.bin")

    def use(data: bytes, number: int) -> None:
        place = number % 3
        stamp = verify_timestamp(
            read_response(data), CONTENT, [courts[place].issuer], at=NOW + HOUR, nonce=asked[place].nonce
        )
        assert (stamp.time, stamp.serial_number) == (NOW, 1)

    try_all(f"TSP {damage.__name__}", responses, 500, use, damage)


def test_damaged_files_are_not_taken_into_the_store(tmp_path: Path) -> None:
    """Import of files from elsewhere: whatever is kept, a revoked certificate is never good by it."""
    some = court(KeyKind.RSA)
    store = RevocationStore(tmp_path / "store")
    request = make_request(some.holder, some.issuer).der
    revoked = {some.serial: Revoked(NOW - HOUR, "superseded")}
    samples = [some.crl(some.serial), make_ocsp_answer(some.responder, some.issuer, request, at=NOW, revoked=revoked)]

    def use(data: bytes, number: int) -> None:
        assert store.import_bytes(data, [some.issuer], at=NOW)
        answers = store.judge(some.holder, some.issuer, at=NOW, crl_max_age=HOUR * 24, ocsp_max_age=HOUR * 24)
        assert Revocation.GOOD not in {answer.status for answer in answers}

    try_all("import", samples, 400, use, damaged_der, damaged_bytes)


def test_answer_about_nothing_is_no_answer(tmp_path: Path) -> None:
    """Else an import would say that all went well, keep nothing, and not even have looked at the signature."""
    some = court()
    request = make_request(some.holder, some.issuer).der
    frame = read(make_ocsp_answer(some.responder, some.issuer, request, at=NOW, revoked={}))
    responses = next(one for one in frame.each() if one.tag == 0x30 and _is_about_one(one))
    assert responses.children is not None
    responses.children.clear()
    told = asn1_ocsp.OCSPResponse.load(frame.written()).response_data["responses"]
    assert not len(told)
    with pytest.raises(MalformedAnswerError):
        RevocationStore(tmp_path / "store").import_bytes(frame.written(), [some.issuer], at=NOW)


def _is_about_one(node: Node) -> bool:
    """Whether a SEQUENCE holds the one SingleResponse, which begins with a CertID of four parts."""
    single = (node.children or [node])[0]
    about = (single.children or [single])[0]
    return len(node.children or ()) == 1 and len(about.children or ()) == 4 and about.tag == single.tag == 0x30


@pytest.mark.parametrize("number", [2**20_000, -(2**20_000)], ids=["positive", "negative"])
def test_number_that_nobody_could_write_down_is_refused(number: int) -> None:
    """Python refuses to write such numbers in decimal, which would not be an error of ours."""
    some = court()
    answer = judge_crl(some.holder, some.issuer, some.crl(number=number), at=NOW)
    assert (answer.status, "not a CRL" in answer.why) == (Revocation.UNKNOWN, True)
    frame = read(some.holder.der)
    serial = next(one for one in frame.each() if one.tag == 0x02 and len(one.content) > 8)
    serial.content = number.to_bytes(2502, signed=True)
    with pytest.raises(MalformedCertificateError):
        Certificate.from_der(frame.written())


def _garbage() -> Iterator[bytes]:
    """Bytes that were never anything, and frames that only claim to be."""
    random = Random(SEED)
    for tag in (0x30, 0x31, 0xA0, 0x04, 0x24, 0x1F, 0xFF):
        for length in (b"\x80", b"\x84\xff\xff\xff\xff", b"\x88" + b"\xff" * 8, b"\xff" * 20, b"\x00", b""):
            yield bytes([tag]) + length + bytes(50)
        yield bytes([tag, 0x80]) * 20_000
    yield b""
    for size in (1, 2, 3, 10, 100, 1000, 100_000):
        yield random.randbytes(size)


READERS: dict[str, Callable[[bytes], object]] = {
    "key file": lambda data: load_pkcs12(data, "x"),
    "certificate": Certificate.from_der,
    "certificates": Certificate.load_all,
    "XML": parse,
    "enveloped": lambda data: accept_enveloped(data, None),
    "body": lambda data: accept_body(data, None),
    "CMS": lambda data: verify_detached(data, CONTENT, trusted=None),
    "CRL": read_crl,
    "OCSP": lambda data: judge_ocsp(court().holder, court().issuer, data, at=NOW).require_good(),
    "TSP": read_response,
    "token": lambda data: verify_timestamp(data, CONTENT, [court().issuer], at=NOW),
}


@pytest.mark.parametrize("name", READERS)
def test_garbage_is_refused_at_once(name: str) -> None:
    for data in _garbage():
        started = time.thread_time()
        with pytest.raises(KzedsError):
            READERS[name](data)
        assert time.thread_time() - started < LONGEST, data[:20].hex()
