"""Certificate revocation lists: the NCA's complete ones and its deltas.

Source: RFC 5280, sections 5 and 6.3. Read are lists of one authority over all of its own certificates, which is what
the NCA publishes. Lists for other authorities' certificates (indirect), for some certificates or reasons only
(issuingDistributionPoint), and with critical extensions that are not known here leave the answer `UNKNOWN`.

Entries are walked over as bytes: a list may have hundreds of thousands of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asn1crypto import core, pem
from asn1crypto import crl as asn1
from asn1crypto import x509 as asn1_x509

from kzeds import der
from kzeds.certificate import Certificate
from kzeds.der import READER_FAULTS, Extension, extension_value, extensions, moment, octets, reread, sequence, spans
from kzeds.errors import MalformedAnswerError, RevocationUnknownError
from kzeds.issued import require_signature
from kzeds.revocation.answer import (
    Revocation,
    RevocationAnswer,
    answer_or_unknown,
    require_authority,
    require_fresh,
    require_known,
    require_young,
    unless_stale,
)

MAXIMUM_SIZE = 64_000_000
"""Bytes of a list that is read."""

MAXIMUM_AGE = timedelta(days=7)
"""How old a list may be unless the caller says otherwise; the NCA's own dates allow half a year."""

_NUMBER = "2.5.29.20"
_REASON = "2.5.29.21"
_DELTA = "2.5.29.27"
_SCOPE = "2.5.29.28"
_ISSUER_KEY_ID = "2.5.29.35"
_KNOWN = {_NUMBER, _DELTA, _ISSUER_KEY_ID}
_KNOWN_OF_ENTRY = {_REASON, "2.5.29.24"}
_CRITICAL = b"\x01\x01\xff"

_proven: set[bytes] = set()
"""Digests of lists, each with its authority, whose signatures fit: the hash of a large list takes its time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A certificate on a list."""

    revoked_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A CRL that could be read; nothing of it is proven until `require_from`.

    Attributes:
        issuer: DER name of the authority.
        number: CRL number, or None.
        base_number: For a delta: the number of the complete list that it adds to; None for a complete list.
        this_update: When it was made, UTC.
        next_update: When the next one will be there at the latest, UTC.
        issuer_key_id: Key identifier of the authority, or None.
        extensions: All of the list's own.
    """

    issuer: bytes
    number: int | None
    base_number: int | None
    this_update: datetime
    next_update: datetime | None
    issuer_key_id: bytes | None
    extensions: Mapping[str, Extension]
    signature_oid: str
    signature: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)
    entries: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What a person calls it."""
        kind = "CRL" if self.base_number is None else "delta CRL"
        return kind if self.number is None else f"{kind} no. {self.number}"

    def require_from(self, issuer: Certificate) -> None:
        """Check that this authority made the list, and that it covers all of the authority's certificates.

        Raises:
            RevocationUnknownError: It is of another authority, or covers something else.
            WeakAlgorithmError: The signature is too weak.
            UnsupportedAlgorithmError: Its algorithm is not built in.
            SignatureMismatchError: The authority did not sign it.
        """
        other_key = None not in (self.issuer_key_id, issuer.key_id) and self.issuer_key_id != issuer.key_id
        if self.issuer != issuer.subject or other_key:
            raise RevocationUnknownError(f"the {self.name} is of another authority")
        if issuer.usages is not None and "crl_sign" not in issuer.usages:
            raise RevocationUnknownError(f"the authority of the {self.name} may not sign lists")
        self._require_signature(issuer)
        if _SCOPE in self.extensions:
            raise RevocationUnknownError(f"the {self.name} covers a part of the certificates only, or others' too")
        require_known(f"the {self.name}", self.extensions, _KNOWN)

    def find(self, serial_number: int) -> Entry | None:
        """Look a serial number up.

        Raises:
            RevocationUnknownError: The entry, or another one, has a critical extension that is not known.
            MalformedAnswerError: The entries cannot be read.
        """
        wanted = core.Integer(serial_number).dump()
        if wanted not in self.entries and _CRITICAL not in self.entries:
            return None
        try:
            found = [content for content in self._each() if self._is(wanted, content)]
            return _entry(found[-1]) if found else None
        except READER_FAULTS:
            raise MalformedAnswerError(f"the entries of the {self.name} cannot be read") from None

    def _each(self) -> Iterator[bytes]:
        return (self.entries[inside:end] for _, inside, end in spans(self.entries))

    def _is(self, wanted: bytes, content: bytes) -> bool:
        if _CRITICAL in content:
            require_known(f"an entry of the {self.name}", _entry_extensions(content), _KNOWN_OF_ENTRY)
        return content.startswith(wanted)

    def _require_signature(self, issuer: Certificate) -> None:
        parts = (self.signed_part, self.signature, self.signature_oid.encode(), issuer.der)
        proof = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
        if proof in _proven:
            return
        require_signature(issuer, self.signature_oid, self.signature, self.signed_part, what=self.name)
        if len(_proven) >= 1000:
            _proven.clear()
        _proven.add(proof)


def read_crl(data: bytes) -> RevocationList:
    """Read a list in DER or PEM.

    Raises:
        MalformedAnswerError: The bytes are no list, or too many.
    """
    if len(data) > MAXIMUM_SIZE:
        raise MalformedAnswerError(f"the CRL has more than {MAXIMUM_SIZE} bytes")
    try:
        return _read(_without_armor(data))
    except READER_FAULTS:
        raise MalformedAnswerError("the bytes are not a CRL that can be read") from None


