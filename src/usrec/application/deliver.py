"""The straight line of one submission: claim, render, sign, record the intent, submit, record the answer.

Read :func:`deliver` from top to bottom: it is the whole path. Its value changes type at every step

``Claim -> RenderedMessage -> SignedMessage -> Envelope -> OpenAttempt -> SubmissionOutcome -> JudgedAttempt``

and the transactions stand where they must: T2 before any work, T3 before the first byte leaves, T4 after the answer.
Whatever dies in between, the next claim finds either no attempt (nothing was sent) or an open one (it may have been
sent, so the same bytes are sent again; never new ones).

The line ends early in two places. Where the wire profile has a question, what is in doubt is asked about before it is
sent again, and the registry's word is all that this claim brings. Where a person has to sign or approve the document,
it ends with ``Asked`` and goes on from there when they have: ``take_signed`` brings a ``SignedMessage``, ``approve``
the right to make one of the same document.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from usrec.application.acknowledge import acknowledge_late
from usrec.application.ask_person import Asked, ask_person
from usrec.application.ask_registry import ask_registry, is_askable
from usrec.application.give_back import give_back_invalid, give_back_unsigned, give_back_untouched
from usrec.application.keep_document import attach
from usrec.application.record_intent import OpenAttempt, record_intent
from usrec.application.record_outcome import record_outcome
from usrec.domain.errors import (
    EmployerHeld,
    LeaseLost,
    SignatureAwaited,
    SignatureOutlived,
    SigningRefused,
    ValidationProblem,
)
from usrec.domain.message import (
    DATA_CAP_BYTES,
    CorrelationId,
    Envelope,
    MessageId,
    RenderedMessage,
    SignedMessage,
)
from usrec.domain.outcome import SubmissionOutcome, code_of
from usrec.domain.policies import Policies
from usrec.domain.retry import RetryPolicy, time_left
from usrec.domain.source_event import Operation
from usrec.domain.submission import Submission, SubmissionId, WaitReason
from usrec.domain.verdict import Next
from usrec.ports.clock import Clock, Entropy
from usrec.ports.gateway import Gateway
from usrec.ports.inquiry import Inquiry
from usrec.ports.ledger import Claim, Ledger
from usrec.ports.renderer import Renderer
from usrec.ports.signer import Signer


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How deliveries behave.

    Attributes:
        lease: How long a claim lasts; longer than all timeouts of the gateway together.
        clock_tolerance: How far the gateway's clock may differ from ours.
        approve: The operations that a person approves before they are signed, by the employer's BIN.
        policies: What each refusal leads to.
    """

    retry: RetryPolicy
    lease: timedelta = timedelta(minutes=5)
    clock_tolerance: timedelta = timedelta(minutes=5)
    approve: Mapping[str, Collection[Operation]] = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)

    def needs_approval(self, submission: Submission) -> bool:
        """Whether a person has to approve its document."""
        return submission.operation in self.approve.get(submission.employer_bin, ())


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one claim: for the log and the progress bar.

    Attributes:
        result: The submission's state, or ``waiting`` (for a key or a person) or ``lease_lost``.
        alert: A person should look, although the line goes on.
    """

    submission: Submission
    result: str
    reason: str
    code: str = ""
    alert: bool = False


def claim_due(
    *,
    ledger: Ledger,
    clock: Clock,
    policy: DeliveryPolicy,
    owner: str,
    limit: int,
    only: SubmissionId | None = None,
) -> Sequence[Claim]:
    """Step 4 (T2): lease the most urgent submissions that nothing holds, or ``only`` one of them."""
    now = clock.now()
    with ledger.begin() as work:
        work.outbox.promote(now)
        claims = work.outbox.claim(owner, now, policy.lease, limit, only=only)
        work.commit()
    return claims


def deliver(
    claim: Claim,
    *,
    ledger: Ledger,
    renderer: Renderer,
    signer: Signer,
    gateway: Gateway,
    clock: Clock,
    entropy: Entropy,
    policy: DeliveryPolicy,
    inquiry: Inquiry | None = None,
) -> Delivered:
    """Steps 5-8 for one claim; or, before it is sent again, the question to the registry.

    Args:
        inquiry: Asks the registry about what is in doubt; None where the wire profile has no such question.

    Raises:
        LedgerUnavailable: The ledger did not take a write. What was sent is an open attempt, found at the next claim.
    """
    if inquiry is not None and is_askable(claim, ledger=ledger):
        return _inquire(claim, inquiry, ledger=ledger, clock=clock, entropy=entropy, policy=policy)
    try:
        message = claim.message or _sign(
            claim, ledger=ledger, renderer=renderer, signer=signer, clock=clock, entropy=entropy, policy=policy
        )
        if isinstance(message, Asked):
            asked = ask_person(claim, message, ledger=ledger, clock=clock)
            return Delivered(asked, "waiting", message.waits_for.value)
        envelope = _seal(message, claim, gateway=gateway, clock=clock, entropy=entropy)
        opened = record_intent(claim, message, envelope, ledger=ledger, clock=clock, entropy=entropy)
    except (ValidationProblem, SigningRefused, LeaseLost, EmployerHeld) as obstacle:
        return _not_sent(claim, obstacle, ledger=ledger, clock=clock)
    outcome = gateway.submit(envelope)
    return _record(opened, outcome, ledger=ledger, clock=clock, entropy=entropy, policy=policy)


def _inquire(
    claim: Claim, inquiry: Inquiry, *, ledger: Ledger, clock: Clock, entropy: Entropy, policy: DeliveryPolicy
) -> Delivered:
    """Instead of a resend, the question whether the registry holds the record; nothing is sent by this claim."""
    tolerance = policy.clock_tolerance
    try:
        submission, ruling = ask_registry(
            claim, inquiry=inquiry, ledger=ledger, clock=clock, entropy=entropy, tolerance=tolerance
        )
    except LeaseLost:
        return Delivered(claim.submission, "lease_lost", "another agent took it over while the registry was asked")
    return Delivered(submission, submission.state.value, ruling.reason, alert=ruling.next is Next.PERSON)


def _sign(
    claim: Claim,
    *,
    ledger: Ledger,
    renderer: Renderer,
    signer: Signer,
    clock: Clock,
    entropy: Entropy,
    policy: DeliveryPolicy,
) -> SignedMessage | Asked:
    """Steps 5 and 6: the document with the employer's signature; or the document that a person has to look at."""
    rendered = claim.request.rendered if claim.request else _render(claim, ledger, renderer, entropy)
    if policy.needs_approval(claim.submission) and not (claim.request and claim.request.is_approved):
        return Asked(rendered, WaitReason.AWAITING_APPROVAL)
    message_id = MessageId(_uuid(entropy))
    bin_ = claim.submission.employer_bin
    try:
        signed = signer.sign(rendered, employer_bin=bin_, message_id=message_id, at=clock.now())
    except SignatureAwaited:
        return Asked(rendered, WaitReason.AWAITING_SIGNATURE)
    if len(signed.document) > DATA_CAP_BYTES:
        raise ValidationProblem("the signed document is over 100 KB (code SCSE999)", where="document")
    return signed


