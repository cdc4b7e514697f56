"""The registry and the gateway in front of it: small, strict, and the only one who knows what is registered.

It judges deterministically: the same bytes get the same refusal. Its rules are those that the decision table of
`usrec.domain.verdict` rests on: SCSE086 id used, SCSE014 and SCSE070 number exists, SCSE025 no such contract, SCSE092
after a termination, SCSE007 for content that it never takes. SCSE001 (the employer is not let in) comes before all
others, SCSE153 (not today) before the content is looked at.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Final

WRONG_POST: Final = "refused by the registry"
"""An established post that stands for content which only the registry can refuse."""
WRONG_CODE: Final = "SCSE007"
BARRED: Final = "SCSE001"
"""The employer is not let in; it says nothing about what it sent."""
NOT_TODAY: Final = "SCSE153"
"""The same may pass on another day."""


@dataclass(frozen=True)
class Letter:
    """The content of a message, as the renderer of the simulation writes it."""

    event_id: str
    revision: int
    operation: str
    employer_bin: str
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
        letters: All that was registered, in order; the letters of a person in the portal too.
        by_hand: The events that a person has entered in the portal.
        barred: The employers of whom nothing is taken now.
    """

    events: Counter[str] = field(default_factory=Counter)
    papers: Counter[tuple[str, str]] = field(default_factory=Counter)
    order: dict[str, list[str]] = field(default_factory=dict)
    ids: dict[str, Letter] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    contracts: dict[str, str] = field(default_factory=dict)
    terminated: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)
    _not_today: dict[str, date] = field(default_factory=dict)

    def receive(self, letter: Letter, *, barred: bool = False, today: date | None = None) -> str:
        """Judge a message; SCSS001 registers it.

        Args:
            barred: Its employer was barred when it was sent.
            today: The day, where anything may be refused for the day; a letter that was, is all day.
        """
        code = BARRED if barred else self._refusal(letter, today)
        if code is None:
            self._register(letter)
        return code or "SCSS001"

    def not_today(self, letter: Letter, today: date) -> None:
        """This letter is refused for the rest of the day."""
        self._not_today.setdefault(letter.record_id, today)

    def enter(self, letter: Letter) -> bool:
        """A person enters an event in the portal; whether the portal took it."""
        taken = self.receive(letter) == "SCSS001"
        if taken:
            self.by_hand.add(letter.event_id)
        return taken

    def _refusal(self, letter: Letter, today: date | None) -> str | None:
        if letter.record_id in self.ids:
            return "SCSE086"
        if today is not None and self._not_today.get(letter.record_id) == today:
            return NOT_TODAY
        if letter.post == WRONG_POST:
            return WRONG_CODE
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
        self.letters.append(letter)
        self.events[letter.event_id] += 1
        self.papers[letter.operation, letter.number] += 1
        self.order.setdefault(letter.contract_key, []).append(letter.event_id)
