"""Part of the composition root: the ledger and how personal data is kept in it, by the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from usrec.domain.secret import Secret
from usrec.settings import LoadedWatcherSettings

if TYPE_CHECKING:
    from usrec.adapters.persistence import SqlLedger
    from usrec.adapters.persistence.sealing import Sealing


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
    keys = [sealing_key(settings.secret(one, "key")) for one in (chosen.key, *chosen.old_keys)]
    return KeySealing(*keys, closes=closes)


def ledger_access(settings: LoadedWatcherSettings) -> tuple[str, Secret | None]:
    """Address of the ledger's database and password of its user, where the settings name one.

    Raises:
        ConfigurationError: The password cannot be read.
    """
    ledger = settings.values.ledger
    return settings.database_url(ledger.url), settings.optional_secret(ledger.password)
