"""The bench between the clerk and the delivering threads: jobs are laid out on it, results come back over it.

A job never fails by itself: what went wrong in it comes back as its result, so that the clerk always knows what is
still on the line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final, TypeVar

from usrec.application.delivery import Delivered
from usrec.application.record_intent import OpenAttempt, Ready
from usrec.domain.outcome import SubmissionOutcome
from usrec.ports.ledger import Claim

COMPANY: Final = 0.02
"""Seconds that a result waits for others, while there are others to come."""
LOOKS_UP: Final = 1.0
"""Seconds after which a thread without a job looks up: the call that was for it may have reached another one."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A claim after its first job: ready to be sent, ended early, or None where it was not begun."""

    claim: Claim
    made: Ready | Delivered | None


@dataclass(frozen=True, slots=True)
class Sent:
    """An attempt after its second job."""

    opened: OpenAttempt
    outcome: SubmissionOutcome


@dataclass(frozen=True, slots=True)
class Broken:
    """A job that broke off.

    Attributes:
        sending: It was the second one.
    """

    claim: Claim
    problem: BaseException
    sending: bool


Result = Signed | Sent | Broken
Job = Callable[[], Result]
Laid = TypeVar("Laid")


def was_sent(result: Result) -> bool:
    """Whether it is that of a second job."""
    return result.sending if isinstance(result, Broken) else isinstance(result, Sent)


class Bench:
    """Safe in threads; one clerk at a time takes what comes back.

    Args:
        alone: Whoever lays a job out does it on the spot: for a line without delivering threads.
    """

    def __init__(self, *, alone: bool = False) -> None:
        self._alone = alone
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._results: SimpleQueue[Result | None] = SimpleQueue()
        self._knocked = threading.Event()

    def lay_out(self, job: Job) -> None:
        """Have it done by the next thread that is free."""
        if self._alone:
            self._results.put(job())
        else:
            self._jobs.put(job)

    def work(self, seconds: float, begin: Callable[[], None]) -> None:
        """Do one job; give up after so many seconds without one, or ``LOOKS_UP``, or when called away."""
        try:
            job = self._jobs.get(timeout=min(seconds, LOOKS_UP))
        except Empty:
            return
        if job is not None:
            begin()
            self._results.put(job())

    def call_away(self) -> None:
        """Let one thread that waits for a job look up."""
        self._jobs.put(None)

    def finish(self) -> None:
        """Do here what nobody has begun; for an agent that stops, when nothing is begun any more.

        Threads that were called away are still called: each of them waits for its own call.
        """
        found = list(_drained(self._jobs))
        for _ in range(found.count(None)):
            self.call_away()
        for job in found:
            if job is not None:
                self._results.put(job())

    def knock(self) -> None:
        """There may be something to claim: let the clerk look up."""
        if not self._knocked.is_set():
            self._knocked.set()
            self._results.put(None)

    def begin(self) -> None:
        """A shift begins: what knocked before is found by its first claim."""
        for result in list(_drained(self._results)):
            if result is not None:
                self._results.put(result)
        self._knocked.clear()

    def gather(self, seconds: float, most: int, *, more: Callable[[Sequence[Result]], bool]) -> list[Result]:
        """What has come back: at most ``most``, not later than ``COMPANY`` after the first of them.

        Args:
            seconds: How long to wait for the first.
            more: Whether it is worth waiting for company of what is there.

        Returns:
            Nothing after a knock, or when nothing came.
        """
        found: list[Result] = []
        until = monotonic() + seconds
        while (result := self._next(until)) is not None:
            found.append(result)
            if len(found) >= most or not (more(found) or not self._results.empty()):
                break
            until = min(until, monotonic() + COMPANY) if len(found) == 1 else until
        return found

    def _next(self, until: float) -> Result | None:
        try:
            result = self._results.get(timeout=max(0.0, until - monotonic()))
        except Empty:
            return None
        if result is None:
            self._knocked.clear()
        return result


def _drained(queue: SimpleQueue[Laid]) -> Iterator[Laid]:
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return
