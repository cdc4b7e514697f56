"""The manifest.json of a signing package and of what comes back: reading it strictly, so that nothing is guessed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kzeds.errors import DamagedPackageError, UnknownPackageVersionError

MANIFEST = "manifest.json"
VERSION = 1
UNSIGNED = "kzeds-signing-package"
"""Format of a package on its way to the owner."""
SIGNED = "kzeds-signed-package"
"""Format of what the owner sends back."""

_YEARS = range(2000, 2100)


class Fields:
    """The fields of one JSON object, each taken once with its type; `require_no_more` ends it."""

    def __init__(self, value: object, what: str) -> None:
        """Take a JSON object.

        Raises:
            DamagedPackageError: When it is something else.
        """
        if not isinstance(value, dict):
            raise DamagedPackageError(f"{what} is not a JSON object")
        self._left: dict[str, Any] = dict(value)
        self._what = what

    def text(self, name: str) -> str:
        """A string."""
        return str(self._take(name, str))

    def number(self, name: str) -> int:
        """A whole number."""
        return int(self._take(name, int))

    def texts(self, name: str) -> dict[str, str]:
        """Strings by name."""
        found = self._take(name, dict)
        if not all(isinstance(one, str) for one in found.values()):
            raise DamagedPackageError(f"{self._what} has no texts in {name}")
        return dict(found)

    def rows(self, name: str) -> list[Any]:
        """A list."""
        return list(self._take(name, list))

    def moment(self, name: str) -> datetime:
        """A time, in UTC."""
        try:
            return _moment(self.text(name))
        except (ValueError, OverflowError):
            raise DamagedPackageError(f"{self._what} has no time in {name}") from None

    def moment_or_none(self, name: str) -> datetime | None:
        """A time, in UTC, or null."""
        if self._left.get(name, "") is None:
            del self._left[name]
            return None
        return self.moment(name)

    def require_no_more(self) -> None:
        """Check that every field was taken.

        Raises:
            DamagedPackageError: When one is left that this version does not know.
        """
        if self._left:
            raise DamagedPackageError(f"{self._what} has a field that is not expected")

    def _take(self, name: str, kind: type[Any]) -> Any:
        value = self._left.pop(name, None)
        if type(value) is not kind:
            raise DamagedPackageError(f"{self._what} lacks {name}, or has something else in it")
        return value


def to_json(format_name: str, fields: Mapping[str, object]) -> bytes:
    """A manifest: its format and version, then the fields."""
    content = {"format": format_name, "version": VERSION, **fields}
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def from_json(data: bytes, format_name: str) -> Fields:
    """Read a manifest and check what it is the manifest of.

    Raises:
        DamagedPackageError: It is not JSON, or the manifest of something else.
        UnknownPackageVersionError: It is of another version.
    """
    try:
        content = json.loads(data.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise DamagedPackageError(f"{MANIFEST} is not JSON that can be read") from None
    fields = Fields(content, MANIFEST)
    if fields.text("format") != format_name:
        raise DamagedPackageError(f"{MANIFEST} belongs to something else than a {format_name}")
    version = fields.number("version")
    if version != VERSION:
        raise UnknownPackageVersionError(
            f"the file is a {format_name} of a version that this kzeds does not know (it knows {VERSION}); "
            "install the kzeds that came with the agent",
            version=version,
        )
    return fields


def is_unsigned(data: bytes) -> bool:
    """Whether it is the manifest of a package as it was sent to the owner, whatever its version."""
    try:
        content = json.loads(data.decode())
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("format") == UNSIGNED


def require_digest(content: bytes, digest: str, what: str) -> None:
    """Check that a file is the one that the manifest names.

    Raises:
        DamagedPackageError: It is not.
    """
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest().encode(), digest.encode(errors="replace")):
        raise DamagedPackageError(f"{what} is not the one that the manifest names; it was changed on its way")


def require_members(members: Mapping[str, bytes], names: set[str]) -> None:
    """Check that a ZIP holds the named files and nothing else.

    Raises:
        DamagedPackageError: It holds other files, or fewer.
    """
    if set(members) != names:
        raise DamagedPackageError("the ZIP file holds other files than its manifest names")


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.utcoffset() is None or found.year not in _YEARS:
        raise ValueError("no time zone, or not of this century")
    return found.astimezone(UTC)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is there twice")
    return found
