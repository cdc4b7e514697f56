"""What a delivery needs of each leased submission, in one statement; and the record id of a document made from it now.

The id follows from the event, not from chance: a ledger that has forgotten what it sent signs the event again under the
id that the registry knows already, and is told so (SCSE086).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, literal_column, select

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import UNCLOSED, attempts, outbox, signing_requests
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.adapters.persistence.question_table import questions
from usrec.adapters.persistence.rows import (
    ENTRY_COLUMNS,
    MESSAGE_COLUMNS,
    REQUEST_COLUMNS,
    SUBMISSION_COLUMNS,
    entry_of,
    message_of,
    request_of,
    submission_of,
)
from usrec.adapters.persistence.sealing import Sealing, sealing_of
from usrec.adapters.persistence.tables import journal, messages, submissions
from usrec.adapters.persistence.together_tables import mass_batches, mass_members
from usrec.adapters.persistence.writing import AnyConnection
from usrec.domain.identifiers import record_id_source
from usrec.domain.signing_request import ACTIONS
from usrec.domain.submission import Lease, SubmissionId
from usrec.domain.verdict import Ending
from usrec.ports.ledger import Claim

SENT: Final = (Ending.REGISTERED, Ending.UNKNOWN)
"""Endings of attempts after which the authority may hold the record."""

_SAME: Final = submissions.alias("same_revision")
_OF_REVISION: Final = (
    _SAME.c.source == submissions.c.source,
    _SAME.c.event_id == submissions.c.event_id,
    _SAME.c.revision == submissions.c.revision,
)
_SIGNED: Final = select(func.count()).where(*_OF_REVISION, _SAME.c.record_id.is_not(None)).scalar_subquery()
_ASKED: Final = (
    select(func.count())
    .select_from(_SAME.join(journal, journal.c.submission_id == _SAME.c.id))
    .where(*_OF_REVISION, journal.c.action.in_([literal_column(f"'{word}'") for word in sorted(ACTIONS.values())]))
    .scalar_subquery()
)
_MADE_BEFORE: Final = (_SIGNED + _ASKED).label("made_before")
"""Rises with every document of the revision that is signed or shown to a person: the next one has another record id."""

_OF_OUTBOX: Final = attempts.c.submission_id == outbox.c.submission_id
_CLAIMS: Final = (
    select(
        *SUBMISSION_COLUMNS,
        *ENTRY_COLUMNS,
        *MESSAGE_COLUMNS,
        *REQUEST_COLUMNS,
        select(attempts.c.id).where(_OF_OUTBOX, UNCLOSED).scalar_subquery().label("open_attempt"),
        select(func.count())
        .where(_OF_OUTBOX, attempts.c.ending.in_([literal_word(ending) for ending in SENT]))
        .scalar_subquery()
        .label("sent_attempts"),
        select(func.coalesce(func.max(attempts.c.number), 0)).where(_OF_OUTBOX).scalar_subquery().label("last_attempt"),
        select(func.max(questions.c.after_attempt))
        .where(questions.c.submission_id == outbox.c.submission_id)
        .scalar_subquery()
        .label("asked_after"),
        select(mass_batches.c.name)
        .join(mass_members, mass_members.c.batch == mass_batches.c.name)
        .where(mass_members.c.submission_id == outbox.c.submission_id, mass_batches.c.decision.is_(None))
        .scalar_subquery()
        .label("undecided_batch"),
        _MADE_BEFORE,
    )
    .join_from(outbox, submissions, submissions.c.id == outbox.c.submission_id)
    .join(messages, messages.c.submission_id == outbox.c.submission_id, isouter=True)
    .join(signing_requests, signing_requests.c.submission_id == outbox.c.submission_id, isouter=True)
    .where(outbox.c.submission_id.in_(bindparam("ids", expanding=True)))
    .order_by(outbox.c.priority, outbox.c.submission_id)
)

_ENTRY_FROM: Final = len(SUBMISSION_COLUMNS)
_MESSAGE_FROM: Final = _ENTRY_FROM + len(ENTRY_COLUMNS)
_REQUEST_FROM: Final = _MESSAGE_FROM + len(MESSAGE_COLUMNS)
_REST_FROM: Final = _REQUEST_FROM + len(REQUEST_COLUMNS)


def read_claims(
    connection: AnyConnection, key: FingerprintKey, owner: str, until: datetime, ids: Sequence[SubmissionId]
) -> Sequence[Claim]:
    """The claims of entries that ``owner`` has just leased, earliest priority first."""
    sealing = sealing_of(connection)
    rows = connection.execute(_CLAIMS, {"ids": ids}).all()
    return [_with_record_id(_claim_of(row, owner, until, sealing), row[-1], connection, key) for row in rows]


def _with_record_id(claim: Claim, made_before: int, connection: AnyConnection, key: FingerprintKey) -> Claim:
    """With the id of the document that is still to be made."""
    if claim.message is not None or claim.request is not None:
        return claim
    of = claim.submission
    source = record_id_source(of.source, of.event_id, of.revision, made_before)
    return replace(claim, record_id=key.record_id(connection, source))


def _claim_of(row: Sequence[Any], owner: str, until: datetime, sealing: Sealing) -> Claim:
    open_attempt, sent_attempts, last_attempt, asked_after, undecided_batch, _ = row[_REST_FROM:]
    entry = replace(entry_of(row[_ENTRY_FROM:_MESSAGE_FROM]), attempts=last_attempt)
    return Claim(
        submission=submission_of(row[:_ENTRY_FROM], sealing),
        entry=entry,
        lease=Lease(entry.submission_id, owner, entry.fence, until),
        message=message_of(entry.submission_id, row[_MESSAGE_FROM:_REQUEST_FROM], sealing),
        open_attempt=open_attempt,
        sent_attempts=sent_attempts,
        request=request_of(row[_REQUEST_FROM:_REST_FROM], sealing),
        asked_after=asked_after,
        undecided_batch=undecided_batch,
    )
