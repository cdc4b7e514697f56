"""An HR system that wants to be told at once when the state of an event has changed."""

from __future__ import annotations

from typing import Protocol

from usrec.domain.source_event import SourceName
from usrec.ports.intake import Call


class ChangeListener(Protocol):
    """Somebody who is told."""

    @property
    def source(self) -> SourceName:
        """Whose events it hears of."""
        ...

    def tell(self, call: Call) -> None:
        """Tell it; the same call may come twice.

        Raises:
            SourceUnavailable: It did not take it; it is told again later.
        """
        ...
