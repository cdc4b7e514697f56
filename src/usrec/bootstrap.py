"""The composition root: the one place that knows every adapter. It turns settings into a working agent.

Adapters are imported where they are built, so that a command that only reads the ledger loads no HTTP, XML or keys.

A second agent on one SQLite ledger is refused here by a lock on a file beside it; PostgreSQL takes many.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import structlog

from usrec.application.deliver import DeliveryPolicy
from usrec.domain.change import RegistrablePolicy
from usrec.domain.digest import DigestPolicy
from usrec.domain.document import DocumentShelf
from usrec.domain.errors import ConfigurationError, LedgerUnavailable
from usrec.domain.intake import IntakePolicy
from usrec.domain.mass import MassPolicy
from usrec.domain.policies import Policies
from usrec.domain.response_code import Policy
from usrec.domain.retry import RetryPolicy
from usrec.domain.rules.codes import CodeCheck
from usrec.domain.rules.completeness import COMPLETE, Completeness
from usrec.domain.rules.finding import Severity
from usrec.domain.rules.harmful import ConditionCodes
from usrec.domain.secret import Secret
from usrec.domain.source_event import EmployerName, EventId, SourceName
from usrec.domain.target import TARGETED, CountedIn, TargetPolicy
from usrec.domain.watch import WatchPolicy
from usrec.domain.working_calendar import CalendarOverrides, WorkingCalendar
from usrec.ports.alert_sink import Subscriber
from usrec.ports.clock import Clock, Entropy
from usrec.ports.doorbell import Doorbell, Ring
from usrec.ports.event_source import EventSource
from usrec.ports.head_signer import HeadSigner, HeadStamper
from usrec.ports.time_witness import Steady, TimeWitness
from usrec.settings import (
    CalendarSettings,
    LedgerSettings,
    LoadedSettings,
    LoadedWatcherSettings,
    RegistrableSettings,
    SourceSettings,
)

if TYPE_CHECKING:
    from kzeds.certificate import Certificate
    from usrec.adapters.dictionaries.files import DictionaryFiles
    from usrec.adapters.documents.folder import DocumentFolder
    from usrec.adapters.gateway.connection import Endpoint
    from usrec.adapters.gateway.inquiry import ShepInquiry
    from usrec.adapters.gateway.shep import ShepGateway
    from usrec.adapters.persistence import SqlLedger
    from usrec.adapters.persistence.sealing import Sealing
    from usrec.adapters.rendering.profile import WireProfile
    from usrec.adapters.rendering.renderer import XmlRenderer
    from usrec.adapters.signing.keyring import Keyring
    from usrec.adapters.trust.book import TrustBook
    from usrec.adapters.trust.judge import CertificateJudge

OutboxKey = tuple[EventId, int]
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
        codes: The imported dictionaries, and what a code that they do not have does to its row.
        shelf: Where HR's supporting documents lie.
        completeness: Which data of a contract may not be left out.
        head_signer: Signs the journal's heads; None where the settings want none signed.
        head_stamper: Dates them; None where nobody does.
        inquiry: Asks the registry about doubts; None without a question in the wire profile.
        doorbells: The databases that tell at once when there may be work.
        steady: A counter that nobody can set; None where the clock is not the machine's.
        witnesses: Who can tell the time besides the clock.
    """

    settings: LoadedSettings
    ledger: SqlLedger
    sources: Sequence[EventSource]
    renderer: XmlRenderer
    signer: Keyring
    gateway: ShepGateway
    calendar: WorkingCalendar
    clock: Clock
    entropy: Entropy
    employers: Mapping[str, EmployerName]
    policy: DeliveryPolicy
    owner: str
    trust: TrustBook
    judge: CertificateJudge | None = None
    subscribers: Sequence[Subscriber] = ()
    codes: CodeCheck | None = None
    shelf: DocumentShelf | None = None
    completeness: Completeness = COMPLETE
    head_signer: HeadSigner | None = None
    head_stamper: HeadStamper | None = None
    inquiry: ShepInquiry | None = None
    doorbells: Sequence[Doorbell] = ()
    steady: Steady | None = None
    witnesses: Sequence[TimeWitness] = ()

    @property
    def watching(self) -> WatchPolicy:
        """What is watched and when digests go out."""
        alerts = self.settings.values.alerts
        missing_after = timedelta(days=self.settings.values.pairs.missing_after_days)
        digests = DigestPolicy(self.calendar, alerts.digest_at)
        return WatchPolicy(digests, alerts.late_entry_days, alerts.permit_days, missing_after, alerts.portal_from)

    @property
    def intake(self) -> IntakePolicy:
        """What the installation decides about events beyond the law."""
        return build_intake(self.settings)

    def close(self) -> None:
        """Close connections."""
        for bell in self.doorbells:
            bell.close()
        self.gateway.close()
        for source in self.sources:
            source.close()
        self.ledger.close()


