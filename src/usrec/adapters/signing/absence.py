"""A signer that does not answer is left alone for a while, so that its events do not keep those of others waiting."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

from kzeds.errors import SignerUnreachableError

REST: Final = timedelta(seconds=15)
"""So long after it did not answer nobody asks it."""

PROBE: Final = timedelta(minutes=1)
"""So long the one who asks it afterwards is waited for; nobody else asks meanwhile."""

FADES: Final = timedelta(minutes=5)
"""So long after its rest nobody asked it, so nothing waits for it and nobody can say whether it is still away."""

CLOCK_SLIP: Final = timedelta(minutes=5)
"""A clock that was put back farther than this ends a rest, which could last for hours otherwise."""


class Absence:
    """Whether a signer is away, and whose turn it is to find out whether it is back. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._error: SignerUnreachableError | None = None
        self._until: datetime | None = None

    @property
    def error(self) -> SignerUnreachableError | None:
        """How it did not answer when it was last asked; None when it did."""
        return self._error

    def lasts(self, at: datetime) -> bool:
        """Whether it did not answer lately."""
        with self._lock:
            return self._until is not None and self._until - CLOCK_SLIP <= at < self._until + FADES

    def require_over(self, at: datetime) -> None:
        """Check that it may be asked; while it is away, that is one caller's turn at a time.

        Raises:
            SignerUnreachableError: It did not answer a moment ago, or somebody is asking it just now.
        """
        with self._lock:
            error, until = self._error, self._until
            if error is None or until is None:
                return
            if until - CLOCK_SLIP <= at < until:
                raise error.with_traceback(None)
            self._until = at + PROBE

    def begin(self, error: SignerUnreachableError, at: datetime) -> None:
        """It did not answer.

        Args:
            at: When that was found out.
        """
        with self._lock:
            self._error, self._until = error, at + REST

    def end(self) -> None:
        """It answered."""
        with self._lock:
            self._error, self._until = None, None
