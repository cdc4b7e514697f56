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

    Source: the NCA's profile (keyUsage nonRepudiation on keys that sign); the forms of signatures: see `sign`.
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
        """The raw signature over `data`, which is hashed here; without any ASN.1 around it.

        | key | hash | bytes | form |
        |---|---|---|---|
        | GOST 34.310-2015, 512 bit | Streebog-512 | 128 | r, then s, 64 bytes each, little-endian |
        | GOST 34.310-2004 | GOST 34.311-95 | 64 | r, then s, 32 bytes each, little-endian |
        | RSA | SHA-256 | as the modulus: 256 for 2048 bits | PKCS#1 v1.5, big-endian |

        A GOST signature in this form is the reverse, byte by byte, of what other GOST programs write (s, then r,
        big-endian). It differs each time, because a fresh random number goes into it; one of RSA does not.

        Source: the NCA's own provider and certificates for the order of bytes; RFC 7091 (GOST), RFC 8017, 8.2 (RSA).

        Raises:
            TokenError: Of a key in a token only (`kzeds.open_token_key`): it refused.
            SignerUnreachableError: Likewise: it is gone.
            SignerUntrustworthyError: Likewise: what it gave is no signature by this key.
        """
        return self._sign(data)

    def require_may_sign(self, at: datetime) -> None:
        """Check that a signature made with this key at `at` would count.

        Raises:
            KeyMayNotSignError: When the certificate lacks nonRepudiation (an AUTH key).
            CertificateExpiredError: When the certificate's last day has passed.
            CertificateNotYetValidError: When its first day has not come.
            TypeError: When `at` has no time zone.
        """
        require_may_sign(self._certificate, at)

    def __repr__(self) -> str:
        return f"SigningKey({self._algorithm.name}, {self._certificate.short_id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing key cannot be pickled or copied: load its file where it is needed")
