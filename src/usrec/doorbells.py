"""Part of the composition root: the databases that tell at once when there may be work, by the settings."""

from __future__ import annotations

from collections.abc import Sequence

from usrec.domain.secret import Secret
from usrec.ports.doorbell import Doorbell, Ring
from usrec.settings import LedgerSettings, LoadedSettings, OutboxSourceSettings, outboxes


def build_doorbells(settings: LoadedSettings) -> Sequence[Doorbell]:
    """One for each database on PostgreSQL whose settings allow it. Nothing is connected yet."""
    places = bell_places(settings)
    if not places:
        return []
    from usrec.adapters.doorbells.postgresql import PostgresqlDoorbell

    return [PostgresqlDoorbell(*place) for place in places]


def bell_places(settings: LoadedSettings) -> Sequence[tuple[str, Ring, str, Secret | None]]:
    """Name, ring, address and password of each database on PostgreSQL whose settings let it wake the agent.

    Raises:
        ConfigurationError: The password of the ledger, or of the only source, cannot be read.
    """
    values = settings.values
    wanted: list[tuple[str, Ring, LedgerSettings | OutboxSourceSettings]] = [("ledger", Ring.READY, values.ledger)]
    usable = ((name, one) for name, one in outboxes(values.source) if not settings.holds_itself_alone(one))
    wanted += [(f"source.{name}", Ring.ROWS, source) for name, source in usable]
    return [
        (name, ring, settings.database_url(one.url), settings.optional_secret(one.password))
        for name, ring, one in wanted
        if one.notify and one.url.startswith("postgresql")
    ]