def build_intake(settings: LoadedWatcherSettings) -> IntakePolicy:
    """What the settings say of events beyond the law: which changes are entered, targets, many at once."""
    values = settings.values
    masses, targets = values.mass, values.targets
    named = {one: getattr(targets, one.value) for one in TARGETED}
    return IntakePolicy(
        registrable={
            one.bin: RegistrablePolicy(one.registrable.changes, order_note(one.registrable), own=True)
            for one in values.employer.values()
            if one.registrable is not None
        },
        targets=TargetPolicy(
            targets.days,
            CountedIn(targets.counted_in),
            {one: days for one, days in named.items() if days is not None},
        ),
        masses=MassPolicy(masses.amendments, masses.terminations, masses.window),
    )


def order_note(registrable: RegistrableSettings) -> str:
    """The employer's order as it is told."""
    return f"{registrable.order_number}, {registrable.order_dated.isoformat()}"


def build_ledger(settings: LoadedWatcherSettings) -> SqlLedger:
    """The ledger alone, for commands that send nothing.

    Raises:
        ConfigurationError: It holds encrypted values whose key the settings do not name.
    """
    from usrec.adapters.persistence import open_ledger
    from usrec.adapters.system_clock import SystemClock

    notify = settings.values.ledger.notify
    return open_ledger(*ledger_access(settings), build_sealing(settings), at=SystemClock().now(), notify=notify)


def build_watched_ledger(settings: LoadedWatcherSettings) -> SqlLedger:
    """The ledger for who looks at no personal data, and needs no key of it."""
    from usrec.adapters.persistence import open_ledger

    return open_ledger(*ledger_access(settings), notify=settings.values.ledger.notify)


def build_sealing(settings: LoadedWatcherSettings, *, closes: bool = True) -> Sealing:
    """How personal data is kept at rest, by the settings.

    Args:
        closes: False to open what is encrypted, and to encrypt nothing any more.

    Raises:
        ConfigurationError: A key cannot be read, or is none.
    """
    from usrec.adapters.persistence.sealing import NOT_SEALED, KeySealing, sealing_key

    chosen = settings.values.ledger.encryption
    if chosen is None:
        return NOT_SEALED
    keys = [sealing_key(settings.secret(one)) for one in (chosen.key, *chosen.old_keys)]
    return KeySealing(*keys, closes=closes)


def ledger_access(settings: LoadedWatcherSettings) -> tuple[str, Secret | None]:
    """Address of the ledger's database and password of its user, where the settings name one.

    Raises:
        ConfigurationError: The password cannot be read.
    """
    ledger = settings.values.ledger
    return settings.database_url(ledger.url), settings.optional_secret(ledger.password)


def build_calendar(settings: CalendarSettings) -> WorkingCalendar:
    """The official calendar with the employer's overrides."""
    from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar

    calendar = KazakhstanCalendar()
    if settings == CalendarSettings():
        return calendar
    return CalendarOverrides(calendar, settings.working_days, settings.days_off, settings.checked_years)


def build_dictionaries(settings: LoadedWatcherSettings) -> DictionaryFiles:
    """The imported dictionaries, whether there are any yet or not."""
    from usrec.adapters.dictionaries.files import DictionaryFiles

    return DictionaryFiles(settings.path(settings.values.dictionaries.folder))


def build_code_check(settings: LoadedWatcherSettings) -> CodeCheck:
    """The dictionaries for the rules; they are read when a row first needs them."""
    from usrec.adapters.dictionaries.book import FileCodeBook

    lists = settings.values.dictionaries
    conditions = ConditionCodes(lists.normal_conditions, lists.harmful_conditions)
    return CodeCheck(FileCodeBook(build_dictionaries(settings)), Severity(lists.unknown_code), conditions)


def build_shelf(settings: LoadedWatcherSettings) -> DocumentFolder:
    """The folder of supporting documents, whether there is one yet or not."""
    from usrec.adapters.documents.folder import DocumentFolder

    return DocumentFolder(settings.path(settings.values.documents.folder))


