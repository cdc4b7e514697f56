"""A test authority of each kind with what answers for it, and a real HTTP server where it answers."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from kzeds import issuing
from kzeds.answering import Revoked, key_of, make_crl
from kzeds.certificate import Certificate
from kzeds.der import bit_string, elements, identifier, sequence
from kzeds.gost import eds, keypair
from kzeds.issuing import Authority, Holder, PrivateKey, Validity
from kzeds.keys.signing_key import SigningKey
from kzeds.nca_profile import PublicKey
from kzeds.test_pki import KeyKind
from support.kzeds_material import NOW

YEARS = Validity(NOW - timedelta(days=700), NOW + timedelta(days=700))
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Court:
    """An authority, a holder, and the keys that answer by OCSP and make timestamps."""

    authority: Authority
    key: SigningKey
    holder: Certificate
    responder: SigningKey
    timestamper: SigningKey

    @property
    def issuer(self) -> Certificate:
        return self.key.certificate

    @property
    def serial(self) -> int:
        return self.holder.serial_number

    def crl(
        self,
        *serials: int,
        number: int = 4,
        reason: str = "key_compromise",
        this_update: datetime = NOW - HOUR,
        lasts: timedelta = timedelta(days=30),
        base_number: int | None = None,
        more: bytes = b"",
    ) -> bytes:
        """A list that names these serial numbers."""
        revoked = {serial: Revoked(NOW - timedelta(days=3), reason) for serial in serials}
        until = this_update + lasts
        return make_crl(
            self.key,
            revoked,
            number=number,
            this_update=this_update,
            next_update=until,
            base_number=base_number,
            more=more,
        )

    def delta(self, *serials: int, number: int = 5, base_number: int = 4, reason: str = "key_compromise") -> bytes:
        """What was added to a list."""
        return self.crl(*serials, number=number, base_number=base_number, reason=reason)


def new_key(kind: KeyKind) -> PrivateKey:
    if kind is KeyKind.RSA:
        return generate_private_key(65537, 2048)
    return keypair.generate(eds.GOST_2015 if kind is KeyKind.GOST_2015 else eds.GOST_OF_2004)


def read(certificate: x509.Certificate) -> Certificate:
    return Certificate.from_der(certificate.public_bytes(Encoding.DER))


def issued_key(
    authority: Authority,
    kind: KeyKind,
    issue: Callable[[Authority, PublicKey, str, Validity], x509.Certificate],
    validity: Validity = YEARS,
) -> SigningKey:
    """A key with a certificate that the authority issued by one of the functions of kzeds.issuing."""
    key = new_key(kind)
    return key_of(Authority(issue(authority, key.public_key(), "TEST SERVICE", validity), key))


def new_court(kind: KeyKind, name: str = "TEST AUTHORITY") -> Court:
    authority = issuing.make_authority(new_key(kind), name, YEARS)
    holder = issuing.issue(authority, new_key(kind).public_key(), Holder("ТЕСТ"), YEARS)
    return Court(
        authority,
        key_of(authority),
        read(holder),
        issued_key(authority, kind, issuing.issue_responder),
        issued_key(authority, kind, issuing.issue_timestamper),
    )


def issuing_with(
    *extensions: tuple[x509.ExtensionType, bool],
) -> Callable[[Authority, PublicKey, str, Validity], x509.Certificate]:
    """What issues certificates with these extensions, critical or not, and no others; authority and key are RSA."""

    def issue(authority: Authority, public_key: PublicKey, name: str, validity: Validity) -> x509.Certificate:
        assert isinstance(authority.key, RSAPrivateKey)
        assert isinstance(public_key, RSAPublicKey)
        builder = (
            x509.CertificateBuilder()
            .issuer_name(authority.certificate.subject)
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(validity.not_before)
            .not_valid_after(validity.not_after)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(authority.key, SHA256())

    return issue


def usage(*allowed: str) -> x509.KeyUsage:
    """A key usage, in the words of `cryptography`."""
    words = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{word: word in allowed for word in words})


STRANGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
"""An extension that nobody knows."""


def forged(
    claimed: Authority,
    public_key: PublicKey,
    holder: Holder,
    *,
    algorithm: str | None = None,
    validity: Validity = YEARS,
) -> Certificate:
    """A certificate that names an authority which did not issue it.

    Args:
        algorithm: OID by which it says to be signed; None for that of the authority.
    """
    made = issuing.issue(Authority(claimed.certificate, new_key(KeyKind.GOST_2015)), public_key, holder, validity)
    parts = elements(made.tbs_certificate_bytes)
    if algorithm is not None:
        parts[2] = sequence(identifier(algorithm), b"\x05\x00")
    content = sequence(*parts)
    return Certificate.from_der(sequence(content, parts[2], bit_string(bytes(128))))


@cache
def court(kind: KeyKind = KeyKind.GOST_2004) -> Court:
    """The same one for all tests of a process."""
    return new_court(kind)


@cache
def other_court(kind: KeyKind = KeyKind.GOST_2004) -> Court:
    """One with the same name and another key."""
    return new_court(kind)


Answer = Callable[[str, bytes], tuple[int, bytes]]
"""Takes the path and the body of a request; gives a status and a body."""


@contextmanager
def http_server(answer: Answer, *, tls: ssl.SSLContext | None = None, missing: int = 0) -> Iterator[str]:
    """A real server on this machine; gives its address without a closing slash.

    Args:
        tls: Makes it an https server.
        missing: Bytes that it promises and does not send.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            status, content = answer(self.path, body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", content.decode())
            self.send_header("Content-Length", str(len(content) + missing))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
