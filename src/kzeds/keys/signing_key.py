"""A key that can sign and cannot be taken out.

Source of the rule "may sign if and only if nonRepudiation": the NCA's profile gives that key usage to SIGN keys and
withholds it from AUTH keys; USREC refuses a document signed by an AUTH key (response code SCSE001).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NoReturn, final

from kzeds.algorithms import SignatureAlgorithm
from kzeds.certificate import Certificate
from kzeds.errors import KeyMayNotSignError


def require_may_sign(certificate: Certificate, at: datetime) -> None:
    """Check that a signature made at `at` with the key of this certificate would count.

    Raises:
        KeyMayNotSignError: When the certificate lacks nonRepudiation (an AUTH key).
        CertificateExpiredError: When the certificate's last day has passed.
        CertificateNotYetValidError: When its first day has not come.
    """
    if not certificate.may_sign:
        raise KeyMayNotSignError(
            f"the key of certificate {certificate.short_id} may not sign: it is an AUTH key "
            "(no nonRepudiation). Use the SIGN key that the NCA issued together with it."
        )
    certificate.require_valid_at(at)


@final
class SigningKey:
    """A private key with its certificate.

    The private key lives only in the function that signs: it is no attribute, is not in the repr, and the object can be
    neither pickled nor copied. Signing may be called from any thread.
    """

    __slots__ = ("_algorithm", "_certificate", "_sign")

    def __init__(self, certificate: Certificate, algorithm: SignatureAlgorithm, sign: Callable[[bytes], bytes]) -> None:
        """Bind a certificate to the function that signs with its key.

        Args:
            certificate: The certificate of the key.
            algorithm: What `sign` makes.
            sign: Returns the raw signature over the bytes that it is given; safe in threads.
        """
        self._certificate = certificate
        self._algorithm = algorithm
        self._sign = sign

    @property
    def certificate(self) -> Certificate:
        """The certificate of this key."""
        return self._certificate

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """What `sign` makes."""
        return self._algorithm

    @property
    def signature_uri(self) -> str:
        """Identifier for ds:SignatureMethod."""
        return self._algorithm.uri

    @property
    def digest_uri(self) -> str:
        """Identifier for ds:DigestMethod that the NCA pairs with this key."""
        return self._algorithm.digest_uri

    def sign(self, data: bytes) -> bytes:
        """Return the raw signature over `data`, as ds:SignatureValue and certificates hold it.

        RSA: PKCS#1 v1.5 with SHA-256 (RFC 8017), big-endian, as long as the modulus (256 bytes for 2048 bits). GOST: r
        and then s, both little-endian, 128 bytes (GOST 34.310-2015) or 64 (GOST 34.310-2004): the byte-reverse of the
        standards' form, as the NCA's provider writes it; the hash is made here (:mod:`kzeds.gost.eds`).

        Raises:
            SignerUnreachableError, SignerUntrustworthyError, TokenError: Keys in a token only (`open_token_key`).
        """
        return self._sign(data)

    def require_may_sign(self, at: datetime) -> None:
        """Check that a signature made with this key at `at` would count.

        Raises:
            KeyMayNotSignError: When the certificate lacks nonRepudiation (an AUTH key).
            CertificateExpiredError: When the certificate's last day has passed.
            CertificateNotYetValidError: When its first day has not come.
        """
        require_may_sign(self._certificate, at)

    def __repr__(self) -> str:
        return f"SigningKey({self._algorithm.name}, {self._certificate.short_id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing key cannot be pickled or copied: load its file where it is needed")
