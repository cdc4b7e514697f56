"""Keys and certificates with something odd about them, which the test PKI does not have."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from kzeds.issuing import Authority, Holder, Validity, issue, make_authority
from kzeds.roles import Role
from kzeds.test_pki import EMPLOYER_BIN, ORGANISATION

PASSWORD = "a word of the test"
WHOLE_YEAR = timedelta(days=365)


@cache
def _rsa(name: str) -> RSAPrivateKey:
    del name
    return generate_private_key(65537, 2048)


def make_key(
    folder: Path, since: datetime, until: datetime, *, roles: Sequence[Role] = (Role.LEGAL_ENTITY, Role.HR)
) -> tuple[Path, int]:
    """An employer's SIGN key, not of its first head, with these dates; gives its file and serial number.

    Its password is in `made.password` beside it.
    """
    authority = make_authority(_rsa("authority"), "ҰКО TEST", Validity(since - WHOLE_YEAR, until + WHOLE_YEAR))
    holder = Holder("ҚЫЗМЕТКЕР", "ҚЫЗМЕТКЕР", "", "850515400012", ORGANISATION, EMPLOYER_BIN, tuple(roles))
    certificate = issue(authority, _rsa("holder").public_key(), holder, Validity(since, until))
    file = folder / "made.p12"
    protection = BestAvailableEncryption(PASSWORD.encode())
    _write(file, pkcs12.serialize_key_and_certificates(b"key", _rsa("holder"), certificate, None, protection))
    _write(folder / "made.pem", certificate.public_bytes(Encoding.PEM))
    _write(folder / "made.password", PASSWORD.encode())
    return file, certificate.serial_number


def make_server(folder: Path, since: datetime, until: datetime, *, name: str = "127.0.0.1") -> Path:
    """A folder with `tls.pem`, `tls.key` and `tls-ca.pem` of a server that is called so; the authority is valid."""
    folder.mkdir(exist_ok=True)
    around = Validity(min(since, until) - WHOLE_YEAR, max(since, until) + 10 * WHOLE_YEAR)
    authority = make_authority(ec.generate_private_key(ec.SECP256R1()), "TLS TEST", around)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _server_certificate(authority, key, since, until, name)
    _write(folder / "tls.pem", certificate.public_bytes(Encoding.PEM))
    _write(folder / "tls.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _write(folder / "tls-ca.pem", authority.certificate.public_bytes(Encoding.PEM))
    return folder


def _server_certificate(
    authority: Authority, key: ec.EllipticCurvePrivateKey, since: datetime, until: datetime, name: str
) -> x509.Certificate:
    signer = authority.key
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    is_address = name.replace(".", "").isdigit()
    called = x509.IPAddress(ipaddress.ip_address(name)) if is_address else x509.DNSName(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .issuer_name(authority.certificate.subject)
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([called]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    return builder.sign(signer, SHA256())


def _write(file: Path, content: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)
