"""Alerts as JSON to an https address.

A message that is sent again, because nobody knows whether it arrived, has the same ``Idempotency-Key`` (IETF draft
draft-ietf-httpapi-idempotency-key-header-07) and the same ``id``. Redirects are not followed: where alerts go is said
in the settings alone. The address may itself be a secret, so that errors name its host only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Final

import httpx

from usrec.adapters.alerts.way import cut_off, trust
from usrec.domain.alert import OpenAlert
from usrec.domain.errors import AlertNotTaken, ConfigurationError
from usrec.domain.secret import Secret
from usrec.domain.this_machine import is_this_machine
from usrec.ports.alert_sink import AlertMessage

MOST_ALERTS: Final = 200
"""So many alerts stand one by one in a message."""


@dataclass(frozen=True, slots=True)
class WebProxy:
    """An HTTP proxy on the way."""

    url: str
    user: str | None = None
    password: Secret | None = None


class WebhookAlertSink:
    """Posts each message; a status from 200 to 299 means taken.

    Args:
        token: Sent as ``Authorization: Bearer``.
        ca_file: Authorities to trust instead of the system's, PEM.
        timeout: For each phase of the request.

    Raises:
        ConfigurationError: The address is plain http to another machine, or a file cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: timedelta,
        token: Secret | None = None,
        ca_file: Path | None = None,
        proxy: WebProxy | None = None,
    ) -> None:
        self._url = safe_address(url)
        self._timeout = timeout
        self._token = token
        self._trust = trust(ca_file)
        self._proxy = None if proxy is None else _way_through(proxy)

    def deliver(self, message: AlertMessage) -> None:
        """Post it.

        Raises:
            AlertNotTaken: No answer, or another one than 2xx.
        """
        headers = {"Idempotency-Key": f'"{message.id}"', "User-Agent": "usrec-agent"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        try:
            with (
                cut_off(self._timeout) as watched,
                self._client() as client,
                client.stream("POST", self._url, json=payload(message), headers=headers, extensions=watched) as answer,
            ):
                status = answer.status_code
        except httpx.HTTPError as problem:
            raise self._not_taken(no_answer(problem)) from None
        if not 200 <= status < 300:
            raise self._not_taken(f"the answer was {status}")

    def _client(self) -> httpx.Client:
        return httpx.Client(
            verify=self._trust,
            proxy=self._proxy,
            trust_env=False,
            follow_redirects=False,
            timeout=self._timeout.total_seconds(),
        )

    def _not_taken(self, what: str) -> AlertNotTaken:
        return AlertNotTaken(what, where=self._url.host, next_step="Look at the address, its token and the network")


def payload(message: AlertMessage) -> Mapping[str, object]:
    """A message as JSON values; programs may rely on the keys."""
    return {
        "id": message.id,
        "kind": message.kind.value,
        "urgent": message.urgent,
        "at": message.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "language": message.language,
        "subject": message.subject,
        "text": message.text,
        "alerts": [_alert(one) for one in message.alerts[:MOST_ALERTS]],
        "left_out": max(0, len(message.alerts) - MOST_ALERTS),
    }


def _alert(one: OpenAlert) -> Mapping[str, object]:
    alert = one.alert
    return {
        "submission": alert.submission_id,
        "event": one.event,
        "employer": alert.employer,
        "operation": alert.operation,
        "watched": alert.watched.value,
        "threshold": alert.threshold.value,
        "last_day": alert.last_day.isoformat(),
        "state": one.state.value,
        "code": one.code,
        "wait_reason": one.wait_reason,
    }


def safe_address(address: str) -> httpx.URL:
    """An address on whose way nobody can listen.

    Raises:
        ConfigurationError: It is none.
    """
    try:
        url = httpx.URL(address)
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        raise ConfigurationError("the webhook's url is not an address", next_step="Write an https address") from None
    if url.scheme == "https" or (url.scheme == "http" and is_this_machine(url.host)):
        return url
    raise ConfigurationError(
        "the webhook's url is neither https nor http to this machine",
        where=url.host,
        next_step="Write an https address",
    )


def _way_through(proxy: WebProxy) -> httpx.Proxy:
    login = None if proxy.user is None or proxy.password is None else (proxy.user, proxy.password.reveal())
    url = httpx.URL(proxy.url)
    return httpx.Proxy(url, auth=login, ssl_context=trust(None) if url.scheme == "https" else None)


def no_answer(problem: httpx.HTTPError) -> str:
    """What happened, without the address: that may hold a secret."""
    match problem:
        case httpx.TimeoutException():
            return f"no answer in time ({type(problem).__name__})"
        case httpx.ConnectError():
            return f"no connection ({problem})"
        case httpx.ProxyError():
            return f"the proxy refused ({problem})"
        case _:
            return f"the exchange broke off ({type(problem).__name__})"
