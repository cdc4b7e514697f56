"""Where the imported dictionaries are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from usrec.domain.dictionary import Dictionary


class DictionaryStore(Protocol):
    """The imported dictionaries by name."""

    def names(self) -> Sequence[str]:
        """What was imported, in order."""
        ...

    def load(self, name: str) -> Dictionary | None:
        """One dictionary with all its editions; None when it was never imported.

        Raises:
            ConfigurationError: It is there and cannot be read.
        """
        ...

    def save(self, dictionary: Dictionary) -> None:
        """Keep a dictionary; a reader finds what was there before or all of the new.

        Raises:
            ConfigurationError: It cannot be written; what was there before stays.
        """
        ...
