"""What the journal must say, and what must not happen by its word: read line by line, each line once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from simulation.world import World
from usrec.domain.chain import ChainLine

JOURNAL: Final = "journal whole, and its end is the state"
OPEN: Final = "no attempt for what is settled"
HELD: Final = "no attempt for what a person holds"
STOPPED: Final = "no attempt for a stopped employer"

_SENDABLE: Final = frozenset({"signed", "indeterminate"})
_LETS_GO: Final = frozenset({"release", "resend", "check_out", "cancel"})


@dataclass(frozen=True)
class Row:
    """A submission, as far as the invariants ask for it."""

    id: str
    event_id: str
    employer_bin: str
    state: str
    record_id: str | None
    due: str | None
    replaced_by: str | None


@dataclass
class JournalWatch:
    """Follows the journal.

    Attributes:
        bins: Employers by their names.
    """

    world: World
    bins: Mapping[str, str]
    seq: int = 0
    states: dict[str, str] = field(default_factory=dict)
    _held: set[str] = field(default_factory=set)
    _stopped: set[str] = field(default_factory=set)

    def follow(self, lines: Sequence[ChainLine], rows: Mapping[str, Row]) -> None:
        """Read new lines."""
        for line in lines:
            self._next(line, rows)
            self.seq = line.seq

    def _next(self, line: ChainLine, rows: Mapping[str, Row]) -> None:
        self.world.holds(JOURNAL, line.seq == self.seq + 1, lambda: f"a line before {line.seq} is missing")
        if line.action in {"employer_stopped", "employer_released"}:
            bin_ = self.bins[json.loads(line.detail)["employer"]]
            (self._stopped.add if line.action == "employer_stopped" else self._stopped.discard)(bin_)
        if line.submission_id is None:
            return
        if line.action == "attempt_opened":
            self._opened(rows[line.submission_id], str(line.to_state))
        elif line.action == "hold":
            self._held.add(line.submission_id)
        elif line.action in _LETS_GO:
            self._held.discard(line.submission_id)
        self._moved(line, line.submission_id)

    def _moved(self, line: ChainLine, submission: str) -> None:
        known, before = self.states.get(submission), line.from_state
        fits = before is None or known is None or known == before
        self.world.holds(JOURNAL, fits, lambda: f"line {line.seq} leaves {before}, not {known}")
        if line.to_state is not None:
            self.states[submission] = line.to_state

    def _opened(self, row: Row, state: str) -> None:
        holds, event = self.world.holds, row.event_id
        holds(OPEN, state in _SENDABLE, lambda: f"{event} is {state} and goes out")
        holds(HELD, row.id not in self._held, lambda: f"{event} is held by a person and goes out")
        holds(STOPPED, row.employer_bin not in self._stopped, lambda: f"{event} goes out for a stopped employer")

    def agrees(self, row: Row) -> None:
        """The state of a submission is what the journal told last."""
        told = self.states.get(row.id, row.state)
        self.world.holds(JOURNAL, told == row.state, lambda: f"{row.event_id} is {row.state}, last told {told}")
