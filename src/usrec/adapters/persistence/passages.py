"""The ways of registered events, from the submissions alone: no personal data is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, literal, select

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.tables import submissions
from usrec.domain.lateness import Passage
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State

_COLUMNS: Final = submissions.c
_PASSAGES: Final = select(
    _COLUMNS.employer,
    _COLUMNS.employer_bin,
    _COLUMNS.trigger,
    _COLUMNS.entered_at,
    _COLUMNS.received_at,
    _COLUMNS.decided_at,
    _COLUMNS.legal_date,
).where(
    _COLUMNS.state == literal_word(State.ACCEPTED), _COLUMNS.decided_at.is_not(None), _COLUMNS.employer.is_not(None)
)


def read_passages(connection: Connection, since: datetime | None, employer: EmployerName | None) -> Sequence[Passage]:
    """One for each event that was registered."""
    statement = _PASSAGES
    if since is not None:
        statement = statement.where(_COLUMNS.decided_at >= literal(since, _COLUMNS.decided_at.type))
    if employer is not None:
        statement = statement.where(_COLUMNS.employer == employer)
    return [Passage(*row) for row in connection.execute(statement)]
