"""How often an agent looks whether there is something to tell of audits and staffs, and what of it is its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from usrec.application.tell_drift import DriftTelling
from usrec.bootstrap import Agent
from usrec.domain.audit_due import AuditTimetable, DriftScope
from usrec.interfaces.watch_words import compose_notice
from usrec.ports.alert_sink import SinkName

LOOK_EVERY: Final = timedelta(minutes=1)


class DriftTold:
    """Remembers when it was looked for each sink; each is asked for by one thread at a time."""

    def __init__(self) -> None:
        self._looked_at: dict[SinkName, datetime] = {}

    def is_due(self, agent: Agent, sink: SinkName) -> bool:
        """Whether the last look is long ago, or the clock was turned back."""
        now, last = agent.clock.now(), self._looked_at.get(sink)
        if last is not None and last <= now < last + LOOK_EVERY:
            return False
        self._looked_at[sink] = now
        return True

    def look_again(self, sink: SinkName) -> None:
        """There may be more to tell."""
        self._looked_at.pop(sink, None)


def timetable_of(agent: Agent) -> AuditTimetable | None:
    """When the agent takes its audits; None where it takes none."""
    settings = agent.settings.values.audit
    if settings.at is None:
        return None
    return AuditTimetable(settings.at, agent.calendar.common, settings.working_days_only)


def drift_telling(agent: Agent) -> DriftTelling:
    """By the settings."""
    sources = agent.settings.values.source.keys()
    scope = DriftScope(list(agent.employers.values()), sources, timetable_of(agent))
    return DriftTelling(scope, compose_notice, agent.watching.digests, agent.ledger.chain_view.ledger_id())
