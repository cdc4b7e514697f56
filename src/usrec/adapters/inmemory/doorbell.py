"""A doorbell in memory, which whoever holds it rings."""

from __future__ import annotations

import threading
from datetime import timedelta

from usrec.domain.errors import DoorbellLost
from usrec.ports.doorbell import Ring


class InMemoryDoorbell:
    """The ``Doorbell`` port.

    Attributes:
        online: Set it to False, and the connection is lost.
    """

    def __init__(self, name: str, ring: Ring) -> None:
        self._name = name
        self._ring = ring
        self._connected = False
        self._changed = threading.Condition()
        self._rings = 0
        self._hushed = False
        self.online = True

    @property
    def name(self) -> str:
        """The database as the settings name it."""
        return self._name

    @property
    def ring(self) -> Ring:
        """What its rings are about."""
        return self._ring

    def press(self) -> None:
        """Ring."""
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    def wait(self, longest: timedelta) -> bool:
        """Whether it rang; True at once when the connection had to be made.

        Raises:
            DoorbellLost: It is not online.
        """
        with self._changed:
            if not self.online:
                self._connected = False
                raise DoorbellLost("nothing wakes the agent early: it is switched off", where=self._name)
            if not self._connected:
                self._connected, self._rings = True, 0
                return True
            self._changed.wait_for(lambda: self._rings or self._hushed, longest.total_seconds())
            rang, self._rings, self._hushed = self._rings > 0, 0, False
            return rang

    def hush(self) -> None:
        """End a wait at once."""
        with self._changed:
            self._hushed = True
            self._changed.notify_all()

    def close(self) -> None:
        """A wait ends."""
        self.hush()
