"""What the independent watcher needs: a way to look, a memory that outlives it, and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from usrec.domain.oversight import Impression, Sight
from usrec.domain.oversight_notice import Knowledge, Notice
from usrec.ports.alert_sink import SinkName


@dataclass(frozen=True, slots=True)
class Memory:
    """All that a watcher remembers.

    Attributes:
        told: What each recipient knows.
    """

    impression: Impression
    told: Mapping[SinkName, Knowledge] = field(default_factory=dict)

    def knows(self, sink: SinkName, knowledge: Knowledge) -> Memory:
        """The same, with what one recipient knows now."""
        return replace(self, told={**self.told, sink: knowledge})


class MemoryStore(Protocol):
    """Keeps a watcher's memory."""

    def load(self) -> Memory | None:
        """What was kept last; None before the first time, and when it cannot be read any more."""
        ...

    def keep(self, memory: Memory) -> None:
        """Keep it durably, in the place of what was kept before.

        Raises:
            ConfigurationError: It cannot be written; what was kept before is still there.
        """
        ...


class Look(Protocol):
    """Looks at the ledger and never changes it."""

    def __call__(self) -> Sight:
        """What it shows now.

        Raises:
            UsrecError: It does not answer, or not as this program expects.
        """
        ...


class NoticeComposer(Protocol):
    """Puts a notice into words."""

    def __call__(self, notice: Notice, *, language: str) -> tuple[str, str]:
        """Subject and text of the message."""
        ...
