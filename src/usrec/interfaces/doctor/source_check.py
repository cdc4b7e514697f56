"""Each HR database: it answers, its table has what the agent needs, the account may do what it must, nothing lies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from usrec.domain.errors import ConfigurationError, LedgerUnavailable, SourceUnavailable
from usrec.domain.source_event import SourceName
from usrec.interfaces.doctor.approved_check import examine_approved
from usrec.interfaces.doctor.drop_folder_check import examine_folder
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.doctor.staff_check import examine_staff
from usrec.interfaces.i18n import N_
from usrec.settings import OutboxSourceSettings, databases, drop_folders, outboxes, snapshots

if TYPE_CHECKING:
    from usrec.adapters.sources.probe import OutboxGlimpse

LONG: Final = timedelta(hours=1)
"""A running agent takes a row within seconds."""

UNUSABLE: Final = Kind(
    "source",
    "unusable",
    Verdict.FAIL,
    N_("The settings of the HR database cannot be used: {why}"),
    N_("Mend url or password in [source.{about}]"),
)
UNREACHABLE: Final = Kind(
    "source",
    "unreachable",
    Verdict.FAIL,
    N_("The HR database cannot be reached or read: {why}"),
    N_("Check that it runs, url and password in [source.{about}], and the firewall: usrec doctor --egress"),
)
NO_TABLE: Final = Kind(
    "source",
    "no_table",
    Verdict.FAIL,
    N_("The HR database has no table {table} that the account can see"),
    N_("Have HR's administrator make it by schemas/hr-outbox, or correct table in [source.{about}]"),
)
NO_COLUMNS: Final = Kind(
    "source",
    "no_columns",
    Verdict.FAIL,
    N_("The table {table} lacks columns: {columns}"),
    N_("Have HR's administrator add them by schemas/hr-outbox"),
)
NOT_READABLE: Final = Kind(
    "source",
    "not_readable",
    Verdict.FAIL,
    N_("The account may not read columns of {table}: {columns}"),
    N_("Let HR's administrator GRANT SELECT ON {table} to the account of [source.{about}]"),
)
NOT_WRITABLE: Final = Kind(
    "source",
    "not_writable",
    Verdict.FAIL,
    N_("The account may not write columns of {table}: {columns}"),
    N_(
        "Let HR's administrator GRANT UPDATE on these columns to the account of [source.{about}]; "
        "or set read_only = true there: HR sees no status then"
    ),
)
EMPTY: Final = Kind("source", "empty", Verdict.OK, N_("The table {table} can be read and marked; no row waits in it"))
WAITING: Final = Kind(
    "source",
    "waiting",
    Verdict.OK,
    N_("The table {table} can be read and marked; rows that wait: {number}, the oldest for {age}"),
)
LEFT_LYING: Final = Kind(
    "source",
    "left_lying",
    Verdict.WARN,
    N_("The table {table} can be read and marked; rows that wait: {number}, the oldest for {age}"),
    N_("A running agent takes a row within seconds: see the line of agents, and the agent's log"),
)
FORGOTTEN: Final = Kind(
    "source",
    "forgotten",
    Verdict.WARN,
    N_("Rows of {table} are marked as taken, but the ledger has never seen them; of the last 1000 so many: {number}"),
    N_("Nobody sends them. Has the ledger gone back in time? See docs/how-to/upgrade-and-backup.md, Restore"),
)
UNPROVEN: Final = Kind(
    "source",
    "unproven",
    Verdict.WARN,
    N_("The makers of this program never tried it on a live server of {product}"),
    N_("Run usrec source conformance {about} on a copy first (docs/how-to/databases.md)"),
)
READ_ONLY: Final = Kind(
    "source",
    "read_only",
    Verdict.OK,
    N_("The table {table} can be read. It is read-only: HR sees no status, and the ledger alone knows what is new"),
)


def examine_sources(installation: Installation) -> Iterator[Line]:
    """Each source of the settings."""
    yield from _unproven(installation)
    for name, source in outboxes(installation.settings.values.source):
        yield from _source(installation, name, source)
    for name, staff in snapshots(installation.settings.values.source):
        yield from examine_staff(installation, name, staff)
    for name, folder in drop_folders(installation.settings.values.source):
        yield from examine_folder(name, installation.settings.path(folder))
    yield from examine_approved(installation)


def _unproven(installation: Installation) -> Iterator[Line]:
    from usrec.adapters.sources.server_session import unproven_address

    for name, source in databases(installation.settings.values.source):
        product = unproven_address(source.url)
        if product:
            yield UNPROVEN.line(about=name, product=product)


def _source(installation: Installation, name: str, source: OutboxSourceSettings) -> Iterator[Line]:
    from usrec.adapters.sources.probe import look_at_outbox

    settings = installation.settings
    try:
        found = look_at_outbox(
            SourceName(name),
            settings.database_url(source.url),
            table=source.table,
            writable=not source.read_only,
            password=settings.optional_secret(source.password),
        )
    except SourceUnavailable as problem:
        yield UNREACHABLE.line(about=name, why=problem.what)
    except ConfigurationError as problem:
        yield UNUSABLE.line(about=name, why=problem.what)
    else:
        yield from _table(installation, name, source, found)
        yield from _forgotten(installation, name, source, found)


def _forgotten(
    installation: Installation, name: str, source: OutboxSourceSettings, found: OutboxGlimpse
) -> Iterator[Line]:
    """What HR's table says of the ledger: a backup, or a replica that lagged behind, has not seen all of its rows."""
    from usrec.adapters.persistence.probe import LedgerProbe
    from usrec.ledger import ledger_access

    if not found.taken:
        return
    try:
        ledger = LedgerProbe(*ledger_access(installation.settings))
    except ConfigurationError:
        return  # told by the lines of the ledger
    try:
        number = ledger.unknown(SourceName(name), found.taken) if ledger.is_current else 0
        if number:
            yield FORGOTTEN.line(about=name, table=source.table, number=number)
    except LedgerUnavailable:
        return
    finally:
        ledger.close()


def _table(installation: Installation, name: str, source: OutboxSourceSettings, found: OutboxGlimpse) -> Iterator[Line]:
    table = source.table
    wrong = ((NO_COLUMNS, found.missing), (NOT_READABLE, found.unreadable), (NOT_WRITABLE, found.unwritable))
    faults = [kind.line(about=name, table=table, columns=", ".join(columns)) for kind, columns in wrong if columns]
    if not found.exists:
        yield NO_TABLE.line(about=name, table=table)
    elif faults:
        yield from faults
    elif found.waiting is None:
        yield READ_ONLY.line(about=name, table=table)
    elif found.waiting == 0:
        yield EMPTY.line(about=name, table=table)
    else:
        yield _in_wait(installation, name, table, found)


def _in_wait(installation: Installation, name: str, table: str, found: OutboxGlimpse) -> Line:
    age = timedelta(0) if found.oldest is None else max(installation.clock.now() - found.oldest, timedelta(0))
    kind = LEFT_LYING if age > LONG else WAITING
    return kind.line(about=name, table=table, number=found.waiting, age=age)