def build_completeness(settings: LoadedSettings) -> Completeness:
    """What rows have to hold, as far as the wire profile can carry it.

    Raises:
        ConfigurationError: There is no such profile, or it cannot be used.
    """
    from usrec.adapters.rendering.profile import load_profile

    return _completeness(settings, load_profile(profile_choice(settings)))


def _completeness(settings: LoadedSettings, profile: WireProfile) -> Completeness:
    chosen = settings.values.preflight
    carried = {
        operation: frozenset(field.value.value for field in mapped.fields)
        for operation, mapped in profile.mapping.operation.items()
    }
    return Completeness(_severity(chosen.incomplete), carried, _severity(chosen.unsure))


def _severity(chosen: str) -> Severity:
    return Severity.ERROR if chosen == "refuse" else Severity.WARNING


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

    values = settings.values
    profile = load_profile(profile_choice(settings))
    counter = steady if clock is None else None
    clock = clock or SystemClock()
    judge, book = build_keeping_judge(settings), build_book(settings, clock)
    signer = _signer(settings, clock, book)
    gateway = _gateway(settings, signer, book, profile.contract_id_path, wait)
    if judge is not None:
        book.replace(recall_verdicts(judge, signer, gateway.trusted, employers_by_bin(settings), clock))
    ledger = build_ledger(settings)
    return Agent(
        settings=settings,
        ledger=ledger,
        sources=[_source(settings, name, source, ledger) for name, source in values.source.items()],
        renderer=XmlRenderer(profile),
        signer=signer,
        gateway=gateway,
        calendar=build_calendar(values.calendar),
        clock=clock,
        entropy=SystemEntropy(),
        employers=employers_by_bin(settings),
        policy=_policy(settings),
        owner=f"{socket.gethostname()}:{os.getpid()}",
        trust=book,
        judge=judge,
        subscribers=build_alert_sinks(settings),
        codes=build_code_check(settings),
        shelf=build_shelf(settings),
        completeness=_completeness(settings, profile),
        head_signer=build_head_signer(settings, signer),
        head_stamper=_head_stamper(settings, clock),
        inquiry=_inquiry(gateway, profile),
        doorbells=build_doorbells(settings),
        steady=counter,
        witnesses=_witnesses(settings, ledger, clock),
    )


def _head_stamper(settings: LoadedSettings, clock: Clock) -> HeadStamper | None:
    """Who dates the journal's heads; one that cannot be used is said, and hinders nothing."""
    from usrec.heads import build_head_stamper

    try:
        return build_head_stamper(settings, clock)
    except ConfigurationError as problem:
        _log.error(str(problem), action="journal.stamp_failed")
        return None


def build_doorbells(settings: LoadedSettings) -> Sequence[Doorbell]:
    """One for each database on PostgreSQL whose settings allow it. Nothing is connected yet."""
    from usrec.adapters.doorbells.postgresql import PostgresqlDoorbell

    return [PostgresqlDoorbell(*place) for place in bell_places(settings)]


def bell_places(settings: LoadedSettings) -> Sequence[tuple[str, Ring, str, Secret | None]]:
    """Name, ring, address and password of each database on PostgreSQL whose settings let it wake the agent.

    Raises:
        ConfigurationError: A password cannot be read.
    """
    values = settings.values
    wanted: list[tuple[str, Ring, LedgerSettings | SourceSettings]] = [("ledger", Ring.READY, values.ledger)]
    wanted += [(f"source.{name}", Ring.ROWS, source) for name, source in values.source.items()]
    return [
        (name, ring, settings.database_url(one.url), settings.optional_secret(one.password))
        for name, ring, one in wanted
        if one.notify and one.url.startswith("postgresql")
    ]


def _witnesses(settings: LoadedSettings, ledger: SqlLedger, clock: Clock) -> Sequence[TimeWitness]:
    """Who can tell the time; those on this machine know that they cannot."""
    from usrec.adapters.gateway.server_time import GatewayTime
    from usrec.adapters.sources.server_time import SourceTime

    sources = [
        SourceTime(SourceName(name), settings.database_url(one.url), settings.optional_secret(one.password))
        for name, one in settings.values.source.items()
    ]
    return [GatewayTime(build_endpoint(settings), clock), ledger.time, *sources]


