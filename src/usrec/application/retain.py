"""Retention by rule: what may go, and its going in batches. Each batch and its line in the journal are one transaction.

It may be broken off at any moment and begun again: what is pruned is passed over.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from usrec.domain.retention import Prunable, Retention, RetentionRule
from usrec.ports.ledger import Ledger, UnitOfWork
from usrec.ports.outgoing import JournalEntry
from usrec.ports.retention import ContractRef

PRUNED: Final = "pruned"
"""The journal's word."""
BATCH: Final = 100
"""Contracts in one transaction."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What may go now.

    Attributes:
        contracts: How many, by rule.
        submissions: How many they have.
        oldest: When the oldest of them ended, aware UTC; None when there is none.
    """

    contracts: Mapping[RetentionRule, int]
    submissions: int
    oldest: datetime | None


def plan_retention(rules: Retention, *, ledger: Ledger, now: datetime) -> Plan:
    """Look, and change nothing."""
    contracts: Counter[RetentionRule] = Counter()
    submissions, oldest = 0, None
    for one in _prunable(rules, ledger, now):
        contracts[one.rule] += 1
        submissions += one.submissions
        oldest = one.last_at if oldest is None else min(oldest, one.last_at)
    return Plan(contracts, submissions, oldest)


def apply_retention(rules: Retention, *, ledger: Ledger, now: datetime, actor: str, reason: str) -> Iterator[int]:
    """Prune batch by batch; gives the number of submissions that each transaction pruned."""
    after: ContractRef | None = None
    while True:
        with ledger.begin() as work:
            found, after = work.retained.prunable(rules, now, after, BATCH)
            number = work.retained.prune(found, now)
            detail = {"submissions": number, "contracts": len(found), **_years(rules)}
            if found:
                _note(work, now, actor, reason, detail)
            work.commit()
        yield number
        if after is None:
            break
    _drop_documents(rules, ledger, now, actor, reason)


def _drop_documents(rules: Retention, ledger: Ledger, now: datetime, actor: str, reason: str) -> None:
    bounds = [bound for rule in RetentionRule if (bound := rules.bound(rule, now)) is not None]
    if not bounds:
        return
    with ledger.begin() as work:
        dropped = work.retained.drop_documents(min(bounds))
        if dropped:
            _note(work, now, actor, reason, {"documents": dropped, **_years(rules)})
        work.commit()


def _prunable(rules: Retention, ledger: Ledger, now: datetime) -> Iterator[Prunable]:
    after: ContractRef | None = None
    while True:
        with ledger.begin() as work:
            found, after = work.retained.prunable(rules, now, after, BATCH)
        yield from found
        if after is None:
            return


def _note(work: UnitOfWork, now: datetime, actor: str, reason: str, detail: Mapping[str, object]) -> None:
    work.journal.append(JournalEntry(now, None, PRUNED, None, None, actor, reason, json.dumps(detail)))


def _years(rules: Retention) -> Mapping[str, object]:
    return {"ended_contracts_years": rules.ended_years, "taken_back_years": rules.taken_back_years}
