"""A server that kept us waiting for nothing is not asked again at once.

Each certificate of a look asks the same few servers. One that is away would cost its timeout for each of fifty keys,
and keep a drain from sending for as long.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from kzeds.errors import UnreachableError
from kzeds.fetching import Fetch

SLOW: Final = 1.0
"""Seconds; a failure that took less costs nobody anything."""
REST: Final = 60.0
"""Seconds; shorter than the time between two looks."""


class RestingFetch:
    """Asks, unless the same address failed slowly a moment ago. Safe in threads.

    Args:
        monotonic: Seconds that never run backwards.
    """

    def __init__(self, fetch: Fetch, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._away: dict[str, tuple[float, str]] = {}

    def __call__(self, url: str, body: bytes | None = None, *, content_type: str = "") -> bytes:
        """Return the body of an answer.

        Raises:
            UnreachableError: There was none, now or a moment ago.
        """
        began = self._monotonic()
        until, why = self._away.get(url, (began, ""))
        if began < until:
            raise UnreachableError(why)
        try:
            return self._fetch(url, body, content_type=content_type)
        except UnreachableError as error:
            ended = self._monotonic()
            if ended - began > SLOW:
                self._away[url] = (ended + REST, str(error))
            raise
