"""The tree of the settings: every table, setting, unit and default of ``usrec.toml``."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from usrec.domain.change import Change
from usrec.domain.permit import PermitDays
from usrec.domain.source_event import Operation
from usrec.settings.encryption_section import EncryptionSettings
from usrec.settings.journal_section import JournalSettings
from usrec.settings.kinds import Day, EmployerNumber, Number, Seconds, SerialNumber, TimeOfDay
from usrec.settings.retention_section import RetentionSettings
from usrec.settings.section import SecretSettings as SecretSettings  # noqa: PLC0414 -- a part of this tree
from usrec.settings.section import Section as Section  # noqa: PLC0414 -- likewise

TargetDays = Annotated[Number, Field(ge=1, le=366)] | None
"""Days of an internal target; the table's own when absent."""


class TimeoutSettings(Section):
    """How long each phase of one exchange with the gateway may take."""

    connect: Seconds = timedelta(seconds=10)
    """Until TCP and TLS are up."""
    write: Seconds = timedelta(seconds=30)
    """Between two portions of the request."""
    read: Seconds = timedelta(seconds=60)
    """Until the answer begins, and between two portions of it."""
    pool: Seconds = timedelta(seconds=10)
    """For a free connection."""
    answer: Seconds = timedelta(seconds=60)
    """Until the whole answer is there, counted from its first line."""


class ProxySettings(Section):
    """An HTTP proxy."""

    url: str
    """``http://host:port`` or ``https://host:port``, without user and password."""
    user: str | None = None
    """User at the proxy."""
    password: SecretSettings | None = None
    """The user's password."""


class SignerDaemonSettings(Section):
    """A key of the signer daemon on this machine (``kzeds signer-daemon``)."""

    socket: Path
    """Its Unix socket."""
    key: str
    """Name of the key in the daemon's settings."""


class NcanodeSettings(Section):
    """A key that NCANode signs with. Each request carries the key and its password: NCANode must be yours alone."""

    url: str
    """Its address; https, or plain http to this machine."""
    key_file: Path
    """PKCS#12 file of the NCA, for signing."""
    key_password: SecretSettings
    """Its password."""
    key_alias: str | None = None
    """Which key of the file, where it holds several."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    timeout: Seconds = timedelta(seconds=10)
    """For each phase of a request."""


class TokenSettings(Section):
    """A key in a PKCS#11 token. Needs the extra ``pkcs11``; ``kzeds pkcs11 probe`` shows what the token can do."""

    library: Path
    """The vendor's PKCS#11 library."""
    token: str
    """Label of the token."""
    key: str
    """Label of the key and of its certificate."""
    pin: SecretSettings
    """The user's PIN."""


class KeySettings(Section):
    """Where a key is: a file, the signer daemon, NCANode or a token; exactly one."""

    key_file: Path | None = None
    """PKCS#12 file of the NCA, for signing."""
    key_password: SecretSettings | None = None
    """Its password."""
    signer_daemon: SignerDaemonSettings | None = None
    """A key of the signer daemon on this machine."""
    ncanode: NcanodeSettings | None = None
    """A key that NCANode signs with."""
    token: TokenSettings | None = None
    """A key in a PKCS#11 token."""


class NextKeySettings(KeySettings):
    """The key that follows: put it in as soon as it is issued, while the one before still signs."""

    use_from: Day | None = None
    """First day on which it signs; as soon as its certificate is valid when absent."""


class OwnerSettings(Section):
    """The owner of the EDS signs on their own workstation; no key of theirs is on this machine."""

    certificate: SerialNumber | None = None
    """Serial number, hexadecimal, of the only certificate whose signature is taken; any of the employer's if absent."""


class GatewaySettings(Section):
    """ShEP, or the simulator."""

    url: str
    """Address of the SyncChannel."""
    service_id: str = "contract"
    """Id of the service in ShEP's register; the production id may differ."""
    sender_id: str
    """Our id as a participant of ShEP."""
    password: SecretSettings
    """The participant's password."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    response_certificate: Path
    """Certificate that the gateway signs its answers with, PEM or DER."""
    profile: str = "current"
    """Wire profile: ``current``, ``seen``, or a folder with profile.toml and the official XSD."""
    timeouts: TimeoutSettings = TimeoutSettings()
    clock_tolerance: Seconds = timedelta(minutes=5)
    """How far the gateway's clock may differ from ours."""
    proxy: ProxySettings | None = None
    """Proxy on the way to the gateway; none when absent, whatever the environment says."""
    transport_key: KeySettings | None = None
    """Key that signs every envelope; the employer's own when absent. Needed where an owner signs by hand."""


