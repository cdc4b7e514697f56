"""What a restored ledger must do first: hold everything that may have been sent in the time that it does not know.

A backup is older than reality. What was pending when it was made may have been signed and registered since under ids
that the ledger has never seen; signing it again would register it twice. So, in the transaction in which the ledger
comes to life:

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
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from usrec.application.recording import journal
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.message import CorrelationId
from usrec.domain.outcome import Doubt
from usrec.domain.source_event import EmployerName
from usrec.domain.state import Move, State, next_state
from usrec.domain.submission import AttemptId, QueueStatus, Submission, WaitReason
from usrec.domain.verdict import Ending
from usrec.ports.attempts import Attempt, AttemptClosing
from usrec.ports.backup import Manifest
from usrec.ports.clock import Entropy
from usrec.ports.ledger import UnitOfWork
from usrec.ports.outgoing import JournalEntry

RESTORED: Final = "ledger_restored"
"""The journal's word."""
NOTE: Final = "ledger restored from a backup"


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
    manifest: Manifest,
    employers: Mapping[str, EmployerName],
    *,
    entropy: Entropy,
    actor: str,
    now: datetime,
    outside_head: int | None = None,
) -> Restored:
    """Hold what may have been sent since the backup. The caller commits.

    Args:
        employers: Names by number, of the settings.
        outside_head: Number of the newest head of the chain that is known outside the ledger, None where none is.
    """
    held = doubted = 0
    for submission_id in work.submissions.open_ones():
        submission = work.submissions.get(submission_id)
        if submission is None:
            continue
        doubted += submission.state is State.SIGNED
        held += _hold(work, _in_doubt(work, submission, entropy, now), now)
    stopped = _stop(work, {**work.submissions.employers(), **employers}, actor, now)
    detail = {
        "backup_made_at": manifest.made_at.isoformat(),
        "backup_head": manifest.head,
        "outside_head": outside_head,
        "backup_lines": manifest.journal_lines,
        "held": held,
        "doubted": doubted,
    }
    work.journal.append(JournalEntry(now, None, RESTORED, None, None, actor, NOTE, json.dumps(detail)))
    return Restored(held, doubted, stopped, outside_head)


def _in_doubt(work: UnitOfWork, submission: Submission, entropy: Entropy, now: datetime) -> Submission:
    """Signed bytes may have been sent: an attempt of which nobody knows how it ended."""
    if submission.state is not State.SIGNED:
        return submission
    attempt = AttemptId(f"restored-{entropy.token(16).hex()}")
    number = work.attempts.last_number(submission.id) + 1
    if work.attempts.open_of(submission.id) is None:
        work.attempts.open(Attempt(attempt, submission.id, number, 0, now, CorrelationId(attempt), ""))
        work.attempts.close(attempt, AttemptClosing(Ending.UNKNOWN, now, "", NOTE, b""))
    doubted = replace(submission, state=next_state(submission.state, Move.DOUBT), reason=Doubt.LEDGER_RESTORED.value)
    work.submissions.update(doubted, was=submission.state)
    journal(work, doubted, Move.DOUBT.value, submission.state, now, reason=doubted.reason)
    return doubted


def _hold(work: UnitOfWork, submission: Submission, now: datetime) -> bool:
    entry = work.outbox.get(submission.id)
    if entry is None:
        return False
    status = QueueStatus.BLOCKED if entry.status is QueueStatus.BLOCKED else QueueStatus.HELD
    work.outbox.put(replace(entry, status=status, wait_reason=WaitReason.HELD_BY_PERSON, note=NOTE))
    journal(work, submission, "hold", submission.state, now, reason=NOTE)
    return True


def _stop(work: UnitOfWork, employers: Mapping[str, EmployerName], actor: str, now: datetime) -> int:
    stops = [EmployerStop(number, name, now, actor, NOTE) for number, name in employers.items()]
    return sum(work.employer_stops.add(stop) for stop in stops)
