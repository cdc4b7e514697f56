"""Several employers: each has a line of its own, with its clerk, its delivering threads and its breaker.

So whatever becomes of one (a flood of rows, an account that is refused, a key that is slow, documents that the gateway
stumbles over) takes no thread, no turn and no try from another. With one employer there is one line for all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from typing import Final

import structlog

from usrec.bootstrap import Agent
from usrec.domain.breaker import Breaker, longest_open
from usrec.domain.errors import TheirsToWaitFor, UsrecError
from usrec.interfaces.crew import LEDGER_TIME, Loop
from usrec.interfaces.dispatch import Dispatch
from usrec.ports.doorbell import Ring
from usrec.settings.rules import lease_needed
from usrec.settings.signing_time import signing_needed

FORMER: Final = "(former)"
"""Stands for employers that the settings do not name any more: a number may be an IIN, which is told nowhere."""
_log = structlog.get_logger("usrec.daemon")


class Lines:
    """The lines of the agent on duty; the main thread alone asks for them.

    Args:
        whole: The line of all, for one employer.
        make: Makes the line of an employer, by its BIN.
    """

    def __init__(self, whole: Dispatch, make: Callable[[str], Dispatch]) -> None:
        self._whole = whole
        self._make = make
        self._made: dict[str, Dispatch] = {}
        self._strangers: Collection[str] | None = None
        self._former: dict[str, str] = {}
        self._agent: Agent | None = None
        self._manned: Mapping[str, Dispatch] = {"": whole}

    def loops(self, agent: Agent, every: float) -> Iterator[Loop]:
        """A clerk for each line, and its delivering threads.

        Args:
            every: Seconds between two looks.
        """
        allowed = _longest_exchange(agent)
        for employer, line in self.of(agent).items():
            name = f"deliver-{employer}" if employer else "deliver"
            clerk, rouse = line.once(name, allowed), line.bench.knock
            yield Loop(name, clerk, allowed, every, wakes_on=[Ring.READY], rouse=rouse, goes_first=True)
            for number in range(agent.settings.values.delivery.workers):
                yield _hand(line, f"{name}-{number}", allowed, every)

    def of(self, agent: Agent) -> Mapping[str, Dispatch]:
        """The line of each employer by its name; that of all without one. Those of former employers are left."""
        several = len(agent.employers) > 1
        former = {one: self._former_name(one) for one in self._others(agent)} if several else {}
        names = {**former, **agent.employers} if several else {}
        manned = {str(name): self._line(employer_bin) for employer_bin, name in names.items()} or {"": self._whole}
        for line in {self._whole, *self._made.values()}:
            line.is_manned = line in manned.values()
        for given_up in {self._whole, *self._made.values()} - {*manned.values()}:
            next(iter(manned.values())).interrupted.take_over(given_up.interrupted)
        self._manned = manned
        return manned

    @property
    def unrecorded(self) -> int:
        """How many answers have come that the ledger has yet to record."""
        return sum(line.interrupted.answers for line in [self._whole, *self._made.values()])

    def record_kept(self, agent: Agent) -> None:
        """Before the agent ends: once more for the answers that came while the ledger was away, of all lines."""
        for line in self._made.values():
            self._whole.interrupted.take_over(line.interrupted)
        try:
            self._whole.record_kept(agent)
        except Exception as problem:  # noqa: BLE001 -- whatever it is, what else has to be done at the end is done
            what = str(problem) if isinstance(problem, UsrecError) else "an answer could not be recorded"
            lost, kind = self._whole.interrupted.answers, type(problem).__name__
            _log.error(what, action="agent.answers_lost", answers=lost, kind=kind)

    @property
    def are_sending(self) -> bool:
        """Whether a clerk found something to send when it looked last."""
        return any(line.is_sending for line in self._manned.values())

    @property
    def breakers(self) -> Mapping[str, Breaker]:
        """That of each employer by its name; that of all without one; of former employers the longest open one."""
        found = {name: line.gate.breaker for name, line in self._manned.items()}
        former = [found.pop(name) for name in self._former.values() if name in found]
        return {**found, FORMER: longest_open(former)} if former else found

    def _line(self, employer_bin: str) -> Dispatch:
        if employer_bin not in self._made:
            self._made[employer_bin] = self._make(employer_bin)
        return self._made[employer_bin]

    def _former_name(self, employer_bin: str) -> str:
        """What its line and its threads are called: a number of their own, in the order in which they were met."""
        name = self._former.setdefault(employer_bin, f"(former {len(self._former) + 1})")
        self._line(employer_bin).formerly = name
        return name

    def _others(self, agent: Agent) -> Collection[str]:
        """Employers that the settings do not have any more, and of which something is still open."""
        if agent is not self._agent or self._strangers is None:
            try:
                with agent.ledger.begin() as work:
                    found = set(work.outbox.employers()) - set(agent.employers)
            except TheirsToWaitFor as problem:
                _log.warning(str(problem), action="agent.wait", kind=type(problem).__name__)
                return ()
            self._agent, self._strangers = agent, sorted(found)
        return self._strangers


def _hand(line: Dispatch, name: str, allowed: timedelta, every: float) -> Loop:
    """A delivering thread; news are none of its own, but an order to stop is."""
    return Loop(name, line.hand(name, allowed, every), allowed, every, wakes_early=False, rouse=line.bench.call_away)


def _longest_exchange(agent: Agent) -> timedelta:
    """What signing, sending and recording may take where everybody is as slow as the timeouts allow."""
    values, gateway = agent.settings.values, agent.settings.values.gateway
    signing = signing_needed(values.employer.values(), gateway.transport_key)
    return lease_needed(gateway.timeouts, by_proxy=gateway.proxy is not None, signing=signing) + LEDGER_TIME
