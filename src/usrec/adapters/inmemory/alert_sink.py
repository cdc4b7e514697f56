"""A sink of alerts that lives in memory: a receiver that may be away, and that knows a repeated message."""

from __future__ import annotations

from usrec.domain.errors import AlertNotTaken
from usrec.ports.alert_sink import AlertMessage


class InMemoryAlertSink:
    """An :class:`usrec.ports.alert_sink.AlertSink`.

    Attributes:
        messages: What it took, in order.
        repeated: What it was given again under the same id, and dropped.
        online: Set it to False, and nothing is taken.
    """

    def __init__(self) -> None:
        self.messages: list[AlertMessage] = []
        self.repeated: list[AlertMessage] = []
        self.online = True

    def deliver(self, message: AlertMessage) -> None:
        """Take it, unless it was taken before."""
        if not self.online:
            raise AlertNotTaken("nobody answers", where="sink in memory", next_step="It is tried again")
        known = any(one.id == message.id for one in self.messages)
        (self.repeated if known else self.messages).append(message)
