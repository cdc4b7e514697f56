"""``GET /metrics``, and the same without an agent: what the metrics are told about the one on duty."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus

from usrec.adapters.metrics.agent_metrics import CONTENT_TYPE
from usrec.adapters.metrics.standing import CertificateLife, CertificateOf, CertificateTrust, Standing
from usrec.bootstrap import Agent
from usrec.domain.breaker import Breaker
from usrec.domain.clock_trust import RELIED_ON, ClockVerdict
from usrec.domain.renewal import last_key
from usrec.interfaces.serve import Page, Pages
from usrec.ports.alert_sink import LOG, SinkName
from usrec.settings import AlertSettings


def metrics_pages(exposition: Callable[[], bytes]) -> Pages:
    """``/metrics``."""
    return {"/metrics": lambda: Page(HTTPStatus.OK, CONTENT_TYPE, exposition())}


def standing_of(
    agent: Agent, *, breakers: Mapping[str, Breaker], reload_refused: bool, clock: ClockVerdict = RELIED_ON
) -> Standing:
    """How ``agent`` stands now; employers go by their names in the settings."""
    return Standing(
        certificates=[*_employers(agent), *_last_keys(agent), *_transport(agent), *_gateways(agent)],
        keys=_keys(agent),
        breakers={name: one.state for name, one in breakers.items()},
        reload_refused=reload_refused,
        trust=_trust(agent),
        clock=clock,
    )


def _employers(agent: Agent) -> Collection[CertificateLife]:
    certificates = agent.signer.certificates
    return [
        CertificateLife(CertificateOf.EMPLOYER, name, certificates[bin_].not_after)
        for bin_, name in agent.employers.items()
        if bin_ in certificates
    ]


def _last_keys(agent: Agent) -> Collection[CertificateLife]:
    """Until when each employer can sign with the keys that are here."""
    last = {bin_: last_key(links) for bin_, links in agent.signer.links.items()}
    return [
        CertificateLife(CertificateOf.LAST_KEY, name, key.not_after)
        for bin_, name in agent.employers.items()
        if (key := last.get(bin_)) is not None
    ]


def _transport(agent: Agent) -> Collection[CertificateLife]:
    key = agent.signer.transport_key
    known = None if key is None else key.certificate
    return [] if known is None else [CertificateLife(CertificateOf.TRANSPORT, "envelopes", known.not_after)]


def _gateways(agent: Agent) -> Collection[CertificateLife]:
    """The one that is valid longest: several are trusted only while they are being renewed."""
    last = max(certificate.not_after for certificate in agent.gateway.trusted)
    return [CertificateLife(CertificateOf.GATEWAY, "response", last)]


def _keys(agent: Agent) -> Mapping[str, bool]:
    usable, owners = agent.signer.keys, agent.signer.owners
    return {
        name: bin_ in usable and _has_believed(agent, bin_)
        for bin_, name in agent.employers.items()
        if bin_ not in owners
    }


def _has_believed(agent: Agent, bin_: str) -> bool:
    """Whether there is nothing against one of an employer's certificates."""
    certificates = [key.certificate for key in agent.signer.held(bin_) if key.certificate is not None]
    return any(not agent.trust.objection(one) for one in certificates)


def _trust(agent: Agent) -> Sequence[CertificateTrust]:
    return [
        CertificateTrust(one.kind, one.name, one.serial, verdict.status, verdict.judged_at)
        for one, verdict in agent.trust.page.items()
    ]


def sink_names(alerts: AlertSettings) -> Collection[SinkName]:
    """The sinks of the settings, and the log."""
    tables: Mapping[str, Collection[str]] = {"command": alerts.command, "webhook": alerts.webhook, "mail": alerts.mail}
    return {LOG, *(SinkName(f"{kind}.{name}") for kind, table in tables.items() for name in table)}
