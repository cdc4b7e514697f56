"""Looks that take longer the more waits in the ledger: the longer one takes, the longer until the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_REST: Final = 100
"""So many times what a look took passes before the next, so that looking takes a hundredth of the agent's time."""
_LONGEST: Final = 300.0
"""Seconds; a look that took long because the ledger was busy must not be the last for hours."""


class Seldom:
    """When a look may be taken again; used by one thread at a time.

    Args:
        monotonic: Seconds that never run backwards.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._from: float | None = None

    def is_due(self) -> bool:
        """Whether none was taken yet, or the last one has been rested from."""
        return self._from is None or self._monotonic() >= self._from

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A look is being taken; one that fails may be tried again at once."""
        began = self._monotonic()
        yield
        ended = self._monotonic()
        self._from = ended + min(_LONGEST, _REST * (ended - began))
