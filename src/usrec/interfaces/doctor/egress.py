"""What a firewall must let through, read from the settings alone: nothing is connected and no name is looked up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from usrec.domain.errors import ConfigurationError
from usrec.interfaces.i18n import N_
from usrec.settings import HttpSourceSettings, KeySettings, LoadedSettings, ProxySettings, databases, is_fetched
from usrec.settings.listen import TcpAddress, read_listen

POSTGRESQL: Final = 5432
_SERVERS: Final = {
    "mysql": ("mysql", 3306),
    "mariadb": ("mysql", 3306),
    "mssql": ("tds", 1433),
    "oracle": ("tcps", 2484),
}
"""Protocol and usual port, by the scheme of an address."""
HTTPS: Final = 443
HTTP: Final = 80


class Side(StrEnum):
    """Who opens the connection."""

    AGENT = "agent"
    PROXY = "proxy"
    MONITORING = "monitoring"
    """Inbound: whoever asks for the agent's health."""
    HR_SYSTEM = "hr_system"
    """Inbound: an HR system that sends events."""
    PROGRAM = "program"
    """A program of the administrator, whose connections the settings do not tell."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One connection to be let through.

    Attributes:
        host: Name or address as the settings have it; empty for a program.
        port: None for a program.
        protocol: What goes over TCP.
        setting: Where it comes from.
        why: What for, in English, marked for the catalogues.
    """

    side: Side
    host: str
    port: int | None
    protocol: str
    setting: str
    why: str


def openings(settings: LoadedSettings) -> Sequence[Opening]:
    """Every connection that the settings call for.

    Raises:
        ConfigurationError: An address cannot be read.
    """
    return [
        *_gateway(settings),
        *_trust(settings),
        *_signers(settings),
        *_databases(settings),
        *_webhooks(settings),
        *_intake(settings),
        *_mail(settings),
        *_health(settings),
        *_programs(settings),
    ]


def _gateway(settings: LoadedSettings) -> Iterator[Opening]:
    gateway = settings.values.gateway
    why = N_("registering contracts: the way to ShEP, and its WSDL")
    yield from _web("gateway", gateway.url, gateway.proxy, why)


def _trust(settings: LoadedSettings) -> Iterator[Opening]:
    trust = settings.values.trust
    if trust is None:
        return
    why = N_("whether certificates were revoked")
    named = [(trust.ocsp, "[trust] ocsp")]
    for one in trust.crl:
        named += [(one.url, "[[trust.crl]] url"), (one.delta_url, "[[trust.crl]] delta_url")]
    for url, setting in named:
        if url is not None:
            yield from _web("trust", url, trust.proxy, why, setting=setting)


def _signers(settings: LoadedSettings) -> Iterator[Opening]:
    """NCANode; the signer daemon is asked over a Unix socket."""
    values = settings.values
    transport = values.gateway.transport_key
    keys: list[tuple[str, KeySettings]] = [] if transport is None else [("gateway.transport_key", transport)]
    for name, employer in values.employer.items():
        keys += [(f"employer.{name}", employer)]
        keys += [(f"employer.{name}.next_key {number}", one) for number, one in enumerate(employer.next_key, 1)]
    for table, key in keys:
        if key.ncanode is not None:
            yield from _web(f"{table}.ncanode", key.ncanode.url, None, N_("signing with a key, by NCANode"))


def _web(
    table: str, url: str, proxy: ProxySettings | None, why: str, *, setting: str | None = None
) -> Iterator[Opening]:
    """An address of the web; where there is a proxy, the agent talks to that alone."""
    named = setting or f"[{table}] url"
    target = _read(url, named)
    port = target.port or (HTTPS if target.scheme == "https" else HTTP)
    host = target.hostname or ""
    if proxy is None:
        yield Opening(Side.AGENT, host, port, target.scheme, named, why)
        return
    way = _read(proxy.url, f"[{table}.proxy] url")
    through = N_("the proxy on the way; it opens a tunnel")
    usual = HTTPS if way.scheme == "https" else HTTP
    yield Opening(Side.AGENT, way.hostname or "", way.port or usual, "http CONNECT", f"[{table}.proxy] url", through)
    yield Opening(Side.PROXY, host, port, target.scheme, named, why)


