"""The events of one contract, from what was told of it and what HR's row shows now.

A paper's date or number that HR does not give stays absent: the event is incomplete, its term runs by the strictest
reading, and a later look completes it. What two looks cannot tell apart is a puzzle for a person, never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from usrec.domain.deadline import ORDER_353_IN_FORCE
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.snapshot.agreement import change_agreement
from usrec.domain.snapshot.derived import HEADS, Puzzle, PuzzleKind, Telling, Why
from usrec.domain.snapshot.difference import different, edit, with_values
from usrec.domain.snapshot.recoded import Recoded, as_registered, is_carried
from usrec.domain.snapshot.staff import EXTENDED, TERMS, Fields, StaffRow
from usrec.domain.snapshot.story import Facts, Story, Told
from usrec.domain.source_event import Operation

_EDITABLE: Final = frozenset(rule.name for rule in FIELDS[Operation.CONTRACT_EDIT])
_PASSES: Final = 3


def tell_contract(story: Story, row: StaffRow, since: date) -> tuple[Telling, Puzzle | None, Sequence[Recoded]]:
    """What is new in ``row``, and the codes that only the mapping has corrected.

    Args:
        story: What was told of it; for a new contract a story without a contract.
        since: The day of the look before.
    """
    registered, recoded = as_registered(story, row)
    telling, puzzle = _told(story, registered, since)
    if not recoded or puzzle is not None or not is_carried(telling.events):
        return telling, puzzle, recoded
    return *_told(story, row, since), ()


def _told(story: Story, row: StaffRow, since: date) -> tuple[Telling, Puzzle | None]:
    telling = Telling(story, since, row.entered_at, department=row.department)
    puzzle = _puzzle(story, row)
    if puzzle is not None:
        return telling, Puzzle(puzzle, story.key)
    _conclude(telling, row)
    _come_back(telling, row)
    _change(telling, row)
    _end(telling, row)
    return telling, None


def tell_gone(story: Story, since: date) -> Telling:
    """The row of a running contract is gone: it may have ended, and nobody says when and why."""
    telling = Telling(story, since, None)
    belief = story.belief
    if belief.contract is not None and belief.ending is None:
        open_one = story.last([Operation.TERMINATION])
        after = replace(belief, ending={})
        if open_one is not None and open_one.withdrawn and open_one is story.told[-1]:
            telling.revise(open_one, after, Why.ROW_GONE)
        else:
            telling.tell(Operation.TERMINATION, after, Why.ROW_GONE)
    return telling


def facts_of(row: StaffRow) -> Facts:
    """What is registered when all that ``row`` shows is."""
    return Facts(row.contract, row.agreement, ending_of(row), row.comeback, row.ending if _undone(row) else {})


def ending_of(row: StaffRow) -> Fields | None:
    """The termination that stands; None while the contract runs."""
    return None if not row.ending.get("termination_date") or _undone(row) else row.ending


def operation_that_enters(row: StaffRow) -> Operation:
    """A contract older than the Order is backfilled, any other concluded."""
    day = row.contract.get("contract_date", "")
    is_legacy = bool(day) and day < ORDER_353_IN_FORCE.isoformat()
    return Operation.LEGACY_CONTRACT if is_legacy else Operation.CONCLUSION


def _undone(row: StaffRow) -> bool:
    back, ended = row.comeback.get("reinstatement_date", ""), row.ending.get("termination_date", "")
    return bool(back) and back >= ended


def _puzzle(story: Story, row: StaffRow) -> PuzzleKind | None:
    known = story.settled.contract
    if row.employer_bin != story.employer_bin:
        return PuzzleKind.OTHER_EMPLOYER
    if known is None:
        return None
    numbers = [one.get("contract_number") for one in (known, row.contract)]
    dates = [one.get("contract_date") for one in (known, row.contract)]
    if story.settled.ending is not None and numbers[0] != numbers[1] and dates[0] != dates[1]:
        return PuzzleKind.OTHER_CONTRACT
    if known.get("employee_iin") != row.contract.get("employee_iin"):
        return PuzzleKind.OTHER_EMPLOYEE
    ending, now = story.settled.ending, ending_of(row)
    if ending is not None and now is not None and not story.told and not _is_same_end(ending, now):
        return PuzzleKind.OTHER_ENDING
    return None


def _is_same_end(known: Fields, now: Fields | None) -> bool:
    """Whether HR's row shows the end that is known; a ground that it does not give is no other ground."""
    if now is None:
        return False
    return all(now.get(name) in {None, known.get(name)} for name in ("termination_date", "reason_code"))


def _conclude(telling: Telling, row: StaffRow) -> None:
    if telling.story.belief.contract is not None:
        return
    telling.tell(operation_that_enters(row), Facts(contract=row.contract), Why.NEW_CONTRACT)


def _come_back(telling: Telling, row: StaffRow) -> None:
    story, belief = telling.story, telling.story.belief
    is_told = _undone(row) and row.comeback != belief.comeback
    if belief.ending is None:
        if is_told:
            _complete_comeback(telling, row)
        _complete_undone(telling, row)
        back = telling.story.last([Operation.REINSTATEMENT])
        if back is not None and not back.withdrawn and _is_same_end(telling.story.belief.ended, ending_of(row)):
            telling.withdraw(back, Why.ENDED_AFTER_ALL)
        return
    if ending_of(row) is not None:
        return
    ending = story.last([Operation.TERMINATION])
    after = replace(belief, ending=None, ended=belief.ending)
    if is_told:
        if ending is not None and row.ending and belief.ending != row.ending:
            telling.revise(ending, replace(belief, ending=row.ending), Why.NOT_SENT_YET)
            after = replace(after, ended=row.ending)
        telling.tell(Operation.REINSTATEMENT, replace(after, comeback=row.comeback), Why.CAME_BACK)
    elif ending is not None:
        telling.withdraw(ending, Why.NOT_ENDED)
    else:
        telling.tell(Operation.REINSTATEMENT, after, Why.NO_COMEBACK)


