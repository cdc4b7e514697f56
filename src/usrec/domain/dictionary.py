"""The official code lists of USREC, as they were imported: which codes there are on a day, and what an import changes.

Source: USREC's public dictionaries (D_POSITION, D_TERM_REASON and others): a code, names in Kazakh and Russian, a mark
of being in use, the entry above. Each import is an edition that holds from a day on, until the next one does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Final

_CLOSE: Final = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One code.

    Attributes:
        active: The registry still takes it.
        parent: Code of the entry above, empty at the top.
    """

    code: str
    name_kk: str
    name_ru: str
    active: bool = True
    parent: str = ""


@dataclass(frozen=True)
class Edition:
    """A dictionary as one file had it.

    Attributes:
        valid_from: First day on which it counts.
        imported_at: Aware UTC.
        file: Name of the file, without its folder.
        sha256: Of the file's bytes, in hexadecimal.
        entries: By code.
    """

    valid_from: date
    imported_at: datetime
    file: str
    sha256: str
    entries: Mapping[str, Entry]

    @cached_property
    def active(self) -> frozenset[str]:
        """Codes that are in use."""
        return frozenset(code for code, one in self.entries.items() if one.active)

    @cached_property
    def headings(self) -> frozenset[str]:
        """Codes with something in use below them."""
        return frozenset(one.parent for one in self.entries.values() if one.active and one.parent)

    def above(self, entry: Entry) -> Sequence[Entry]:
        """The entries above one, the nearest first."""
        found: list[Entry] = []
        above = self.entries.get(entry.parent)
        while above is not None and above not in found:
            found.append(above)
            above = self.entries.get(above.parent)
        return found

    def close_to(self, typed: str) -> Sequence[str]:
        """Codes in use that may have been meant, the likeliest first."""
        return get_close_matches(typed, sorted(self.active), n=_CLOSE)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All editions of one dictionary, in the order in which they hold; among those of one day, that of their import."""

    name: str
    editions: Sequence[Edition]

    def on(self, day: date) -> Edition | None:
        """The edition that holds on ``day``; None when even the first holds from a later day on."""
        return next((one for one in reversed(self.editions) if one.valid_from <= day), None)

    def with_edition(self, new: Edition) -> Dictionary:
        """The dictionary with one edition more."""
        every = sorted([*self.editions, new], key=lambda one: (one.valid_from, one.imported_at))
        return Dictionary(self.name, tuple(every))


class CodeBook(ABC):
    """The imported dictionaries, as rules ask them."""

    __slots__ = ()

    @abstractmethod
    def edition(self, name: str, day: date) -> Edition | None:
        """What held on ``day``; None when it is not known: not imported, or only for later days."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edition changes. Codes in their own order.

    Attributes:
        renamed: Other names for the same code.
        deactivated: Still there, no longer in use.
        moved: Below another entry than before.
        lost_share: How many of the codes that were in use are not any more, 0 to 1.
    """

    added: Sequence[str] = ()
    renamed: Sequence[str] = ()
    deactivated: Sequence[str] = ()
    reactivated: Sequence[str] = ()
    moved: Sequence[str] = ()
    vanished: Sequence[str] = ()
    lost_share: float = 0.0

    @property
    def none(self) -> bool:
        """Whether both say the same."""
        return not any((self.added, self.renamed, self.deactivated, self.reactivated, self.moved, self.vanished))


def changes(old: Edition | None, new: Edition) -> Changes:
    """What ``new`` changes; everything is added where there was nothing."""
    if old is None:
        return Changes(added=sorted(new.entries))
    both = [(old.entries[code], new.entries[code]) for code in sorted(old.entries.keys() & new.entries.keys())]
    return Changes(
        added=sorted(new.entries.keys() - old.entries.keys()),
        renamed=[was.code for was, now in both if (was.name_kk, was.name_ru) != (now.name_kk, now.name_ru)],
        deactivated=[was.code for was, now in both if was.active and not now.active],
        reactivated=[was.code for was, now in both if now.active and not was.active],
        moved=[was.code for was, now in both if was.parent != now.parent],
        vanished=sorted(old.entries.keys() - new.entries.keys()),
        lost_share=len(old.active - new.active) / len(old.active) if old.active else 0.0,
    )
