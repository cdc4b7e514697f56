"""Why a submission stands as it does, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.response_code import Actor, Explanation, Policy
from usrec.domain.state import State
from usrec.domain.submission import REFUSED_SO_FAR, SubmissionId, WaitReason
from usrec.interfaces.cli.explanation_words import ACTORS
from usrec.interfaces.cli.words import reason_words
from usrec.interfaces.i18n import N_, tr
from usrec.ports.ledger_view import SubmissionRow


def refusal_of(row: SubmissionRow) -> Explanation | None:
    """What is said about the code by which USREC refused; None when it did not, or the code is not its own."""
    from usrec.adapters.explanations.book import explain

    return explain(row.code) if is_refusal(row) else None


def is_refusal(row: SubmissionRow) -> bool:
    """Whether the code is that of a refusal by which the submission stands as it does."""
    return row.state is State.REJECTED or row.wait_reason in REFUSED_SO_FAR


def reason_in_words(row: SubmissionRow) -> str:
    """Why the submission is in its state; empty when there is nothing to explain."""
    code = row.code if is_refusal(row) else ""
    return reason_words(row.reason, code) if row.reason or code else ""


def next_step(row: SubmissionRow) -> str:
    """What a person can do now; empty when nothing is asked of anybody."""
    if row.replaced_by is not None:
        return tr("Look at the one in its place: usrec submission show {after}").format(after=row.replaced_by)
    if row.state is State.CANCELLED and row.reason == NOT_REGISTRABLE:
        return tr("If it is to be entered after all: usrec submission retry {id} --reason WHY").format(id=row.id)
    return step_out_of(row.state, row.wait_reason, row.id, code=row.code, before=row.blocked_by)


def step_out_of(
    state: State, wait_reason: WaitReason | None, shown: str, *, code: str = "", before: SubmissionId | None = None
) -> str:
    """What a person can do about a submission that stands like this; empty when nothing is asked of anybody.

    Args:
        shown: Its id, as it is to be typed.
        code: What USREC answered.
        before: The one that it waits behind.
    """
    if state is State.INVALID:
        step = tr("Mend the fields in the HR system and raise the row's revision")
    elif state is State.REJECTED:
        step = _step_after_refusal(code)
    elif wait_reason is WaitReason.OTHER_PARTY:
        step = _when_mended(code, N_("When it is done ({actor}): usrec submission retry {id} --reason WHY"))
    elif state is State.INDETERMINATE and wait_reason is WaitReason.HELD_BY_PERSON:
        step = tr(
            "Look in the portal. It is there: usrec submission settle {id} --as accepted --evidence FILE --reason WHY; "
            "it is not: usrec submission release {id} --reason WHY"
        )
    elif state is State.SIGNED and wait_reason is WaitReason.NEEDS_DECISION:
        step = tr(
            "If nothing was sent, sign anew: usrec submission retry {id} --reason WHY; "
            "or: usrec submission cancel {id} --reason WHY"
        )
    else:
        step = tr(_STEPS.get(wait_reason, ""))
    return step.format(id=shown, before=before or "")


def _step_after_refusal(code: str) -> str:
    from usrec.adapters.explanations.book import explain

    told = explain(code)
    if told is not None and told.policy is Policy.CONFIRM_THEN_ACCEPT:
        return tr(
            "Look in the portal first; the same is there: usrec submission cancel {id} --reason WHY; "
            "else mend the row in the HR system and raise its revision"
        )
    if told is None or told.actor is Actor.HR:
        return tr(
            "Mend the row in the HR system and raise its revision; if the cause lay elsewhere and is mended: "
            "usrec submission retry {id} --reason WHY"
        )
    if told.policy is Policy.STOP_EVERYTHING:
        release = N_(
            "When the cause is mended ({actor}): usrec employer release NAME --reason WHY, "
            "then usrec submission retry {id} --reason WHY"
        )
        return _when_mended(code, release)
    return _when_mended(code, N_("When the cause is mended ({actor}): usrec submission retry {id} --reason WHY"))


def _when_mended(code: str, step: str) -> str:
    """The step with who must act; the id stays to be filled in."""
    from usrec.adapters.explanations.book import explain

    told = explain(code)
    return tr(step).format(actor=tr(ACTORS[Actor.NOBODY if told is None else told.actor]), id="{id}")


_STEPS: Final[Mapping[WaitReason | None, str]] = {
    WaitReason.PREDECESSOR_REFUSED: N_("Act on the one before it: usrec submission show {before}"),
    WaitReason.PREDECESSOR_IN_DOUBT: N_("See how the one before it stands: usrec submission show {before}"),
    WaitReason.CONTRACT_UNKNOWN: N_("Register the contract first, or give its registry id in the HR row"),
    WaitReason.KEY_UNUSABLE: N_("Put a valid signing key of the employer in its place"),
    WaitReason.NEEDS_DECISION: N_(
        "Find out in the portal, then: usrec submission settle {id} --as accepted --evidence FILE --reason WHY; "
        "it is not there: the same with --as rejected"
    ),
    WaitReason.MASS_HELD: N_(
        "Look at the whole batch: usrec mass list; this one alone: usrec submission release {id} --reason WHY"
    ),
    WaitReason.HELD_BY_PERSON: N_("When it may go on: usrec submission release {id} --reason WHY"),
    WaitReason.CHECKED_OUT: N_(
        "When it is entered in the portal: usrec submission settle {id} --as accepted --evidence FILE --reason WHY, of "
        "a contract with --contract-id and the registry's id; else: usrec submission release {id} --reason WHY"
    ),
    WaitReason.TO_CONFIRM: N_(
        "Look in the portal. It is ours: usrec submission settle {id} --as accepted --evidence FILE --reason WHY, of a "
        "contract with --contract-id and the registry's id; it is not: the same with --as rejected"
    ),
    WaitReason.NEXT_DAY: N_("Nothing, if the row is right; else mend it in the HR system and raise its revision"),
    WaitReason.EMPLOYER_STOPPED: N_("When the cause is mended: usrec employer release NAME --reason WHY"),
    WaitReason.AWAITING_SIGNATURE: N_(
        "Make a signing package (usrec package create), let the EDS's owner sign it, "
        "take it back: usrec package take FILE"
    ),
    WaitReason.AWAITING_APPROVAL: N_("Look at it and approve it: usrec submission approve {id}"),
    WaitReason.AWAITING_IIN: N_(
        "See to it that the IIN is applied for; when it is issued, put employee_iin in the contract's HR row, empty "
        "awaits_iin and raise the revision"
    ),
}
