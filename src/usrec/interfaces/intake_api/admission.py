"""Who may send events, and how many requests: a token names its source, and only its hash is known here."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from hashlib import sha256
from hmac import compare_digest
from http import HTTPStatus
from math import ceil
from typing import Final

from usrec.domain.source_event import SourceName
from usrec.interfaces.intake_api.problem import ProblemError
from usrec.ports.time_witness import Steady
from usrec.settings import HttpSourceSettings, Settings, SourceSettings

_SCHEME: Final = "bearer"
_UNKNOWN: Final = "Name a token that the settings know: Authorization: Bearer ..."


def token_hash(token: str) -> str:
    """What stands in the settings for a token. A token of 256 random bits needs no slow hash."""
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def source_of(authorization: str | None, sources: Mapping[str, SourceSettings]) -> SourceName:
    """The source that a request comes from; every hash is compared, whichever fits.

    Raises:
        ProblemError: 401.
    """
    scheme, _, token = (authorization or "").partition(" ")
    given = token_hash(token.strip())
    found = [
        name
        for name, source in sources.items()
        if isinstance(source, HttpSourceSettings)
        for known in source.token_hashes
        if compare_digest(known, given)
    ]
    if scheme.lower() != _SCHEME or not found:
        raise ProblemError(HTTPStatus.UNAUTHORIZED, _UNKNOWN, headers={"WWW-Authenticate": "Bearer"})
    return SourceName(found[0])


def allowed_employers(name: SourceName, settings: Settings) -> Collection[str] | None:
    """The numbers of the employers whose events a source may send; None for all."""
    source = settings.source.get(name)
    if not isinstance(source, HttpSourceSettings) or not source.employers:
        return None
    return {settings.employer[one].bin for one in source.employers if one in settings.employer}


class Pace:
    """How many requests of each source pass: so many in a minute, at once or spread. Safe in threads."""

    def __init__(self, steady: Steady) -> None:
        self._steady = steady
        self._lock = threading.Lock()
        self._left: dict[SourceName, tuple[float, float]] = {}

    def take(self, source: SourceName, per_minute: int) -> None:
        """Count a request.

        Raises:
            ProblemError: 429, with the seconds to wait.
        """
        now, each = self._steady().total_seconds(), 60 / per_minute
        with self._lock:
            left, at = self._left.get(source, (float(per_minute), now))
            left = min(float(per_minute), left + (now - at) / each)
            enough = left >= 1
            self._left[source] = (left - enough, now)
        if not enough:
            wait = str(ceil((1 - left) * each))
            detail = f"More than {per_minute} requests in a minute"
            raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": wait})
