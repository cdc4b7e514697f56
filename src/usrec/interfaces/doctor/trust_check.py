"""Whether it is looked up that certificates were revoked: authorities, servers, what is stored, each certificate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import ConfigurationError
from usrec.domain.trust import Subject, SubjectKind, TrustStatus, TrustVerdict, UnknownPolicy
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_
from usrec.settings import TrustSettings

if TYPE_CHECKING:
    from usrec.adapters.trust.judge import CertificateJudge

OFF: Final = Kind(
    "trust",
    "off",
    Verdict.WARN,
    N_("Nobody looks up whether certificates were revoked: the settings have no [trust]"),
    N_("A revoked key is then found out by USREC's refusals only. Add [trust]; see the page about revocation"),
)
AUTHORITIES: Final = Kind("trust", "authorities", Verdict.OK, N_("Certificates of trusted authorities: {number}"))
UNUSABLE: Final = Kind(
    "trust",
    "unusable",
    Verdict.FAIL,
    N_("Revocation cannot be looked up: {why} ({place})"),
    N_("Correct [trust]; the agent does not start like this"),
)
NO_SOURCE: Final = Kind(
    "trust",
    "no_source",
    Verdict.OK,
    N_("No server is asked about revocation; what lies in {place} counts"),
)
REACHED: Final = Kind("trust", "reached", Verdict.OK, N_("{place} answers about revocation"))
UNREACHED: Final = Kind(
    "trust",
    "unreached",
    Verdict.WARN,
    N_("{place} does not answer about revocation: {why}"),
    N_("Check the address in [trust], the firewall and the proxy; where no server can be reached, import files"),
)
STORED: Final = Kind("trust", "stored", Verdict.OK, N_("The stored list of {authority} is of {at}"))
STORED_OLD: Final = Kind(
    "trust",
    "stored_old",
    Verdict.WARN,
    N_("The stored list of {authority} is {days} days old and no longer counts"),
    N_("Import a newer one: kzeds revocation import {place} FILE --trust {authorities}"),
)
GOOD: Final = Kind("trust", "good", Verdict.OK, N_("The certificate was not revoked, as of {at} ({source})"))
REVOKED: Final = Kind(
    "trust",
    "revoked",
    Verdict.FAIL,
    N_("The certificate was revoked at {at} ({source}). It is not used any more"),
    N_("Have the owner of the EDS get a new key from the NCA, name it, and let the agent read it anew"),
)
ANSWERS_REVOKED: Final = Kind(
    "trust",
    "answers_revoked",
    Verdict.FAIL,
    N_("The gateway's certificate was revoked at {at} ({source}). Its answers are not believed"),
    N_("Ask ShEP's operator which certificate it signs with now and name it in [gateway] response_certificate"),
)
UNKNOWN: Final = Kind(
    "trust",
    "unknown",
    Verdict.WARN,
    N_("Nobody can tell whether the certificate was revoked: {why}. It is used all the same"),
    N_('See the lines of the servers and of what is stored; or write unknown = "refuse" in [trust]'),
)
UNKNOWN_REFUSED: Final = Kind(
    "trust",
    "unknown_refused",
    Verdict.FAIL,
    N_("Nobody can tell whether the certificate was revoked: {why}. It is not used until somebody can"),
    N_('See the lines of the servers and of what is stored; or write unknown = "warn" in [trust]'),
)
UNTRUSTED: Final = Kind(
    "trust",
    "untrusted",
    Verdict.FAIL,
    N_("None of the trusted authorities issued the certificate: {why}"),
    N_("Put the certificate of the authority that issued it into [trust] authorities, from the NCA's own site"),
)


def examine_trust(installation: Installation) -> Iterator[Line]:
    """Where revocation is looked up, and what is known of each certificate in use."""
    from tempfile import TemporaryDirectory

    from usrec.revocation import build_judge

    trust = installation.settings.values.trust
    with TemporaryDirectory(prefix="usrec-doctor-") as scratch:
        try:
            judge = build_judge(installation.settings, kept_in=Path(scratch))
        except ConfigurationError as problem:
            yield UNUSABLE.line(why=problem.what, place=problem.where)
            return
        if trust is None or judge is None:
            yield OFF.line()
            return
        yield from _examined(installation, trust, judge)


def _examined(installation: Installation, trust: TrustSettings, judge: CertificateJudge) -> Iterator[Line]:
    yield AUTHORITIES.line(number=len(judge.authorities))
    yield from _servers(installation, trust, judge)
    yield from _stored(installation, trust, judge)
    yield from _certificates(installation, trust, judge)


def _servers(installation: Installation, trust: TrustSettings, judge: CertificateJudge) -> Iterator[Line]:
    """Each address by itself; an answer that cannot be read is none."""
    from usrec.adapters.trust.probe import probe

    found = probe(judge, installation.clock.now())
    for address, why in found.items():
        shown = why.removeprefix(f"{address} ")
        yield UNREACHED.line(place=address, why=shown) if why else REACHED.line(place=address)
    if not found and trust.ocsp is None and not trust.crl:
        yield NO_SOURCE.line(place=installation.settings.path(trust.store))


def _stored(installation: Installation, trust: TrustSettings, judge: CertificateJudge) -> Iterator[Line]:
    """How old the lists are that lie here."""
    now, settings = installation.clock.now(), installation.settings
    for authority in judge.authorities:
        of = judge.stored.store.newest(authority)
        if of is None:
            continue
        shown = authority.subject_common_name or authority.short_id
        if now - of <= trust.crl_max_age:
            yield STORED.line(authority=shown, at=of)
        else:
            place, trusted = settings.path(trust.store), settings.path(trust.authorities)
            yield STORED_OLD.line(authority=shown, days=(now - of).days, place=place, authorities=trusted)


def _certificates(installation: Installation, trust: TrustSettings, judge: CertificateJudge) -> Iterator[Line]:
    found: dict[Subject, TrustVerdict] = {}
    for subject in _subjects(installation):
        found[subject] = judge.judge(subject.der, at=installation.clock.now())
        yield _line(subject, found[subject], UnknownPolicy(trust.unknown))
    installation.book.replace(found)


def _subjects(installation: Installation) -> Iterator[Subject]:
    """What can be read; what cannot is a line of the keys, or of the gateway's certificate."""
    from usrec.gateway import read_certificate
    from usrec.policies import employers_by_bin
    from usrec.revocation import certificates_in_use

    settings = installation.settings
    try:
        trusted = [read_certificate(settings.path(settings.values.gateway.response_certificate))]
    except ConfigurationError:
        trusted = []
    now = installation.clock.now()
    yield from certificates_in_use(installation.keyring, trusted, employers_by_bin(settings), now)


def _line(subject: Subject, verdict: TrustVerdict, unknown: UnknownPolicy) -> Line:
    of_gateway = subject.kind is SubjectKind.GATEWAY
    kinds: Mapping[TrustStatus, Kind] = {
        TrustStatus.GOOD: GOOD,
        TrustStatus.REVOKED: ANSWERS_REVOKED if of_gateway else REVOKED,
        TrustStatus.UNKNOWN: UNKNOWN if unknown is UnknownPolicy.WARN else UNKNOWN_REFUSED,
        TrustStatus.UNTRUSTED: UNTRUSTED,
    }
    at = verdict.revoked_at or verdict.as_of or verdict.judged_at
    about = "gateway" if of_gateway else subject.name
    return kinds[verdict.status].line(about=about, why=verdict.why.rstrip("."), source=verdict.source, at=at)