def build_alert_sinks(settings: LoadedWatcherSettings) -> Sequence[Subscriber]:
    """Who is told of alerts: the log, and every sink of the settings. One that cannot be used now is said loudly."""
    from usrec.sinks import subscribers, unusable_sinks

    for name, problem in unusable_sinks(settings).items():
        _log.error(f"nobody can be told by {name}: {problem}", action="alert.sink_unusable", sink=name)
    return subscribers(settings)


def employers_by_bin(settings: LoadedSettings) -> Mapping[str, EmployerName]:
    """The configured employers' names by BIN."""
    return {employer.bin: EmployerName(name) for name, employer in settings.values.employer.items()}


def profile_choice(settings: LoadedSettings) -> str:
    """The wire profile's name, or its folder made absolute."""
    choice = settings.values.gateway.profile
    return choice if choice in {"current", "seen"} else str(settings.path(Path(choice)))


def _signer(settings: LoadedSettings, clock: Clock, book: TrustBook) -> Keyring:
    """The employers' keys; one that cannot be used is said loudly and holds only its own employer."""
    from usrec.keys import build_keyring

    signer, names = build_keyring(settings, clock, book), employers_by_bin(settings)
    for trouble in signer.troubles:
        action = "key.unusable" if trouble.lasting else "key.away"
        _log.error(str(trouble.problem), action=action, employer=names.get(trouble.number, ""), key=trouble.where)
    return signer


def _gateway(
    settings: LoadedSettings,
    signer: Keyring,
    book: TrustBook,
    contract_id_path: str,
    wait: Callable[[float], object] | None,
) -> ShepGateway:
    from usrec.adapters.gateway.envelope import Sender
    from usrec.adapters.gateway.shep import ShepGateway

    values = settings.values.gateway
    return ShepGateway(
        build_endpoint(settings),
        Sender(values.service_id, values.sender_id, settings.secret(values.password)),
        signer=signer.transport,
        trusted=[read_certificate(settings.path(values.response_certificate))],
        contract_id_path=contract_id_path,
        wait=wait,
        objection=book.objection,
    )


def _inquiry(gateway: ShepGateway, profile: WireProfile) -> ShepInquiry | None:
    """The way to ask the registry, where the wire profile has one."""
    from usrec.adapters.gateway.inquiry import ENTRY, QuestionForm, ShepInquiry

    how = profile.mapping.question
    if how is None:
        return None
    fields = {name: getattr(how.fields, name) for name in ENTRY}
    parts = (how.root, how.record_id, how.employer_bin, how.answer, how.entry)
    return ShepInquiry(gateway, QuestionForm(profile.mapping.namespace, *parts, fields))


def build_endpoint(settings: LoadedSettings) -> Endpoint:
    """Where the gateway listens, by the settings."""
    from usrec.adapters.gateway.connection import Endpoint, Proxy, Timeouts

    values = settings.values.gateway
    phases, way = values.timeouts, values.proxy
    return Endpoint(
        url=values.url,
        ca_file=None if values.ca_file is None else settings.path(values.ca_file),
        timeouts=Timeouts(phases.connect, phases.write, phases.read, phases.pool, phases.answer),
        connections=settings.values.delivery.workers,
        proxy=None if way is None else Proxy(way.url, way.user, settings.optional_secret(way.password)),
    )


def read_certificate(file: Path) -> Certificate:
    """The certificate that the gateway signs its answers with.

    Raises:
        ConfigurationError: It cannot be read.
    """
    from kzeds.certificate import Certificate
    from kzeds.errors import KzedsError

    try:
        return Certificate.load(file)
    except (OSError, KzedsError) as problem:
        raise ConfigurationError(
            f"the gateway's response certificate cannot be read: {problem}",
            where=str(file),
            next_step="Name the certificate in PEM or DER in [gateway] response_certificate",
        ) from None


def _source(settings: LoadedSettings, name: str, source: SourceSettings, ledger: SqlLedger) -> EventSource:
    from usrec.adapters.sources.outbox_table import OutboxTableSource

    return OutboxTableSource(
        SourceName(name),
        settings.database_url(source.url),
        writable=not source.read_only,
        table=source.table,
        known=_known_keys(SourceName(name), ledger),
        password=settings.optional_secret(source.password),
    )