def _render(claim: Claim, ledger: Ledger, renderer: Renderer, entropy: Entropy) -> RenderedMessage:
    """The document, checked against the schema. One that a person was asked about is never made anew."""
    record_id = claim.record_id if renderer.supplies_record_id else None
    attachment = attach(claim.submission, ledger=ledger, entropy=entropy)
    return renderer.render(claim.submission, record_id=record_id, attachment=attachment)


def _seal(message: SignedMessage, claim: Claim, *, gateway: Gateway, clock: Clock, entropy: Entropy) -> Envelope:
    """The transport envelope of one attempt around the same signed bytes."""
    now = clock.now()
    if message.valid_until < now:
        raise SignatureOutlived(
            "the certificate of the stored signature has expired",
            where=claim.submission.id,
            kept="The signed document is kept; it was neither sent nor signed again",
            next_step="If an attempt is in doubt, find out whether it is registered and settle it; if nothing was sent,"
            " sign it anew with usrec submission retry, or cancel it",
        )
    correlation_id = CorrelationId(_uuid(entropy))
    return gateway.seal(message, employer_bin=claim.submission.employer_bin, correlation_id=correlation_id, at=now)


def _uuid(entropy: Entropy) -> str:
    return str(UUID(bytes=entropy.token(16), version=4))


def _not_sent(
    claim: Claim,
    obstacle: ValidationProblem | SigningRefused | LeaseLost | EmployerHeld,
    *,
    ledger: Ledger,
    clock: Clock,
) -> Delivered:
    """Give the claim back, unless another agent holds it by now."""
    try:
        match obstacle:
            case ValidationProblem():
                invalid = give_back_invalid(claim, obstacle, ledger=ledger, clock=clock)
                return Delivered(invalid, invalid.state.value, str(obstacle))
            case SigningRefused():
                waiting = give_back_unsigned(claim, obstacle, ledger=ledger, clock=clock)
                return Delivered(waiting, "waiting", str(obstacle), alert=True)
            case EmployerHeld():
                give_back_untouched(claim, ledger=ledger)
                return Delivered(claim.submission, "waiting", WaitReason.EMPLOYER_STOPPED.value)
            case LeaseLost():
                raise obstacle
    except LeaseLost:
        return Delivered(claim.submission, "lease_lost", "another agent took it over before anything was sent")


def _record(
    opened: OpenAttempt,
    outcome: SubmissionOutcome,
    *,
    ledger: Ledger,
    clock: Clock,
    entropy: Entropy,
    policy: DeliveryPolicy,
) -> Delivered:
    """Step 8 (T4); an answer whose lease ran out meanwhile still counts as a late one (T5)."""
    left = time_left(clock.now(), opened.submission.safe_utc, opened.submission.due_utc)
    wait = policy.retry.wait(opened.attempt.number, entropy.chance(), left=left)
    tolerance = policy.clock_tolerance
    try:
        submission, judged = record_outcome(
            opened,
            outcome,
            ledger=ledger,
            clock=clock,
            tolerance=tolerance,
            wait=wait,
            policies=policy.policies,
        )
    except LeaseLost:
        late = acknowledge_late(opened, outcome, ledger=ledger, clock=clock, tolerance=tolerance)
        result = late.submission.state.value if late.decided else "lease_lost"
        reason = "the answer came after the lease had run out"
        return Delivered(late.submission, result, reason, code_of(outcome), alert=late.contradicts)
    verdict = judged.verdict
    return Delivered(submission, submission.state.value, verdict.reason, code_of(judged.outcome), verdict.alert)
