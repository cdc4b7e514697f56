"""The legal story: submissions and their signed messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Executable, and_, bindparam, exists, func, insert, not_, or_, select, update

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import outbox
from usrec.adapters.persistence.dialects import IsOneOf, for_many
from usrec.adapters.persistence.portions import in_portions, in_portions_of_each
from usrec.adapters.persistence.rows import (
    MESSAGE_COLUMNS,
    SUBMISSION_COLUMNS,
    message_of,
    message_values,
    submission_of,
    submission_values,
)
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import UNSETTLED, messages, submissions
from usrec.adapters.persistence.writing import Row, WriteBehind
from usrec.domain.errors import LeaseLost
from usrec.domain.message import SignedMessage
from usrec.domain.source_event import HEADS, EmployerName, EventId, Operation, SourceName
from usrec.domain.state import OPEN, State
from usrec.domain.submission import Standpoint, Submission, SubmissionId, turn
from usrec.ports.contracts import ContractRef
from usrec.ports.ledger import EventRef

_COLUMNS: Final = submissions.c


def _of_contracts(one_of: IsOneOf) -> ColumnElement[bool]:
    return and_(_COLUMNS.employer_bin == bindparam("employer_bin"), one_of(_COLUMNS.contract_key, "keys"))


_IN_LINE: Final = _COLUMNS.position >= 0

_ADD: Final = insert(submissions)
_GET: Final = select(*SUBMISSION_COLUMNS).where(_COLUMNS.id == bindparam("which"))
_GET_ALL: Final = for_many(lambda one_of: select(*SUBMISSION_COLUMNS).where(one_of(_COLUMNS.id, "ids")))
_UPDATE: Final = update(submissions).where(_COLUMNS.id == bindparam("which"), _COLUMNS.state == bindparam("was"))
_OPEN: Final = (
    select(_COLUMNS.id)
    .where(_COLUMNS.state.in_([literal_word(one) for one in sorted(OPEN)]), _COLUMNS.replaced_by.is_(None))
    .order_by(_COLUMNS.employer_bin, _COLUMNS.contract_key, _COLUMNS.position, _COLUMNS.id)
)
_EMPLOYERS: Final = (
    select(_COLUMNS.employer_bin, func.max(_COLUMNS.employer))
    .where(_COLUMNS.employer.is_not(None))
    .group_by(_COLUMNS.employer_bin)
)
_OF_EVENT: Final = (
    select(*SUBMISSION_COLUMNS)
    .where(_COLUMNS.source == bindparam("source"), _COLUMNS.event_id == bindparam("event_id"))
    .order_by(_COLUMNS.revision, _COLUMNS.received_at, _COLUMNS.id)
)
_OF_EVENTS: Final = for_many(
    lambda one_of: (
        select(*SUBMISSION_COLUMNS)
        .where(_COLUMNS.source == bindparam("source"), one_of(_COLUMNS.event_id, "ids"))
        .order_by(_COLUMNS.revision, _COLUMNS.received_at, _COLUMNS.id)
    )
)
_DELETION: Final = submissions.alias("deletion")
_DELETED: Final = exists().where(
    _DELETION.c.employer_bin == _COLUMNS.employer_bin,
    _DELETION.c.contract_key == _COLUMNS.contract_key,
    _DELETION.c.operation == literal_word(Operation.CONTRACT_DELETE),
    _DELETION.c.state == literal_word(State.ACCEPTED),
    _DELETION.c.pruned_at.is_not(None),
)
"""Its registration was deleted, and nothing but that is left of it."""
_CONCLUSIONS: Final = for_many(
    lambda one_of: (
        select(*SUBMISSION_COLUMNS)
        .where(
            _of_contracts(one_of),
            _IN_LINE,
            _COLUMNS.operation.in_([literal_word(one) for one in HEADS]),
            _COLUMNS.replaced_by.is_(None),
            _COLUMNS.state != literal_word(State.CANCELLED),
            or_(_COLUMNS.pruned_at.is_(None), not_(_DELETED)),
        )
        .order_by(_COLUMNS.received_at, _COLUMNS.id)
    )
)
_OPEN_IN_LINE: Final = and_(
    _COLUMNS.state.in_([literal_word(one) for one in sorted(OPEN)]), _COLUMNS.replaced_by.is_(None), _IN_LINE
)
_STANDING: Final = for_many(
    lambda one_of: select(*SUBMISSION_COLUMNS).where(
        _of_contracts(one_of),
        _COLUMNS.pruned_at.is_(None),
        or_(_COLUMNS.state == literal_word(State.ACCEPTED), _OPEN_IN_LINE),
    )
)
_NEWEST_CERTIFICATE: Final = (
    select(messages.c.certificate)
    .join_from(messages, submissions, submissions.c.id == messages.c.submission_id)
    .where(_COLUMNS.employer_bin == bindparam("employer_bin"))
    .order_by(messages.c.signed_at.desc(), messages.c.submission_id)
    .limit(1)
)
_LINES: Final = for_many(
    lambda one_of: (
        select(
            _COLUMNS.contract_key,
            _COLUMNS.id,
            _COLUMNS.position,
            _COLUMNS.state,
            outbox.c.status,
            _COLUMNS.not_before,
            _COLUMNS.received_at,
        )
        .join_from(submissions, outbox, outbox.c.submission_id == _COLUMNS.id, isouter=True)
        .where(_of_contracts(one_of), _IN_LINE, UNSETTLED)
        .order_by(_COLUMNS.position, _COLUMNS.id)
    )
)
_LAST_POSITIONS: Final = for_many(
    lambda one_of: (
        select(_COLUMNS.contract_key, func.max(_COLUMNS.position))
        .where(_of_contracts(one_of))
        .group_by(_COLUMNS.contract_key)
    )
)
_STORE_MESSAGE: Final = insert(messages)
_MESSAGE: Final = select(*MESSAGE_COLUMNS).where(messages.c.submission_id == bindparam("which"))
_SIGNED_AS: Final = (
    select(messages.c.submission_id).where(messages.c.digest == bindparam("digest")).order_by(messages.c.submission_id)
)


class SqlSubmissions:
    """The ``Submissions`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._sealing = sealing_of(connection)

    def add(self, submission: Submission, *, watch_at: datetime | None = None) -> None:
        """Store a new submission."""
        self._connection.later(_ADD, {**submission_values(submission, self._sealing), "watch_at": watch_at})

    def open_ones(self) -> Sequence[SubmissionId]:
        """All with which the agent has work to do."""
        return list(self._connection.scalars(_OPEN))

    def employers(self) -> Mapping[str, EmployerName]:
        """Every employer of whom there is a submission."""
        return {number: EmployerName(name) for number, name in self._connection.execute(_EMPLOYERS)}

    def get(self, submission_id: SubmissionId) -> Submission | None:
        """One submission."""
        row = self._connection.execute(_GET, {"which": submission_id}).one_or_none()
        return None if row is None else submission_of(row, self._sealing)

    def update(self, submission: Submission, *, was: State) -> None:
        """Store a changed submission; one statement compares and writes, so nothing comes in between."""
        changed = submission_values(submission, self._sealing)
        self._connection.later_by("submissions", self._update, {"which": changed.pop("id"), "was": was, **changed})

    def _update(self, rows: list[Row]) -> None:
        """In the order of their ids, so that two agents never wait for each other in a circle."""
        rows.sort(key=itemgetter("which"))
        if self._connection.changed(_UPDATE, rows) != len(rows):
            raise LeaseLost(
                f"its state is not {rows[0]['was']} any more" if len(rows) == 1 else "the state of one has changed",
                where=f"submission {', '.join(row['which'] for row in rows)}",
                kept="Nothing was written; what another agent or a person did stands",
                next_step="Look at its timeline: usrec submission show",
            )

    def get_all(self, ids: Collection[SubmissionId]) -> Mapping[SubmissionId, Submission]:
        """Those of these that there are."""
        found = (one for some in in_portions(ids) for one in self._list(_GET_ALL[self._dialect], {"ids": some}))
        return {one.id: one for one in found}

    def of_event(self, source: SourceName, event_id: EventId) -> Sequence[Submission]:
        """All submissions of an event, oldest revision first."""
        return self._list(_OF_EVENT, {"source": source, "event_id": event_id})

    def of_events(self, events: Collection[EventRef]) -> Mapping[EventRef, Sequence[Submission]]:
        """The same of many events."""
        of_each: dict[EventRef, list[Submission]] = {event: [] for event in events}
        for source, ids in in_portions_of_each(of_each):
            for one in self._list(_OF_EVENTS[self._dialect], {"source": source, "ids": ids}):
                of_each[one.source, one.event_id].append(one)
        return of_each

    def conclusions_of(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, Sequence[Submission]]:
        """The conclusion events of contracts."""
        return self._of_contracts(_CONCLUSIONS[self._dialect], contracts)

    def standing_of(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, Sequence[Submission]]:
        """What counts of these contracts, in the order in which it was or will be registered."""
        found = self._of_contracts(_STANDING[self._dialect], contracts)
        return {contract: sorted(some, key=turn) for contract, some in found.items()}

    def _of_contracts(
        self, statement: Executable, contracts: Collection[ContractRef]
    ) -> Mapping[ContractRef, Sequence[Submission]]:
        of_each: dict[ContractRef, list[Submission]] = {contract: [] for contract in contracts}
        for employer_bin, keys in in_portions_of_each(of_each):
            for one in self._list(statement, {"employer_bin": employer_bin, "keys": keys}):
                of_each[employer_bin, one.contract_key].append(one)
        return of_each

    def lines_of(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, Sequence[Standpoint]]:
        """The unsettled submissions of contracts."""
        lines: dict[ContractRef, list[Standpoint]] = {contract: [] for contract in contracts}
        for employer_bin, keys in in_portions_of_each(lines):
            named = {"employer_bin": employer_bin, "keys": keys}
            for key, *what in self._connection.execute(_LINES[self._dialect], named):
                lines[employer_bin, key].append(Standpoint(*what))
        return lines

    def next_positions(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, int]:
        """A position behind all events of each contract."""
        found = dict.fromkeys(contracts, 1)
        for employer_bin, keys in in_portions_of_each(found):
            named = {"employer_bin": employer_bin, "keys": keys}
            for key, last in self._connection.execute(_LAST_POSITIONS[self._dialect], named):
                found[employer_bin, key] = max(last, 0) + 1
        return found

    def store_message(self, submission_id: SubmissionId, message: SignedMessage) -> None:
        """Store the signed bytes; the primary key lets it happen once."""
        self._connection.later(_STORE_MESSAGE, message_values(submission_id, message, self._sealing))

    def message(self, submission_id: SubmissionId) -> SignedMessage | None:
        """The signed bytes."""
        row = self._connection.execute(_MESSAGE, {"which": submission_id}).one_or_none()
        return None if row is None else message_of(submission_id, row, self._sealing)

    def newest_certificate(self, employer_bin: str) -> str | None:
        """That of the newest signature of an employer."""
        found: str | None = self._connection.scalar(_NEWEST_CERTIFICATE, {"employer_bin": employer_bin})
        return found

    def signed_as(self, digest: str) -> SubmissionId | None:
        """The submission whose signed bytes have this digest."""
        found: SubmissionId | None = self._connection.scalar(_SIGNED_AS, {"digest": digest})
        return found

    def _list(self, statement: Executable, what: dict[str, Any]) -> Sequence[Submission]:
        return [submission_of(row, self._sealing) for row in self._connection.execute(statement, what)]