class OrderSettings(Section):
    """The employer's order that appoints who enters and signs (Order 353, point 5)."""

    number: str
    """Its number."""
    dated: Day
    """Its date."""
    valid_from: Day
    """First day on which it holds."""
    valid_until: Day | None = None
    """Last day on which it holds; without an end when absent."""
    deputy: bool = False
    """It appoints the deputy."""
    certificate: SerialNumber | None = None
    """Serial number, hexadecimal, of the certificate that is used under it."""


class NumberedSettings(Section):
    """Whoever has a BIN or an IIN; a table of its own so that the number comes before the key."""

    bin: EmployerNumber
    """BIN, or the IIN of an individual entrepreneur."""


class RegistrableSettings(Section):
    """Which changes of a contract the employer enters in USREC, by its own order. Without this table: p.3 and p.6."""

    changes: Annotated[frozenset[Change], Field(min_length=1)]
    """What is entered; an agreement that changes nothing of it is not sent."""
    order_number: Annotated[str, Field(min_length=1)]
    """Number of the employer's order that says so."""
    order_dated: Day
    """Its date."""


class EmployerSettings(KeySettings, NumberedSettings):
    """One employer and its EDS."""

    owner: OwnerSettings | None = None
    """The owner signs by hand, with no key here; instead of the four ways above."""
    next_key: tuple[NextKeySettings, ...] = ()
    """Keys that follow, in order."""
    approve: frozenset[Operation] = frozenset()
    """Operations that a person approves, document by document, before they are signed."""
    signed_by_head: bool = False
    """The key is the first head's own, who needs no order."""
    order: tuple[OrderSettings, ...] = ()
    """Orders that appoint who signs."""
    registrable: RegistrableSettings | None = None
    """Which changes are entered."""


class LedgerSettings(Section):
    """The agent's own database."""

    url: Annotated[str, Field(repr=False)]
    """``sqlite:///ledger.db`` or ``postgresql+psycopg://user@host/database``."""
    password: SecretSettings | None = None
    """The database user's password, where libpq's own password file is not used."""
    notify: bool = True
    """PostgreSQL wakes idle agents (LISTEN, NOTIFY); false behind a pooler that keeps that from them."""
    encryption: EncryptionSettings | None = None
    """Encryption of personal data at rest."""


Language = Literal["kk", "ru", "en"]


class SourceSettings(Section):
    """One HR database."""

    kind: Literal["outbox"]
    """``outbox``: a table that HR fills."""
    url: Annotated[str, Field(repr=False)]
    """``sqlite:///hr.db`` or ``postgresql+psycopg://user@host/database``."""
    password: SecretSettings | None = None
    """The database user's password, where libpq's own password file is not used."""
    table: str = "usrec_outbox"
    """Name of the outbox table."""
    read_only: bool = False
    """The account may only read: nothing is marked and no status is written back."""
    language: Language = "en"
    """Language of what is written to HR's rows."""
    notify: bool = True
    """PostgreSQL wakes the agent when HR commits a row (LISTEN); false behind a pooler that keeps that from it."""


class CalendarSettings(Section):
    """Days that differ from the official calendar."""

    working_days: frozenset[Day] = frozenset()
    """Days that are worked although the calendar says otherwise."""
    days_off: frozenset[Day] = frozenset()
    """Days off that the calendar does not know."""
    checked_years: frozenset[Annotated[Number, Field(ge=2020, le=2099)]] = frozenset()
    """Years that you compared with the official calendar."""


class DictionarySettings(Section):
    """The official code lists that were imported by usrec dictionaries import."""

    folder: Path = Path("dictionaries")
    """Folder of the imported lists; it may be absent until something is imported."""
    unknown_code: Literal["error", "warning"] = "error"
    """What a code that an imported list does not have, or not any more, does to its row: an error stops it."""
    most_lost: Annotated[Number, Field(ge=0, le=100)] = 10
    """An import that loses more percent of the codes in use than this is refused, unless it is forced."""
    normal_conditions: frozenset[str] = frozenset({"1"})
    """Codes of working conditions that mean normal work; USREC's list is not public, so this is assumed."""
    harmful_conditions: frozenset[str] = frozenset({"2"})
    """Codes of working conditions that mean harmful work; assumed likewise."""


class DocumentSettings(Section):
    """Supporting documents of harmful work."""

    folder: Path = Path("documents")
    """Folder in which HR puts the files that its rows name; it may be absent until there is one."""


class PreflightSettings(Section):
    """How strict the agent is beyond what no message can do without."""

    incomplete: Literal["refuse", "warn"] = "refuse"
    """What happens to a contract without the data of Order 353 p.3 (term, address of work place; SCSE039, 055)."""
    unsure: Literal["refuse", "warn"] = "warn"
    """What happens to a row against a rule that rests on our reading of a code, which USREC may take."""


Chosen = Literal["retry", "fix_and_resend", "confirm_then_accept", "other_party", "stop_everything"]
"""What may be done after a refusal."""


