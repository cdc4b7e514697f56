"""The one small interface behind which a key may live anywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from kzeds.certificate import Certificate
from kzeds.keys.signing_key import SigningKey
from kzeds.wsse import sign_body
from kzeds.xmldsig import sign_enveloped


class Signer(Protocol):
    """Signs whole documents with one key. Safe in threads.

    Source: ours; what is signed and how is that of `kzeds.sign_enveloped` and `kzeds.sign_body`.

    Whoever implements it over a wire checks what came back (`kzeds.signers.checked`), so that a caller never gets a
    document that differs from the one it gave, or a signature that does not verify.
    """

    @property
    def certificate(self) -> Certificate:
        """The certificate of its key."""
        ...

    def require_may_sign(self, at: datetime) -> None:
        """Check that a signature made at `at` would count.

        Raises:
            KeyMayNotSignError: When the certificate lacks nonRepudiation (an AUTH key).
            CertificateExpiredError: When the certificate's last day has passed.
            CertificateNotYetValidError: When its first day has not come.
        """
        ...

    def sign_enveloped(self, document: bytes) -> bytes:
        """The document with an enveloped signature (`kzeds.sign_enveloped`).

        Raises:
            MalformedXmlError: When the document cannot be read.
            NotSignableError: When it already holds a signature.
            SignerRefusedError: When the signer may not sign this; nothing was signed.
            SignerUnreachableError: When the signer does not answer; nobody knows whether it signed.
            SignerUntrustworthyError: When it answered with something else than was asked for.
        """
        ...

    def sign_body(self, envelope: bytes, *, body_id: str | None = None) -> bytes:
        """The SOAP envelope with a WS-Security signature over its Body (`kzeds.sign_body`).

        Raises:
            MalformedXmlError, NotSignableError: As `kzeds.sign_body` does.
            SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: As `sign_enveloped` does.
        """
        ...


@runtime_checkable
class DetachedSigner(Protocol):
    """A signer that also makes signatures apart from what they sign: a key at hand, or the signer daemon's."""

    @property
    def certificate(self) -> Certificate:
        """The certificate of its key."""
        ...

    def sign_detached(self, content: bytes, *, at: datetime) -> bytes:
        """A detached CMS signature (`kzeds.cms.sign_detached`).

        Args:
            content: Anything for a key at hand; only a statement of its settings for the signer daemon.
            at: Written into the signature by a key at hand.

        Raises:
            SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError: As `Signer.sign_enveloped` does.
        """
        ...


class KeySigner:
    """Signs in this process with a key at hand: a key file's, or a token's.

    Source: ours; an implementation of `Signer`.
    """

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    @property
    def certificate(self) -> Certificate:
        """The certificate of the key."""
        return self._key.certificate

    def require_may_sign(self, at: datetime) -> None:
        """Check that a signature made at `at` would count.

        Raises:
            KeyMayNotSignError, CertificateExpiredError, CertificateNotYetValidError: As `SigningKey.require_may_sign`.
        """
        self._key.require_may_sign(at)

    def sign_enveloped(self, document: bytes) -> bytes:
        """The document with an enveloped signature.

        Raises:
            MalformedXmlError, NotSignableError, TokenError, SignerUnreachableError: As `kzeds.sign_enveloped`.
        """
        return sign_enveloped(document, self._key)

    def sign_body(self, envelope: bytes, *, body_id: str | None = None) -> bytes:
        """The SOAP envelope with a WS-Security signature over its Body.

        Raises:
            MalformedXmlError, NotSignableError, TokenError, SignerUnreachableError: As `kzeds.sign_body`.
        """
        return sign_body(envelope, self._key, body_id=body_id)

    def sign_detached(self, content: bytes, *, at: datetime) -> bytes:
        """A detached CMS signature (DER) over any content (`kzeds.cms.sign_detached`).

        Raises:
            TokenError, SignerUnreachableError: As `kzeds.sign_detached`.
        """
        from kzeds.cms import sign_detached

        return sign_detached(content, self._key, at=at)

    def __repr__(self) -> str:
        return f"KeySigner({self._key.certificate.short_id})"
