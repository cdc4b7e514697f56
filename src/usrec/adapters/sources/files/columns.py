"""Which columns a file of events may have: those of the outbox, and the fields of every kind of event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import Final

from usrec.adapters.sources.files.options import MOST_COLUMNS
from usrec.adapters.sources.files.raw import FileUnreadable
from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.rules.finding import Finding, error, warning
from usrec.domain.source_event import Operation

KEY_COLUMNS: Final = ("event_id", "event_type", "contract_key", "employer_bin")
ROW_COLUMNS: Final = (*KEY_COLUMNS, "revision", "withdrawn", "entered_at")
FIELD_COLUMNS: Final = tuple(dict.fromkeys(rule.name for rules in FIELDS.values() for rule in rules))
COLUMNS: Final = (*ROW_COLUMNS, *FIELD_COLUMNS)

RULES: Final[Mapping[str, Mapping[str, FieldRule]]] = {
    operation: {rule.name: rule for rule in rules} for operation, rules in FIELDS.items()
}
"""The rule of each field, by the text of ``event_type``."""

ANY_RULES: Final[Mapping[str, FieldRule]] = {
    rule.name: rule for operation in reversed(Operation) for rule in FIELDS.get(operation, ())
}
"""A rule of each field, where the kind of event is not known."""


_CLOSE: Final = 5
"""Fields that are looked at beside a name that is none."""
_SHORT: Final = 4
_SHORT_ALIKE: Final = 0.6
_WORD_ALIKE: Final = 0.8
_WHOLE_ALIKE: Final = 0.85
"""How alike, from 0 to 1, a misspelling is to what was meant: a word of up to four letters, a longer one, the whole."""


def check_columns(columns: Sequence[str], where: str) -> list[Finding]:
    """Findings about the header.

    Raises:
        FileUnreadable: A column without which no row can be matched is missing, or one stands there twice.
    """
    if len(columns) > MOST_COLUMNS:
        raise FileUnreadable(f"there are more than {MOST_COLUMNS} columns", where=where)
    doubled = [name for name, count in Counter(filter(None, columns)).items() if count > 1]
    if doubled:
        raise FileUnreadable(f"the column {doubled[0]} stands there twice", where=where)
    missing = [name for name in KEY_COLUMNS if name not in columns]
    if missing:
        raise FileUnreadable(
            f"there is no column {', '.join(missing)}{_instead(missing[0], columns)}",
            where=where,
            next_step="Begin with the template: usrec template events --format csv",
        )
    return list(_unknown(columns))


def _unknown(columns: Sequence[str]) -> Iterator[Finding]:
    for name in columns:
        if not name or name in COLUMNS:
            continue
        shown = name if name.isprintable() and len(name) <= 50 else "?"
        meant = _meant(name.lower())
        if meant:
            yield error("column_misspelt", shown, f"No field is called {shown}; close to it: {meant}.")
        else:
            yield warning("column_unknown", shown, f"No field is called {shown}; the column is not read.")


def _meant(name: str) -> str | None:
    """The field that a misspelt name stands for, None where it is likely a word of its own."""
    close = get_close_matches(name, COLUMNS, n=_CLOSE)
    return next((field for field in close if _is_misspelling(name, field)), None)


def _is_misspelling(name: str, field: str) -> bool:
    """Whether the words that differ are alike: a shared one says nothing (employee_name, employee_phone)."""
    typed, right = name.split("_"), field.split("_")
    if len(typed) != len(right):
        return _likeness(name, field) >= _WHOLE_ALIKE
    return all(_likeness(one, other) >= _needed(one) for one, other in zip(typed, right, strict=True))


def _needed(word: str) -> float:
    return _SHORT_ALIKE if len(word) <= _SHORT else _WORD_ALIKE


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _instead(missing: str, columns: Sequence[str]) -> str:
    close = get_close_matches(missing, columns, n=1)
    return f"; close to it: {close[0]}" if close else ""
