"""An audit: HR's roster, the ledger and an export of the registry are read once each, compared, and the result kept.

Applying it takes over ids of contracts that stand in the registry, as an import of the export would, and does nothing
else: nothing is ever registered or ended because of an audit. It goes on in the portions of the onboarding, so that a
command that was killed is given again for what is left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from usrec.application.acting import Actor
from usrec.application.onboard import apply_onboarding, plan_onboarding
from usrec.application.take_snapshot import SnapshotPolicy, learned
from usrec.domain.audit import Books, Change, FieldDifference, LedgerEntry, RosterEntry
from usrec.domain.audit_rules import compare
from usrec.domain.audit_run import AuditRun, Compared, audit_run
from usrec.domain.errors import UnsafeRequest
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.onboarding import HrContract, KnownContract, merged_rows
from usrec.domain.rules.examine import examine
from usrec.domain.snapshot.contract import ending_of, operation_that_enters
from usrec.domain.snapshot.derived import Derived
from usrec.domain.snapshot.look import Difference, Memory, differ
from usrec.domain.snapshot.sound import require_sound
from usrec.domain.snapshot.staff import Fields, Look, StaffRow, fold
from usrec.domain.snapshot.story import Fate
from usrec.domain.source_event import ContractKey, EmployerName, EventId, Operation, SourceName, SourceRow
from usrec.domain.working_calendar import Calendars
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger
from usrec.ports.staff import StaffRoster

_Seen = tuple[Look, Memory, Difference]


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff that is looked at."""

    source: SourceName
    roster: StaffRoster
    policy: SnapshotPolicy


@dataclass(frozen=True, slots=True)
class Export:
    """An export of the registry.

    Attributes:
        unusable: How many of its rows say nothing certain.
        exported_on: When it was made.
        digest: SHA-256 of the file.
    """

    rows: Sequence[KnownContract] = field(repr=False)
    exported_on: date
    unusable: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Sides:
    """What the ledger is held against.

    Attributes:
        staffs: HR's rosters; ``roster``: HR's own list, where there is no staff to look at.
        is_whole: Whatever the employer has stands in one of these.
    """

    staffs: Sequence[Staff] = ()
    roster: Sequence[HrContract] | None = field(default=None, repr=False)
    export: Export | None = None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Rules:
    """By what terms are counted."""

    employers: Mapping[str, EmployerName]
    calendar: Calendars


def take_audit(
    employer: tuple[str, EmployerName], sides: Sides, rules: Rules, *, ledger: Ledger, clock: Clock, keep: bool = True
) -> AuditRun:
    """Compare the books of one employer. No transaction of the ledger is open while HR's database is read.

    Args:
        employer: Number and name.
        keep: Remember the result in the place of the one before.

    Raises:
        SourceUnavailable: HR's database cannot be read, or what it returned cannot be the staff.
        UnsafeRequest: Rows of the export contradict each other.
        LedgerUnavailable: Nothing was kept.
    """
    now = clock.now()
    looks = [(staff, staff.roster.look(now)) for staff in sides.staffs]
    registry = None if sides.export is None else _merged(sides.export)
    with ledger.begin() as work:
        entries = work.audits.entries(employer[0])
        memories = [learned(work.snapshots.memory(staff.source), staff.policy) for staff, _ in looks]
        fates = [
            work.snapshots.fates(staff.source, memory.open_events)
            for (staff, _), memory in zip(looks, memories, strict=True)
        ]
    seen = [_seen(*one, memory, fate) for one, memory, fate in zip(looks, memories, fates, strict=True)]
    reading = _Reading(employer[0], rules, entries, now)
    hr = reading.rosters(seen, sides)
    exported_on = None if sides.export is None else sides.export.exported_on
    findings = compare(Books(entries, hr, registry, exported_on, sides.is_whole), kazakhstan_date(now))
    compared = _compared(sides, hr, entries, registry)
    run = audit_run(employer, findings, compared, now)
    if keep:
        with ledger.begin() as work:
            work.audits.keep(run)
            work.commit()
    return run


def apply_audit(
    run: AuditRun,
    digest: str,
    sides: Sides,
    actor: Actor,
    *,
    ledger: Ledger,
    clock: Clock,
    progress: Callable[[int, int], None],
) -> int:
    """Take over the ids that the plan names, by the onboarding, which looks again at each of them.

    Args:
        run: The plan as it is now; ``digest``: that of the plan that a person has seen.

    Returns:
        How many contracts were taken over.

    Raises:
        UnsafeRequest: The plan is not the one that was seen, or the ledger contradicts the export.
    """
    if digest != run.digest:
        raise UnsafeRequest(
            "the plan is not the one that was shown: books have changed since",
            kept="Nothing was changed",
            next_step="Look at the new plan: give the same command without --apply",
        )
    wanted = {one.contract_id: one for one in run.to_do()}
    if sides.export is None or not wanted:
        return 0
    rows = [
        replace(row, stated_key=wanted[row.contract_id].key)
        for row in _merged(sides.export)
        if row.contract_id in wanted
    ]
    keys = [(row, wanted[row.contract_id]) for row in rows]
    roster = [HrContract(one.key, row.employee_iin, row.number, row.day.isoformat()) for row, one in keys if one.key]
    plan = plan_onboarding((run.employer_bin, run.employer), rows, roster, ledger=ledger)
    return apply_onboarding(plan, sides.export.digest, actor, ledger=ledger, clock=clock, progress=progress)


