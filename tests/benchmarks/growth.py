"""What an event costs while very many wait: CPU of the agent, time of a claim, memory.

Two installations stand side by side, one with few and one with many submissions waiting. Claims take turns between
them. Then each has an agent for a while, and the CPU that it used is divided by the answers that it got; raw signatures
before and after take out what the machine's own clock does meanwhile.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from benchmarks.filling import fill
from benchmarks.installation import Installation, agent, installation
from benchmarks.processes import RawSigner, peak_mb_of
from kzeds import KeyKind
from support.postgresql import PostgresqlServer
from usrec.adapters.persistence import SqlLedger, open_ledger
from usrec.adapters.system_clock import SystemClock
from usrec.application.deliver import claim_due
from usrec.policies import build_delivery_policy
from usrec.ports.ledger import Claim
from usrec.settings import load_settings

CLAIMED_AT_ONCE = 100
_OWNER = "benchmark"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured.

    Attributes:
        few: Submissions that wait in the smaller ledger.
        many: In the larger one.
        claims: Claims in each.
        warm: Answers before the first turn: an agent that starts looks at all that waits, and is to be done with it.
        events: Answers in one turn of an agent.
        turns: Turns of each agent.
    """

    few: int = 10_000
    many: int = 1_000_000
    claims: int = 20
    warm: int = 1500
    events: int = 600
    turns: int = 3


@dataclass(frozen=True, slots=True)
class Growth:
    """What was found on one kind of database: medians for few and for many waiting.

    Attributes:
        claim_ms: Milliseconds of a claim.
        cpu_raw: CPU of an event in raw signatures.
        peak_mb: The most memory of an agent.
    """

    claim_ms: tuple[float, float]
    cpu_raw: tuple[float, float]
    peak_mb: tuple[float, float]

    @property
    def claim_ratio(self) -> float:
        """Many by few."""
        return self.claim_ms[1] / self.claim_ms[0]

    @property
    def cpu_ratio(self) -> float:
        """Many by few."""
        return self.cpu_raw[1] / self.cpu_raw[0]

    def json(self) -> Mapping[str, object]:
        """For programs."""
        names = ("claim_ms", "cpu_raw", "peak_mb")
        return {name: [round(one, 3) for one in getattr(self, name)] for name in names}


def measure_growth(server: PostgresqlServer | None, scale: Scale) -> Growth:
    """Fill two ledgers, claim from them, and let agents work on them."""
    with ExitStack() as stack:
        places = [stack.enter_context(installation(server)) for _ in range(2)]
        for place, waiting in zip(places, (scale.few, scale.many), strict=True):
            fill(place, waiting, min(waiting, scale.warm + scale.events * scale.turns + 1000))
        claims = _claim_times(places, scale.claims)
        signer = stack.enter_context(RawSigner(places[0].place.pki, KeyKind.RSA, {}))
        turns = [_turns(place, signer, scale) for place in places]
    cpu = [statistics.median(costs) for costs, _ in turns]
    return Growth((claims[0], claims[1]), (cpu[0], cpu[1]), (turns[0][1], turns[1][1]))


def _claim_times(places: Sequence[Installation], claims: int) -> list[float]:
    ledgers = [open_ledger(place.place.ledger_url) for place in places]
    policy = build_delivery_policy(load_settings(places[0].place.settings))
    claim = partial(claim_due, clock=SystemClock(), policy=policy, owner=_OWNER, limit=CLAIMED_AT_ONCE)
    found: list[list[float]] = [[], []]
    for _ in range(claims + 2):
        for times, ledger in zip(found, ledgers, strict=True):
            times.append(_claim_ms(ledger, partial(claim, ledger=ledger)))
    for ledger in ledgers:
        ledger.close()
    return [statistics.median(times[2:]) for times in found]


def _claim_ms(ledger: SqlLedger, claim: Callable[[], Sequence[Claim]]) -> float:
    """Milliseconds of one claim, whose entries are given back."""
    began = time.perf_counter()
    claims = claim()
    passed = time.perf_counter() - began
    assert claims
    with ledger.begin() as work:
        work.outbox.free_leases([_OWNER])
        work.commit()
    return 1000 * passed


def _turns(place: Installation, signer: RawSigner, scale: Scale) -> tuple[list[float], float]:
    """The CPU of an event in raw signatures, turn by turn, and the most memory."""
    with agent(place.place) as running:
        place.wait_for_answers(place.gateway.answers + scale.warm)
        costs = []
        for _ in range(scale.turns):
            before, cpu = place.gateway.answers, running.cpu
            place.wait_for_answers(before + scale.events)
            spent, done = running.cpu - cpu, place.gateway.answers - before
            costs.append(spent / done / signer.each(400).cpu)
        return costs, peak_mb_of(running.process.pid)