class DeliverySettings(Section):
    """How fast and how patiently the agent sends."""

    workers: Annotated[Number, Field(ge=1, le=64)] = 4
    """Submissions on the wire at the same time."""
    lease: Seconds = timedelta(minutes=5)
    """How long a claim lasts; longer than all timeouts together."""
    poll: Seconds = timedelta(seconds=2)
    """How often an idle agent looks for work."""
    retry_base: Seconds = timedelta(seconds=5)
    """Longest wait after the first attempt; it doubles with each."""
    retry_cap: Seconds = timedelta(minutes=15)
    """Longest wait between attempts."""
    attempts_in_time: Annotated[Number, Field(ge=1, le=100)] = 6
    """Waits are shortened, down to 30 s, so that so many more attempts fit before the next date."""
    rate: Annotated[Number, Field(ge=1, le=100_000)] | None = None
    """At most so many messages per minute to the gateway, by each agent; no limit when absent."""
    breaker_failures: Annotated[Number, Field(ge=1, le=1000)] = 5
    """After so many exchanges in a row that reached nobody, only one at a time is tried."""
    breaker_pause: Seconds = timedelta(seconds=30)
    """How long such a try is waited with."""


class CrlSettings(Section):
    """The revocation list of one authority."""

    authority: Path
    """Certificate of the authority that makes the list, PEM or DER; one of those in ``authorities``."""
    url: str
    """Address of the complete list."""
    delta_url: str | None = None
    """Address of the delta list, where there is one."""


class TrustSettings(Section):
    """Where certificates' revocation is looked up. Without this table nobody looks it up."""

    authorities: Path
    """Folder with the certificates of the NCA's authorities that you trust, PEM or DER; or one file."""
    ocsp: str | None = None
    """Address of the OCSP responder; none is asked when absent."""
    crl: tuple[CrlSettings, ...] = ()
    """Revocation lists."""
    store: Path = Path("revocation")
    """Folder in which lists and answers are kept, and into which ``kzeds revocation import`` puts them."""
    interval: Seconds = timedelta(hours=4)
    """How often the agent looks."""
    unknown: Literal["warn", "refuse"] = "warn"
    """What becomes of a certificate of which nobody can tell: ``warn`` uses it and says so, ``refuse`` does not."""
    crl_max_age: Seconds = timedelta(days=7)
    """Older lists count for nothing."""
    ocsp_max_age: Seconds = timedelta(days=1)
    """Older OCSP answers count for nothing."""
    timeout: Seconds = timedelta(seconds=20)
    """For one answer of a server."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    proxy: ProxySettings | None = None
    """Proxy on the way to these servers; none when absent."""


class LogSettings(Section):
    """What the agent writes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important level that is written."""
    format: Literal["json", "text"] = "json"
    """``json``: one object in each line; ``text``: for a person."""


class CommandSinkSettings(Section):
    """A program that gets each message on its standard input."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    """Program and arguments; no shell."""
    timeout: Seconds = timedelta(seconds=30)
    """How long it may run."""
    language: Language | None = None
    """Language of the messages; that of [alerts] when absent."""


class WebhookSinkSettings(Section):
    """An https address that gets each message as JSON."""

    url: Annotated[str, Field(repr=False)]
    """Where to; https, or plain http to this machine."""
    token: SecretSettings | None = None
    """Sent as ``Authorization: Bearer``."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    proxy: ProxySettings | None = None
    """Proxy on the way."""
    timeout: Seconds = timedelta(seconds=10)
    """For each phase of the request."""
    language: Language | None = None
    """Language of the messages; that of [alerts] when absent."""


class MailSinkSettings(Section):
    """A mail server."""

    host: str
    """Name of the SMTP server."""
    port: Annotated[Number, Field(ge=1, le=65535)] = 587
    """The server's port."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is protected; ``none`` only to this machine."""
    user: str | None = None
    """User at the server; no login when absent."""
    password: SecretSettings | None = None
    """The user's password."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    sender: str
    """Address in From."""
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    """Addresses in To."""
    timeout: Seconds = timedelta(seconds=30)
    """For each step of the exchange."""
    language: Language | None = None
    """Language of the messages; that of [alerts] when absent."""


class AlertSettings(Section):
    """Who is told of a deadline that comes near, and when. The log is always told."""

    language: Language = "ru"
    """Language of the messages."""
    digest_at: TimeOfDay = time(9)
    """When, in Kazakhstan's time, a working day's digest of what is not urgent is sent."""
    late_entry_days: Annotated[Number, Field(ge=1, le=30)] = 3
    """An event that HR entered, or must mend, so many days after its signing is told."""
    portal_from: TimeOfDay = time(15)
    """On the last day by law, from this time in Kazakhstan: what will not make it is proposed for the portal."""
    permit_first_days: Annotated[Number, Field(ge=3, le=365)] = 60
    """So many days before a foreigner's permit ends it is told first."""
    permit_second_days: Annotated[Number, Field(ge=2, le=364)] = 30
    """And then so many; less than ``permit_first_days``."""
    permit_last_days: Annotated[Number, Field(ge=1, le=363)] = 10
    """And last so many; less than ``permit_second_days``."""
    command: dict[str, CommandSinkSettings] = {}  # noqa: RUF012 -- a pydantic model copies it
    webhook: dict[str, WebhookSinkSettings] = {}  # noqa: RUF012 -- a pydantic model copies it
    mail: dict[str, MailSinkSettings] = {}  # noqa: RUF012 -- a pydantic model copies it

    @property
    def permit_days(self) -> PermitDays:
        """The three days on which a permit that ends is told."""
        return PermitDays(self.permit_first_days, self.permit_second_days, self.permit_last_days)


