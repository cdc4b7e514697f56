"""What was last found out about each certificate: asked by every signature, and by every answer of the gateway.

It is filled in the background. Asking it costs no call over the network.
"""

from __future__ import annotations

from collections.abc import Mapping

from kzeds.certificate import Certificate
from usrec.domain.trust import Subject, TrustPolicy, TrustStatus, TrustVerdict
from usrec.ports.clock import Clock


class TrustBook:
    """Verdicts by certificate. Safe in threads: a new page replaces the old one as a whole.

    A certificate that was revoked stays so until it is found good: an outage, or its own end, does not release it.
    """

    def __init__(self, policy: TrustPolicy, clock: Clock) -> None:
        self.policy = policy
        self._clock = clock
        self._page: Mapping[Subject, TrustVerdict] = {}
        self._by_fingerprint: Mapping[str, TrustVerdict] = {}
        self._revoked: Mapping[str, TrustVerdict] = {}

    @property
    def page(self) -> Mapping[Subject, TrustVerdict]:
        """The newest verdicts."""
        return self._page

    def replace(self, verdicts: Mapping[Subject, TrustVerdict]) -> None:
        """Take a new page."""
        known = {one.fingerprint: verdict for one, verdict in verdicts.items()}
        good = {name for name, verdict in known.items() if verdict.status is TrustStatus.GOOD}
        newly = {name: verdict for name, verdict in known.items() if verdict.status is TrustStatus.REVOKED}
        kept = {name: verdict for name, verdict in self._revoked.items() if name not in good}
        self._revoked = {**kept, **newly}
        self._by_fingerprint = {**known, **self._revoked}
        self._page = {one: self._by_fingerprint[one.fingerprint] for one in verdicts}

    def objection(self, certificate: Certificate) -> str:
        """Why a certificate may not be used now; empty when it may."""
        return self.policy.objection(self._by_fingerprint.get(certificate.fingerprint), self._clock.now())
