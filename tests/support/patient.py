"""An installation that the doctor looks at, and the record of what tests made it say.

A test that is marked with `provokes` fails unless the doctor really said each of the kinds; what the marks name all
together is compared with everything that the doctor knows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

from support.fresh_ledger import make_ledger
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.doctor.examination import Check
from usrec.interfaces.doctor.finding import Kind, Line
from usrec.interfaces.doctor.installation import Installation, fenced
from usrec.settings import load_settings

BIN = "200940000013"
GIB = 1024**3
PROVOKED: set[str] = set()
"""Kinds that the tests imported so far promise to provoke."""
_said: set[str] = set()
P = ParamSpec("P")
Case = TypeVar("Case")


def provokes(*kinds: Kind) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """The test makes the doctor say each of these."""
    PROVOKED.update(kind.id for kind in kinds)

    def mark(test: Callable[P, None]) -> Callable[P, None]:
        @wraps(test)
        def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            _said.clear()
            test(*args, **kwargs)
            assert {kind.id for kind in kinds} <= _said

        return checked

    return mark


def provokes_each(cases: Mapping[Kind, Any]) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """The test, run once for each case with arguments `kind` and `case`, makes the doctor say that kind."""
    PROVOKED.update(kind.id for kind in cases)

    def mark(test: Callable[P, None]) -> Callable[P, None]:
        @wraps(test)
        def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            _said.clear()
            test(*args, **kwargs)
            kind = kwargs["kind"]
            assert isinstance(kind, Kind)
            assert kind.id in _said

        ids = [kind.id for kind in cases]
        return pytest.mark.parametrize(("kind", "case"), cases.items(), ids=ids)(checked)

    return mark


def note(lines: Sequence[Line]) -> Sequence[Line]:
    """What the doctor said, put on record; each line can be shown."""
    assert all(line.text for line in lines)
    assert all((line.kind.verdict == "ok") != bool(line.advice) for line in lines)
    _said.update(line.kind.id for line in lines)
    return lines


@dataclass
class Patient:
    """One installation; change its tables, then let a check look at it.

    Attributes:
        tables: The settings, by the names of their tables.
        free: What the disk has left.
    """

    folder: Path
    pki: Path
    clock: ManualClock
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    free: int = 10 * GIB

    def __post_init__(self) -> None:
        sender = self.folder / "sender.password"
        sender.touch(mode=0o600)
        sender.write_text("the sender's word\n", "utf-8")
        defaults: dict[str, dict[str, Any]] = {
            "gateway": {
                "url": "https://127.0.0.1:9/",
                "sender_id": "company",
                "password": {"file": str(sender)},
                "ca_file": str(self.pki / "tls-ca.pem"),
                "response_certificate": str(self.pki / "gateway.pem"),
                "timeouts": {"connect": 2, "pool": 2, "write": 3, "read": 3, "answer": 3},
            },
            "employer.main": {
                "bin": BIN,
                "key_file": str(self.pki / "employer.p12"),
                "key_password": {"file": str(self.pki / "employer.password")},
            },
            "ledger": {"url": "sqlite:///ledger.db"},
            "source.hr": {"kind": "outbox", "url": "sqlite:///hr.db"},
        }
        self.tables = defaults | self.tables

    @property
    def file(self) -> Path:
        return self.folder / "usrec.toml"

    def write(self) -> None:
        """Write `usrec.toml`."""
        tables = (
            f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in table.items())
            for name, table in self.tables.items()
        )
        self.file.touch(mode=0o640)
        self.file.write_text("\n".join(tables), "utf-8")

    def installation(self) -> Installation:
        self.write()
        return Installation(load_settings(self.file), self.clock, lambda _: self.free)

    def says(self, check: Check, name: str = "check") -> dict[str, Line]:
        """What a check says, by the kinds' ids; a kind that is said twice keeps its last line."""
        return {line.kind.id: line for line in note(list(fenced(name, check(self.installation()))))}

    def make_ledger(self) -> None:
        """Do what `usrec db upgrade` does."""
        settings = self.installation().settings
        make_ledger(settings.database_url(settings.values.ledger.url))


def _toml(value: Any) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case date():
            return value.isoformat()
        case _:
            return json.dumps(value, ensure_ascii=False)
