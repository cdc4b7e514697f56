"""``usrec.toml`` as one frozen tree. Unknown keys are errors, so that a misspelt setting is never silently ignored.

Each value can be overridden from the environment: ``USREC_GATEWAY__URL`` for ``[gateway] url``. Secrets are never
settings themselves: a setting says where one is. Relative paths start at the directory of ``usrec.toml``.
"""

from usrec.settings.alerts_section import AlertSettings, CommandSinkSettings, MailSinkSettings, WebhookSinkSettings
from usrec.settings.delivery_section import DeliverySettings
from usrec.settings.employer_section import EmployerSettings, OrderSettings, RegistrableSettings
from usrec.settings.faults import Fault, Written, Wrong
from usrec.settings.files import unusable_files
from usrec.settings.gateway_section import GatewaySettings, TimeoutSettings
from usrec.settings.key_section import (
    KeySettings,
    NcanodeSettings,
    NextKeySettings,
    OwnerSettings,
    SignerDaemonSettings,
    TokenSettings,
)
from usrec.settings.kinds import Language
from usrec.settings.ledger_section import LedgerSettings
from usrec.settings.load import (
    CONFIG_VARIABLE,
    DEFAULT_FILE,
    LoadedSettings,
    LoadedWatcherSettings,
    database_url,
    examine,
    find_settings,
    load_health_settings,
    load_settings,
    load_watcher_settings,
)
from usrec.settings.outline import Steps
from usrec.settings.preflight_section import CalendarSettings
from usrec.settings.rules import PLACEHOLDER
from usrec.settings.running_section import HealthSettings, LogSettings, WatchSettings
from usrec.settings.section import ProxySettings, SecretSettings, Section
from usrec.settings.source_files_section import FilesSourceSettings
from usrec.settings.source_http_section import HttpIntakeSettings, HttpSourceSettings, StateWebhookSettings
from usrec.settings.source_section import (
    OutboxSourceSettings,
    SourceSettings,
    databases,
    drop_folders,
    mapped,
    outboxes,
    snapshots,
)
from usrec.settings.source_snapshot_section import SnapshotSourceSettings, is_fetched
from usrec.settings.tree import Settings, WatcherSettings
from usrec.settings.trust_section import CrlSettings, TrustSettings

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_FILE",
    "PLACEHOLDER",
    "AlertSettings",
    "CalendarSettings",
    "CommandSinkSettings",
    "CrlSettings",
    "DeliverySettings",
    "EmployerSettings",
    "Fault",
    "FilesSourceSettings",
    "GatewaySettings",
    "HealthSettings",
    "HttpIntakeSettings",
    "HttpSourceSettings",
    "KeySettings",
    "Language",
    "LedgerSettings",
    "LoadedSettings",
    "LoadedWatcherSettings",
    "LogSettings",
    "MailSinkSettings",
    "NcanodeSettings",
    "NextKeySettings",
    "OrderSettings",
    "OutboxSourceSettings",
    "OwnerSettings",
    "ProxySettings",
    "RegistrableSettings",
    "SecretSettings",
    "Section",
    "Settings",
    "SignerDaemonSettings",
    "SnapshotSourceSettings",
    "SourceSettings",
    "StateWebhookSettings",
    "Steps",
    "TimeoutSettings",
    "TokenSettings",
    "TrustSettings",
    "WatchSettings",
    "WatcherSettings",
    "WebhookSinkSettings",
    "Written",
    "Wrong",
    "database_url",
    "databases",
    "drop_folders",
    "examine",
    "find_settings",
    "is_fetched",
    "load_health_settings",
    "load_settings",
    "load_watcher_settings",
    "mapped",
    "outboxes",
    "snapshots",
    "unusable_files",
]