class MassSettings(Section):
    """Many changes at once: they are held until a person has looked (usrec mass)."""

    amendments: Annotated[Number, Field(ge=0, le=1_000_000)] = 150
    """More amendments of one employer with one date are held; 0 holds none."""
    terminations: Annotated[Number, Field(ge=0, le=1_000_000)] = 20
    """More terminations of one employer on one day are held; 0 holds none."""
    window: Seconds = timedelta(days=1)
    """Those that arrive within it belong together."""


class TargetSettings(Section):
    """Internal targets of events without a term of law, in days from the intake. No law is broken when one passes."""

    days: Annotated[Number, Field(ge=1, le=366)] = 30
    """For every event that is not named below."""
    counted_in: Literal["calendar_days", "working_days"] = "calendar_days"
    """How all days of this table are counted."""
    iin_change: TargetDays = None
    """A changed IIN."""
    bin_change: TargetDays = None
    """A changed BIN."""
    transfer: TargetDays = None
    """A reorganisation transfer."""
    social_leave: TargetDays = None
    """A social leave."""
    social_leave_edit: TargetDays = None
    """A corrected social leave."""
    social_leave_delete: TargetDays = None
    """A deleted social leave."""
    contract_edit: TargetDays = None
    """A correction of a contract whose first entry nobody can date."""
    contract_delete: TargetDays = None
    """A deletion of such a contract."""
    amendment_edit: TargetDays = None
    """A correction of such an agreement."""
    amendment_delete: TargetDays = None
    """A deletion of such an agreement."""


class PairSettings(Section):
    """Transfers in two halves, a termination at one BIN and a conclusion at another (pair_key)."""

    missing_after_days: Annotated[Number, Field(ge=1, le=30)] = 2
    """So many calendar days after one half somebody is told that the other is missing; sooner when its term ends."""


class HealthSettings(Section):
    """Where the agent answers for its health and metrics."""

    listen: str | None = None
    """``127.0.0.1:9464`` or ``unix:/run/usrec-agent/health.sock``; nothing listens when absent."""
    public: bool = False
    """Let other machines ask too: ``listen`` may then name any address, as in a container."""


class WatchSettings(Section):
    """The independent watcher, ``usrec watch``."""

    silence: Seconds = timedelta(minutes=10)
    """An agent that gave no sign of life for so long is told."""
    interval: Seconds = timedelta(minutes=1)
    """How often it looks."""
    state_file: Path = Path("watch.state")
    """Where it remembers what it has told."""


class WatcherSettings(BaseSettings):
    """What the independent watcher reads. The agent's other tables may stand beside it; they are checked too."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="USREC_", env_nested_delimiter="__")

    gateway: GatewaySettings | None = None
    employer: dict[str, EmployerSettings] = {}
    ledger: LedgerSettings
    retention: RetentionSettings = RetentionSettings()
    source: dict[str, SourceSettings] = {}
    calendar: CalendarSettings = CalendarSettings()
    dictionaries: DictionarySettings = DictionarySettings()
    documents: DocumentSettings = DocumentSettings()
    preflight: PreflightSettings = PreflightSettings()
    delivery: DeliverySettings = DeliverySettings()
    policies: dict[str, Chosen] = {}
    """What the agent does after a refusal, by response code; where it differs from the safe default."""
    alerts: AlertSettings = AlertSettings()
    mass: MassSettings = MassSettings()
    targets: TargetSettings = TargetSettings()
    pairs: PairSettings = PairSettings()
    health: HealthSettings = HealthSettings()
    watch: WatchSettings = WatchSettings()
    journal: JournalSettings = JournalSettings()
    trust: TrustSettings | None = None
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes over the file; no .env file and no secrets directory is read."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


class Settings(WatcherSettings):
    """All settings of one agent."""

    gateway: GatewaySettings
    employer: dict[str, EmployerSettings]
    source: dict[str, SourceSettings]
