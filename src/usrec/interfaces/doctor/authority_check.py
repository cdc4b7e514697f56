"""Whether the employer's orders cover whoever signs (Order 353, point 5): the findings of ``usrec authority``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from usrec.domain.authority import AuthorityProblem, examine_authority
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.interfaces.authority import read_authorities
from usrec.interfaces.authority_words import WORDS
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

COVERED: Final = Kind("authority", "covered", Verdict.OK, N_("Whoever signs may do so by what is on record"))
PROBLEMS: Final[Mapping[AuthorityProblem, Kind]] = {
    problem: Kind("authority", problem.value, Verdict.WARN, what, advice) for problem, (what, advice) in WORDS.items()
}


def examine_authorities(installation: Installation) -> Iterator[Line]:
    """The orders and the certificate of each employer, today."""
    today = kazakhstan_date(installation.clock.now())
    keyring = installation.keyring
    for authority in read_authorities(installation.settings, keyring.certificates, keyring.ways):
        findings = examine_authority(authority, today)
        for finding in findings:
            yield PROBLEMS[finding.problem].line(about=authority.employer, number=finding.number, day=finding.day)
        if not findings:
            yield COVERED.line(about=authority.employer)
