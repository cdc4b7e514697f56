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
ALERTS_AT_ONCE: Final = 2000
"""Alerts in one transaction."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What may go now.

    Attributes:
        contracts: How many, by rule.
        submissions: How many they have.
        oldest: When the oldest of them ended, aware UTC; None when there is none.
        alerts: How many closed alerts may go.
    """

    contracts: Mapping[RetentionRule, int]
    submissions: int
    oldest: datetime | None
    alerts: int = 0


def plan_retention(rules: Retention, *, ledger: Ledger, now: datetime) -> Plan:
    """Look, and change nothing."""
    contracts: Counter[RetentionRule] = Counter()
    submissions, oldest = 0, None
    for one in _prunable(rules, ledger, now):
        contracts[one.rule] += 1
        submissions += one.submissions
        oldest = one.last_at if oldest is None else min(oldest, one.last_at)
    return Plan(contracts, submissions, oldest, _old_alerts(rules, ledger, now))


def _old_alerts(rules: Retention, ledger: Ledger, now: datetime) -> int:
    before = rules.alerts_bound(now)
    if before is None:
        return 0
    with ledger.begin() as work:
        return work.retained.old_alerts(before)


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
    _drop_alerts(rules, ledger, now, actor, reason)


def _drop_alerts(rules: Retention, ledger: Ledger, now: datetime, actor: str, reason: str) -> None:
    before = rules.alerts_bound(now)
    dropped = 0 if before is None else ALERTS_AT_ONCE
    while before is not None and dropped == ALERTS_AT_ONCE:
        with ledger.begin() as work:
            dropped = work.retained.drop_alerts(before, ALERTS_AT_ONCE)
            if dropped:
                _note(work, now, actor, reason, {"alerts": dropped, "closed_alerts_years": rules.closed_alerts_years})
            work.commit()


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
