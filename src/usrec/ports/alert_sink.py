"""Where alerts go: log, command, webhook, mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from usrec.domain.alert import Alert


class AlertSink(Protocol):
    """Delivers alerts; an alert holds no personal data."""

    def deliver(self, alerts: Sequence[Alert]) -> None:
        """Deliver all of them.

        Raises:
            TheirsToWaitFor: Nothing was delivered; they are tried again.
        """
        ...
