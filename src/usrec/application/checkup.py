"""How things stand in four words, for a monitoring system: ok, warning, critical, unknown.

Critical is what is lost or about to be: a missed deadline, an agent that gives no sign of life. A warning is what a
person has to look at. The words and their numbers are those of the Monitoring Plugins guidelines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from usrec.application.survey import NEEDED_BY_STATE, NEEDED_BY_WAIT, SOON
from usrec.domain.heartbeat import Heartbeat, halted, missing, newest_sign
from usrec.domain.working_time import WorkingTime
from usrec.ports.figures import Backlog, Figures
from usrec.ports.ledger_view import LedgerView

NEAR: Final = timedelta(hours=4)
"""Working time that is left when a deadline counts as near."""


class Level(IntEnum):
    """A service's state; the number is the plug-in's exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """The figures that are judged.

    Attributes:
        overdue: Open ones whose legal date is over.
        due_soon: Open ones that are due within four hours of working time.
        due_within_24h: Open ones that are due within a day.
        oldest_open: How long ago the oldest open one was taken.
        needs_person: Open ones with which nothing goes on before a person acts.
        to_deadline: Until the next legal date of an open one; negative when it is over; None without any.
        silence: Since the last sign of life of any agent; None when there never was one.
        missing_agents: Agents that fell silent while others went on.
        write_backs: Notes that HR has not got yet.
        employers_stopped: Names of those of whom nothing goes out.
        halted: Machines whose agents send nothing, because their clocks cannot be relied on.
        alerts_waiting: Alerts that not everybody got who should, once the first of them has been due for too long.
    """

    at: datetime
    open: int
    overdue: int
    due_soon: int
    due_within_24h: int
    oldest_open: timedelta | None
    in_doubt: int
    needs_person: int
    to_deadline: timedelta | None
    silence: timedelta | None
    missing_agents: int
    write_backs: int
    alerts_waiting: int
    employers_stopped: Sequence[str] = ()
    halted: Sequence[str] = ()


def take_standing(*, view: LedgerView, now: datetime, hours: WorkingTime, silence: timedelta) -> Standing:
    """Read the ledger.

    Args:
        silence: How long agents may be silent, and alerts on their way.

    Raises:
        LedgerUnavailable: It does not answer.
    """
    return _standing(view.figures(now), view.heartbeats(), now, hours, silence)


def _standing(
    figures: Figures, agents: Sequence[Heartbeat], now: datetime, hours: WorkingTime, silence: timedelta
) -> Standing:
    due = [(group.due_utc, group.number) for group in figures.open if group.due_utc is not None]
    near = hours.reach(now, NEAR)
    sign = newest_sign(agents)
    oldest = min((group.first_received_at for group in figures.open), default=None)
    earliest = min((bound for bound, _ in due), default=None)
    return Standing(
        at=now,
        open=sum(group.number for group in figures.open),
        overdue=sum(number for bound, number in due if bound <= now),
        due_soon=sum(number for bound, number in due if now < bound <= near),
        due_within_24h=sum(number for bound, number in due if now < bound <= now + SOON),
        oldest_open=None if oldest is None else now - oldest,
        in_doubt=figures.in_doubt.number,
        needs_person=_needs_person(figures),
        to_deadline=None if earliest is None else earliest - now,
        silence=None if sign is None else max(now - sign, timedelta(0)),
        missing_agents=len(missing(agents, silence)),
        write_backs=sum(waiting.number for waiting in figures.write_backs.values()),
        alerts_waiting=_late(figures.undelivered_alerts, now, silence),
        employers_stopped=figures.stopped,
        halted=sorted({one.host for one in halted(agents, silence)}),
    )


def _late(waiting: Backlog, now: datetime, patience: timedelta) -> int:
    """How many wait, once the first of them has waited for too long."""
    return waiting.number if waiting.since is not None and now - waiting.since > patience else 0


def _needs_person(figures: Figures) -> int:
    stopped = sum(group.number for group in figures.open if group.state in NEEDED_BY_STATE)
    return stopped + sum(number for (_, reason), number in figures.queue.items() if reason in NEEDED_BY_WAIT)


def judge(standing: Standing, silence: timedelta) -> tuple[Level, Sequence[str]]:
    """The level and why, the worst reasons first; each a few words of English."""
    critical, warnings = list(_losses(standing, silence)), list(_concerns(standing))
    level = Level.CRITICAL if critical else Level.WARNING if warnings else Level.OK
    return level, [*critical, *warnings]


def _losses(standing: Standing, silence: timedelta) -> Iterator[str]:
    if standing.employers_stopped:
        yield f"stopped: {', '.join(standing.employers_stopped)}"
    if standing.halted:
        yield f"nothing is sent, the clock is wrong on {', '.join(standing.halted)}"
    if standing.overdue:
        yield f"{standing.overdue} overdue"
    if standing.silence is None:
        yield "no agent has ever given a sign of life"
    elif standing.silence > silence:
        yield f"no agent has given a sign of life for {duration(standing.silence)}"


def _concerns(standing: Standing) -> Iterator[str]:
    if standing.due_soon:
        yield f"{standing.due_soon} due within {NEAR // timedelta(hours=1)} working hours"
    if standing.needs_person:
        yield f"a person is needed for {standing.needs_person}"
    if standing.in_doubt:
        yield f"{standing.in_doubt} in doubt"
    if standing.missing_agents:
        yield f"{standing.missing_agents} of several agents silent"
    if standing.alerts_waiting:
        yield f"{standing.alerts_waiting} alerts not delivered"


def duration(span: timedelta) -> str:
    """A length of time in one or two units: ``45 s``, ``12 min``, ``5 h 20 min``, ``3 d 4 h``."""
    seconds = int(abs(span).total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86400
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2])
