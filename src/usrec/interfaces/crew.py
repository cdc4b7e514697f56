"""The threads of a running agent: each repeats one loop's step until it is told to stop, or its loop is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from usrec.bootstrap import Agent
from usrec.domain.errors import LeaseLost, TheirsToWaitFor
from usrec.interfaces.handover import Handover
from usrec.interfaces.lasting import Lasting
from usrec.interfaces.pulse import Pulses
from usrec.ports.doorbell import Ring

LOOK_EVERY: Final = timedelta(seconds=15)
"""The rest of those that mostly find nothing due."""
LEDGER_TIME: Final = timedelta(minutes=2)
"""What the ledger may take in one step, on top of everything else: it is waited for up to 10 s a transaction."""
OTHERS_TIME: Final = timedelta(minutes=10)
"""What HR databases and alert sinks may take in one step; each has timeouts of its own."""
_GLANCE: Final = 0.02
"""Seconds between two looks at whether those that go first have passed."""
_TURNS: Final = 25
"""So often at most: then it is done beside them."""
_log = structlog.get_logger("usrec.daemon")


@dataclass(frozen=True, slots=True)
class Loop:
    """What one thread repeats.

    Attributes:
        once: One step; whether there may be more to do at once.
        allowed: How long a step may lawfully take.
        every: Seconds of rest after a step without work.
        wakes_early: News for the other threads end its rest.
        wakes_on: Rings of a database that end its rest.
        rouse: Ends what its step itself waits for, where it waits for news.
        lets_pass: Seconds that it leaves to others after news, so that what follows from their work is done at once;
            whoever has any also waits a little longer for steps that go first.
        goes_first: Its steps are what those let pass.
        tells_results: It has something to tell when results have been recorded.
    """

    name: str
    once: Callable[[Agent], bool]
    allowed: timedelta
    every: float
    wakes_early: bool = True
    wakes_on: Collection[Ring] = ()
    rouse: Callable[[], None] = lambda: None
    lets_pass: float = 0.0
    goes_first: bool = False
    tells_results: bool = False


class Crew:
    """Starts, wakes, stops and joins the threads.

    Args:
        stop: Set by whoever wants all threads to end after the step in hand.
        halt: Called when a thread met what only an administrator can mend.
        hindered: Called with what a thread has to wait for.

    Attributes:
        fatal: What ended a thread; the first of them tells why.
    """

    def __init__(
        self,
        stop: threading.Event,
        handover: Handover,
        *,
        halt: Callable[[], None],
        hindered: Callable[[TheirsToWaitFor], None],
    ) -> None:
        self.pulses = Pulses()
        self.fatal: list[BaseException] = []
        self._stop = stop
        self._handover = handover
        self._halt = halt
        self._hindered = hindered
        self._loops: dict[str, Loop] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._news: dict[str, threading.Event] = {}
        self._under_way: set[str] = set()
        self._lasting = Lasting()

    def staff(self, loops: Sequence[Loop]) -> None:
        """Have one thread for each of these loops; one whose loop is not among them ends after its step."""
        self._news |= {loop.name: threading.Event() for loop in loops if loop.name not in self._news}
        self._loops = {loop.name: loop for loop in loops}
        for name in self._loops:
            thread = self._threads.get(name)
            if thread is None or not thread.is_alive():
                self._threads[name] = threading.Thread(target=self._repeat, args=(name,), name=name)
                self._threads[name].start()

    def wake(self) -> None:
        """There may be work: end all rests but those of loops that look at their own pace."""
        self._end_rests(lambda loop: loop.wakes_early or self._stop.is_set())

    def recorded(self) -> None:
        """Results are on record: end the rests of the loops that tell of them."""
        self._end_rests(lambda loop: loop.tells_results)

    def rang(self, ring: Ring) -> None:
        """A database told that there may be work: end the rests of the loops that do such work."""
        self._end_rests(lambda loop: ring in loop.wakes_on)

    def lets_pass(self, name: str, seconds: float) -> None:
        """The step of a loop leaves the machine to others for so long, unless there is news for it."""
        if name in self._news and not self._stop.is_set():
            self._news[name].wait(seconds)

    def has_passed(self, name: str) -> None:
        """The step of a loop that goes first goes on with what can wait."""
        self._under_way.discard(name)

    def waits_for(self, problem: TheirsToWaitFor) -> None:
        """A thread met something that is unavailable now: the log is told at once, and once a minute while it lasts."""
        untold = self._lasting.met(str(problem))
        if untold is not None:
            again = {"met_since": untold} if untold else {}
            _log.warning(str(problem), action="agent.wait", kind=type(problem).__name__, **again)
        self._hindered(problem)

    def join(self, while_waiting: Callable[[], None]) -> None:
        """Wait until all threads have ended."""
        for thread in self._threads.values():
            while thread.is_alive():
                while_waiting()
                thread.join(1.0)

    def _repeat(self, name: str) -> None:
        while not self._stop.is_set() and (loop := self._loops.get(name)) is not None:
            if not self._step(loop):
                self._rest(loop)

    def _end_rests(self, concerned: Callable[[Loop], bool]) -> None:
        for name, loop in list(self._loops.items()):
            if concerned(loop):
                self._news[name].set()
                loop.rouse()

    def _step(self, loop: Loop) -> bool:
        """One step; wait when it found nothing, or something unavailable. News that come meanwhile end that wait."""
        self._news[loop.name].clear()
        self.pulses.begin(loop.name, loop.allowed)
        if loop.goes_first:
            self._under_way.add(loop.name)
        try:
            with self._handover.borrow() as agent:
                return loop.once(agent)
        except TheirsToWaitFor as problem:
            self.waits_for(problem)
            return False
        except LeaseLost as lost:
            _log.info(str(lost), action="agent.overtaken")
            return True
        except BaseException as problem:  # noqa: BLE001 -- whatever it is, the agent stops and says so, with its exit code
            self.fatal.append(problem)
            self._halt()
            return False
        finally:
            self.has_passed(loop.name)
            self.pulses.rest(loop.name)

    def _rest(self, loop: Loop) -> None:
        if self._stop.is_set():
            return
        if self._news[loop.name].wait(loop.every):
            self._stop.wait(loop.lets_pass)
        for _ in range(_TURNS if loop.lets_pass else 0):
            if not self._under_way or self._stop.wait(_GLANCE):
                break
