"""Steps 1-3 of the line (T1): HR rows become submissions with a term and a place in their contract's line.

Rows come at least once; the inbox makes that exactly once. A portion is one transaction: its rows are taken with their
findings, deadlines and queue entries, or not at all, and only then is the source told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from operator import add
from typing import Final

from usrec.application.contract_line import arrange_lines, take_back
from usrec.application.hold_against import held_against
from usrec.application.masses import hold_masses, members_of
from usrec.application.new_submission import by_policy, new_submission, policy_noted, with_target
from usrec.application.on_record import OnRecord, entered_by_hand, proven_absent
from usrec.application.pairs import link_halves
from usrec.application.placing import place
from usrec.application.recording import journal, status_note
from usrec.application.sort_out import sort_out
from usrec.application.supersede import take_out
from usrec.domain.mass import MASSED
from usrec.domain.revision import Revision, place_revision
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.rules.numbers import number_given
from usrec.domain.rules.preflight import BY_DEFAULT, Preflight
from usrec.domain.source_event import HEADS, ContractKey, EmployerName
from usrec.domain.state import State
from usrec.domain.submission import Submission, contract_of
from usrec.domain.working_calendar import Calendars
from usrec.ports.clock import Clock, Entropy
from usrec.ports.contracts import ContractRef
from usrec.ports.event_source import EventSource, StatusNote
from usrec.ports.ledger import Ledger, UnitOfWork
from usrec.ports.outgoing import JournalEntry

_FIRST_REVISION: Final = 1
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

    def __add__(self, other: IngestReport) -> IngestReport:
        """Both together."""
        return IngestReport(*map(add, astuple(self), astuple(other)))


def ingest(
    *,
    source: EventSource,
    ledger: Ledger,
    employers: Mapping[str, EmployerName],
    calendar: Calendars,
    clock: Clock,
    entropy: Entropy,
    limit: int = 200,
    preflight: Preflight = BY_DEFAULT,
    at_once: int | None = None,
    held: Callable[[int], None] = lambda _: None,
) -> IngestReport:
    """Take up to ``limit`` rows of one source.

    Args:
        preflight: What the rows are examined with.
        at_once: How many rows a transaction takes at most, so that it is over soon; None for all of them. What may be
            one of many is taken in one, since it is counted before any of it is sent.
        held: Called with the number of rows when the ledger holds them, before the source is told.

    Raises:
        SourceUnavailable: The HR database did not answer. Nothing was taken, or the ledger holds what was taken.
        LedgerUnavailable: Nothing was taken, or only the rows of the first transactions.
    """
    rows = source.fetch(limit)
    if not rows:
        return IngestReport()
    now = clock.now()
    examined = [examine(row, employers=employers, calendar=calendar, now=now, preflight=preflight) for row in rows]
    report = IngestReport()
    for some in _portions(examined, at_once):
        with ledger.begin() as work:
            taking = _Intake(work, employers, calendar, now, entropy, preflight)
            report += _receive_all(taking, some)
            work.commit()
    held(len(rows))
    if source.writable:
        source.mark_taken(rows)
    return report


def _portions(examined: Sequence[Examined], at_once: int | None) -> Iterator[Sequence[Examined]]:
    """What is taken in one transaction each."""
    if at_once is None or any(one.operation in MASSED for one in examined):
        at_once = len(examined)
    return (examined[start : start + at_once] for start in range(0, len(examined), at_once))


@dataclass(frozen=True, slots=True)
class _Intake:
    """One transaction of an intake."""

    work: UnitOfWork
    employers: Mapping[str, EmployerName]
    calendar: Calendars
    now: datetime
    entropy: Entropy
    preflight: Preflight
    taken: list[Submission] = field(default_factory=list)
    notes: dict[str, StatusNote] = field(default_factory=dict)

    def note(self, note: StatusNote) -> None:
        """Tell HR, together with others; the newest note about a row stands."""
        if note.row_ref in self.notes:
            self.tell_hr()
        self.notes[note.row_ref] = note

    def tell_hr(self) -> None:
        """What was noted so far comes before everything that follows."""
        self.work.write_backs.put(*self.notes.values())
        self.notes.clear()


def _receive_all(taking: _Intake, examined: Sequence[Examined]) -> IngestReport:
    work, now = taking.work, taking.now
    contracts = {_contract_of(one) for one in examined}
    work.inbox.take_turns(alone=any(one.row.revision > _FIRST_REVISION for one in examined))
    work.contracts.lock_all(contracts)
    sorted_out = sort_out(work, examined, now)
    record = _read_record(work, contracts, sorted_out.others)
    for one in sorted_out.others:
        if sorted_out.is_new(one):
            contracts |= _receive(taking, record, _held_against(taking, record, one))
        else:
            _record_conflict(taking, record, one)
    taking.tell_hr()
    arrange_lines(work, contracts, now, at_hand=taking.taken)
    link_halves(work, taking.taken, now)
    hold_masses(work, members_of(taking.taken, now), taking.employers, taking.preflight.intake, now)
    taken, others = len(sorted_out.new), len(sorted_out.others)
    return IngestReport(len(examined), taken, len(examined) - others, others - taken)


def _contract_of(one: Examined) -> ContractRef:
    return one.row.employer_bin, ContractKey(one.row.contract_key)


def _read_record(work: UnitOfWork, contracts: Collection[ContractRef], rows: Sequence[Examined]) -> OnRecord:
    """What rows rest on, read for all of them."""
    numbers = ((one, number_given(one.event.details)) for one in rows if one.event is not None)
    return OnRecord(
        work,
        events={(one.row.source, one.event_id) for one in rows},
        contracts=contracts,
        begun={_contract_of(one) for one in rows if one.operation in HEADS},
        changed={_contract_of(one) for one in rows if one.operation not in HEADS},
        numbers={(one.row.employer_bin, number) for one, number in numbers if number is not None},
    )


def _held_against(taking: _Intake, record: OnRecord, one: Examined) -> Examined:
    contract, preflight = _contract_of(one), taking.preflight
    known = record.standing(contract), record.imported(contract)
    return held_against(taking.work, one, *known, preflight=preflight, calendar=taking.calendar, now=taking.now)


def _receive(taking: _Intake, record: OnRecord, one: Examined) -> set[ContractRef]:
    """One new revision of one event: place it beside its earlier ones and store it.

    Returns:
        The contracts that earlier revisions leave, because the new one names another contract or employer.
    """
    work, now = taking.work, taking.now
    existing = _held_still(work, record, one)
    revision = _revision_of(work, one, existing)
    submission, older = place(work, record, _received(taking, one), revision, taking.preflight.unsure)
    left = {contract_of(earlier) for earlier in revision.displaced} - {contract_of(submission)}
    work.submissions.add(submission, watch_at=now)
    detail = json.dumps(
        _took_the_place_of(older) | policy_noted(submission, taking.preflight.intake), ensure_ascii=False
    )
    journal(work, submission, "receive", None, now, reason=submission.reason, detail=detail)
    taking.taken.append(submission)
    if revision.displaced or older:
        taking.tell_hr()
    for earlier in revision.displaced:
        _displace(work, earlier, submission, now)
    take_out(work, older, submission, now)
    taking.note(status_note(submission, now))
    record.added(submission)
    record.changed([*revision.displaced, *older])
    return left


def _held_still(work: UnitOfWork, record: OnRecord, one: Examined) -> Sequence[Submission]:
    """The earlier revisions of an event, read when the contracts that they are about are locked.

    A row may name another contract than its earlier revisions did, with which an agent or a person may be at work.
    """
    event, mine = (one.row.source, one.event_id), _contract_of(one)
    elsewhere = {contract_of(earlier) for earlier in record.of_event(event)} - {mine}
    if not elsewhere:
        return record.of_event(event)
    work.contracts.lock_all(elsewhere)
    return record.read_anew(event)


def _revision_of(work: UnitOfWork, one: Examined, existing: Sequence[Submission]) -> Revision:
    """Where a row stands among the earlier revisions of its event."""
    if not existing:
        return place_revision(one.row.revision, existing)
    by_hand = entered_by_hand(work, [earlier.id for earlier in existing])
    absent = proven_absent(work, [earlier.id for earlier in existing if contract_of(earlier) == _contract_of(one)])
    return place_revision(one.row.revision, existing, by_hand=by_hand, absent=absent)


def _took_the_place_of(older: Sequence[Submission]) -> dict[str, object]:
    return {"took_the_place_of": [one.id for one in older]} if older else {}


def _received(taking: _Intake, one: Examined) -> Submission:
    new = new_submission(one, taking.now, taking.entropy)
    return by_policy(with_target(new, taking.preflight.intake.targets, taking.calendar), one, taking.preflight.intake)


def _displace(work: UnitOfWork, earlier: Submission, new: Submission, now: datetime) -> None:
    """Take an earlier revision out of the line: the new one stands in its place."""
    if earlier.state not in {State.PENDING, State.SIGNED}:
        work.submissions.update(replace(earlier, replaced_by=new.id), was=earlier.state)
        return
    superseded = take_back(work, earlier, "superseded", now, replaced_by=new.id)
    if earlier.row_ref != new.row_ref:
        work.write_backs.put(status_note(superseded, now))


def _record_conflict(taking: _Intake, record: OnRecord, one: Examined) -> None:
    """The same revision with other content: refuse it loudly and keep what is on record, also in what HR is told."""
    row, work, now = one.row, taking.work, taking.now
    work.journal.append(JournalEntry(now, None, "conflict", None, None, "agent", f"{row.source}/{one.event_id}"))
    stands = _on_record(record, one)
    registered = stands is not None and stands.state is State.ACCEPTED
    taking.note(
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
            record_id=stands.record_id if registered and stands else None,
        )
    )


def _on_record(record: OnRecord, one: Examined) -> Submission | None:
    """The submission that was made of this very row and revision, None when it was made of another row."""
    row = one.row
    of_row = [
        earlier
        for earlier in record.of_event((row.source, one.event_id))
        if (earlier.row_ref, earlier.revision) == (row.row_ref, row.revision)
    ]
    return max(of_row, key=lambda earlier: earlier.replaced_by is None, default=None)
