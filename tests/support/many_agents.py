"""Several agents on one PostgreSQL ledger, and what happens to them: SIGKILL, SIGSTOP, a server that restarts."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, text

from support.hr_sides import PostgresqlHr
from support.postgresql import OwnServer
from support.warm import Warm
from support.workplace import PATIENCE, Workplace, log_records, running, wait_until
from usrec.adapters.persistence import create_ledger_engine
from usrec.ports.ledger_view import SubmissionStory

ON_THE_WIRE = (
    "SELECT outbox.submission_id, outbox.lease_owner, outbox.fence FROM outbox JOIN attempts USING (submission_id)"
    " WHERE outbox.status = 'claimed' AND attempts.closed_at IS NULL AND attempts.fence = outbox.fence"
    " AND attempts.opened_at > pg_postmaster_start_time()"
)
"""An older attempt, or one of an older lease, is what a killed agent or a restarted server left open: nobody waits."""
IN_THE_MIDDLE = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    " AND xact_start < now() - interval '0.2 s'"
)
"""Also one that waits for a lock: once it has it, nobody else gets it before the frozen agent wakes."""
RUN_OUT = "UPDATE outbox SET lease_until = now() - interval '1 h' WHERE submission_id = :which AND fence = :fence"
WOKEN_LATE = "the answer came after the lease had run out"


@dataclass(frozen=True)
class Frozen:
    """A process that was stopped while the answer to a submission was on its way."""

    pid: int
    submission: str
    fence: int


@dataclass
class Crowd:
    """Agents that run side by side; one that is killed is replaced.

    Attributes:
        chance: Decides who is struck.
    """

    workplace: Workplace
    size: int
    chance: random.Random
    _agents: dict[int, Warm] = field(default_factory=dict)
    _places: dict[int, Path] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _numbers: Any = field(default_factory=count)

    def __enter__(self) -> Self:
        self._engine: Engine = create_ledger_engine(self.workplace.ledger_url)
        self._stack.callback(self._engine.dispose)
        for _ in range(self.size):
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for agent in self._agents.values():
            if agent.poll() is None:
                os.kill(agent.pid, signal.SIGCONT)
        self._stack.close()

    def start(self) -> None:
        """One more agent."""
        log = self.workplace.folder / f"agent-{next(self._numbers)}.log"
        agent = self._stack.enter_context(running(self.workplace.command("run"), log))
        assert isinstance(agent, Warm)
        self._agents[agent.pid], self._places[agent.pid] = agent, log

    def kill_one(self) -> None:
        """SIGKILL one and start another in its place."""
        victim = self._agents.pop(self.chance.choice(sorted(self._agents)))
        victim.kill()
        victim.wait(PATIENCE)
        self.start()

    def kill_all(self) -> None:
        """SIGKILL every agent; nobody takes its place."""
        while self._agents:
            _, victim = self._agents.popitem()
            victim.kill()
            victim.wait(PATIENCE)

    def wait_for_all(self) -> None:
        """Until each has given a sign of life: it is past the point where a ledger that is away ends it."""
        wait_until(lambda: set(self._agents) <= self._alive(), "the start of every agent")

    def _alive(self) -> set[int]:
        return {int(owner.rpartition(":")[2]) for (owner,) in self.ask("SELECT owner FROM agents")}

    def log(self, pid: int) -> list[dict[str, Any]]:
        """What one has written so far; a line that is being written is left out."""
        told = self._places[pid].read_text("utf-8")
        whole = told[: told.rfind("\n") + 1].splitlines(keepends=True)
        last_words = [line for line in whole if not line.startswith("{")]
        assert not any("unexpected" in line or "Traceback" in line for line in last_words), last_words
        return log_records("".join(line for line in whole if line.startswith("{")))

    def logs(self) -> dict[int, list[dict[str, Any]]]:
        """What each has written, those that were killed included."""
        return {pid: self.log(pid) for pid in self._places}

    def accepted(self) -> int:
        """How many submissions are registered."""
        ((found,),) = self.ask("SELECT count(*) FROM submissions WHERE state = 'accepted'")
        return int(found)

    def wait_for(self, number: int) -> None:
        """Until so many submissions are registered, and nobody has given up."""
        wait_until(lambda: self.accepted() >= number, f"{number} registrations")
        assert self.all_run(), {pid: self.log(pid)[-1:] for pid in self._agents}

    def all_run(self) -> bool:
        return all(agent.poll() is None for agent in self._agents.values())

    def freeze_one(self, more_work: Callable[[], object]) -> Frozen:
        """SIGSTOP an agent that waits for an answer and is in no transaction.

        Args:
            more_work: Called when nothing is left to be sent, so that somebody will wait for an answer again.
        """
        found: list[Frozen] = []

        def caught() -> bool:
            if not self.ask("SELECT 1 FROM outbox LIMIT 1"):
                more_work()
                wait_until(lambda: self.ask(ON_THE_WIRE), "somebody who sends")
            for which, owner, fence in self.ask(ON_THE_WIRE):
                pid = int(owner.rpartition(":")[2])
                if pid not in self._agents:
                    continue
                os.kill(pid, signal.SIGSTOP)
                time.sleep(0.25)
                if (which, owner, fence) in self.ask(ON_THE_WIRE) and not self.ask(IN_THE_MIDDLE)[0][0]:
                    found.append(Frozen(pid, which, fence))
                    return True
                os.kill(pid, signal.SIGCONT)
            return False

        wait_until(caught, "an agent that waits for an answer")
        return found[0]

    def let_lease_run_out(self, frozen: Frozen) -> None:
        """As if the time of the lease had gone by."""
        with self._engine.begin() as connection:
            ended = (
                "UPDATE outbox SET lease_until = now() - interval '1 h' WHERE submission_id = :which AND fence = :fence"
            )
            done = connection.execute(text(ended), {"which": frozen.submission, "fence": frozen.fence})
        assert done.rowcount == 1

    def wait_for_another(self, frozen: Frozen) -> None:
        """Until another agent has taken its submission over."""

        def taken_over() -> bool:
            fences = dict(self.ask("SELECT submission_id, fence FROM outbox"))
            return fences.get(frozen.submission) != frozen.fence

        wait_until(taken_over, "another agent")

    def wake(self, frozen: Frozen) -> None:
        os.kill(frozen.pid, signal.SIGCONT)

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """Read the ledger's tables as they are."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(question))]

    def stop(self) -> None:
        """Ask all to end; each must end well."""
        for agent in self._agents.values():
            agent.terminate()
        ended = {pid: agent.wait(PATIENCE) for pid, agent in self._agents.items()}
        assert set(ended.values()) == {0}, ended


