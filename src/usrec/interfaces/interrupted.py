"""Deliveries that a failing ledger broke off: remembered in this process until the ledger answers again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from usrec.application.delivery import Delivered
from usrec.application.give_back import give_back_untouched
from usrec.application.record_answers import Answered, AnswersUnrecorded, record_kept
from usrec.application.record_intent import OpenAttempt
from usrec.bootstrap import Agent
from usrec.domain.errors import LeaseLost, LedgerUnavailable, TheirsToWaitFor, UsrecError
from usrec.ports.ledger import Claim, Ledger

Item = TypeVar("Item")


class Interrupted:
    """Safe in threads; each claim is given back, and each answer recorded, by one of them."""

    def __init__(self) -> None:
        self._claims: deque[Claim] = deque()
        self._answers: deque[Answered] = deque()

    @property
    def answers(self) -> int:
        """How many answers have come and are not on record."""
        return len(self._answers)

    @contextmanager
    def remembered(self, claims: Sequence[Claim]) -> Iterator[None]:
        """Around a delivery: what a failing ledger breaks off is remembered, and its leases not waited for."""
        try:
            yield
        except TheirsToWaitFor as problem:
            self.broke_off(claims, problem)
            raise

    def broke_off(self, claims: Sequence[Claim], problem: TheirsToWaitFor) -> None:
        """The delivery of these claims ended with ``problem``: before they were sent, or with their answers in hand."""
        if isinstance(problem, AnswersUnrecorded):
            self._answers.extend(problem.answers)
        else:
            self.remember(claims)

    def remember(self, claims: Sequence[Claim]) -> None:
        """Nothing in this process works on them any more."""
        self._claims.extend(claims)

    def unanswered(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Those of which no answer is waiting to be recorded: the others are not sent again.

        Their leases have run out meanwhile. Where nobody else has sent one, its answer is recorded by the new claim.
        """
        anew = {one.submission.id: one for one in claims}
        kept = list(_all_of(self._answers))
        self._answers.extend((_under(anew.get(opened.submission.id), opened), outcome) for opened, outcome in kept)
        answered = {opened.submission.id for opened, _ in kept}
        return [one for one in claims if one.submission.id not in answered]

    def take_over(self, other: Interrupted) -> None:
        """What ``other`` remembers is this one's from now on."""
        self._claims.extend([*_all_of(other._claims)])
        self._answers.extend([*_all_of(other._answers)])

    def record(self, agent: Agent, tell: Callable[[Delivered], None]) -> None:
        """Record the answers that have come: together, or each by itself where the ledger refuses them all for one.

        Args:
            tell: Called with what became of each.

        Raises:
            UsrecError: The ledger fails for all, or it refused one; those that are left are remembered for the next
                call.
        """
        left = deque(_all_of(self._answers))
        try:
            if len(left) > 1 and (done := _recorded(agent, [*left])) is not None:
                left.clear()
                _tell_each(done, tell)
            self._record_each(agent, left, tell)
        finally:
            self._answers.extend(left)

    def _record_each(self, agent: Agent, left: deque[Answered], tell: Callable[[Delivered], None]) -> None:
        """Those that the ledger takes leave ``left``; of two that it does not take the second one ends it."""
        refused: UsrecError | None = None
        for _ in range(len(left)):
            try:
                done = _record(agent, [left[0]])
            except UsrecError as problem:
                left.rotate(-1)
                if refused is not None:
                    raise
                refused = problem
            else:
                left.popleft()
                _tell_each(done, tell)
        if refused is not None:
            raise refused

    def give_back(self, ledger: Ledger, claims: Sequence[Claim] = ()) -> None:
        """Make the claims ready again, and these with them.

        Raises:
            LedgerUnavailable: The ledger still fails; they are remembered for the next call.
        """
        self.remember(claims)
        while self._claims:
            try:
                claim = self._claims.popleft()
            except IndexError:
                return
            try:
                give_back_untouched(claim, ledger=ledger)
            except LeaseLost:
                continue
            except LedgerUnavailable:
                self._claims.append(claim)
                raise


def _all_of(remembered: deque[Item]) -> Iterator[Item]:
    """Take them out, each for one thread."""
    while remembered:
        try:
            yield remembered.popleft()
        except IndexError:
            return


def _under(claim: Claim | None, opened: OpenAttempt) -> OpenAttempt:
    """The attempt with a newer claim, as long as it is the open one."""
    return opened if claim is None or claim.open_attempt != opened.attempt.id else replace(opened, claim=claim)


def _record(agent: Agent, kept: Sequence[Answered]) -> Sequence[Delivered]:
    return record_kept(kept, ledger=agent.ledger, clock=agent.clock, entropy=agent.entropy, policy=agent.policy)


def _recorded(agent: Agent, kept: Sequence[Answered]) -> Sequence[Delivered] | None:
    """None where the ledger did not take all of them."""
    try:
        return _record(agent, kept)
    except UsrecError:
        return None


def _tell_each(done: Sequence[Delivered], tell: Callable[[Delivered], None]) -> None:
    for one in done:
        tell(one)
