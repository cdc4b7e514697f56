"""What a person reads about changes that are held as one; whole batches are counted, never fetched one by one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import outbox
from usrec.adapters.persistence.rows import DETAILS
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import UNSETTLED, submissions
from usrec.adapters.persistence.together_tables import mass_batches, mass_members
from usrec.domain.change import changes_of
from usrec.domain.mass import MassBatch
from usrec.domain.state import State
from usrec.domain.submission import WaitReason
from usrec.ports.ledger_view import MassRow

_COLUMNS: Final = submissions.c
_BATCH_COLUMNS: Final = tuple(mass_batches.c[name] for name in MassBatch.__slots__)
_WIDTH: Final = len(_BATCH_COLUMNS)
_HELD: Final = case((outbox.c.wait_reason == literal_word(WaitReason.MASS_HELD), 1), else_=0)


def _open(column: ColumnElement[Any]) -> Any:
    return case((UNSETTLED, column))


_MASSES: Final = (
    select(
        *_BATCH_COLUMNS,
        _COLUMNS.state,
        func.count(),
        func.sum(_HELD),
        func.min(_open(_COLUMNS.legal_date), type_=_COLUMNS.legal_date.type),
        func.max(_open(_COLUMNS.legal_date), type_=_COLUMNS.legal_date.type),
        func.min(_open(_COLUMNS.safe_date), type_=_COLUMNS.safe_date.type),
    )
    .join_from(mass_batches, mass_members, mass_members.c.batch == mass_batches.c.name)
    .join(submissions, _COLUMNS.id == mass_members.c.submission_id)
    .join(outbox, outbox.c.submission_id == _COLUMNS.id, isouter=True)
    .where(_COLUMNS.replaced_by.is_(None))
    .group_by(*_BATCH_COLUMNS, _COLUMNS.state)
    .order_by(mass_batches.c.opened_at.desc(), mass_batches.c.name, _COLUMNS.state)
)
_DETAILS: Final = (
    select(_COLUMNS.id, _COLUMNS.details)
    .join(mass_members, mass_members.c.submission_id == _COLUMNS.id)
    .where(mass_members.c.batch == bindparam("name"), _COLUMNS.replaced_by.is_(None))
)


def read_masses(connection: Connection) -> Sequence[MassRow]:
    """All batches, each from one line for each state."""
    rows = connection.execute(_MASSES)
    return [_row(MassBatch(*values), list(lines)) for values, lines in groupby(rows, key=lambda row: row[:_WIDTH])]


def _row(batch: MassBatch, lines: Sequence[Any]) -> MassRow:
    counted: Mapping[State, int] = {line[_WIDTH]: line[_WIDTH + 1] for line in lines}
    firsts, lasts, safe = ([line[_WIDTH + place] for line in lines] for place in (3, 4, 5))
    return MassRow(
        batch=batch,
        by_state=counted,
        held=sum(line[_WIDTH + 2] for line in lines),
        first_legal=min(filter(None, firsts), default=None),
        last_legal=max(filter(None, lasts), default=None),
        first_safe=min(filter(None, safe), default=None),
    )


def in_batch(name: str) -> Iterator[ColumnElement[bool]]:
    """Conditions for the current submissions of a batch."""
    members = select(mass_members.c.submission_id).where(mass_members.c.batch == name)
    yield _COLUMNS.id.in_(members)
    yield _COLUMNS.replaced_by.is_(None)


def read_changes(connection: Connection, name: str) -> Mapping[str, int]:
    """What is changed, by how often; empty text for what the rows do not tell."""
    found: Counter[str] = Counter()
    sealing = sealing_of(connection)
    for which, details in connection.execute(_DETAILS, {"name": name}):
        found[_what(json.loads(sealing.opened_text(DETAILS, [which], details)))] += 1
    return dict(found.most_common())


def _what(details: Mapping[str, str]) -> str:
    return details.get("reason_code") or ", ".join(changes_of(details.get("changes")))
