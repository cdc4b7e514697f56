"""Part of the composition root: where events come from, by the settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import structlog

from usrec.adapters.sources.held_source import HeldSource
from usrec.approved import read_approved
from usrec.domain.errors import ConfigurationError
from usrec.domain.source_event import EventId, SourceName, SourceRow
from usrec.ports.change_listener import ChangeListener
from usrec.ports.clock import Clock
from usrec.ports.event_source import EventSource, StatusNote
from usrec.settings import (
    FilesSourceSettings,
    HttpSourceSettings,
    LoadedSettings,
    OutboxSourceSettings,
    SnapshotSourceSettings,
    SourceSettings,
    StateWebhookSettings,
    outboxes,
)

if TYPE_CHECKING:
    from usrec.adapters.persistence import SqlLedger
    from usrec.adapters.sources.files.options import ReadingOptions

_log = structlog.get_logger("usrec.sources")
OutboxKey = tuple[EventId, int]


def build_sources(settings: LoadedSettings, ledger: SqlLedger, clock: Clock) -> Sequence[EventSource]:
    """All sources; one of several that cannot be used holds no other.

    Raises:
        ConfigurationError: Not a single one can be used.
    """
    sources = settings.values.source
    found = [_source_or_why(settings, name, source, ledger, clock) for name, source in sources.items()]
    held = [one.problem for one in found if isinstance(one, HeldSource)]
    if held and len(held) == len(found):
        raise held[0]
    return found


def _source_or_why(
    settings: LoadedSettings, name: str, source: SourceSettings, ledger: SqlLedger, clock: Clock
) -> EventSource:
    try:
        return build_source(settings, name, source, ledger, clock)
    except ConfigurationError as problem:
        return HeldSource(SourceName(name), problem)


def build_source(
    settings: LoadedSettings, name: str, source: SourceSettings, ledger: SqlLedger, clock: Clock
) -> EventSource:
    """A source, with its new rows told from those that the ledger has.

    Raises:
        ConfigurationError: Its password cannot be read, or its address or a review file of its cannot be used.
    """
    read_approved(settings, name)
    if isinstance(source, OutboxSourceSettings):
        return _build_outbox(settings, name, source, ledger)
    if isinstance(source, FilesSourceSettings):
        return _build_drop_folder(settings, name, source, ledger, clock)
    if isinstance(source, SnapshotSourceSettings):
        from usrec.staffs import build_staff_source

        return build_staff_source(settings, name, source, ledger, clock)
    from usrec.adapters.sources.intake_source import IntakeSource

    return IntakeSource(SourceName(name), ledger, clock, calls=source.webhook is not None)


def build_source_view(settings: LoadedSettings, name: str) -> EventSource:
    """A configured outbox, to look at all of its rows without a ledger: none counts as taken and nothing is marked.

    Raises:
        ConfigurationError: There is no such source, it is none that keeps its rows, or its address cannot be used.
    """
    from usrec.adapters.sources.outbox_table import OutboxTableSource

    source = dict(outboxes(settings.values.source)).get(name)
    if source is None:
        raise _no_outbox(settings, name)
    read_approved(settings, name)
    return OutboxTableSource(
        SourceName(name),
        settings.database_url(source.url),
        writable=False,
        table=source.table,
        known=lambda _: (),
        password=settings.optional_secret(source.password),
    )


def _no_outbox(settings: LoadedSettings, name: str) -> ConfigurationError:
    if name in settings.values.source:
        next_step = "Check a file before it is dropped: usrec lint FILE; a staff: usrec source check"
        return ConfigurationError(f"[source.{name}] keeps no rows to look at", next_step=next_step)
    known = ", ".join(settings.values.source) or "none"
    return ConfigurationError(f"there is no [source.{name}]; configured: {known}", where=str(settings.file))


def declared_options(settings: LoadedSettings, name: str) -> ReadingOptions:
    """What the settings declare about files of a source; nothing where files are not its way in.

    Raises:
        ConfigurationError: There is no such source, or its review files cannot be used.
    """
    from usrec.adapters.sources.files.options import ReadingOptions

    source = settings.values.source.get(name)
    if source is None:
        raise _no_outbox(settings, name)
    read_approved(settings, name)
    return _reading(source) if isinstance(source, FilesSourceSettings) else ReadingOptions()


def build_listeners(settings: LoadedSettings, clock: Clock) -> Sequence[ChangeListener]:
    """The HR systems that want to be told of changes; what one of several that cannot be told is to know waits.

    Raises:
        ConfigurationError: An address, a secret or a file of the only one cannot be used.
    """
    sources = settings.values.source.items()
    hooks = [(name, one.webhook) for name, one in sources if isinstance(one, HttpSourceSettings) and one.webhook]
    found = []
    for name, webhook in hooks:
        try:
            found.append(_listener(settings, name, webhook, clock))
        except ConfigurationError as problem:
            if len(sources) == 1:
                raise
            _log.error(str(problem), action="webhook.unusable", source=name)
    return found


def _listener(settings: LoadedSettings, name: str, webhook: StateWebhookSettings, clock: Clock) -> ChangeListener:
    from usrec.adapters.alerts.state_webhook import StateWebhook

    return StateWebhook(
        SourceName(name),
        webhook.url,
        settings.secret(webhook.secret),
        clock=clock,
        timeout=webhook.timeout,
        ca_file=None if webhook.ca_file is None else settings.path(webhook.ca_file),
    )


def _build_outbox(settings: LoadedSettings, name: str, source: OutboxSourceSettings, ledger: SqlLedger) -> EventSource:
    from usrec.adapters.sources.outbox_table import OutboxTableSource

    return OutboxTableSource(
        SourceName(name),
        settings.database_url(source.url),
        writable=not source.read_only,
        table=source.table,
        known=_known_keys(SourceName(name), ledger),
        password=settings.optional_secret(source.password),
    )


def _known_keys(name: SourceName, ledger: SqlLedger) -> Callable[[Collection[OutboxKey]], Collection[OutboxKey]]:
    """Which rows the inbox holds: how a read-only source tells new rows from taken ones."""

    def known(keys: Collection[OutboxKey]) -> Collection[OutboxKey]:
        with ledger.begin() as work:
            found = work.inbox.known([(name, event_id, revision) for event_id, revision in keys])
        return {(event_id, revision) for _, event_id, revision in found}

    return known


def _build_drop_folder(
    settings: LoadedSettings, name: str, source: FilesSourceSettings, ledger: SqlLedger, clock: Clock
) -> EventSource:
    from usrec.adapters.sources.files.drop_source import DropFolderSource, Ledgering

    return DropFolderSource(
        SourceName(name),
        settings.path(source.folder),
        _reading(source),
        settle=source.settle,
        clock=clock,
        ledger=Ledgering(_repeats(SourceName(name), ledger), _tell(ledger)),
    )


def _reading(source: FilesSourceSettings) -> ReadingOptions:
    from usrec.adapters.sources.files.options import ReadingOptions, parse_sentinel

    return ReadingOptions(
        source.encoding or "",
        pad_numbers=source.pad_iin,
        sentinels=dict(map(parse_sentinel, source.sentinels)),
        excel_dates=source.excel_dates,
    )


def _repeats(name: SourceName, ledger: SqlLedger) -> Callable[[Sequence[SourceRow]], Sequence[SourceRow]]:
    """Which rows say again, in another place, what the ledger took before."""

    def repeats(rows: Sequence[SourceRow]) -> Sequence[SourceRow]:
        keyed = [(row, (name, EventId(row.event_id or f"row:{row.row_ref}"), row.revision)) for row in rows]
        with ledger.begin() as work:
            places = work.inbox.row_refs(name, [key[1] for _, key in keyed])
            elsewhere = [(row, key) for row, key in keyed if places.get(key, row.row_ref) != row.row_ref]
            known = work.inbox.known([key for _, key in elsewhere])
            return [row for row, key in elsewhere if work.inbox.fingerprint(row.canonical()) == known[key]]

    return repeats


def _tell(ledger: SqlLedger) -> Callable[[Sequence[StatusNote]], None]:
    """What a source has to say about rows of its own goes the way of all notes: kept, put into words, written."""

    def tell(notes: Sequence[StatusNote]) -> None:
        if notes:
            with ledger.begin() as work:
                work.write_backs.put(*notes)
                work.commit()

    return tell
