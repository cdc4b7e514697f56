"""The HTTP intake's certificate: HR systems refuse one that has ended, or that is for another name."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from usrec.interfaces.doctor.finding import WARN_DAYS, Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

INTAKE_GOOD: Final = Kind(
    "intake",
    "good",
    Verdict.OK,
    N_("The certificate of the HTTP intake is for {names} and valid until {until}; days left: {days}"),
)
INTAKE_ENDS_SOON: Final = Kind(
    "intake",
    "ends_soon",
    Verdict.WARN,
    N_("The certificate of the HTTP intake is valid until {until}; days left: {days}. Then HR systems send no more"),
    N_("Put the renewed certificate in its place, [intake] certificate, and restart the agent"),
)
INTAKE_EXPIRED: Final = Kind(
    "intake",
    "expired",
    Verdict.FAIL,
    N_("The certificate of the HTTP intake expired at {until}: HR systems refuse it, and no event comes"),
    N_("Put the renewed certificate in its place, [intake] certificate, and restart the agent"),
)
INTAKE_NOT_YET: Final = Kind(
    "intake",
    "not_yet_valid",
    Verdict.FAIL,
    N_("The certificate of the HTTP intake is valid only from {since}: HR systems refuse it until then"),
    N_("Use the present one until then; is this machine's clock right?"),
)
INTAKE_UNUSABLE: Final = Kind(
    "intake",
    "unusable",
    Verdict.FAIL,
    N_("Certificate and key of the HTTP intake do not belong together, or cannot be read: {place}. No agent starts"),
    N_("Name a PEM file with the certificate and its chain, and the key that belongs to it, in [intake]"),
)
INTAKE_OTHER_NAME: Final = Kind(
    "intake",
    "other_name",
    Verdict.WARN,
    N_("The certificate of the HTTP intake is for {names}; none of these names leads to this machine"),
    N_("HR systems refuse it unless they reach this machine by such a name; have one issued for the name they use"),
)
INTAKE_NO_NAME: Final = Kind(
    "intake",
    "no_name",
    Verdict.FAIL,
    N_("The certificate of the HTTP intake names no machine (subjectAltName): HR systems refuse it"),
    N_("Have one issued for the name by which HR systems reach this machine"),
)


def examine_intake(installation: Installation, leads_here: Callable[[str], bool] | None = None) -> Iterator[Line]:
    """The certificate, where the intake has one.

    Args:
        leads_here: Whether a name or an address is one of this machine's.
    """
    intake = installation.settings.values.intake
    if intake is None or intake.certificate is None or intake.certificate_key is None:
        return
    files = [installation.settings.path(one) for one in (intake.certificate, intake.certificate_key)]
    certificate = _pair(*files)
    if certificate is None:
        yield INTAKE_UNUSABLE.line(place=files[0])
        return
    names = _names(certificate)
    yield _dated(certificate, names, installation.clock.now())
    if not names:
        yield INTAKE_NO_NAME.line()
    elif not any(map(leads_here or _leads_here, names)):
        yield INTAKE_OTHER_NAME.line(names=", ".join(names))


def _pair(certificate: Path, key: Path) -> Certificate | None:
    """The certificate, tried with its key as the intake does; None where they cannot be used."""
    from cryptography.x509 import load_pem_x509_certificate

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        return load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError):
        return None


def _names(certificate: Certificate) -> Sequence[str]:
    """The names and addresses that clients compare; the subject's own name is looked at by none any more (RFC 9525)."""
    from cryptography.x509 import DNSName, ExtensionNotFound, IPAddress, SubjectAlternativeName

    try:
        found = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return []
    return [*found.get_values_for_type(DNSName), *map(str, found.get_values_for_type(IPAddress))]


def _dated(certificate: Certificate, names: Sequence[str], now: datetime) -> Line:
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    days = (until - now).days
    if now < since:
        return INTAKE_NOT_YET.line(since=since)
    if now > until:
        return INTAKE_EXPIRED.line(until=until)
    if days <= WARN_DAYS:
        return INTAKE_ENDS_SOON.line(until=until, days=days)
    return INTAKE_GOOD.line(names=", ".join(names), until=until, days=days)


def _leads_here(name: str) -> bool:
    """Whether one of the addresses of ``name`` is this machine's; of a wildcard nobody can tell."""
    if name.startswith("*."):
        return True
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except OSError:
        return False
    return any(_is_ours(family, address[0]) for family, _, _, _, address in found)


def _is_ours(family: int, address: str | int) -> bool:
    """A machine binds to its own addresses alone."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((address, 0))
    except OSError:
        return False
    return True
