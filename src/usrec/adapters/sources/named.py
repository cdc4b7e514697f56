"""What every source has: its name, and whether the agent may tell it anything."""

from __future__ import annotations

from usrec.domain.source_event import SourceName


class NamedSource:
    """The common part of sources.

    Args:
        name: The source's name in the settings.
        writable: Whether rows are marked and states are written back.
    """

    def __init__(self, name: SourceName, *, writable: bool) -> None:
        self._name = name
        self._writable = writable

    @property
    def name(self) -> SourceName:
        """Name in the settings."""
        return self._name

    @property
    def writable(self) -> bool:
        """Whether ``mark_taken`` and ``write_back`` do anything."""
        return self._writable
