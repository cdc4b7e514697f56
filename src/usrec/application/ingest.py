"""Steps 1-3 of the line (T1): HR rows become submissions with a term and a place in their contract's line.

Rows come at least once; the inbox makes that exactly once. A batch is one transaction: its rows are taken with their
findings, deadlines and queue entries, or not at all, and only then is the source told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from usrec.application.contract_line import arrange_line, entered_by_hand, take_back
from usrec.application.correction import refuse_after_termination, with_first_entry
from usrec.application.masses import hold_masses
from usrec.application.new_submission import by_policy, new_submission, policy_noted, with_target
from usrec.application.pairs import link_halves
from usrec.application.recording import journal, status_note
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.intake import IntakePolicy
from usrec.domain.mass import MassGroup, MassMember
from usrec.domain.revision import (
    CONTRACT_CHANGED,
    ENTERED_BY_HAND,
    SECOND_CONCLUSION,
    Placement,
    Revision,
    place_revision,
    refuse,
    refuse_registered,
)
from usrec.domain.rules.codes import CodeCheck
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.rules.fields import without_unknown_fields
from usrec.domain.source_event import HEADS, ContractKey, EmployerName, load_details
from usrec.domain.state import MAY_BE_REGISTERED, State
from usrec.domain.submission import OUTSIDE_THE_LINE, Submission
from usrec.domain.target import TargetPolicy
from usrec.domain.working_calendar import WorkingCalendar
from usrec.ports.clock import Clock, Entropy
from usrec.ports.event_source import EventSource, StatusNote
from usrec.ports.ledger import JournalEntry, Ledger, UnitOfWork

ContractRef = tuple[str, ContractKey]
"""(employer's BIN, the HR system's key)."""

_CONFLICT: Final = "This revision was taken with other content; the change was ignored. Raise the revision."
_REGISTERED_CONFLICT: Final = (
    "Registered in USREC with its first content; the change was ignored. Send an amendment or a correction."
)


@dataclass(frozen=True, slots=True)
class IngestReport:
    """How many rows were read, and what became of them."""

    rows: int = 0
    taken: int = 0
    repeated: int = 0
    conflicts: int = 0


def ingest(
    *,
    source: EventSource,
    ledger: Ledger,
    employers: Mapping[str, EmployerName],
    calendar: WorkingCalendar,
    clock: Clock,
    entropy: Entropy,
    limit: int = 200,
    codes: CodeCheck | None = None,
    intake: IntakePolicy | None = None,
) -> IngestReport:
    """Take up to ``limit`` rows of one source.

    Args:
        intake: What the installation decides beyond the law; its defaults when None.

    Raises:
        SourceUnavailable: The HR database did not answer. Nothing was taken, or the ledger holds what was taken.
        LedgerUnavailable: Nothing was taken.
    """
    rows = source.fetch(limit)
    if not rows:
        return IngestReport()
    now = clock.now()
    examined = [examine(row, employers=employers, calendar=calendar, now=now, codes=codes) for row in rows]
    with ledger.begin() as work:
        place = _Intake(work, employers, calendar, now, entropy, intake or IntakePolicy())
        report = _receive_all(place, examined)
        work.commit()
    if source.writable:
        source.mark_taken(rows)
    return report


@dataclass(frozen=True, slots=True)
class _Intake:
    """One transaction of an intake."""

    work: UnitOfWork
    employers: Mapping[str, EmployerName]
    calendar: WorkingCalendar
    now: datetime
    entropy: Entropy
    policy: IntakePolicy
    taken: list[Submission] = field(default_factory=list)


def _receive_all(place: _Intake, examined: Sequence[Examined]) -> IngestReport:
    work, now = place.work, place.now
    contracts = {(one.row.employer_bin, ContractKey(one.row.contract_key)) for one in examined}
    for employer_bin, contract_key in sorted(contracts):
        work.contracts.lock(employer_bin, contract_key)
    known = dict(work.inbox.known([(one.row.source, one.event_id, one.row.revision) for one in examined]))
    taken = repeated = conflicts = 0
    for one in examined:
        key = (one.row.source, one.event_id, one.row.revision)
        fingerprint = work.inbox.fingerprint(one.row.canonical())
        if known.get(key) == fingerprint:
            repeated += 1
        elif key in known:
            conflicts += 1
            _record_conflict(work, one, now)
        else:
            known[key] = fingerprint
            taken += 1
            kept = replace(one.row, payload=without_unknown_fields(one.row.payload))
            work.inbox.add(kept, one.event_id, fingerprint, now)
            contracts |= _receive(place, with_first_entry(work, one, place.calendar))
    for employer_bin, contract_key in sorted(contracts):
        arrange_line(work, employer_bin, contract_key, now)
    link_halves(work, place.taken, now)
    hold_masses(work, _members(place), place.employers, place.policy.masses, now)
    return IngestReport(len(examined), taken, repeated, conflicts)


def _members(place: _Intake) -> list[MassMember]:
    """What may be one of many: taken now, to be sent, and of a kind that is looked at."""
    members = []
    for one in place.taken:
        open_details = (
            load_details(one.operation, one.details) if one.operation and one.state is State.PENDING else None
        )
        group = MassGroup.of(one.employer_bin, open_details) if open_details else None
        if group is not None:
            members.append(MassMember(one.id, group, place.now))
    return members


def _receive(place: _Intake, one: Examined) -> set[ContractRef]:
    """One new revision of one event: place it beside its earlier ones and store it.

    Returns:
        The contracts that earlier revisions leave, because the new one names another contract or employer.
    """
    work, now = place.work, place.now
    existing = work.submissions.of_event(one.row.source, one.event_id)
    by_hand = entered_by_hand(work, [earlier.id for earlier in existing])
    revision = place_revision(one.row.revision, existing, by_hand=by_hand)
    submission = _placed(work, _received(place, one), revision)
    left = {_contract_of(earlier) for earlier in revision.displaced} - {_contract_of(submission)}
    for employer_bin, contract_key in sorted(left):
        work.contracts.lock(employer_bin, contract_key)
    work.submissions.add(submission)
    work.alerts.watch(submission.id, now)
    journal(
        work, submission, "receive", None, now, reason=submission.reason, detail=policy_noted(submission, place.policy)
    )
    place.taken.append(submission)
    for earlier in revision.displaced:
        _displace(work, earlier, submission, now)
    work.write_backs.put(status_note(submission, now))
    return left


def _received(place: _Intake, one: Examined) -> Submission:
    new = new_submission(one, place.now, place.entropy)
    return by_policy(with_target(new, place.policy.targets, place.calendar), one, place.policy)


def _placed(work: UnitOfWork, new: Submission, revision: Revision) -> Submission:
    """``new`` with its place in the line, its links, and the state that its revision earns."""
    earlier = revision.earlier
    if earlier is None:
        placed = replace(new, position=_position(work, new))
    elif revision.placement is Placement.STALE:
        return replace(new, state=State.CANCELLED, reason="superseded", replaced_by=earlier.id)
    elif revision.placement is Placement.TOO_LATE:
        return refuse_registered(new)
    elif revision.placement is Placement.BY_HAND:
        return refuse(new, ENTERED_BY_HAND)
    elif revision.placement is Placement.WAITS and _contract_of(earlier) != _contract_of(new):
        return refuse(new, CONTRACT_CHANGED)
    else:
        placed = replace(new, position=_position_after(work, new, earlier), replaces=earlier.id)
    if new.withdrawn and revision.placement is not Placement.WAITS:
        return replace(placed, state=State.CANCELLED, reason="withdrawn")
    if placed.reason == NOT_REGISTRABLE and revision.placement is not Placement.WAITS:
        return replace(placed, state=State.CANCELLED)
    if _is_second_conclusion(work, placed):
        return refuse(placed, SECOND_CONCLUSION)
    return refuse_after_termination(work, placed)


def _contract_of(submission: Submission) -> ContractRef:
    """The contract that a submission belongs to."""
    return submission.employer_bin, submission.contract_key


def _position(work: UnitOfWork, new: Submission) -> int:
    if not new.contract_key.strip():
        return OUTSIDE_THE_LINE
    if new.operation in HEADS:
        return 0
    return work.submissions.next_position(new.employer_bin, new.contract_key)


def _position_after(work: UnitOfWork, new: Submission, earlier: Submission) -> int:
    """A later revision keeps its event's turn, unless the conclusion, which goes first, came or went with it."""
    keeps = earlier.position > 0 and new.operation not in HEADS
    return earlier.position if keeps and _contract_of(earlier) == _contract_of(new) else _position(work, new)


