"""The events of one social leave, from what was told of it and what HR's row shows now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from usrec.domain.snapshot.derived import Telling, Why
from usrec.domain.snapshot.staff import Fields, LeaveRow
from usrec.domain.snapshot.story import Story
from usrec.domain.source_event import Operation

_ENTRIES: Final = (Operation.SOCIAL_LEAVE, Operation.SOCIAL_LEAVE_EDIT)


def tell_leave(story: Story, row: LeaveRow, contract: Fields, since: date, ahead: int) -> Telling:
    """What is new in ``row``.

    Args:
        contract: Fields of its contract.
        since: The day of the look before.
        ahead: How many events of the contract have an open fate.
    """
    telling = Telling(story, since, row.entered_at, ahead, department=row.department)
    belief = story.belief
    if belief.leave == row.leave:
        return telling
    after = replace(belief, leave=row.leave, contract=contract)
    last = story.told[-1] if story.told else None
    known = belief.leave or {}
    names = sorted(name for name in {*known, *row.leave} if known.get(name) != row.leave.get(name))
    if last is not None and last.operation in _ENTRIES:
        telling.revise(last, after, Why.NOT_SENT_YET, names)
    elif last is not None and not last.withdrawn:
        telling.withdraw(last, Why.NOT_SENT_YET)
        is_registered = telling.story.belief
        if is_registered.leave != row.leave:
            after = replace(after, leave_event=is_registered.leave_event)
            telling.tell(Operation.SOCIAL_LEAVE_EDIT, after, Why.LEAVE_CHANGED, names)
    elif belief.leave is None:
        telling.tell(Operation.SOCIAL_LEAVE, after, Why.NEW_LEAVE)
    else:
        telling.tell(Operation.SOCIAL_LEAVE_EDIT, after, Why.LEAVE_CHANGED, names)
    return telling


def tell_leave_gone(story: Story, since: date) -> Telling:
    """The row of a leave is gone, and the mapping says that this means its deletion."""
    telling = Telling(story, since, None)
    last = story.told[-1] if story.told else None
    if last is not None and last.operation in _ENTRIES and not last.withdrawn:
        telling.withdraw(last, Why.LEAVE_GONE)
    if telling.story.belief.leave is not None:
        telling.tell(Operation.SOCIAL_LEAVE_DELETE, replace(telling.story.belief, leave=None), Why.LEAVE_GONE)
    return telling
