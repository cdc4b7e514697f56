"""Part of the composition root: signing packages for owners who sign by hand, by the settings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from usrec.domain.trust import TrustPolicy, TrustStatus, UnknownPolicy
from usrec.settings import LoadedSettings

if TYPE_CHECKING:
    from kzeds.certificate import Certificate
    from usrec.adapters.signing.packages import KzedsPackages, Objection

_log = structlog.get_logger("usrec.packages")


def build_packages(settings: LoadedSettings) -> KzedsPackages:
    """What writes signing packages and judges what comes back from an owner.

    Authorities of ``[trust]`` are read when a certificate is judged; a ``ConfigurationError`` then.
    """
    from usrec.adapters.signing.packages import KzedsPackages

    owners = {one.bin: one.owner for one in settings.values.employer.values() if one.owner is not None}
    pinned = {
        bin_: frozenset({owner.certificate, *owner.further_certificates})
        for bin_, owner in owners.items()
        if owner.certificate is not None
    }
    return KzedsPackages(pinned, _objection(settings))


def unproven_owners(settings: LoadedSettings) -> Collection[str]:
    """The employers' BINs for which any certificate with their number is taken: nothing says who issued it."""
    if settings.values.trust is not None:
        return ()
    known = {one.bin for one in settings.values.employer.values() if one.owner is not None and one.owner.certificate}
    return {one.bin for one in settings.values.employer.values()} - known


def _objection(settings: LoadedSettings) -> Objection:
    """What ``[trust]`` says of a certificate. It came from outside, so one that nobody trusted issued never counts."""
    from usrec.revocation import build_judge

    trust = settings.values.trust
    if trust is None:
        return lambda _, __: ""
    policy = TrustPolicy(UnknownPolicy(trust.unknown), trust.interval)

    def objection(certificate: Certificate, at: datetime) -> str:
        judge = build_judge(settings)
        if judge is None:
            return ""
        verdict = judge.judge(certificate.der, at=at)
        if verdict.status is TrustStatus.UNTRUSTED:
            return f"no authority that the settings trust issued the certificate: {verdict.why}"
        why = policy.objection(verdict, at)
        if not why and verdict.status is TrustStatus.UNKNOWN:
            _log.warning(
                f"nobody can tell whether the signer's certificate was revoked; it is taken: {verdict.why}",
                action="package.revocation_unknown",
                serial=f"{certificate.serial_number:x}",
            )
        return why

    return objection
