"""The HR databases, one after another: rows are taken from them, and what becomes of them is written back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from typing import Final

import structlog

from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.application.ingest import ingest
from usrec.application.write_back import write_back
from usrec.bootstrap import Agent
from usrec.domain.errors import SourceUnavailable
from usrec.interfaces.crew import Crew
from usrec.interfaces.drain import Drain
from usrec.interfaces.stop_notes import StopNotes
from usrec.ports.event_source import EventSource, StatusNote

INGEST_SIZE: Final = 200
INGEST_BESIDE_DELIVERIES: Final = 25
"""Rows in one transaction while deliveries wait for their turn at an SQLite file."""
_log = structlog.get_logger("usrec.daemon")


class HrRows:
    """Both directions between the HR databases and the ledger.

    Args:
        words: Puts a note to HR into words, in a language.
        allowed: What one HR database may take before the thread counts as hung.
        is_sending: Whether something is being delivered now.
    """

    def __init__(
        self,
        crew: Crew,
        drain: Drain,
        metrics: AgentMetrics,
        words: Callable[[StatusNote, str], StatusNote],
        allowed: timedelta,
        *,
        is_sending: Callable[[], bool],
    ) -> None:
        self._crew = crew
        self._drain = drain
        self._metrics = metrics
        self._words = words
        self._allowed = allowed
        self._is_sending = is_sending
        self._stop_notes = StopNotes()

    def take(self, agent: Agent) -> bool:
        """Take rows from each source; whether there were any."""
        rows: list[int] = []
        all_answered = self._with_each(agent, "ingest", lambda one: rows.append(self.take_from(agent, one)))
        self._drain.sources_empty = all_answered and not any(rows)
        if any(rows):
            self._drain.moved()
            self._crew.wake()
        return any(rows)

    def tell(self, agent: Agent) -> None:
        """Write back to each source what became of its rows."""
        self._stop_notes.look(agent)
        self._with_each(agent, "upkeep", lambda source: self._tell(agent, source))

    def _with_each(self, agent: Agent, name: str, act: Callable[[EventSource], None]) -> bool:
        """One source after another; one that is away keeps no other waiting. Whether all of them answered."""
        away = 0
        for source in agent.sources:
            self._crew.pulses.begin(name, self._allowed)
            try:
                act(source)
            except SourceUnavailable as problem:
                away += 1
                self._crew.waits_for(problem)
        return away == 0

    def take_from(self, agent: Agent, source: EventSource) -> int:
        """Take a fetch of rows from one source; how many there were."""
        began = perf_counter()
        taken = ingest(
            source=self._metrics.timed_source(source),
            ledger=agent.ledger,
            employers=agent.employers,
            calendar=agent.calendar,
            clock=agent.clock,
            entropy=agent.entropy,
            limit=INGEST_SIZE,
            preflight=agent.preflight,
            at_once=self._at_once(agent),
        )
        if taken.rows:
            self._metrics.ingested(source.name, taken, perf_counter() - began)
            _log.info("rows taken", action="ingest", source=source.name, taken=taken.taken, repeated=taken.repeated)
        if taken.conflicts:
            _log.error("rows contradict their own revision", action="ingest.conflict", rows=taken.conflicts)
        return taken.rows

    def _at_once(self, agent: Agent) -> int | None:
        """Rows in one transaction; few where each transaction of a delivery waits for the end of it."""
        return INGEST_BESIDE_DELIVERIES if agent.ledger.takes_turns and self._is_sending() else None

    def _tell(self, agent: Agent, source: EventSource) -> None:
        chosen = agent.settings.values.source.get(source.name)
        language = "en" if chosen is None else chosen.language

        def words(note: StatusNote) -> StatusNote:
            return self._words(note, language)

        if write_back(source=source, ledger=agent.ledger, clock=agent.clock, words=words):
            self._drain.moved()
