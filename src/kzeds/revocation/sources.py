"""Where revocation is asked about: servers, and the store of what was fetched or imported.

Addresses are the caller's. Certificates name some, too, but not always the right ones (one of the NCA's own test
certificates points to the list of another authority), and a certificate that is in doubt must not choose its judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError
from kzeds.fetching import Fetch
from kzeds.revocation import crl, ocsp
from kzeds.revocation.answer import Revocation, RevocationAnswer, answer_or_unknown, combine, unknown
from kzeds.revocation.store import RevocationStore

_WORST_FIRST = (Revocation.REVOKED, Revocation.UNKNOWN, Revocation.GOOD)


class RevocationSource(Protocol):
    """Something that can be asked; it answers `UNKNOWN` rather than raise a `KzedsError`."""

    def ask(self, certificate: Certificate, issuer: Certificate, *, at: datetime) -> RevocationAnswer:
        """Say whether the certificate was revoked, as far as is known at `at`."""
        ...


@dataclass(frozen=True, slots=True)
class StoredAnswers:
    """What lies in the store, and nothing else: for networks that reach no server.

    Source: RFC 5280, section 6.3, RFC 6960, 3.2; the age limits are ours.

    Attributes:
        store: Where it lies.
        crl_max_age: Older lists are `UNKNOWN`; 7 days unless you say otherwise.
        ocsp_max_age: The same for answers of OCSP; a day.
    """

    store: RevocationStore
    crl_max_age: timedelta = crl.MAXIMUM_AGE
    ocsp_max_age: timedelta = ocsp.MAXIMUM_AGE

    def ask(self, certificate: Certificate, issuer: Certificate, *, at: datetime) -> RevocationAnswer:
        """Say what the stored list and the stored OCSP answer say together; never raises a `KzedsError`."""
        return combine(
            self.store.judge(certificate, issuer, at=at, crl_max_age=self.crl_max_age, ocsp_max_age=self.ocsp_max_age)
        )


@dataclass(frozen=True, slots=True)
class OcspServer:
    """An OCSP responder, asked each time; its answers are stored when there is a store.

    Source: RFC 6960, RFC 8954 (nonce of 16 bytes).

    Attributes:
        fetch: How to ask (`HttpFetch`).
        url: Where, http or https.
        store: Where its answers are kept for `StoredAnswers`, or None.
        max_age: Older answers are `UNKNOWN`; a day unless you say otherwise.
        hash_name: "sha256" or "sha1", for responders that know nothing else.
    """

    fetch: Fetch
    url: str
    store: RevocationStore | None = None
    max_age: timedelta = ocsp.MAXIMUM_AGE
    hash_name: str = "sha256"

    def ask(self, certificate: Certificate, issuer: Certificate, *, at: datetime) -> RevocationAnswer:
        """Ask the responder, with a nonce.

        Whatever goes wrong is `UNKNOWN` with its reason: no `KzedsError` is raised, and what cannot be stored is not.
        """
        return answer_or_unknown("OCSP", lambda: self._ask(certificate, issuer, at))

    def _ask(self, certificate: Certificate, issuer: Certificate, at: datetime) -> RevocationAnswer:
        request = ocsp.make_request(certificate, issuer, hash_name=self.hash_name)
        data = self.fetch(self.url, request.der, content_type=ocsp.REQUEST_TYPE)
        answer = ocsp.judge_ocsp(certificate, issuer, data, at=at, nonce=request.nonce, max_age=self.max_age)
        if self.store is not None and answer.status is not Revocation.UNKNOWN:
            with suppress(KzedsError, OSError):
                self.store.put_answer(certificate, issuer, data, at=at)
        return answer


@dataclass(frozen=True, slots=True)
class CrlServer:
    """The lists of one authority on a server, kept in a store.

    Source: RFC 5280, section 5 (5.2.4 for deltas) and 6.3. Lists of at most 64 000 000 bytes are read.

    Attributes:
        fetch: How to ask (`HttpFetch`).
        url: Of the complete list, http or https.
        store: Where the lists are kept.
        delta_url: Of the delta, or None.
        max_age: Older lists are `UNKNOWN`; 7 days unless you say otherwise.
        refresh_after: The list, or the delta where there is one, is fetched anew when it was fetched longer ago than
            this; an hour.
        complete_after: The same for the complete list where there is a delta, a day; it is fetched after
            `refresh_after` when the delta was made for a newer one.
    """

    fetch: Fetch
    url: str
    store: RevocationStore
    delta_url: str | None = None
    max_age: timedelta = crl.MAXIMUM_AGE
    refresh_after: timedelta = timedelta(hours=1)
    complete_after: timedelta = timedelta(days=1)

    def ask(self, certificate: Certificate, issuer: Certificate, *, at: datetime) -> RevocationAnswer:
        """Say what the stored lists say, after fetching what is missing or due.

        Whatever goes wrong is `UNKNOWN` with its reason: neither a `KzedsError` nor an `OSError` is raised.
        """
        failures = [self._refresh(issuer, at, delta=True)] if self.delta_url is not None else []
        failures.append(self._refresh(issuer, at, delta=False))
        answer = self.store.judge_lists(certificate, issuer, at=at, max_age=self.max_age)
        why = "; ".join(failure for failure in failures if failure)
        return replace(answer, why=f"{answer.why} ({why})") if answer.status is Revocation.UNKNOWN and why else answer

    def _refresh(self, issuer: Certificate, at: datetime, *, delta: bool) -> str:
        """Fetch a list when it is due, and keep it; say what went wrong, or ""."""
        due_after = self.refresh_after
        if self.delta_url is not None and not delta and not self.store.lags(issuer):
            due_after = self.complete_after
        fetched_at = self.store.fetched_at(issuer, delta=delta)
        if fetched_at is not None and timedelta(0) <= at - fetched_at <= due_after:
            return ""
        try:
            self.store.put_list(issuer, self.fetch((self.delta_url or "") if delta else self.url), at=at)
        except (KzedsError, OSError) as error:
            return str(error)
        return ""


def check_revocation(
    certificate: Certificate, issuer: Certificate, sources: Iterable[RevocationSource], *, at: datetime
) -> RevocationAnswer:
    """Ask every source in turn until one says "revoked", and make one answer of all; never raises a `KzedsError`.

    Source: RFC 5280, section 6.3, RFC 6960, 3.2; how several answers become one is ours: revoked wins, unknown is never
    good. Who wants an error calls `RevocationAnswer.require_good`.

    Args:
        certificate: The one in question.
        issuer: The authority that issued it; the caller trusts it.
        sources: In the order in which they are asked; of none the answer is `UNKNOWN`.
        at: Now, aware, or the moment for which the sources' dates are judged.
    """
    answers = []
    for source in sources:
        answers.append(source.ask(certificate, issuer, at=at))
        if answers[-1].status is Revocation.REVOKED:
            break
    return combine(answers)


def check_chain(chain: Sequence[Certificate], sources: Sequence[RevocationSource], *, at: datetime) -> RevocationAnswer:
    """Ask about every certificate of a chain but the last, which is trusted by itself; never raises a `KzedsError`.

    Source: RFC 5280, 6.1.3 (a)(3).

    Args:
        chain: As :func:`kzeds.require_chain` returns it; of one certificate only nothing is asked, and the answer is
            `UNKNOWN`.
        sources: As :func:`check_revocation` takes them; they have to know all authorities of the chain.
        at: Now, aware.

    Returns:
        The first answer that is `REVOKED`, or else the first that is not `GOOD`, or the answer about the first
        certificate.
    """
    answers = [check_revocation(one, issuer, sources, at=at) for one, issuer in pairwise(chain)]
    if not answers:
        return unknown("no source", "the chain has no issuer to ask about the certificate")
    return min(answers, key=lambda one: _WORST_FIRST.index(one.status))
