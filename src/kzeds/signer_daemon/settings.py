"""What the signer daemon's TOML file may say. docs/how-to/signer-daemon.md explains each table."""

from __future__ import annotations

import os
import pwd
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from kzeds.errors import SignerSettingsError
from kzeds.signer_daemon.key_rule import KeyRule, read_key, read_number
from kzeds.signer_daemon.paths import TextPath, is_name
from kzeds.signer_daemon.statements import StatementAllowance, StatementRule, read_rule
from kzeds.signer_daemon.tables import Table

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_USER_ID: Final = re.compile(r"\d{1,10}", re.ASCII)

Rule = TypeVar("Rule")

Where = Mapping[TextPath, frozenset[str]]
"""Texts that a document must have, each one of those listed."""


@dataclass(frozen=True, slots=True)
class OperationRule:
    """How a document of one operation is known.

    Attributes:
        root: Name of the root element, ``{namespace}name``.
        elements: Names of the elements below the root: these and no others, each once. Empty: not looked at.
        number: Where the BIN (or IIN) of whose document it is stands.
        where: Further texts that it must have.
    """

    name: str
    root: str
    elements: tuple[str, ...]
    number: TextPath
    where: Where


@dataclass(frozen=True, slots=True)
class EnvelopeRule:
    """An envelope that may carry signed documents.

    Attributes:
        element: Name of the one element in the SOAP Body.
        document: Where the signed document stands as text, alone in its parent.
        where: Further texts that it must have.
        elements: Where short texts may stand besides, and nothing else may stand at all. Empty: not looked at.
        numbers: Whose documents it may carry; those of the signing key's own BIN when empty.
        certificates: Files with further certificates whose signatures count, beside those of the daemon's own keys.
        authorities: Folder of authorities; every certificate of theirs counts. None: no others.
        questions: It may carry an empty, unsigned root element of a listed operation, or an empty text.
    """

    name: str
    element: str
    document: TextPath
    where: Where
    elements: tuple[TextPath, ...]
    numbers: frozenset[str]
    certificates: tuple[Path, ...]
    authorities: Path | None
    questions: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole file.

    Attributes:
        socket: The daemon's own, unless systemd hands it one.
        state: Folder of the counts and the log.
        users: User ids that may ask.
        group: Group of the socket; None leaves it to the daemon's user alone.
    """

    file: Path
    socket: Path
    state: Path
    users: frozenset[int]
    group: str | None
    keys: Mapping[str, KeyRule]
    operations: Mapping[str, OperationRule]
    envelopes: Mapping[str, EnvelopeRule]
    statements: Mapping[str, StatementRule]

    @property
    def allowances(self) -> dict[str, KeyRule | StatementAllowance]:
        """All that has a quota, by its name: each key, and the statements of those that may sign some."""
        found: dict[str, KeyRule | StatementAllowance] = dict(self.keys)
        return found | {
            one.statement_allowance.name: one.statement_allowance for one in self.keys.values() if one.statements
        }


def load_settings(file: Path) -> Settings:
    """Read a settings file.

    Raises:
        SignerSettingsError: When it cannot be used, or others than its owner may change it; names file and setting.
        OSError: When it cannot be read.
    """
    require_safe(file)
    try:
        content = tomllib.loads(file.read_bytes().decode())
    except (ValueError, RecursionError) as error:
        raise SignerSettingsError(f"{file}: not TOML: {error}") from None
    table = Table(content, str(file), file.resolve().parent)
    settings = Settings(
        file=file,
        socket=table.path("socket"),
        state=table.path("state"),
        users=frozenset(_user_id(table, one) for one in table.texts("users")),
        group=table.optional_text("group"),
        keys=_named(table, "key", read_key),
        operations=_named(table, "operation", _operation),
        envelopes=_named(table, "envelope", _envelope),
        statements=_named(table, "statement", read_rule),
    )
    table.close()
    _require_whole(settings, table)
    return settings


def require_safe(file: Path) -> None:
    """Check that nobody but root and the daemon's own user may change what the daemon allows.

    Raises:
        SignerSettingsError: When others may.
        OSError: When it is not there.
    """
    status = file.stat()
    if status.st_mode & 0o022:
        raise SignerSettingsError(f"{file}: others than its owner may change it; run: chmod go-w {file}")
    if os.geteuid() not in {0, status.st_uid} and status.st_uid != 0:
        raise SignerSettingsError(f"{file}: another user owns it; run: chown root {file}")


def _user_id(table: Table, user: str) -> int:
    if _USER_ID.fullmatch(user):
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise table.fault("users", f"there is no user {user!r} on this machine") from None


def _named(table: Table, kind: str, read: Callable[[str, Table], Rule]) -> dict[str, Rule]:
    rules = {}
    for name, inner in table.tables(kind):
        if not _NAME.fullmatch(name):
            raise table.fault(kind, "names have letters, digits, dots, hyphens and underscores, at most 64")
        rules[name] = read(name, inner)
        inner.close()
    return rules


def _operation(name: str, table: Table) -> OperationRule:
    elements = table.texts("elements")
    if not all(is_name(one) for one in elements):
        raise table.fault("elements", "names of elements are expected")
    return OperationRule(name, _element(table, "root"), elements, _path(table, "number"), _where(table))


def _envelope(name: str, table: Table) -> EnvelopeRule:
    where, elements = _where(table), tuple(_element_path(table, one) for one in table.texts("elements"))
    if elements and any(path.attribute is not None for path in where):
        raise table.fault("elements", "where names an attribute, and beside elements an envelope may hold none")
    return EnvelopeRule(
        name=name,
        element=_element(table, "element"),
        document=_path(table, "document"),
        where=where,
        elements=elements,
        numbers=frozenset(read_number(table, one) for one in table.texts("numbers")),
        certificates=table.paths("certificates"),
        authorities=table.optional_path("authorities"),
        questions=table.flag("questions"),
    )


def _element(table: Table, name: str) -> str:
    text = table.text(name)
    if not is_name(text):
        raise table.fault(name, "the name of an element is expected, such as {namespace}name")
    return text


def _path(table: Table, name: str) -> TextPath:
    return _parse(table, name, table.text(name))


def _element_path(table: Table, text: str) -> TextPath:
    path = _parse(table, "elements", text)
    if path.attribute is not None:
        raise table.fault("elements", "paths of elements are expected, not of attributes")
    return path


def _parse(table: Table, name: str, text: str) -> TextPath:
    path = TextPath.parse(text)
    if path is None:
        raise table.fault(name, f"{text!r} is not a path such as employer/bin or employer/@bin")
    return path


def _where(table: Table) -> Where:
    found = {_parse(table, "where", text): frozenset(values) for text, values in table.lists("where").items()}
    if not all(found.values()):
        raise table.fault("where", "each path needs at least one value")
    return found


def _require_whole(settings: Settings, table: Table) -> None:
    """Check what only shows when the tables are read together."""
    if not settings.users:
        raise table.fault("users", "nobody may ask: name the agent's user")
    if not settings.keys:
        raise table.fault("key", "there is no key: add a table [key.NAME]")
    for key in settings.keys.values():
        for unknown in sorted(key.operations - set(settings.operations)):
            raise table.fault(f"key.{key.name}.operations", f"there is no table [operation.{unknown}]")
        for unknown in sorted(key.envelopes - set(settings.envelopes)):
            raise table.fault(f"key.{key.name}.envelopes", f"there is no table [envelope.{unknown}]")
        for unknown in sorted(key.statements - set(settings.statements)):
            raise table.fault(f"key.{key.name}.statements", f"there is no table [statement.{unknown}]")
