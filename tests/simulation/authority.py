"""The registry and the gateway in front of it: small, strict, and the only one who knows what is registered.

It judges deterministically: the same bytes get the same refusal. Its rules are those that the decision table of
`usrec.domain.verdict` rests on: SCSE086 id used, SCSE014 and SCSE070 number exists, SCSE025 no such contract, SCSE092
after a termination, SCSE007 for content that it never takes.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

WRONG_POST: Final = "refused by the registry"
"""An established post that stands for content which only the registry can refuse."""


@dataclass(frozen=True)
class Letter:
    """The content of a message, as the renderer of the simulation writes it."""

    event_id: str
    revision: int
    operation: str
    contract_key: str
    contract_id: str | None
    record_id: str
    number: str
    post: str

    def to_bytes(self) -> bytes:
        names = self.__dataclass_fields__
        return json.dumps([getattr(self, name) for name in names], ensure_ascii=False).encode()


def letter_in(document: bytes) -> Letter:
    """What stands before the signer's mark."""
    return Letter(*json.loads(document.partition(b"<!--")[0]))


@dataclass
class Authority:
    """What is registered.

    Attributes:
        events: How often each event of HR is registered; more than once is what must never happen.
        order: The events of each contract in the order of their registration.
    """

    events: Counter[str] = field(default_factory=Counter)
    papers: Counter[tuple[str, str]] = field(default_factory=Counter)
    order: dict[str, list[str]] = field(default_factory=dict)
    ids: dict[str, Letter] = field(default_factory=dict)
    contracts: dict[str, str] = field(default_factory=dict)
    terminated: set[str] = field(default_factory=set)

    def receive(self, letter: Letter) -> str:
        """Judge a message; SCSS001 registers it."""
        code = self._refusal(letter)
        if code is None:
            self._register(letter)
        return code or "SCSS001"

    def _refusal(self, letter: Letter) -> str | None:
        if letter.record_id in self.ids:
            return "SCSE086"
        if letter.post == WRONG_POST:
            return "SCSE007"
        if letter.operation == "conclusion":
            return "SCSE014" if ("conclusion", letter.number) in self.papers else None
        if letter.contract_id not in self.contracts:
            return "SCSE025"
        if letter.contract_id in self.terminated:
            return "SCSE092"
        return "SCSE070" if ("amendment", letter.number) in self.papers else None

    def _register(self, letter: Letter) -> None:
        contract = letter.record_id if letter.operation == "conclusion" else letter.contract_id or ""
        if letter.operation == "conclusion":
            self.contracts[contract] = letter.contract_key
        if letter.operation == "termination":
            self.terminated.add(contract)
        self.ids[letter.record_id] = letter
        self.events[letter.event_id] += 1
        self.papers[letter.operation, letter.number] += 1
        self.order.setdefault(letter.contract_key, []).append(letter.event_id)
