"""How a running agent stands: for the service manager's status line, for probes, and for a person who asks.

*Live* says that its threads move; one that does not should be restarted. *Ready* says that it can do its work: the
ledger answers, a key can sign, its clock can be relied on, and it is neither starting nor stopping. A gateway that is
away makes it neither: events are taken, and kept, all the same. Nothing here names a person or a document.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import structlog

from usrec import release
from usrec.bootstrap import Agent
from usrec.domain.breaker import Breaker, BreakerState, longest_open
from usrec.domain.clock_trust import RELIED_ON, ClockVerdict
from usrec.domain.state import State
from usrec.interfaces.clock_watch import clock_words
from usrec.interfaces.seldom import Seldom
from usrec.ports.clock import Clock
from usrec.ports.ledger_view import LedgerView, Progress

_log = structlog.get_logger("usrec.health")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the ledger held.

    Attributes:
        at: When it was counted.
        in_doubt: Submissions of which nobody knows whether they are registered.
        next_date: The earliest legal date of an open submission, None when there is none.
        stopped: Names of the employers of whom nothing goes out.
    """

    at: datetime
    progress: Progress
    in_doubt: int
    next_date: date | None
    stopped: Sequence[str] = ()


def look_at_ledger(view: LedgerView, at: datetime) -> Outlook:
    """Ask the ledger.

    Raises:
        LedgerUnavailable: It does not answer.
    """
    counts = view.counts()
    in_doubt = sum(number for (state, _), number in counts.items() if state is State.INDETERMINATE)
    return Outlook(at, view.progress(), in_doubt, view.next_date(), _stopped(view))


def _stopped(view: LedgerView) -> Sequence[str]:
    return [stop.employer for stop in view.employer_stops()]


@dataclass(frozen=True, slots=True)
class Health:
    """How one agent stands at ``at``.

    Attributes:
        version: Of this program.
        hung: Threads that are at one step for too long.
        stopping: The end has begun.
        outlook: The newest one; None before the first.
        ledger_silent_for: Since the ledger last answered; None before its first answer.
        keys: Employers whose key is usable; those whose owner signs by hand are in neither list.
        keyless: Employers whose key cannot be used.
        breakers: That of each employer by its name; that of all without one.
        reload_refused: Why the newest settings were not taken; empty when they were.
        clock: How far the machine's clock is to be relied on.
        unrecorded: Answers that the agent alone knows, until the ledger takes them.
    """

    at: datetime
    started_at: datetime
    version: str
    hung: tuple[str, ...] = ()
    stopping: bool = False
    outlook: Outlook | None = None
    ledger_silent_for: timedelta | None = None
    ledger_patience: timedelta = timedelta(minutes=1)
    keys: Sequence[str] = ()
    keyless: Sequence[str] = ()
    breakers: Mapping[str, Breaker] = field(default_factory=dict)
    reload_refused: str = ""
    clock: ClockVerdict = RELIED_ON
    unrecorded: int = 0

    @property
    def live(self) -> bool:
        """Whether every thread moves."""
        return not self.hung

    @property
    def ready(self) -> bool:
        """Whether it can do its work."""
        return not self.obstacles

    @property
    def obstacles(self) -> Sequence[str]:
        """Why it is not ready, each a sentence."""
        found = {
            "the agent is stopping": self.stopping,
            f"a thread hangs: {', '.join(self.hung)}": bool(self.hung),
            "the ledger has not answered yet": self.ledger_silent_for is None,
            f"the ledger has not answered for {_seconds(self.ledger_silent_for)} s": (
                self.ledger_silent_for is not None and self.ledger_silent_for > self.ledger_patience
            ),
            "no employer has a usable key": bool(self.keyless) and not self.keys,
            clock_words(self.clock): not self.clock.is_right,
        }
        return [sentence for sentence, holds in found.items() if holds]

    def document(self) -> Mapping[str, object]:
        """The same as JSON values."""
        return {
            "at": _instant(self.at),
            "version": self.version,
            "started_at": _instant(self.started_at),
            "live": self.live,
            "ready": self.ready,
            "obstacles": list(self.obstacles),
            "gateway_breaker": self._breaker.state.value,
            "gateway_away_since": _instant(self._breaker.opened_at),
            "gateway_away_for": {name: _instant(one.opened_at) for name, one in self._away.items() if name},
            "employers_with_key": list(self.keys),
            "employers_without_key": list(self.keyless),
            "employers_stopped": list(self._stopped),
            "reload_refused": self.reload_refused or None,
            "clock": self.clock.state.value,
            "clock_ahead_seconds": round(self.clock.ahead.total_seconds()) if self.clock.against else None,
            "answers_unrecorded": self.unrecorded,
        }

    def words(self) -> str:
        """One line for an administrator."""
        stops = [f"STOPPED, nothing of it goes out: {name}" for name in self._stopped]
        parts = [*stops, *self.obstacles, *self._queue(), *self._concerns()]
        return "; ".join(parts)

    @property
    def _stopped(self) -> Sequence[str]:
        return () if self.outlook is None else self.outlook.stopped

    def _queue(self) -> Sequence[str]:
        if self.outlook is None:
            return []
        stand, last = self.outlook.progress, self.outlook.next_date
        counted = {
            "ready": stand.ready,
            "being sent": stand.claimed,
            "to be tried again": stand.retrying,
            "in doubt": self.outlook.in_doubt,
            "waiting for a person": stand.held,
        }
        some = [f"{number} {what}" for what, number in counted.items() if number]
        deadline = "no deadline ahead" if last is None else f"next deadline {last}"
        return [", ".join([*some, deadline]) if some else f"nothing to send, {deadline}"]

    def _concerns(self) -> Sequence[str]:
        found = []
        if self.unrecorded:
            found.append(f"ANSWERS THAT THE LEDGER HAS YET TO TAKE: {self.unrecorded}; do not restart the agent")
        if self._away:
            found.append(self._away_words())
        if self.keyless:
            found.append(f"NO USABLE KEY: {', '.join(self.keyless)}")
        if self.reload_refused:
            found.append(f"NEW SETTINGS REFUSED, the former ones hold: {self.reload_refused}")
        return found

    @property
    def _breaker(self) -> Breaker:
        return longest_open(self.breakers.values())

    @property
    def _away(self) -> Mapping[str, Breaker]:
        return {name: one for name, one in self.breakers.items() if one.state is not BreakerState.CLOSED}

    def _away_words(self) -> str:
        if len(self._away) == len(self.breakers):
            return f"THE GATEWAY IS AWAY since {_instant(self._breaker.opened_at)}"
        since = (f"{name} since {_instant(one.opened_at)}" for name, one in self._away.items())
        return f"THE GATEWAY IS AWAY for {', '.join(since)}"


