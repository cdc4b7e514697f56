"""Statements: small JSON objects of a listed form, signed as they stand by a detached CMS signature.

A program that keeps a chain over its own records has the chain's end signed now and then. It needs no document for
that, so no document's quota: a statement is known by its form, and counted by itself. What is signed this way can be
nothing else, since a form names every member and what its value may look like, and the text has to be the canonical
one: ASCII, keys sorted, no spaces. A signature over it cannot pass for one over XML: CMS signs a DER SET of attributes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kzeds.errors import SignerRefusedError
from kzeds.signer_daemon.tables import Table

STATEMENT_CAP: Final = 4096
"""Bytes of a statement."""

_HIGHEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class StatementRule:
    """The form of one kind of statement.

    Attributes:
        texts: Regular expressions that the whole value has to match, by the member's name.
        numbers: Members that are whole numbers from 0 on.
    """

    name: str
    texts: Mapping[str, re.Pattern[str]]
    numbers: frozenset[str]

    def fits(self, said: Mapping[str, Any]) -> bool:
        """Say whether an object has this form: these members and no others."""
        return (
            said.keys() == self.texts.keys() | self.numbers
            and all(type(said[one]) is str and form.fullmatch(said[one]) for one, form in self.texts.items())
            and all(type(said[one]) is int and 0 <= said[one] <= _HIGHEST for one in self.numbers)
        )


@dataclass(frozen=True, slots=True)
class StatementAllowance:
    """How many statements a key may sign on a day, apart from its documents.

    Attributes:
        name: The key's, and what is counted.
    """

    name: str
    daily_quota: int
    operation_quota: Mapping[str, int] = field(default_factory=dict)


def read_rule(name: str, table: Table) -> StatementRule:
    """Read ``[statement.NAME]``.

    Raises:
        SignerSettingsError: When it is no form.
    """
    texts = {one: _pattern(table, one, text) for one, text in table.texts_by_name("texts").items()}
    numbers = frozenset(table.texts("numbers"))
    if not texts or texts.keys() & numbers:
        raise table.fault("texts", "at least one is expected, and none of numbers")
    return StatementRule(name, texts, numbers)


def _pattern(table: Table, name: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.ASCII)
    except re.error as error:
        raise table.fault("texts", f"{name}: not a regular expression: {error}") from None


def recognise(content: bytes, rules: Mapping[str, StatementRule]) -> tuple[str, bytes]:
    """Say which of the statements this is, and its SHA-256.

    Raises:
        SignerRefusedError: When it is not exactly one of them (reason ``statement``).
    """
    said = _read(content)
    found = [rule.name for rule in rules.values() if said is not None and rule.fits(said)]
    if len(found) != 1:
        what = "what is to be signed is not exactly one of the statements that the key may sign"
        raise SignerRefusedError(f"{what}. Nothing was signed.", reason="statement")
    return found[0], hashlib.sha256(content).digest()


def _read(content: bytes) -> dict[str, Any] | None:
    """The object, when this is its one canonical text."""
    if len(content) > STATEMENT_CAP:
        return None
    try:
        said = json.loads(content)
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    except (ValueError, TypeError, RecursionError):
        return None
    return said if isinstance(said, dict) and text.encode() == content else None
