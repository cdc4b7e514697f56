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

from collections.abc import Sequence
from functools import partial
from typing import Final

from usrec.application.delivery import Delivered, DeliveryPolicy
from usrec.application.masses import unless_undecided
from usrec.application.record_answers import record_answers
from usrec.application.record_intent import NotOpened, OpenAttempt, Ready, record_intents
from usrec.application.sign_and_seal import end_unsent, sign_and_seal
from usrec.application.together import together
from usrec.domain.outcome import NothingSent
from usrec.domain.submission import SubmissionId
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
