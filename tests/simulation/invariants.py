"""What must hold after every step, read from the ledger's own tables and from what the registry knows.

A look reads what has changed since the last one: the lines of the journal and the attempts that are new, the
submissions that differ, what the registry has taken meanwhile. What has not changed still holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from simulation.chain_watch import CHAIN, DIGESTS, ChainWatch
from simulation.heads import HEAD, KEPT, HeadWatch
from simulation.journal_watch import HELD, JOURNAL, OPEN, STOPPED, JournalWatch, Row
from simulation.mass_watch import ALONE, DECIDED, MASS, MassWatch
from simulation.office import Office, text_of
from simulation.pair_watch import QUIET, TOLD_OF, PairWatch
from simulation.staff import HrDepartment, HrEvent
from usrec.application.verify_journal import verify_journal
from usrec.domain.chain import ChainLine
from usrec.domain.state import State

ONCE: Final = "each event registered at most once"
ORDER: Final = "events of a contract registered in HR's order"
ACCEPTED: Final = "accepted only what is registered"
REFUSED: Final = "refused or taken back only what is not registered"
INTENT: Final = "an open attempt on record before anything is sent"
BYTES: Final = "the same bytes at every attempt"
FENCE: Final = "no attempt by an agent whose claim was taken over"
ALERT: Final = "an alert before every legal date"
NEIGHBOUR: Final = "an employer in trouble holds no other"
SETTLED: Final = "everything settles once faults stop"
EXACTLY: Final = "each valid event registered exactly once in the end"
NEWEST: Final = "registered is what HR said last, or HR knows that it came too late"
WITHDRAWN: Final = "what HR withdrew is registered only where HR knows"
WHOLE: Final = "usrec journal verify finds the chain whole"
TOLD: Final = "HR's row says so in the end"

EACH_STEP: Final = (
    *(ONCE, ORDER, ACCEPTED, REFUSED, INTENT, BYTES, FENCE, OPEN, HELD, STOPPED, ALERT, JOURNAL, CHAIN, DIGESTS),
    *(MASS, ALONE, DECIDED, HEAD),
)
AT_THE_END: Final = (NEIGHBOUR, SETTLED, EXACTLY, NEWEST, WITHDRAWN, TOLD, WHOLE, TOLD_OF, QUIET, KEPT)

_ENOUGH_TIME: Final = timedelta(hours=12)
"""Crashes and pauses keep no agent from watching for so long: what was taken in so long before its legal date has
been looked at."""
_OPEN_STATES: Final = frozenset({State.PENDING, State.SIGNED, State.INDETERMINATE, State.REJECTED})
_NOT_REGISTERED: Final = frozenset({State.REJECTED, State.CANCELLED})
_ROWS: Final = "SELECT id, event_id, employer_bin, state, record_id, due_utc, replaced_by FROM submissions"
_LINES: Final = (
    "SELECT seq, at, submission_id, action, from_state, to_state, actor, reason, detail"
    " FROM journal WHERE seq > ? ORDER BY seq"
)
_HEADS: Final = "SELECT number FROM journal_heads ORDER BY number"
_ATTEMPTS: Final = "SELECT rowid, submission_id, fence FROM attempts WHERE rowid > ? ORDER BY rowid"


@dataclass
class Invariants:
    """Looks after each step at what has changed."""

    office: Office
    hr: HrDepartment
    _rows: dict[str, Row] = field(default_factory=dict)
    _since: dict[str, Any] = field(default_factory=dict)
    _changes: int = -1
    _registered: int = 0
    _documents: dict[str, bytes] = field(default_factory=dict)
    _fences: dict[str, int] = field(default_factory=dict)
    _attempt: int = 0
    _judged: set[str] = field(default_factory=set)
    _next_due: datetime | None = None

    def __post_init__(self) -> None:
        self._sql = self.office.ledger.connection.driver
        names: dict[str, str] = {name: bin_ for bin_, name in self.office.employers.items()}
        self._journal = JournalWatch(self.office.world, names)
        self._chain = ChainWatch(self.office.world, self._read)
        self._masses = MassWatch(self.office.world, self._read)
        self._heads = HeadWatch(self.office.world, self.office.heads)

    def _read(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        found: Sequence[tuple[Any, ...]] = self._sql.execute(statement, values).fetchall()
        return found

    def look(self) -> None:
        """Check all that holds at any moment.

        Raises:
            ViolationError: Something does not.
        """
        letters = self.office.network.authority.letters
        if len(letters) > self._registered:
            self._registry()
            self._registered = len(letters)
        if self._sql.total_changes != self._changes:
            self._changes = self._sql.total_changes
            self._ledger()
        self._sent()
        if len(self.office.heads.said) > self._heads.said:
            self._heads.follow(self._chain.ends)
        if self._next_due is not None and self.office.world.now >= self._next_due:
            self._deadlines()

    def _registry(self) -> None:
        """What the registry has taken since the last look."""
        world, authority = self.office.world, self.office.network.authority
        refused = {row.record_id: row for row in self._rows.values() if row.state in _NOT_REGISTERED}
        for letter in authority.letters[self._registered :]:
            times, order = authority.events[letter.event_id], authority.order[letter.contract_key]
            world.holds(ONCE, times == 1, lambda e=letter: f"{e.event_id} stands in the registry twice")  # type: ignore[misc]
            ranks = [_rank(event) for event in order]
            world.holds(ORDER, ranks == sorted(ranks), lambda e=letter, o=order: f"{e.contract_key}: {o}")  # type: ignore[misc]
            found = refused.get(letter.record_id)
            world.holds(REFUSED, found is None, lambda f=found: f"{f} is in the registry")  # type: ignore[misc]

    def _ledger(self) -> None:
        """What differs in the ledger since the last look."""
        changed = []
        for values in self._read(_ROWS):
            before = self._rows.get(values[0])
            row = Row(*values)
            if row != before:
                self._rows[row.id] = row
                self._since.setdefault(row.id, self.office.world.now)
                changed.append(row)
        lines = [ChainLine(*values) for values in self._read(_LINES, self._journal.seq)]
        self._journal.follow(lines, self._rows)
        self._chain.follow(lines)
        if self.office.climate.masses:
            self._masses.follow(lines, self._rows)
        if self.office.climate.heads:
            self._heads.kept([number for (number,) in self._read(_HEADS)])
        for row in changed:
            self._agreement(row)
            self._journal.agrees(row)
        if changed:
            self._next_due = self._first_due()
        self._attempts()

    def _agreement(self, row: Row) -> None:
        world, authority = self.office.world, self.office.network.authority
        if row.state == State.ACCEPTED:
            there = row.record_id in authority.ids or row.event_id in authority.by_hand
            world.holds(ACCEPTED, there, lambda: f"{row.event_id} is not in the registry")
        elif row.state in _NOT_REGISTERED:
            world.holds(REFUSED, row.record_id not in authority.ids, lambda: f"{row.event_id} is in the registry")

    def _sent(self) -> None:
        world = self.office.world
        for letter, envelope, document in self.office.network.opened:
            which = self._chain.sent(envelope.digest, envelope.body, document)
            known = which is not None
            world.holds(INTENT, known, lambda e=letter: f"{e.event_id} was sent and the ledger knows nothing")  # type: ignore[misc]
            first = self._documents.setdefault(which or "", document)
            world.holds(BYTES, first == document, lambda e=letter: f"{e.event_id} was sent with other bytes")  # type: ignore[misc]
        self.office.network.opened.clear()

    def _attempts(self) -> None:
        for number, which, fence in self._read(_ATTEMPTS, self._attempt):
            before = self._fences.get(which, -1)
            self.office.world.holds(FENCE, before < fence, lambda b=before, a=fence: f"fence {a} after fence {b}")  # type: ignore[misc]
            self._fences[which] = fence
            self._attempt = number

    def _unjudged(self) -> Sequence[Any]:
        return [
            row
            for row in self._rows.values()
            if row.due is not None
            and row.id not in self._judged
            and row.replaced_by is None
            and row.state in _OPEN_STATES
        ]

    def _deadlines(self) -> None:
        """Every legal date that has just passed was told of before."""
        world = self.office.world
        for row in self._unjudged():
            if row.due > text_of(world.now):
                continue
            self._judged.add(row.id)
            if text_of(self._since[row.id] + _ENOUGH_TIME) > row.due:
                continue
            told = self._read("SELECT 1 FROM alerts WHERE event_id = ? AND raised_at < ?", row.event_id, row.due)
            world.holds(ALERT, bool(told), lambda r=row: f"{r.event_id} was due at {r.due} and nobody was told")  # type: ignore[misc]
        self._next_due = self._first_due()

    def _first_due(self) -> datetime | None:
        dues = [row.due for row in self._unjudged()]
        return datetime.fromisoformat(min(dues)) if dues else None

    def look_at_the_end(self) -> None:
        """Check what must hold once faults have stopped and everything had its time; and all once more, from the start.

        Raises:
            ViolationError: Something does not.
        """
        for event in self.hr.events:
            if event.withdrawn or event.given_up:
                self._withdrawn(event)
            else:
                self._valid(event)
        Invariants(self.office, self.hr, _judged=self._judged).look()
        owed = self._masses.owed
        self.office.world.holds(DECIDED, not owed, lambda: f"a decision has not reached {owed}")
        if self.office.climate.heads:
            self._heads.look_at_the_end(self.office.ledger.chain_view)
        breach = verify_journal(self.office.ledger.chain_view).breach
        self.office.world.holds(WHOLE, breach is None, lambda: repr(breach))

    def look_at_transfers(self, since: datetime) -> None:
        """Check of whom somebody was told in the quiet days since then.

        Raises:
            ViolationError: Somebody was not told of what is not whole, or is told of what is.
        """
        PairWatch(self.office.world, self._read, self.office.watch.digests).look(since)

    def _valid(self, event: HrEvent) -> None:
        world, times = self.office.world, self.office.network.authority.events[event.event_id]
        world.holds(EXACTLY, times == 1, lambda: f"{event.event_id} is registered {times} times")
        states = self._notes(event)
        world.holds(TOLD, "accepted" in states.values(), lambda: f"{event.event_id}: {states}")
        letter = next(one for one in self.office.network.authority.letters if one.event_id == event.event_id)
        newest = states[event.revision]
        by_hand = event.event_id in self.office.network.authority.by_hand
        fresh = by_hand or letter.revision == event.revision or newest == "invalid"
        world.holds(NEWEST, fresh, lambda: f"{event.event_id}: r{letter.revision} registered, HR's last says {newest}")

    def _withdrawn(self, event: HrEvent) -> None:
        times, states = self.office.network.authority.events[event.event_id], self._notes(event)
        knows = event.given_up or states[event.revision] == "invalid"
        agrees = times == int("accepted" in states.values()) and (not times or knows)
        self.office.world.holds(WITHDRAWN, agrees, lambda: f"{event.event_id}: registered {times} times, {states}")

    def _notes(self, event: HrEvent) -> Mapping[int, str]:
        """What HR reads beside the rows of an event, by revision."""
        notes = [self.office.source.status_of(row) for row in event.rows]
        return {number: note.state if note else "" for number, note in enumerate(notes, start=1)}

    def unsettled(self, but: str = "") -> Iterator[str]:
        """What the ledger holds that still has to go somewhere; ``but`` of one employer."""
        queued = self._read(
            "SELECT event_id, status, wait_reason, note FROM outbox JOIN submissions ON id = submission_id"
            " WHERE outbox.employer_bin <> ?",
            but,
        )
        if queued:
            yield f"on its way: {queued}"
        if self._read("SELECT 1 FROM write_backs WHERE written_at IS NULL LIMIT 1"):
            yield "a note to HR is not written"
        if not self._chain.is_linked():
            yield "the journal is not linked"

    def next_moments(self) -> list[str]:
        """When something in the ledger becomes due, as its texts."""
        found = self._read(
            "SELECT min(available_at) FROM outbox WHERE status = 'scheduled' UNION ALL"
            " SELECT min(lease_until) FROM outbox WHERE status = 'claimed' UNION ALL"
            " SELECT min(due_at) FROM write_backs WHERE written_at IS NULL UNION ALL"
            " SELECT min(watch_at) FROM submissions"
        )
        return [moment for (moment,) in found if moment is not None]


def _rank(event_id: str) -> int:
    return int(event_id.split("-")[1])
