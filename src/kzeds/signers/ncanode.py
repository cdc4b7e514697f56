"""NCANode as a signer: a Java server that signs with the NCA's own provider and is asked over HTTP.

Source: the public code and OpenAPI description of NCANode 3 (github.com/ncanode-kz/NCANode): POST /xml/sign with
{"xml", "signers": [{"key", "password", "keyAlias"}]}, POST /wsse/sign with {"xml", "key", "password", "keyAlias"}; the
answer is {"status", "message", "xml"}, an error has the same form without "xml" under the HTTP status 400 or 500.

**Each request carries the key file and its password.** So NCANode must be yours alone: https, or plain http to this
machine. What it sends back is verified before anyone uses it. Its own words on an error are never repeated, because
with its setting `detailedErrors` they may quote the request.

Two habits of NCANode that a caller meets: it reads and writes the XML anew (line breaks in base64 become "&#13;"), and
it gives the SOAP Body an identifier of its own, whatever one it had.
"""

from __future__ import annotations

import base64
import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kzeds.certificate import Certificate
from kzeds.errors import (
    DamagedKeyFileError,
    NotSignableError,
    SignerRefusedError,
    SignerUnreachableError,
    SignerUntrustworthyError,
    UnknownKeyAlgorithmError,
)
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import require_may_sign
from kzeds.signature import ds
from kzeds.signers.checked import require_signed, require_signed_body
from kzeds.signers.private_http import Answer, PrivateServer
from kzeds.wsse import WSSE
from kzeds.xml import parse, to_bytes

_PROBE = b'<certificateOfThisKey xmlns="urn:kzeds:probe"/>'

_REFUSALS = (
    ("Password incorrect", "wrong_password", "the password does not open the key file"),
    ("does not have", "unknown_alias", "the key file holds no key of that alias"),
    ("Key reading error", "key_file", "it cannot read the key file"),
    ("Cannot read XML", "document", "it cannot read the document"),
    ("expired", "expired", "the certificate has expired"),
)
"""Part of NCANode's message (`MessageConstants`), the reason for programs, and the same in our words."""


