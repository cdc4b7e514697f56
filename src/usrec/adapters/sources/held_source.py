"""In the place of a source whose settings cannot be used: it says so at each look, and the other sources go on."""

from __future__ import annotations

from collections.abc import Sequence

from usrec.adapters.sources.named import NamedSource
from usrec.domain.errors import ConfigurationError, SourceHeld
from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.event_source import StatusNote


class HeldSource(NamedSource):
    """An :class:`usrec.ports.event_source.EventSource` that gives nothing until its settings are mended."""

    def __init__(self, name: SourceName, problem: ConfigurationError) -> None:
        super().__init__(name, writable=True)
        self.problem = problem

    def fetch(self, limit: int) -> Sequence[SourceRow]:
        """Nothing.

        Raises:
            SourceHeld: Always.
        """
        del limit
        raise self._held()

    def mark_taken(self, rows: Sequence[SourceRow]) -> None:
        """There were none."""

    def write_back(self, notes: Sequence[StatusNote]) -> None:
        """Not now.

        Raises:
            SourceHeld: Always.
        """
        del notes
        raise self._held()

    def close(self) -> None:
        """Nothing is open."""

    def _held(self) -> SourceHeld:
        problem = self.problem
        where = f"[source.{self._name}] {problem.where}".rstrip()
        kept = "Nothing is lost, and the other sources go on"
        return SourceHeld(problem.what, where=where, kept=kept, next_step=problem.next_step)
