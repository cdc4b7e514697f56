"""Whether a certificate may still be believed: what was found out about its revocation, and what that forbids.

Source: RFC 5280 and RFC 6960 for the three answers, of which only one is good. USREC refuses a revoked key (SCSE001).
That an unknown answer does not stop our own keys by default is decision 9: USREC judges them itself, and an entry that
is late is an offence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class TrustStatus(StrEnum):
    """What is known of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """Nobody could be asked, or what was answered is too old or proves nothing."""
    UNTRUSTED = "untrusted"
    """None of the authorities that the settings trust issued it."""


class UnknownPolicy(StrEnum):
    """What becomes of a certificate of which nobody can tell."""

    WARN = "warn"
    REFUSE = "refuse"


class SubjectKind(StrEnum):
    """Whose certificate it is."""

    EMPLOYER = "employer"
    TRANSPORT = "transport"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class TrustVerdict:
    """What was found out about a certificate.

    Attributes:
        why: One sentence; it names nobody but authorities and servers.
        judged_at: When it was looked up, UTC.
        source: Who says so: a list with its number, a responder; empty where nobody could be asked.
        as_of: Moment that the source speaks of, UTC; None without a usable source.
        revoked_at: When it was revoked, UTC; None unless it was.
    """

    status: TrustStatus
    why: str
    judged_at: datetime
    source: str = ""
    as_of: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A certificate that is in use here.

    Attributes:
        name: The employer's in the settings; ``response`` for the certificate that the gateway's answers are held to.
        fingerprint: SHA-256 of the certificate, lower-case hex.
        der: The certificate.
    """

    kind: SubjectKind
    name: str
    fingerprint: str
    serial: str
    der: bytes


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """What a verdict forbids.

    Attributes:
        unknown: What becomes of a certificate of which nobody can tell.
        interval: How often it is looked.
    """

    unknown: UnknownPolicy
    interval: timedelta

    def objection(self, verdict: TrustVerdict | None, at: datetime) -> str:
        """Why a certificate may not be used at a moment; empty when it may."""
        if verdict is not None and verdict.status is TrustStatus.REVOKED:
            return f"the certificate was revoked ({verdict.source}: {verdict.why})"
        if self.unknown is UnknownPolicy.WARN:
            return ""
        if verdict is None:
            return "it was not looked up yet whether the certificate was revoked"
        if verdict.status is not TrustStatus.GOOD:
            return f"nobody can tell whether the certificate was revoked: {verdict.why}"
        if at - verdict.judged_at > 3 * self.interval:
            return f"it was not looked up since {verdict.judged_at:%Y-%m-%dT%H:%MZ} whether the certificate was revoked"
        return ""


def worth_telling(verdicts: Mapping[Subject, TrustVerdict]) -> Mapping[Subject, TrustVerdict]:
    """Those that somebody has to know of."""
    return {one: verdict for one, verdict in verdicts.items() if verdict.status is not TrustStatus.GOOD}