def judge_crl(
    certificate: Certificate,
    issuer: Certificate,
    crl: bytes | RevocationList,
    *,
    at: datetime,
    delta: bytes | RevocationList | None = None,
    max_age: timedelta = MAXIMUM_AGE,
) -> RevocationAnswer:
    """Say what a complete list, with a delta or without, says of a certificate; never raises a `KzedsError`.

    Source: RFC 5280, sections 5 and 6.3. The list's signature has the form of `SigningKey.sign` (GOST: 128 or 64 bytes,
    r, then s, little-endian).

    Args:
        certificate: The one in question.
        issuer: The authority that issued it; the caller trusts it.
        crl: The complete list, DER or PEM, at most 64 000 000 bytes.
        at: The moment of the question, aware.
        delta: What was added since; its numbers must fit, and then `max_age` is about it alone.
        max_age: Older lists leave the answer `UNKNOWN`, whatever they promise themselves.
    """

    def judge() -> RevocationAnswer:
        base = read_crl(crl) if isinstance(crl, bytes) else crl
        newer = read_crl(delta) if isinstance(delta, bytes) else delta
        require_authority(certificate, issuer, at)
        base.require_from(issuer)
        if base.base_number is not None:
            raise RevocationUnknownError("a delta CRL alone does not tell; the complete list is missing")
        if newer is None:
            answer = _answer(base, base.find(certificate.serial_number), certificate)
            return unless_stale(answer, lambda: _require_dates(base, base, at, max_age))
        newer.require_from(issuer)
        _require_follows(newer, base)
        answer = _answer(newer, _merged(base, newer, certificate.serial_number), certificate)
        return unless_stale(answer, lambda: _require_dates(base, newer, at, max_age))

    return answer_or_unknown("CRL", judge)


def _require_dates(base: RevocationList, newest: RevocationList, at: datetime, max_age: timedelta) -> None:
    for some in (base, newest):
        if some.next_update is None:
            raise RevocationUnknownError(f"the {some.name} does not say until when it holds")
        require_fresh(f"the {some.name}", some.this_update, some.next_update, at)
    require_young(f"the {newest.name}", newest.this_update, at, max_age)


def _require_follows(delta: RevocationList, base: RevocationList) -> None:
    """Check that the delta was made for this complete list or an older one (RFC 5280, 5.2.4)."""
    if delta.base_number is None:
        raise RevocationUnknownError("the second list is not a delta CRL")
    if base.number is None or delta.number is None or not delta.base_number <= base.number <= delta.number:
        raise RevocationUnknownError(f"the {delta.name} does not fit the {base.name}")


def _merged(base: RevocationList, delta: RevocationList, serial_number: int) -> Entry | None:
    """The entry that holds; only a certificate on hold can come back."""
    old, new = base.find(serial_number), delta.find(serial_number)
    if new is None:
        return old
    if new.reason != "remove_from_crl":
        return new
    return None if old is None or old.reason == "certificate_hold" else old


def _answer(some: RevocationList, entry: Entry | None, certificate: Certificate) -> RevocationAnswer:
    source = f"{some.name} of {certificate.issuer_common_name or 'the issuer'}"
    if entry is None:
        return RevocationAnswer(
            Revocation.GOOD, source, "not on the list", as_of=some.this_update, next_update=some.next_update
        )
    return RevocationAnswer(
        Revocation.REVOKED,
        source,
        f"revoked on {entry.revoked_at:%Y-%m-%d %H:%M} UTC ({entry.reason})",
        revoked_at=entry.revoked_at,
        revocation_reason=entry.reason,
        as_of=some.this_update,
        next_update=some.next_update,
    )


def _without_armor(data: bytes) -> bytes:
    if b"-----BEGIN" not in data[:100]:
        return data
    name, _, der = pem.unarmor(data)
    if name != "X509 CRL":
        raise ValueError("PEM of something else")
    return bytes(der)


def _read(der: bytes) -> RevocationList:
    parsed = asn1.CertificateList.load(der, strict=True)
    signed = parsed["tbs_cert_list"]
    if reread(signed["signature"]) != reread(parsed["signature_algorithm"]):
        raise ValueError("the list names two algorithms")
    extra = extensions(signed["crl_extensions"].contents or b"")
    next_update = signed["next_update"].native
    issuer_key = extension_value(extra, _ISSUER_KEY_ID, asn1_x509.AuthorityKeyIdentifier)
    return RevocationList(
        issuer=reread(signed["issuer"].chosen),
        number=_native(extra, _NUMBER),
        base_number=_native(extra, _DELTA),
        this_update=moment(signed["this_update"].native),
        next_update=None if next_update is None else moment(next_update),
        issuer_key_id=None if issuer_key is None else issuer_key["key_identifier"].native,
        extensions=extra,
        signature_oid=parsed["signature_algorithm"]["algorithm"].dotted,
        signature=octets(parsed["signature"]),
        signed_part=reread(signed),
        entries=bytes(signed["revoked_certificates"].contents or b""),
    )


def _native(extra: Mapping[str, Extension], oid: str) -> int | None:
    value = extension_value(extra, oid, core.Integer)
    return None if value is None else der.number(value.native)


def _entry(content: bytes) -> Entry:
    parsed = asn1.RevokedCertificate.load(sequence(content), strict=True)
    extra = _entry_extensions(content)
    reason = str(extension_value(extra, _REASON, asn1.CRLReason).native) if _REASON in extra else "unspecified"
    return Entry(moment(parsed["revocation_date"].native), reason)


def _entry_extensions(content: bytes) -> dict[str, Extension]:
    parts = [content[inside:end] for _, inside, end in spans(content)]
    return extensions(parts[2]) if len(parts) > 2 else {}
