"""Steps 5 and 6 of one claim: its document, the employer's signature, the envelope of this attempt; or an early end.

Nothing here writes what is sent: that is T3's, for all that are ready together. What ends here is written here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from usrec.application.ask_person import Asked, ask_person
from usrec.application.ask_registry import ask_registry, is_askable
from usrec.application.delivery import Delivered, DeliveryPolicy
from usrec.application.give_back import (
    give_back_invalid,
    give_back_nameless,
    give_back_unsigned,
    give_back_untouched,
)
from usrec.application.keep_document import attach
from usrec.application.queue_entry import names_contract
from usrec.application.record_intent import Ready
from usrec.domain.errors import (
    EmployerHeld,
    LeaseLost,
    SignatureAwaited,
    SignatureOutlived,
    SigningRefused,
    UsrecError,
    ValidationProblem,
)
from usrec.domain.message import DATA_CAP_BYTES, CorrelationId, Envelope, MessageId, RenderedMessage, SignedMessage
from usrec.domain.submission import WaitReason
from usrec.domain.verdict import Next
from usrec.ports.clock import Clock, Entropy
from usrec.ports.gateway import Gateway
from usrec.ports.inquiry import Inquiry
from usrec.ports.ledger import Claim, Ledger
from usrec.ports.renderer import Renderer
from usrec.ports.signer import Signer


def sign_and_seal(
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
) -> Ready | Delivered:
    """Steps 5 and 6 for one claim; or its end: it cannot be sent, a person is asked, or the registry was."""
    if inquiry is not None and is_askable(claim):
        return _inquire(claim, inquiry, ledger=ledger, clock=clock, entropy=entropy, policy=policy)
    try:
        if claim.message is None and not names_contract(claim.submission):
            entry = give_back_nameless(claim, ledger=ledger, clock=clock)
            return Delivered(claim.submission, "waiting", (entry.wait_reason or WaitReason.CONTRACT_UNKNOWN).value)
        message = claim.message or _sign(
            claim, ledger=ledger, renderer=renderer, signer=signer, clock=clock, entropy=entropy, policy=policy
        )
        if isinstance(message, Asked):
            asked = ask_person(claim, message, ledger=ledger, clock=clock)
            return Delivered(asked, "waiting", message.waits_for.value)
        envelope = _seal(message, claim, gateway=gateway, clock=clock, entropy=entropy, lease=policy.lease)
        return Ready(claim, message, envelope)
    except (ValidationProblem, SigningRefused, LeaseLost) as obstacle:
        return end_unsent(claim, obstacle, ledger=ledger, clock=clock)


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


def _seal(
    message: SignedMessage, claim: Claim, *, gateway: Gateway, clock: Clock, entropy: Entropy, lease: timedelta
) -> Envelope:
    """The transport envelope of one attempt around the same signed bytes."""
    steady, now = clock.steady(), clock.now()
    if message.valid_until < now:
        raise SignatureOutlived(
            "the certificate of the stored signature has expired",
            where=claim.submission.id,
            kept="The signed document is kept; it was neither sent nor signed again",
            next_step="If an attempt is in doubt, find out whether it is registered and settle it; if nothing was sent,"
            " sign it anew with usrec submission retry, or cancel it",
        )
    correlation_id = CorrelationId(_uuid(entropy))
    bin_ = claim.submission.employer_bin
    envelope = gateway.seal(message, employer_bin=bin_, correlation_id=correlation_id, at=now)
    return replace(envelope, leave_by=steady + min(lease, claim.lease.until - now))


def _uuid(entropy: Entropy) -> str:
    return str(UUID(bytes=entropy.token(16), version=4))


def end_unsent(
    claim: Claim,
    obstacle: UsrecError,
    *,
    ledger: Ledger,
    clock: Clock,
) -> Delivered:
    """Give the claim back, unless another agent holds it by now.

    Raises:
        UsrecError: What only an administrator can mend.
    """
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
            case _:
                raise obstacle
    except LeaseLost:
        return Delivered(claim.submission, "lease_lost", "another agent took it over before anything was sent")
