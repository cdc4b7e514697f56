"""Submissions as operators see them in lists: which columns, which of them, and by the beginning of an id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Text, and_, bindparam, false, func, or_, select, type_coerce

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import attempts, outbox
from usrec.adapters.persistence.employer_stops import WAIT_REASON
from usrec.adapters.persistence.tables import submissions
from usrec.domain.errors import ValidationProblem
from usrec.domain.state import SETTLED, State
from usrec.domain.submission import SubmissionId
from usrec.ports.ledger_view import SubmissionFilter, SubmissionRow

_IDS_AT_ONCE: Final = 500
_LAST_CHARACTER: Final = "\U0010ffff"
"""Sorts behind every other, so that it ends the range of texts with one beginning."""
_COLUMNS: Final = submissions.c
_ROW: Final[Mapping[str, ColumnElement[Any]]] = {
    **{name: _COLUMNS[name] for name in SubmissionRow.__slots__ if name in _COLUMNS},
    "operation": func.coalesce(type_coerce(_COLUMNS.operation, Text()), ""),
    "employer": func.coalesce(_COLUMNS.employer, ""),
    "status": outbox.c.status,
    "wait_reason": WAIT_REASON,
    "available_at": outbox.c.available_at,
    "blocked_by": outbox.c.blocked_by,
    "attempts": select(func.count())
    .select_from(attempts)
    .where(attempts.c.submission_id == _COLUMNS.id)
    .scalar_subquery(),
    "doubtful": func.coalesce(outbox.c.doubtful, false()),
}
ROWS: Final = (
    select(*(_ROW[name].label(name) for name in SubmissionRow.__slots__))
    .join_from(submissions, outbox, outbox.c.submission_id == _COLUMNS.id, isouter=True)
    .order_by(_COLUMNS.due_utc.asc().nulls_last(), _COLUMNS.id)
)
_BEGINNING_WITH: Final = (_COLUMNS.id >= bindparam("beginning"), _COLUMNS.id < bindparam("end"))
_NAMED: Final = select(_COLUMNS.id).where(*_BEGINNING_WITH).limit(2)
_HOW_MANY: Final = select(func.count()).select_from(submissions).where(*_BEGINNING_WITH)
_UNSETTLED: Final = _COLUMNS.state.not_in([literal_word(state) for state in sorted(SETTLED)])
_REGISTERED_LATE: Final = and_(_COLUMNS.state == literal_word(State.ACCEPTED), _COLUMNS.decided_at >= _COLUMNS.due_utc)


def conditions(which: SubmissionFilter) -> Iterator[ColumnElement[bool]]:
    """What a row has to fulfil to be one of ``which``, apart from its id."""
    if which.state is not None:
        yield _COLUMNS.state == which.state
    if which.code is not None:
        yield _COLUMNS.code == which.code
    if which.due_before is not None:
        yield _COLUMNS.due_utc < which.due_before
    if which.employer is not None:
        yield _COLUMNS.employer == which.employer
    if which.contract_key is not None:
        yield _COLUMNS.contract_key == which.contract_key
    if which.current:
        yield _COLUMNS.replaced_by.is_(None)
    if which.unsettled:
        yield _UNSETTLED
    if which.unsettled_or_late:
        yield or_(_UNSETTLED, _REGISTERED_LATE)
    if which.wait_reason is not None:
        yield _ROW["wait_reason"] == which.wait_reason


def among(connection: Connection, statement: Any, ids: Sequence[SubmissionId]) -> list[SubmissionRow]:
    """Rows with one of ``ids``, however many those are."""
    wanted = sorted(set(ids))
    found: list[SubmissionRow] = []
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = statement.where(_COLUMNS.id.in_(wanted[start : start + _IDS_AT_ONCE]))
        found += [SubmissionRow(*row) for row in connection.execute(some)]
    return sorted(found, key=lambda row: (row.due_utc is None, row.due_utc, row.id))


def identified(connection: Connection, given: str) -> str | None:
    """The id that ``given`` is, or is the beginning of."""
    if not given:
        return None
    what = {"beginning": given, "end": given + _LAST_CHARACTER}
    found = list(connection.scalars(_NAMED.order_by(_COLUMNS.id), what))
    if len(found) > 1 and found[0] != given:
        count = connection.scalar(_HOW_MANY, what)
        raise ValidationProblem(
            f"{count} submissions begin with {given}", where="submission id", next_step="Give more of its characters"
        )
    return found[0] if found else None
