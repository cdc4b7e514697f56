"""How an agent stands when it is asked: its build, its certificates, its breaker, its clock."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric

from usrec import release
from usrec.domain.breaker import BreakerState
from usrec.domain.clock_trust import RELIED_ON, ClockState, ClockVerdict
from usrec.domain.trust import SubjectKind, TrustStatus


class CertificateOf(StrEnum):
    """Whose certificate it is."""

    EMPLOYER = "employer"
    """The key that signs now."""
    LAST_KEY = "last_key"
    """The employer's last key: nothing can be signed after it."""
    TRANSPORT = "transport"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class CertificateLife:
    """Until when a certificate is valid.

    Attributes:
        name: The employer's in the settings; ``envelopes`` for the key of its own that signs those,
            ``response`` for the certificate that the gateway's answers are held to.
        not_after: Aware UTC.
    """

    of: CertificateOf
    name: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class CertificateTrust:
    """What is known of a certificate's revocation.

    Attributes:
        name: As in :class:`CertificateLife`; ``transport`` for the key that signs every envelope.
        serial: Its serial number, hexadecimal.
        judged_at: When it was looked up, aware UTC.
    """

    of: SubjectKind
    name: str
    serial: str
    status: TrustStatus
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What no ledger knows.

    Attributes:
        keys: Whether the key of each employer, by its name in the settings, can be used.
        breakers: Where that of each employer stands, by its name; that of all without one.
        reload_refused: The newest settings were not taken.
        clock: How far the machine's clock is to be relied on.
    """

    certificates: Sequence[CertificateLife] = ()
    keys: Mapping[str, bool] = field(default_factory=dict)
    breakers: Mapping[str, BreakerState] = field(default_factory=lambda: {"": BreakerState.CLOSED})
    reload_refused: bool = False
    trust: Sequence[CertificateTrust] = ()
    clock: ClockVerdict = RELIED_ON


def build_metrics() -> Iterator[Metric]:
    """Which program this is."""
    facts = {"version": release(), "python": platform.python_version()}
    yield InfoMetricFamily("usrec_build", "The program", facts)


def standing_metrics(standing: Standing, *, now: datetime, skew: float | None) -> Iterator[Metric]:
    """Certificates, keys, breaker, settings, clock.

    Args:
        skew: Seconds that the gateway's clock is ahead, None before its first signed answer.
    """
    left = GaugeMetricFamily("usrec_certificate_remaining_seconds", "Time until it expires", labels=["of", "name"])
    for one in standing.certificates:
        left.add_metric([one.of.value, one.name], (one.not_after - now).total_seconds())
    yield left
    usable = GaugeMetricFamily("usrec_employer_key_usable", "1 when the employer's key can sign", labels=["employer"])
    for employer, can_sign in standing.keys.items():
        usable.add_metric([employer], can_sign)
    yield usable
    yield from _trust_metrics(standing.trust)
    breaker = GaugeMetricFamily("usrec_breaker_state", "1 for the state of the breaker", labels=["employer", "state"])
    for employer, found in standing.breakers.items():
        for state in BreakerState:
            breaker.add_metric([employer, state.value], state is found)
    yield breaker
    refused = "1 when the newest settings could not be taken"
    yield GaugeMetricFamily("usrec_reload_refused", refused, standing.reload_refused)
    clock = GaugeMetricFamily("usrec_clock_state", "1 for what others make of this machine's clock", labels=["state"])
    for judged in ClockState:
        clock.add_metric([judged.value], judged is standing.clock.state)
    yield clock
    off = standing.clock.ahead.total_seconds()
    yield GaugeMetricFamily("usrec_clock_ahead_seconds", "How far it is ahead by those who contradict it", off)
    if skew is not None:
        yield GaugeMetricFamily("usrec_gateway_clock_skew_seconds", "How far the gateway's clock is ahead", skew)


def _trust_metrics(certificates: Sequence[CertificateTrust]) -> Iterator[Metric]:
    labels = ["of", "name", "serial"]
    known = GaugeMetricFamily(
        "usrec_certificate_revocation", "1 for what is known of its revocation", labels=[*labels, "status"]
    )
    looked = GaugeMetricFamily(
        "usrec_certificate_looked_up_timestamp_seconds", "When its revocation was last looked up", labels=labels
    )
    for one in certificates:
        named = [one.of.value, one.name, one.serial]
        for status in TrustStatus:
            known.add_metric([*named, status.value], status is one.status)
        looked.add_metric(named, one.judged_at.timestamp())
    yield known
    yield looked
