"""Who a certificate of the NCA belongs to, what its key may do, and until when.

Source: RFC 5280 and the profile of the NCA of Kazakhstan: serialNumber "IIN" + 12 digits, OU "BIN" + 12 digits,
roles as extended key usages under 1.2.398.3.3.4.1, nonRepudiation on keys that may sign and not on AUTH keys.

The structure is read by asn1crypto, which knows nothing of keys and therefore reads certificates of every algorithm,
GOST included; `verify` is where the algorithm matters. Certificates are compared by their DER bytes, because the NCA's
order of name parts differs from what name strings suggest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from asn1crypto import core, pem
from asn1crypto import x509 as asn1

from kzeds.algorithms import describe_oid, signature_by_uri
from kzeds.der import READER_FAULTS, Extension, extension_value, extensions, moment, number, outer_signature, reread
from kzeds.errors import (
    CertificateExpiredError,
    CertificateNotYetValidError,
    MalformedCertificateError,
    SignatureMismatchError,
    UnsupportedAlgorithmError,
)
from kzeds.roles import Role, roles_of

_COMMON_NAME = "2.5.4.3"
_SERIAL_NUMBER = "2.5.4.5"
_ORGANISATION = "2.5.4.10"
_UNIT = "2.5.4.11"
_KEY_ID = "2.5.29.14"
_KEY_USAGE = "2.5.29.15"
_BASIC_CONSTRAINTS = "2.5.29.19"
_ISSUER_KEY_ID = "2.5.29.35"
_PURPOSES = "2.5.29.37"


@dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """An X.509 certificate; two are equal when their DER bytes are.

    Source: RFC 5280; for `iin`, `bin`, `may_sign` and `roles` the NCA's profile and its published certificates.

    Attributes:
        der: The whole certificate.
        subject_common_name: CN of the subject, "" when it has none.
        iin: The 12 digits of the holder's IIN (serialNumber "IIN..."), or None.
        bin: The 12 digits of the organisation's BIN (OU or serialNumber "BIN..."), or None.
        organisation: O of the subject, or None.
        not_before: First moment of validity, UTC.
        not_after: Last moment of validity, UTC.
        may_sign: Whether the key usage holds nonRepudiation.
        roles: What the NCA says of the holder.
        serial_number: Serial number given by the issuer.
        fingerprint: SHA-256 of the DER bytes, lower-case hex, 64 characters.
        subject: DER of the subject's name.
        issuer: DER of the issuer's name.
        issuer_common_name: CN of the issuer, "" when it has none.
        public_key: DER SubjectPublicKeyInfo; GOST: x, then y, little-endian, 64 or 32 bytes each; RSA: RFC 8017.
        key_oid: Algorithm of the public key, dotted.
        signature_oid: Algorithm of the issuer's signature, dotted.
        signature: The issuer's signature, raw, in the form of `SigningKey.sign`.
        signed_part: DER of the TBSCertificate, which the issuer signed.
        is_authority: Whether it may issue certificates (basicConstraints CA, keyCertSign where usage is given).
        key_id: Subject key identifier, mostly 20 bytes, or None.
        issuer_key_id: Authority key identifier, or None.
        usages: What the key may do by its key usage, in asn1crypto's words ("crl_sign"); None when it has none.
        purposes: Dotted OIDs of the extended key usage.
        extensions: All extensions, by dotted OID.
    """

    der: bytes
    subject_common_name: str = field(compare=False)
    iin: str | None = field(compare=False)
    bin: str | None = field(compare=False)
    organisation: str | None = field(compare=False)
    not_before: datetime = field(compare=False)
    not_after: datetime = field(compare=False)
    may_sign: bool = field(compare=False)
    roles: tuple[Role, ...] = field(compare=False)
    serial_number: int = field(compare=False)
    fingerprint: str = field(compare=False)
    subject: bytes = field(compare=False)
    issuer: bytes = field(compare=False)
    issuer_common_name: str = field(compare=False)
    public_key: bytes = field(compare=False)
    key_oid: str = field(compare=False)
    signature_oid: str = field(compare=False)
    signature: bytes = field(compare=False)
    signed_part: bytes = field(compare=False)
    is_authority: bool = field(compare=False)
    key_id: bytes | None = field(compare=False)
    issuer_key_id: bytes | None = field(compare=False)
    usages: frozenset[str] | None = field(compare=False)
    purposes: tuple[str, ...] = field(compare=False)
    extensions: Mapping[str, Extension] = field(compare=False)

    @classmethod
    def from_der(cls, der: bytes) -> Self:
        """Read the binary form (DER).

        Raises:
            MalformedCertificateError: When the bytes are not one whole certificate.
        """
        try:
            return cls(**_read(der))
        except READER_FAULTS:
            raise MalformedCertificateError("the bytes are not an X.509 certificate that can be read") from None

    @classmethod
    def from_pem(cls, text: bytes) -> Self:
        """Read the text form: the first CERTIFICATE block.

        Raises:
            MalformedCertificateError: When there is no such block or it cannot be read.
        """
        return cls.all_from_pem(text)[0]

    @classmethod
    def all_from_pem(cls, text: bytes) -> list[Self]:
        """Read every CERTIFICATE block of a text, at least one.

        Raises:
            MalformedCertificateError: When there is no such block or one cannot be read.
        """
        try:
            blocks = [der for name, _, der in pem.unarmor(text, multiple=True) if name == "CERTIFICATE"]
        except READER_FAULTS:
            raise MalformedCertificateError("the text holds PEM blocks that cannot be read") from None
        if not blocks:
            raise MalformedCertificateError("the PEM text holds something else than a certificate")
        return [cls.from_der(der) for der in blocks]

    @classmethod
    def load(cls, source: Path | bytes) -> Self:
        """Read the first certificate of a file or of bytes, in either form.

        Raises:
            MalformedCertificateError: When the content is not a certificate; the file is named.
            OSError: When the file cannot be read.
        """
        return cls.load_all(source)[0]

    @classmethod
    def load_all(cls, source: Path | bytes) -> list[Self]:
        """Read every certificate of a file or of bytes, in either form, at least one.

        Raises:
            MalformedCertificateError: When the content is not a certificate; the file is named.
            OSError: When the file cannot be read.
        """
        data = source if isinstance(source, bytes) else source.read_bytes()
        try:
            return cls.all_from_pem(data) if b"-----BEGIN" in data else [cls.from_der(data)]
        except MalformedCertificateError as error:
            where = "" if isinstance(source, bytes) else f"{source}: "
            raise MalformedCertificateError(f"{where}{error}") from None

    def verify(self, signature: bytes, data: bytes, signature_uri: str) -> None:
        """Check a signature that this certificate's key is said to have made.

        Args:
            signature: Raw, in the form of `SigningKey.sign`: GOST 128 or 64 bytes, r, then s, little-endian.
            data: What was signed, not hashed.
            signature_uri: Algorithm, as in ds:SignatureMethod.

        Raises:
            SignatureMismatchError: When they do not fit, one of another length included.
            UnsupportedAlgorithmError: When the algorithm is not built in or is not one for this key.
            MalformedCertificateError: When the certificate's public key cannot be read.
        """
        algorithm = signature_by_uri(signature_uri)
        if algorithm.key_oid != self.key_oid:
            raise UnsupportedAlgorithmError(
                f"the certificate's key {describe_oid(self.key_oid)} cannot make {algorithm.name} signatures",
                identifier=self.key_oid,
            )
        if not algorithm.verify(self.public_key, signature, data):
            raise SignatureMismatchError(
                f"the {algorithm.name} signature was not made by the key of certificate {self.short_id}"
            )

    def require_valid_at(self, at: datetime) -> None:
        """Check the dates for a moment, which is aware.

        Raises:
            CertificateNotYetValidError: When `at` is before the first moment.
            CertificateExpiredError: When `at` is after the last moment.
        """
        if at < self.not_before:
            raise CertificateNotYetValidError(
                f"certificate {self.short_id} is valid only from {self.not_before:%Y-%m-%d %H:%M} UTC"
            )
        if at > self.not_after:
            raise CertificateExpiredError(f"certificate {self.short_id} expired on {self.not_after:%Y-%m-%d %H:%M} UTC")

    @property
    def short_id(self) -> str:
        """The end of the fingerprint: enough to tell certificates apart, and says nothing of their holder."""
        return f"…{self.fingerprint[-12:]}"

    def __repr__(self) -> str:
        return f"Certificate({self.short_id})"


@lru_cache(maxsize=128)
def _read(der: bytes) -> dict[str, Any]:
    """Take a certificate apart; raises any of `READER_FAULTS`. The same few signers come again and again."""
    parsed = asn1.Certificate.load(der, strict=True)
    signed = parsed["tbs_certificate"]
    names = list(_attributes(parsed.subject))
    public_key = reread(signed["subject_public_key_info"])
    extra = extensions(signed["extensions"].contents or b"")
    usages = extension_value(extra, _KEY_USAGE, asn1.KeyUsage)
    purposes = tuple(one.dotted for one in extension_value(extra, _PURPOSES, asn1.ExtKeyUsageSyntax) or ())
    constraints = extension_value(extra, _BASIC_CONSTRAINTS, asn1.BasicConstraints)
    own_id = extension_value(extra, _KEY_ID, core.OctetString)
    issuer_id = extension_value(extra, _ISSUER_KEY_ID, asn1.AuthorityKeyIdentifier)
    return {
        "der": der,
        "subject_common_name": _first(names, _COMMON_NAME) or "",
        "iin": _number(names, "IIN", (_SERIAL_NUMBER,)),
        "bin": _number(names, "BIN", (_UNIT, _SERIAL_NUMBER)),
        "organisation": _first(names, _ORGANISATION),
        "not_before": moment(signed["validity"]["not_before"].native),
        "not_after": moment(signed["validity"]["not_after"].native),
        "may_sign": usages is not None and "non_repudiation" in usages.native,
        "roles": roles_of(purposes),
        "serial_number": number(parsed.serial_number),
        "fingerprint": hashlib.sha256(der).hexdigest(),
        "subject": reread(parsed.subject.chosen),
        "issuer": reread(parsed.issuer.chosen),
        "issuer_common_name": _first(list(_attributes(parsed.issuer)), _COMMON_NAME) or "",
        "public_key": public_key,
        "key_oid": core.Sequence.load(public_key)[0][0].dotted,
        "signature_oid": parsed["signature_algorithm"]["algorithm"].dotted,
        "signature": outer_signature(der, signed, parsed["signature_value"]),
        "signed_part": reread(signed),
        "is_authority": bool(constraints is not None and constraints["ca"].native)
        and (usages is None or "key_cert_sign" in usages.native),
        "key_id": None if own_id is None else own_id.native,
        "issuer_key_id": None if issuer_id is None else issuer_id["key_identifier"].native,
        "usages": None if usages is None else frozenset(usages.native),
        "purposes": purposes,
        "extensions": MappingProxyType(extra),
    }


def _attributes(name: asn1.Name) -> Iterator[tuple[str, str]]:
    for part in name.chosen:
        for attribute in part:
            yield attribute["type"].dotted, str(attribute["value"].native)


def _first(names: list[tuple[str, str]], oid: str) -> str | None:
    return next((value for kind, value in names if kind == oid), None)


def _number(names: list[tuple[str, str]], prefix: str, oids: tuple[str, ...]) -> str | None:
    """Find the one identifier "IIN…"/"BIN…"; two different ones are no identifier at all."""
    pattern = re.compile(rf"{prefix}(\d{{12}})", re.ASCII)
    for oid in oids:
        found = {match[1] for kind, value in names if kind == oid and (match := pattern.fullmatch(value))}
        if found:
            return found.pop() if len(found) == 1 else None
    return None
