"""Which codes of the official dictionaries the current submissions hold; nothing else of their details leaves here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select

from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.rows import DETAILS
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import submissions
from usrec.domain.rules.codes import CODE_FIELDS
from usrec.domain.state import State
from usrec.ports.ledger_view import UsedCodes

_COLUMNS: Final = submissions.c
_DETAILS: Final = (
    select(_COLUMNS.id, _COLUMNS.employer_bin, _COLUMNS.contract_key, _COLUMNS.operation, _COLUMNS.state)
    .add_columns(_COLUMNS.details)
    .where(_COLUMNS.replaced_by.is_(None), _COLUMNS.operation.is_not(None))
    .where(_COLUMNS.state != literal_word(State.CANCELLED))
    .order_by(_COLUMNS.employer_bin, _COLUMNS.contract_key, _COLUMNS.position, _COLUMNS.id)
)


def read_codes(connection: Connection) -> Sequence[UsedCodes]:
    """Codes by submission, within a contract in the order of its events."""
    sealing = sealing_of(connection)
    found: list[UsedCodes] = []
    for row in connection.execute(_DETAILS):
        codes = _codes(sealing.opened_text(DETAILS, [row.id], row.details))
        found.append(UsedCodes(row.id, row.employer_bin, row.contract_key, row.operation, row.state, codes))
    return found


def _codes(details: str) -> Mapping[str, str]:
    found = json.loads(details)
    return {name: found[name] for name in CODE_FIELDS if found.get(name)}
