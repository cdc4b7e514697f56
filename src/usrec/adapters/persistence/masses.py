"""Changes that are held as one until a person has looked. Statements are about whole batches, never about one event."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import BindParameter, and_, bindparam, case, delete, exists, func, insert, null, or_, select, update

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import outbox
from usrec.adapters.persistence.rows import SUBMISSION_COLUMNS, submission_of, values_of
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import UNSETTLED, contracts, submissions
from usrec.adapters.persistence.together_tables import mass_batches, mass_members
from usrec.adapters.persistence.types import UtcDateTime
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.mass import MassBatch, MassDecision, MassGroup, MassMember
from usrec.domain.source_event import ContractKey
from usrec.domain.state import Move, State, next_state
from usrec.domain.submission import QueueStatus, Submission, SubmissionId, WaitReason

_AT_ONCE: Final = 500
Item = TypeVar("Item")

_BATCH_COLUMNS: Final = tuple(mass_batches.c[name] for name in MassBatch.__slots__)
_GROUP: Final = (
    mass_members.c.employer_bin == bindparam("its_employer_bin"),
    mass_members.c.operation == bindparam("its_operation"),
    mass_members.c.day == bindparam("its_day"),
)
_UNASSESSED: Final = (*_GROUP, mass_members.c.batch.is_(None), mass_members.c.arrived_at >= bindparam("since"))
_BATCH_OF: Final = (
    mass_batches.c.employer_bin == bindparam("its_employer_bin"),
    mass_batches.c.operation == bindparam("its_operation"),
    mass_batches.c.day == bindparam("its_day"),
)
_STANDS: Final = and_(
    submissions.c.replaced_by.is_(None),
    submissions.c.state.not_in([literal_word(State.CANCELLED), literal_word(State.INVALID)]),
)
_ARRIVE: Final = insert(mass_members)
_HOW_MANY: Final = (
    select(func.count())
    .select_from(mass_members)
    .join(submissions, submissions.c.id == mass_members.c.submission_id)
    .where(*_UNASSESSED, _STANDS)
)
_UNDECIDED_OF: Final = (
    select(mass_batches.c.name).where(*_BATCH_OF, mass_batches.c.decision.is_(None)).with_for_update()
)
_BATCHES_OF: Final = select(func.count()).select_from(mass_batches).where(*_BATCH_OF)
_OPEN: Final = insert(mass_batches)
_JOIN: Final = update(mass_members).where(*_UNASSESSED).values(batch=bindparam("name"))
_WITH_NO_OTHERS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When what left its batch alone is said to have arrived: it counts as one of many no more, whoever comes later."""
_LEAVE: Final = (
    update(mass_members)
    .where(mass_members.c.submission_id == bindparam("which"))
    .values(batch=null(), arrived_at=_WITH_NO_OTHERS)
)

_MASS_HELD: Final = outbox.c.wait_reason == literal_word(WaitReason.MASS_HELD)
_WITH_A_PERSON: Final = (
    WaitReason.MASS_HELD,
    WaitReason.HELD_BY_PERSON,
    WaitReason.CHECKED_OUT,
    WaitReason.AWAITING_SIGNATURE,
    WaitReason.AWAITING_APPROVAL,
    WaitReason.NEEDS_DECISION,
)
_MAY_BE_STOPPED: Final = and_(
    submissions.c.state == literal_word(State.PENDING),
    outbox.c.status != literal_word(QueueStatus.CLAIMED),
    or_(outbox.c.wait_reason.is_(None), outbox.c.wait_reason.not_in([literal_word(one) for one in _WITH_A_PERSON])),
)
_IN_BATCH: Final = (
    select(outbox.c.submission_id)
    .join(mass_members, mass_members.c.submission_id == outbox.c.submission_id)
    .where(mass_members.c.batch == bindparam("name"))
)
_TO_STOP: Final = (
    _IN_BATCH.join(submissions, submissions.c.id == outbox.c.submission_id)
    .where(_MAY_BE_STOPPED)
    .order_by(outbox.c.employer_bin, outbox.c.contract_key)
    .with_for_update(of=outbox, skip_locked=True)
)
_THESE: Final = outbox.c.submission_id.in_(bindparam("ids", expanding=True))
_BLOCKED: Final = outbox.c.status == literal_word(QueueStatus.BLOCKED)
_NO_LEASE: Final = {"lease_owner": null(), "lease_until": null(), "fence": outbox.c.fence + 1}
_STOP: Final = (
    update(outbox)
    .where(_THESE)
    .values(
        status=case((_BLOCKED, literal_word(QueueStatus.BLOCKED)), else_=literal_word(QueueStatus.HELD)),
        wait_reason=literal_word(WaitReason.MASS_HELD),
        **_NO_LEASE,
    )
)

