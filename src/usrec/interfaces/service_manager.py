"""What systemd is told, and how: datagrams of lines to the socket that it names in the environment.

Source: sd_notify(3). The socket may be a path or, with ``@``, a name in Linux's abstract namespace. Without a service
manager nothing is sent. The protocol is stable and its client is this page, so no library is needed for it.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Self

import structlog

from kzeds.visible import visible

_log = structlog.get_logger("usrec.service")


class ServiceManager:
    """The service manager that started this process, if any.

    Args:
        address: Of its socket; None when there is none.
        watchdog: It restarts the process after so long without a sign of life; None when it does not.
    """

    def __init__(
        self,
        address: str | None = None,
        watchdog: timedelta | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._half = None if watchdog is None else watchdog.total_seconds() / 2
        self._monotonic = monotonic
        self._next = 0.0
        self._complained = False

    @classmethod
    def of_environment(cls) -> Self:
        """The one that ``$NOTIFY_SOCKET``, ``$WATCHDOG_USEC`` and ``$WATCHDOG_PID`` describe."""
        given = os.environ  # noqa: TID251 -- the protocol's own variables; they are no settings
        address, usec, pid = given.get("NOTIFY_SOCKET"), given.get("WATCHDOG_USEC", ""), given.get("WATCHDOG_PID")
        is_ours = usec.isdigit() and int(usec) > 0 and pid in {None, "", str(os.getpid())}
        return cls(address or None, timedelta(microseconds=int(usec)) if is_ours else None)

    @property
    def patience(self) -> timedelta | None:
        """How often :meth:`is_alive` has to be called, None where nobody waits for it."""
        return None if self._half is None or self._address is None else timedelta(seconds=self._half / 2)

    def is_ready(self, status: str) -> None:
        """The start, or a reload, is over."""
        self._tell("READY=1", _status(status))

    def stands(self, status: str) -> None:
        """How it stands, one line for ``systemctl status``."""
        self._tell(_status(status))

    def is_reloading(self, status: str) -> None:
        """Keys and settings are being read again, until :meth:`is_ready`."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", _status(status))

    def is_stopping(self, status: str) -> None:
        """The end has begun."""
        self._tell("STOPPING=1", _status(status))

    def is_alive(self) -> None:
        """A sign of life; passed on once in half the time that the manager waits."""
        now = self._monotonic()
        if self._half is not None and now >= self._next:
            self._next = now + self._half
            self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
                end.settimeout(1)
                end.sendto("\n".join(lines).encode(), name)
        except OSError as problem:
            self._complain(problem)

    def _complain(self, problem: OSError) -> None:
        if not self._complained:
            self._complained = True
            _log.warning("the service manager cannot be told", action="service.notify", error=str(problem.strerror))


def _status(text: str) -> str:
    return f"STATUS={visible(text)}"
