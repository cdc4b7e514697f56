"""What an independent watcher makes of what it sees: which troubles there are.

What audits and looks at staffs find is told by agents themselves (:mod:`usrec.domain.drift`).

An agent's silence is measured by the watcher's own clock, from the moment at which it saw the last change of the
agent's sign of life: two machines' clocks may differ.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from usrec.domain.heartbeat import Heartbeat, halted, missing, newest_sign
from usrec.domain.submission import SubmissionId

REMEMBERED: Final = 500
"""So many of the submissions that a trouble is about are told apart."""


class Concern(StrEnum):
    """What can be wrong."""

    LEDGER_UNREACHABLE = "ledger_unreachable"
    """The ledger has not answered for too long."""
    AGENT_SILENT = "agent_silent"
    """No agent gives a sign of life."""
    AGENT_MISSING = "agent_missing"
    """One of several agents fell silent."""
    UNWATCHED = "unwatched"
    """A threshold of a date was crossed and no agent raised an alert."""
    UNDELIVERED = "undelivered"
    """The agent raised alerts, and they do not reach everybody."""
    CLOCK_WRONG = "clock_wrong"
    """Agents send nothing, because the clocks of their machines cannot be relied on."""
    OVERDUE = "overdue"
    """The legal date of an open submission is over."""
    JOURNAL_UNLINKED = "journal_unlinked"
    """Lines of the journal have waited to be linked for too long."""
    EMPLOYER_STOPPED = "employer_stopped"
    """Nothing of an employer goes out until a person releases it."""
    AUDIT_FINDINGS = "audit_findings"
    """The last audit of an employer found contracts that somebody has to look at."""
    AUDIT_MISSING = "audit_missing"
    """The agent's own audit of an employer was not taken at its time: each attempt fails."""
    IDS_UNKNOWN = "ids_unknown"
    """Contracts of HR's stand in the registry under ids that nobody knows: no change of them can be sent."""
    STAFF_PUZZLES = "staff_puzzles"
    """The last look at a staff showed rows that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the ledger showed.

    Attributes:
        agents: The last sign of life of each.
        overdue: Open submissions whose legal date is over; of more than a thousand only the first.
        unwatched: Open submissions of which a threshold was crossed without an alert; likewise.
        undelivered: Alerts that were due and that not everybody got who should.
        undelivered_since: When the first of them was due, aware UTC.
        unlinked_since: When the oldest line of the journal was written that waits to be linked for too long, aware
            UTC; None when none does.
        stops: Since when which employers are stopped, by their names in the settings.
    """

    agents: Sequence[Heartbeat] = ()
    overdue: Collection[SubmissionId] = ()
    unwatched: Collection[SubmissionId] = ()
    undelivered: int = 0
    undelivered_since: datetime | None = None
    unlinked_since: datetime | None = None
    stops: Mapping[str, datetime] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Impression:
    """What the watcher remembers of its looks; times are aware UTC by its own clock, apart from ``sign``.

    Attributes:
        first_look_at: When it began to watch.
        seen_at: When the ledger last answered.
        sign: The newest sign of life that it saw.
        sign_seen_at: When it saw that sign for the first time.
        began: Since when each trouble has been there.
    """

    first_look_at: datetime
    seen_at: datetime | None = None
    sign: datetime | None = None
    sign_seen_at: datetime | None = None
    began: Mapping[Concern, datetime] = field(default_factory=dict)

    def after(self, sight: Sight | None, now: datetime) -> Impression:
        """What it remembers after a look; ``sight`` is None when the ledger did not answer."""
        if sight is None:
            return self
        sign = newest_sign(sight.agents)
        if sign is None or sign == self.sign:
            return replace(self, seen_at=now)
        return replace(self, seen_at=now, sign=sign, sign_seen_at=self._came(sign, now))

    def _came(self, sign: datetime, now: datetime) -> datetime:
        """When a new sign came: by its own time, but not before the last look, which did not see it, nor after now.

        Whoever looks once in a while, from cron, would otherwise begin to count at each look.
        """
        last_look = self.seen_at if self.sign is not None else None
        return min(now, max(sign, last_look or sign))

    def dated(self, troubles: Troubles, *, blind: bool) -> tuple[Troubles, Impression]:
        """The troubles with the beginnings that are remembered, and what is remembered of them."""
        began = {concern: self.began.get(concern, trouble.since) for concern, trouble in troubles.items()}
        dated = {concern: replace(trouble, since=began[concern]) for concern, trouble in troubles.items()}
        return dated, replace(self, began={**self.began, **began} if blind else began)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is wrong.

    Attributes:
        since: Aware UTC.
        number: Of what it is about; 0 where there is nothing to count.
        about: Ids of submissions, or names of agents, employers or sources, at most :data:`REMEMBERED`.
        agent: The agent that gave the last sign; None when there never was one.
    """

    concern: Concern
    since: datetime
    number: int = 0
    about: frozenset[str] = frozenset()
    agent: Heartbeat | None = None


Troubles = Mapping[Concern, Trouble]


def troubles_of(sight: Sight | None, impression: Impression, now: datetime, silence: timedelta) -> Troubles:
    """What is wrong at ``now``, as far as it could be seen."""
    if sight is None:
        last = impression.seen_at or impression.first_look_at
        late = now - last > silence
        return {Concern.LEDGER_UNREACHABLE: Trouble(Concern.LEDGER_UNREACHABLE, last)} if late else {}
    found = [_silent(sight, impression, now, silence) or _missing(sight, silence)]
    found += [
        _halted(sight, silence),
        _about(Concern.UNWATCHED, sight.unwatched, now),
        _about(Concern.OVERDUE, sight.overdue, now),
        _undelivered(sight, now, silence),
        _stopped(sight.stops),
        None if sight.unlinked_since is None else Trouble(Concern.JOURNAL_UNLINKED, sight.unlinked_since),
    ]
    return {one.concern: one for one in found if one is not None}


def _silent(sight: Sight, impression: Impression, now: datetime, silence: timedelta) -> Trouble | None:
    last = impression.sign_seen_at or impression.first_look_at
    if now - last <= silence:
        return None
    agent = max(sight.agents, key=lambda one: one.last_sign, default=None)
    return Trouble(Concern.AGENT_SILENT, impression.sign or last, agent=agent)


def _missing(sight: Sight, silence: timedelta) -> Trouble | None:
    agents = missing(sight.agents, silence)
    if not agents:
        return None
    first = min(agents, key=lambda one: one.last_sign)
    about = frozenset(agent.owner for agent in agents)
    return Trouble(Concern.AGENT_MISSING, first.last_sign, len(agents), about, agent=first)


def _halted(sight: Sight, silence: timedelta) -> Trouble | None:
    agents = halted(sight.agents, silence)
    if not agents:
        return None
    first = min(agents, key=lambda one: one.last_sign)
    about = frozenset(agent.host for agent in agents)
    return Trouble(Concern.CLOCK_WRONG, first.beat_at, len(about), about, agent=first)


def _stopped(since: Mapping[str, datetime]) -> Trouble | None:
    if not since:
        return None
    about = frozenset(sorted(since)[:REMEMBERED])
    return Trouble(Concern.EMPLOYER_STOPPED, min(since.values()), len(since), about)


def _about(concern: Concern, ids: Collection[SubmissionId], now: datetime) -> Trouble | None:
    return Trouble(concern, now, len(ids), frozenset(sorted(ids)[:REMEMBERED])) if ids else None


def _undelivered(sight: Sight, now: datetime, silence: timedelta) -> Trouble | None:
    since = sight.undelivered_since
    if since is None or now - since <= silence:
        return None
    return Trouble(Concern.UNDELIVERED, since, sight.undelivered)
