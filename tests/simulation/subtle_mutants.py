"""More bugs to plant: those that only a rare order of events brings to light."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Final
from unittest.mock import patch

from sqlalchemy import bindparam, select, update

from simulation import ports as simulated
from usrec.adapters.persistence import outgoing
from usrec.adapters.persistence.chain import SqlChain
from usrec.adapters.persistence.delivery_tables import employer_stops, outbox
from usrec.adapters.persistence.employer_stops import SqlEmployerStops
from usrec.adapters.persistence.outbox import SqlOutbox
from usrec.adapters.persistence.outgoing import SqlJournal
from usrec.adapters.persistence.rows import values_of
from usrec.application import ingest, record_answers, record_intent, record_outcome
from usrec.application.acknowledge import LateAnswer, acknowledge_late
from usrec.application.decision import Decision, record_decision
from usrec.domain.outcome import Refused
from usrec.domain.state import MAY_BE_REGISTERED, Move
from usrec.domain.submission import QueueStatus
from usrec.domain.verdict import Ending, Standing
from usrec.ports.attempts import AttemptClosing

_SAME_FENCE: Final = (
    update(outbox)
    .where(outbox.c.submission_id == bindparam("which"), outbox.c.fence > 1)
    .values(fence=outbox.c.fence - 1)
)
_ANY_STOP: Final = select(employer_stops.c.employer_bin).limit(1)


@contextmanager
def _retry_forgets_the_doubt() -> Iterator[None]:
    """At a second attempt nobody remembers that the first may have arrived."""

    def certain(operation: Any, record_id: Any, _: bool) -> Any:
        return Standing(operation, record_id, may_have_arrived=False)

    with patch.object(record_outcome, "Standing", certain):
        yield


@contextmanager
def _open_attempt_means_unsent() -> Iterator[None]:
    """An attempt that a dead process left open is taken for one that never left."""

    def unsent(work: Any, claim: Any, now: Any) -> Any:
        if claim.open_attempt is not None:
            work.attempts.close(claim.open_attempt, AttemptClosing(Ending.NOTHING_SENT, now, "", "", b""))
        return claim.submission

    with patch.object(record_intent, "close_abandoned_attempt", unsent):
        yield


@contextmanager
def _claim_keeps_the_fence() -> Iterator[None]:
    """A claim that changes hands keeps its fence."""
    lease_these = SqlOutbox._lease_these

    def leased(self: Any, ids: Any, owner: Any, until: Any) -> Any:
        found = lease_these(self, ids, owner, until)
        for one in ids:
            self._connection.execute(_SAME_FENCE, {"which": one})
        return found

    with patch.object(SqlOutbox, "_lease_these", leased):
        yield


@contextmanager
def _row_marked_before_it_is_kept() -> Iterator[None]:
    """HR's rows are marked as taken when they are read, before the ledger has them."""
    fetch = simulated.Hr.fetch

    def marked(self: Any, limit: int) -> Any:
        rows = fetch(self, limit)
        self.mark_taken(rows)
        return rows

    with patch.object(simulated.Hr, "fetch", marked):
        yield


@contextmanager
def _withdrawn_still_sent() -> Iterator[None]:
    """What HR withdrew or corrected stays in the queue beside what took its place."""

    def left(work: Any, earlier: Any, new: Any, now: Any) -> None:
        del now
        work.submissions.update(replace(earlier, replaced_by=new.id), was=earlier.state)

    with patch.object(ingest, "_displace", left):
        yield


@contextmanager
def _supersedes_what_was_sent() -> Iterator[None]:
    """A correction takes the place of what may be registered already."""

    def all_of_them(_: Any, ids: Any) -> Any:
        return set(ids)

    with patch.object(ingest, "proven_absent", all_of_them):
        yield


