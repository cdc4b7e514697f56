"""The straight line of submissions: claim, render, sign, record the intent, submit, record the answer.

Read :func:`deliver` from top to bottom: it is the whole path. Its value changes type at every step

``Claim -> RenderedMessage -> SignedMessage -> Ready -> OpenAttempt -> SubmissionOutcome -> JudgedAttempt``

and the transactions stand where they must: T2 before any work, T3 before the first byte leaves, T4 after the answer.
Whatever dies in between, the next claim finds either no attempt (nothing was sent) or an open one (it may have been
sent, so the same bytes are sent again; never new ones).

Those that are on the line together share these transactions and nothing else: each proves its own claim, and one that
was lost, stopped or refused drops out alone. A group of one is the same line. The daemon takes the same steps from
several threads (``usrec.interfaces.dispatch``).

The line ends early in two places. Where the wire profile has a question, what is in doubt is asked about before it is
sent again, and the registry's word is all that this claim brings. Where a person has to sign or approve the document,
it ends with ``Asked`` and goes on from there when they have: ``take_signed`` brings a ``SignedMessage``, ``approve``
the right to make one of the same document.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from usrec.application.acknowledge import acknowledge_late
from usrec.application.delivery import Delivered, DeliveryPolicy
from usrec.application.masses import unless_undecided
from usrec.application.record_intent import NotOpened, OpenAttempt, Ready, record_intents
from usrec.application.record_outcome import Answer, JudgedAttempt, record_outcomes
from usrec.application.sign_and_seal import end_unsent, sign_and_seal
from usrec.application.together import together
from usrec.domain.errors import LeaseLost, LedgerUnavailable, TheirsToWaitFor, UsrecError
from usrec.domain.outcome import NothingSent, SubmissionOutcome, code_of, proof_of, was_held_back
from usrec.domain.retry import time_left
from usrec.domain.submission import SubmissionId
from usrec.domain.verdict import Ending
from usrec.ports.clock import Clock, Entropy
from usrec.ports.gateway import Gateway
from usrec.ports.inquiry import Inquiry
from usrec.ports.ledger import Claim, Ledger
from usrec.ports.renderer import Renderer
from usrec.ports.signer import Signer

HELD_BACK: Final = NothingSent(
    "held back before a byte left: the agent was told to stop, or nothing may be sent now", held_back=True
)
"""What became of an attempt that was opened and whose turn on the wire never came."""


class AnswersUnrecorded(LedgerUnavailable):
    """The ledger was away when answers had come: whoever has them in hand hands them to :func:`record_kept` later.

    Attributes:
        answers: What was to be recorded; T4 of some may have been written.
    """

    def __init__(self, answers: Sequence[tuple[OpenAttempt, SubmissionOutcome]], away: LedgerUnavailable) -> None:
        kept = "The answers that have come are kept in the agent's memory and recorded when the ledger is back"
        super().__init__(away.what, where=away.where, kept=kept, next_step="Leave the agent running")
        self.answers = answers


def claim_due(
    *,
    ledger: Ledger,
    clock: Clock,
    policy: DeliveryPolicy,
    owner: str,
    limit: int,
    only: SubmissionId | None = None,
    employer: str | None = None,
) -> Sequence[Claim]:
    """Step 4 (T2): lease the most urgent submissions that nothing holds, or ``only`` one of them.

    Args:
        employer: Of this BIN alone; each of several employers has a line of its own.
    """
    now = clock.now()
    with ledger.begin() as work:
        work.outbox.promote(now)
        claims = work.outbox.claim(owner, now, policy.lease, limit, only=only, employer=employer)
        claims = unless_undecided(work, claims, now)
        work.commit()
    return claims


def deliver(
    claims: Sequence[Claim],
    *,
    ledger: Ledger,
    renderer: Renderer,
    signer: Signer,
    gateway: Gateway,
    clock: Clock,
    entropy: Entropy,
    policy: DeliveryPolicy,
    inquiry: Inquiry | None = None,
) -> list[Delivered]:
    """Steps 5-8 for a group of claims, each of which succeeds or fails by itself.

    Args:
        inquiry: Asks the registry about what is in doubt; None where the wire profile has no such question.

    Raises:
        AnswersUnrecorded: The ledger is away since something was sent.
        LedgerUnavailable: The ledger did not take a write. What was sent is an open attempt, found at the next claim.
    """
    signed = [
        sign_and_seal(
            claim,
            ledger=ledger,
            renderer=renderer,
            signer=signer,
            gateway=gateway,
            clock=clock,
            entropy=entropy,
            policy=policy,
            inquiry=inquiry,
        )
        for claim in claims
    ]
    ready = [one for one in signed if isinstance(one, Ready)]
    ended = [one for one in signed if isinstance(one, Delivered)]
    opened, kept_back = open_attempts(ready, ledger=ledger, clock=clock, entropy=entropy)
    answers = [(one, gateway.submit(one.envelope)) for one in opened]
    ended += record_answers(answers, ledger=ledger, clock=clock, entropy=entropy, policy=policy)
    ended += [end_unsent(one.claim, one.obstacle, ledger=ledger, clock=clock) for one in kept_back]
    return ended


def open_attempts(
    group: Sequence[Ready], *, ledger: Ledger, clock: Clock, entropy: Entropy
) -> tuple[list[OpenAttempt], list[NotOpened]]:
    """The end of step 6 (T3): what may be sent now, and what may not."""
    step = partial(record_intents, ledger=ledger, clock=clock, entropy=entropy)
    found = together(group, step, lambda one, problem: NotOpened(one.claim, problem))
    opened = [one for one in found if isinstance(one, OpenAttempt)]
    return opened, [one for one in found if isinstance(one, NotOpened)]


def record_answers(
    outcomes: Sequence[tuple[OpenAttempt, SubmissionOutcome]],
    *,
    ledger: Ledger,
    clock: Clock,
    entropy: Entropy,
    policy: DeliveryPolicy,
) -> list[Delivered]:
    """Step 8 (T4); an answer whose lease ran out meanwhile still counts as a late one (T5).

    Raises:
        AnswersUnrecorded: The ledger is away.
        UsrecError: What the ledger refused of one; the others are recorded.
    """
    try:
        return _record(outcomes, ledger=ledger, clock=clock, entropy=entropy, policy=policy)
    except LedgerUnavailable as away:
        came = clock.now()
        kept = [(replace(one, answered_at=one.answered_at or came), outcome) for one, outcome in outcomes]
        raise AnswersUnrecorded(kept, away) from away


def record_kept(
    kept: Sequence[tuple[OpenAttempt, SubmissionOutcome]],
    *,
    ledger: Ledger,
    clock: Clock,
    entropy: Entropy,
    policy: DeliveryPolicy,
) -> list[Delivered]:
    """Step 8 for answers that came while the ledger was away: what is on record of them stays as it is.

    A commit whose confirmation was lost may have written T4, and an agent that took over may have closed the attempt.

    Raises:
        AnswersUnrecorded: The ledger is still away.
        UsrecError: What the ledger refused of one; the others are recorded.
    """
    ids = [opened.attempt.id for opened, _ in kept]
    try:
        with ledger.begin() as work:
            endings, answered = work.attempts.endings(ids), work.attempts.answered(ids)
    except LedgerUnavailable as away:
        raise AnswersUnrecorded(kept, away) from away
    left = [(one, outcome) for one, outcome in kept if one.attempt.id not in answered]
    new = [(one, outcome) for one, outcome in left if _says_more(outcome, endings.get(one.attempt.id))]
    return record_answers(new, ledger=ledger, clock=clock, entropy=entropy, policy=policy)


def _says_more(outcome: SubmissionOutcome, ending: Ending | None) -> bool:
    """Whether an answer says more than what its attempt was closed with; None while it is open, or not on record."""
    return ending is None or (ending is Ending.UNKNOWN and proof_of(outcome) is not None)


def _record(
    outcomes: Sequence[tuple[OpenAttempt, SubmissionOutcome]],
    *,
    ledger: Ledger,
    clock: Clock,
    entropy: Entropy,
    policy: DeliveryPolicy,
) -> list[Delivered]:
    answers = [Answer(one, outcome, _wait(one, outcome, clock, entropy, policy)) for one, outcome in outcomes]
    tolerance = policy.clock_tolerance
    step = partial(record_outcomes, ledger=ledger, clock=clock, tolerance=tolerance, policies=policy.policies)
    recorded = together(answers, step, lambda _, problem: problem)
    late = partial(_late, ledger=ledger, clock=clock, tolerance=tolerance)
    ended = [_ended(answer, one, late) for answer, one in zip(answers, recorded, strict=True)]
    refused = [one for one in ended if isinstance(one, UsrecError)]
    if refused:
        raise refused[0]
    return [one for one in ended if isinstance(one, Delivered)]


def _ended(
    answer: Answer, recorded: JudgedAttempt | UsrecError | None, late: Callable[[Answer], Delivered]
) -> Delivered | UsrecError:
    """What became of one. It may still count as a late one, where somebody else has taken over."""
    match recorded:
        case JudgedAttempt():
            return _recorded(recorded)
        case None | LeaseLost():
            try:
                return late(answer)
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
