"""What the ledger remembers of each sink: what it was told, and how it fares. Part of the ledger's ports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from usrec.domain.alert import Alert, OpenAlert
from usrec.domain.oversight_notice import Knowledge
from usrec.domain.state import State
from usrec.ports.alert_sink import AlertMessageId, SinkName


@dataclass(frozen=True, slots=True)
class Untold:
    """An open alert that a sink has not taken.

    Attributes:
        message_id: Of the message that was begun with it and of which nobody knows whether it arrived.
    """

    handle: int
    open: OpenAlert
    message_id: AlertMessageId | None


@dataclass(frozen=True, slots=True)
class PostedAlert:
    """An open alert and who took it.

    Attributes:
        taken: When each sink took it, aware UTC.
    """

    alert: Alert
    state: State
    taken: Mapping[SinkName, datetime]


@dataclass(frozen=True, slots=True)
class SinkState:
    """How a sink fares.

    Attributes:
        failures: In a row; 0 when its last message was taken.
        problem: Why the last message was not taken; empty after one that was.
        retry_at: When it is tried again.
        taken_at: When it took a message last.
    """

    name: SinkName
    failures: int
    problem: str
    failed_at: datetime | None
    retry_at: datetime | None
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeBoard:
    """What there is to tell, and to whom it was told.

    Attributes:
        alerts: Oldest first.
        sinks: Those that were ever told, by name.
    """

    alerts: Sequence[PostedAlert]
    sinks: Sequence[SinkState]


class AlertSinks(Protocol):
    """Which sink was told what. A message is on record before it is sent."""

    def rests(self, sink: SinkName, now: datetime) -> bool:
        """Whether this is not the time to tell it: another agent is at it, or it is to be tried again later."""
        ...

    def failures(self, sink: SinkName, now: datetime) -> int | None:
        """How often the sink has failed since it last took a message; None when it rests.

        Until the transaction ends, no other agent can begin with it.
        """
        ...

    def untold(self, sink: SinkName, now: datetime, limit: int, *, at_once: bool) -> Sequence[Untold]:
        """Open alerts that the sink has not taken, oldest first; unless ``at_once``, those whose time has come.

        Of more than ``limit``: those that wait for no digest, then those with the nearest last day, reminders last.
        """
        ...

    def begin(
        self, sink: SinkName, message_id: AlertMessageId, handles: Sequence[int], *, owner: str, until: datetime
    ) -> None:
        """``owner`` is about to tell the sink these alerts; until ``until`` nobody else does.

        A message that was begun before and never taken may be begun again, with fewer alerts.
        """
        ...

    def taken(self, sink: SinkName, message_id: AlertMessageId, at: datetime, *, owner: str) -> None:
        """The sink took the message: what it told is never told again. Whoever tells it since goes on undisturbed."""
        ...

    def failed(self, sink: SinkName, problem: str, at: datetime, *, retry_at: datetime, owner: str) -> None:
        """The sink did not take it, or nobody knows. Nothing happens when somebody else tells it since."""
        ...

    def abandon(self, kept: Collection[SinkName], now: datetime) -> None:
        """What was begun for other sinks than these, and is not being told now, is not waited for any more.

        What they know of troubles with contracts is forgotten.
        """
        ...

    def knowledge(self, sink: SinkName) -> Knowledge:
        """What the sink knows of troubles with contracts."""
        ...

    def learn(self, sink: SinkName, knowledge: Knowledge) -> None:
        """That is what the sink knows from now on."""
        ...

    def owners(self) -> Collection[str]:
        """Who is telling a sink now."""
        ...

    def free(self, owners: Collection[str]) -> None:
        """These agents are known to be dead: what they were telling may be told again at once."""
        ...
