"""The way to the gateway: name, TCP, proxy, TLS; and what its answer tells: its clock, its WSDL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from usrec.domain.errors import ConfigurationError
from usrec.interfaces.doctor.finding import WARN_DAYS, Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.doctor.obstacles import Obstacle, obstacle_of, reason_of
from usrec.interfaces.i18n import N_

if TYPE_CHECKING:
    from usrec.adapters.gateway.connection import Endpoint
    from usrec.adapters.gateway.probe import GatewayNotSeenError, Glimpse

PATIENCE: Final = timedelta(seconds=10)
"""How long the doctor waits for the head of an answer, at most."""
DRIFT: Final = timedelta(seconds=30)
"""A clock that is kept by NTP is never so far off."""

UNUSABLE: Final = Kind(
    "tls",
    "unusable",
    Verdict.FAIL,
    N_("The settings of the gateway cannot be used: {why}"),
    N_("Mend url, ca_file or proxy in [gateway]"),
)
VERIFIED: Final = Kind(
    "tls",
    "verified",
    Verdict.OK,
    N_("{host} answers, and its certificate is trusted. It is valid until {until}; days left: {days}"),
)
ENDS_SOON: Final = Kind(
    "tls",
    "ends_soon",
    Verdict.WARN,
    N_("{host} answers, and its certificate is trusted, but only until {until}; days left: {days}"),
    N_("Its owner renews it. When the new one comes from another authority, put that into [gateway] ca_file in time"),
)
PLAIN: Final = Kind(
    "tls",
    "plain",
    Verdict.WARN,
    N_("{host} answers without TLS, as only a simulator on this machine may"),
    N_("For USREC write the https address that ShEP gave you into [gateway] url"),
)
UNRESOLVED: Final = Kind(
    "tls",
    "unresolved",
    Verdict.FAIL,
    N_("The name {host} is not known to this machine's name service"),
    N_("Check its spelling in [gateway]; in a closed network ask for the name in the DNS, or put it into /etc/hosts"),
)
REFUSED: Final = Kind(
    "tls",
    "refused",
    Verdict.FAIL,
    N_("{host} refuses the connection: nothing listens there, or a firewall says no"),
    N_("Check the port in [gateway], and the firewall: usrec doctor --egress lists what must be open"),
)
TIMEOUT: Final = Kind(
    "tls",
    "timeout",
    Verdict.FAIL,
    N_("{host} does not answer: most likely a firewall lets nothing through"),
    N_("Have the firewall opened: usrec doctor --egress lists what must be open"),
)
UNREACHABLE: Final = Kind(
    "tls",
    "unreachable",
    Verdict.FAIL,
    N_("No connection to {host} can be made: {why}"),
    N_("Check this machine's network and routes"),
)
PROXY: Final = Kind(
    "tls",
    "proxy",
    Verdict.FAIL,
    N_("The proxy does not let us through to {host}: {why}"),
    N_("Check user and password in [gateway.proxy]; the proxy must allow CONNECT to {host}"),
)
UNKNOWN_AUTHORITY: Final = Kind(
    "tls",
    "unknown_authority",
    Verdict.FAIL,
    N_("The certificate of {host} comes from an authority that is not trusted here ({why})"),
    N_("Get that authority's certificate from ShEP's operator by a safe way and name its file in [gateway] ca_file"),
)
OTHER_NAME: Final = Kind(
    "tls",
    "other_name",
    Verdict.FAIL,
    N_("The certificate of {host} is for another name ({why})"),
    N_("Write the name that the certificate has into [gateway] url; if the name is right, somebody stands between"),
)
EXPIRED: Final = Kind(
    "tls",
    "expired",
    Verdict.FAIL,
    N_("The certificate of {host}, or of its authority, has expired"),
    N_("Compare this machine's clock; if it is right, the owner of the gateway must renew the certificate"),
)
NOT_YET_VALID: Final = Kind(
    "tls",
    "not_yet_valid",
    Verdict.FAIL,
    N_("The certificate of {host} is not valid yet"),
    N_("Compare this machine's clock: most likely it is slow"),
)
NO_TLS: Final = Kind(
    "tls",
    "no_tls",
    Verdict.FAIL,
    N_("{host} does not speak TLS as it should ({why})"),
    N_("Check the port in [gateway] url: something else may listen there"),
)
SILENT: Final = Kind(
    "tls",
    "silent",
    Verdict.FAIL,
    N_("The connection to {host} comes up and then brings no answer ({why})"),
    N_("Try again later; when it stays so, tell ShEP's operator the time of this line"),
)
_OF_OBSTACLE: Final[Mapping[Obstacle, Kind]] = {
    Obstacle.UNRESOLVED: UNRESOLVED,
    Obstacle.REFUSED: REFUSED,
    Obstacle.TIMEOUT: TIMEOUT,
    Obstacle.UNREACHABLE: UNREACHABLE,
    Obstacle.UNKNOWN_AUTHORITY: UNKNOWN_AUTHORITY,
    Obstacle.OTHER_NAME: OTHER_NAME,
    Obstacle.EXPIRED: EXPIRED,
    Obstacle.NOT_YET_VALID: NOT_YET_VALID,
    Obstacle.NO_TLS: NO_TLS,
}
_AT_THE_PROXY: Final = frozenset({Obstacle.UNRESOLVED, Obstacle.REFUSED, Obstacle.TIMEOUT, Obstacle.UNREACHABLE})
"""With a proxy these are about it, not about the gateway."""

CLOCK_AGREES: Final = Kind(
    "clock", "agrees", Verdict.OK, N_("This machine's clock agrees with the gateway's: {seconds} s apart")
)
CLOCK_DRIFTS: Final = Kind(
    "clock",
    "drifts",
    Verdict.WARN,
    N_("This machine's clock is {seconds} s away from the gateway's (ours is {ours}, the gateway's {theirs})"),
    N_("Let this machine keep its time by NTP: at {tolerance} s the agent no longer believes the gateway's answers"),
)
CLOCK_OFF: Final = Kind(
    "clock",
    "off",
    Verdict.FAIL,
    N_("This machine's clock is {seconds} s away from the gateway's (ours is {ours}, the gateway's {theirs})"),
    N_(
        "Let this machine keep its time by NTP. Beyond [gateway] clock_tolerance, {tolerance} s, the agent signs and "
        "sends nothing, and takes answers for replays"
    ),
)
CLOCK_UNKNOWN: Final = Kind(
    "clock",
    "unknown",
    Verdict.WARN,
    N_("This machine's clock could not be compared: the gateway told no time"),
    N_("Mend the way to the gateway first, or compare the clock by hand"),
)

WSDL_FITS: Final = Kind("wsdl", "fits", Verdict.OK, N_("The gateway's WSDL offers SendMessage as this agent uses it"))
WSDL_DIFFERS: Final = Kind(
    "wsdl",
    "differs",
    Verdict.WARN,
    N_("The gateway's WSDL does not prove that it takes what this agent sends: {why}"),
    N_("A gateway need not show its WSDL. When it shows another one, ask ShEP's operator before you send"),
)
WSDL_UNSEEN: Final = Kind(
    "wsdl",
    "unseen",
    Verdict.WARN,
    N_("The gateway's WSDL was not compared, since the gateway was not reached"),
    N_("Mend the way to the gateway first"),
)


def examine_gateway(installation: Installation) -> Iterator[Line]:
    """One look at the gateway over the client that messages go by, then its clock and its WSDL."""
    from usrec.adapters.gateway.probe import GatewayNotSeenError, look_at
    from usrec.gateway import build_endpoint

    glimpse = None
    try:
        endpoint = build_endpoint(installation.settings)
        glimpse = look_at(_patient(endpoint), installation.clock)
    except ConfigurationError as problem:
        yield UNUSABLE.line(why=problem.what)
    except GatewayNotSeenError as problem:
        yield _not_seen(installation, problem)
    if glimpse is None:
        yield CLOCK_UNKNOWN.line()
        yield WSDL_UNSEEN.line()
        return
    yield _tls(installation, glimpse)
    yield _clock(installation, glimpse)
    yield _wsdl(endpoint)


def _patient(endpoint: Endpoint) -> Endpoint:
    """The endpoint with a short wait for an answer; connecting takes as long as the settings allow."""
    from dataclasses import replace

    waits = endpoint.timeouts
    return replace(endpoint, timeouts=replace(waits, read=min(waits.read, PATIENCE), write=min(waits.write, PATIENCE)))


def _not_seen(installation: Installation, problem: GatewayNotSeenError) -> Line:
    from usrec.adapters.gateway.probe import Stage

    address, proxy = _addresses(installation)
    if problem.stage is Stage.PROXY:
        return PROXY.line(host=_shown(address), why=str(problem.cause) or type(problem.cause).__name__)
    if problem.stage is Stage.WAITING:
        return SILENT.line(host=_shown(address), why=type(problem.cause).__name__)
    obstacle = obstacle_of(problem.cause)
    asked = proxy if proxy is not None and obstacle in _AT_THE_PROXY else address
    return _OF_OBSTACLE[obstacle].line(host=_shown(asked), why=reason_of(problem.cause))


def _addresses(installation: Installation) -> tuple[SplitResult, SplitResult | None]:
    """The gateway's address and the proxy's."""
    values = installation.settings.values.gateway
    return urlsplit(values.url), None if values.proxy is None else urlsplit(values.proxy.url)


def _shown(address: SplitResult) -> str:
    port = address.port or (443 if address.scheme == "https" else 80)
    host = address.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tls(installation: Installation, glimpse: Glimpse) -> Line:
    host = _shown(_addresses(installation)[0])
    if glimpse.certificate_ends is None:
        return PLAIN.line(host=host)
    days = (glimpse.certificate_ends - installation.clock.now()).days
    kind = VERIFIED if days > WARN_DAYS else ENDS_SOON
    return kind.line(host=host, until=glimpse.certificate_ends, days=days)


def _clock(installation: Installation, glimpse: Glimpse) -> Line:
    if glimpse.date is None:
        return CLOCK_UNKNOWN.line()
    tolerance = installation.settings.values.gateway.clock_tolerance
    apart = abs(glimpse.date + timedelta(seconds=0.5) - glimpse.asked_at)
    kind = CLOCK_AGREES if apart <= min(tolerance / 2, DRIFT) else CLOCK_DRIFTS if apart <= tolerance else CLOCK_OFF
    return kind.line(
        seconds=f"{apart.total_seconds():.0f}",
        ours=f"{glimpse.asked_at:%H:%M:%S} UTC",
        theirs=f"{glimpse.date:%H:%M:%S} UTC",
        tolerance=f"{tolerance.total_seconds():g}",
    )


def _wsdl(endpoint: Endpoint) -> Line:
    from usrec.adapters.gateway.wsdl_check import check_wsdl

    finding = check_wsdl(endpoint)
    return WSDL_FITS.line() if finding.ok else WSDL_DIFFERS.line(why=finding.text)