def _complete_comeback(telling: Telling, row: StaffRow) -> None:
    """A reinstatement that HR had not dated, or an end and a return that both happened since the look before."""
    story, belief = telling.story, telling.story.belief
    back, ending = story.last([Operation.REINSTATEMENT]), story.last([Operation.TERMINATION])
    ended = row.ending.get("termination_date")
    is_same = ended is None or ended == belief.ended.get("termination_date")
    if back is not None and (is_same or ending is not None):
        telling.revise(back, replace(back.after[-1], comeback=row.comeback), Why.NOT_SENT_YET)
    elif not is_same:
        telling.tell(Operation.TERMINATION, replace(belief, ending=row.ending), Why.ENDED)
        after = replace(belief, ending=None, ended=row.ending, comeback=row.comeback)
        telling.tell(Operation.REINSTATEMENT, after, Why.CAME_BACK)


def _complete_undone(telling: Telling, row: StaffRow) -> None:
    """A termination that a return follows, and that is not registered yet: HR completes it, or takes both back."""
    story = telling.story
    ending, back = story.last([Operation.TERMINATION]), story.last([Operation.REINSTATEMENT])
    if ending is None or ending.withdrawn or back is None:
        return
    known = ending.after[-1].ending or {}
    if row.comeback and row.ending and known != row.ending:
        telling.revise(ending, replace(ending.after[-1], ending=row.ending), Why.NOT_SENT_YET)
    elif not row.comeback and known.get("termination_date") != row.ending.get("termination_date"):
        for one in (back, ending):
            if not one.withdrawn:
                telling.withdraw(one, Why.NOT_ENDED)


def _end(telling: Telling, row: StaffRow) -> None:
    story, belief, ending = telling.story, telling.story.belief, ending_of(row)
    if ending is None or ending == belief.ending:
        return
    last = story.told[-1] if story.told else None
    open_one = story.last([Operation.TERMINATION])
    after = replace(belief, ending=ending)
    if belief.ending is not None:
        if open_one is not None:
            telling.revise(open_one, after, Why.NOT_SENT_YET, different(belief.ending, ending))
    elif last is not None and last.operation is Operation.TERMINATION:
        telling.revise(last, after, Why.ENDED)
    else:
        telling.tell(Operation.TERMINATION, after, Why.ENDED)


def _change(telling: Telling, row: StaffRow) -> None:
    change_agreement(telling, row)
    for _ in range(_PASSES):
        _change_terms(telling, row)
    _change_paper(telling, row)


def _change_terms(telling: Telling, row: StaffRow) -> None:
    story, belief = telling.story, telling.story.belief
    names = [name for name in different(belief.contract, row.contract) if name in TERMS]
    if not names or belief.contract is None:
        return
    carrier = story.last([*HEADS, Operation.AMENDMENT])
    extension = story.last([Operation.EXTENSION])
    after = replace(belief, contract=with_values(belief.contract, row.contract, names))
    if extension is not None and set(names) <= EXTENDED and _is_behind(story, extension, carrier):
        told = extension
    elif carrier is not None:
        told = carrier
    elif belief.ending is not None:
        return
    elif _goes_on(belief.contract, row.contract, names):
        telling.tell(Operation.EXTENSION, after, Why.TERM_GOES_ON, names)
        return
    else:
        telling.tell(Operation.AMENDMENT, after, Why.NO_AGREEMENT, names)
        return
    facts = told.after[-1]
    telling.revise(
        told, replace(facts, contract=with_values(facts.contract, row.contract, names)), Why.NOT_SENT_YET, names
    )


def _is_behind(story: Story, one: Told, other: Told | None) -> bool:
    return other is None or story.told.index(one) > story.told.index(other)


def _goes_on(known: Fields, now: Fields, names: Sequence[str]) -> bool:
    """Whether only the term moved, to later or to no end: what Order 353 p.13-1 calls an extension."""
    before, after = known.get("end_date", ""), now.get("end_date", "")
    return bool(before) and set(names) <= EXTENDED and (not after or after > before)


def _change_paper(telling: Telling, row: StaffRow) -> None:
    """Fields of the contract that no agreement changes: they were wrong."""
    story, belief = telling.story, telling.story.belief
    names = [name for name in different(belief.contract, row.contract) if name not in TERMS]
    if not names or belief.contract is None:
        return
    head = story.last(HEADS)
    if head is not None:
        facts = head.after[-1]
        after = replace(facts, contract=with_values(facts.contract, row.contract, names))
        telling.revise(head, after, Why.NOT_SENT_YET, names)
    elif not _EDITABLE & set(names):
        telling.story = story.absorb(
            lambda facts: replace(facts, contract=with_values(facts.contract, row.contract, names))
        )
    elif belief.ending is None:
        after = replace(belief, contract=with_values(belief.contract, row.contract, names))
        edit(telling, Operation.CONTRACT_EDIT, after, Why.PAPER_CORRECTED, names)