class NcanodeSigner:
    """Signs through NCANode. Safe in threads: each request has its own connection.

    Source: the public code and OpenAPI description of NCANode 3. Answers of at most 8 000 000 bytes are read.

    Example::

        signer = NcanodeSigner("http://127.0.0.1:14579", Path("key.p12").read_bytes(), password)
        signed = signer.sign_enveloped(document)
    """

    def __init__(
        self,
        url: str,
        key: bytes,
        password: str,
        *,
        alias: str | None = None,
        ca_file: Path | None = None,
        timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        """Take the settings; nothing is sent.

        Args:
            url: Address of NCANode; https, or plain http to this machine.
            key: The PKCS#12 file. It and its password go to NCANode with each request and are in no error and no repr.
            password: Its password.
            alias: Which key of the file, where it holds several (`/pkcs12/aliases` of NCANode lists them).
            ca_file: Authorities (PEM) to verify the server by; None takes the system's.
            timeout: To connect, to send, and for the whole answer, each.

        Raises:
            SignerRefusedError: When the address is not one that a key may be sent to (`address`, `ca_file`).
            WrongPasswordError: When the password does not open the file.
            DamagedKeyFileError: When the bytes are no PKCS#12 file.
        """
        self._server = PrivateServer.at(url, ca_file=ca_file, timeout=timeout)
        self._secrets = {"key": base64.b64encode(key).decode(), "password": password, "keyAlias": alias}
        self._certificate = _certificate_in(key, password, alias)
        self._asking = threading.Lock()

    @property
    def certificate(self) -> Certificate:
        """The certificate of its key.

        Read from the file; where only NCANode can open the file (several keys, an unknown protection), from a signature
        that NCANode is asked for once, over a document that says nothing. (`/pkcs12/info` describes a certificate, but
        does not return it.)

        Raises:
            SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: When NCANode has to be asked.
        """
        with self._asking:
            if self._certificate is None:
                self._certificate = require_signed(_PROBE, self._enveloped(_PROBE), None).certificate
            return self._certificate

    def require_may_sign(self, at: datetime) -> None:
        """Check that a signature made at `at` would count.

        Raises:
            KeyMayNotSignError, CertificateExpiredError, CertificateNotYetValidError: As `Signer.require_may_sign`.
            SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: As `certificate` does.
        """
        require_may_sign(self.certificate, at)

    def sign_enveloped(self, document: bytes) -> bytes:
        """The document with an enveloped signature, in UTF-8, as NCANode wrote it.

        Raises:
            MalformedXmlError: When the document cannot be read.
            NotSignableError: When it already holds a signature; NCANode would add a second one.
            SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: As `Signer.sign_enveloped` says.
        """
        if next(parse(document, what="document to sign").iter(ds("Signature")), None) is not None:
            raise NotSignableError("the document is already signed; nothing was changed")
        certificate = self.certificate
        signed = self._enveloped(document)
        require_signed(document, signed, certificate)
        return signed

    def sign_body(self, envelope: bytes, *, body_id: str | None = None) -> bytes:
        """The SOAP envelope with a WS-Security signature over its Body, in UTF-8, as NCANode wrote it.

        Args:
            envelope: Without other header blocks: NCANode puts the signature into the first one that it finds.
            body_id: Must be None: NCANode identifies the Body by a UUID of its own, so a caller who insists is refused.

        Raises:
            MalformedXmlError: When the envelope cannot be read.
            NotSignableError: When it already has a wsse:Security.
            SignerRefusedError: As `Signer.sign_body` says; `body_id` when an identifier was asked for.
            SignerUnreachableError, SignerUntrustworthyError: As `Signer.sign_body` says.
        """
        if body_id is not None:
            raise SignerRefusedError(
                "NCANode chooses the identifier of the SOAP Body itself; ask without one", reason="body_id"
            )
        if next(parse(envelope, what="envelope to sign").iter(f"{{{WSSE}}}Security"), None) is not None:
            raise NotSignableError("the envelope already has a wsse:Security header; nothing was changed")
        certificate = self.certificate
        signed = self._ask("wsse/sign", {"xml": _text(envelope), **self._secrets})
        require_signed_body(envelope, signed, certificate)
        return signed

    def _enveloped(self, document: bytes) -> bytes:
        return self._ask("xml/sign", {"xml": _text(document), "signers": [self._secrets], "clearSignatures": False})

    def _ask(self, operation: str, request: dict[str, Any]) -> bytes:
        answer = self._server.post(operation, {**request, "trimXml": False})
        try:
            return self._signed(answer).encode()
        except UnicodeEncodeError:
            raise SignerUntrustworthyError(f"{self._server.name} sent text that is no Unicode") from None

    def _signed(self, answer: Answer) -> str:
        """Take the signed document out of an answer, or say why there is none."""
        said = _fields(answer.body)
        status = said.get("status", answer.status)
        if answer.status == 200 and status == 200 and isinstance(said.get("xml"), str) and said["xml"]:
            return str(said["xml"])
        shown = status if answer.status == 200 and isinstance(status, int) else answer.status
        message = said.get("message")
        raise self._failure(shown, message if isinstance(message, str) else "")

    def _failure(self, status: int, message: str) -> Exception:
        where = self._server.name
        for part, reason, words in _REFUSALS:
            if part in message:
                return SignerRefusedError(f"{where} did not sign: {words}; nothing was signed", reason=reason)
        if status in {401, 403, 407}:
            return SignerRefusedError(
                f"{where} does not let us in (status {status}); nothing was signed", reason="access"
            )
        if 500 <= status < 600:
            return SignerUnreachableError(f"{where} failed (status {status}); its own log says why")
        if message and 400 <= status < 500:
            return SignerRefusedError(
                f"{where} refused the request (status {status}); its own log says why; nothing was signed",
                reason="request",
            )
        return SignerUntrustworthyError(f"{where} did not answer as NCANode 3 does; is it another server?")

    def __repr__(self) -> str:
        whose = "certificate not asked for yet" if self._certificate is None else self._certificate.short_id
        return f"NcanodeSigner({self._server.name}, {whose})"


def _certificate_in(key: bytes, password: str, alias: str | None) -> Certificate | None:
    """Read the certificate here; None when only NCANode can say which one it is."""
    try:
        return load_pkcs12(key, password).certificate
    except UnknownKeyAlgorithmError:
        return None
    except DamagedKeyFileError:
        if alias is None:
            raise
        return None


def _text(document: bytes) -> str:
    """The document as text. NCANode reads it as UTF-8, so another encoding is changed to that one."""
    return to_bytes(parse(document, what="document to sign"), like=document).decode()


def _fields(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
