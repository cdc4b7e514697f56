"""Employers of whom nothing goes out until a person releases them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, Executable, and_, bindparam, case, delete, exists, func, select, type_coerce

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import READY, employer_stops, outbox
from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.portions import in_portions
from usrec.adapters.persistence.rows import SUBMISSION_COLUMNS, submission_of, values_of
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import submissions, write_backs
from usrec.adapters.persistence.types import WordType
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.state import State
from usrec.domain.submission import Submission, WaitReason

_COLUMNS: Final = tuple(employer_stops.c[name] for name in EmployerStop.__slots__)
_WHICH: Final = employer_stops.c.employer_bin == bindparam("employer_bin")


def _unless_stopped(insert_into: InsertInto) -> Executable:
    return insert_into(employer_stops).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)


_ADD: Final = per_dialect(_unless_stopped)
_GET: Final = select(*_COLUMNS).where(_WHICH)
_OF: Final = select(*_COLUMNS).where(employer_stops.c.employer_bin.in_(bindparam("employers", expanding=True)))
_ALL: Final = select(*_COLUMNS).order_by(employer_stops.c.stopped_at, employer_stops.c.employer_bin)
_REMOVE: Final = delete(employer_stops).where(_WHICH)

_ITS_NOTE: Final = and_(
    write_backs.c.source == submissions.c.source,
    write_backs.c.row_ref == submissions.c.row_ref,
    write_backs.c.revision == submissions.c.revision,
)
_NOTED: Final = (
    select(*SUBMISSION_COLUMNS)
    .join_from(outbox, submissions, submissions.c.id == outbox.c.submission_id)
    .join(write_backs, _ITS_NOTE)
    .where(
        outbox.c.employer_bin == bindparam("of"),
        submissions.c.state == literal_word(State.PENDING),
        submissions.c.replaced_by.is_(None),
        write_backs.c.message == bindparam("told"),
    )
    .order_by(outbox.c.priority, outbox.c.submission_id)
    .limit(bindparam("limit"))
)

STOPPED: Final = exists().where(employer_stops.c.employer_bin == outbox.c.employer_bin)
"""Whether the employer of a queue entry is stopped."""
_KEPT_BACK: Final = and_(READY, STOPPED)
WAIT_REASON: Final = type_coerce(
    case((_KEPT_BACK, literal_word(WaitReason.EMPLOYER_STOPPED)), else_=outbox.c.wait_reason), WordType(WaitReason)
)
"""Why a queue entry waits; a ready one of a stopped employer waits for that employer's release."""
_COUNT_KEPT_BACK: Final = select(func.count()).select_from(outbox).where(_KEPT_BACK)


class SqlEmployerStops:
    """The ``EmployerStops`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def add(self, stop: EmployerStop) -> bool:
        """Stop an employer; false when it was stopped already, and then that stop stands."""
        return self._connection.changed(_ADD[self._connection.dialect.name], values_of(stop)) == 1

    def get(self, employer_bin: str) -> EmployerStop | None:
        """Its stop."""
        row = self._connection.execute(_GET, {"employer_bin": employer_bin}).one_or_none()
        return None if row is None else EmployerStop(*row)

    def of(self, employers: Collection[str]) -> Mapping[str, EmployerStop]:
        """The stops of those of these that have one."""
        rows = (
            row for some in in_portions(set(employers)) for row in self._connection.execute(_OF, {"employers": some})
        )
        return {stop.employer_bin: stop for stop in (EmployerStop(*row) for row in rows)}

    def remove(self, employer_bin: str) -> bool:
        """Release an employer; false when nobody had stopped it."""
        return self._connection.changed(_REMOVE, {"employer_bin": employer_bin}) == 1

    def noted(self, employer_bin: str, message: str, limit: int) -> Sequence[Submission]:
        """The most urgent first."""
        rows = self._connection.execute(_NOTED, {"of": employer_bin, "told": message, "limit": limit})
        sealing = sealing_of(self._connection)
        return [submission_of(row, sealing) for row in rows]


def read_stops(connection: Connection) -> Sequence[EmployerStop]:
    """All stops, the oldest first."""
    return [EmployerStop(*row) for row in connection.execute(_ALL)]


def count_kept_back(connection: Connection) -> int:
    """How many could be sent now if their employers were not stopped."""
    return connection.scalar(_COUNT_KEPT_BACK) or 0
