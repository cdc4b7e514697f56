"""Checking heads' signatures and timestamps, and having timestamps made (RFC 5652, RFC 3161)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kzeds.certificate import Certificate
from kzeds.cms import verify_detached
from kzeds.errors import KzedsError
from kzeds.fetching import Fetch
from kzeds.timestamp import verify_timestamp
from kzeds.trust import require_chain
from kzeds.tsp import fetch_timestamp
from usrec.domain.chain_head import read_statement
from usrec.domain.errors import StampRefused
from usrec.ports.chain import SignedHead
from usrec.ports.clock import Clock
from usrec.ports.head_signer import CheckedSignature

_OTHER: Final = "its statement is about another batch"
_CERTIFICATE: Final = "it was made with another certificate than it names"


@dataclass(frozen=True, slots=True)
class CmsHeadChecker:
    """The ``HeadChecker`` port.

    Attributes:
        authorities: Those trusted for timestamps; without any, timestamps are not checked.
        issuers: Those whose certificates are believed; None leaves the signers' issuers unchecked.
    """

    clock: Clock
    authorities: Collection[Certificate] = ()
    issuers: Collection[Certificate] | None = None

    def check(self, head: SignedHead) -> CheckedSignature:
        """The statement is about this batch, the signature is over the statement, the timestamp over the signature."""
        try:
            told = read_statement(head.statement)
            certificate = verify_detached(head.signature, head.statement.encode(), trusted=None).certificate
        except (ValueError, KzedsError) as problem:
            return CheckedSignature("", str(problem))
        signer = describe_signer(certificate)
        if (told.batch, told.hash) != (head.number, head.hash):
            return CheckedSignature(signer, _OTHER)
        if certificate.fingerprint != head.certificate:
            return CheckedSignature(signer, _CERTIFICATE)
        try:
            self._require_standing(certificate, told.at)
        except KzedsError as problem:
            return CheckedSignature(signer, str(problem))
        return self._stamped(head, signer)

    def _require_standing(self, certificate: Certificate, at: datetime) -> None:
        """Check the certificate's dates for the head's own time, and its issuer where issuers are named."""
        if self.issuers is None:
            certificate.require_valid_at(at)
        else:
            require_chain(certificate, self.issuers, at=at)

    def _stamped(self, head: SignedHead, signer: str) -> CheckedSignature:
        if head.timestamp is None or not self.authorities:
            return CheckedSignature(signer)
        try:
            stamp = verify_timestamp(head.timestamp, head.signature, self.authorities, at=self.clock.now())
        except KzedsError as problem:
            return CheckedSignature(signer, stamp_wrong=str(problem))
        return CheckedSignature(signer, stamped_at=stamp.time)


def describe_signer(certificate: Certificate) -> str:
    """Whose certificate it is, without a person's name or number."""
    holder = f"BIN {certificate.bin}, " if certificate.bin else ""
    return f"{holder}certificate {certificate.short_id}"


@dataclass(frozen=True, slots=True)
class TspHeadStamper:
    """The ``HeadStamper`` port.

    Attributes:
        hash_name: As :func:`kzeds.tsp.make_request` takes it.
        policy: OID, None for the authority's own choice.
    """

    url: str
    fetch: Fetch
    authorities: Collection[Certificate]
    clock: Clock
    hash_name: str = "sha256"
    policy: str | None = None

    def stamp(self, signature: bytes) -> bytes:
        """Ask, check and return the token."""
        try:
            return fetch_timestamp(
                signature,
                self.url,
                self.fetch,
                self.authorities,
                at=self.clock.now,
                hash_name=self.hash_name,
                policy=self.policy,
            ).token
        except KzedsError as problem:
            raise StampRefused(
                f"the journal's head got no timestamp: {problem}",
                where=self.url,
                kept="The head is signed and kept without one",
                next_step="Check [journal.timestamp]; the next head asks again by itself",
            ) from None
