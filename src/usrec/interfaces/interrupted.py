"""Deliveries that a failing ledger broke off: remembered in this process until the ledger answers again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from usrec.application.deliver import AnswersUnrecorded, record_kept
from usrec.application.delivery import Delivered
from usrec.application.give_back import give_back_untouched
from usrec.application.record_intent import OpenAttempt
from usrec.bootstrap import Agent
from usrec.domain.errors import LeaseLost, LedgerUnavailable, TheirsToWaitFor
from usrec.domain.outcome import SubmissionOutcome
from usrec.ports.ledger import Claim, Ledger


class Interrupted:
    """Safe in threads; each claim is given back, and each answer recorded, by one of them."""

    def __init__(self) -> None:
        self._claims: deque[Claim] = deque()
        self._answers: deque[tuple[OpenAttempt, SubmissionOutcome]] = deque()

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

    def record(self, agent: Agent) -> Sequence[Delivered]:
        """Record the answers that have come.

        Raises:
            AnswersUnrecorded: The ledger still fails; they are remembered for the next call.
        """
        kept = [self._answers.popleft() for _ in range(len(self._answers))]
        if not kept:
            return ()
        try:
            return record_kept(kept, ledger=agent.ledger, clock=agent.clock, entropy=agent.entropy, policy=agent.policy)
        except AnswersUnrecorded as problem:
            self._answers.extend(problem.answers)
            raise

    def give_back(self, ledger: Ledger) -> None:
        """Make the claims ready again.

        Raises:
            LedgerUnavailable: The ledger still fails; they are remembered for the next call.
        """
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
