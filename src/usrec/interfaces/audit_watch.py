"""The audit that a running agent takes by itself, once on each day of ``[audit]``. It compares and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from usrec.application.audit import Rules, Sides, take_audit
from usrec.bootstrap import Agent
from usrec.domain.audit_run import AuditRun
from usrec.domain.errors import UsrecError
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.source_event import EmployerName
from usrec.interfaces.crew import LOOK_EVERY, Loop
from usrec.interfaces.drift import timetable_of

AUDIT_TIME: Final = timedelta(minutes=30)
"""What one may take: HR's database is read whole."""
AGAIN: Final = timedelta(minutes=15)
"""After one that failed; HR's database is not ours to press."""
_log = structlog.get_logger("usrec.audit")


class AuditWatch:
    """Remembers when one failed; one thread looks.

    Attributes:
        has_looked: What was due when the agent started was taken, or has failed.
    """

    def __init__(self) -> None:
        self._again_at: datetime | None = None
        self.has_looked = False

    def loops(self, agent: Agent) -> Sequence[Loop]:
        """One where the settings name a time for audits."""

        def once(agent: Agent) -> bool:
            self.look(agent)
            return False

        if agent.settings.values.audit.at is None:
            return []
        return [Loop("audit", once, AUDIT_TIME, LOOK_EVERY.total_seconds(), wakes_early=False)]

    def look(self, agent: Agent) -> None:
        """Take the day's audit of each employer of whom none was taken since its time; what fails is said.

        Raises:
            LedgerUnavailable: Nothing is known of the last ones.
        """
        self._take_due(agent, agent.clock.now())
        self.has_looked = True

    def _take_due(self, agent: Agent, now: datetime) -> None:
        due = _due_at(agent, now)
        if due is None or (self._again_at is not None and now < self._again_at):
            return
        waiting = [(bin_, name) for bin_, name in agent.employers.items() if not _is_taken(agent, bin_, due)]
        if waiting:
            self._again_at = now + AGAIN
            self._take(agent, waiting)

    def _take(self, agent: Agent, employers: list[tuple[str, EmployerName]]) -> None:
        from usrec.audits import build_audit_rules, open_sides

        try:
            with open_sides(agent.settings) as sides:
                for employer in employers:
                    _take_one(agent, employer, sides, build_audit_rules(agent.settings))
        except UsrecError as problem:
            _failed(problem, "")


def _take_one(agent: Agent, employer: tuple[str, EmployerName], sides: Sides, rules: Rules) -> None:
    from usrec.audits import scheduled_sides

    try:
        whole = scheduled_sides(agent.settings, sides, employer[1], employer[0])
        run = take_audit(employer, whole, rules, ledger=agent.ledger, clock=agent.clock)
    except UsrecError as problem:
        _failed(problem, employer[1])
    else:
        _told(run)


def _due_at(agent: Agent, now: datetime) -> datetime | None:
    """When today's was due; None before that, and on a day without one."""
    timetable = timetable_of(agent)
    due = None if timetable is None else timetable.due_on(kazakhstan_date(now))
    return due if due is not None and due <= now else None


def _is_taken(agent: Agent, employer_bin: str, due: datetime) -> bool:
    with agent.ledger.begin() as work:
        taken_at = work.audits.taken_at(employer_bin)
    return taken_at is not None and taken_at >= due


def _told(run: AuditRun) -> None:
    level = _log.warning if run.troubles else _log.info
    counts = {kind.value: number for kind, number in run.counts.items() if number}
    level("audit taken", action="audit.taken", employer=run.employer, unmatched=run.unmatched, **counts)


def _failed(problem: UsrecError, employer: str) -> None:
    _log.error(str(problem), action="audit.failed", employer=employer, kind=type(problem).__name__)
