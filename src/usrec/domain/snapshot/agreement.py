"""The last agreement of a contract as HR's row shows it: a new one, other dates, or one without its number yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from usrec.domain.snapshot.derived import Telling, Why
from usrec.domain.snapshot.difference import different, edit, with_values
from usrec.domain.snapshot.staff import TERMS, Fields, StaffRow
from usrec.domain.snapshot.story import Facts, Story, Told
from usrec.domain.source_event import Operation

_UNREGISTERED: Final = frozenset({"signed_on", "changes"})
"""What an agreement has and no registry keeps."""
_ITS_DAYS: Final = frozenset({"agreement_date", "signed_on"})
"""One that is new says that there is a paper; the day from which it applies is filled in some systems without one."""


def change_agreement(telling: Telling, row: StaffRow) -> None:
    """A new agreement, or the last one with other dates."""
    story, belief, paper = telling.story, telling.story.belief, row.agreement
    if paper == belief.agreement:
        return
    last = story.last([Operation.AMENDMENT])
    if not paper.get("agreement_number"):
        _change_unnumbered(telling, row, last)
        return
    is_same = paper["agreement_number"] == belief.agreement.get("agreement_number")
    names = different(belief.agreement, paper)
    if last is not None and not last.withdrawn and _is_unnumbered(story, last) and _is_before(story, last, paper):
        _undo(telling, last, row)
    elif (
        last is not None
        and not last.withdrawn
        and (is_same or _is_renamed(story, paper) or _is_incomplete(story, last))
    ):
        telling.revise(last, replace(last.after[-1], agreement=paper), Why.NOT_SENT_YET, names)
    elif not is_same and belief.ending is None:
        _tell(telling, row)
    elif is_same and set(names) <= _UNREGISTERED:
        telling.story = story.absorb(lambda facts: replace(facts, agreement=paper))
    elif is_same and belief.ending is None:
        edit(telling, Operation.AMENDMENT_EDIT, replace(belief, agreement=paper), Why.AGREEMENT_CORRECTED, names)


def _tell(telling: Telling, row: StaffRow) -> None:
    belief = telling.story.belief
    after = replace(belief, agreement=row.agreement, contract=with_values(belief.contract, row.contract, TERMS))
    telling.tell(Operation.AMENDMENT, after, Why.NEW_AGREEMENT, different(belief.contract, row.contract))


def _change_unnumbered(telling: Telling, row: StaffRow, last: Told | None) -> None:
    """HR has dated a paper and not numbered it: its days count for the term, and the event stays incomplete."""
    story, belief, paper = telling.story, telling.story.belief, row.agreement
    names = different(belief.agreement, paper)
    is_open = last is not None and not last.withdrawn
    if last is not None and is_open and _is_unnumbered(story, last) and _is_before(story, last, paper):
        _undo(telling, last, row)
    elif not _ITS_DAYS & paper.keys() & set(names):
        return
    elif last is not None and is_open and (_is_renamed(story, paper) or _is_incomplete(story, last)):
        telling.revise(last, replace(last.after[-1], agreement=paper), Why.NOT_SENT_YET, names)
    elif belief.ending is None:
        _tell(telling, row)


def _undo(telling: Telling, amendment: Told, row: StaffRow) -> None:
    """The paper was a slip of HR's: what it changed lacks an agreement, and where it changed nothing it never was."""
    before = telling.story.before(amendment.event_id)
    facts = replace(amendment.after[-1], agreement=before.agreement, agreement_event=before.agreement_event)
    if set(different(before.contract, row.contract)) & set(TERMS):
        telling.revise(amendment, facts, Why.NOT_SENT_YET)
    else:
        telling.withdraw(amendment, Why.NOT_SENT_YET)


def _is_renamed(story: Story, paper: Fields) -> bool:
    """Whether it is the agreement that was told, by its date; of another day it is another one."""
    return paper.get("agreement_date") == story.belief.agreement.get("agreement_date")


def _is_before(story: Story, amendment: Told, paper: Fields) -> bool:
    return paper == story.before(amendment.event_id).agreement


def _is_unnumbered(story: Story, amendment: Told) -> bool:
    facts: Facts = amendment.after[-1]
    return facts.agreement != story.before(amendment.event_id).agreement and not _number(facts.agreement)


def _is_incomplete(story: Story, amendment: Told) -> bool:
    agreement = amendment.after[-1].agreement
    return agreement == story.before(amendment.event_id).agreement or not _number(agreement)


def _number(agreement: Fields) -> str:
    return agreement.get("agreement_number", "")
