"""Whether a certificate was revoked, by the authorities and servers of the settings.

Every authority that the settings name is trusted as such. Whether an authority was itself revoked is asked only where
the settings name a list of the authority above it: without one there is nobody to ask, and naming it was a decision.
A certificate counts as issued by one of them only where that is proven: one whose signature cannot be checked, or is
too weak to prove anything, was issued by nobody.
What says "revoked" holds although it is too old for anything else, until somebody says "good" later than that.
Source: RFC 5280, section 6; decision 9.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from kzeds.certificate import Certificate
from kzeds.errors import CertificateExpiredError, CertificateNotYetValidError, KzedsError
from kzeds.revocation.answer import RevocationAnswer
from kzeds.revocation.sources import CrlServer, OcspServer, RevocationSource, StoredAnswers, check_revocation
from kzeds.trust import require_chain
from usrec.domain.trust import TrustStatus, TrustVerdict

_OUT_OF_DATE = (CertificateExpiredError, CertificateNotYetValidError)
_WORST_FIRST = (TrustStatus.REVOKED, TrustStatus.UNKNOWN, TrustStatus.GOOD)


@dataclass(frozen=True, slots=True)
class CertificateJudge:
    """Implements the trust port. Safe in threads.

    Attributes:
        authorities: Trusted ones.
        stored: What was fetched or imported before.
        ocsp: The responder for holders' certificates, or None.
        lists: Servers of lists, by fingerprint of the authority that makes them.
        fetches_lists: Whether these are asked; otherwise only what is stored counts.
    """

    authorities: Collection[Certificate]
    stored: StoredAnswers
    ocsp: OcspServer | None
    lists: Mapping[str, CrlServer]
    fetches_lists: bool = True

    def judge(self, certificate: bytes, *, at: datetime) -> TrustVerdict:
        """Ask every source about a DER certificate."""
        return self._judge(certificate, at, recall=False)

    def recall(self, certificate: bytes, *, at: datetime) -> TrustVerdict:
        """Say what is stored on this machine."""
        return self._judge(certificate, at, recall=True)

    def chain_of(self, certificate: Certificate, at: datetime) -> Sequence[Certificate]:
        """The certificate and its authorities.

        Raises:
            KzedsError: There is no chain to a trusted authority, or one of it is not valid at ``at``.
        """
        return require_chain(certificate, self.authorities, at=at)

    def _judge(self, der: bytes, at: datetime, *, recall: bool) -> TrustVerdict:
        """A verdict, whatever comes from servers that anybody on the way may speak for."""
        try:
            return self._asked(der, at, recall=recall)
        except Exception as problem:  # noqa: BLE001 -- an answer that breaks its reader must not stop the agent
            return TrustVerdict(TrustStatus.UNKNOWN, f"the look-up itself broke ({type(problem).__name__})", at)

    def _asked(self, der: bytes, at: datetime, *, recall: bool) -> TrustVerdict:
        try:
            certificate = Certificate.from_der(der)
        except KzedsError as error:
            return TrustVerdict(TrustStatus.UNKNOWN, str(error), at)
        try:
            chain = self.chain_of(certificate, at)
        except _OUT_OF_DATE as error:
            return self._out_of_date(certificate, at, str(error))
        except KzedsError as error:
            return TrustVerdict(TrustStatus.UNTRUSTED, str(error), at)
        if len(chain) < 2:
            what = "it is one of the trusted authorities itself, which issued it to nobody"
            return TrustVerdict(TrustStatus.UNTRUSTED, what, at)
        answers = self._answers(chain, at, recall=recall)
        return _verdict(min(answers, key=lambda one: _WORST_FIRST.index(_status(one))), at)

    def _out_of_date(self, certificate: Certificate, at: datetime, why: str) -> TrustVerdict:
        """What is to be said beyond its dates: whether an authority issued it, and what is stored of a revocation.

        Its end does not release a revoked certificate, nor does that of its authority, nor a restart after it.
        """
        within = min(max(at, certificate.not_before), certificate.not_after)
        for moment in (within, certificate.not_before):
            try:
                chain = self.chain_of(certificate, moment)
            except _OUT_OF_DATE:
                continue
            except KzedsError as error:
                return TrustVerdict(TrustStatus.UNTRUSTED, str(error), at)
            for answer in self._answers(chain, moment, recall=True):
                if _status(answer) is TrustStatus.REVOKED:
                    return _verdict(answer, at)
        return TrustVerdict(TrustStatus.UNKNOWN, why, at)

    def _answers(self, chain: Sequence[Certificate], at: datetime, *, recall: bool) -> Sequence[RevocationAnswer]:
        """About the holder, and about each authority of which a list is named; a revoked one ends the asking."""
        answers: list[RevocationAnswer] = []
        for place, (certificate, issuer) in enumerate(pairwise(chain)):
            if place and issuer.fingerprint not in self.lists:
                continue
            sources = self._sources(issuer, is_holder=place == 0, recall=recall)
            answers.append(check_revocation(certificate, issuer, sources, at=at))
            if _status(answers[-1]) is TrustStatus.REVOKED:
                break
        return answers

    def _sources(self, issuer: Certificate, *, is_holder: bool, recall: bool) -> Sequence[RevocationSource]:
        found: list[RevocationSource] = []
        if not recall and is_holder and self.ocsp is not None:
            found.append(self.ocsp)
        if not recall and self.fetches_lists and issuer.fingerprint in self.lists:
            found.append(self.lists[issuer.fingerprint])
        return [*found, self.stored]


def _status(answer: RevocationAnswer) -> TrustStatus:
    return TrustStatus.REVOKED if answer.revoked_at is not None else TrustStatus(answer.status.value)


def _verdict(answer: RevocationAnswer, at: datetime) -> TrustVerdict:
    return TrustVerdict(
        _status(answer),
        answer.why,
        at,
        source=answer.source,
        as_of=answer.as_of,
        revoked_at=answer.revoked_at,
    )