def _seen(staff: Staff, look: Look, memory: Memory, fates: Mapping[EventId, Fate]) -> _Seen:
    require_sound(
        look, memory, staff.policy.soundness, staff.roster.where, leaves_are_complete=staff.policy.leaves_are_complete
    )
    complete = staff.policy.leaves_are_complete
    made = differ(memory, look, fates, new_from=staff.policy.new_from, leaves_are_complete=complete)
    return look, memory, made


def _merged(export: Export) -> Sequence[KnownContract]:
    contracts, faults = merged_rows(export.rows)
    if faults:
        rows = ", ".join(str(row) for row in sorted(row for group in faults for row in group)[:20])
        raise UnsafeRequest(
            "rows of the export contradict each other",
            where=f"rows {rows}",
            kept="Nothing was compared",
            next_step="Compare them with the portal and mend the export",
        )
    return contracts


def _compared(
    sides: Sides,
    hr: Sequence[RosterEntry] | None,
    entries: Sequence[LedgerEntry],
    registry: Sequence[KnownContract] | None,
) -> Compared:
    export = sides.export
    return Compared(
        None if hr is None else len(hr),
        len(entries),
        None if registry is None else len(registry),
        0 if export is None else export.unusable,
        None if export is None else export.exported_on,
    )


class _Reading:
    """What looks at staffs say of one employer's contracts."""

    def __init__(self, employer_bin: str, rules: Rules, entries: Sequence[LedgerEntry], now: datetime) -> None:
        self._bin = employer_bin
        self._rules = rules
        self._ledger = {one.key for one in entries}
        self._now = now

    def rosters(self, seen: Sequence[_Seen], sides: Sides) -> Sequence[RosterEntry] | None:
        """HR's book; None where HR has none."""
        found = {one.key: RosterEntry(one) for one in sides.roster or ()}
        own = [one for one in seen if self._is_of_employer(*one[:2])]
        for look, memory, made in own:
            found |= {one.known.key: one for one in self._of_look(look, memory, made)}
        return None if sides.roster is None and not own else list(found.values())

    def _is_of_employer(self, look: Look, memory: Memory) -> bool:
        """A staff of which no row ever named the employer is another's."""
        shown = {one.employer_bin for one in look.contracts}
        return self._bin in shown | {one.employer_bin for one in memory.contracts.values()}

    def _of_look(self, look: Look, memory: Memory, made: Difference) -> Sequence[RosterEntry]:
        changes: dict[str, list[Derived]] = {}
        for event in made.events:
            changes.setdefault(event.contract_key, []).append(event)
        puzzles = {fold(one.key): one.kind.value for one in made.puzzles}
        entries = []
        for row in look.contracts:
            story = memory.contracts.get(fold(row.key))
            if row.employer_bin != self._bin and (story is None or story.employer_bin != self._bin):
                continue
            key = ContractKey(story.key if story else row.key)
            believed = {} if story is None else story.belief.contract or {}
            told = [self._change(one, believed) for one in changes.get(key, ()) if key in self._ledger]
            entries.append(self._entry(key, row, tuple(told), puzzles.get(fold(row.key), "")))
        return entries

    def _entry(self, key: ContractKey, row: StaffRow, changes: tuple[Change, ...], puzzle: str) -> RosterEntry:
        contract = row.contract
        iin, number, day = (contract.get(name, "") for name in ("employee_iin", "contract_number", "contract_date"))
        legal_date = None
        if key not in self._ledger:
            legal_date = self._legal_date(operation_that_enters(row), key, contract)
        ends = None if ending_of(row) is not None else _day(contract.get("end_date"))
        return RosterEntry(HrContract(key, iin, number, day), legal_date, changes, puzzle, ends)

    def _change(self, event: Derived, believed: Fields) -> Change:
        fields = [FieldDifference(name, hr=event.payload.get(name), ledger=believed.get(name)) for name in event.fields]
        day = None if event.withdrawn else self._legal_date(event.operation, event.contract_key, event.payload)
        return Change(event.operation.value, event.why.value, day, tuple(fields))

    def _legal_date(self, operation: Operation, key: str, fields: Fields) -> date | None:
        payload = json.dumps(dict(fields), ensure_ascii=False)
        row = SourceRow(SourceName("audit"), "", "audit", 1, operation.value, key, self._bin, payload)
        deadline = examine(row, employers=self._rules.employers, calendar=self._rules.calendar, now=self._now).deadline
        return None if deadline is None else deadline.legal_date


def _day(text: str | None) -> date | None:
    try:
        return None if not text else date.fromisoformat(text)
    except ValueError:
        return None
