"""Step 8 of the line (T4): record what came back, at once, or when a ledger that was away is back.

An answer whose lease ran out meanwhile still counts as a late one (T5). One that the ledger could not take leaves with
``AnswersUnrecorded``; whoever has it in hand then brings it to :func:`record_kept` until it is on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from usrec.application.acknowledge import acknowledge_late
from usrec.application.delivery import Delivered, DeliveryPolicy
from usrec.application.record_intent import OpenAttempt
from usrec.application.record_outcome import Answer, JudgedAttempt, record_outcomes
from usrec.application.together import together
from usrec.domain.errors import LeaseLost, LedgerUnavailable, TheirsToWaitFor, UsrecError
from usrec.domain.outcome import SubmissionOutcome, code_of, proof_of, was_held_back
from usrec.domain.retry import time_left
from usrec.ports.clock import Clock, Entropy
from usrec.ports.ledger import Ledger

Answered = tuple[OpenAttempt, SubmissionOutcome]
"""An attempt, and what came of it."""


class AnswersUnrecorded(LedgerUnavailable):
    """The ledger was away when answers had come.

    Attributes:
        answers: What was to be recorded; T4 of some may have been written.
    """

    def __init__(self, answers: Sequence[Answered], away: LedgerUnavailable) -> None:
        kept = "The answers that have come are kept in the agent's memory and recorded when the ledger is back"
        super().__init__(away.what, where=away.where, kept=kept, next_step="Leave the agent running")
        self.answers = answers


def record_answers(
    outcomes: Sequence[Answered], *, ledger: Ledger, clock: Clock, entropy: Entropy, policy: DeliveryPolicy
) -> list[Delivered]:
    """Record what came of each attempt, together where that can be.

    Raises:
        AnswersUnrecorded: The ledger is away.
        UsrecError: What the ledger refused of one; the others are recorded.
    """
    answers = [Answer(one, outcome, _wait(one, outcome, clock, entropy, policy)) for one, outcome in outcomes]
    tolerance = policy.clock_tolerance
    step = partial(record_outcomes, ledger=ledger, clock=clock, tolerance=tolerance, policies=policy.policies)
    try:
        recorded = together(answers, step, lambda _, problem: problem)
        ended = [
            _unless_late(answer, one, ledger=ledger, clock=clock, tolerance=tolerance)
            for answer, one in zip(answers, recorded, strict=True)
        ]
    except LedgerUnavailable as away:
        came = clock.now()
        kept = [(replace(one, answered_at=one.answered_at or came), outcome) for one, outcome in outcomes]
        raise AnswersUnrecorded(kept, away) from away
    refused = [one for one in ended if isinstance(one, UsrecError)]
    if refused:
        raise refused[0]
    return [one for one in ended if isinstance(one, Delivered)]


def record_kept(
    kept: Sequence[Answered], *, ledger: Ledger, clock: Clock, entropy: Entropy, policy: DeliveryPolicy
) -> list[Delivered]:
    """The same for answers that came while the ledger was away: what is on record of them stays as it is.

    A commit whose confirmation was lost may have written T4, and an agent that took over may have closed the attempt.

    Raises:
        AnswersUnrecorded: The ledger is still away.
        UsrecError: What the ledger refused of one; the others are recorded.
    """
    try:
        with ledger.begin() as work:
            closed = work.attempts.closed([opened.attempt.id for opened, _ in kept])
    except LedgerUnavailable as away:
        raise AnswersUnrecorded(kept, away) from away
    new = [(one, outcome) for one, outcome in kept if _says_more(outcome, with_reply=closed.get(one.attempt.id))]
    return record_answers(new, ledger=ledger, clock=clock, entropy=entropy, policy=policy)


def _says_more(outcome: SubmissionOutcome, *, with_reply: bool | None) -> bool:
    """Whether an answer says more than the end of its attempt.

    Args:
        with_reply: Whether it was closed with what was received; None: it is open, or not on record.
    """
    return with_reply is None or (not with_reply and proof_of(outcome) is not None)


def _unless_late(
    answer: Answer,
    recorded: JudgedAttempt | UsrecError | None,
    *,
    ledger: Ledger,
    clock: Clock,
    tolerance: timedelta,
) -> Delivered | UsrecError:
    """What T4 made of it; where somebody else has taken over, T5 may still count it."""
    match recorded:
        case JudgedAttempt():
            return _recorded(recorded)
        case None | LeaseLost():
            try:
                return _late(answer, ledger=ledger, clock=clock, tolerance=tolerance)
            except TheirsToWaitFor:
                raise
            except UsrecError as problem:
                return problem
        case _:
            return recorded


def _wait(
    opened: OpenAttempt, outcome: SubmissionOutcome, clock: Clock, entropy: Entropy, policy: DeliveryPolicy
) -> timedelta:
    """Until the next try, if one is needed; what was only held back may go as soon as anything may."""
    if was_held_back(outcome):
        return timedelta(0)
    left = time_left(clock.now(), opened.submission.safe_utc, opened.submission.due_utc)
    return policy.retry.wait(opened.attempt.number, entropy.chance(), left=left)


def _recorded(judged: JudgedAttempt) -> Delivered:
    verdict, submission = judged.verdict, judged.submission
    return Delivered(submission, submission.state.value, verdict.reason, code_of(judged.outcome), verdict.alert)


def _late(answer: Answer, *, ledger: Ledger, clock: Clock, tolerance: timedelta) -> Delivered:
    late = acknowledge_late(answer.opened, answer.outcome, ledger=ledger, clock=clock, tolerance=tolerance)
    result = late.submission.state.value if late.decided else "lease_lost"
    reason = "the answer came after the lease had run out"
    return Delivered(late.submission, result, reason, code_of(answer.outcome), alert=late.contradicts)
