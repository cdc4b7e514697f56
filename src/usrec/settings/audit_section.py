"""``[audit]``: when HR's roster, the ledger and an export of the registry are compared without being asked."""

from __future__ import annotations

from pathlib import Path

from usrec.settings.kinds import TimeOfDay
from usrec.settings.section import Section


class AuditExportSettings(Section):
    """An employer's export of the registry, put there by a person or a job; NAME is that of the employer."""

    file: Path
    """CSV or Excel; the day on which it was written counts as that of the export."""
    columns: tuple[str, ...] = ()
    """How it calls its columns, such as ``contract_id=ID``."""


class AuditSettings(Section):
    """The audit that a running agent takes by itself. It changes nothing."""

    at: TimeOfDay | None = None
    """When, in Kazakhstan's time; none is taken when absent."""
    working_days_only: bool = True
    """Only on working days."""
    export: dict[str, AuditExportSettings] = {}  # noqa: RUF012 -- a pydantic model copies it
