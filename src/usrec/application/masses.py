"""Changes that are held as one: found at the intake, looked at by a person, let go or taken back as one.

A decision is recorded first and carried out in portions, each a transaction of its own; whatever dies in between, the
next look of an agent goes on. One person decides about a batch once; single events may leave it before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from usrec.application.contract_line import arrange_line
from usrec.application.pairs import look_at_others
from usrec.application.recording import status_note
from usrec.domain.alert import Alert
from usrec.domain.errors import UnsafeRequest
from usrec.domain.intake import IntakePolicy
from usrec.domain.mass import FIRST, MassBatch, MassDecision, MassGroup, MassMember, MassPolicy, batch_name
from usrec.domain.source_event import EmployerName, load_details
from usrec.domain.state import Move, State, next_state
from usrec.domain.submission import QueueStatus, Submission, SubmissionId, WaitReason
from usrec.domain.watch import WatchPolicy, mass_reminder
from usrec.ports.clock import Clock
from usrec.ports.ledger import Claim, Ledger, UnitOfWork
from usrec.ports.outgoing import JournalEntry

PORTION: Final = 500
"""Events of one transaction."""


def members_of(taken: Iterable[Submission], now: datetime) -> Sequence[MassMember]:
    """What may be one of many: taken now, to be sent, and of a kind that is looked at."""
    members = []
    for one in taken:
        to_be_sent = one.state is State.PENDING and not one.withdrawn
        open_details = load_details(one.operation, one.details) if one.operation and to_be_sent else None
        group = MassGroup.of(one.employer_bin, open_details) if open_details else None
        if group is not None:
            members.append(MassMember(one.id, group, now))
    return members


def hold_masses(
    work: UnitOfWork,
    members: Sequence[MassMember],
    employers: Mapping[str, EmployerName],
    intake: IntakePolicy,
    now: datetime,
) -> None:
    """Look at what arrived in this transaction: what has become one of too many is held, and what follows it."""
    work.masses.arrive(members)
    for group in sorted({member.group for member in members}):
        policy = intake.masses_of(group.employer_bin)
        name = work.masses.undecided_of(group) or _begin(work, group, employers, policy, now)
        if name is not None:
            work.masses.join(name, group, now - policy.window)
            hold_batch(work, name, now)


def _begin(
    work: UnitOfWork, group: MassGroup, employers: Mapping[str, EmployerName], policy: MassPolicy, now: datetime
) -> str | None:
    limit = policy.limit_of(group.operation)
    if not limit or work.masses.how_many(group, now - policy.window) <= limit:
        return None
    employer = employers.get(group.employer_bin, EmployerName(group.employer_bin))
    name = batch_name(employer, group, work.masses.batches_of(group) + FIRST)
    work.masses.open(MassBatch(name, group.employer_bin, employer, group.operation, group.day, opened_at=now))
    return name


def hold_batch(work: UnitOfWork, name: str, now: datetime) -> int:
    """Stop what of a batch is not stopped yet; returns how many."""
    stopped = work.masses.hold(name)
    ids = [one.id for one in stopped]
    work.journal.append(*_lines(ids, "mass_hold", State.PENDING, ("agent", name), now))
    work.write_backs.put(*(status_note(one, now, waits_for=WaitReason.MASS_HELD) for one in stopped))
    return len(stopped)


def unless_undecided(work: UnitOfWork, claims: Sequence[Claim], now: datetime) -> Sequence[Claim]:
    """Of what was just claimed, what may go out; what is one of many about which nobody has decided is held with them.

    An agent had it in hand when the batch was opened, and that claim came to nothing; or a person's check-out is over.
    Whatever has made it ready again, it is met here, and no other transaction comes in between.
    """
    free = []
    for claim in claims:
        if claim.undecided_batch is None or claim.submission.state is not State.PENDING:
            free.append(claim)
            continue
        one, stopped_by = claim.submission, ("agent", claim.undecided_batch)
        held = replace(claim.entry, status=QueueStatus.HELD, wait_reason=WaitReason.MASS_HELD)
        work.outbox.release(claim.lease, held)
        work.journal.append(*_lines([one.id], "mass_hold", State.PENDING, stopped_by, now))
        work.write_backs.put(status_note(one, now, waits_for=WaitReason.MASS_HELD))
    return free


def decide_mass(name: str, decision: MassDecision, by: tuple[str, str], *, ledger: Ledger, clock: Clock) -> int:
    """Let a whole batch go, or take it back; returns for how many events.

    Args:
        by: Who decides and why, for the journal.

    Raises:
        UnsafeRequest: There is no such batch, or somebody has decided; nothing was changed.
    """
    now = clock.now()
    with ledger.begin() as work:
        batch = work.masses.batch(name)
        if batch is None or batch.decision is not None:
            raise _undecidable(name, batch)
        work.masses.decide(name, decision, *by, now)
        detail = json.dumps({"batch": name}, ensure_ascii=False)
        work.journal.append(JournalEntry(now, None, f"mass_{decision.value}", None, None, *by, detail))
        work.commit()
    return carry_out(name, ledger=ledger, clock=clock)


def _undecidable(name: str, batch: MassBatch | None) -> UnsafeRequest:
    if batch is None:
        return UnsafeRequest(f"there is no batch {name}", kept="Nothing was changed", next_step="See usrec mass list")
    return UnsafeRequest(
        f"{batch.decided_by} has decided: {batch.decision}",
        where=f"batch {name}",
        kept="Nothing was changed",
        next_step="See usrec mass show; what was taken back comes again when HR raises the revision of its rows",
    )


def carry_out(name: str, *, ledger: Ledger, clock: Clock, portion: int = PORTION) -> int:
    """Bring a decision to every event of its batch that is still held; returns how many those were."""
    done = 0
    while True:
        with ledger.begin() as work:
            carried = carry_out_some(work, name, clock.now(), portion)
            work.commit()
        done += carried
        if not carried:
            return done


def carry_out_some(work: UnitOfWork, name: str, now: datetime, portion: int) -> int:
    """Bring a decision to one portion, in a number of statements that does not grow with it; returns how many."""
    batch = work.masses.batch(name)
    if batch is None or batch.decision is None:
        return 0
    held = work.masses.held(name, portion)
    if held:
        _carry_out_for(work, batch, held, now)
    return len(held)


def _carry_out_for(work: UnitOfWork, batch: MassBatch, held: Sequence[Submission], now: datetime) -> None:
    ids, by = [one.id for one in held], (batch.decided_by, batch.reason)
    released = batch.decision is MassDecision.RELEASED
    if released:
        work.masses.free(ids, now)
        work.journal.append(*_lines(ids, "mass_release", State.PENDING, by, now))
    else:
        look_at_others(work, ids, now)
        work.masses.take_back(ids, batch.reason, now)
        work.journal.append(*_lines(ids, "cancel", State.CANCELLED, by, now))
    stand = held if released else [_taken_back(one, batch, now) for one in held]
    work.write_backs.put(*(status_note(one, now) for one in stand))
    for employer_bin, contract_key in work.masses.with_others(ids, at_least=2 if released else 1):
        arrange_line(work, employer_bin, contract_key, now)


def _taken_back(submission: Submission, batch: MassBatch, now: datetime) -> Submission:
    state = next_state(submission.state, Move.CANCEL)
    return replace(submission, state=state, reason=batch.reason, decided_at=now)


def _lines(
    ids: Iterable[SubmissionId], action: str, state: State, by: tuple[str, str], now: datetime
) -> Iterator[JournalEntry]:
    """One line of the journal about each; ``by`` is who and why."""
    actor, reason = by
    for one in ids:
        yield JournalEntry(now, one, action, State.PENDING, state, actor, reason)


def watch_masses(*, ledger: Ledger, policy: WatchPolicy, clock: Clock) -> int:
    """Keep batches held, remind of each on every working day until somebody decides, go on with what was decided.

    Returns:
        How many reminders are new.
    """
    now = clock.now()
    with ledger.begin() as work:
        reminders = [one for batch in work.masses.undecided() for one in _look_at(work, batch, policy, now)]
        raised = len(work.alerts.add(reminders))
        unfinished = [batch.name for batch in work.masses.unfinished()]
        work.commit()
    for name in unfinished:
        carry_out(name, ledger=ledger, clock=clock)
    return raised


def _look_at(work: UnitOfWork, batch: MassBatch, policy: WatchPolicy, now: datetime) -> Sequence[Alert]:
    hold_batch(work, batch.name, now)
    first = work.masses.held(batch.name, 1)
    return [mass_reminder(one, batch.opened_at, now, policy) for one in first]
