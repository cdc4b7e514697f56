"""Short ways to put, claim and read queue entries of a ledger."""

from datetime import timedelta
from typing import Any

from support.ledger_values import NOW, enqueued
from usrec.adapters.persistence import SqlLedger
from usrec.domain.source_event import ContractKey
from usrec.domain.submission import QueueEntry, SubmissionId
from usrec.ports.ledger import Claim

FIVE_MINUTES = timedelta(minutes=5)


def claim_all(ledger: SqlLedger, owner: str = "agent-1", limit: int = 100, **later: Any) -> list[Claim]:
    with ledger.begin() as work:
        claims = list(work.outbox.claim(owner, NOW + timedelta(**later), FIVE_MINUTES, limit))
        work.commit()
    return claims


def claim_one(ledger: SqlLedger, owner: str = "agent-1", **later: Any) -> Claim:
    (claim,) = claim_all(ledger, owner, **later)
    return claim


def put(ledger: SqlLedger, name: str = "s1", contract_key: str = "", **entry: Any) -> None:
    with ledger.begin() as work:
        enqueued(work, name, entry=entry, contract_key=ContractKey(contract_key or f"contract of {name}"))
        work.commit()


def get(ledger: SqlLedger, name: str = "s1") -> QueueEntry | None:
    with ledger.begin() as work:
        return work.outbox.get(SubmissionId(name))
