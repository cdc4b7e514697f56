"""Changes of state as JSON to an HR system's address, each message signed.

The header ``Usrec-Signature: t=SECONDS,v1=HEX`` holds the time of sending and an HMAC-SHA256 (RFC 2104) over
``SECONDS.BODY``: who knows the secret can tell that the message is ours, whole and fresh. A message that is sent again
has the same ``Idempotency-Key``. Redirects are not followed. The address may itself be a secret.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from usrec.adapters.alerts.way import cut_off, trust
from usrec.adapters.alerts.webhook import no_answer, safe_address
from usrec.domain.errors import SourceUnavailable
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName
from usrec.ports.clock import Clock
from usrec.ports.intake import Call

SIGNATURE: Final = "Usrec-Signature"


class StateWebhook:
    """Posts each call; a status from 200 to 299 means taken.

    Args:
        secret: Signs the messages.
        ca_file: Authorities to trust instead of the system's, PEM.
        timeout: For each phase of a message.

    Raises:
        ConfigurationError: The address is plain http to another machine, or a file cannot be used.
    """

    def __init__(
        self,
        source: SourceName,
        url: str,
        secret: Secret,
        *,
        clock: Clock,
        timeout: timedelta,
        ca_file: Path | None = None,
    ) -> None:
        self._source = source
        self._url = safe_address(url)
        self._secret = secret
        self._clock = clock
        self._timeout = timeout
        self._trust = trust(ca_file)

    @property
    def source(self) -> SourceName:
        """Whose events it hears of."""
        return self._source

    def tell(self, call: Call) -> None:
        """Post it.

        Raises:
            SourceUnavailable: No answer, or another one than 2xx.
        """
        body = call.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "usrec-agent",
            "Idempotency-Key": f'"{call.id}"',
            SIGNATURE: signature(self._secret, int(self._clock.now().timestamp()), body),
        }
        try:
            with (
                cut_off(self._timeout) as watched,
                self._client() as client,
                client.stream("POST", self._url, content=body, headers=headers, extensions=watched) as answer,
            ):
                status = answer.status_code
        except httpx.HTTPError as problem:
            raise self._not_taken(no_answer(problem)) from None
        if not 200 <= status < 300:
            raise self._not_taken(f"the answer was {status}")

    def _client(self) -> httpx.Client:
        return httpx.Client(
            verify=self._trust, trust_env=False, follow_redirects=False, timeout=self._timeout.total_seconds()
        )

    def _not_taken(self, what: str) -> SourceUnavailable:
        return SourceUnavailable(
            f"the HR system was not told of a change: {what}",
            where=f"[source.{self._source}.webhook] {self._url.host}",
            kept="It is told again later, and can ask at any time",
            next_step="Look at the address, its certificate and the network",
        )


def signature(secret: Secret, seconds: int, body: bytes) -> str:
    """The value of the header.

    Args:
        seconds: The time of sending, since 1970.
    """
    digest = hmac.digest(secret.reveal().encode(), f"{seconds}.".encode() + body, "sha256").hex()
    return f"t={seconds},v1={digest}"