class Vitals:
    """What a running agent remembers of its own condition. Safe in threads: each field is replaced whole.

    Args:
        monotonic: Seconds that never run backwards: a machine whose clock is set must not look cut off.
    """

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._started_at = clock.now()
        self._version = release()
        self._outlook: Outlook | None = None
        self._looked_at = 0.0
        self._counting = Seldom(monotonic)
        self._hung: tuple[str, ...] = ()

    def look(self, agent: Agent) -> None:
        """Ask the ledger how things stand; what waits is counted anew where that does not take long.

        Raises:
            LedgerUnavailable: It does not answer.
        """
        view, former = agent.ledger.view, self._outlook
        if former is None or self._counting.is_due():
            with self._counting.taken():
                self._outlook = look_at_ledger(view, self._clock.now())
        else:
            self._outlook = replace(former, stopped=_stopped(view))
        self._looked_at = self._monotonic()

    def all_move(self, hung: tuple[str, ...]) -> bool:
        """Whether no thread hangs; a change is logged."""
        if hung != self._hung:
            self._hung = hung
            if hung:
                what = "threads are at one step for longer than it may take"
                _log.critical(what, action="agent.hung", threads=", ".join(hung))
            else:
                _log.info("all threads move again", action="agent.moves")
        return not hung

    def health(
        self,
        agent: Agent,
        *,
        hung: tuple[str, ...],
        stopping: bool,
        breakers: Mapping[str, Breaker],
        reload_refused: str,
        clock: ClockVerdict = RELIED_ON,
        unrecorded: int = 0,
    ) -> Health:
        """How ``agent`` stands now."""
        now, outlook = self._clock.now(), self._outlook
        usable = set(agent.signer.able)
        return Health(
            at=now,
            started_at=self._started_at,
            version=self._version,
            hung=hung,
            stopping=stopping,
            outlook=outlook,
            ledger_silent_for=None if outlook is None else timedelta(seconds=self._monotonic() - self._looked_at),
            keys=sorted(name for bin_, name in agent.employers.items() if bin_ in usable),
            keyless=sorted(name for bin_, name in agent.employers.items() if bin_ not in usable | agent.signer.owners),
            breakers=breakers,
            reload_refused=reload_refused,
            clock=clock,
            unrecorded=unrecorded,
        )


def _seconds(span: timedelta | None) -> int:
    return 0 if span is None else int(span.total_seconds())


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
