"""The employers' EDS, and the certificate that the gateway signs its answers with.

Sources: USREC codes SCSE001 (expired, revoked or AUTH key) and SCSE046 (the BIN of the message is that of the key).
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import ConfigurationError
from usrec.domain.renewal import ChainKey, RenewalProblem, examine_renewal, key_in_use, last_key, never_used
from usrec.interfaces.doctor.finding import URGENT_DAYS, WARN_DAYS, Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_
from usrec.interfaces.renewal_words import WORDS

if TYPE_CHECKING:
    from kzeds.certificate import Certificate
    from usrec.adapters.signing.held_key import HeldKey

GOOD: Final = Kind(
    "key",
    "good",
    Verdict.OK,
    N_("The key opens, may sign and is the employer's. It is valid until {until}; days left: {days}"),
)
ENDS_SOON: Final = Kind(
    "key",
    "ends_soon",
    Verdict.WARN,
    N_("The certificate is valid until {until}; days left: {days}"),
    N_("Have the owner of the EDS renew it at the NCA, put the new file in its place, and let the agent read it anew"),
)
ENDS_NOW: Final = Kind(
    "key",
    "ends_now",
    Verdict.WARN,
    N_("The certificate is valid until {until}; days left: {days}. After that nothing can be sent"),
    N_("Renew it today: an expired key signs nothing, not even the request for a new one"),
)
EXPIRED: Final = Kind(
    "key",
    "expired",
    Verdict.FAIL,
    N_("The certificate expired at {until}. Nothing of this employer can be sent"),
    N_("Have the owner of the EDS renew it at the NCA and put the new file in its place"),
)
NOT_YET_VALID: Final = Kind(
    "key",
    "not_yet_valid",
    Verdict.FAIL,
    N_("The certificate is valid only from {since}"),
    N_("Compare this machine's clock, or wait for that moment"),
)
NO_PASSWORD: Final = Kind(
    "key",
    "no_password",
    Verdict.FAIL,
    N_("The key was not opened, since its password cannot be read"),
    N_("See the line of secrets"),
)
UNREADABLE: Final = Kind(
    "key",
    "unreadable",
    Verdict.FAIL,
    N_("The key file {place} cannot be read"),
    N_("Check its path in [employer.{about}] key_file and that the agent's user may read it"),
)
WRONG_PASSWORD: Final = Kind(
    "key",
    "wrong_password",
    Verdict.FAIL,
    N_("The password does not open the key file {place}"),
    N_("Correct the password that [employer.{about}] key_password points at"),
)
DAMAGED: Final = Kind(
    "key",
    "damaged",
    Verdict.FAIL,
    N_("The key file {place} is damaged, or is none"),
    N_("Copy the .p12 file again from where the NCA gave it"),
)
UNKNOWN_ALGORITHM: Final = Kind(
    "key",
    "unknown_algorithm",
    Verdict.FAIL,
    N_("The key in {place} is of an algorithm that this version cannot sign with"),
    N_("Use a key of GOST 34.310-2015 with 512 bit, of GOST 34.310-2004 or of RSA, as the NCA issues them"),
)
AUTH: Final = Kind(
    "key",
    "auth",
    Verdict.FAIL,
    N_("{place} is an AUTH key, which may log in and not sign (USREC refuses it: SCSE001)"),
    N_("Name the file of the SIGN key, which the NCA issued together with it"),
)
OTHER_EMPLOYER: Final = Kind(
    "key",
    "other_employer",
    Verdict.FAIL,
    N_("The key in {place} belongs to another BIN or IIN (USREC refuses it: SCSE046)"),
    N_("Name this employer's own key file, or correct bin in [employer.{about}]"),
)
OPEN_TO_OTHERS: Final = Kind(
    "key",
    "open_to_others",
    Verdict.WARN,
    N_("Other users may read the key file {place}"),
    N_("Run: chmod 600 {place}"),
)

FOLLOWS: Final = Kind(
    "key",
    "follows",
    Verdict.OK,
    N_("The next key is ready: {place} signs from {since} on and is valid until {until}"),
)
NONE_NOW: Final = Kind(
    "key",
    "none_now",
    Verdict.FAIL,
    N_("No key of this employer signs now: {place} begins only at {since}. Nothing of it can be sent until then"),
    N_("Give it an earlier use_from, and let the agent read it anew"),
)
AWAY: Final = Kind(
    "key",
    "away",
    Verdict.FAIL,
    N_("Whoever holds the key does not answer: {place}. Nothing can be signed with it now: {why}"),
    N_("See that it runs; the agent asks it again by itself"),
)
REFUSED: Final = Kind(
    "key",
    "refused",
    Verdict.FAIL,
    N_("The key cannot be used: {place}: {why}"),
    N_("Compare its name and rights there with the settings of [employer.{about}]"),
)
OWNER: Final = Kind(
    "key",
    "owner",
    Verdict.OK,
    N_("The owner of the EDS signs by hand, no key is here. What waits for the signature: usrec package create"),
)
RENEWAL: Final[Mapping[RenewalProblem, Kind]] = {
    problem: Kind("key", problem.value, Verdict.WARN, what, advice)
    for problem, (what, advice) in WORDS.items()
    if problem is not RenewalProblem.NO_SUCCESSOR
}
"""The end of the last key is told by its own line."""

ANSWERS_GOOD: Final = Kind(
    "answer_certificate",
    "good",
    Verdict.OK,
    N_("The certificate that the gateway's answers are believed by is valid until {until}; days left: {days}"),
)
ANSWERS_END_SOON: Final = Kind(
    "answer_certificate",
    "ends_soon",
    Verdict.WARN,
    N_("The certificate that the gateway's answers are believed by is valid until {until}; days left: {days}"),
    N_("Ask ShEP's operator for the next one and on which day it is taken into use: an unknown one is not believed"),
)
ANSWERS_EXPIRED: Final = Kind(
    "answer_certificate",
    "expired",
    Verdict.FAIL,
    N_("The certificate that the gateway's answers are believed by expired at {until}"),
    N_("Ask ShEP's operator which certificate it signs with now and name it in [gateway] response_certificate"),
)
ANSWERS_NOT_YET: Final = Kind(
    "answer_certificate",
    "not_yet_valid",
    Verdict.WARN,
    N_("The certificate that the gateway's answers are believed by is valid only from {since}"),
    N_("Until the gateway signs with it, no answer is believed: use the present one until then"),
)
ANSWERS_UNREADABLE: Final = Kind(
    "answer_certificate",
    "unreadable",
    Verdict.FAIL,
    N_("The certificate that the gateway's answers are believed by cannot be read: {place}"),
    N_("Name ShEP's certificate, PEM or DER, in [gateway] response_certificate"),
)
_ANSWERS: Final[Mapping[Kind, Kind]] = {
    NOT_YET_VALID: ANSWERS_NOT_YET,
    EXPIRED: ANSWERS_EXPIRED,
    GOOD: ANSWERS_GOOD,
    ENDS_SOON: ANSWERS_END_SOON,
    ENDS_NOW: ANSWERS_END_SOON,
}
"""What the same dates mean for the gateway's certificate."""


