"""Whoever can tell what time it is, besides this machine's own clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from usrec.domain.clock_trust import Witness

Steady = Callable[[], timedelta]
"""A counter that nobody can set and that runs on while the machine sleeps; where it begins means nothing."""


class TimeWitness(Protocol):
    """One that can be asked."""

    @property
    def name(self) -> Witness:
        """Who it is."""
        ...

    def tell(self) -> datetime | None:
        """The time now, aware UTC; None when it cannot be asked or tells none. Never raises for what it does."""
        ...
