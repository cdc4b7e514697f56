"""Bugs to plant in what is told of transfers in two halves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final
from unittest.mock import patch

from usrec.adapters.persistence.alerts import SqlAlerts
from usrec.adapters.persistence.pairs import SqlPairs


@contextmanager
def _half_not_linked() -> Iterator[None]:
    """Nobody remembers which events are halves of a transfer."""

    def forgotten(self: Any, links: Any) -> None:
        del self, links

    with patch.object(SqlPairs, "link", forgotten):
        yield


@contextmanager
def _reminder_stays() -> Iterator[None]:
    """What was told of a transfer stays open when the transfer has become whole."""

    def kept(self: Any, submission_id: Any, watched: Any, at: Any) -> None:
        del self, submission_id, watched, at

    with patch.object(SqlAlerts, "withdraw", kept):
        yield


PAIRS: Final[Mapping[str, Callable[[], AbstractContextManager[None]]]] = {
    "half-not-linked": _half_not_linked,
    "reminder-stays": _reminder_stays,
}
