"""Scale on paper: all employment contracts of the country, reckoned from what a run has measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

CONTRACTS: Final = 7_000_000
EVENTS_A_YEAR: Final = 2
PEAK_SHARE: Final = 0.1
SERVER_CORES: Final = 16


@dataclass(frozen=True, slots=True)
class Measured:
    """What the reckoning starts from.

    Attributes:
        rate: Events a second of one agent's process on PostgreSQL.
        agent_ms: CPU of the agent for one event.
        server_ms: CPU of the PostgreSQL server for one event; HR's outbox is on the same server.
        wal_bytes: Write-ahead log of one event.
        ledger_bytes: What one event adds to the ledger, indexes included.
    """

    rate: float
    agent_ms: float
    server_ms: float
    wal_bytes: float
    ledger_bytes: float

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> Measured | None:
        """From the details of the part ``k``; None where it was not run."""
        line = details.get("k", {}).get("k_postgresql")
        if not line or not line["server"]:
            return None
        server = line["server"]
        return cls(
            line["events_per_second"],
            line["event_cpu_ms"],
            server["cpu_ms"],
            server["wal_bytes"],
            server["ledger_bytes"],
        )

    @property
    def server_rate(self) -> float:
        """Events a second with which a server of ``SERVER_CORES`` cores is half busy."""
        return SERVER_CORES / 2 / (self.server_ms / 1000)


DAYS: Final = (
    ("an ordinary working day", CONTRACTS * EVENTS_A_YEAR / 247, 24),
    ("the peak: a tenth of all contracts change on one day", CONTRACTS * PEAK_SHARE, 24),
    ("the same within eight hours", CONTRACTS * PEAK_SHARE, 8),
    ("a change of the law: every contract, within five days", CONTRACTS, 5 * 24),
    ("every contract on one day", CONTRACTS, 24),
)


_ASSUMED: Final = """\
What if one operator registered for the whole country? There are about {contracts:,} employment contracts. Assumed:
{a_year} events a year for each, 247 working days. Measured above: one process of the agent makes {rate:,.0f} events a
second with {agent_ms:.2f} ms of CPU each; the PostgreSQL server spends {server_ms:.2f} ms of CPU, {wal:,.0f} kB of
write-ahead log and {disk:,.0f} kB of disk on each, HR's outbox on the same server included.
"""
_TABLE: Final = """\
| day | events | a second | processes of the agent | cores of PostgreSQL | log, MB/s |
|---|---|---|---|---|---|"""
_CARRIES: Final = """
**What one PostgreSQL carries.** {cores} cores that are half busy take {rate:,.0f} events a second, {a_day:,.0f} million
a day. A year of events adds {a_year:,.0f} GB to the ledger before [old payloads are pruned](../how-to/data-care.md).
Agents on one ledger share the work by themselves ([many agents](../how-to/many-agents.md)): each takes what nobody
holds. What grows with the ledger is measured above: claims and CPU with a million waiting.

**Beyond one server: split by BIN.** Nothing in the line crosses an employer: a contract is known by (BIN, key), its
order is kept per contract; deadlines, stops and masses are per employer. So each BIN belongs to one ledger: put the
tables `[employer.NAME]` of a group into one installation and those of the rest into others, each with its own ledger
and with an outbox that holds the rows of its group only. Two rules: a BIN is never in two ledgers, and employers that
transfer people to each other (`pair_key`) stay together, because both halves of a transfer are looked at in one
ledger. To move an employer, let what waits for it go out, then take its table from one installation and write it into
the other; what was registered before stays in the old ledger as evidence.

The gateway is what this reckoning leaves out: how many messages ShEP takes in a second is known to nobody outside it.
`[delivery] rate` holds the agent to what its operators allow.
"""


def section(details: Mapping[str, Any]) -> str:
    """The text of the page."""
    found = Measured.of(details)
    if found is None:
        return "The part `k` was not run on PostgreSQL, so there is nothing to reckon from.\n"
    assumed = _ASSUMED.format(
        contracts=CONTRACTS,
        a_year=EVENTS_A_YEAR,
        rate=found.rate,
        agent_ms=found.agent_ms,
        server_ms=found.server_ms,
        wal=found.wal_bytes / 1000,
        disk=found.ledger_bytes / 1000,
    )
    carries = _CARRIES.format(
        cores=SERVER_CORES,
        rate=found.server_rate,
        a_day=found.server_rate * 86400 / 1e6,
        a_year=CONTRACTS * EVENTS_A_YEAR * found.ledger_bytes / 1e9,
    )
    return "\n".join([assumed, _TABLE, *[_row(found, *day) for day in DAYS], carries])


def _row(found: Measured, name: str, events: float, hours: float) -> str:
    rate = events / hours / 3600
    processes = max(1, -(-rate // found.rate))
    cores, log = rate * found.server_ms / 1000, rate * found.wal_bytes / 1e6
    return f"| {name} | {events:,.0f} | {rate:,.1f} | {processes:,.0f} | {cores:.2f} | {log:.2f} |"
