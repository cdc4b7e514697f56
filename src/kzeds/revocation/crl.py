"""What the NCA's complete revocation lists and its deltas say of a certificate.

Source: RFC 5280, section 6.3. What cannot be told leaves the answer `UNKNOWN`; a list that names a certificate is
believed even where it could not prove that another one is good.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from kzeds.certificate import Certificate
from kzeds.errors import RevocationUnknownError
from kzeds.revocation.answer import (
    Revocation,
    RevocationAnswer,
    answer_or_unknown,
    combine,
    require_authority,
    require_fresh,
    require_young,
    unless_stale,
)
from kzeds.revocation.crl_list import REMOVED, Entry, RevocationList, read_crl

MAXIMUM_AGE = timedelta(days=7)
"""How old a list may be unless the caller says otherwise; the NCA's own dates allow half a year."""

_NO_COMPLETE_LIST = "a delta CRL alone does not tell; the complete list is missing"


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
        delta: What was added since; its numbers must fit, and then `max_age` is about it alone. One that is ahead of
            the complete list tells only of certificates that it names; one that cannot be used takes no revocation
            of the complete list back.
        max_age: Older lists leave the answer `UNKNOWN`, whatever they promise themselves.
    """

    def judge() -> RevocationAnswer:
        base = read_crl(crl) if isinstance(crl, bytes) else crl
        require_authority(certificate, issuer, at)
        base.require_from(issuer)
        if base.base_number is not None:
            return _named(base, certificate, at, max_age, _NO_COMPLETE_LIST)
        alone = _answer(base, base.find(certificate.serial_number), certificate)
        if delta is not None:
            answer = answer_or_unknown("CRL", partial(with_delta, base, delta))
            if answer.status is not Revocation.UNKNOWN or alone.status is not Revocation.REVOKED:
                return answer
            return combine([answer, unless_stale(alone, lambda: _require_dates(base, base, at, max_age))])
        return unless_stale(alone, lambda: _require_dates(base, base, at, max_age))

    def with_delta(base: RevocationList, delta: bytes | RevocationList) -> RevocationAnswer:
        newer = read_crl(delta) if isinstance(delta, bytes) else delta
        newer.require_from(issuer)
        if newer.base_number is None:
            raise RevocationUnknownError("the second list is not a delta CRL")
        if not _follows(newer, newer.base_number, base):
            if _is_older(newer, base):
                raise RevocationUnknownError(f"the {newer.name} is older than the {base.name}")
            return _named(newer, certificate, at, max_age, f"the {newer.name} does not fit the {base.name}")
        answer = _answer(newer, _merged(base, newer, certificate.serial_number), certificate)
        return unless_stale(answer, lambda: _require_dates(base, newer, at, max_age))

    return answer_or_unknown("CRL", judge)


def _require_dates(base: RevocationList, newest: RevocationList, at: datetime, max_age: timedelta) -> None:
    for some in (base, newest):
        if some.next_update is None:
            raise RevocationUnknownError(f"the {some.name} does not say until when it holds")
        require_fresh(f"the {some.name}", some.this_update, some.next_update, at)
    require_young(f"the {newest.name}", newest.this_update, at, max_age)


def _follows(delta: RevocationList, base_number: int, base: RevocationList) -> bool:
    """Say whether the delta was made for this complete list or an older one (RFC 5280, 5.2.4)."""
    return base.number is not None and delta.number is not None and base_number <= base.number <= delta.number


def _is_older(delta: RevocationList, base: RevocationList) -> bool:
    if delta.number is None or base.number is None:
        return delta.this_update < base.this_update
    return delta.number < base.number


def _named(
    delta: RevocationList, certificate: Certificate, at: datetime, max_age: timedelta, otherwise: str
) -> RevocationAnswer:
    """What a delta tells without its complete list: that a certificate was revoked which it names.

    Raises:
        RevocationUnknownError: It does not name it as revoked, with the words of `otherwise`; or its dates are wrong.
    """
    entry = delta.find(certificate.serial_number)
    if entry is None or entry.reason == REMOVED:
        raise RevocationUnknownError(otherwise)
    return unless_stale(_answer(delta, entry, certificate), lambda: _require_dates(delta, delta, at, max_age))


def _merged(base: RevocationList, delta: RevocationList, serial_number: int) -> Entry | None:
    """The entry that holds; only a certificate on hold can come back."""
    old, new = base.find(serial_number), delta.find(serial_number)
    if new is None:
        return old
    if new.reason != REMOVED:
        return new
    return None if old is None or old.reason == "certificate_hold" else old


def _answer(some: RevocationList, entry: Entry | None, certificate: Certificate) -> RevocationAnswer:
    source = f"{some.name} of {certificate.issuer_common_name or 'the issuer'}"
    if entry is None:
        return RevocationAnswer(
            Revocation.GOOD,
            source,
            "not on the list",
            as_of=some.this_update,
            next_update=some.next_update,
            is_absence=True,
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
