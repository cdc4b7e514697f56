"""Whether a certificate was revoked: three answers, of which only one is good.

Source: RFC 5280, section 6.3 (CRL) and RFC 6960 (OCSP). What cannot be told is `UNKNOWN`, with the reason in words; no
outage, no stale list and no doubt about a signature makes a certificate good. :mod:`kzeds.revocation.crl` and
:mod:`kzeds.revocation.ocsp` judge one list or one answer, :mod:`kzeds.revocation.sources` asks servers and the store.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kzeds.certificate import Certificate
from kzeds.der import Extension
from kzeds.errors import CertificateRevokedError, KzedsError, RevocationUnknownError
from kzeds.issued import require_issued

CLOCK_SKEW = timedelta(minutes=5)
"""How much later than ours a server's clock may be."""


class Revocation(enum.StrEnum):
    """The three answers; the last is as bad as the second for whoever has to decide now.

    Source: RFC 6960, 2.2.
    """

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RevocationAnswer:
    """What one source, or several together, say of a certificate.

    Source: RFC 5280, section 6.3, RFC 6960, 2.2.

    Attributes:
        status: The answer.
        source: Who says so: a CRL with its number, an OCSP responder, or both.
        why: One sentence for a person; it names nobody but authorities.
        revoked_at: When it was revoked, UTC; None unless `REVOKED`, or `UNKNOWN` because what says so is too old.
        revocation_reason: As RFC 5280 names it ("key_compromise"); "unspecified" when the source gives none, None as
            above. "certificate_hold" is revoked too: nothing may be accepted while it lasts.
        as_of: Moment that the source speaks of, UTC; None when there is no usable source.
        next_update: When the source promises newer news; None when it promises nothing.
        is_denied: For `UNKNOWN`: whether it outweighs a good answer that is not newer. A responder that does not know
            the certificate does, and so does an answer that is too old to count and says "revoked".
        is_absence: For `GOOD`: whether it is only that a list does not name the certificate. That does not refute a
            responder that does not know it: what was never issued is on no list.
    """

    status: Revocation
    source: str
    why: str
    revoked_at: datetime | None = None
    revocation_reason: str | None = None
    as_of: datetime | None = None
    next_update: datetime | None = None
    is_denied: bool = False
    is_absence: bool = False

    def require_good(self) -> None:
        """Check that the answer is `GOOD`.

        Raises:
            CertificateRevokedError: It is `REVOKED`.
            RevocationUnknownError: It is `UNKNOWN`.
        """
        if self.status is Revocation.REVOKED:
            raise CertificateRevokedError(f"{self.source}: {self.why}")
        if self.status is not Revocation.GOOD:
            raise RevocationUnknownError(f"cannot tell whether the certificate was revoked: {self.source}: {self.why}")


def unknown(source: str, why: str) -> RevocationAnswer:
    """The answer when nothing can be said."""
    return RevocationAnswer(Revocation.UNKNOWN, source, why)


def combine(answers: Iterable[RevocationAnswer]) -> RevocationAnswer:
    """Make one answer of several: revoked wins, then what denies (unless a newer good answer refutes it), then good.

    Of answers that deny, an old "revoked" wins.
    """
    all_of = list(answers)
    revoked = [one for one in all_of if one.status is Revocation.REVOKED]
    good = [one for one in all_of if one.status is Revocation.GOOD]
    denied = [one for one in all_of if one.is_denied and not any(_refutes(other, one) for other in good)]
    denied.sort(key=lambda one: one.revoked_at is None)
    for decisive in (revoked, denied, good):
        if decisive:
            return decisive[0]
    if len(all_of) == 1:
        return all_of[0]
    return unknown(
        ", ".join(one.source for one in all_of) or "no source",
        "; ".join(f"{one.source}: {one.why}" for one in all_of) or "there is no source to ask",
    )


def _refutes(good: RevocationAnswer, denied: RevocationAnswer) -> bool:
    if good.is_absence and denied.revoked_at is None:
        return False
    return good.as_of is not None and denied.as_of is not None and good.as_of > denied.as_of


def answer_or_unknown(source: str, judge: Callable[[], RevocationAnswer]) -> RevocationAnswer:
    """Ask, and take every failure for `UNKNOWN` with its reason."""
    try:
        return judge()
    except KzedsError as error:
        return unknown(source, str(error))


def unless_stale(answer: RevocationAnswer, require: Callable[[], None]) -> RevocationAnswer:
    """The answer, when its dates are right; one that is too old and says "revoked" still denies.

    Args:
        answer: Proven in all but its dates.
        require: Checks them.

    Raises:
        RevocationUnknownError: They are not, and the answer is another one.
    """
    try:
        require()
    except RevocationUnknownError as error:
        if answer.status is not Revocation.REVOKED:
            raise
        return RevocationAnswer(
            Revocation.UNKNOWN,
            answer.source,
            f"{error}; what it says is: {answer.why}",
            revoked_at=answer.revoked_at,
            revocation_reason=answer.revocation_reason,
            as_of=answer.as_of,
            next_update=answer.next_update,
            is_denied=True,
        )
    return answer


def require_fresh(what: str, this_update: datetime, next_update: datetime | None, at: datetime) -> None:
    """Check the dates that the answer itself gives.

    Raises:
        RevocationUnknownError: It is from the future, or past its date.
    """
    if this_update > at + CLOCK_SKEW:
        raise RevocationUnknownError(f"{what} is from the future: {this_update:%Y-%m-%d %H:%M} UTC")
    if next_update is not None and at > next_update:
        raise RevocationUnknownError(f"{what} is stale: its date passed on {next_update:%Y-%m-%d %H:%M} UTC")


def require_young(what: str, this_update: datetime, at: datetime, max_age: timedelta) -> None:
    """Check the caller's own limit.

    Raises:
        RevocationUnknownError: It is older.
    """
    if at - this_update > max_age:
        hours = int(max_age.total_seconds() // 3600)
        raise RevocationUnknownError(
            f"{what} is stale: it is of {this_update:%Y-%m-%d %H:%M} UTC, more than {hours} hours old"
        )


def require_known(what: str, extra: Mapping[str, Extension], known: Collection[str]) -> None:
    """Check that no extension is critical and unknown.

    Raises:
        RevocationUnknownError: One is: what it says could change the meaning of all the rest.
    """
    strange = [oid for oid, one in extra.items() if one.critical and oid not in known]
    if strange:
        raise RevocationUnknownError(f"{what} has a critical extension that is not known here: {strange[0]}")


def require_authority(certificate: Certificate, issuer: Certificate, at: datetime) -> None:
    """Check that `issuer` may be asked about `certificate`: it issued it, and is within its dates.

    Raises:
        KzedsError: It may not.
    """
    require_issued(certificate, issuer)
    issuer.require_valid_at(at)
