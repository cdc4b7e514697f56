"""The delivery story: who may be sent next, and who works on it.

The fence of an entry rises whenever the right to work on it changes hands: with every claim, and with every ``put``
over an existing entry. A lease is good while owner and fence are those on record and its time has not run out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Executable, Select, bindparam, delete, not_, null, select, update

from usrec.adapters.persistence.claims import read_claims
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import (
    CLAIMED,
    DESK_AWAITS,
    MOVING,
    READY,
    SCHEDULED,
    employer_stops,
    outbox,
)
from usrec.adapters.persistence.dialects import InsertInto, for_many, per_dialect
from usrec.adapters.persistence.employer_stops import STOPPED
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.adapters.persistence.portions import in_portions
from usrec.adapters.persistence.rows import (
    ENTRY_COLUMNS,
    entry_of,
    entry_values,
)
from usrec.adapters.persistence.writing import Row, WriteBehind
from usrec.domain.errors import LeaseLost
from usrec.domain.submission import Lease, QueueEntry, QueueStatus, SubmissionId, WaitReason
from usrec.ports.ledger import Claim

_PROMOTED_AT_ONCE: Final = 10_000
"""Bounds one transaction after an outage of days; whoever promotes calls again with the next round anyway."""

_IDS_AT_ONCE: Final = 500
_NO_LEASE: Final = {"lease_owner": null(), "lease_until": null()}
_WHICH: Final = outbox.c.submission_id == bindparam("which")
_MINE: Final = (outbox.c.lease_owner == bindparam("owner"), outbox.c.fence == bindparam("held_fence"))


def _put(insert_into: InsertInto) -> Executable:
    statement = insert_into(outbox)
    kept = {"submission_id", "lease_owner", "lease_until", "fence"}
    changed = {column.name: statement.excluded[column.name] for column in outbox.c if column.name not in kept}
    return statement.on_conflict_do_update(
        index_elements=[outbox.c.submission_id], set_=changed | _NO_LEASE | {"fence": outbox.c.fence + 1}
    )


def _promote(now_due: Any, order: Any, at_once: Any = _PROMOTED_AT_ONCE) -> Mapping[str, Executable]:
    """Make the entries ready for which ``now_due`` holds; entries that others have locked are left to them.

    PostgreSQL may run a bare subquery again for each row, and its limit would bound nothing: there they are chosen
    first. SQLite's driver counts no rows of a statement that begins so.
    """
    due = select(outbox.c.submission_id).where(now_due).order_by(order).limit(at_once).with_for_update(skip_locked=True)
    ready = update(outbox).values({"status": literal_word(QueueStatus.READY), "wait_reason": null(), **_NO_LEASE})
    return {
        "postgresql": ready.where(outbox.c.submission_id.in_(select(due.cte("chosen").c.submission_id))),
        "sqlite": ready.where(outbox.c.submission_id.in_(due)),
    }


_PUT: Final = per_dialect(_put)
_GET: Final = select(*ENTRY_COLUMNS).where(_WHICH)
_GET_ALL: Final = for_many(lambda one_of: select(*ENTRY_COLUMNS).where(one_of(outbox.c.submission_id, "ids")))
_GET_ALL_STILL: Final = for_many(
    lambda one_of: (
        select(*ENTRY_COLUMNS)
        .where(one_of(outbox.c.submission_id, "ids"))
        .order_by(outbox.c.employer_bin, outbox.c.contract_key, outbox.c.submission_id)
        .with_for_update()
    )
)
"""Locked in the order in which contracts are, so that nobody waits in a circle."""
_REMOVE: Final = delete(outbox).where(_WHICH)
_PROMOTE: Final = (
    _promote(SCHEDULED & (outbox.c.available_at <= bindparam("now")), outbox.c.available_at),
    _promote(CLAIMED & (outbox.c.lease_until <= bindparam("now")), outbox.c.lease_until),
)
_OF_EMPLOYER: Final = outbox.c.employer_bin == bindparam("of_employer")
_WAITS_FOR: Final = SCHEDULED & (outbox.c.wait_reason == bindparam("reason"))
_HASTEN: Final = _promote(_WAITS_FOR, outbox.c.priority, bindparam("limit"))
_HASTEN_OF: Final = _promote(_WAITS_FOR & _OF_EMPLOYER, outbox.c.priority, bindparam("limit"))
_HOLD: Final = for_many(
    lambda one_of: (
        select(*ENTRY_COLUMNS)
        .where(one_of(outbox.c.submission_id, "ids"), outbox.c.lease_until > bindparam("now"))
        .order_by(outbox.c.employer_bin, outbox.c.contract_key)
        .with_for_update()
    )
)
"""Locked in the order in which contracts are, so that nobody waits in a circle."""
_RELEASE: Final = update(outbox).where(_WHICH, *_MINE).values(_NO_LEASE)

_FIRST_READY: Final = (
    select(outbox.c.submission_id)
    .where(READY, not_(STOPPED))
    .order_by(outbox.c.priority, outbox.c.submission_id)
    .limit(bindparam("limit"))
)
_IS_STOPPED: Final = select(employer_stops.c.employer_bin).where(
    employer_stops.c.employer_bin == bindparam("of_employer")
)
"""Asked once: as a join PostgreSQL would expect hardly a row to be left, and sort all that wait."""
_FIRST_READY_OF: Final = (
    select(outbox.c.submission_id)
    .where(READY, _OF_EMPLOYER, not_(_IS_STOPPED.exists()))
    .order_by(outbox.c.priority, outbox.c.submission_id)
    .limit(bindparam("limit"))
)
_TRIED_LESS: Final = outbox.c.attempts < bindparam("tries")
_FIRST_TRIED_LESS: Final = _FIRST_READY.where(_TRIED_LESS).with_for_update(skip_locked=True)
_FIRST_TRIED_LESS_OF: Final = _FIRST_READY_OF.where(_TRIED_LESS).with_for_update(skip_locked=True)
_CLAIMED_VALUES: Final = {
    "status": literal_word(QueueStatus.CLAIMED),
    "wait_reason": null(),
    "lease_owner": bindparam("owner"),
    "lease_until": bindparam("until"),
    "fence": outbox.c.fence + 1,
}


def _claim_in_one(first: Select[tuple[str]]) -> Executable:
    chosen = first.with_for_update(skip_locked=True).cte("chosen")
    claimed = update(outbox).where(outbox.c.submission_id == chosen.c.submission_id).values(_CLAIMED_VALUES)
    return claimed.returning(outbox.c.submission_id)


_CLAIM_IN_ONE: Final = _claim_in_one(_FIRST_READY)
_CLAIM_IN_ONE_OF: Final = _claim_in_one(_FIRST_READY_OF)
_READY_ONE: Final = select(outbox.c.submission_id).where(_WHICH, READY, not_(STOPPED)).with_for_update(skip_locked=True)
_CLAIM_THESE: Final = (
    update(outbox).where(outbox.c.submission_id.in_(bindparam("ids", expanding=True))).values(_CLAIMED_VALUES)
)
_EMPLOYERS: Final = select(outbox.c.employer_bin).where(MOVING).distinct()
_OWNERS: Final = select(outbox.c.lease_owner).where(CLAIMED).distinct()
_LEASED_TO: Final = (
    select(outbox.c.submission_id)
    .where(CLAIMED, outbox.c.lease_owner.in_(bindparam("owners", expanding=True)))
    .order_by(outbox.c.employer_bin, outbox.c.contract_key)
    .with_for_update()
)
"""Locked in the order in which contracts are, so that nobody waits in a circle."""
_FREE: Final = (
    update(outbox)
    .where(outbox.c.submission_id.in_(_LEASED_TO))
    .values({"status": literal_word(QueueStatus.READY), **_NO_LEASE})
)

_WAITING_SINCE: Final = select(outbox.c.submission_id, outbox.c.available_at).where(
    outbox.c.submission_id.in_(bindparam("ids", expanding=True)), DESK_AWAITS
)


class SqlOutbox:
    """The ``Outbox`` port.

    Attributes:
        made_ready: How many entries this transaction made ready, less those that it claimed itself.
    """

    def __init__(self, connection: WriteBehind, key: FingerprintKey) -> None:
        self._connection = connection
        self._key = key
        self.made_ready = 0

    def put(self, entry: QueueEntry) -> None:
        """Insert with fence 0, or replace: then the fence rises and an older lease is dead."""
        self.made_ready += entry.status is QueueStatus.READY
        self._connection.later(_PUT[self._connection.dialect.name], {**entry_values(entry), "fence": 0})

    def get(self, submission_id: SubmissionId) -> QueueEntry | None:
        """One entry."""
        row = self._connection.execute(_GET, {"which": submission_id}).one_or_none()
        return None if row is None else entry_of(row)

    def get_all(self, ids: Collection[SubmissionId], *, still: bool = False) -> Mapping[SubmissionId, QueueEntry]:
        """Those of these that are in the outbox."""
        statement = (_GET_ALL_STILL if still else _GET_ALL)[self._connection.dialect.name]
        rows = (row for some in in_portions(ids) for row in self._connection.execute(statement, {"ids": some}))
        return {entry.submission_id: entry for entry in map(entry_of, rows)}

    def remove(self, submission_id: SubmissionId) -> None:
        """The delivery is over."""
        self._connection.later(_REMOVE, {"which": submission_id})

    def promote(self, now: datetime) -> int:
        """Make due entries ready, longest due first."""
        dialect = self._connection.dialect.name
        promoted = sum(self._connection.changed(each[dialect], {"now": now}) for each in _PROMOTE)
        self.made_ready += promoted
        return promoted

    def employers(self) -> Collection[str]:
        """Whose entries move."""
        return set(self._connection.scalars(_EMPLOYERS))

    def hasten(self, reason: WaitReason, limit: int, *, employer: str | None = None) -> int:
        """Make scheduled entries that wait for one reason ready before their time, earliest priority first."""
        statements, of = (_HASTEN, {}) if employer is None else (_HASTEN_OF, {"of_employer": employer})
        what = {"reason": reason, "limit": limit, **of}
        hastened = self._connection.changed(statements[self._connection.dialect.name], what)
        self.made_ready += hastened
        return hastened

    def claim(
        self,
        owner: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        *,
        only: SubmissionId | None = None,
        tried_less_than: int | None = None,
        employer: str | None = None,
    ) -> Sequence[Claim]:
        """Lease ready entries, then read all that their delivery needs in one statement."""
        until = now + lease
        if only is not None:
            ids = self._lease_one(only, owner, until)
        elif tried_less_than is not None:
            ids = self._lease_tried_less(tried_less_than, owner, until, limit, employer)
        else:
            ids = self._lease(owner, until, limit, employer)
        if not ids:
            return []
        self.made_ready -= len(ids)
        return read_claims(self._connection, self._key, owner, until, ids)

    def _lease(self, owner: str, until: datetime, limit: int, employer: str | None) -> list[SubmissionId]:
        """One statement on PostgreSQL; two on SQLite, whose older versions know no RETURNING."""
        of = {} if employer is None else {"of_employer": employer}
        if self._connection.dialect.name == "postgresql":
            what = {"owner": owner, "until": until, "limit": limit, **of}
            return list(self._connection.scalars(_CLAIM_IN_ONE_OF if of else _CLAIM_IN_ONE, what))
        first = _FIRST_READY_OF if of else _FIRST_READY
        return self._lease_these(list(self._connection.scalars(first, {"limit": limit, **of})), owner, until)

    def _lease_tried_less(
        self, tries: int, owner: str, until: datetime, limit: int, employer: str | None
    ) -> list[SubmissionId]:
        of = {} if employer is None else {"of_employer": employer}
        first = _FIRST_TRIED_LESS_OF if of else _FIRST_TRIED_LESS
        found = self._connection.scalars(first, {"tries": tries, "limit": limit, **of})
        return self._lease_these(list(found), owner, until)

    def _lease_one(self, submission_id: SubmissionId, owner: str, until: datetime) -> list[SubmissionId]:
        return self._lease_these(list(self._connection.scalars(_READY_ONE, {"which": submission_id})), owner, until)

    def _lease_these(self, ids: list[SubmissionId], owner: str, until: datetime) -> list[SubmissionId]:
        """Lease entries that are ready and that this transaction has locked."""
        if ids:
            self._connection.execute(_CLAIM_THESE, {"ids": ids, "owner": owner, "until": until})
        return ids

    def waiting_since(self, submissions: Collection[SubmissionId]) -> Mapping[SubmissionId, datetime]:
        """Since when those of ``submissions`` that wait for somebody to decide or to act do."""
        wanted = sorted(submissions)
        found: dict[SubmissionId, datetime] = {}
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            rows = self._connection.execute(_WAITING_SINCE, {"ids": wanted[start : start + _IDS_AT_ONCE]})
            found |= {SubmissionId(which): at for which, at in rows}
        return found

    def lease_owners(self) -> Collection[str]:
        """Who holds leases now, run out or not."""
        return list(self._connection.scalars(_OWNERS))

    def free_leases(self, owners: Collection[str]) -> int:
        """Make the entries leased to these owners ready; their fence stays, and the next claim raises it."""
        freed = self._connection.changed(_FREE, {"owners": list(owners)})
        self.made_ready += freed
        return freed

    def hold_lease(self, lease: Lease, now: datetime) -> QueueEntry:
        """Prove the lease and lock its row."""
        held = self.hold_leases([lease], now)
        if not held:
            raise _lost(lease)
        return held[lease.submission_id]

    def hold_leases(self, leases: Collection[Lease], now: datetime) -> Mapping[SubmissionId, QueueEntry]:
        """Lock the rows in one statement, then look at each one's owner and fence."""
        wanted = {lease.submission_id: lease for lease in leases}
        rows = self._connection.execute(_HOLD[self._connection.dialect.name], {"ids": sorted(wanted), "now": now})
        return {
            entry.submission_id: entry for entry in map(entry_of, rows) if _is_of(wanted[entry.submission_id], entry)
        }

    def release(self, lease: Lease, entry: QueueEntry) -> None:
        """Give the lease back with the entry's new status, times and reason."""
        changed = entry_values(entry)
        del changed["submission_id"]
        what = {"which": lease.submission_id, "owner": lease.owner, "held_fence": lease.fence, **changed}
        self._connection.later_by("outbox", self._release, (lease, what))
        self.made_ready += entry.status is QueueStatus.READY

    def _release(self, released: list[tuple[Lease, Row]]) -> None:
        if self._connection.changed(_RELEASE, [what for _, what in released]) != len(released):
            raise _lost(*(lease for lease, _ in released))


def _is_of(lease: Lease, entry: QueueEntry) -> bool:
    return (entry.lease_owner, entry.fence) == (lease.owner, lease.fence)


def _lost(*leases: Lease) -> LeaseLost:
    fences = ", ".join(str(lease.fence) for lease in leases)
    return LeaseLost(
        f"the claim of {leases[0].owner} (fence {fences}) is not the newest any more, or its time has run out",
        where=f"submission {', '.join(lease.submission_id for lease in leases)}",
        kept="Nothing was written; whoever holds it now goes on with the same bytes",
        next_step="Nothing; the agent goes on with other submissions",
    )
