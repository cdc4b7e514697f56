"""Whoever knows whether a certificate was revoked."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from usrec.domain.trust import TrustVerdict


class TrustJudge(Protocol):
    """Looks certificates up; it answers with a verdict, whatever goes wrong on the way."""

    def judge(self, certificate: bytes, *, at: datetime) -> TrustVerdict:
        """Ask every source about a DER certificate; this may take as long as the servers' timeouts allow."""
        ...

    def recall(self, certificate: bytes, *, at: datetime) -> TrustVerdict:
        """Say what is stored on this machine, asking nobody."""
        ...
