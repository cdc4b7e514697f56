"""What persons are asked to sign or approve; the outbox says whether it is still awaited."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Executable, bindparam, delete, select

from usrec.adapters.persistence.delivery_tables import AWAITED, SIGNATURE_AWAITED, outbox, signing_requests
from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.rows import (
    REQUEST_COLUMNS,
    SUBMISSION_COLUMNS,
    request_of,
    request_values,
    submission_of,
)
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import submissions
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.signing_request import SigningRequest
from usrec.domain.submission import Submission, SubmissionId

_AT_ONCE: Final = 500
_COLUMNS: Final = signing_requests.c
_WIDTH: Final = len(SUBMISSION_COLUMNS)


def _put(insert_into: InsertInto) -> Executable:
    statement = insert_into(signing_requests)
    changed = {column.name: statement.excluded[column.name] for column in _COLUMNS if column.name != "submission_id"}
    return statement.on_conflict_do_update(index_elements=[_COLUMNS.submission_id], set_=changed)


_PUT: Final = per_dialect(_put)
_GET: Final = select(*REQUEST_COLUMNS).where(_COLUMNS.submission_id == bindparam("which"))
_REMOVE: Final = delete(signing_requests).where(_COLUMNS.submission_id == bindparam("which"))
_AWAITING: Final = (
    select(*SUBMISSION_COLUMNS, *REQUEST_COLUMNS)
    .join_from(outbox, submissions, submissions.c.id == outbox.c.submission_id)
    .join(signing_requests, _COLUMNS.submission_id == outbox.c.submission_id)
    .where(outbox.c.employer_bin == bindparam("employer_bin"), SIGNATURE_AWAITED)
    .order_by(outbox.c.priority, outbox.c.submission_id)
)
_ASKED_AT: Final = (
    select(_COLUMNS.submission_id, _COLUMNS.asked_at)
    .join_from(signing_requests, outbox, outbox.c.submission_id == _COLUMNS.submission_id)
    .where(_COLUMNS.submission_id.in_(bindparam("ids", expanding=True)), AWAITED)
)


class SqlSigningRequests:
    """The ``SigningRequests`` port. The table's foreign key drops a request with its queue entry."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._sealing = sealing_of(connection)

    def put(self, request: SigningRequest) -> None:
        """Insert or replace."""
        self._connection.execute(_PUT[self._connection.dialect.name], request_values(request, self._sealing))

    def get(self, submission_id: SubmissionId) -> SigningRequest | None:
        """One request."""
        row = self._connection.execute(_GET, {"which": submission_id}).one_or_none()
        return None if row is None else request_of(row, self._sealing)

    def remove(self, submission_id: SubmissionId) -> None:
        """What was asked and approved is void."""
        self._connection.execute(_REMOVE, {"which": submission_id})

    def awaiting(self, employer_bin: str) -> Sequence[tuple[Submission, SigningRequest]]:
        """All of an employer that wait for its owner's signature, most urgent first."""
        rows = self._connection.execute(_AWAITING, {"employer_bin": employer_bin})
        return list(self._awaited(rows))

    def _awaited(self, rows: Iterable[Any]) -> Iterator[tuple[Submission, SigningRequest]]:
        for row in rows:
            request = request_of(row[_WIDTH:], self._sealing)
            if request is not None:
                yield submission_of(row[:_WIDTH], self._sealing), request

    def asked_at(self, submissions: Collection[SubmissionId]) -> Mapping[SubmissionId, datetime]:
        """Since when those of ``submissions`` that wait for a person do."""
        wanted = sorted(submissions)
        found: dict[SubmissionId, datetime] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = {"ids": wanted[start : start + _AT_ONCE]}
            found |= {SubmissionId(which): at for which, at in self._connection.execute(_ASKED_AT, some)}
        return found
