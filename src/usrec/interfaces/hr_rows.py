"""The sources, each in threads of its own: rows are taken from it, and what becomes of them is written back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import Final

import structlog

from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.application.ingest import ingest
from usrec.application.write_back import write_back
from usrec.bootstrap import Agent
from usrec.domain.errors import SourceUnavailable
from usrec.domain.source_event import SourceName
from usrec.interfaces.crew import Crew, Loop
from usrec.interfaces.drain import Drain
from usrec.interfaces.stop_notes import StopNotes
from usrec.ports.doorbell import Ring
from usrec.ports.event_source import EventSource, StatusNote

INGEST_SIZE: Final = 200
INGEST_BESIDE_DELIVERIES: Final = 25
"""Rows in one transaction while deliveries wait for their turn at an SQLite file."""
LETS_PASS: Final = 0.1
"""Seconds after news in which whatever only tells leaves the machine to what delivers."""
_log = structlog.get_logger("usrec.daemon")


class HrRows:
    """Both directions between the HR databases and the ledger.

    Args:
        words: Puts a note to HR into words, in a language.
        allowed: What one HR database may take before the thread counts as hung.
        is_sending: Whether something is being delivered now.
        is_rung: Whether the ledger's database tells the clerks by itself that there is work for them.
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
        is_rung: Callable[[], bool],
    ) -> None:
        self._crew = crew
        self._drain = drain
        self._metrics = metrics
        self._words = words
        self._allowed = allowed
        self._is_sending = is_sending
        self._is_rung = is_rung
        self._stop_notes = StopNotes()
        self._asked: dict[SourceName, int | SourceUnavailable] = {}
        self._asking = threading.Lock()

    def loops(self, agent: Agent, every: float) -> Sequence[Loop]:
        """Two for each source: one that hangs, or has very much to give, keeps no other waiting.

        Args:
            every: Seconds between two looks.
        """
        return [loop for source in agent.sources for loop in self._loops_of(source.name, every)]

    def _loops_of(self, name: SourceName, every: float) -> Iterator[Loop]:
        take, tell = partial(self._take, name), partial(self._write_back, name)
        yield Loop(_intake_of(name), take, self._allowed, every, wakes_on=[Ring.ROWS], goes_first=True)
        yield Loop(f"write-back-{name}", tell, self._allowed, every, lets_pass=LETS_PASS, tells_results=True)

    def _take(self, name: SourceName, agent: Agent) -> bool:
        """Take rows from one source; whether there were any."""
        source = next((one for one in agent.sources if one.name == name), None)
        if source is None:
            return False
        try:
            rows = self.take_from(agent, source)
        except SourceUnavailable as problem:
            self._was_asked(agent, name, problem)
            raise
        self._was_asked(agent, name, rows)
        if rows:
            self._drain.moved()
            self._crew.wake()
        return rows > 0

    def _was_asked(self, agent: Agent, name: SourceName, found: int | SourceUnavailable) -> None:
        with self._asking:
            self._asked[name] = found
            last = [self._asked.get(source.name) for source in agent.sources]
            self._drain.asked([one for one in last if one is not None], of=len(last))

    def _write_back(self, name: SourceName, agent: Agent) -> bool:
        """Tell one source what became of its rows."""
        source = next((one for one in agent.sources if one.name == name), None)
        if source is not None:
            self._tell(agent, source)
        return False

    def look_for_stops(self, agent: Agent) -> None:
        """Note for HR which employers are stopped, and which no longer."""
        self._stop_notes.look(agent)

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
            held=partial(self._held, source.name),
        )
        if taken.rows:
            self._metrics.ingested(source.name, taken, perf_counter() - began)
            _log.info("rows taken", action="ingest", source=source.name, taken=taken.taken, repeated=taken.repeated)
        if taken.conflicts:
            _log.error("rows contradict their own revision", action="ingest.conflict", rows=taken.conflicts)
        return taken.rows

    def _held(self, name: SourceName, rows: int) -> None:
        """What the ledger holds is sent first. HR is told at once where more rows wait behind these."""
        if not self._is_rung():
            self._crew.rang(Ring.READY)
        self._crew.has_passed(_intake_of(name))
        if rows < INGEST_SIZE:
            self._crew.lets_pass(_intake_of(name), LETS_PASS)

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


def _intake_of(name: SourceName) -> str:
    return f"ingest-{name}"
