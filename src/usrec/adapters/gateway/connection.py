"""The https connection to the gateway: what is refused, trusted and waited for.

TLS verification has no switch. Several clients of ShEP turned it off because the gateway's certificate came from an
authority of its own; the way here is to name that authority in ``ca_file``. Plain http is taken to loopback only (the
simulator), with a warning. Proxies and certificates from the environment are ignored, because what an operator did not
write into the settings must not decide where signed personal data goes. A proxy of the settings opens a tunnel
(CONNECT, RFC 9110, 9.3.6), through which TLS is verified with the gateway itself; the proxy reads nothing.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx
import structlog

from usrec.adapters.gateway.kept_transport import KeptTransport
from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret
from usrec.domain.this_machine import is_this_machine

_SETTING: Final = "gateway.url"
_PROXY_SETTING: Final = "gateway.proxy"
_log = structlog.get_logger("usrec.gateway")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each phase of one exchange may take.

    Attributes:
        connect: Until TCP and TLS are up; nothing was sent before.
        write: Between two portions of the request.
        read: Until the answer begins, and between two portions of it; known clients wait a minute.
        pool: For a free connection; nothing was sent before.
        answer: Until the whole answer is there, counted from its first line.
    """

    connect: timedelta = timedelta(seconds=10)
    write: timedelta = timedelta(seconds=30)
    read: timedelta = timedelta(seconds=60)
    pool: timedelta = timedelta(seconds=10)
    answer: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy that opens tunnels.

    Attributes:
        url: ``http://host:port``, or ``https://host:port`` with a certificate that the system trusts.
        user: Name for Basic authentication (RFC 7617); none when absent.
    """

    url: str
    user: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the gateway listens.

    Attributes:
        ca_file: Authorities to trust instead of the system's, PEM.
        connections: Upper bound of simultaneous connections.
        keep_alive: How long an idle connection may be used again. Kept short: the gateway may close it at the very
            moment of the next request, and such a request is in doubt.
        proxy: The way there; straight when absent.
    """

    url: str
    ca_file: Path | None = None
    timeouts: Timeouts = Timeouts()
    connections: int = 8
    keep_alive: timedelta = timedelta(seconds=2)
    proxy: Proxy | None = None


def open_client(endpoint: Endpoint) -> httpx.Client:
    """A client for single questions to this endpoint only; no redirects, no proxies of the environment, no retries.

    Raises:
        ConfigurationError: The address, the proxy or the file of authorities cannot be used.
    """
    return httpx.Client(
        transport=_usual_transport(endpoint),
        trust_env=False,
        follow_redirects=False,
        timeout=phases(endpoint.timeouts),
        headers={"User-Agent": "usrec-agent", "Accept-Encoding": "identity"},
    )


def open_transport(endpoint: Endpoint) -> httpx.BaseTransport:
    """What messages go by: connections that are kept; through a proxy, httpx's own. Safe in threads.

    Raises:
        ConfigurationError: The address, the proxy or the file of authorities cannot be used.
    """
    if endpoint.proxy is not None:
        return _usual_transport(endpoint)
    require_safe(endpoint.url)
    trusted = trust(endpoint.ca_file)
    trusted.set_alpn_protocols(["http/1.1"])
    return KeptTransport(
        httpx.URL(endpoint.url), trusted, connections=endpoint.connections, keep_alive=endpoint.keep_alive
    )


def phases(waits: Timeouts) -> httpx.Timeout:
    """The same in httpx's words."""
    return httpx.Timeout(
        connect=waits.connect.total_seconds(),
        write=waits.write.total_seconds(),
        read=waits.read.total_seconds(),
        pool=waits.pool.total_seconds(),
    )


def _usual_transport(endpoint: Endpoint) -> httpx.HTTPTransport:
    require_safe(endpoint.url, by_proxy=endpoint.proxy is not None)
    return httpx.HTTPTransport(
        verify=trust(endpoint.ca_file),
        proxy=None if endpoint.proxy is None else _way_through(endpoint.proxy),
        trust_env=False,
        limits=httpx.Limits(
            max_connections=endpoint.connections,
            max_keepalive_connections=endpoint.connections,
            keepalive_expiry=endpoint.keep_alive.total_seconds(),
        ),
    )


def require_safe(address: str, *, by_proxy: bool = False) -> None:
    """Make sure that personal data may go to an address.

    Raises:
        ConfigurationError: It is no https address, and not plain http to this very machine.
    """
    try:
        url = httpx.URL(address)
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        raise _unusable("is not an address") from None
    if url.scheme not in {"https", "http"} or not url.host:
        raise _unusable("does not begin with https:// and a host")
    if url.userinfo or url.fragment:
        raise _unusable("holds a user name, a password or a fragment, which have no meaning here")
    if url.scheme == "http" and not is_this_machine(url.host):
        raise _unusable("is plain http to another machine; personal data goes over https only")
    if url.scheme == "http" and by_proxy:
        raise _unusable("is plain http, which a proxy would read; through a proxy goes https only")


def warn_of_plain_http(endpoint: Endpoint) -> None:
    """Say in the log that an endpoint, which can only be on this machine, is reached without TLS."""
    if httpx.URL(endpoint.url).scheme == "http":
        what = "the gateway is reached without TLS, as only a simulator on this machine may be"
        _log.warning(what, action="gateway.plain_http")


def _way_through(proxy: Proxy) -> httpx.Proxy:
    try:
        url = httpx.URL(proxy.url)
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        raise _no_proxy("is not an address") from None
    if url.scheme not in {"https", "http"} or not url.host or url.userinfo:
        raise _no_proxy("is not http://host:port or https://host:port")
    login = None if proxy.user is None or proxy.password is None else (proxy.user, proxy.password.reveal())
    return httpx.Proxy(url, auth=login, ssl_context=trust(None) if url.scheme == "https" else None)


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """A context that verifies certificate and host name: by the named authorities, else by the system's.

    Raises:
        ConfigurationError: The file cannot be read, or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(
            f"the file of certificate authorities cannot be used ({reason})",
            where=str(ca_file),
            next_step="Name a readable PEM file in gateway.ca_file, or leave it out to trust the system's authorities",
        ) from None


def _no_proxy(why: str) -> ConfigurationError:
    next_step = "Write its address as url, and its user and password as settings of their own"
    return ConfigurationError(f"the proxy's address {why}", where=_PROXY_SETTING, next_step=next_step)


def _unusable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the gateway's address {why}", where=_SETTING, next_step="Write the https address that ShEP gave you"
    )
