"""Asking servers of the NCA over HTTP: revocation lists, OCSP, timestamps.

Source: RFC 5280, 4.2.1.13, RFC 6960, appendix A, RFC 3161, 3.4. What comes back is signed, so plain HTTP is usual;
where the address is https, the certificate of the server is verified. Only the standard library is used, and nothing is
taken from the environment: the caller names the proxy.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from kzeds.errors import UnreachableError
from kzeds.timed_http import Cutter

MAXIMUM_SIZE = 64_000_000
"""Bytes of an answer that is read."""

_PIECE = 65536


class Fetch(Protocol):
    """Asks a server; `body` None means GET, else POST with that content type."""

    def __call__(self, url: str, body: bytes | None = None, *, content_type: str = "") -> bytes:
        """Return the body of an answer with status 200.

        Raises:
            UnreachableError: There was no such answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class HttpFetch:
    """Asks over HTTP.

    Source: RFC 6960, appendix A, RFC 3161, 3.4, RFC 5280, 4.2.1.13. It raises `UnreachableError` and nothing else.

    Attributes:
        timeout: Seconds for each answer as a whole, from the connection to its last byte.
        proxy: Address of an HTTP proxy, with user and password where it wants them, or None; the environment is not
            asked.
        maximum_size: Bytes, 64 000 000 unless you say otherwise; a longer answer is refused.
        tls: How https servers are verified; None is the system's authorities.
    """

    timeout: float = 20.0
    proxy: str | None = field(default=None, repr=False)
    maximum_size: int = MAXIMUM_SIZE
    tls: ssl.SSLContext | None = None

    def __call__(self, url: str, body: bytes | None = None, *, content_type: str = "") -> bytes:
        """Return the body of an answer with status 200.

        Raises:
            UnreachableError: There was no such answer in time, or it is too long, or the address is not http(s).
        """
        if not url.startswith(("http://", "https://")):
            raise UnreachableError(
                f"{_shown(url)} is not an http or https address: it has to begin with http:// or https://"
            )
        headers = {"Content-Type": content_type} if content_type else {}
        with Cutter(self.timeout) as cutter:
            try:
                return self._ask(urllib.request.Request(url, body, headers), cutter)  # noqa: S310 - the scheme is checked
            except urllib.error.HTTPError as error:
                error.close()
                raise UnreachableError(f"{_shown(url)} answered with status {error.code}") from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                if cutter.is_over:
                    raise self._too_slow(url) from None
                reason = getattr(error, "reason", None) or error
                raise UnreachableError(f"{_shown(url)} cannot be reached: {reason}") from None

    def _ask(self, request: urllib.request.Request, cutter: Cutter) -> bytes:
        proxies = {} if self.proxy is None else {"http": self.proxy, "https": self.proxy}
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler(proxies),
            *cutter.handlers(self.tls or ssl.create_default_context()),
            _SameHost(),
        )
        with opener.open(request, timeout=self.timeout) as answer:
            if answer.status != 200:
                raise UnreachableError(f"{_shown(request.full_url)} answered with status {answer.status}")
            found = self._read(answer, _shown(request.full_url), cutter)
        if cutter.is_over:
            raise self._too_slow(request.full_url)
        return found

    def _read(self, answer: Any, shown: str, cutter: Cutter) -> bytes:
        found = bytearray()
        while piece := answer.read1(_PIECE):
            found += piece
            if len(found) > self.maximum_size:
                raise UnreachableError(f"{shown} sent more than {self.maximum_size} bytes")
        if answer.length and not cutter.is_over:
            raise UnreachableError(f"{shown} broke its answer off")
        return bytes(found)

    def _too_slow(self, url: str) -> UnreachableError:
        return UnreachableError(f"{_shown(url)} did not finish its answer in {self.timeout:g} seconds")


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects on the same server only: elsewhere is not where the settings point to."""

    def redirect_request(  # noqa: PLR0917 - the signature is the base class's
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """Refuse another host, another port or another scheme."""
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _shown(url: str) -> str:
    """The address without user, password and query."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return "the address"
    if not parts.netloc:
        return "the address" if "@" in url else url.partition("?")[0]
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
