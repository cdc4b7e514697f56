"""What no single setting can know: settings that contradict each other, and texts that cannot mean what they should.

Each rule looks at the settings as they were written and skips what does not even have the right kind; that is told
apart. So one look finds everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs

from usrec.domain.policies import CHOOSABLE, is_known_code, objection
from usrec.domain.response_code import Policy
from usrec.domain.source_event import Operation
from usrec.domain.target import TARGETED
from usrec.domain.this_machine import is_this_machine
from usrec.settings.alerts_section import AlertSettings, MailSinkSettings
from usrec.settings.delivery_section import DeliverySettings
from usrec.settings.employer_section import EmployerSettings
from usrec.settings.faults import Wrong
from usrec.settings.gateway_section import TimeoutSettings
from usrec.settings.intake_rules import broken_intake_rules
from usrec.settings.key_rules import broken_key_rules
from usrec.settings.key_section import KeySettings
from usrec.settings.listen import TcpAddress, read_listen
from usrec.settings.outline import Steps
from usrec.settings.preflight_section import CalendarSettings
from usrec.settings.reading import Tree, inner_of, is_private_way, named, read_table, split_address
from usrec.settings.running_section import HealthSettings
from usrec.settings.section import ProxySettings
from usrec.settings.signing_time import signing_needed
from usrec.settings.trust_rules import broken_trust_rules

PLACEHOLDER: Final = "FILL_IN"
"""What ``usrec init`` writes where only the administrator knows the value."""

_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")


def broken_rules(tree: Tree) -> Iterator[Wrong]:
    """Every rule that the settings break."""
    yield from _placeholders(tree, ())
    yield from _employers_and_sources(tree)
    yield from broken_key_rules(tree)
    yield from _lease(tree)
    yield from _retries(tree)
    yield from _policies(tree)
    yield from _calendar(tree)
    yield from _databases(tree)
    yield from _proxies(tree)
    yield from _sinks(tree)
    yield from _permits(tree)
    yield from _targets(tree)
    yield from _health(tree)
    yield from _audit_exports(tree)
    yield from broken_trust_rules(tree)
    yield from broken_intake_rules(tree)


def lease_needed(timeouts: TimeoutSettings, *, by_proxy: bool, signing: timedelta = timedelta(0)) -> timedelta:
    """The longest that one exchange may take: two tries to connect, the second of which goes on to the answer.

    A proxy is asked for its tunnel in one more short exchange, and TLS begins behind it.

    Args:
        signing: What whoever holds the keys may take before (`signing_needed`).
    """
    tunnel = timeouts.write + timeouts.read + timeouts.connect if by_proxy else timedelta(0)
    exchange = 2 * (timeouts.connect + timeouts.pool) + tunnel + timeouts.write + timeouts.read + timeouts.answer
    return exchange + signing


def _placeholders(value: object, path: Steps) -> Iterator[Wrong]:
    if isinstance(value, str) and PLACEHOLDER in value:
        yield Wrong(path, f"still to be filled in: replace {PLACEHOLDER}")
    steps: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, Mapping):
        steps = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    for step, inner in steps:
        yield from _placeholders(inner, (*path, step))


def _employers_and_sources(tree: Tree) -> Iterator[Wrong]:
    for name in ("employer", "source"):
        if tree.get(name) == {}:
            yield Wrong((name,), f"at least one [{name}.NAME] is needed")
    known: dict[str, str] = {}
    for name, table in named(tree, "employer"):
        employer = read_table(EmployerSettings, table)
        if employer is None:
            continue
        if employer.bin in known:
            yield Wrong(("employer", name, "bin"), f"[employer.{known[employer.bin]}] has the same BIN")
        known.setdefault(employer.bin, name)
        for number, order in enumerate(employer.order):
            if order.valid_until is not None and order.valid_until < order.valid_from:
                yield Wrong(("employer", name, "order", number, "valid_until"), "it lies before valid_from")


def _lease(tree: Tree) -> Iterator[Wrong]:
    gateway = tree.get("gateway")
    delivery = read_table(DeliverySettings, tree.get("delivery", {}))
    if not isinstance(gateway, Mapping) or delivery is None:
        return
    timeouts = read_table(TimeoutSettings, gateway.get("timeouts", {}))
    if timeouts is None:
        return
    signing = _signing(tree, gateway)
    needed = lease_needed(timeouts, by_proxy=gateway.get("proxy") is not None, signing=signing)
    if delivery.lease <= needed:
        by_others = f", {signing.total_seconds():g} s of them for signing" if signing else ""
        what = f"lease must be longer than one whole exchange may take, {needed.total_seconds():g} s{by_others}"
        yield Wrong(("delivery", "lease"), what)


def _signing(tree: Tree, gateway: Tree) -> timedelta:
    employers = [read_table(EmployerSettings, table) for _, table in named(tree, "employer")]
    transport = read_table(KeySettings, gateway.get("transport_key"))
    return signing_needed([one for one in employers if one is not None], transport)


def _retries(tree: Tree) -> Iterator[Wrong]:
    delivery = read_table(DeliverySettings, tree.get("delivery", {}))
    if delivery is not None and delivery.retry_cap < delivery.retry_base:
        yield Wrong(("delivery", "retry_cap"), "it is shorter than retry_base")


def _policies(tree: Tree) -> Iterator[Wrong]:
    """Codes that USREC does not have, and policies that could register twice or send in vain."""
    chosen = tree.get("policies")
    for code, word in chosen.items() if isinstance(chosen, Mapping) else ():
        if not is_known_code(code):
            yield Wrong(("policies", code), "USREC has no such code; write it like SCSE059 (usrec explain --all)")
        elif isinstance(word, str) and word in CHOOSABLE and (why := objection(code, Policy(word))):
            yield Wrong(("policies", code), f"{word} is not safe here: {why}")


def _calendar(tree: Tree) -> Iterator[Wrong]:
    places: list[tuple[Steps, object]] = [(("calendar",), tree.get("calendar", {}))]
    places += [(("employer", name, "calendar"), inner_of(table, "calendar")) for name, table in named(tree, "employer")]
    for path, table in places:
        calendar = read_table(CalendarSettings, table)
        both = sorted(calendar.working_days & calendar.days_off) if calendar is not None else []
        if both:
            yield Wrong((*path, "days_off"), f"{both[0].isoformat()} stands among working_days too")


def _databases(tree: Tree) -> Iterator[Wrong]:
    """No password in an address: addresses are copied into tickets, shown by tools and read by whoever helps."""
    places: list[tuple[Steps, object]] = [(("ledger",), tree.get("ledger"))]
    places += [(("source", name), table) for name, table in named(tree, "source")]
    for path, table in places:
        url = table.get("url") if isinstance(table, Mapping) else None
        if not isinstance(url, str) or not isinstance(table, Mapping):
            continue
        if holds_password(url):
            what = 'take the password out: write password = { file = "..." }, or use ~/.pgpass of the agent\'s user'
            yield Wrong((*path, "url"), what)
        elif split_address(url) is None:
            what = "it is no address: write postgresql://user@host:5432/database, the port as a number"
            yield Wrong((*path, "url"), what)
        if url.startswith("sqlite") and "password" in table:
            yield Wrong((*path, "password"), "an SQLite file has no password")


def _proxies(tree: Tree) -> Iterator[Wrong]:
    gateway = tree.get("gateway")
    places: list[tuple[Steps, object]] = [(("gateway", "proxy"), inner_of(gateway, "proxy"))]
    places.append((("trust", "proxy"), inner_of(tree.get("trust"), "proxy")))
    for name, sink in named(tree.get("alerts"), "webhook"):
        places.append((("alerts", "webhook", name, "proxy"), inner_of(sink, "proxy")))
    for path, table in places:
        proxy = read_table(ProxySettings, table)
        if proxy is None:
            continue
        parts = split_address(proxy.url)
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            yield Wrong((*path, "url"), "write http://host:port or https://host:port")
        elif "@" in parts.netloc:
            yield Wrong((*path, "url"), "take user and password out: they are settings of their own")
        if (proxy.user is None) != (proxy.password is None):
            yield Wrong((*path, "user"), "user and password come together")


def _sinks(tree: Tree) -> Iterator[Wrong]:
    alerts = tree.get("alerts")
    for name, sink in named(alerts, "webhook"):
        url = sink.get("url") if isinstance(sink, Mapping) else None
        if isinstance(url, str) and not is_private_way(url):
            yield Wrong(("alerts", "webhook", name, "url"), "write an https address, or http to this machine")
    for name, table in named(alerts, "mail"):
        mail = read_table(MailSinkSettings, table)
        yield from () if mail is None else _mail(("alerts", "mail", name), mail)


def _permits(tree: Tree) -> Iterator[Wrong]:
    alerts = read_table(AlertSettings, tree.get("alerts", {}))
    if alerts is None:
        return
    days = alerts.permit_days
    for name, before, after in (
        ("permit_second_days", days.first, days.second),
        ("permit_last_days", days.second, days.last),
    ):
        if after >= before:
            yield Wrong(("alerts", name), f"write less than {before}: each telling comes after the one before")


def _mail(path: Steps, mail: MailSinkSettings) -> Iterator[Wrong]:
    if mail.security == "none" and not is_this_machine(mail.host):
        yield Wrong((*path, "security"), "mail goes to another machine by starttls or tls only")
    if (mail.user is None) != (mail.password is None):
        yield Wrong((*path, "user"), "user and password come together")
    if not _ADDRESS.fullmatch(mail.sender):
        yield Wrong((*path, "sender"), "it is no mail address")
    for number, address in enumerate(mail.to):
        if not _ADDRESS.fullmatch(address):
            yield Wrong((*path, "to", number), "it is no mail address")


def _targets(tree: Tree) -> Iterator[Wrong]:
    """No target of one's own in the place of a term of law."""
    targets = tree.get("targets")
    for name in targets if isinstance(targets, Mapping) else ():
        if name in set(Operation) - TARGETED:
            what = "the law sets a term for it; targets are for events without one: " + ", ".join(sorted(TARGETED))
            yield Wrong(("targets", name), what)


def _health(tree: Tree) -> Iterator[Wrong]:
    health = read_table(HealthSettings, tree.get("health", {}))
    if health is None or health.listen is None:
        return
    try:
        address = read_listen(health.listen)
    except ValueError:
        yield Wrong(("health", "listen"), "write an address and port such as 127.0.0.1:9464, or unix:/path")
        return
    if isinstance(address, TcpAddress) and not address.is_loopback and not health.public:
        what = "other machines reach this address: name 127.0.0.1, or write public = true where that is meant"
        yield Wrong(("health", "listen"), what)


def _audit_exports(tree: Tree) -> Iterator[Wrong]:
    """An export under a name that no employer has would never be read."""
    employers = {name for name, _ in named(tree, "employer")}
    for name, _ in named(tree.get("audit"), "export"):
        if name not in employers:
            yield Wrong(("audit", "export", name), f"there is no [employer.{name}]")


def holds_password(url: str) -> bool:
    """Whether the address of a database holds a password, in its place or among its options."""
    parts = split_address(url)
    if parts is None:
        user, at, _rest = url.rpartition("@")
        return (bool(at) and ":" in user.partition("//")[2]) or "password=" in url
    return bool(parts.password) or "password" in parse_qs(parts.query)
