"""The authority to sign and the keys' renewal, told in the log; the authority is kept in the journal too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from usrec.application.alert_of_key import alert_of_key
from usrec.application.hasten import hasten_keyless
from usrec.application.record_standing import AUTHORITY, CALENDAR, record_standing
from usrec.domain.authority import Appointment, Authority, SigningCertificate, dump_authorities, examine_authority
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.renewal import RenewalProblem, examine_renewal
from usrec.domain.source_event import EmployerName
from usrec.domain.working_calendar import WorkingCalendar
from usrec.interfaces.authority_words import as_written, finding_words
from usrec.interfaces.renewal_words import renewal_words
from usrec.settings import CalendarSettings, LoadedSettings

if TYPE_CHECKING:
    from usrec.bootstrap import Agent

SEEK_EVERY: Final = timedelta(seconds=15)
"""How often a signer that did not answer is looked for."""

URGENT_STAGE: Final = 3
"""Days before the end of the last key from which on it is an error."""

_log = structlog.get_logger("usrec.authority")


def read_authorities(
    settings: LoadedSettings, certificates: Mapping[str, SigningCertificate], ways: Mapping[str, str]
) -> Sequence[Authority]:
    """What is on record of each employer.

    Args:
        certificates: Of the keys that could be read, by BIN or IIN.
        ways: Where the keys are, by BIN or IIN.
    """
    return [
        Authority(
            employer=EmployerName(name),
            signed_by_head=employer.signed_by_head,
            certificate=certificates.get(employer.bin),
            appointments=tuple(Appointment(**order.model_dump()) for order in employer.order),
            signs=ways.get(employer.bin, ""),
        )
        for name, employer in settings.values.employer.items()
    ]


@dataclass
class AuthorityWatch:
    """Looks once a day, and again when the settings were read anew or another certificate is in use."""

    _agent: Agent | None = None
    _day: date | None = None
    _certificates: Mapping[str, SigningCertificate] = field(default_factory=dict)
    _sought_at: datetime | None = None

    def look(self, agent: Agent) -> None:
        """Put on record what changed and write the warnings into the log; look for signers that were away.

        Raises:
            LedgerUnavailable: It is tried again at the next look.
        """
        now = agent.clock.now()
        self._seek(agent, now)
        today = kazakhstan_date(now)
        certificates = agent.signer.certificates
        if agent is self._agent and today == self._day and certificates == self._certificates:
            return
        authorities = read_authorities(agent.settings, certificates, agent.signer.ways)
        _record(agent, AUTHORITY, dump_authorities(authorities))
        _record(agent, CALENDAR, _calendar(agent))
        for authority in authorities:
            _tell(authority, today)
        _tell_renewals(agent, now)
        self._agent, self._day, self._certificates = agent, today, certificates

    def _seek(self, agent: Agent, now: datetime) -> None:
        """Ask signers that were away again; what waited for one that is back need not wait out its time."""
        if self._sought_at is not None and self._sought_at <= now < self._sought_at + SEEK_EVERY:
            return
        self._sought_at = now
        for employer_bin in agent.signer.unusable:
            _alert_of_key(agent, employer_bin)
        if agent.signer.seek(now):
            _log.info("a signer that did not answer is back", action="key.back")
            hasten_keyless(ledger=agent.ledger)


def _alert_of_key(agent: Agent, employer_bin: str) -> None:
    name = agent.employers.get(employer_bin)
    if name and alert_of_key(name, ledger=agent.ledger, view=agent.ledger.view, clock=agent.clock):
        _log.error("no key of the employer may sign: what is taken waits", action="key.unusable", employer=name)


def _record(agent: Agent, action: str, detail: str) -> None:
    if record_standing(action, detail, ledger=agent.ledger, view=agent.ledger.view, clock=agent.clock):
        _log.info("put on record in the journal", action=f"{action}.recorded")


def _calendar(agent: Agent) -> str:
    values = agent.settings.values
    own = {
        name: _days(employer.calendar, agent.calendar.of(employer.bin))
        for name, employer in sorted(values.employer.items())
        if employer.calendar is not None
    }
    common = _days(values.calendar, agent.calendar.common)
    return json.dumps({**common, "employers": own} if own else common)


def _days(told: CalendarSettings, calendar: WorkingCalendar) -> dict[str, object]:
    days = {name: sorted(values) for name, values in told.model_dump(mode="json").items()}
    return {"version": calendar.version, **days}


def _tell_renewals(agent: Agent, now: datetime) -> None:
    transport = agent.signer.transport_key
    link = None if transport is None else transport.link
    for finding in () if link is None else examine_renewal([link], now):
        if finding.problem is not RenewalProblem.NO_SUCCESSOR:
            continue
        tell = _log.error if finding.stage <= URGENT_STAGE else _log.warning
        tell(
            f"the key of the envelopes, {finding.place}, ends on {finding.day.isoformat()}; after that nothing can be"
            " sent. Have it renewed at the NCA, name the new key in [gateway.transport_key], and reload the agent",
            action="key.transport_ends",
            key=finding.place,
            day=finding.day.isoformat(),
            days=finding.days,
        )
    for bin_, links in agent.signer.links.items():
        for finding in examine_renewal(links, now):
            what, advice = renewal_words(finding, as_written)
            tell = _log.error if 0 < finding.stage <= URGENT_STAGE else _log.warning
            tell(
                f"{what}. {advice}",
                action=f"key.{finding.problem.value}",
                employer=agent.employers.get(bin_, ""),
                key=finding.place,
                day=finding.day.isoformat(),
                days=finding.days,
            )


def _tell(authority: Authority, today: date) -> None:
    for finding in examine_authority(authority, today):
        what, advice = finding_words(finding, as_written)
        _log.warning(
            f"{what}. {advice}",
            action=f"authority.{finding.problem.value}",
            employer=authority.employer,
            order=finding.number,
            day=None if finding.day is None else finding.day.isoformat(),
        )
