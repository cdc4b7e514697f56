"""The circuit breaker and the pace among the threads of one process: who may go to which endpoint now.

Each endpoint has a gate of its own: when the address of the gateway changes, what is known of the old one tells
nothing of the new one. Of several employers each has its own gate, too: an account that is refused, or a server that
stumbles over the documents of one, holds no other. Agents do not share their gates: while a gateway is away, each tries
it by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from usrec.domain.breaker import Breaker, BreakerPolicy, BreakerState, Passage
from usrec.domain.message import CorrelationId, Envelope, SignedMessage
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.pace import Pace
from usrec.ports.clock import Clock
from usrec.ports.gateway import Gateway
from usrec.settings import DeliverySettings

_STANDS_IN_LINE: Final = timedelta(minutes=1)
"""Who has not asked again for so long has nothing more to send."""
_log = structlog.get_logger("usrec.gate")


class Turns:
    """The pace that the lines of several employers share: whoever was refused a turn has one before the others.

    Safe in threads.
    """

    def __init__(self) -> None:
        self._pace = Pace()
        self._waiting: dict[object, tuple[datetime, datetime]] = {}
        self._lock = threading.Lock()

    def take(self, line: object, now: datetime, per_minute: int) -> bool:
        """Whether ``line`` may send one more message, with enough left for those that wait before it."""
        with self._lock:
            self._waiting = {one: asked for one, asked in self._waiting.items() if now - asked[1] <= _STANDS_IN_LINE}
            since = self._waiting.get(line, (now, now))[0]
            before = sum(asked[0] < since for one, asked in self._waiting.items() if one is not line)
            after: Pace | None = self._pace
            for _ in range(before + 1):
                after = after and after.take(now, per_minute)
            if after is None:
                self._waiting[line] = since, now
                return False
            self._waiting.pop(line, None)
            self._pace = self._pace.take(now, per_minute) or self._pace
            return True

    def give_back(self) -> None:
        """There was nothing to send."""
        with self._lock:
            self._pace = self._pace.give_back()


class Gate:
    """Holds the breaker and the pace of one endpoint; safe in threads.

    Args:
        on_open: Called each time when it opens.
        turns: The pace that it shares with the gates of other employers.
        employer: Whose line it is, for the log; empty for that of all.
    """

    def __init__(
        self, on_open: Callable[[], None] = lambda: None, turns: Turns | None = None, employer: str = ""
    ) -> None:
        self._on_open = on_open
        self._turns = turns or Turns()
        self._whose = {"employer": employer} if employer else {}
        self._breaker = Breaker()
        self._pace = Pace()
        self._reopened = False
        self._lock = threading.Lock()

    @property
    def breaker(self) -> Breaker:
        """How it stands now."""
        return self._breaker

    @property
    def is_closed(self) -> bool:
        """Whether the gateway counts as reached, so that all may go."""
        return self._breaker.state is BreakerState.CLOSED

    def enter(self, now: datetime, policy: BreakerPolicy) -> Passage:
        """Ask to go. Whoever gets ``ONE`` is alone with it until :meth:`leave_probe`."""
        with self._lock:
            passage = self._breaker.passage(now, policy)
            if passage is Passage.ONE:
                self._breaker = self._breaker.begin_probe()
        return passage

    def take_turn(self, now: datetime, per_minute: int | None, own: int | None = None) -> bool:
        """Whether one more message may go by the agent's pace and by the employer's own; None sets no limit."""
        if own is not None and not self._take_own(now, own):
            return False
        if per_minute is None or self._turns.take(self, now, per_minute):
            return True
        self._give_own_back()
        return False

    def _take_own(self, now: datetime, per_minute: int) -> bool:
        with self._lock:
            taken = self._pace.take(now, per_minute)
            self._pace = taken or self._pace
        return taken is not None

    def _give_own_back(self) -> None:
        with self._lock:
            self._pace = self._pace.give_back()

    def give_turn_back(self) -> None:
        """There was nothing to send."""
        self._turns.give_back()
        self._give_own_back()

    def leave_probe(self) -> None:
        """The one that was alone has ended, whatever became of it."""
        with self._lock:
            self._breaker = self._breaker.end_probe()

    def note(self, outcome: SubmissionOutcome, now: datetime, policy: BreakerPolicy) -> None:
        """An exchange has ended."""
        with self._lock:
            before = self._breaker
            self._breaker = after = before.after(outcome, now, policy)
            opened = before.opened_at is None and after.opened_at is not None
            closed = before.opened_at is not None and after.opened_at is None
            self._reopened = self._reopened or closed
        if opened:
            self._on_open()
            what = "the gateway is not reached; from now on one submission at a time finds out whether it is again"
            pause = policy.pause.total_seconds()
            _log.error(what, action="breaker.open", in_vain=after.in_vain, pause=pause, **self._whose)
        if closed:
            _log.info(
                "the gateway is reached again", action="breaker.closed", since=str(before.opened_at), **self._whose
            )

    def after_reopening(self, act: Callable[[], object]) -> bool:
        """Do what follows when the gateway was reached again since this was asked last; whether it was.

        What cannot be done now is left for the next time.
        """
        with self._lock:
            reopened, self._reopened = self._reopened, False
        if reopened:
            try:
                act()
            except BaseException:
                with self._lock:
                    self._reopened = True
                raise
        return reopened


class Gates:
    """One gate for each endpoint, made when it is asked for first; safe in threads.

    Args:
        on_open: Called each time when one opens.
    """

    def __init__(self, on_open: Callable[[], None] = lambda: None) -> None:
        self._on_open = on_open
        self._gates: dict[tuple[str, str], Gate] = {}
        self._turns: dict[str, Turns] = {}
        self._lock = threading.Lock()

    def at(self, endpoint: str, employer: str = "") -> Gate:
        """The gate of an address, for one employer where each has its own; the pace of an address is one for all."""
        with self._lock:
            turns = self._turns.setdefault(endpoint, Turns())
            return self._gates.setdefault((endpoint, employer), Gate(self._on_open, turns, employer))


class WatchedGateway:
    """A gateway whose exchanges the gate learns of."""

    def __init__(self, gateway: Gateway, gate: Gate, clock: Clock, policy: BreakerPolicy) -> None:
        self._gateway = gateway
        self._gate = gate
        self._clock = clock
        self._policy = policy

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        """As the gateway does it."""
        return self._gateway.seal(message, employer_bin=employer_bin, correlation_id=correlation_id, at=at)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        """As the gateway does it; the outcome is noted."""
        outcome = self._gateway.submit(envelope)
        self._gate.note(outcome, self._clock.now(), self._policy)
        return outcome


def breaker_policy(delivery: DeliverySettings) -> BreakerPolicy:
    """By the settings; the pause is never longer than the longest wait between attempts."""
    return BreakerPolicy(delivery.breaker_failures, min(delivery.breaker_pause, delivery.retry_cap))
