"""Contracts whose personal data may go, and its going. Runs under the account of the ledger's owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from usrec.domain.retention import Prunable, Retention
from usrec.domain.source_event import ContractKey

ContractRef = tuple[str, ContractKey]
"""(employer's BIN, the HR system's key)."""


class RetainedData(Protocol):
    """Personal data by contract, within a transaction."""

    def prunable(
        self, rules: Retention, now: datetime, after: ContractRef | None, limit: int
    ) -> tuple[Sequence[Prunable], ContractRef | None]:
        """Contracts whose data may go, behind ``after`` in the order of their keys.

        Returns:
            Those among the next ``limit`` old ones, and the last one that was looked at: None at the end.
        """
        ...

    def prune(self, contracts: Sequence[Prunable], now: datetime) -> int:
        """Take their personal data away; returns how many submissions lost some."""
        ...

    def old_alerts(self, before: datetime) -> int:
        """How many alerts were closed before then, of events that are settled."""
        ...

    def drop_alerts(self, before: datetime, limit: int) -> int:
        """Delete up to ``limit`` of them, and what each sink took of them; returns how many."""
        ...

    def drop_documents(self, before: datetime) -> int:
        """Delete documents taken before then that no submission with its data names; returns how many."""
        ...
