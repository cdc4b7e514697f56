"""A transfer in two halves, for a person and as JSON; never whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.domain.pair import Contradiction, Pair, PairHalf
from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.words import operation_name, state_name
from usrec.interfaces.i18n import N_, tr

CONTRADICTIONS: Final[Mapping[Contradiction, str]] = {
    Contradiction.SAME_EMPLOYER: N_("both halves name one employer"),
    Contradiction.OTHER_PERSON: N_("the halves name two IINs"),
    Contradiction.BEGINS_BEFORE_END: N_("the new contract begins before the old one ends"),
    Contradiction.MORE_THAN_TWO: N_("more events than one termination and one conclusion have this key"),
}


def standing_words(pair: Pair) -> str:
    """How a transfer stands, in one phrase."""
    if pair.contradictions:
        return "; ".join(tr(CONTRADICTIONS[one]) for one in pair.contradictions)
    if pair.missing is not None:
        return tr("missing: {operation}").format(operation=operation_name(pair.missing))
    return tr("the other half is entered elsewhere") if any(half.elsewhere for half in pair.halves) else tr("complete")


def half_words(half: PairHalf) -> str:
    """One half in one phrase."""
    employer = half.employer or tr("an employer that is not configured")
    words = tr("{operation} of {day}, {employer}, {state}, {id}")
    return words.format(
        operation=operation_name(half.operation),
        day=half.day,
        employer=employer,
        state=state_name(half.state),
        id=half.submission_id,
    )


def pair_words(pair: Pair, *, besides: SubmissionId) -> str:
    """Key, standing and the other half, for the page about one half."""
    others = [half_words(half) for half in pair.halves if half.submission_id != besides]
    return "; ".join([pair.key, standing_words(pair), *others])


def pair_json(pair: Pair) -> dict[str, object]:
    """The keys that scripts rely on."""
    return {
        "pair_key": pair.key,
        "missing": None if pair.missing is None else pair.missing.value,
        "contradictions": [one.value for one in pair.contradictions],
        "halves": [_half_json(half) for half in pair.halves],
    }


def _half_json(half: PairHalf) -> dict[str, object]:
    return {
        "id": half.submission_id,
        "operation": half.operation.value,
        "employer": half.employer or "",
        "contract_key": half.contract_key,
        "state": half.state.value,
        "day": half.day,
        "legal_date": half.legal_date,
        "safe_date": half.safe_date,
        "elsewhere": half.elsewhere,
    }
