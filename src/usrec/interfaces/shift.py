"""A shift of the clerk: from the first claim until nothing of it is on the line any more.

The clerk alone writes the ledger's side of deliveries: claims (T2), the intents of what is signed (T3), the answers
that have come (T4), each for all that are there. In between the delivering threads sign and send, one submission each.
More is claimed than there are threads only as far as a moment's work goes, so that nothing that was opened waits long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Final, Protocol, TypeVar

from usrec.adapters.metrics.timed import TimedPorts
from usrec.application.deliver import HELD_BACK, open_attempts
from usrec.application.delivery import Delivered
from usrec.application.record_answers import record_answers
from usrec.application.record_intent import OpenAttempt, Ready
from usrec.application.sign_and_seal import end_unsent, sign_and_seal
from usrec.bootstrap import Agent
from usrec.domain.errors import TheirsToWaitFor
from usrec.domain.outcome import SubmissionOutcome, was_held_back
from usrec.interfaces.bench import Bench, Broken, Result, Sent, Signed, was_sent
from usrec.ports.ledger import Claim

Done = TypeVar("Done")

GROUP: Final = 32
"""So many share a transaction at most."""
A_MOMENT: Final = timedelta(milliseconds=250)
"""What is claimed beyond the delivering threads is what they sign and send in so long."""
PATIENCE: Final = timedelta(seconds=5)
"""What waited longer than this for its turn, twice at most, goes back: its lease has to cover the exchange."""


class Orders(Protocol):
    """What the clerk asks the dispatch."""

    def claim(self, most: int) -> Sequence[Claim]:
        """Claim up to so many; none when nothing may be begun."""

    def may_begin(self) -> bool:
        """Whether something that was claimed may be signed and opened."""

    def may_leave(self) -> bool:
        """Whether something that was opened may be sent."""

    def give_back(self, claims: Sequence[Claim]) -> None:
        """They were not begun."""

    def broke_off(self, claims: Sequence[Claim], problem: TheirsToWaitFor) -> None:
        """The ledger broke their delivery off, or has yet to record their answers."""

    def note(self, delivered: Delivered, seconds: float) -> None:
        """A delivery has ended, so long after its claim."""

    def goes_on(self) -> None:
        """The clerk is at work."""


class Tempo:
    """How long signing and sending take at the moment: a mean in which the last ones weigh most."""

    def __init__(self) -> None:
        self._means: dict[type, float] = {}

    def took(self, kind: type, span: timedelta) -> None:
        """One of them took so long."""
        seconds = max(0.0, span.total_seconds())
        self._means[kind] = (7 * self._means.get(kind, seconds) + seconds) / 8

    def in_a_moment(self, workers: int, most: int) -> int:
        """How many are signed and sent in a moment; none as long as nothing is known."""
        if Sent not in self._means:
            return 0
        each, moment = sum(self._means.values()), workers * A_MOMENT.total_seconds()
        return most if each * most <= moment else int(moment / each)


@dataclass(frozen=True, slots=True)
class Line:
    """What a shift works with.

    Attributes:
        ports: What is rendered, signed and submitted with.
        group: How many share a transaction at most.
        idle: Seconds after which the clerk looks for something to claim although nothing has come back.
        is_stopping: Whether no thread takes jobs any more.
    """

    agent: Agent
    ports: TimedPorts
    bench: Bench
    tempo: Tempo
    orders: Orders
    group: int
    idle: float
    is_stopping: Callable[[], bool]


class Shift:
    """One agent's shift; it belongs to the clerk's thread."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._signing = 0
        self._sending = 0
        self._looks = True
        self._problem: BaseException | None = None
        self._began: dict[str, float] = {}

    def run(self) -> bool:
        """Work until nothing is on the line; returns whether there was anything.

        Raises:
            BaseException: The first that broke something off, when all others have ended.
        """
        worked = False
        self._line.bench.begin()
        while self._claim() or self._signing or self._sending:
            worked = True
            self._line.orders.goes_on()
            self._take_in(self._results())
        if self._problem is not None:
            raise self._problem
        return worked

    def _claim(self) -> bool:
        """Fill the line, unless something broke off; whether anything was claimed."""
        claimed = False
        while self._looks and self._problem is None and (most := self._room()):
            claims = self._unless_it_breaks([], partial(self._line.orders.claim, most)) or ()
            self._looks = len(claims) == most
            for claim in claims:
                self._began[claim.submission.id] = perf_counter()
                self._signing += 1
                self._line.bench.lay_out(partial(self._job, claim, partial(self._sign, claim)))
            claimed = claimed or bool(claims)
        return claimed

    def _room(self) -> int:
        """How many to claim: single ones for threads that are free, else only when there is room for half of all."""
        line, workers = self._line, self._line.agent.settings.values.delivery.workers
        ahead = line.tempo.in_a_moment(workers, 2 * line.group) if line.group > 1 else 0
        most, now = workers + ahead, self._signing + self._sending
        return min(line.group, most - now) if now < workers or 2 * now <= most else 0

    def _results(self) -> list[Result]:
        line = self._line
        if line.is_stopping():
            line.bench.finish()
        found = line.bench.gather(line.idle, line.group, more=self._more_to_come)
        self._looks = self._looks or not found
        return found

    def _more_to_come(self, found: Sequence[Result]) -> bool:
        """Whether others of each kind that is there are on their way."""
        sent = sum(was_sent(one) for one in found)
        signed = len(found) - sent
        return (not sent or self._sending > sent) and (not signed or self._signing > signed)

    def _take_in(self, results: Sequence[Result]) -> None:
        for one in results:
            self._sending -= was_sent(one)
            self._signing -= not was_sent(one)
            if isinstance(one, Broken):
                self._broke_off([one.claim], one.problem)
        signed = [one for one in results if isinstance(one, Signed)]
        self._record([(one.opened, one.outcome) for one in results if isinstance(one, Sent)])
        self._end([one.made for one in signed if isinstance(one.made, Delivered)])
        self._give_back([one.claim for one in signed if one.made is None])
        self._open([one.made for one in signed if isinstance(one.made, Ready)])

    def _record(self, answers: Sequence[tuple[OpenAttempt, SubmissionOutcome]]) -> None:
        """T4 of what has come."""
        agent, claims = self._line.agent, [opened.claim for opened, _ in answers]
        if answers:
            record = partial(
                record_answers,
                answers,
                ledger=agent.ledger,
                clock=agent.clock,
                entropy=agent.entropy,
                policy=agent.policy,
            )
            self._end(self._unless_it_breaks(claims, record) or ())

    def _open(self, ready: Sequence[Ready]) -> None:
        """T3 of what is signed, which is then sent."""
        agent, claims = self._line.agent, [one.claim for one in ready]
        if not ready or not self._line.orders.may_begin():
            self._give_back(claims)
            return
        intend = partial(open_attempts, ready, ledger=agent.ledger, clock=agent.clock, entropy=agent.entropy)
        opened, kept_back = self._unless_it_breaks(claims, intend) or ([], [])
        for one in opened:
            self._sending += 1
            self._line.bench.lay_out(partial(self._job, one.claim, partial(self._send, one), sends=True))
        for each in kept_back:
            end = partial(end_unsent, each.claim, each.obstacle, ledger=agent.ledger, clock=agent.clock)
            ended = self._unless_it_breaks([each.claim], end)
            self._end([] if ended is None else [ended])

    def _give_back(self, claims: Sequence[Claim]) -> None:
        if claims:
            self._unless_it_breaks([], partial(self._line.orders.give_back, claims))

    def _end(self, delivered: Sequence[Delivered]) -> None:
        """Tell; what has ended may have made others ready."""
        for one in delivered:
            began = self._began.pop(one.submission.id, None)
            took = 0.0 if began is None else perf_counter() - began
            self._unless_it_breaks([], partial(self._line.orders.note, one, took))
            self._looks = True

    def _unless_it_breaks(self, claims: Sequence[Claim], act: Callable[[], Done]) -> Done | None:
        """What ``act`` gives; None where it broke these claims' deliveries off."""
        try:
            return act()
        except BaseException as problem:  # noqa: BLE001 -- it is raised when all that is on the line has ended
            self._broke_off(claims, problem)
            return None

    def _broke_off(self, claims: Sequence[Claim], problem: BaseException) -> None:
        self._problem = self._problem or problem
        if isinstance(problem, TheirsToWaitFor):
            self._line.orders.broke_off(claims, problem)

    # what the delivering threads do

    def _job(self, claim: Claim, act: Callable[[], Result], *, sends: bool = False) -> Result:
        began = self._line.agent.clock.now()
        try:
            result = act()
        except BaseException as problem:  # noqa: BLE001 -- the clerk is told, and raises it
            return Broken(claim, problem, sends)
        if _was_begun(result):
            self._line.tempo.took(type(result), self._line.agent.clock.now() - began)
        return result

    def _sign(self, claim: Claim) -> Signed:
        agent, ports = self._line.agent, self._line.ports
        if not self._line.orders.may_begin() or self._waited_since(claim.lease.until - agent.policy.lease):
            return Signed(claim, None)
        made = sign_and_seal(
            claim,
            ledger=agent.ledger,
            renderer=ports.renderer,
            signer=ports.signer,
            gateway=ports.gateway,
            clock=agent.clock,
            entropy=agent.entropy,
            policy=agent.policy,
            inquiry=agent.inquiry,
        )
        return Signed(claim, made)

    def _send(self, opened: OpenAttempt) -> Sent:
        if not self._line.orders.may_leave() or self._waited_since(opened.attempt.opened_at):
            return Sent(opened, HELD_BACK)
        return Sent(opened, self._line.ports.gateway.submit(opened.envelope))

    def _waited_since(self, since: datetime) -> bool:
        return self._line.agent.clock.now() - since > PATIENCE


def _was_begun(result: Result) -> bool:
    match result:
        case Signed(made=made):
            return made is not None
        case Sent(outcome=outcome):
            return not was_held_back(outcome)
        case Broken():
            return True
