"""The ledger's book for an audit, read in a handful of statements, and the last audit of each employer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Executable, bindparam, or_, select

from usrec.adapters.persistence.audit_tables import audit_runs
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import outbox
from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.import_tables import imported_contracts
from usrec.adapters.persistence.imported_contracts import SqlImportedContracts
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.snapshot_tables import snapshot_stories
from usrec.adapters.persistence.snapshots import PUZZLES
from usrec.adapters.persistence.tables import contracts, submissions
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.audit import Kind, LedgerEntry, OpenEvent
from usrec.domain.audit_run import AuditRun, dump_report, load_report
from usrec.domain.drift import AuditSight, Drift
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.onboarding import HrContract
from usrec.domain.source_event import HEADS, ContractKey, EmployerName, Operation
from usrec.domain.state import MAY_BE_REGISTERED, SETTLED, State
from usrec.domain.submission import WaitReason

REPORT: Final = "audit_runs.report"
"""Place of a sealed value."""

_COLUMNS: Final = submissions.c
_EVENTS: Final = (
    select(
        _COLUMNS.id,
        _COLUMNS.contract_key,
        _COLUMNS.operation,
        _COLUMNS.state,
        _COLUMNS.legal_date,
        _COLUMNS.decided_at,
        _COLUMNS.replaced_by,
        outbox.c.wait_reason,
    )
    .outerjoin(outbox, outbox.c.submission_id == _COLUMNS.id)
    .where(
        _COLUMNS.employer_bin == bindparam("employer"),
        or_(_COLUMNS.replaced_by.is_(None), _COLUMNS.state == literal_word(State.ACCEPTED)),
    )
    .order_by(_COLUMNS.decided_at, _COLUMNS.position, _COLUMNS.id)
)
_IDS: Final = select(contracts.c.contract_key, contracts.c.registry_id).where(
    contracts.c.employer_bin == bindparam("employer")
)
_IMPORTED: Final = select(imported_contracts.c.contract_key, imported_contracts.c.contract_id).where(
    imported_contracts.c.employer_bin == bindparam("employer")
)
_REMEMBERED: Final = select(snapshot_stories.c.contract_key).where(
    snapshot_stories.c.employer_bin == bindparam("employer"),
    snapshot_stories.c.kind == "contract",
    snapshot_stories.c.closed.is_(False),
)
_SIGHTS: Final = select(
    audit_runs.c.employer, audit_runs.c.taken_at, audit_runs.c.troubles, audit_runs.c.unmatched
).order_by(audit_runs.c.employer)
_LAST: Final = select(audit_runs).where(audit_runs.c.employer_bin == bindparam("employer"))
_TAKEN: Final = select(audit_runs.c.taken_at).where(audit_runs.c.employer_bin == bindparam("employer"))


def _put(insert_into: InsertInto) -> Executable:
    statement = insert_into(audit_runs)
    given = {one.name: statement.excluded[one.name] for one in audit_runs.columns if not one.primary_key}
    return statement.on_conflict_do_update(index_elements=["employer_bin"], set_=given)


_PUT: Final = per_dialect(_put)


class SqlAudits:
    """The ``Audits`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def entries(self, employer_bin: str) -> Sequence[LedgerEntry]:
        """Every contract of an employer that the ledger knows."""
        known: dict[ContractKey, list[HrContract]] = {}
        for one in SqlImportedContracts(self._connection).known_to_hr(employer_bin):
            known.setdefault(one.key, []).append(one)
        events: dict[ContractKey, list[Any]] = {}
        for row in self._rows(_EVENTS, employer_bin):
            events.setdefault(ContractKey(row.contract_key), []).append(row)
        ids = {ContractKey(key): found for key, found in self._rows(_IDS, employer_bin)}
        imported = {ContractKey(key): found for key, found in self._rows(_IMPORTED, employer_bin)}
        remembered = {ContractKey(key) for (key,) in self._rows(_REMEMBERED, employer_bin)}
        keys = {**known, **events, **ids, **imported, **dict.fromkeys(remembered)}
        return [
            _entry(
                key,
                tuple(known.get(key, ())),
                ids.get(key),
                events.get(key, ()),
                taken_over=key in imported and ids.get(key) == imported[key],
                remembered=key in remembered,
            )
            for key in sorted(keys)
        ]

    def keep(self, run: AuditRun) -> None:
        """Remember a run in the place of the one before."""
        report = sealing_of(self._connection).text(REPORT, [run.employer_bin], dump_report(run))
        row = {
            "employer_bin": run.employer_bin,
            "employer": run.employer,
            "taken_at": run.taken_at,
            "counts": json.dumps(run.counts),
            "troubles": run.troubles,
            "unmatched": run.unmatched,
            "report": report,
        }
        self._connection.execute(_PUT[self._connection.dialect.name], row)

    def last(self, employer_bin: str) -> AuditRun | None:
        """The last run of an employer."""
        row = self._connection.execute(_LAST, {"employer": employer_bin}).one_or_none()
        if row is None:
            return None
        read = load_report(sealing_of(self._connection).opened_text(REPORT, [employer_bin], row.report))
        digest, compared, findings = ("", None, None) if read is None else read
        counts = {Kind(name): number for name, number in json.loads(row.counts).items()}
        name = EmployerName(row.employer)
        return AuditRun(employer_bin, name, row.taken_at, digest, compared, findings, counts, row.unmatched)

    def taken_at(self, employer_bin: str) -> datetime | None:
        """When the last run was taken."""
        found: datetime | None = self._connection.scalar(_TAKEN, {"employer": employer_bin})
        return found

    def drift(self) -> Drift:
        """What the last audits found and the last looks left open."""
        audits = [AuditSight(*row) for row in self._connection.execute(_SIGHTS)]
        return Drift(audits, {row.source: row.number for row in self._connection.execute(PUZZLES)})

    def _rows(self, statement: Executable, employer_bin: str) -> Iterator[Any]:
        yield from self._connection.execute(statement, {"employer": employer_bin})


def _entry(
    key: ContractKey,
    known: tuple[HrContract, ...],
    contract_id: str | None,
    events: Sequence[Any],
    *,
    taken_over: bool,
    remembered: bool,
) -> LedgerEntry:
    accepted = [row for row in events if row.state is State.ACCEPTED]
    last: Mapping[Operation, int] = {row.operation: number for number, row in enumerate(accepted)}
    heads = [row for row in accepted if row.operation in HEADS]
    left = [row for row in events if row.state not in SETTLED and row.replaced_by is None]
    begun = [row for row in left if row.operation in HEADS]
    return LedgerEntry(
        key,
        known,
        contract_id,
        entered=bool(heads) or taken_over,
        registered_on=kazakhstan_date(heads[-1].decided_at) if heads else None,
        ended=last.get(Operation.TERMINATION, -1) > last.get(Operation.REINSTATEMENT, -1),
        deleted=Operation.CONTRACT_DELETE in last and contract_id is None,
        underway=any(row.state in MAY_BE_REGISTERED or row.wait_reason is WaitReason.CHECKED_OUT for row in begun),
        remembered=remembered,
        open=tuple(OpenEvent(row.id, row.legal_date) for row in (*begun, *(one for one in left if one not in begun))),
    )
