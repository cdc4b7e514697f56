"""``usrec.toml`` as one frozen tree. Unknown keys are errors, so that a misspelt setting is never silently ignored.

Each value can be overridden from the environment: ``USREC_GATEWAY__URL`` for ``[gateway] url``. Secrets are never
settings themselves: a setting says where one is. Relative paths start at the directory of ``usrec.toml``.
"""

from usrec.settings.load import CONFIG_VARIABLE, DEFAULT_FILE, LoadedSettings, find_settings, load_settings
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
    WatchSettings,
    WebhookSinkSettings,
)

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_FILE",
    "AlertSettings",
    "CalendarSettings",
    "CommandSinkSettings",
    "DeliverySettings",
    "EmployerSettings",
    "GatewaySettings",
    "HealthSettings",
    "Language",
    "LedgerSettings",
    "LoadedSettings",
    "LogSettings",
    "MailSinkSettings",
    "OrderSettings",
    "ProxySettings",
    "SecretSettings",
    "Section",
    "Settings",
    "SourceSettings",
    "TimeoutSettings",
    "WatchSettings",
    "WebhookSinkSettings",
    "find_settings",
    "load_settings",
]
