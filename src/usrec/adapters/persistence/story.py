"""One submission's story, with all that belongs to it, within a snapshot of the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from usrec.adapters.persistence.attempts import DETAIL
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import attempts, outbox, signing_requests
from usrec.adapters.persistence.pairs import read_pair_of
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.submission_rows import ROWS
from usrec.adapters.persistence.tables import journal, messages, submissions
from usrec.domain.state import SETTLED
from usrec.domain.submission import QueueStatus
from usrec.ports.ledger_view import AttemptRow, JournalRow, RequestRow, SubmissionRow, SubmissionStory

_COLUMNS: Final = submissions.c
_MORE_NAMES: Final = ("edition", "point", "term", "entered_at", "replaces")
_WIDTH: Final = len(SubmissionRow.__slots__)
_STORY: Final = (
    ROWS.add_columns(*(_COLUMNS[name] for name in _MORE_NAMES), messages.c.signed_at, _COLUMNS.position)
    .add_columns(_COLUMNS.employer_bin)
    .join(messages, messages.c.submission_id == _COLUMNS.id, isouter=True)
    .where(_COLUMNS.id == bindparam("which"))
)
_BEHIND: Final = (
    ROWS.where(
        _COLUMNS.employer_bin == bindparam("bin"),
        _COLUMNS.contract_key == bindparam("key"),
        _COLUMNS.position > bindparam("place"),
        outbox.c.status == literal_word(QueueStatus.BLOCKED),
    )
    .order_by(None)
    .order_by(_COLUMNS.position, _COLUMNS.id)
)
_ATTEMPTS: Final = (
    select(*(attempts.c[name] for name in AttemptRow.__slots__))
    .where(attempts.c.submission_id == bindparam("which"))
    .order_by(attempts.c.number)
)
_JOURNAL: Final = (
    select(*(journal.c[name] for name in JournalRow.__slots__))
    .where(journal.c.submission_id == bindparam("which"))
    .order_by(journal.c.seq)
)
_REQUEST: Final = select(*(signing_requests.c[name] for name in RequestRow.__slots__)).where(
    signing_requests.c.submission_id == bindparam("which")
)


def read_story(connection: Connection, submission_id: str) -> SubmissionStory:
    """The story of a submission that is known to exist."""
    which = {"which": submission_id}
    found = connection.execute(_STORY, which).one()
    row = SubmissionRow(*found[:_WIDTH])
    place = {"bin": found.employer_bin, "key": row.contract_key, "place": found.position}
    in_line = row.state not in SETTLED and row.replaced_by is None and found.position >= 0
    return SubmissionStory(
        row=row,
        **{name: getattr(found, name) for name in _MORE_NAMES},
        signed_at=found.signed_at,
        attempts=_attempts(connection, which),
        journal=[JournalRow(*one) for one in connection.execute(_JOURNAL, which)],
        behind=[SubmissionRow(*one) for one in connection.execute(_BEHIND, place)] if in_line else [],
        request=next((RequestRow(*one) for one in connection.execute(_REQUEST, which)), None),
        pair=read_pair_of(connection, submission_id),
    )


def _attempts(connection: Connection, which: Mapping[str, Any]) -> Sequence[AttemptRow]:
    sealing = sealing_of(connection)
    rows = [AttemptRow(*one) for one in connection.execute(_ATTEMPTS, which)]
    return [replace(one, detail=sealing.opened_text(DETAIL, [one.id], one.detail)) for one in rows]
