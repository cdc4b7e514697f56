"""What is to be known of the owners whose signatures were taken. It holds nothing up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from usrec.application.take_signed import TakenPaper
from usrec.domain.authority import SigningCertificate, examine_authority
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.renewal import STAGES
from usrec.interfaces.authority import read_authorities
from usrec.interfaces.authority_words import finding_words
from usrec.interfaces.cli.tables import clean
from usrec.interfaces.i18n import tr
from usrec.packages import unproven_owners
from usrec.settings import LoadedSettings


def signer_warnings(settings: LoadedSettings, taken: Sequence[TakenPaper], now: datetime) -> Iterator[str]:
    """Lines for the operator: who issued a signer's certificate, when it ends, what the orders on record say of it.

    Args:
        now: Aware UTC.
    """
    used = {(one.employer_bin, one.certificate) for one in taken if one.certificate is not None}
    names = {employer.bin: name for name, employer in settings.values.employer.items()}
    unproven, today = unproven_owners(settings), kazakhstan_date(now)
    for bin_, certificate in sorted(used, key=lambda one: (one[0], one[1].serial)):
        yield from (clean(line) for line in _of_certificate(names[bin_], certificate, today, unproven=bin_ in unproven))
        for authority in read_authorities(settings, {bin_: certificate}, {bin_: "owner"}):
            if authority.employer == names[bin_]:
                for finding in examine_authority(authority, today):
                    what, advice = finding_words(finding)
                    yield clean(f"{authority.employer}: {what}. {advice}")


def _of_certificate(employer: str, certificate: SigningCertificate, today: date, *, unproven: bool) -> Iterator[str]:
    if unproven:
        said = tr("{employer}: nothing says which authority issued the signer's certificate {serial}. {advice}")
        advice = tr("Name authorities in [trust], or the certificate in [employer.NAME.owner]")
        yield said.format(employer=employer, serial=certificate.serial, advice=advice)
    if (certificate.last_day - today).days <= max(STAGES):
        said = tr("{employer}: the signer's certificate {serial} ends on {day}. {advice}")
        advice = tr(
            "Have its owner renew it at the NCA; where [employer.NAME.owner] names certificates, add the new one"
        )
        yield said.format(employer=employer, serial=certificate.serial, day=certificate.last_day, advice=advice)