_BATCH: Final = select(*_BATCH_COLUMNS).where(mass_batches.c.name == bindparam("name")).with_for_update()
_UNDECIDED: Final = (
    select(*_BATCH_COLUMNS)
    .where(mass_batches.c.decision.is_(None))
    .order_by(mass_batches.c.opened_at, mass_batches.c.name)
)
_UNFINISHED: Final = (
    select(*_BATCH_COLUMNS)
    .where(
        mass_batches.c.decision.is_not(None),
        exists()
        .where(mass_members.c.batch == mass_batches.c.name, outbox.c.submission_id == mass_members.c.submission_id)
        .where(_MASS_HELD),
    )
    .order_by(mass_batches.c.decided_at, mass_batches.c.name)
)
_DECIDE: Final = update(mass_batches).where(
    mass_batches.c.name == bindparam("which"), mass_batches.c.decision.is_(None)
)


def _held(*columns: Any) -> Any:
    return (
        select(*columns)
        .join_from(submissions, outbox, outbox.c.submission_id == submissions.c.id)
        .join(mass_members, mass_members.c.submission_id == submissions.c.id)
        .where(mass_members.c.batch == bindparam("name"), _MASS_HELD)
        .order_by(submissions.c.employer_bin, submissions.c.contract_key, submissions.c.id)
    )


_ITS_CONTRACT: Final = and_(
    contracts.c.employer_bin == submissions.c.employer_bin, contracts.c.contract_key == submissions.c.contract_key
)
_ITS_SUBMISSION: Final = submissions.c.id.in_(bindparam("ids", expanding=True))
_HELD: Final = (
    _held(submissions.c.id).join(contracts, _ITS_CONTRACT).limit(bindparam("limit")).with_for_update(of=contracts)
)
_STILL_HELD: Final = _held(*SUBMISSION_COLUMNS).where(_ITS_SUBMISSION)
"""Asked when their contracts are locked: what was found before may be older than what was waited for."""

_REGISTRY_ID: Final = select(contracts.c.registry_id).where(_ITS_CONTRACT).scalar_subquery()
_THOSE: Final = select(*SUBMISSION_COLUMNS).where(_ITS_SUBMISSION).order_by(submissions.c.id)
_LEARN_CONTRACT: Final = (
    update(submissions).where(_ITS_SUBMISSION, submissions.c.contract_id.is_(None)).values(contract_id=_REGISTRY_ID)
)


def _of_submission(column: Any) -> Any:
    return select(column).where(submissions.c.id == outbox.c.submission_id).scalar_subquery()


_KNOWN: Final = _of_submission(submissions.c.contract_id)
_NOT_BEFORE: Final = _of_submission(submissions.c.not_before)
_STRANGE: Final = _KNOWN.is_(None)
_NOW: Final[BindParameter[datetime]] = bindparam("now", type_=UtcDateTime())
_AHEAD: Final = _NOT_BEFORE > _NOW
_FREE: Final = (
    update(outbox)
    .where(_THESE, _MASS_HELD)
    .values(
        status=case(
            (_BLOCKED, literal_word(QueueStatus.BLOCKED)),
            (_STRANGE, literal_word(QueueStatus.HELD)),
            (_AHEAD, literal_word(QueueStatus.SCHEDULED)),
            else_=literal_word(QueueStatus.READY),
        ),
        wait_reason=case(
            (_BLOCKED, literal_word(WaitReason.PREDECESSOR_OPEN)),
            (_STRANGE, literal_word(WaitReason.CONTRACT_UNKNOWN)),
            (_AHEAD, literal_word(WaitReason.PAPER_DATE)),
            else_=null(),
        ),
        available_at=case((_AHEAD, _NOT_BEFORE), else_=_NOW),
        **_NO_LEASE,
    )
)
_REMOVE: Final = delete(outbox).where(_THESE)
_CANCEL: Final = update(submissions).where(_ITS_SUBMISSION, submissions.c.state == literal_word(State.PENDING))
_MINE: Final = (
    select(submissions.c.employer_bin, submissions.c.contract_key).where(_ITS_SUBMISSION).distinct().subquery("mine")
)
_FOLLOWED: Final = (
    select(submissions.c.employer_bin, submissions.c.contract_key)
    .join(
        _MINE,
        and_(submissions.c.employer_bin == _MINE.c.employer_bin, submissions.c.contract_key == _MINE.c.contract_key),
    )
    .where(UNSETTLED, submissions.c.position >= 0)
    .group_by(submissions.c.employer_bin, submissions.c.contract_key)
    .having(func.count() >= bindparam("at_least"))
    .order_by(submissions.c.employer_bin, submissions.c.contract_key)
)


