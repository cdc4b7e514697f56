"""The composition root: the one place that knows every adapter. It turns settings into a working agent.

Adapters are imported where they are built, so that a command that only reads the ledger loads no HTTP, XML or keys.

What is built of one subject lies in the module named for it; :func:`build_agent` puts all of it together.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from usrec.application.delivery import DeliveryPolicy
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import ConfigurationError
from usrec.domain.rules.preflight import BY_DEFAULT, Preflight
from usrec.domain.source_event import EmployerName
from usrec.domain.watch import WatchPolicy
from usrec.domain.working_calendar import Calendars
from usrec.doorbells import build_doorbells
from usrec.gateway import build_gateway, build_inquiry, profile_choice
from usrec.ledger import build_ledger
from usrec.policies import build_delivery_policy, employers_by_bin
from usrec.ports.alert_sink import Subscriber
from usrec.ports.change_listener import ChangeListener
from usrec.ports.clock import Clock, Entropy
from usrec.ports.doorbell import Doorbell
from usrec.ports.event_source import EventSource
from usrec.ports.head_signer import HeadSigner, HeadStamper
from usrec.ports.time_witness import Steady, TimeWitness
from usrec.preflight import build_calendars, build_preflight
from usrec.settings import LoadedSettings
from usrec.sinks import build_alert_sinks
from usrec.sources import build_listeners, build_sources
from usrec.witnesses import build_witnesses

if TYPE_CHECKING:
    from usrec.adapters.gateway.inquiry import ShepInquiry
    from usrec.adapters.gateway.shep import ShepGateway
    from usrec.adapters.persistence import SqlLedger
    from usrec.adapters.rendering.renderer import XmlRenderer
    from usrec.adapters.signing.keyring import Keyring
    from usrec.adapters.trust.book import TrustBook
    from usrec.adapters.trust.judge import CertificateJudge

_log = structlog.get_logger("usrec.bootstrap")


@dataclass(frozen=True, slots=True)
class Agent:
    """Everything that the line needs, composed once.

    Attributes:
        employers: Names by BIN.
        owner: Name of this process in leases.
        trust: What is known of the certificates in use.
        judge: Looks them up; None without ``[trust]``.
        subscribers: Who is told of alerts.
        preflight: What rows are examined with.
        head_signer: Signs the journal's heads; None where the settings want none signed.
        head_stamper: Dates them; None where nobody does.
        inquiry: Asks the registry about doubts; None without a question in the wire profile.
        doorbells: The databases that tell at once when there may be work.
        steady: A counter that nobody can set; None where the clock is not the machine's.
        witnesses: Who can tell the time besides the clock.
        listeners: HR systems that are told of changes at once.
        held: What holds a single source or employer, by its name.
    """

    settings: LoadedSettings
    ledger: SqlLedger
    sources: Sequence[EventSource]
    renderer: XmlRenderer
    signer: Keyring
    gateway: ShepGateway
    calendar: Calendars
    clock: Clock
    entropy: Entropy
    employers: Mapping[str, EmployerName]
    policy: DeliveryPolicy
    owner: str
    trust: TrustBook
    judge: CertificateJudge | None = None
    subscribers: Sequence[Subscriber] = ()
    preflight: Preflight = BY_DEFAULT
    head_signer: HeadSigner | None = None
    head_stamper: HeadStamper | None = None
    inquiry: ShepInquiry | None = None
    doorbells: Sequence[Doorbell] = ()
    steady: Steady | None = None
    witnesses: Sequence[TimeWitness] = ()
    listeners: Sequence[ChangeListener] = ()
    held: Mapping[str, ConfigurationError] = field(default_factory=dict)

    @property
    def watching(self) -> WatchPolicy:
        """What is watched and when digests go out."""
        alerts = self.settings.values.alerts
        missing_after = timedelta(days=self.settings.values.pairs.missing_after_days)
        digests = DigestPolicy(self.calendar.common, alerts.digest_at)
        return WatchPolicy(
            digests, self.calendar, alerts.late_entry_days, alerts.permit_days, missing_after, alerts.portal_from
        )

    def close(self) -> None:
        """Close connections."""
        for bell in self.doorbells:
            bell.close()
        self.gateway.close()
        for source in self.sources:
            source.close()
        self.ledger.close()


def build_agent(
    settings: LoadedSettings,
    *,
    clock: Clock | None = None,
    wait: Callable[[float], object] | None = None,
) -> Agent:
    """Compose the agent.

    Args:
        wait: Waits some seconds, or less when the process is asked to stop.

    Raises:
        ConfigurationError: A setting, key, certificate or schema cannot be used.
        LedgerUnavailable: The ledger cannot be reached.
    """
    from usrec.adapters.rendering.profile import load_profile
    from usrec.adapters.rendering.renderer import XmlRenderer
    from usrec.adapters.system_clock import SystemClock, SystemEntropy, steady
    from usrec.heads import build_head_signer
    from usrec.revocation import build_book, build_keeping_judge, recall_verdicts

    profile = load_profile(profile_choice(settings))
    counter = steady if clock is None else None
    clock = clock or SystemClock()
    judge, book = build_keeping_judge(settings), build_book(settings, clock)
    signer = _signer(settings, clock, book)
    gateway = build_gateway(settings, signer, book, profile.contract_id_path, wait=wait, clock=clock)
    if judge is not None:
        book.replace(recall_verdicts(judge, signer, gateway.trusted, employers_by_bin(settings), clock))
    ledger = build_ledger(settings)
    sources = build_sources(settings, ledger, clock)
    return Agent(
        settings=settings,
        ledger=ledger,
        sources=sources,
        renderer=XmlRenderer(profile),
        signer=signer,
        gateway=gateway,
        calendar=build_calendars(settings),
        clock=clock,
        entropy=SystemEntropy(),
        employers=employers_by_bin(settings),
        policy=build_delivery_policy(settings),
        owner=f"{socket.gethostname()}:{os.getpid()}",
        trust=book,
        judge=judge,
        subscribers=build_alert_sinks(settings),
        preflight=build_preflight(settings, profile),
        head_signer=build_head_signer(settings, signer),
        head_stamper=_head_stamper(settings, clock),
        inquiry=build_inquiry(gateway, profile),
        doorbells=build_doorbells(settings),
        steady=counter,
        witnesses=build_witnesses(settings, ledger, clock),
        listeners=build_listeners(settings, clock),
        held=_held(sources, gateway),
    )


def _held(sources: Sequence[EventSource], gateway: ShepGateway) -> Mapping[str, ConfigurationError]:
    """What cannot be used of what belongs to one source or employer alone; the sources' are said here."""
    from usrec.adapters.sources.held_source import HeldSource

    found = {f"source {one.name}": one.problem for one in sources if isinstance(one, HeldSource)}
    for name, problem in found.items():
        _log.error(str(problem), action="source.unusable", source=name.removeprefix("source "))
    return found | {f"account {one}": problem for one, problem in gateway.unusable.items()}


def _head_stamper(settings: LoadedSettings, clock: Clock) -> HeadStamper | None:
    """Who dates the journal's heads; one that cannot be used is said, and hinders nothing."""
    from usrec.heads import build_head_stamper

    try:
        return build_head_stamper(settings, clock)
    except ConfigurationError as problem:
        _log.error(str(problem), action="journal.stamp_failed")
        return None


def _signer(settings: LoadedSettings, clock: Clock, book: TrustBook) -> Keyring:
    """The employers' keys; one that cannot be used is said loudly and holds only its own employer."""
    from usrec.keys import build_keyring

    signer, names = build_keyring(settings, clock, book), employers_by_bin(settings)
    for trouble in signer.troubles:
        action = "key.unusable" if trouble.lasting else "key.away"
        _log.error(str(trouble.problem), action=action, employer=names.get(trouble.number, ""), key=trouble.where)
    return signer
