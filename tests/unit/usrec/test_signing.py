"""The employer's signature: which key files are refused when the agent starts, and which signatures when it signs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from kzeds.certificate import Certificate
from kzeds.issuing import Holder, Validity, issue, make_authority
from kzeds.test_pki import EMPLOYER_2_BIN, EMPLOYER_BIN
from kzeds.xmldsig import verify_enveloped
from support.made_certificates import PASSWORD, make_key
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.signing.held_key import HeldKey
from usrec.adapters.signing.keyring import Keyring
from usrec.adapters.signing.pkcs12 import load_key
from usrec.adapters.signing.places import key_file_place
from usrec.adapters.system_clock import SystemClock
from usrec.domain.errors import ConfigurationError, SigningRefused
from usrec.domain.message import MessageId, RenderedMessage
from usrec.domain.secret import Secret
from usrec.ports.signer import Signer

DOCUMENT = (
    '<con:contractRequest xmlns:con="urn:any"><post>Инженер &amp; "аналитик"</post></con:contractRequest>'.encode()
)
RENDERED = RenderedMessage(DOCUMENT, "record-1")
MESSAGE = MessageId("message-1")
ENTREPRENEUR = "850515400012"


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class EmployerKey:
    """An employer's key file."""

    bin: str
    key_file: Path
    password: Secret

    def held(self) -> HeldKey:
        return HeldKey(key_file_place(self.key_file, lambda: self.password), number=self.bin)


def employer_key(pki: Path, name: str = "employer", number: str = EMPLOYER_BIN) -> EmployerKey:
    owner = "employer" if name.startswith("employer-") and name != "employer-2" else name
    return EmployerKey(number, pki / f"{name}.p12", Secret((pki / f"{owner}.password").read_text("utf-8")))


def signer_of(*keys: EmployerKey) -> Keyring:
    keyring = Keyring({key.bin: [key.held()] for key in keys}, clock=SystemClock())
    keyring.require_some()
    return keyring


# Promises of the port, kept by both signers


@pytest.fixture(params=["pkcs12", "memory"])
def signer(request: pytest.FixtureRequest, pki: Path, tmp_path: Path) -> Signer:
    if request.param == "memory":
        return InMemorySigner({EMPLOYER_BIN: datetime.now(UTC) + timedelta(days=365)})
    if request.param == "rsa":
        file, _ = make_key(tmp_path, datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1))
        return signer_of(EmployerKey(EMPLOYER_BIN, file, Secret(PASSWORD)))
    return signer_of(employer_key(pki))


def test_signed_message_carries_digest_ids_and_times(signer: Signer, now: datetime) -> None:
    signed = signer.sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MESSAGE, at=now)
    assert signed.digest == hashlib.sha256(signed.document).hexdigest()
    assert (signed.record_id, signed.message_id, signed.signed_at) == ("record-1", MESSAGE, now)
    assert signed.valid_until > now
    assert signed.valid_until.tzinfo is UTC
    assert len(bytes.fromhex(signed.certificate)) == 32


@pytest.mark.parametrize("signer", ["rsa", "memory"], indirect=True)
def test_the_same_document_is_signed_to_the_same_bytes(signer: Signer, now: datetime) -> None:
    """With an RSA key; a GOST signature has fresh randomness in it."""
    first = signer.sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MESSAGE, at=now)
    later = signer.sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MESSAGE, at=now + timedelta(hours=1))
    assert first.document == later.document
    other = replace(RENDERED, document=DOCUMENT.replace(b"post", b"post2"))
    assert signer.sign(other, employer_bin=EMPLOYER_BIN, message_id=MESSAGE, at=now).digest != first.digest


def test_an_employer_without_a_key_is_refused(signer: Signer, now: datetime) -> None:
    with pytest.raises(SigningRefused, match="no key is configured") as caught:
        signer.sign(RENDERED, employer_bin=EMPLOYER_2_BIN, message_id=MESSAGE, at=now)
    assert EMPLOYER_2_BIN not in str(caught.value)
    assert "Nothing was sent" in str(caught.value)


def test_an_expired_certificate_is_refused_when_it_signs(signer: Signer, now: datetime) -> None:
    with pytest.raises(SigningRefused, match=r"certificate (has )?expired"):
        signer.sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MESSAGE, at=now + timedelta(days=366))


# Real signatures


def test_the_signature_is_the_employers_and_covers_the_document(pki: Path, now: datetime) -> None:
    signed = signer_of(employer_key(pki)).sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MESSAGE, at=now)
    certificate = Certificate.from_pem((pki / "employer.pem").read_bytes())
    verified = verify_enveloped(signed.document, trusted=[certificate])
    assert verified.certificate.bin == EMPLOYER_BIN
    assert verified.element.findtext("post") == 'Инженер & "аналитик"'
    assert signed.certificate == certificate.fingerprint
    assert signed.valid_until == certificate.not_after


def test_each_employer_signs_with_its_own_key(pki: Path, now: datetime) -> None:
    signer = signer_of(employer_key(pki), employer_key(pki, "employer-2", EMPLOYER_2_BIN))
    for bin_ in (EMPLOYER_BIN, EMPLOYER_2_BIN):
        signed = signer.sign(RENDERED, employer_bin=bin_, message_id=MESSAGE, at=now)
        assert verify_enveloped(signed.document, trusted=None).certificate.bin == bin_
    assert set(signer.keys) == {EMPLOYER_BIN, EMPLOYER_2_BIN}


