"""History: contracts that the registry knows before the simulation begins, read from a JSON file.

The file is an array of objects with `operation` (default "conclusion"), `record_id`, `contract_id`, `bin`, `iin`,
`number`, `date` and `begin_date`. Registering the same file twice changes nothing.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from usrec_simulator.business import BusinessRecord, Operation
from usrec_simulator.errors import SeedError

_KEYS: Final = frozenset({"operation", "record_id", "contract_id", "bin", "iin", "number", "date", "begin_date"})


def load_history(path: Path) -> list[BusinessRecord]:
    """Read a history file.

    Raises:
        SeedError: The file or one of its records is wrong; the text names the place, never the content.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SeedError(f"history {path}: {error}; nothing was registered") from error
    if not isinstance(content, list):
        raise SeedError(f"history {path}: an array of records is expected; nothing was registered")
    return [read_historic(item, f"history {path}, record {place}") for place, item in enumerate(content, 1)]


def read_historic(item: object, place: str) -> BusinessRecord:
    """Turn one object of the file into a record.

    Raises:
        SeedError: A key is unknown, missing or of the wrong form.
    """
    if not isinstance(item, dict):
        raise SeedError(f"{place}: an object is expected; nothing was registered")
    unknown = sorted(set(item) - _KEYS)
    if unknown:
        raise SeedError(f"{place}: unknown key {unknown[0]!r}; nothing was registered")
    record_id = _text(item, "record_id", place)
    return BusinessRecord(
        operation=_operation(item, place),
        digest="",
        record_id=record_id,
        employer=_needed(item, "bin", place),
        employee=_text(item, "iin", place),
        contract_id=_text(item, "contract_id", place) or record_id or _missing("contract_id", place),
        number=_text(item, "number", place),
        event_date=_date(item, "date", place) or _missing_date("date", place),
        begin_date=_date(item, "begin_date", place),
    )


def _operation(item: Mapping[str, Any], place: str) -> Operation:
    try:
        return Operation(item.get("operation", Operation.CONCLUSION))
    except ValueError:
        raise SeedError(f"{place}: operation is one of {', '.join(Operation)}; nothing was registered") from None


def _text(item: Mapping[str, Any], key: str, place: str) -> str | None:
    value = item.get(key)
    if value is not None and not isinstance(value, str):
        raise SeedError(f"{place}: {key} is a text; nothing was registered")
    return value or None


def _needed(item: Mapping[str, Any], key: str, place: str) -> str:
    return _text(item, key, place) or _missing(key, place)


def _missing(key: str, place: str) -> str:
    raise SeedError(f"{place}: {key} is missing; nothing was registered")


def _date(item: Mapping[str, Any], key: str, place: str) -> date | None:
    text = _text(item, key, place)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise SeedError(f"{place}: {key} is a date like 2026-11-22; nothing was registered") from None


def _missing_date(key: str, place: str) -> date:
    raise SeedError(f"{place}: {key} is missing; nothing was registered")
