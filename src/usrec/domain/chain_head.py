"""What is signed of the chain: how far it reached at a moment, and with which hash.

Whoever has such a statement outside the ledger can tell a chain that was cut off or made anew from the one that was
signed. A statement tells nothing of the lines themselves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from usrec.domain.chain import ChainState, canonical, moment

_KIND: Final = "usrec journal head v1"
_NAMES: Final = frozenset({"kind", "ledger", "batch", "entries", "hash", "at"})
_NOT_ONE: Final = "not a statement about a journal's head"


@dataclass(frozen=True, slots=True)
class HeadStatement:
    """What a signature says.

    Attributes:
        ledger: The ledger's name (:func:`usrec.domain.chain.ledger_id`).
        batch: Number of the last batch.
        entries: How many lines are linked up to it.
        hash: Of that batch.
        at: When it was signed, aware UTC.
    """

    ledger: str
    batch: int
    entries: int
    hash: str
    at: datetime

    @property
    def text(self) -> str:
        """The canonical JSON that is signed."""
        said = {"kind": _KIND, "ledger": self.ledger, "batch": self.batch, "entries": self.entries, "hash": self.hash}
        return canonical({**said, "at": moment(self.at)}).decode()


@dataclass(frozen=True, slots=True)
class Restoring:
    """That a backup was put in the ledger's place, as the file of heads outside the ledger tells it.

    Attributes:
        at: When, aware UTC: the very moment of the journal's line about it.
        backup_head: Number of the last batch that the backup holds.
    """

    at: datetime
    backup_head: int


def state_head(ledger: str, state: ChainState, at: datetime) -> HeadStatement:
    """The statement about where the chain stands."""
    return HeadStatement(ledger, state.number, state.total, state.hash, at)


def read_statement(text: str) -> HeadStatement:
    """A statement from its text.

    Raises:
        ValueError: It is none, or not written in the one canonical way.
    """
    said = json.loads(text)
    if not isinstance(said, dict) or said.keys() != _NAMES or said["kind"] != _KIND:
        raise ValueError(_NOT_ONE)
    numbers, words = (said["batch"], said["entries"]), (said["ledger"], said["hash"], said["at"])
    if any(type(one) is not int for one in numbers) or any(type(one) is not str for one in words):
        raise ValueError(_NOT_ONE)
    found = HeadStatement(said["ledger"], *numbers, said["hash"], datetime.fromisoformat(said["at"]))
    if found.at.utcoffset() is None or found.text != text:
        raise ValueError(_NOT_ONE)
    return found
