"""Sending secrets to a server that is one's own: over verified TLS, or to this very machine.

Source: RFC 9110. Only the standard library is used. Proxies of the environment are not asked and redirects are not
followed, so that the secrets go to no other server than the one that the settings name.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

from kzeds.errors import SignerRefusedError, SignerUnreachableError, SignerUntrustworthyError
from kzeds.timed_http import Cutter

MAXIMUM_SIZE = 8_000_000
"""Bytes of an answer that are read."""

_PHASES = 3
"""To connect, to send, and for the answer."""
_PIECE = 65536
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: the HTTP status and the whole body."""

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PrivateServer:
    """A server that may be told secrets. Each request has its own connection, so that threads share nothing.

    Attributes:
        name: Its address, for messages.
        path: Path that the addresses of its operations begin with, without the closing slash.
        timeout: Seconds to connect, to send, and for the answer, each; the three together are cut off in any case.
        maximum_size: Bytes; a longer answer is refused.
        connect: Makes a connection that is not yet opened.
    """

    name: str
    path: str
    timeout: float
    connect: Callable[[Cutter], http.client.HTTPConnection] = field(repr=False)
    maximum_size: int = MAXIMUM_SIZE

    @classmethod
    def at(cls, url: str, *, ca_file: Path | None, timeout: timedelta) -> Self:
        """Take the address of a server; nothing is sent yet.

        Args:
            url: https, or plain http to this machine.
            ca_file: Authorities (PEM) to verify it by; None takes the system's.
            timeout: For each phase of a request.

        Raises:
            SignerRefusedError: When secrets must not go there (`address`), or `ca_file` cannot be read (`ca_file`).
        """
        parts = _safe_address(url)
        host, port, seconds = parts.hostname or "", parts.port, timeout.total_seconds()
        name = f"{parts.scheme}://{parts.netloc}{parts.path}"
        tls = None if parts.scheme == "http" else _tls(ca_file)
        return cls(name, parts.path, seconds, lambda cutter: cutter.connection(host, port, timeout=seconds, tls=tls))

    def post(self, operation: str, request: Mapping[str, Any]) -> Answer:
        """Send a JSON object and return the answer, whatever its status.

        Raises:
            SignerUnreachableError: When there was no whole answer in time.
            SignerUntrustworthyError: When the answer is too long.
        """
        with Cutter(_PHASES * self.timeout) as cutter, closing(self.connect(cutter)) as connection:
            try:
                return self._exchange(connection, f"{self.path}/{operation}", json.dumps(request).encode())
            except (OSError, http.client.HTTPException, SignerUnreachableError) as error:
                if cutter.is_over or isinstance(error, TimeoutError):
                    raise SignerUnreachableError(f"{self.name} did not answer in {self.timeout:g} seconds") from None
                if isinstance(error, SignerUnreachableError):
                    raise
                raise SignerUnreachableError(f"{self.name} cannot be reached: {_reason(error)}") from None

    def _exchange(self, connection: http.client.HTTPConnection, path: str, body: bytes) -> Answer:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        found = bytearray()
        while piece := response.read1(_PIECE):
            found += piece
            if len(found) > self.maximum_size:
                raise SignerUntrustworthyError(f"{self.name} sent more than {self.maximum_size} bytes")
        if response.length:
            raise SignerUnreachableError(f"{self.name} broke its answer off")
        return Answer(response.status, bytes(found))


def is_this_machine(host: str) -> bool:
    """Say whether what goes to `host`, an IP address or a name, cannot leave the machine; no name is looked up."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return any(address in network for network in _LOOPBACK)


def _safe_address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.rstrip("/"))
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        raise SignerRefusedError("the signer's address is not an http or https address", reason="address")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SignerRefusedError("the signer's address must hold no user, password or query", reason="address")
    if parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
        raise SignerRefusedError(
            f"keys and passwords go to {parts.hostname} over https only; plain http is for this machine",
            reason="address",
        )
    return parts


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:
        raise SignerRefusedError(
            f"{ca_file}: the authorities for TLS cannot be read: {_reason(error)}", reason="ca_file"
        ) from None


def _reason(error: Exception) -> str:
    """The cause in words that repeat nothing of what was sent or received."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its TLS certificate is not trusted ({error.verify_message})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
