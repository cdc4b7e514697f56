"""The demonstration itself: start the simulator, drain the outbox, count in the simulator's own registry."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

from usrec.application.delivery import Delivered
from usrec.bootstrap import build_agent
from usrec.domain.errors import GatewayUnavailable
from usrec.domain.source_event import HEADS, Operation
from usrec.domain.state import State
from usrec.domain.submission import REFUSED_SO_FAR, QueueStatus
from usrec.interfaces.daemon import Daemon
from usrec.interfaces.demo.setup import Workdir, run_simulator
from usrec.other_agents import rescue_dead_leases, sole_agent
from usrec.ports.event_source import StatusNote
from usrec.ports.ledger_view import LedgerView, SubmissionFilter, SubmissionRow
from usrec.settings import load_settings

SIMULATOR_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class OperationResult:
    """What became of the events of one operation; the last three as in :class:`DemoResult`."""

    events: int
    accepted: int
    registered_once: int
    registered_twice: int
    lost: int


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The numbers of the contract; ``events`` is the sum of the six that follow it.

    Attributes:
        registered_once: Accepted events that the registry holds exactly once.
        registered_twice: Records that the registry holds more than once.
        lost: Accepted events that the registry does not hold.
        late: Events whose legal date was missed, or was over before the demonstration began.
        operations: The same by operation, in the order of the Order; an event of no known operation is in none.
    """

    events: int
    accepted: int
    rejected: int
    invalid: int
    blocked: int
    indeterminate: int
    open: int
    registered_once: int
    registered_twice: int
    lost: int
    late: int
    elapsed_seconds: float
    operations: Mapping[str, OperationResult]


@contextmanager
def running_simulator(workdir: Workdir) -> Iterator[str]:
    """A simulator as a child process that dies with this one; gives its address.

    Raises:
        GatewayUnavailable: It did not start.
    """
    command = [sys.executable, "-m", "usrec_simulator", "serve", "--port", "0", "--die-with-parent"]
    command += ["--demand", "order"]
    files = ["--db", str(workdir.registry), "--pki", str(workdir.pki), "--faults", str(workdir.faults)]
    with subprocess.Popen(  # noqa: S603 -- our own module with arguments that are no shell text
        command + files, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            ready = process.stdout.readline() if process.stdout else ""
            if not ready:
                said = (process.stderr.read() if process.stderr else "").strip().splitlines()[-1:]
                raise GatewayUnavailable(f"the simulator did not start: {said[0] if said else 'it said nothing'}")
            yield str(json.loads(ready)["url"])
        finally:
            process.terminate()


def run_demo(
    workdir: Workdir,
    *,
    report: Callable[[Delivered], None],
    stop: Event,
    hr_words: Callable[[StatusNote, str], StatusNote],
) -> None:
    """Drain the HR outbox against a running simulator.

    Args:
        workdir: Its folder.
        report: Told of each delivery.
        stop: Set to end it in between.
        hr_words: Puts a note to HR into words, in a language.

    Raises:
        GatewayUnavailable: Nothing moved for minutes; nothing was lost.
    """
    with running_simulator(workdir) as url:
        workdir.set_gateway(url)
        settings = load_settings(workdir.settings)
        with sole_agent(settings):
            agent = build_agent(settings, wait=stop.wait)
            try:
                rescue_dead_leases(agent.ledger)
                Daemon(agent, stop, report, hr_words=hr_words).run(drain=True)
            finally:
                agent.close()


def latest_rows(view: LedgerView) -> Sequence[SubmissionRow]:
    """The submission that stands for each event now: its newest revision."""
    newest: dict[str, SubmissionRow] = {}
    for row in view.rows(SubmissionFilter()):
        known = newest.get(row.event_id)
        if known is None or row.revision > known.revision:
            newest[row.event_id] = row
    return list(newest.values())


def count(
    rows: Sequence[SubmissionRow], registry: Sequence[Mapping[str, Any]], now: datetime, elapsed: float
) -> DemoResult:
    """Hold the ledger against the simulator's registry.

    Args:
        rows: One for each event.
        registry: The output of ``usrec-simulator registry --json``.
    """
    groups = Counter(group_of(row) for row in rows)
    operations = {
        operation.value: _of_operation([row for row in rows if row.operation == operation], registry, operation)
        for operation in Operation
    }
    return DemoResult(
        events=sum(groups.values()),
        accepted=groups["accepted"],
        rejected=groups["rejected"],
        invalid=groups["invalid"],
        blocked=groups["blocked"],
        indeterminate=groups["indeterminate"],
        open=groups["open"],
        registered_once=sum(one.registered_once for one in operations.values()),
        registered_twice=sum(one.registered_twice for one in operations.values()),
        lost=sum(one.lost for one in operations.values()),
        late=sum(is_late(row, now) for row in rows),
        elapsed_seconds=round(elapsed, 3),
        operations={name: one for name, one in operations.items() if one.events},
    )


def _of_operation(
    rows: Sequence[SubmissionRow], registry: Sequence[Mapping[str, Any]], operation: Operation
) -> OperationResult:
    records = [record for record in registry if record["operation"] == operation]
    held = Counter(str(record["record_id"]) for record in records)
    accepted = [row for row in rows if row.state is State.ACCEPTED]
    return OperationResult(
        events=len(rows),
        accepted=len(accepted),
        registered_once=sum(held[str(row.record_id)] == 1 for row in accepted),
        registered_twice=_doubled(records),
        lost=sum(held[str(row.record_id)] == 0 for row in accepted),
    )


def group_of(row: SubmissionRow) -> str:
    """The group of the result that an event belongs to."""
    if row.wait_reason in REFUSED_SO_FAR:
        return State.REJECTED.value
    if row.state in {State.ACCEPTED, State.REJECTED, State.INVALID, State.INDETERMINATE}:
        return row.state.value
    return "blocked" if row.status is QueueStatus.BLOCKED else "open"


def is_late(row: SubmissionRow, now: datetime) -> bool:
    """Whether the legal date was missed: decided too late, or still not registered after it."""
    if row.due_utc is None:
        return False
    registered_at = row.decided_at if row.state is State.ACCEPTED else None
    return (registered_at or now) >= row.due_utc


def _doubled(registry: Sequence[Mapping[str, Any]]) -> int:
    """Records beyond the first of the same fact: the same operation on the same papers of the same contract."""
    names = ("operation", "bin", "iin_masked", "number", "date")
    facts = Counter(
        (*(record[name] for name in names), "" if record["operation"] in HEADS else record["contract_id"])
        for record in registry
    )
    return sum(times - 1 for times in facts.values())


def read_registry(workdir: Workdir) -> Sequence[Mapping[str, Any]]:
    """What the simulator's registry holds."""
    records: list[dict[str, Any]] = json.loads(run_simulator("registry", "--db", str(workdir.registry), "--json"))
    return records