def build_source_view(settings: LoadedSettings, name: str) -> EventSource:
    """A configured source, to look at all of its rows without a ledger: none counts as taken and nothing is marked.

    Raises:
        ConfigurationError: There is no such source, or its address cannot be used.
    """
    from usrec.adapters.sources.outbox_table import OutboxTableSource

    source = settings.values.source.get(name)
    if source is None:
        known = ", ".join(settings.values.source) or "none"
        raise ConfigurationError(f"there is no [source.{name}]; configured: {known}", where=str(settings.file))
    return OutboxTableSource(
        SourceName(name),
        settings.database_url(source.url),
        writable=False,
        table=source.table,
        known=lambda _: (),
        password=settings.optional_secret(source.password),
    )


def _known_keys(name: SourceName, ledger: SqlLedger) -> Callable[[Collection[OutboxKey]], Collection[OutboxKey]]:
    """Which rows the inbox holds: how a read-only source tells new rows from taken ones."""

    def known(keys: Collection[OutboxKey]) -> Collection[OutboxKey]:
        with ledger.begin() as work:
            found = work.inbox.known([(name, event_id, revision) for event_id, revision in keys])
        return {(event_id, revision) for _, event_id, revision in found}

    return known


def build_policies(settings: LoadedWatcherSettings) -> Policies:
    """What each refusal leads to: the safe default of its explanation, or what the settings put in its place."""
    return default_policies({code: Policy(word) for code, word in settings.values.policies.items()})


def default_policies(chosen: Mapping[str, Policy] | None = None) -> Policies:
    """The safe defaults of the explanations, with ``chosen`` in the place of some."""
    from usrec.adapters.explanations.book import explain

    def default(code: str) -> Policy:
        told = explain(code)
        return Policy.FIX_AND_RESEND if told is None else told.policy

    return Policies(default, chosen or {})


def _policy(settings: LoadedSettings) -> DeliveryPolicy:
    values = settings.values
    return DeliveryPolicy(
        retry=RetryPolicy(
            base=values.delivery.retry_base, cap=values.delivery.retry_cap, in_time=values.delivery.attempts_in_time
        ),
        lease=values.delivery.lease,
        clock_tolerance=values.gateway.clock_tolerance,
        approve={employer.bin: employer.approve for employer in values.employer.values()},
        policies=build_policies(settings),
    )


@contextmanager
def sole_agent(settings: LoadedSettings) -> Iterator[None]:
    """Refuse a second agent on one SQLite ledger for as long as this one runs.

    Raises:
        ConfigurationError: Another agent runs on the same file.
        LedgerUnavailable: Nothing can be written beside the file.
    """
    url = settings.database_url(settings.values.ledger.url)
    scheme, _, path = url.partition(":///")
    if not scheme.startswith("sqlite") or not path:
        yield
        return
    with _lock_file(Path(f"{path}.lock")) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(
                "another agent already runs on this ledger",
                where=path,
                next_step="Stop it first, or use PostgreSQL, which takes many agents",
            ) from None
        yield


def _lock_file(file: Path) -> IO[str]:
    """Open for nobody else: who may open it could hold the lock."""
    try:
        return open(file, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode=0o600))
    except OSError as problem:
        raise LedgerUnavailable(
            f"the lock of the ledger cannot be opened ({problem.strerror})",
            where=str(file),
            next_step="Check that its folder exists and that the agent's user may write there",
        ) from None


def rescue_dead_leases(agent: Agent) -> None:
    """Free what dead processes had claimed, so that a restart need not wait for their leases to run out.

    On SQLite no other agent can live (:func:`sole_agent`); on PostgreSQL only processes of this very host are judged.
    A wrong judgement does no harm: the fence keeps a process that lives after all from writing.
    """
    with agent.ledger.begin() as work:
        owners = work.outbox.lease_owners()
        owners = {*owners, *work.alert_sinks.owners()}
        dead = [owner for owner in owners if agent.ledger.dialect == "sqlite" or _is_dead_here(owner)]
        if dead:
            work.outbox.free_leases(dead)
            work.alert_sinks.free(dead)
            work.commit()


def _is_dead_here(owner: str) -> bool:
    host, _, pid = owner.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def check_endpoint(settings: LoadedSettings) -> None:
    """Compare the gateway's WSDL with what we send; a difference is a warning and stops nothing."""
    from usrec.adapters.gateway.wsdl_check import check_wsdl

    finding = check_wsdl(build_endpoint(settings))
    level = _log.info if finding.ok else _log.warning
    level(finding.text, action="gateway.wsdl", ok=finding.ok)
