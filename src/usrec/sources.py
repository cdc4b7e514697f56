"""Part of the composition root: the HR databases, by the settings."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from usrec.domain.errors import ConfigurationError
from usrec.domain.source_event import EventId, SourceName
from usrec.ports.event_source import EventSource
from usrec.settings import LoadedSettings, SourceSettings

if TYPE_CHECKING:
    from usrec.adapters.persistence import SqlLedger

OutboxKey = tuple[EventId, int]


def build_source(settings: LoadedSettings, name: str, source: SourceSettings, ledger: SqlLedger) -> EventSource:
    """An HR database, with its new rows told from those that the ledger has.

    Raises:
        ConfigurationError: Its password cannot be read, or its address cannot be used.
    """
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
