"""Reading the tables of a TOML file strictly: what is missing, of another kind or unknown is an error that names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from kzeds.errors import SignerSettingsError

T = TypeVar("T")


class Table:
    """One table of the settings. Each setting is taken out of it; `close` refuses what is left.

    Args:
        content: As tomllib reads it.
        where: File and name of the table, for messages.
        folder: Where relative paths begin.
    """

    def __init__(self, content: Mapping[str, Any], where: str, folder: Path) -> None:
        self._left = dict(content)
        self._where = where
        self._folder = folder

    def text(self, name: str) -> str:
        """A text that has to be there."""
        return self._required(name, self.optional_text(name))

    def optional_text(self, name: str) -> str | None:
        """A text, None when it is not there."""
        value = self._left.pop(name, None)
        if value is None or _is_text(value):
            return value
        raise self.fault(name, "a text is expected")

    def path(self, name: str) -> Path:
        """A path that has to be there; a relative one begins at the folder of the file."""
        return self._folder / self.text(name)

    def optional_path(self, name: str) -> Path | None:
        """A path, None when it is not there."""
        value = self.optional_text(name)
        return None if value is None else self._folder / value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, empty when it is not there."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or not all(map(_is_text, value)):
            raise self.fault(name, "a list of texts is expected")
        if len(set(value)) != len(value):
            raise self.fault(name, "something stands there twice")
        return tuple(value)

    def paths(self, name: str) -> tuple[Path, ...]:
        """A list of paths, empty when it is not there."""
        return tuple(self._folder / one for one in self.texts(name))

    def count(self, name: str) -> int:
        """A whole number of 1 and more that has to be there."""
        return self._required(name, self.optional_count(name))

    def optional_count(self, name: str) -> int | None:
        """A whole number of 1 and more, None when it is not there."""
        return self._count(name, self._left.pop(name, None))

    def flag(self, name: str) -> bool:
        """True or false; false when it is not there."""
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            raise self.fault(name, "true or false is expected")
        return value

    def counts(self, name: str) -> dict[str, int]:
        """A table of whole numbers, empty when it is not there."""
        found = {one: self._count(f"{name}.{one}", value) for one, value in self._mapping(name).items()}
        return {one: value for one, value in found.items() if value is not None}

    def lists(self, name: str) -> dict[str, tuple[str, ...]]:
        """A table of lists of texts, empty when it is not there."""
        inner = Table(self._mapping(name), f"{self._where}: {name}", self._folder)
        return {one: inner.texts(one) for one in list(inner._left)}

    def texts_by_name(self, name: str) -> dict[str, str]:
        """A table of texts, empty when it is not there."""
        inner = Table(self._mapping(name), f"{self._where}: {name}", self._folder)
        return {one: inner.text(one) for one in list(inner._left)}

    def optional_table(self, name: str) -> Table | None:
        """A table in this one, None when it is not there; whoever takes it closes it."""
        if name not in self._left:
            return None
        return Table(self._mapping(name), f"{self._where}: {name}", self._folder)

    def tables(self, name: str) -> Iterator[tuple[str, Table]]:
        """The tables ``[name.…]``, each by its own name."""
        for one, content in self._mapping(name).items():
            if not isinstance(content, dict):
                raise self.fault(name, f"[{name}.{one}] has to be a table")
            yield one, Table(content, f"{self._where}: [{name}.{one}]", self._folder)

    def close(self) -> None:
        """Refuse what nobody asked for: a misspelt limit must not pass for none.

        Raises:
            SignerSettingsError: When something is left.
        """
        if self._left:
            raise self.fault(", ".join(sorted(self._left)), "unknown")

    def fault(self, name: str, what: str) -> SignerSettingsError:
        """The error for a setting of this table."""
        return SignerSettingsError(f"{self._where}: {name}: {what}")

    def _required(self, name: str, value: T | None) -> T:
        if value is None:
            raise self.fault(name, "missing")
        return value

    def _count(self, name: str, value: object) -> int | None:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise self.fault(name, "a whole number of 1 and more is expected")
        return value

    def _mapping(self, name: str) -> dict[str, Any]:
        value = self._left.pop(name, {})
        if not isinstance(value, dict):
            raise self.fault(name, "a table is expected")
        return value


def _is_text(value: object) -> TypeGuard[str]:
    """Say so of one that is not empty; no path or name can hold a NUL."""
    return isinstance(value, str) and value != "" and "\0" not in value
