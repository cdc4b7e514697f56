"""A sink that is made anew for each message, and that never stops the agent.

A password file that was mended works with the next message, without a restart. Whatever goes wrong with a sink, even a
fault of this program, is a message that was not taken: contracts are registered all the same.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from usrec.domain.errors import AlertNotTaken, UsrecError
from usrec.ports.alert_sink import AlertMessage, AlertSink, SinkName

_log = structlog.get_logger("usrec.alerts")


class GuardedSink:
    """A sink behind whatever may keep it from being made.

    Args:
        build: Makes it; may raise :class:`usrec.domain.errors.ConfigurationError`.
    """

    def __init__(self, name: SinkName, build: Callable[[], AlertSink]) -> None:
        self._name = name
        self._build = build

    def deliver(self, message: AlertMessage) -> None:
        """Make the sink and let it deliver.

        Raises:
            AlertNotTaken: It could not be made, or did not take the message.
        """
        try:
            self._build().deliver(message)
        except AlertNotTaken:
            raise
        except UsrecError as problem:
            raise AlertNotTaken(
                f"{problem.where}: {problem.what}" if problem.where else problem.what,
                where=f"alert sink {self._name}",
                next_step=problem.next_step or "Mend its settings",
            ) from None
        except Exception as fault:  # noqa: BLE001 -- see above: no sink may stop the agent
            kind = type(fault).__name__
            _log.critical("an unexpected error in a sink of alerts", action="alert.crash", sink=self._name, kind=kind)
            raise AlertNotTaken(
                f"an unexpected error ({kind})",
                where=f"alert sink {self._name}",
                next_step="Report this",
            ) from None