@contextmanager
def _late_refusal_decides() -> Iterator[None]:
    """A refusal that comes after its claim was lost overwrites what others have found out."""

    def decided(opened: Any, outcome: Any, *, ledger: Any, clock: Any, tolerance: Any) -> LateAnswer:
        late = acknowledge_late(opened, outcome, ledger=ledger, clock=clock, tolerance=tolerance)
        if not isinstance(outcome, Refused) or late.submission.state not in MAY_BE_REGISTERED:
            return late
        with ledger.begin() as work:
            refused = record_decision(work, late.submission, Decision(Move.REJECT, outcome.code, "late"), clock.now())
            work.commit()
        return replace(late, submission=refused)

    with patch.object(record_answers, "acknowledge_late", decided):
        yield


@contextmanager
def _note_by_clock() -> Iterator[None]:
    """Notes to HR are ordered by the clocks of the agents alone."""

    def dated(note: Any, before: Any) -> Any:
        del before
        return {**values_of(note), "noted_at": note.noted_at, "due_at": note.noted_at}

    with patch.object(outgoing, "_values", dated):
        yield


@contextmanager
def _journal_afterwards() -> Iterator[None]:
    """Journal lines are written with the next transaction, not with the one that they tell of."""
    append = SqlJournal.append
    late: list[Any] = []

    def appended(self: Any, *entries: Any) -> None:
        append(self, *late)
        late[:] = entries

    with patch.object(SqlJournal, "append", appended):
        yield


@contextmanager
def _chain_skips_an_entry() -> Iterator[None]:
    """The sequencer misses a line when it links several."""
    unlinked = SqlChain.unlinked

    def missed(self: Any, state: Any, limit: int) -> Sequence[Any]:
        lines = unlinked(self, state, limit)
        return lines if len(lines) < 3 else [*lines[:1], *lines[2:]]

    with patch.object(SqlChain, "unlinked", missed):
        yield


@contextmanager
def _digest_of_other_bytes() -> Iterator[None]:
    """The journal keeps the digest of the reply without its last byte."""
    digest = SqlJournal.digest

    def cut(self: Any, submission_id: Any, content: bytes) -> str:
        return digest(self, submission_id, content[:-1])

    with patch.object(SqlJournal, "digest", cut):
        yield


@contextmanager
def _stop_not_looked_at() -> Iterator[None]:
    """Whether the employer was stopped is not looked at again before something is sent."""

    def going(self: Any, employers: Any) -> Any:
        del self, employers
        return {}

    with patch.object(SqlEmployerStops, "of", going):
        yield


@contextmanager
def _one_stop_holds_all() -> Iterator[None]:
    """While one employer is stopped nothing is claimed for any."""
    claim = SqlOutbox.claim

    def none_of_them(self: Any, *args: Any, **more: Any) -> Any:
        stopped = self._connection.scalar(_ANY_STOP)
        return [] if stopped else claim(self, *args, **more)

    with patch.object(SqlOutbox, "claim", none_of_them):
        yield


@contextmanager
def _hold_runs_out() -> Iterator[None]:
    """What a person holds is sent again after an hour."""
    put = SqlOutbox.put

    def scheduled(self: Any, entry: Any) -> None:
        put(self, replace(entry, status=QueueStatus.SCHEDULED) if entry.status is QueueStatus.HELD else entry)

    with patch.object(SqlOutbox, "put", scheduled):
        yield


SUBTLE: Final[Mapping[str, Callable[[], AbstractContextManager[None]]]] = {
    "retry-forgets-the-doubt": _retry_forgets_the_doubt,
    "open-attempt-means-unsent": _open_attempt_means_unsent,
    "claim-keeps-the-fence": _claim_keeps_the_fence,
    "row-marked-before-it-is-kept": _row_marked_before_it_is_kept,
    "withdrawn-still-sent": _withdrawn_still_sent,
    "supersedes-what-was-sent": _supersedes_what_was_sent,
    "late-refusal-decides": _late_refusal_decides,
    "note-by-clock": _note_by_clock,
    "journal-afterwards": _journal_afterwards,
    "chain-skips-an-entry": _chain_skips_an_entry,
    "digest-of-other-bytes": _digest_of_other_bytes,
    "stop-not-looked-at": _stop_not_looked_at,
    "one-stop-holds-all": _one_stop_holds_all,
    "hold-runs-out": _hold_runs_out,
}