def require_order(stories: list[SubmissionStory]) -> None:
    """Of one contract, nothing is sent before all that comes before it is decided."""
    ranks = {"conclusion": 0, "amendment": 1, "termination": 2}
    lines: dict[str, list[SubmissionStory]] = {}
    for story in stories:
        lines.setdefault(story.row.contract_key, []).append(story)
    for line in lines.values():
        line.sort(key=lambda story: ranks[story.row.operation])
        for former, latter in pairwise(line):
            decided, sent = former.row.decided_at, min(attempt.opened_at for attempt in latter.attempts)
            assert decided is not None
            assert decided <= sent, f"{latter.row.event_id} overtook {former.row.event_id}"


def require_closed_attempts(stories: list[SubmissionStory]) -> None:
    """Every attempt has an end, and one alone registered."""
    for story in stories:
        assert story.attempts, story.row.event_id
        assert all(attempt.closed_at for attempt in story.attempts), story.row.event_id
        assert [attempt.number for attempt in story.attempts] == list(range(1, len(story.attempts) + 1))


def restart_server(server: OwnServer, workplace: Workplace) -> None:
    """The server crashes and comes back; HR connects again by itself."""
    server.restart()
    assert isinstance(workplace.hr, PostgresqlHr)
    workplace.hr.connection.close()
    workplace.hr.connection = workplace.hr.connect()
