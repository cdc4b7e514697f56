"""Reading pieces of the settings as they were written, where neighbouring pieces may be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ValidationError

from usrec.domain.this_machine import is_this_machine

Tree = Mapping[str, Any]
_Model = TypeVar("_Model", bound=BaseModel)


def read_table(model: type[_Model], table: object) -> _Model | None:
    """A table by itself; None where it is absent or wrong in itself, which is told as such."""
    try:
        return model.model_validate(table)
    except ValidationError:
        return None


def inner_of(table: object, name: str) -> Any:
    """What stands in a table under a name; None where it is no table or nothing stands there."""
    return table.get(name) if isinstance(table, Mapping) else None


def named(tree: object, name: str) -> list[tuple[str, Any]]:
    """Tables whose names the administrator chose, such as ``[employer.NAME]``."""
    tables = inner_of(tree, name)
    return list(tables.items()) if isinstance(tables, Mapping) else []


def split_address(url: str) -> SplitResult | None:
    """The parts of an address; None where it is none."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- it is parsed, and refused, only when it is read
    except ValueError:
        return None
    return parts


def is_private_way(url: str) -> bool:
    """Whether nobody can listen on the way: https, or http to this very machine; without user and password."""
    parts = split_address(url)
    if parts is None or not parts.hostname or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname))
