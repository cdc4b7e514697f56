"""Where alerts go: log, command, webhook, mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType, Protocol

from usrec.domain.alert import OpenAlert

AlertMessageId = NewType("AlertMessageId", str)
SinkName = NewType("SinkName", str)
"""``log``, or kind and name in the settings: ``mail.personnel``."""

STEPS: Final = 10
"""So many times may the timeout of a sink pass in one delivery: name, connection, TLS, login, message..."""
LOG: Final = SinkName("log")


class MessageKind(StrEnum):
    """What a message is about."""

    DEADLINES = "deadlines"
    """Dates of events that come near or are missed."""
    OVERSIGHT = "oversight"
    """What the independent watcher found."""
    AUDIT = "audit"
    """What audits and looks at staffs leave to a person."""
    TEST = "test"
    """Somebody tries whether the sink works."""


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What a sink is given: a text for people and the same in parts for programs. It holds no personal data.

    Attributes:
        id: Stable: a message that is sent again, because nobody knows whether it arrived, has the same one.
        urgent: It may wake somebody.
        at: When it was made, aware UTC.
        language: ``kk``, ``ru`` or ``en``.
        subject: One line.
        text: Lines, the last one ended.
        alerts: What it tells; empty for other kinds of messages.
    """

    id: AlertMessageId
    kind: MessageKind
    urgent: bool
    at: datetime
    language: str
    subject: str
    text: str
    alerts: Sequence[OpenAlert] = ()


class AlertSink(Protocol):
    """Delivers messages."""

    def deliver(self, message: AlertMessage) -> None:
        """Deliver it.

        Raises:
            AlertNotTaken: It may not have arrived; it is tried again with the same id.
        """
        ...


class Composer(Protocol):
    """Puts alerts into words."""

    def __call__(self, alerts: Sequence[OpenAlert], *, language: str, now: datetime) -> tuple[str, str]:
        """Subject and text of one message about all of them."""
        ...


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A sink and how it wants to be told.

    Attributes:
        language: Of its messages.
        at_once: It gets each alert when it is raised, also at night, instead of digests.
        lease: Longer than one delivery takes; after so long another agent may try.
    """

    name: SinkName
    sink: AlertSink
    language: str
    at_once: bool = False
    lease: timedelta = timedelta(minutes=10)
