"""``usrec run``: the threads that drive the line. Only here are there threads, waiting and signals.

One thread takes rows from the sources, ``workers`` threads deliver, one watches deadlines and writes back. Each loop
survives what it has to wait for (HR database, ledger, gateway) and stops the agent for what only an administrator can
mend. SIGTERM sets ``stop``: every thread finishes the step in hand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from usrec.adapters.alerts.log import LogAlertSink
from usrec.application.deliver import Delivered, claim_due, deliver
from usrec.application.ingest import ingest
from usrec.application.watch_deadlines import deliver_alerts, watch_deadlines
from usrec.application.write_back import write_back
from usrec.bootstrap import Agent
from usrec.domain.errors import GatewayUnavailable, LeaseLost, LedgerUnavailable, TheirsToWaitFor, UsrecError
from usrec.domain.submission import WaitReason

CLAIM_SIZE = 4
INGEST_SIZE = 200
_log = structlog.get_logger("usrec.daemon")


@dataclass
class Daemon:
    """A running agent.

    Attributes:
        stop: Set it to stop the agent after the steps in hand.
        report: Called with every delivery (the progress bar); from several threads.
        give_up_after: A drain ends when nothing has moved for so long.
    """

    agent: Agent
    stop: threading.Event = field(default_factory=threading.Event)
    report: Callable[[Delivered], None] = lambda _: None
    give_up_after: timedelta = timedelta(minutes=10)
    _wake: threading.Condition = field(default_factory=threading.Condition)
    _fatal: list[BaseException] = field(default_factory=list)
    _last_progress: datetime | None = None
    _sources_empty: bool = False
    _obstacle: str = ""

    def run(self, *, drain: bool) -> None:
        """Run until ``stop`` is set, or with ``drain`` until nothing can progress without a person or a date.

        Raises:
            GatewayUnavailable: A drain gave up; nothing was lost.
            UsrecError: Something that only an administrator can mend.
        """
        self._last_progress = self.agent.clock.now()
        threads = [threading.Thread(target=self._guarded, args=(loop,), name=name) for name, loop in self._loops()]
        _log.info("agent started", action="agent.start", owner=self.agent.owner, workers=len(threads) - 2)
        for thread in threads:
            thread.start()
        try:
            self._supervise(drain=drain)
        finally:
            self._halt()
            for thread in threads:
                thread.join()
            self._free_claims()
        self._finish()
        _log.info("agent stopped", action="agent.stop", owner=self.agent.owner)

    def _free_claims(self) -> None:
        """Give back what was claimed and not begun, so that the next start need not wait for the leases."""
        try:
            with self.agent.ledger.begin() as work:
                work.outbox.free_leases([self.agent.owner])
                work.commit()
        except TheirsToWaitFor as problem:
            _log.warning(str(problem), action="agent.leases_left")

    def _loops(self) -> list[tuple[str, Callable[[], bool]]]:
        workers = self.agent.settings.values.delivery.workers
        return [
            ("ingest", self._ingest_once),
            ("upkeep", self._upkeep_once),
            *((f"deliver-{number}", self._deliver_once) for number in range(workers)),
        ]

    def _supervise(self, *, drain: bool) -> None:
        pause = min(self._poll(), 0.5) if drain else self._poll()
        while not self.stop.wait(pause):
            if drain and self._is_drained():
                return

    def _guarded(self, once: Callable[[], bool]) -> None:
        """Repeat one loop's step; wait when it found nothing, or something unavailable."""
        while not self.stop.is_set():
            try:
                busy = once()
            except TheirsToWaitFor as problem:
                _log.warning(str(problem), action="agent.wait", kind=type(problem).__name__)
                self._obstacle = f"; the last obstacle: {problem.where}: {problem.what}"
                busy = False
            except LeaseLost as lost:
                _log.info(str(lost), action="agent.overtaken")
                busy = True
            except Exception as problem:  # noqa: BLE001 -- whatever it is, the agent stops and says so, with its exit code
                self._fatal.append(problem)
                self._halt()
                return
            if not busy:
                self._rest()

    def _rest(self) -> None:
        with self._wake:
            if not self.stop.is_set():
                self._wake.wait(self._poll())

    def _poll(self) -> float:
        return self.agent.settings.values.delivery.poll.total_seconds()

    def _halt(self) -> None:
        self.stop.set()
        self._wake_all()

    def _wake_all(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _ingest_once(self) -> bool:
        agent, rows = self.agent, 0
        for source in agent.sources:
            taken = ingest(
                source=source,
                ledger=agent.ledger,
                employers=agent.employers,
                calendar=agent.calendar,
                clock=agent.clock,
                entropy=agent.entropy,
                limit=INGEST_SIZE,
            )
            rows += taken.rows
            if taken.rows:
                _log.info("rows taken", action="ingest", source=source.name, taken=taken.taken, repeated=taken.repeated)
            if taken.conflicts:
                _log.error("rows contradict their own revision", action="ingest.conflict", rows=taken.conflicts)
        self._sources_empty = rows == 0
        if rows:
            self._moved()
            self._wake_all()
        return rows > 0

    def _deliver_once(self) -> bool:
        agent = self.agent
        claims = claim_due(
            ledger=agent.ledger, clock=agent.clock, policy=agent.policy, owner=agent.owner, limit=CLAIM_SIZE
        )
        for claim in claims:
            if self.stop.is_set():
                break
            delivered = deliver(
                claim,
                ledger=agent.ledger,
                renderer=agent.renderer,
                signer=agent.signer,
                gateway=agent.gateway,
                clock=agent.clock,
                entropy=agent.entropy,
                policy=agent.policy,
            )
            self._note(delivered)
        return bool(claims)

    def _note(self, delivered: Delivered) -> None:
        submission = delivered.submission
        level = _log.error if delivered.alert else _log.info
        level(
            delivered.reason,
            action="deliver",
            submission=submission.id,
            operation=submission.operation,
            result=delivered.result,
            code=delivered.code,
        )
        if delivered.result in {"accepted", "rejected", "invalid"}:
            self._moved()
        if delivered.reason == WaitReason.GATEWAY_UNREACHABLE:
            url = self.agent.settings.values.gateway.url
            self._obstacle = f"; the last obstacle: the gateway cannot be reached at {url}"
        self.report(delivered)

    def _upkeep_once(self) -> bool:
        agent = self.agent
        watch_deadlines(ledger=agent.ledger, calendar=agent.calendar, clock=agent.clock)
        deliver_alerts(ledger=agent.ledger, sink=LogAlertSink(), clock=agent.clock)
        for source in agent.sources:
            if write_back(source=source, ledger=agent.ledger, clock=agent.clock):
                self._moved()
        return False

    def _moved(self) -> None:
        self._last_progress = self.agent.clock.now()

    def _is_drained(self) -> bool:
        if self._sources_empty and self._nothing_left():
            return True
        if self._gave_up():
            raise GatewayUnavailable(
                f"nothing has moved for {self.give_up_after}{self._obstacle}",
                kept="Nothing was lost: what waits is in the ledger and goes on with the next run",
                next_step="See why: usrec submission list, usrec status",
            )
        return False

    def _nothing_left(self) -> bool:
        """Whether the ledger holds nothing that the agent can do by itself; one that does not answer may hold it."""
        view = self.agent.ledger.view
        try:
            progress, notes = view.progress(), view.write_backs_waiting()
        except LedgerUnavailable as problem:
            _log.warning(str(problem), action="agent.wait", kind=type(problem).__name__)
            return False
        return not (progress.ready or progress.claimed or progress.retrying or notes)

    def _gave_up(self) -> bool:
        return self._last_progress is not None and (self.agent.clock.now() - self._last_progress > self.give_up_after)

    def _finish(self) -> None:
        if not self._fatal:
            return
        problem = self._fatal[0]
        if not isinstance(problem, UsrecError):
            _log.critical("the agent stopped on an unexpected error", action="agent.crash", kind=type(problem).__name__)
        raise problem
