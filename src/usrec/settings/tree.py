"""The tree of the settings: every table of ``usrec.toml``. What stands in a table is told by its own section."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from usrec.settings.alerts_section import AlertSettings
from usrec.settings.audit_section import AuditSettings
from usrec.settings.delivery_section import Chosen, DeliverySettings
from usrec.settings.employer_section import EmployerSettings
from usrec.settings.gateway_section import GatewaySettings
from usrec.settings.intake_section import MassSettings, PairSettings, TargetSettings
from usrec.settings.journal_section import JournalSettings
from usrec.settings.ledger_section import LedgerSettings
from usrec.settings.preflight_section import CalendarSettings, DictionarySettings, DocumentSettings, PreflightSettings
from usrec.settings.retention_section import RetentionSettings
from usrec.settings.running_section import HealthSettings, LogSettings, WatchSettings
from usrec.settings.source_http_section import HttpIntakeSettings
from usrec.settings.source_section import SourceSettings
from usrec.settings.trust_section import TrustSettings


class WatcherSettings(BaseModel):
    """What the independent watcher reads. The agent's other tables may stand beside it; they are checked too."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    gateway: GatewaySettings | None = None
    employer: dict[str, EmployerSettings] = {}
    ledger: LedgerSettings
    retention: RetentionSettings = RetentionSettings()
    source: dict[str, SourceSettings] = {}
    intake: HttpIntakeSettings | None = None
    calendar: CalendarSettings = CalendarSettings()
    dictionaries: DictionarySettings = DictionarySettings()
    documents: DocumentSettings = DocumentSettings()
    preflight: PreflightSettings = PreflightSettings()
    delivery: DeliverySettings = DeliverySettings()
    policies: dict[str, Chosen] = {}
    """What the agent does after a refusal, by response code; where it differs from the safe default."""
    alerts: AlertSettings = AlertSettings()
    audit: AuditSettings = AuditSettings()
    mass: MassSettings = MassSettings()
    targets: TargetSettings = TargetSettings()
    pairs: PairSettings = PairSettings()
    health: HealthSettings = HealthSettings()
    watch: WatchSettings = WatchSettings()
    journal: JournalSettings = JournalSettings()
    trust: TrustSettings | None = None
    log: LogSettings = LogSettings()


class Settings(WatcherSettings):
    """All settings of one agent."""

    gateway: GatewaySettings
    employer: dict[str, EmployerSettings]
    source: dict[str, SourceSettings]