def _databases(settings: LoadedSettings) -> Iterator[Opening]:
    values = settings.values
    for host, port in database_servers(values.ledger.url, "[ledger] url"):
        yield Opening(Side.AGENT, host, port, "postgresql", "[ledger] url", N_("the agent's own database"))
    for name, source in databases(values.source):
        setting = f"[source.{name}] url"
        if is_fetched(source.url):
            yield from _service(name, source.url)
            continue
        for protocol, host, port in _hr_servers(source.url, setting):
            yield Opening(Side.AGENT, host, port, protocol, setting, N_("the HR database"))


def _hr_servers(url: str, setting: str) -> Iterator[tuple[str, str, int]]:
    parts = _read(url, setting)
    protocol, usual = _SERVERS.get(parts.scheme.partition("+")[0], ("", 0))
    if protocol and parts.hostname and "unix_socket" not in parse_qs(parts.query):
        yield protocol, parts.hostname, parts.port or usual
    for host, port in database_servers(url, setting):
        yield "postgresql", host, port


def _service(name: str, url: str) -> Iterator[Opening]:
    """HR's system where it is asked over HTTP; a folder of files needs no opening."""
    if not url.startswith("file:"):
        yield from _web(f"source.{name}", url, None, N_("the HR database"))


def _read(url: str, setting: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise _unreadable(setting) from None
    return parts


def _unreadable(setting: str) -> ConfigurationError:
    return ConfigurationError("this is not an address", where=setting, next_step="Correct it, then ask again")


def database_servers(url: str, setting: str) -> Iterator[tuple[str, int]]:
    """Hosts and ports of a PostgreSQL address (libpq, 34.1.1.2); none for files and Unix sockets.

    Raises:
        ConfigurationError: It cannot be read.
    """
    parts = _read(url, setting)
    if not parts.scheme.startswith("postgres"):
        return
    query = parse_qs(parts.query)
    hosts = [host for given in query.get("host", []) for host in given.split(",")] or [parts.hostname or ""]
    ports = [port for given in query.get("port", []) for port in given.split(",")] or [str(parts.port or POSTGRESQL)]
    for index, host in enumerate(hosts):
        if host and not host.startswith("/"):
            name, _, own = host.partition(":") if host.count(":") == 1 else (host, "", "")
            port = own or ports[min(index, len(ports) - 1)]
            if not port.isdecimal():
                raise _unreadable(setting)
            yield name, int(port)


def _webhooks(settings: LoadedSettings) -> Iterator[Opening]:
    for name, sink in settings.values.alerts.webhook.items():
        yield from _web(f"alerts.webhook.{name}", sink.url, sink.proxy, N_("alerts about deadlines"))


def _intake(settings: LoadedSettings) -> Iterator[Opening]:
    """Where HR systems send events, and where they are told what became of them."""
    values = settings.values
    address = None if values.intake is None else read_listen(values.intake.listen)
    if values.intake is not None and isinstance(address, TcpAddress):
        near = N_("events of HR systems, by a reverse proxy on this machine: nothing to open to others")
        far = N_("events of HR systems: open it to these alone")
        protocol = "http" if values.intake.certificate is None else "https"
        why = near if address.is_loopback else far
        yield Opening(Side.HR_SYSTEM, address.host, address.port, protocol, "[intake] listen", why)
    for name, source in values.source.items():
        if isinstance(source, HttpSourceSettings) and source.webhook is not None:
            why = N_("telling the HR system what became of its events")
            yield from _web(f"source.{name}.webhook", source.webhook.url, None, why)


def _mail(settings: LoadedSettings) -> Iterator[Opening]:
    for name, sink in settings.values.alerts.mail.items():
        protocol = "smtp" if sink.security == "none" else f"smtp {sink.security}"
        table = f"[alerts.mail.{name}] host"
        yield Opening(Side.AGENT, sink.host, sink.port, protocol, table, N_("alerts about deadlines"))


def _health(settings: LoadedSettings) -> Iterator[Opening]:
    listen = settings.values.health.listen
    address = None if listen is None else read_listen(listen)
    if isinstance(address, TcpAddress):
        near = N_("health and metrics, asked from this machine only: nothing to open to others")
        far = N_("health and metrics: open it to your monitoring alone")
        why = near if address.is_loopback else far
        yield Opening(Side.MONITORING, address.host, address.port, "http", "[health] listen", why)


def _programs(settings: LoadedSettings) -> Iterator[Opening]:
    for name in settings.values.alerts.command:
        why = N_("a program of yours: what it connects to is not known here")
        yield Opening(Side.PROGRAM, "", None, "", f"[alerts.command.{name}] command", why)