def _is_second_conclusion(work: UnitOfWork, new: Submission) -> bool:
    if new.operation not in HEADS or new.position == OUTSIDE_THE_LINE:
        return False
    others = work.submissions.conclusions_of(new.employer_bin, new.contract_key)
    return any((one.source, one.event_id) != (new.source, new.event_id) for one in others)


def _displace(work: UnitOfWork, earlier: Submission, new: Submission, now: datetime) -> None:
    """Take an earlier revision out of the line: the new one stands in its place."""
    if earlier.state is not State.PENDING:
        work.submissions.update(replace(earlier, replaced_by=new.id), was=earlier.state)
        return
    superseded = take_back(work, earlier, "superseded", now, replaced_by=new.id)
    if earlier.row_ref != new.row_ref:
        work.write_backs.put(status_note(superseded, now))


def _record_conflict(work: UnitOfWork, one: Examined, now: datetime) -> None:
    """The same revision with other content: refuse it loudly and keep what is on record, also in what HR is told."""
    row = one.row
    work.journal.append(JournalEntry(now, None, "conflict", None, None, "agent", f"{row.source}/{one.event_id}"))
    stands = _on_record(work, one)
    registered = stands is not None and stands.state is State.ACCEPTED
    work.write_backs.put(
        StatusNote(
            source=row.source,
            row_ref=row.row_ref,
            revision=row.revision,
            state="conflict",
            code="" if stands is None else stands.code,
            message=_REGISTERED_CONFLICT if registered else _CONFLICT,
            findings="[]",
            contract_id=None if stands is None else stands.contract_id,
            legal_date=None if stands is None else stands.legal_date,
            noted_at=now,
        )
    )


