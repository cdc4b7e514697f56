"""``[intake]`` and ``[source.NAME]`` with ``kind = "http"``: HR systems that send their events over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from usrec.settings.kinds import ApprovedFiles, Language, Number, Seconds
from usrec.settings.listen import read_listen
from usrec.settings.section import SecretSettings, Section

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def _listen(text: str) -> str:
    try:
        read_listen(text)
    except ValueError:
        raise ValueError("write 127.0.0.1:9465, [::1]:9465 or unix:/run/usrec/intake.sock") from None
    return text


def _digest(text: str) -> str:
    if _DIGEST.fullmatch(text) is None:
        raise ValueError("write what usrec intake token prints as token_hashes, never a token itself")
    return text


class HttpIntakeSettings(Section):
    """The address at which HR systems send events over HTTP."""

    listen: Annotated[str, AfterValidator(_listen)]
    """``127.0.0.1:9465`` or ``unix:/run/usrec/intake.sock`` behind a reverse proxy; any other address needs TLS."""
    certificate: Path | None = None
    """TLS certificate with its chain, PEM."""
    certificate_key: Path | None = None
    """Private key of that certificate, PEM; for its owner alone."""
    most_kilobytes: Annotated[Number, Field(ge=1, le=65536)] = 1024
    """Largest request."""
    most_events: Annotated[Number, Field(ge=1, le=10000)] = 500
    """Events in one request at most."""
    requests_per_minute: Annotated[Number, Field(ge=1, le=100000)] = 600
    """Requests of one source at most; one more is answered 429."""


class StateWebhookSettings(Section):
    """Where an HR system is told at once that the state of an event has changed."""

    url: Annotated[str, Field(repr=False)]
    """An https address; http to this machine alone."""
    secret: SecretSettings
    """What signs each message (HMAC-SHA256)."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    timeout: Seconds = timedelta(seconds=10)
    """For each phase of a message."""


class HttpSourceSettings(Section):
    """An HR system that sends its events over HTTP."""

    kind: Literal["http"]
    """``http``: it posts events to the address of [intake]."""
    token_hashes: Annotated[tuple[Annotated[str, AfterValidator(_digest)], ...], Field(min_length=1)]
    """SHA-256 of each token that it may use; ``usrec intake token`` makes one. Two while a token is changed."""
    employers: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Names of the employers whose events it may send; a request with another one's is refused. All when absent."""
    language: Language = "en"
    """Language of what it is told."""
    approved: ApprovedFiles = {}  # noqa: RUF012 -- a pydantic model copies it
    """Fields in which HR writes its own values, each with the review file that has codes for them."""
    webhook: StateWebhookSettings | None = None
