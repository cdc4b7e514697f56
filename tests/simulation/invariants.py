"""What must hold after every step, read from the ledger's own tables and from what the registry knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from simulation.agent import Office
from simulation.staff import HrDepartment
from usrec.domain.state import State

ONCE: Final = "each event registered at most once"
ORDER: Final = "events of a contract registered in HR's order"
ACCEPTED: Final = "accepted only what is registered"
REFUSED: Final = "refused only what is not registered"
INTENT: Final = "an open attempt on record before anything is sent"
BYTES: Final = "the same bytes at every attempt"
FENCE: Final = "no attempt by an agent whose claim was taken over"
ALERT: Final = "an alert before every legal date"
JOURNAL: Final = "journal whole, and its end is the state"
SETTLED: Final = "everything settles once faults stop"
EXACTLY: Final = "each valid event registered exactly once in the end"
TOLD: Final = "HR's row says so in the end"

EACH_STEP: Final = (ONCE, ORDER, ACCEPTED, REFUSED, INTENT, BYTES, FENCE, ALERT, JOURNAL)
AT_THE_END: Final = (SETTLED, EXACTLY, TOLD)

_ENOUGH_TIME: Final = timedelta(hours=40)
"""An event that HR entered so long before its legal date has been seen by a watching agent in time."""


@dataclass
class Invariants:
    """Looks at everything after each step; what was seen once and cannot change is not read again."""

    office: Office
    hr: HrDepartment
    _documents: dict[str, bytes] = field(default_factory=dict)
    _journal: int = 0
    _states: dict[str, str] = field(default_factory=dict)
    _alerted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        with self.office.ledger._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
        self._sql = driver

    def _rows(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        found: Sequence[tuple[Any, ...]] = self._sql.execute(statement, values).fetchall()
        return found

    def look(self) -> None:
        """Check all that holds at any moment.

        Raises:
            ViolationError: Something does not.
        """
        submissions = self._rows(
            "SELECT id, event_id, state, record_id, due_utc, received_at, replaced_by FROM submissions"
        )
        self._registry()
        self._agreement(submissions)
        self._sent()
        self._attempts()
        self._deadlines(submissions)
        self._journal_whole(submissions)

    def _registry(self) -> None:
        world, authority = self.office.world, self.office.network.authority
        twice = [event for event, times in authority.events.items() if times > 1]
        world.holds(ONCE, not twice, lambda: f"{twice} stand in the registry twice")
        for contract, order in authority.order.items():
            ranks = [self._rank(event) for event in order]
            world.holds(ORDER, ranks == sorted(ranks), lambda c=contract, o=order: f"{c}: {o}")  # type: ignore[misc]

    @staticmethod
    def _rank(event_id: str) -> int:
        return int(event_id.split("-")[1])

    def _agreement(self, submissions: Sequence[tuple[Any, ...]]) -> None:
        world, ids = self.office.world, self.office.network.authority.ids
        for _, event_id, state, record_id, *_ in submissions:
            if state == State.ACCEPTED:
                world.holds(ACCEPTED, record_id in ids, lambda e=event_id: f"{e} is not in the registry")  # type: ignore[misc]
            elif state == State.REJECTED:
                world.holds(REFUSED, record_id not in ids, lambda e=event_id: f"{e} is in the registry")  # type: ignore[misc]

    def _sent(self) -> None:
        world = self.office.world
        for letter, envelope, document in self.office.network.opened:
            which = self._rows("SELECT submission_id FROM attempts WHERE envelope_digest = ?", envelope)
            world.holds(INTENT, bool(which), lambda e=letter: f"{e.event_id} was sent and the ledger knows nothing")  # type: ignore[misc]
            first = self._documents.setdefault(which[0][0], document)
            world.holds(BYTES, first == document, lambda e=letter: f"{e.event_id} was sent with other bytes")  # type: ignore[misc]
        self.office.network.opened.clear()

    def _attempts(self) -> None:
        world = self.office.world
        for before, after in self._rows(
            "SELECT a.fence, b.fence FROM attempts a JOIN attempts b"
            " ON a.submission_id = b.submission_id AND b.number = a.number + 1"
        ):
            world.holds(FENCE, before < after, lambda b=before, a=after: f"fence {a} after fence {b}")  # type: ignore[misc]

    def _deadlines(self, submissions: Sequence[tuple[Any, ...]]) -> None:
        world = self.office.world
        now = _text(world.now)
        open_states = {State.PENDING, State.SIGNED, State.INDETERMINATE, State.REJECTED}
        for submission_id, event_id, state, _, due, received, replaced_by in submissions:
            is_over = replaced_by is not None or state not in open_states
            if due is None or due > now or submission_id in self._alerted or is_over:
                continue
            self._alerted.add(submission_id)
            if received > _text(world.now - _ENOUGH_TIME):
                continue
            told = self._rows("SELECT 1 FROM alerts WHERE event_id = ? AND raised_at < ?", event_id, due)
            world.holds(ALERT, bool(told), lambda e=event_id, d=due: f"{e} was due at {d} and nobody was told")  # type: ignore[misc]

    def _journal_whole(self, submissions: Sequence[tuple[Any, ...]]) -> None:
        world = self.office.world
        lines = self._rows(
            "SELECT seq, submission_id, from_state, to_state FROM journal WHERE seq > ? ORDER BY seq", self._journal
        )
        for seq, submission, before, after in lines:
            world.holds(JOURNAL, seq == self._journal + 1, lambda s=seq: f"a line before {s} is missing")  # type: ignore[misc]
            self._journal = seq
            if submission is not None and after is not None:
                known = self._states.get(submission)
                fits = before is None or known is None or known == before
                world.holds(JOURNAL, fits, lambda s=seq, k=known, b=before: f"line {s} leaves {b}, not {k}")  # type: ignore[misc]
                self._states[submission] = after
        for submission, event_id, state, *_ in submissions:
            told = self._states.get(submission, state)
            world.holds(JOURNAL, told == state, lambda e=event_id, t=told, s=state: f"{e} is {s}, last told {t}")  # type: ignore[misc]

    def look_at_the_end(self) -> None:
        """Check what must hold once faults have stopped and everything had its time.

        Raises:
            ViolationError: Something does not.
        """
        world, registered = self.office.world, self.office.network.authority.events
        for event in self.hr.events:
            if event.withdrawn:
                continue
            times = registered[event.event_id]
            world.holds(EXACTLY, times == 1, lambda e=event, t=times: f"{e.event_id} is registered {t} times")  # type: ignore[misc]
            notes = [self.office.source.status_of(row) for row in event.rows]
            states = [note.state if note else None for note in notes]
            world.holds(TOLD, "accepted" in states, lambda e=event, s=states: f"{e.event_id}: {s}")  # type: ignore[misc]

    def is_settled(self) -> bool:
        """Whether the ledger holds nothing that still has to go somewhere."""
        (queued,) = self._rows("SELECT count(*) FROM outbox")[0]
        (notes,) = self._rows("SELECT count(*) FROM write_backs WHERE written_at IS NULL")[0]
        return not queued and not notes

    def next_moments(self) -> list[str]:
        """When something in the ledger becomes due, as its texts."""
        found = self._rows(
            "SELECT min(available_at) FROM outbox WHERE status = 'scheduled' UNION ALL"
            " SELECT min(lease_until) FROM outbox WHERE status = 'claimed' UNION ALL"
            " SELECT min(watch_at) FROM submissions"
        )
        return [moment for (moment,) in found if moment is not None]

    def unsettled(self) -> str:
        """What is left, for the message of a violation."""
        return repr(self._rows("SELECT status, wait_reason, note, attempts FROM outbox"))


def _text(moment: Any) -> str:
    return str(moment.isoformat(timespec="microseconds")[:26] + "Z")
