"""Foreigners' permits, one for each contract: when it ends, and how near to its end that was told last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Executable, bindparam, case, delete, null, or_, select, update

from usrec.adapters.persistence.alert_tables import RUNS, permits
from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.tables import submissions
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.permit import EndingPermit, PermitDays
from usrec.domain.source_event import ContractKey
from usrec.domain.submission import SubmissionId

_KEY: Final = (permits.c.employer_bin, permits.c.contract_key)
_OF_CONTRACT: Final = tuple(column == bindparam(f"its_{column.name}") for column in _KEY)


def _put(insert_into: InsertInto) -> Executable:
    """The same last day is the same permit: the event that named it first stands for it."""
    new = insert_into(permits)
    same = permits.c.end_date == new.excluded.end_date
    return new.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            "submission_id": case((same, permits.c.submission_id), else_=new.excluded.submission_id),
            "told_days": case((same, permits.c.told_days), else_=null()),
            "end_date": new.excluded.end_date,
        },
    )


_PUT: Final = per_dialect(_put)
_REMOVE: Final = delete(permits).where(*_OF_CONTRACT)
_CHANGE: Final = update(permits).where(*_OF_CONTRACT)
_KNOWN: Final = select(permits.c.submission_id).where(*_OF_CONTRACT)
_TOLD: Final = update(permits).where(permits.c.submission_id == bindparam("which"))
_PERMITS: Final = (
    select(
        permits.c.submission_id,
        submissions.c.event_id,
        submissions.c.employer,
        permits.c.contract_key,
        permits.c.end_date,
    )
    .join_from(permits, submissions, submissions.c.id == permits.c.submission_id)
    .where(RUNS, permits.c.end_date <= bindparam("until"))
    .order_by(permits.c.end_date, permits.c.submission_id)
)
_NOT_TOLD: Final = or_(permits.c.told_days.is_(None), permits.c.told_days > bindparam("days"))
_UNTOLD: Final = (
    select(permits.c.submission_id, permits.c.end_date)
    .where(RUNS, permits.c.end_date <= bindparam("until"), _NOT_TOLD)
    .order_by(permits.c.end_date, permits.c.submission_id)
    .limit(bindparam("limit"))
)
_NOT_WATCHED: Final = (
    select(permits.c.submission_id)
    .join_from(permits, submissions, submissions.c.id == permits.c.submission_id)
    .where(RUNS, permits.c.end_date <= bindparam("until"), _NOT_TOLD, submissions.c.decided_at <= bindparam("since"))
    .order_by(permits.c.end_date, permits.c.submission_id)
    .limit(bindparam("limit"))
)


class SqlPermits:
    """The ``Permits`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def put(self, employer_bin: str, contract_key: ContractKey, submission_id: SubmissionId, end_date: date) -> None:
        """The contract's permit ends then."""
        what = {
            "employer_bin": employer_bin,
            "contract_key": contract_key,
            "submission_id": submission_id,
            "end_date": end_date,
            "ended": False,
        }
        self._connection.later(_PUT[self._connection.dialect.name], what)

    def remove(self, employer_bin: str, contract_key: ContractKey) -> None:
        """The contract has no permit."""
        self._connection.later(_REMOVE, _contract(employer_bin, contract_key))

    def pause(self, employer_bin: str, contract_key: ContractKey, *, ended: bool) -> None:
        """The contract has ended, or goes on again."""
        self._connection.later(_CHANGE, {**_contract(employer_bin, contract_key), "ended": ended})

    def move(self, employer_bin: str, contract_key: ContractKey, *, to: str) -> None:
        """The employer of the contract has another BIN."""
        there = self._connection.scalar(_KNOWN, _contract(to, contract_key)) is not None
        if there:
            self.remove(employer_bin, contract_key)
        else:
            self._connection.execute(_CHANGE, {**_contract(employer_bin, contract_key), "employer_bin": to})

    def untold(self, until: date, days: int, limit: int) -> Sequence[tuple[SubmissionId, date]]:
        """Permits that end by ``until`` of which nobody was told so near to their end."""
        rows = self._connection.execute(_UNTOLD, {"until": until, "days": days, "limit": limit})
        return [(submission_id, end_date) for submission_id, end_date in rows]

    def told(self, submission_id: SubmissionId, days: int) -> None:
        """It was told at this threshold."""
        self._connection.execute(_TOLD, {"which": submission_id, "told_days": days})


def _contract(employer_bin: str, contract_key: ContractKey) -> dict[str, Any]:
    return {"its_employer_bin": employer_bin, "its_contract_key": contract_key}


def read_permits(connection: Connection, until: date) -> Sequence[EndingPermit]:
    """Permits of registered contracts that go on, ended or ending by then, the first to end first."""
    return [EndingPermit(*row) for row in connection.execute(_PERMITS, {"until": until})]


def unwatched_permits(connection: Connection, since: datetime, days: PermitDays, limit: int) -> set[SubmissionId]:
    """Events whose permit crossed a threshold before ``since`` without an alert."""
    found: set[SubmissionId] = set()
    for _, before in days.thresholds:
        until = kazakhstan_date(since) + timedelta(days=before)
        what = {"until": until, "days": before, "since": since, "limit": limit}
        found |= set(connection.scalars(_NOT_WATCHED, what))
    return found
