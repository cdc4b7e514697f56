"""The tree of the settings: every table of ``usrec.toml``. What stands in a table is told by its own section."""

from __future__ import annotations

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from usrec.settings.alerts_section import AlertSettings
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


class WatcherSettings(BaseSettings):
    """What the independent watcher reads. The agent's other tables may stand beside it; they are checked too."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="USREC_", env_nested_delimiter="__")

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
