"""What a ledger that went back in time does first: it holds everything that may have been sent since.

A backup is older than reality, and so is a replica that lagged behind when it took over, or a snapshot of the disk.
What was pending when it was made may have been signed and registered since under ids that the ledger has never seen;
signing it again would register it twice. So, in one transaction (of a backup: that in which the ledger comes to life):

- every open submission is held until a person has looked it up, whatever it waited for;
- what was signed is in doubt from then on, with an attempt on record that nobody saw end: its stored bytes are the only
  ones that are ever sent for it, and an answer "id already used" then means that it is registered;
- every employer is stopped, so that rows which HR adds or corrects before anybody has looked go no further than the
  ledger: among them may be later revisions of what was registered without the ledger's knowledge;
- one line of the journal says so.

No note goes to HR: its rows are the second memory, which ``compare_restored`` reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from usrec.application.recording import journal
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.message import CorrelationId
from usrec.domain.outcome import Doubt
from usrec.domain.source_event import EmployerName
from usrec.domain.state import OPEN, Move, State, next_state
from usrec.domain.submission import AttemptId, QueueStatus, Submission, SubmissionId, WaitReason, contract_of
from usrec.domain.verdict import Ending
from usrec.ports.attempts import Attempt, AttemptClosing
from usrec.ports.clock import Entropy
from usrec.ports.ledger import Ledger, UnitOfWork
from usrec.ports.outgoing import JournalEntry

_AT_ONCE: Final = 500
RESTORED: Final = "ledger_restored"
"""The journal's word."""
NOTE: Final = "ledger restored from a backup"
NOTE_IN_PLACE: Final = "ledger went back in time"
NOTES: Final = frozenset({NOTE, NOTE_IN_PLACE})
"""What employers are stopped with, and submissions held."""


class Past(Protocol):
    """How far the ledger knows what was done.

    Attributes:
        made_at: When that was, aware UTC; None where nobody knows.
        head: Number of the last batch of the journal's chain that it holds; 0 when nothing is linked.
        journal_lines: Number of the last line of the journal; None where it was not looked up.
    """

    @property
    def made_at(self) -> datetime | None: ...  # noqa: D102 -- above
    @property
    def head(self) -> int: ...  # noqa: D102 -- above
    @property
    def journal_lines(self) -> int | None: ...  # noqa: D102 -- above


@dataclass(frozen=True, slots=True)
class AsItStands:
    """A ledger that was brought back by other means; see ``Past``."""

    head: int
    made_at: datetime | None = None
    journal_lines: int | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done.

    Attributes:
        held: Submissions that a person looks up.
        doubted: Those among them whose signed bytes may have been sent.
        stopped: Employers of whom nothing goes out.
        outside_head: Number of the newest head of the chain that is known outside the ledger, None where none is.
    """

    held: int
    doubted: int
    stopped: int
    outside_head: int | None = None


def hold_restored(
    work: UnitOfWork,
    past: Past,
    employers: Mapping[str, EmployerName],
    *,
    entropy: Entropy,
    actor: str,
    now: datetime,
    outside_head: int | None = None,
    note: str = NOTE,
) -> Restored:
    """Hold what may have been sent since ``past``. The caller commits.

    Args:
        employers: Names by number, of the settings.
        outside_head: Number of the newest head of the chain that is known outside the ledger, None where none is.
        note: One of ``NOTES``.
    """
    held = doubted = 0
    ids = work.submissions.open_ones()
    work.contracts.lock_all({contract_of(one) for one in _still_open(work, ids)})
    for submission in _still_open(work, ids):
        doubted += submission.state is State.SIGNED
        held += _hold(work, _in_doubt(work, submission, entropy, now, note), now, note)
    stopped = _stop(work, {**work.submissions.employers(), **employers}, actor, now, note)
    detail = {
        "backup_made_at": None if past.made_at is None else past.made_at.isoformat(),
        "backup_head": past.head,
        "outside_head": outside_head,
        "backup_lines": past.journal_lines,
        "held": held,
        "doubted": doubted,
    }
    work.journal.append(JournalEntry(now, None, RESTORED, None, None, actor, note, json.dumps(detail)))
    return Restored(held, doubted, stopped, outside_head)


def _still_open(work: UnitOfWork, ids: Sequence[SubmissionId]) -> Iterator[Submission]:
    """Those of ``ids`` with which there is work to do: an agent that nobody has stopped may just have ended some."""
    for start in range(0, len(ids), _AT_ONCE):
        found = work.submissions.get_all(ids[start : start + _AT_ONCE])
        known = (found[one] for one in ids[start : start + _AT_ONCE] if one in found)
        yield from (one for one in known if one.state in OPEN and one.replaced_by is None)


def hold_in_place(
    employers: Mapping[str, EmployerName],
    tell: Callable[[Past], None],
    *,
    ledger: Ledger,
    entropy: Entropy,
    actor: str,
    now: datetime,
    outside_head: int | None = None,
) -> tuple[Past, Restored]:
    """Hold what may have been sent, in a ledger that was brought back by other means than a backup of ours.

    Args:
        tell: Tells those who keep the chain's heads, before it is done.
    """
    with ledger.begin() as work:
        past = AsItStands(work.chain.state().number)
        tell(past)
        done = hold_restored(
            work,
            past,
            employers,
            entropy=entropy,
            actor=actor,
            now=now,
            outside_head=outside_head,
            note=NOTE_IN_PLACE,
        )
        work.commit()
    return past, done


def _in_doubt(work: UnitOfWork, submission: Submission, entropy: Entropy, now: datetime, note: str) -> Submission:
    """Signed bytes may have been sent: an attempt of which nobody knows how it ended."""
    running = work.attempts.open_of(submission.id)
    if running is None and submission.state is State.SIGNED:
        running = AttemptId(f"restored-{entropy.token(16).hex()}")
        number = work.attempts.last_number(submission.id) + 1
        work.attempts.open(Attempt(running, submission.id, number, 0, now, CorrelationId(running), ""))
    if running is not None:
        work.attempts.close(running, AttemptClosing(Ending.UNKNOWN, now, "", note, b""))
    if submission.state is not State.SIGNED:
        return submission
    doubted = replace(submission, state=next_state(submission.state, Move.DOUBT), reason=Doubt.LEDGER_RESTORED.value)
    work.submissions.update(doubted, was=submission.state)
    journal(work, doubted, Move.DOUBT.value, submission.state, now, reason=doubted.reason)
    return doubted


def _hold(work: UnitOfWork, submission: Submission, now: datetime, note: str) -> bool:
    entry = work.outbox.get(submission.id)
    if entry is None:
        return False
    status = QueueStatus.BLOCKED if entry.status is QueueStatus.BLOCKED else QueueStatus.HELD
    work.outbox.put(replace(entry, status=status, wait_reason=WaitReason.HELD_BY_PERSON, note=note))
    journal(work, submission, "hold", submission.state, now, reason=note)
    return True


def _stop(work: UnitOfWork, employers: Mapping[str, EmployerName], actor: str, now: datetime, note: str) -> int:
    stops = [EmployerStop(number, name, now, actor, note) for number, name in employers.items()]
    return sum(work.employer_stops.add(stop) for stop in stops)
