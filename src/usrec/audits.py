"""Part of the composition root: what an audit compares, by the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from usrec.application.audit import Export, Rules, Sides, Staff
from usrec.domain.errors import ConfigurationError
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.snapshot.staff import Look
from usrec.domain.source_event import SourceName
from usrec.policies import employers_by_bin
from usrec.ports.staff import StaffRoster
from usrec.preflight import build_calendars
from usrec.settings import LoadedSettings, snapshots

if TYPE_CHECKING:
    from usrec.adapters.sources.files.options import ReadingOptions


class OneLook:
    """A ``StaffRoster`` that looks once, however many employers are asked of it."""

    def __init__(self, roster: StaffRoster) -> None:
        self._roster = roster
        self._look: Look | None = None

    @property
    def where(self) -> str:
        """Source and mapping file, for messages."""
        return self._roster.where

    def look(self, at: datetime) -> Look:
        """The look that was taken first."""
        self._look = self._look or self._roster.look(at)
        return self._look

    def close(self) -> None:
        """Close idle connections to the HR database."""
        self._roster.close()


@contextmanager
def open_sides(settings: LoadedSettings) -> Iterator[Sides]:
    """HR's staffs, for as long as an audit needs them.

    Raises:
        ConfigurationError: A mapping, an address or a password cannot be used.
    """
    from usrec.staffs import build_mapping, build_roster, build_snapshot_policy

    staffs: list[Staff] = []
    try:
        for name, source in snapshots(settings.values.source):
            mapping = build_mapping(settings, source)
            roster = OneLook(build_roster(settings, name, source, mapping))
            staffs.append(Staff(SourceName(name), roster, build_snapshot_policy(source, mapping)))
        yield Sides(staffs, is_whole=len(staffs) == len(settings.values.source))
    finally:
        for staff in staffs:
            staff.roster.close()


def build_audit_rules(settings: LoadedSettings) -> Rules:
    """By what terms are counted."""
    return Rules(employers_by_bin(settings), build_calendars(settings))


def read_registry(
    file: Path,
    employer_bin: str,
    columns: Mapping[str, str],
    options: ReadingOptions | None = None,
    exported_on: date | None = None,
) -> Export:
    """An export of the registry.

    Args:
        columns: As the file calls them, by their names here.
        exported_on: Day of the export; that on which the file was written when absent.

    Raises:
        FileUnreadable: It cannot be read as a whole, or lacks a column.
    """
    from usrec.adapters.sources.files.options import ReadingOptions
    from usrec.adapters.sources.files.registry_export import read_export

    rows, unusable = read_export(file, options or ReadingOptions(), columns, employer_bin)
    written = kazakhstan_date(datetime.fromtimestamp(file.stat().st_mtime, UTC))
    return Export(rows, exported_on or written, len(unusable), sha256(file.read_bytes()).hexdigest())


def scheduled_sides(settings: LoadedSettings, sides: Sides, employer: str, employer_bin: str) -> Sides:
    """``sides`` with the employer's own export, where the settings name one.

    Raises:
        ConfigurationError: A column is named that an export does not have.
        FileUnreadable: The export cannot be read.
    """
    export = settings.values.audit.export.get(employer)
    if export is None:
        return sides
    columns = renamed_columns(export.columns, f"[audit.export.{employer}] columns")
    return replace(sides, export=read_registry(settings.path(export.file), employer_bin, columns))


def renamed_columns(given: Sequence[str], where: str) -> Mapping[str, str]:
    """``NAME=HEADER`` by name.

    Raises:
        ConfigurationError: There is no such column.
    """
    from usrec.adapters.sources.files.registry_export import COLUMNS

    pairs = [one.partition("=") for one in given]
    for name, _, header in pairs:
        if name not in COLUMNS or not header:
            names = ", ".join(COLUMNS)
            raise ConfigurationError(f"{name} is not NAME=HEADER", where=where, next_step=f"Known names: {names}")
    return {name: header for name, _, header in pairs}
