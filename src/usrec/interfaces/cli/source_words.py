"""What was seen between two looks at a staff, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.domain.snapshot.derived import PuzzleKind, Why
from usrec.interfaces.i18n import N_, tr

FAULTS: Final[Mapping[str, str]] = {
    "without_key": N_("FAULT: rows without a key: {number}"),
    "ambiguous": N_("FAULT: keys of several rows, or that differ only in case, blanks or forms of letters: {number}"),
    "without_owner": N_("FAULT: rows without the employer's BIN, or without the key of the contract: {number}"),
}
"""By the name of the count that has to be nought."""

REASONS: Final[Mapping[Why, str]] = {
    Why.NEW_CONTRACT: N_("a contract that was not there"),
    Why.NEW_AGREEMENT: N_("a new agreement"),
    Why.NO_AGREEMENT: N_("terms changed, and no new agreement is named"),
    Why.TERM_GOES_ON: N_("only the term went on"),
    Why.PAPER_CORRECTED: N_("data of the contract that no agreement changes"),
    Why.AGREEMENT_CORRECTED: N_("the registered agreement has other data"),
    Why.NOT_SENT_YET: N_("an event that is not registered yet says something else now"),
    Why.ENDED: N_("the contract has ended"),
    Why.ROW_GONE: N_("the row of a running contract is gone"),
    Why.NOT_ENDED: N_("the end, not registered yet, stands no more"),
    Why.CAME_BACK: N_("the employee came back"),
    Why.NO_COMEBACK: N_("a registered end stands no more, and the row does not tell since when"),
    Why.WAY_IS_CLEAR: N_("an event before it is registered now; it is told once more"),
    Why.ENDED_AFTER_ALL: N_("the return, not registered yet, stands no more"),
    Why.NEW_LEAVE: N_("a new leave"),
    Why.LEAVE_CHANGED: N_("a registered leave has other data"),
    Why.LEAVE_GONE: N_("the leave is gone"),
}
PUZZLES: Final[Mapping[PuzzleKind, str]] = {
    PuzzleKind.OTHER_EMPLOYER: N_(
        "the row names another employer: a transfer or a secondment is never guessed; settle it in the portal"
    ),
    PuzzleKind.OTHER_EMPLOYEE: N_(
        "the row of a registered contract names another IIN: a changed IIN or a wrong person is never guessed"
    ),
    PuzzleKind.OTHER_CONTRACT: N_(
        "the key of an ended contract names another contract: let the key hold what tells contracts apart"
    ),
    PuzzleKind.OTHER_KEY: N_(
        "a contract with this IIN, number and date is remembered under another key: give the row its old key back"
    ),
    PuzzleKind.OTHER_ENDING: N_(
        "a registered end has another date or ground: no operation changes that; settle it in the portal"
    ),
    PuzzleKind.LEAVE_WITHOUT_CONTRACT: N_("the leave names a contract that is not among the rows"),
}


def reason_words(why: Why) -> str:
    """Why an event was derived."""
    return tr(REASONS[why])


def puzzle_words(kind: PuzzleKind) -> str:
    """What a person has to settle."""
    return tr(PUZZLES[kind])