def _on_record(work: UnitOfWork, one: Examined) -> Submission | None:
    """The submission that was made of this very row and revision, None when it was made of another row."""
    row = one.row
    of_row = [
        earlier
        for earlier in work.submissions.of_event(row.source, one.event_id)
        if (earlier.row_ref, earlier.revision) == (row.row_ref, row.revision)
    ]
    return max(of_row, key=lambda earlier: earlier.replaced_by is None, default=None)


def retake(
    work: UnitOfWork,
    old: Submission,
    *,
    employers: Mapping[str, EmployerName],
    calendar: WorkingCalendar,
    now: datetime,
    entropy: Entropy,
    codes: CodeCheck | None = None,
    targets: TargetPolicy | None = None,
) -> Submission | None:
    """Examine an invalid submission's row again (the settings may have changed); None when it is still invalid."""
    row = work.inbox.row((old.source, old.event_id, old.revision))
    if row is None or row.withdrawn:
        return None
    found = examine(row, employers=employers, calendar=calendar, now=now, codes=codes)
    examined = with_first_entry(work, found, calendar)
    new = with_target(new_submission(examined, now, entropy), targets or TargetPolicy(), calendar)
    position = _position_after(work, new, old)
    new = replace(new, position=position, replaces=old.id, received_at=old.received_at, reason="retaken")
    event = work.submissions.of_event(old.source, old.event_id)
    in_the_way = any(_stands_in_the_way(other, new) for other in event if other.replaced_by is None)
    if new.state is not State.PENDING or in_the_way or _is_second_conclusion(work, new):
        return None
    return new


def _stands_in_the_way(other: Submission, new: Submission) -> bool:
    """Whether both could be registered; behind one on the wire of the same contract the new one waits."""
    elsewhere = _contract_of(other) != _contract_of(new)
    return other.state in {State.ACCEPTED, State.PENDING} or (other.state in MAY_BE_REGISTERED and elsewhere)
