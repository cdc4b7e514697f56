"""One harmless look at the gateway: is it there, does its certificate verify, what does its clock say.

It asks for the WSDL, as the agent does when it starts, by the same address, proxy and authorities as messages,
and reads nothing of the answer but its head. A head that never ends is cut off. Sources: RFC 9110 section 6.6.1 (Date);
RFC 5280 (notAfter).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Final

import httpx

from kzeds.timed_http import Cutter
from usrec.adapters.gateway.connection import Endpoint, open_client
from usrec.ports.clock import Clock

_CONNECTED: Final = "connection.connect_tcp.complete"
"""httpcore's word for the moment when there is a socket, to the proxy where there is one."""
_NEVER_CONNECTED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A gateway that answered.

    Attributes:
        asked_at: Our time half-way between question and answer, aware UTC.
        date: The gateway's time by its Date header, to the second; None where it tells none.
        certificate_ends: Last moment of the server's certificate; None without TLS.
    """

    asked_at: datetime
    date: datetime | None
    certificate_ends: datetime | None


class Stage(Enum):
    """How far a look came that saw no answer."""

    CONNECTING = "connecting"
    """Name, TCP or TLS, to the proxy where there is one, or through it."""
    PROXY = "proxy"
    """The proxy was asked for a tunnel and opened none."""
    WAITING = "waiting"
    """The connection was up."""


class GatewayNotSeenError(Exception):
    """No answer came.

    Attributes:
        cause: What the operating system, TLS or the proxy said.
    """

    def __init__(self, stage: Stage, cause: BaseException) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.stage = stage
        self.cause = cause


def look_at(endpoint: Endpoint, clock: Clock) -> Glimpse:
    """Ask for ``<url>?wsdl`` and read the head of the answer, whatever its status.

    Raises:
        ConfigurationError: The endpoint's address, authorities or proxy cannot be used.
        GatewayNotSeenError: No answer came.
    """
    address, waits = httpx.URL(endpoint.url).copy_with(query=b"wsdl"), endpoint.timeouts
    whole = 2 * (waits.connect + waits.write + waits.read)
    with Cutter(whole.total_seconds()) as cutter, open_client(endpoint) as client:
        asked = _Asked(cutter)
        before = clock.now()
        try:
            with client.stream("GET", address, extensions={"trace": asked}) as response:
                after = clock.now()
                return Glimpse(before + (after - before) / 2, _date_of(response), _end_of_certificate(response))
        except _NEVER_CONNECTED as error:
            raise GatewayNotSeenError(Stage.CONNECTING, _cause(error)) from error
        except (httpx.HTTPError, OSError) as error:
            stage = Stage.PROXY if asked.method == b"CONNECT" else Stage.WAITING
            raise GatewayNotSeenError(stage, error if stage is Stage.PROXY else _cause(error)) from error


class _Asked:
    """The method of the last request that httpcore began to write, by its ``trace`` extension.

    Args:
        cutter: Is to watch the connection.
    """

    def __init__(self, cutter: Cutter) -> None:
        self.method = b""
        self._cutter = cutter

    def __call__(self, event: str, details: Mapping[str, Any]) -> None:
        if event == _CONNECTED:
            self._cutter.watch(details["return_value"].get_extra_info("socket"))
        self.method = getattr(details.get("request"), "method", self.method)


def _cause(error: BaseException) -> BaseException:
    """The operating system's or TLS's own error below the library's; where there is none, the library's."""
    below: BaseException | None = error
    while below is not None and not isinstance(below, OSError):
        below = below.__cause__ or below.__context__
    return below or error


def _date_of(response: httpx.Response) -> datetime | None:
    try:
        date = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)


def _end_of_certificate(response: httpx.Response) -> datetime | None:
    stream = response.extensions.get("network_stream")
    connection = None if stream is None else stream.get_extra_info("ssl_object")
    shown = None if connection is None else connection.getpeercert()
    if not shown:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), tz=UTC)