def examine_keys(installation: Installation) -> Iterator[Line]:
    """The keys of each employer."""
    for name, employer in installation.settings.values.employer.items():
        if employer.owner is not None:
            yield OWNER.line(about=name)
        else:
            yield from _chain(installation, name, installation.keyring.held(employer.bin))


def _chain(installation: Installation, name: str, keys: Sequence[HeldKey]) -> Iterator[Line]:
    """The keys of one employer, and how they follow one another."""
    now = installation.clock.now()
    links = [link for key in keys if (link := key.link) is not None]
    for key in keys:
        yield from _key(installation, name, key, links)
    for finding in examine_renewal(links, now):
        if finding.problem in RENEWAL:
            yield RENEWAL[finding.problem].line(about=name, place=finding.place, day=finding.day)


def _key(installation: Installation, name: str, key: HeldKey, links: Sequence[ChainKey]) -> Iterator[Line]:
    link, certificate = key.link, key.certificate
    if key.problem is not None:
        yield _fault(name, key, key.problem)
    elif link is None or certificate is None:
        yield AWAY.line(about=name, place=key.place.where, why=key.away)
    else:
        kind = _standing(installation, link, links)
        if kind in {FOLLOWS, NONE_NOW}:
            yield kind.line(about=name, place=link.place, since=link.starts, until=link.not_after)
        elif kind is not None:
            yield dated(kind, certificate, installation, about=name)
    yield from open_to_others(name, key)


