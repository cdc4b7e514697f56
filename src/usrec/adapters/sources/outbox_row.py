"""From the cells of an outbox row to a :class:`SourceRow`: total, so that one bad row never stops the others.

HR databases hold what they hold: NULLs, text in number columns, times without a zone. Nothing is judged here; the
rules refuse what cannot be registered and name the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.kept_key import kept_key
from usrec.domain.source_event import EventId, SourceName, SourceRow

EVENT_COLUMNS: Final = (
    "event_id",
    "revision",
    "event_type",
    "contract_key",
    "employer_bin",
    "payload",
    "withdrawn",
    "entered_at",
)
"""What is read of each row beside ``row_id``; every one as text."""

OutboxKey = tuple[EventId, int]
"""(event id, revision): what the agent knows a row by."""

_REVISION: Final = re.compile(r"[0-9]{1,10}")
_LARGEST_REVISION: Final = 2**31 - 1
_SPACED_ZONE: Final = re.compile(r"(?<=\d) (?=[+-]\d\d:\d\d$)")
_TRUE: Final = frozenset({"1", "t", "true", "y", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Habits:
    """What has to be known of a database to read its cells.

    Attributes:
        pads: Texts of fixed width come with blanks behind them, which are not part of a key.
        is_utc: Times are UTC where they name no zone, as schemas/hr-outbox has it for a database without zones.
    """

    pads: bool = False
    is_utc: bool = False


_PLAIN: Final = Habits()
_HABITS: Final = {
    "mysql": Habits(pads=True, is_utc=True),
    "mariadb": Habits(pads=True, is_utc=True),
    "mssql": Habits(pads=True),
    "oracle": Habits(pads=True),
}


def habits_of(kind: str) -> Habits:
    """Those of a database, by SQLAlchemy's name."""
    return _HABITS.get(kind, _PLAIN)


def read_row(source: SourceName, cells: Mapping[Any, Any], habits: Habits = _PLAIN) -> SourceRow:
    """The row in ``cells``, which hold ``row_id`` and the text of each of :data:`EVENT_COLUMNS`."""
    return SourceRow(
        source=source,
        row_ref=str(cells["row_id"]),
        event_id=_key(cells["event_id"], habits),
        revision=read_revision(cells["revision"]),
        event_type=_key(cells["event_type"], habits),
        contract_key=_key(cells["contract_key"], habits),
        employer_bin=_key(cells["employer_bin"], habits),
        payload=_text(cells["payload"]),
        withdrawn=_text(cells["withdrawn"]).strip().lower() in _TRUE,
        entered_at=read_instant(cells["entered_at"], habits),
    )


def read_key(cells: Mapping[Any, Any], habits: Habits = _PLAIN) -> OutboxKey:
    """The key of a row; a row without an event id is known by its own number, as ``domain/rules/examine`` has it."""
    return EventId(_key(cells["event_id"], habits) or f"row:{cells['row_id']}"), read_revision(cells["revision"])


def read_revision(cell: object) -> int:
    """A revision from 1 on, 0 for anything else: the rules refuse 0."""
    text = _text(cell).strip()
    number = int(text) if _REVISION.fullmatch(text) else 0
    return number if number <= _LARGEST_REVISION else 0


def read_instant(cell: object, habits: Habits = _PLAIN) -> datetime | None:
    """An aware UTC time, None where the text is no ISO 8601 time or names no zone, or no calendar can show it here."""
    try:
        instant = datetime.fromisoformat(_SPACED_ZONE.sub("", _text(cell).strip()))
        if instant.tzinfo is None:
            if not habits.is_utc:
                return None
            instant = instant.replace(tzinfo=UTC)
        kazakhstan_date(instant.astimezone(UTC))
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _key(cell: object, habits: Habits) -> str:
    return kept_key(_text(cell).rstrip(" ") if habits.pads else _text(cell))


def _text(cell: object) -> str:
    """NULL is empty; a NUL character, which PostgreSQL cannot store in the ledger, becomes a visible mark."""
    return "" if cell is None else str(cell).replace("\x00", "\ufffd")
