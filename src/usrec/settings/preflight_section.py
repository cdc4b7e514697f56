"""``[calendar]``, ``[dictionaries]``, ``[documents]``, ``[preflight]``: what rows are examined with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from usrec.settings.kinds import Day, Number
from usrec.settings.section import Section


class CalendarSettings(Section):
    """Days that differ from the official calendar."""

    working_days: frozenset[Day] = frozenset()
    """Days that are worked although the calendar says otherwise."""
    days_off: frozenset[Day] = frozenset()
    """Days off that the calendar does not know."""
    checked_years: frozenset[Annotated[Number, Field(ge=2020, le=2099)]] = frozenset()
    """Years that you compared with the official calendar."""


class DictionarySettings(Section):
    """The official code lists that were imported by usrec dictionaries import."""

    folder: Path = Path("dictionaries")
    """Folder of the imported lists; it may be absent until something is imported."""
    unknown_code: Literal["error", "warning"] = "error"
    """What a code that an imported list does not have, or not any more, does to its row: an error stops it."""
    most_lost: Annotated[Number, Field(ge=0, le=100)] = 10
    """An import that loses more percent of the codes in use than this is refused, unless it is forced."""
    normal_conditions: frozenset[str] = frozenset({"1"})
    """Codes of working conditions that mean normal work; USREC's list is not public, so this is assumed."""
    harmful_conditions: frozenset[str] = frozenset({"2"})
    """Codes of working conditions that mean harmful work; assumed likewise."""


class DocumentSettings(Section):
    """Supporting documents of harmful work."""

    folder: Path = Path("documents")
    """Folder in which HR puts the files that its rows name; it may be absent until there is one."""


class PreflightSettings(Section):
    """How strict the agent is beyond what no message can do without."""

    incomplete: Literal["refuse", "warn"] = "refuse"
    """What happens to a contract without its term, the address of the work place (Order 353 p.3; SCSE039, 055) or the
    relation to military service (SCSE021)."""
    unsure: Literal["refuse", "warn"] = "warn"
    """What happens to a row against a rule that rests on our reading of a code, which USREC may take."""
