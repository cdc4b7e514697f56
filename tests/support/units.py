"""Systemd units as they are written: settings that may be repeated, sections in order."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

UNITS = Path(__file__).parents[2] / "docker" / "systemd"


class _Repeated(dict[str, Any]):
    """Keeps all values of a setting that stands more than once."""

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, list) and isinstance(self.get(key), list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def read_unit(file: Path) -> Mapping[str, Mapping[str, list[str]]]:
    """All values of each setting, by section; a continued line is one value."""
    parser = RawConfigParser(dict_type=_Repeated, strict=False, delimiters=["="], comment_prefixes=["#", ";"])
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as its manual says: names keep their case
    parser.read_string(file.read_text("utf-8"))
    return {name: {key: _values(value) for key, value in parser.items(name)} for name in parser.sections()}


def _values(value: str) -> list[str]:
    return [line.strip() for line in value.split("\n")]


def start_command(name: str) -> list[str]:
    """The words of a unit's ExecStart."""
    (line,) = read_unit(UNITS / name)["Service"]["ExecStart"]
    return shlex.split(line)


def all_units() -> Iterator[Path]:
    """The units, drop-ins not counted."""
    yield from sorted(UNITS.glob("*.service"))