def _standing(installation: Installation, link: ChainKey, links: Sequence[ChainKey]) -> Kind | None:
    """What the dates of a key mean now among the others; None for one whose successor signs."""
    now = installation.clock.now()
    used, standing = key_in_use(links, now), validity(link, installation)
    is_last = link == last_key(links)
    if used is None:
        waits = link.not_before <= now < link.starts
        return NONE_NOW if waits else standing if is_last else None
    if link == used:
        return standing if is_last else GOOD
    if link.starts > now:
        return None if link.place in never_used(links, now) else FOLLOWS
    return standing if is_last and standing is not GOOD else None


def _fault(name: str, key: HeldKey, problem: ConfigurationError) -> Line:
    from usrec.adapters.signing.faults import KeyFault, KeyUnusableError

    faults: Mapping[KeyFault, Kind] = {
        KeyFault.UNREADABLE: UNREADABLE,
        KeyFault.WRONG_PASSWORD: WRONG_PASSWORD,
        KeyFault.DAMAGED: DAMAGED,
        KeyFault.UNKNOWN_ALGORITHM: UNKNOWN_ALGORITHM,
        KeyFault.AUTH: AUTH,
        KeyFault.OTHER_EMPLOYER: OTHER_EMPLOYER,
        KeyFault.REFUSED: REFUSED,
    }
    if not isinstance(problem, KeyUnusableError):
        return NO_PASSWORD.line(about=name)
    return faults[problem.fault].line(about=name, place=key.place.where, why=problem.what)


def open_to_others(name: str, key: HeldKey) -> Iterator[Line]:
    """Whether others may read a key's file."""
    file = key.place.file
    if file is not None and file.is_file() and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        yield OPEN_TO_OTHERS.line(about=name, place=file)


def validity(certificate: Certificate | ChainKey, installation: Installation) -> Kind:
    """What the dates of an employer's certificate mean now."""
    now = installation.clock.now()
    if now < certificate.not_before:
        return NOT_YET_VALID
    if now > certificate.not_after:
        return EXPIRED
    days = (certificate.not_after - now).days
    return GOOD if days > WARN_DAYS else ENDS_SOON if days > URGENT_DAYS else ENDS_NOW


def dated(kind: Kind, certificate: Certificate, installation: Installation, *, about: str = "") -> Line:
    """The line of a kind about a certificate's dates."""
    days = (certificate.not_after - installation.clock.now()).days
    return kind.line(about=about, since=certificate.not_before, until=certificate.not_after, days=days)


def examine_answer_certificate(installation: Installation) -> Iterator[Line]:
    """The pinned certificate: its dates are not judged when an answer is read, so they are here."""
    from kzeds.certificate import Certificate
    from kzeds.errors import KzedsError

    place = installation.settings.path(installation.settings.values.gateway.response_certificate)
    try:
        found = Certificate.load(place)
    except (OSError, KzedsError):
        yield ANSWERS_UNREADABLE.line(place=place)
        return
    yield dated(_ANSWERS[validity(found, installation)], found, installation)
