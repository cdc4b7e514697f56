"""Reading a fault script: a TOML file with a table `[[fault]]` for each rule.

Example::

    unknown_persons = ["900101300007"]   # answered SCSE012
    foreign_persons = ["900101300811"]   # foreigners by the register of persons

    [[fault]]
    kind = "reset_after_commit"
    every = 10
    after = 3
    limit = 5

A slip in the file is an error that names the rule and the key: a scenario that is silently ignored proves nothing.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from usrec_simulator.business import Operation
from usrec_simulator.errors import FaultScriptError
from usrec_simulator.faults import ABOUT_QUESTIONS, FaultKind, FaultRule, FaultScript, Moment

_Choice = TypeVar("_Choice", bound=StrEnum)

_PERSONS: Final = ("unknown_persons", "foreign_persons")
_COMMON: Final = frozenset({"kind", "every", "after", "limit", "operation", "number", "question", "seconds"})
_EXTRA: Final[Mapping[FaultKind, frozenset[str]]] = {
    FaultKind.DELAY: frozenset({"when"}),
    FaultKind.BAD_GATEWAY_HTML: frozenset({"when"}),
    FaultKind.REFUSE: frozenset({"code"}),
    FaultKind.MAINTENANCE_WINDOW: frozenset({"opens", "closes"}),
}
_NEEDS_SECONDS: Final = frozenset({FaultKind.DELAY, FaultKind.CONNECTION_REFUSED})


def load_script(path: Path) -> FaultScript:
    """Read a fault script.

    Raises:
        FaultScriptError: The file is not there, no TOML, or says something unknown; the text names the place.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FaultScriptError(f"fault script {path}: {error}") from error
    unknown = sorted(set(content) - {"fault", *_PERSONS})
    if unknown:
        raise FaultScriptError(f"fault script {path}: unknown key {unknown[0]!r}; known: fault, {', '.join(_PERSONS)}")
    tables = content.get("fault", [])
    if not isinstance(tables, list):
        raise FaultScriptError(f"fault script {path}: write each rule as a table [[fault]]")
    rules = [_rule(table, f"fault script {path}, fault {place}") for place, table in enumerate(tables, 1)]
    return FaultScript(
        rules=tuple(rule for rule in rules if rule.opens is None),
        windows=tuple(rule for rule in rules if rule.opens is not None),
        **{name: _persons(content.get(name, []), f"fault script {path}: {name}") for name in _PERSONS},
    )


def _persons(value: object, place: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FaultScriptError(f"{place} is a list of IINs in quotes")
    return frozenset(value)


def _rule(table: Mapping[str, Any], place: str) -> FaultRule:
    kind = _kind(table.get("kind"), place)
    place = f"{place} ({kind})"
    known = _COMMON | _EXTRA.get(kind, frozenset())
    unknown = sorted(set(table) - known)
    if unknown:
        raise FaultScriptError(f"{place}: unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
    rule = FaultRule(
        kind=kind,
        every=_whole(table, "every", 1, place, least=1) or 1,
        after=_whole(table, "after", 0, place, least=0) or 0,
        limit=_whole(table, "limit", None, place, least=1),
        operation=_choice(table, "operation", Operation, place),
        number=_text(table, "number", place),
        question=_yes(table, "question", place),
        seconds=_seconds(table, place),
        when=_choice(table, "when", Moment, place) or Moment.BEFORE,
        code=_text(table, "code", place),
        opens=_instant(table, "opens", place),
        closes=_instant(table, "closes", place),
    )
    _require_complete(rule, place)
    return rule


def _require_complete(rule: FaultRule, place: str) -> None:
    if rule.kind is FaultKind.REFUSE and rule.code is None:
        raise FaultScriptError(f'{place}: needs code, such as code = "SCSE012"')
    if rule.kind in ABOUT_QUESTIONS and not rule.question:
        raise FaultScriptError(f"{place}: needs question = true")
    if (rule.opens is None) != (rule.closes is None):
        raise FaultScriptError(f"{place}: opens and closes belong together")
    lasting = rule.kind in _NEEDS_SECONDS or (rule.kind is FaultKind.MAINTENANCE_WINDOW and rule.opens is None)
    if lasting and not rule.seconds:
        raise FaultScriptError(f"{place}: needs seconds greater than 0")


def _kind(value: object, place: str) -> FaultKind:
    try:
        return FaultKind(str(value))
    except ValueError:
        known = ", ".join(FaultKind)
        raise FaultScriptError(f"{place}: unknown kind {value!r}; known: {known}") from None


def _whole(table: Mapping[str, Any], key: str, default: int | None, place: str, *, least: int) -> int | None:
    value = table.get(key, default)
    if value is not None and (type(value) is not int or value < least):
        raise FaultScriptError(f"{place}: {key} is a whole number of at least {least}")
    return value


def _yes(table: Mapping[str, Any], key: str, place: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise FaultScriptError(f"{place}: {key} is true or false")
    return value


def _seconds(table: Mapping[str, Any], place: str) -> timedelta:
    value = table.get("seconds", 0)
    if type(value) not in {int, float} or not 0 <= value <= 86_400:
        raise FaultScriptError(f"{place}: seconds is a number from 0 to 86400")
    return timedelta(seconds=value)


def _text(table: Mapping[str, Any], key: str, place: str) -> str | None:
    value = table.get(key)
    if value is not None and (not isinstance(value, str) or not value):
        raise FaultScriptError(f"{place}: {key} is a text in quotes")
    return value


def _choice(table: Mapping[str, Any], key: str, kind: type[_Choice], place: str) -> _Choice | None:
    value = table.get(key)
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError:
        raise FaultScriptError(f"{place}: {key} is one of {', '.join(kind)}") from None


def _instant(table: Mapping[str, Any], key: str, place: str) -> datetime | None:
    value = table.get(key)
    if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
        raise FaultScriptError(f"{place}: {key} is a date and time with an offset, without quotes")
    return value
