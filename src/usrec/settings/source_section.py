"""``[source.NAME]``: where events come from. Its ``kind`` tells which settings it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from usrec.settings.kinds import ApprovedFiles, Language
from usrec.settings.section import SecretSettings, Section
from usrec.settings.source_files_section import FilesSourceSettings
from usrec.settings.source_http_section import HttpSourceSettings
from usrec.settings.source_snapshot_section import SnapshotSourceSettings


class OutboxSourceSettings(Section):
    """One HR database."""

    kind: Literal["outbox"]
    """``outbox``: a table that HR fills."""
    url: Annotated[str, Field(repr=False)]
    """``sqlite:///hr.db``, ``postgresql+psycopg://user@host/database``; also mariadb, mssql, oracle with a driver."""
    password: SecretSettings | None = None
    """The database user's password, where libpq's own password file is not used."""
    table: str = "usrec_outbox"
    """Name of the outbox table."""
    read_only: bool = False
    """The account may only read: nothing is marked and no status is written back."""
    language: Language = "en"
    """Language of what is written to HR's rows."""
    notify: bool = True
    """PostgreSQL wakes the agent when HR commits a row (LISTEN); false behind a pooler that keeps that from it."""
    approved: ApprovedFiles = {}  # noqa: RUF012 -- a pydantic model copies it
    """Fields in which HR writes its own values, each with the review file that has codes for them."""


SourceSettings: TypeAlias = Annotated[
    OutboxSourceSettings | SnapshotSourceSettings | FilesSourceSettings | HttpSourceSettings,
    Field(discriminator="kind"),
]
"""One source of any kind."""


def drop_folders(sources: Mapping[str, SourceSettings]) -> Iterator[tuple[str, Path]]:
    """The folders of files among the sources, by name."""
    for name, source in sources.items():
        if isinstance(source, FilesSourceSettings):
            yield name, source.folder


def outboxes(sources: Mapping[str, SourceSettings]) -> Iterator[tuple[str, OutboxSourceSettings]]:
    """The HR databases among the sources, by name."""
    for name, source in sources.items():
        if isinstance(source, OutboxSourceSettings):
            yield name, source


def databases(
    sources: Mapping[str, SourceSettings],
) -> Iterator[tuple[str, OutboxSourceSettings | SnapshotSourceSettings]]:
    """The sources that are databases of HR's, by name."""
    for name, source in sources.items():
        if isinstance(source, OutboxSourceSettings | SnapshotSourceSettings):
            yield name, source


def mapped(sources: Mapping[str, SourceSettings]) -> Iterator[tuple[str, Mapping[str, Path]]]:
    """The sources whose own values get approved codes, with the review file of each field."""
    for name, source in sources.items():
        if not isinstance(source, SnapshotSourceSettings) and source.approved:
            yield name, source.approved


def snapshots(sources: Mapping[str, SourceSettings]) -> Iterator[tuple[str, SnapshotSourceSettings]]:
    """The staffs that are looked at, by name."""
    for name, source in sources.items():
        if isinstance(source, SnapshotSourceSettings):
            yield name, source
