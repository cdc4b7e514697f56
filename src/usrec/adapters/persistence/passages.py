"""The ways of registered events, from the submissions alone; of their details only the department leaves here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, literal, select

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.rows import DETAILS
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import submissions
from usrec.domain.lateness import Passage
from usrec.domain.source_event import DEPARTMENT, EmployerName
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


def read_passages(
    connection: Connection, since: datetime | None, employer: EmployerName | None, *, departments: bool
) -> Sequence[Passage]:
    """One for each event that was registered."""
    statement = _PASSAGES
    if since is not None:
        statement = statement.where(_COLUMNS.decided_at >= literal(since, _COLUMNS.decided_at.type))
    if employer is not None:
        statement = statement.where(_COLUMNS.employer == employer)
    return (
        _with_departments(connection, statement)
        if departments
        else [Passage(*row) for row in connection.execute(statement)]
    )


def _with_departments(connection: Connection, statement: Select[Any]) -> Sequence[Passage]:
    sealing, found = sealing_of(connection), []
    for *ways, which, details in connection.execute(statement.add_columns(_COLUMNS.id, _COLUMNS.details)):
        department = _department(sealing.opened_text(DETAILS, [which], details))
        found.append(replace(Passage(*ways), department=department))
    return found


def _department(details: str) -> str | None:
    """None, too, where retention took the details away."""
    found: str | None = json.loads(details).get(DEPARTMENT)
    return found
