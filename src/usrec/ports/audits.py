"""What an audit reads of the ledger at once, and the last one that was taken of each employer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from usrec.domain.audit import LedgerEntry
from usrec.domain.audit_run import AuditRun
from usrec.domain.drift import Drift


class Audits(Protocol):
    """The audits of all employers."""

    def entries(self, employer_bin: str) -> Sequence[LedgerEntry]:
        """Every contract of an employer that the ledger knows, in a number of statements that does not grow."""
        ...

    def keep(self, run: AuditRun) -> None:
        """Remember a run in the place of the one before."""
        ...

    def last(self, employer_bin: str) -> AuditRun | None:
        """The last run of an employer, None before the first."""
        ...

    def taken_at(self, employer_bin: str) -> datetime | None:
        """When it was taken, aware UTC."""
        ...

    def drift(self) -> Drift:
        """What the last audits found, and the last looks at staffs left open; missing audits are not known here."""
        ...
