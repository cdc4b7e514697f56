"""A key of the settings: where it is, whose, and what may be signed with it, how often."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kzeds.signer_daemon.statements import StatementAllowance
from kzeds.signer_daemon.tables import Table

_NUMBER: Final = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TokenRule:
    """A key in a PKCS#11 token (`kzeds.signers.token.open_token_key`).

    Attributes:
        label: Of the token.
        key: Label of the key in it.
    """

    library: Path
    label: str
    key: str


@dataclass(frozen=True, slots=True)
class KeyRule:
    """A key, and what may be signed with it.

    Attributes:
        file: A PKCS#12 file; or None, and it is in a token.
        password_file: With the file's password, or the token's PIN; or None, and it is a credential of systemd.
        number: BIN (or IIN) of its owner: of its certificate and of every document.
        daily_quota: New documents on one day in Kazakhstan.
        operation_quota: The same for one operation, for those that have one.
        statements: Names of the statements that it may sign.
        statement_quota: New statements on one day; they are no documents.
    """

    name: str
    file: Path | None
    token: TokenRule | None
    password_file: Path | None
    password_credential: str | None
    number: str = field(repr=False)
    operations: frozenset[str]
    envelopes: frozenset[str]
    daily_quota: int
    operation_quota: Mapping[str, int]
    statements: frozenset[str] = frozenset()
    statement_quota: int = 0

    @property
    def statement_allowance(self) -> StatementAllowance:
        """What the statements of this key are counted by."""
        return StatementAllowance(f"{self.name}/statements", self.statement_quota)


def read_key(name: str, table: Table) -> KeyRule:
    """Read ``[key.NAME]``.

    Raises:
        SignerSettingsError: When it cannot be used.
    """
    rule = KeyRule(
        name=name,
        file=table.optional_path("file"),
        token=_token(table),
        password_file=table.optional_path("password_file"),
        password_credential=table.optional_text("password_credential"),
        number=read_number(table, table.text("number")),
        operations=frozenset(table.texts("operations")),
        envelopes=frozenset(table.texts("envelopes")),
        daily_quota=table.count("daily_quota"),
        operation_quota=table.counts("operation_quota"),
        statements=frozenset(table.texts("statements")),
        statement_quota=table.optional_count("statement_quota") or 0,
    )
    if (rule.file is None) is (rule.token is None):
        raise table.fault("file", "name exactly one of file and token")
    if (rule.password_file is None) is (rule.password_credential is None):
        raise table.fault("password_file", "name exactly one of password_file and password_credential")
    if "/" in (rule.password_credential or ""):
        raise table.fault("password_credential", "the name of a credential is expected, not a path")
    if not (rule.operations or rule.envelopes or rule.statements):
        raise table.fault("operations", "the key may sign nothing: list operations, envelopes, statements")
    if bool(rule.statements) is not bool(rule.statement_quota):
        raise table.fault("statement_quota", "it goes with statements: name both or neither")
    if set(rule.operation_quota) - rule.operations:
        raise table.fault("operation_quota", "it names an operation that is not in operations")
    return rule


def _token(table: Table) -> TokenRule | None:
    inner = table.optional_table("token")
    if inner is None:
        return None
    rule = TokenRule(library=inner.path("library"), label=inner.text("label"), key=inner.text("key"))
    inner.close()
    return rule


def read_number(table: Table, text: str) -> str:
    """Check a BIN or IIN.

    Raises:
        SignerSettingsError: When it has not 12 digits.
    """
    if not _NUMBER.fullmatch(text):
        raise table.fault("number", "a BIN or IIN has 12 digits")
    return text
