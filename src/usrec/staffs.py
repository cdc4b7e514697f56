"""Part of the composition root: HR's staffs that are looked at, by the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from usrec.domain.errors import ConfigurationError
from usrec.domain.source_event import SourceName
from usrec.ports.clock import Clock
from usrec.settings import LoadedSettings, SnapshotSourceSettings, is_fetched, snapshots

if TYPE_CHECKING:
    from usrec.adapters.persistence import SqlLedger
    from usrec.adapters.sources.staff_roster import SqlStaffRoster, StaffDatabase
    from usrec.adapters.sources.staff_source import StaffSource
    from usrec.application.take_snapshot import SnapshotPolicy
    from usrec.domain.mapping.staff_mapping import StaffMapping


def build_staff_source(
    settings: LoadedSettings, name: str, source: SnapshotSourceSettings, ledger: SqlLedger, clock: Clock
) -> StaffSource:
    """A source whose events follow from looks at a staff.

    Raises:
        ConfigurationError: Its mapping, its address or its password cannot be used.
    """
    from usrec.adapters.sources.staff_source import StaffSource

    mapping = build_mapping(settings, source)
    roster, policy = build_roster(settings, name, source, mapping), build_snapshot_policy(source, mapping)
    return StaffSource(SourceName(name), roster, ledger, clock, policy, every=source.every)


def build_mapping(
    settings: LoadedSettings, source: SnapshotSourceSettings, *, collecting: bool = False
) -> StaffMapping:
    """The mapping of a staff.

    Args:
        collecting: Its review files need not be there yet.

    Raises:
        ConfigurationError: It cannot be used.
    """
    from usrec.adapters.sources.mapping.read import load_mapping

    return load_mapping(settings.path(source.mapping), collecting=collecting)


def build_roster(
    settings: LoadedSettings, name: str, source: SnapshotSourceSettings, mapping: StaffMapping
) -> SqlStaffRoster:
    """The staff itself. Nothing is connected yet.

    Raises:
        ConfigurationError: Its address, its driver or its password cannot be used.
    """
    from usrec.adapters.sources.staff_roster import SqlStaffRoster

    database = build_staff_database(settings, name, source, mapping)
    return SqlStaffRoster(database, mapping, f"source {name}, {source.mapping}")


def build_staff_database(
    settings: LoadedSettings, name: str, source: SnapshotSourceSettings, mapping: StaffMapping
) -> StaffDatabase:
    """Where the queries of the mapping are run. Nothing is connected yet.

    Raises:
        ConfigurationError: Its address, its driver or its password cannot be used, or the mapping is for another place.
    """
    if is_fetched(source.url) is not bool(mapping.tables):
        found = "has [tables], which a database does not need" if mapping.tables else "has no [tables]"
        raise ConfigurationError(
            f"the mapping file {found}",
            where=f"[source.{name}] url",
            kept="Nothing was read",
            next_step="Write an https:// or file:// address for [tables], a database's for a mapping without them",
        )
    if mapping.tables:
        return _fetched_tables(settings, name, source, mapping)
    from usrec.adapters.sources.hr_database import HrDatabase

    password = settings.optional_secret(source.password)
    url = settings.database_url(source.url)
    return HrDatabase(
        SourceName(name), url, writable=False, password=password, by_query=True, zone=mapping.dates.offset
    )


def _fetched_tables(
    settings: LoadedSettings, name: str, source: SnapshotSourceSettings, mapping: StaffMapping
) -> StaffDatabase:
    from usrec.adapters.sources.staff_tables.memory import TablesInMemory

    where = f"source {name}"
    if source.url.startswith("file:"):
        from usrec.adapters.sources.staff_tables.json_lines import JsonLinesFolder
        from usrec.adapters.system_clock import SystemClock

        folder = settings.path(Path(source.url.removeprefix("file:").removeprefix("//")))
        return TablesInMemory(mapping.tables, JsonLinesFolder(folder, SystemClock(), where), where)
    from usrec.adapters.sources.staff_tables.odata import ODataService
    from usrec.authorities import tls_of

    place = None if source.ca_file is None else settings.path(source.ca_file)
    trusted, password = tls_of(place, f"source.{name}"), settings.optional_secret(source.password)
    service = ODataService(source.url, password=password, trusted=trusted, where=where)
    return TablesInMemory(mapping.tables, service, where)


def build_snapshot_policy(source: SnapshotSourceSettings, mapping: StaffMapping) -> SnapshotPolicy:
    """How looks at a staff are compared."""
    from usrec.application.take_snapshot import SnapshotPolicy
    from usrec.domain.snapshot.sound import Soundness

    return SnapshotPolicy(Soundness(source.lost_percent), source.new_from, mapping.leaves_are_complete, mapping.learned)


def named_staff(settings: LoadedSettings, name: str) -> SnapshotSourceSettings:
    """The settings of a staff.

    Raises:
        ConfigurationError: There is none of that name.
    """
    found = dict(snapshots(settings.values.source))
    if name not in found:
        known = ", ".join(found) or "none"
        what = f'there is no [source.{name}] with kind = "snapshot"; configured: {known}'
        raise ConfigurationError(what, where=str(settings.file), next_step="See docs/how-to/snapshot.md")
    return found[name]
