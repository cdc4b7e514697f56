"""``usrec.toml`` as one frozen tree. Unknown keys are errors, so that a misspelt setting is never silently ignored.

Each value can be overridden from the environment: ``USREC_GATEWAY__URL`` for ``[gateway] url``. Secrets are never
settings themselves: a setting says where one is. Relative paths start at the directory of ``usrec.toml``.
"""

from usrec.settings.faults import Fault, Written, Wrong
from usrec.settings.files import unusable_files
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
from usrec.settings.rules import PLACEHOLDER
from usrec.settings.tree import (
    AlertSettings,
    CalendarSettings,
    CommandSinkSettings,
    DeliverySettings,
    EmployerSettings,
    GatewaySettings,
    HealthSettings,
    Language,
    LedgerSettings,
    LogSettings,
    MailSinkSettings,
    OrderSettings,
    ProxySettings,
    SecretSettings,
    Section,
    Settings,
    SourceSettings,
    TimeoutSettings,
    WatcherSettings,
    WatchSettings,
    WebhookSinkSettings,
)

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_FILE",
    "PLACEHOLDER",
    "AlertSettings",
    "CalendarSettings",
    "CommandSinkSettings",
    "DeliverySettings",
    "EmployerSettings",
    "Fault",
    "GatewaySettings",
    "HealthSettings",
    "Language",
    "LedgerSettings",
    "LoadedSettings",
    "LoadedWatcherSettings",
    "LogSettings",
    "MailSinkSettings",
    "OrderSettings",
    "ProxySettings",
    "SecretSettings",
    "Section",
    "Settings",
    "SourceSettings",
    "Steps",
    "TimeoutSettings",
    "WatchSettings",
    "WatcherSettings",
    "WebhookSinkSettings",
    "Written",
    "Wrong",
    "database_url",
    "examine",
    "find_settings",
    "load_health_settings",
    "load_settings",
    "load_watcher_settings",
    "unusable_files",
]
