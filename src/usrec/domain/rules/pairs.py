"""What rows say about transfers in two halves: warnings, because each half is right by itself and has its own term.

Source: response code SCSE157, which lets a contract pass to a successor, a spin-off or within a branch network only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from usrec.domain.rules.examine import Examined
from usrec.domain.rules.finding import Finding, undetermined, warning
from usrec.domain.source_event import HEADS, Conclusion, EventId, LegacyContract, SourceRow, Termination

Placed = tuple[int, Finding]
_Half = tuple[int, Examined, Conclusion | Termination]


def check_pairs(rows: Sequence[Examined]) -> Iterator[Placed]:
    """Findings about halves, each at the row of the half that comes last."""
    people = _people(rows)
    by_key: dict[str, list[_Half]] = defaultdict(list)
    for half in _halves(rows):
        by_key[half[2].pair_key or ""].append(half)
    for key, halves in by_key.items():
        yield from ((halves[-1][0], one) for one in _check(key, halves, people))


def _newest(rows: Sequence[Examined]) -> dict[EventId, tuple[int, Examined]]:
    newest: dict[EventId, tuple[int, Examined]] = {}
    for place, one in enumerate(rows):
        held = newest.get(one.event_id)
        if held is None or held[1].row.revision < one.row.revision:
            newest[one.event_id] = (place, one)
    return newest


def _halves(rows: Sequence[Examined]) -> Iterator[_Half]:
    for place, one in sorted(_newest(rows).values(), key=lambda found: found[0]):
        details = None if one.event is None or one.row.withdrawn else one.event.details
        if isinstance(details, Conclusion | Termination) and details.pair_key:
            yield place, one, details


def _people(rows: Sequence[Examined]) -> dict[tuple[str, str], str]:
    """Whose contract each is, as far as these rows tell."""
    return {
        (one.row.employer_bin, one.row.contract_key): one.event.details.employee_iin
        for one in rows
        if one.event is not None
        and one.operation in HEADS
        and isinstance(one.event.details, Conclusion | LegacyContract)
    }


def _check(key: str, halves: Sequence[_Half], people: dict[tuple[str, str], str]) -> Iterator[Finding]:
    ends = [(one.row, details) for _, one, details in halves if isinstance(details, Termination)]
    begins = [(one.row, details) for _, one, details in halves if isinstance(details, Conclusion)]
    if len(ends) > 1 or len(begins) > 1:
        message = f"More rows than one termination and one conclusion have the pair_key {key}."
        yield warning("pair_of_two", "pair_key", message)
    elif ends and begins:
        person = people.get((ends[0][0].employer_bin, ends[0][0].contract_key))
        yield from _against(key, ends[0], begins[0], person)
    elif not any(details.pair_elsewhere == "true" for _, _, details in halves):
        message = (
            f"The other half of the transfer {key} is not among these rows; only the agent's ledger or the other "
            "employer knows it."
        )
        yield undetermined("pair_half_here", "pair_key", message)


def _against(
    key: str, ends: tuple[SourceRow, Termination], begins: tuple[SourceRow, Conclusion], person: str | None
) -> Iterator[Finding]:
    """What speaks against one termination and one conclusion.

    Args:
        person: IIN of whom the terminated contract is with, where the rows tell.
    """
    (old, end), (new, begin) = ends, begins
    if old.employer_bin == new.employer_bin:
        message = f"Both halves of the transfer {key} name one employer; within one employer nothing is terminated."
        yield warning("pair_of_two_employers", "employer_bin", message)
    if person is not None and person != begin.employee_iin:
        yield warning("pair_of_one_person", "employee_iin", f"The halves of the transfer {key} name two IINs.")
    if begin.begin_date < end.termination_date:
        message = f"The new contract of the transfer {key} begins before the old one ends."
        yield warning("pair_in_order", "begin_date", message)