def test_one_employers_unusable_key_holds_only_its_own_events(pki: Path, now: datetime) -> None:
    """The other employers sign; this one is refused with the file and what to do; with no usable key nothing starts."""
    auth, sound = employer_key(pki, "employer-auth"), employer_key(pki, "employer-2", EMPLOYER_2_BIN)
    signer = signer_of(auth, sound)
    assert signer.sign(RENDERED, employer_bin=EMPLOYER_2_BIN, message_id=MESSAGE, at=now).document
    assert list(signer.refused) == [EMPLOYER_BIN]
    with pytest.raises(SigningRefused, match="AUTH key") as refusal:
        signer.sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MESSAGE, at=now)
    assert refusal.value.where.endswith("employer-auth.p12")
    with pytest.raises(ConfigurationError, match="AUTH key"):
        signer_of(auth)


def test_an_entrepreneur_signs_with_a_personal_certificate(tmp_path: Path, now: datetime) -> None:
    key = generate_private_key(65537, 2048)
    period = Validity(now - timedelta(days=1), now + timedelta(days=1))
    holder = Holder("ИП ТЕСТ", iin=ENTREPRENEUR)
    certificate = issue(make_authority(key, "ТЕСТ", period), key.public_key(), holder, period)
    file = tmp_path / "own.p12"
    protection = BestAvailableEncryption(b"password")
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"own", key, certificate, None, protection))
    signer = signer_of(EmployerKey(ENTREPRENEUR, file, Secret("password")))
    signed = signer.sign(RENDERED, employer_bin=ENTREPRENEUR, message_id=MESSAGE, at=now)
    assert verify_enveloped(signed.document, trusted=None).certificate.iin == ENTREPRENEUR


def test_a_key_that_is_not_valid_yet_is_refused_with_its_first_day(pki: Path, now: datetime) -> None:
    signer = signer_of(employer_key(pki))
    with pytest.raises(SigningRefused, match=r"employer\.p12: the certificate is valid only from 20"):
        signer.sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MESSAGE, at=now - timedelta(days=60))


def test_an_expired_key_starts_the_agent_and_refuses_to_sign(pki: Path, now: datetime) -> None:
    signer = signer_of(employer_key(pki, "employer-expired"))
    with pytest.raises(SigningRefused, match=r"employer-expired\.p12: the certificate expired at .*reload"):
        signer.sign(RENDERED, employer_bin=EMPLOYER_BIN, message_id=MESSAGE, at=now)


# Key files


def truncated(pki: Path, folder: Path) -> EmployerKey:
    file = folder / "cut.p12"
    file.write_bytes((pki / "employer.p12").read_bytes()[:-100])
    return replace(employer_key(pki), key_file=file)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda pki, _: replace(employer_key(pki), password=Secret("wrong-pass")), "the password does not open"),
        (lambda pki, _: employer_key(pki, "employer-auth"), "AUTH key.*SCSE001.*Use the SIGN key"),
        (lambda pki, _: employer_key(pki, number=EMPLOYER_2_BIN), "another BIN or IIN.*SCSE046.*correct `bin`"),
        (truncated, "the key file is damaged"),
        (lambda pki, _: replace(employer_key(pki), key_file=pki / "employer.pem"), "the key file is damaged"),
        (lambda pki, _: replace(employer_key(pki), key_file=pki / "none.p12"), "cannot be read.*No such file"),
        (lambda pki, _: replace(employer_key(pki), key_file=pki), "cannot be read"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_named_with_what_to_do(
    damage: Callable[[Path, Path], EmployerKey], told: str, pki: Path, tmp_path: Path
) -> None:
    key = damage(pki, tmp_path)
    with pytest.raises(ConfigurationError, match=told) as caught:
        signer_of(key)
    assert caught.value.where == str(key.key_file)
    assert caught.value.next_step
    assert key.password.reveal() not in str(caught.value)
    assert not {EMPLOYER_BIN, EMPLOYER_2_BIN} & set(str(caught.value).split())


def test_a_key_of_the_organisation_is_not_its_heads_own(pki: Path) -> None:
    head = Certificate.from_pem((pki / "employer.pem").read_bytes()).iin
    assert head
    with pytest.raises(ConfigurationError, match="another BIN or IIN"):
        signer_of(employer_key(pki, number=head))


def test_a_transport_key_may_belong_to_anybody_but_has_to_sign(pki: Path) -> None:
    own = employer_key(pki, "employer-2")
    assert load_key(own.key_file, own.password).certificate.bin == EMPLOYER_2_BIN
    auth = employer_key(pki, "employer-auth")
    with pytest.raises(ConfigurationError, match="AUTH key"):
        load_key(auth.key_file, auth.password)


def test_no_repr_shows_a_password(pki: Path) -> None:
    key = employer_key(pki)
    assert key.password.reveal() not in repr(key)
    assert key.password.reveal() not in repr(key.held())