class SqlMasses:
    """The ``Masses`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._sealing = sealing_of(connection)

    def arrive(self, members: Sequence[MassMember]) -> None:
        """Remember what arrived, in one statement."""
        for one in members:
            row = {"submission_id": one.submission_id, "arrived_at": one.arrived_at, **values_of(one.group)}
            self._connection.later(_ARRIVE, row)

    def how_many(self, group: MassGroup, since: datetime) -> int:
        """Events of a group that are in no batch."""
        return self._connection.scalar(_HOW_MANY, {**_named(group), "since": since}) or 0

    def undecided_of(self, group: MassGroup) -> str | None:
        """The open batch of a group, its row locked."""
        found: str | None = self._connection.scalar(_UNDECIDED_OF, _named(group))
        return found

    def batches_of(self, group: MassGroup) -> int:
        """How many batches a group had."""
        return self._connection.scalar(_BATCHES_OF, _named(group)) or 0

    def open(self, batch: MassBatch) -> None:
        """Begin a batch; the primary key lets one agent do so."""
        self._connection.execute(_OPEN, values_of(batch))

    def join(self, name: str, group: MassGroup, since: datetime) -> None:
        """Put what is in no batch into this one."""
        self._connection.execute(_JOIN, {**_named(group), "since": since, "name": name})

    def hold(self, name: str) -> Sequence[Submission]:
        """Stop what of a batch is not stopped yet."""
        stopped: list[Submission] = []
        for some in _portions(list(self._connection.scalars(_TO_STOP, {"name": name}))):
            self._connection.execute(_STOP, {"ids": some})
            rows = self._connection.execute(_THOSE, {"ids": some})
            stopped += [submission_of(row, self._sealing) for row in rows]
        return stopped

    def leave(self, submission_id: SubmissionId) -> None:
        """It belongs to no batch any more, nor to a later one."""
        self._connection.execute(_LEAVE, {"which": submission_id})

    def batch(self, name: str) -> MassBatch | None:
        """One batch, its row locked."""
        row = self._connection.execute(_BATCH, {"name": name}).one_or_none()
        return None if row is None else MassBatch(*row)

    def undecided(self) -> Sequence[MassBatch]:
        """Batches that wait for a person."""
        return [MassBatch(*row) for row in self._connection.execute(_UNDECIDED)]

    def unfinished(self) -> Sequence[MassBatch]:
        """Batches whose decision has not reached all of their events."""
        return [MassBatch(*row) for row in self._connection.execute(_UNFINISHED)]

    def decide(self, name: str, decision: MassDecision, by: str, reason: str, at: datetime) -> None:
        """Record a decision; the first one stands."""
        what = {"decision": decision, "decided_by": by, "reason": reason, "decided_at": at}
        self._connection.execute(_DECIDE, {"which": name, **what})

    def held(self, name: str, limit: int) -> Sequence[Submission]:
        """Stopped events of a batch; on SQLite the transaction itself is the lock."""
        found = list(self._connection.scalars(_HELD, {"name": name, "limit": limit}))
        rows = self._connection.execute(_STILL_HELD, {"ids": found, "name": name}) if found else ()
        return [submission_of(row, self._sealing) for row in rows]

    def free(self, ids: Collection[SubmissionId], now: datetime) -> None:
        """Let these go on, in two statements."""
        for some in _portions(list(ids)):
            self._connection.execute(_LEARN_CONTRACT, {"ids": some})
            self._connection.execute(_FREE, {"ids": some, "now": now})

    def take_back(self, ids: Collection[SubmissionId], reason: str, now: datetime) -> None:
        """Cancel these, in two statements."""
        changed = {"state": next_state(State.PENDING, Move.CANCEL), "reason": reason, "decided_at": now}
        for some in _portions(list(ids)):
            self._connection.execute(_REMOVE, {"ids": some})
            self._connection.execute(_CANCEL, {"ids": some, **changed})

    def with_others(self, ids: Collection[SubmissionId], *, at_least: int) -> Sequence[tuple[str, ContractKey]]:
        """Contracts of these in which so many events are open."""
        found: list[tuple[str, ContractKey]] = []
        for some in _portions(list(ids)):
            found += [
                (row[0], row[1]) for row in self._connection.execute(_FOLLOWED, {"ids": some, "at_least": at_least})
            ]
        return found


def _named(group: MassGroup) -> dict[str, Any]:
    return {f"its_{name}": value for name, value in values_of(group).items()}


def _portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
