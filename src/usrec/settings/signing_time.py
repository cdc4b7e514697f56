"""How long signing may take where a key is held by another process; a key in this one signs in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from usrec.settings.employer_section import EmployerSettings
from usrec.settings.key_section import KeySettings

DAEMON_TIMEOUT: Final = timedelta(seconds=10)
"""For one whole exchange with the signer daemon, which takes milliseconds."""

_NCANODE_PHASES: Final = 3
"""To connect, to send, and for the answer."""


def signing_needed(employers: Iterable[EmployerSettings], transport: KeySettings | None) -> timedelta:
    """The longest that signing a document and its envelope may take, for the employer for which it takes longest."""
    envelope = None if transport is None else question_time(transport)
    return max((_needed(employer, envelope) for employer in employers), default=timedelta(0))


def _needed(employer: EmployerSettings, envelope: timedelta | None) -> timedelta:
    """Every key but one is silent, the last answers late: two questions for a document, certificate and signature.

    For the envelope the certificate of the employer's own key is known by then, that of the transport key is not.
    """
    asked = [] if employer.owner is not None else [question_time(key) for key in (employer, *employer.next_key)]
    document = sum(asked, timedelta(0)) + max(asked, default=timedelta(0))
    return document + (sum(asked, timedelta(0)) if envelope is None else 2 * envelope)


def question_time(key: KeySettings) -> timedelta:
    """The longest that one question to whoever holds a key may take; 0 for one of this process."""
    if key.signer_daemon is not None:
        return DAEMON_TIMEOUT
    return timedelta(0) if key.ncanode is None else _NCANODE_PHASES * key.ncanode.timeout
