"""The authority to sign, read from the settings and the keys, told in the log and kept in the journal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import structlog

from usrec.application.record_standing import AUTHORITY, CALENDAR, record_standing
from usrec.domain.authority import Appointment, Authority, SigningCertificate, dump_authorities, examine_authority
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.source_event import EmployerName
from usrec.interfaces.authority_words import as_written, finding_words
from usrec.settings import LoadedSettings

if TYPE_CHECKING:
    from usrec.bootstrap import Agent

_log = structlog.get_logger("usrec.authority")


def read_authorities(settings: LoadedSettings, certificates: Mapping[str, SigningCertificate]) -> Sequence[Authority]:
    """What is on record of each employer.

    Args:
        certificates: Of the keys that could be read, by BIN or IIN.
    """
    return [
        Authority(
            employer=EmployerName(name),
            signed_by_head=employer.signed_by_head,
            certificate=certificates.get(employer.bin),
            appointments=tuple(Appointment(**order.model_dump()) for order in employer.order),
        )
        for name, employer in settings.values.employer.items()
    ]


@dataclass
class AuthorityWatch:
    """Looks at the authority once a day, and again when the settings or keys were read anew."""

    _agent: Agent | None = None
    _day: date | None = None

    def look(self, agent: Agent) -> None:
        """Put on record what changed and write the warnings into the log.

        Raises:
            LedgerUnavailable: It is tried again at the next look.
        """
        today = kazakhstan_date(agent.clock.now())
        if agent is self._agent and today == self._day:
            return
        authorities = read_authorities(agent.settings, agent.signer.certificates)
        _record(agent, AUTHORITY, dump_authorities(authorities))
        _record(agent, CALENDAR, _calendar(agent))
        for authority in authorities:
            _tell(authority, today)
        self._agent, self._day = agent, today


def _record(agent: Agent, action: str, detail: str) -> None:
    if record_standing(action, detail, ledger=agent.ledger, view=agent.ledger.view, clock=agent.clock):
        _log.info("put on record in the journal", action=f"{action}.recorded")


def _calendar(agent: Agent) -> str:
    told = agent.settings.values.calendar.model_dump(mode="json")
    days = {name: sorted(values) for name, values in told.items()}
    return json.dumps({"version": agent.calendar.version, **days})


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
