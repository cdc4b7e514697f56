"""What rows say about each other: the order of a contract's papers, and numbers that were given twice.

Sources: response codes SCSE014, 026, 063, 067, 070 and 092. A paper in the wrong order has lawful ways out, and
changing its date is none of them, so no sentence here suggests it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from usrec.domain.rules.examine import Examined
from usrec.domain.rules.fields import read_details, read_payload
from usrec.domain.rules.finding import Finding, error, undetermined
from usrec.domain.source_event import Amendment, Conclusion, Details, Termination

Placed = tuple[int, Finding]
"""The place of a row among all rows, and what is found there."""


@dataclass(frozen=True, slots=True)
class _Paper:
    """One event in its newest revision; ``place`` is that of its row."""

    place: int
    examined: Examined
    details: Details

    @property
    def contract(self) -> tuple[str, str]:
        return self.examined.row.employer_bin, self.examined.row.contract_key


def check_together(rows: Sequence[Examined]) -> Iterator[Placed]:
    """Findings that one row alone does not show, in no particular order."""
    yield from _repeated_revisions(rows)
    papers = list(_papers(rows))
    yield from _repeated_contract_numbers(papers)
    by_contract: dict[tuple[str, str], list[_Paper]] = defaultdict(list)
    for paper in papers:
        by_contract[paper.contract].append(paper)
    for contract in by_contract.values():
        yield from _check_contract(contract)


def _repeated_revisions(rows: Sequence[Examined]) -> Iterator[Placed]:
    seen: set[tuple[str, int]] = set()
    for place, one in enumerate(rows):
        key = (one.row.event_id, one.row.revision)
        if one.row.event_id and key in seen:
            yield place, error("event_repeated", "event_id", "The same event_id and revision stand in an earlier row.")
        seen.add(key)


def _papers(rows: Sequence[Examined]) -> Iterator[_Paper]:
    """What stands once the newest revision of each event counts; withdrawn and unreadable events are left out."""
    newest: dict[str, tuple[int, Examined]] = {}
    for place, one in enumerate(rows):
        held = newest.get(one.event_id)
        if held is None or held[1].row.revision < one.row.revision:
            newest[one.event_id] = (place, one)
    for place, one in newest.values():
        details = _details(one)
        if details is not None and not one.row.withdrawn:
            yield _Paper(place, one, details)


def _details(one: Examined) -> Details | None:
    """The details also of a row that was refused for another reason."""
    if one.event is not None:
        return one.event.details
    if one.operation is None:
        return None
    payload, unreadable = read_payload(one.row.payload)
    return None if unreadable else read_details(one.operation, payload)[0]


def _repeated_contract_numbers(papers: Iterable[_Paper]) -> Iterator[Placed]:
    def number(paper: _Paper) -> Hashable:
        details = paper.details
        return (paper.contract[0], details.contract_number) if isinstance(details, Conclusion) else None

    for paper in _again(papers, number):
        message = "Another contract in an earlier row has this number; each contract of an employer has its own."
        yield paper.place, error("contract_number_unused", "contract_number", message, code="SCSE014")


def _again(papers: Iterable[_Paper], key: Callable[[_Paper], Hashable]) -> Iterator[_Paper]:
    """Papers whose key an earlier one has; a key of None is none."""
    seen: set[Hashable] = set()
    for paper in papers:
        found = key(paper)
        if found is not None and found in seen:
            yield paper
        seen.add(found)


def _check_contract(papers: Sequence[_Paper]) -> Iterator[Placed]:
    conclusions = [(paper, paper.details) for paper in papers if isinstance(paper.details, Conclusion)]
    for paper, _ in conclusions[1:]:
        message = (
            "This contract has a conclusion under another event_id in an earlier row; an employee's changed IIN is an "
            "event iin_change with the same contract_key."
        )
        yield paper.place, error("conclusion_not_repeated", "event_id", message)
    begins = conclusions[0][1].begin_date if conclusions else None
    for paper in papers:
        yield from ((paper.place, one) for one in _against_conclusion(paper, begins))
    yield from _repeated_agreements(papers)
    yield from _after_termination(papers)


def _against_conclusion(paper: _Paper, begins: date | None) -> Iterator[Finding]:
    details = paper.details
    if begins is None:
        yield from _without_conclusion(details)
    elif isinstance(details, Amendment) and details.agreement_date < begins:
        yield error(
            "amendment_not_before_contract",
            "agreement_date",
            "The agreement is dated before the contract begins. Compare the row with the paper. If the paper is so, "
            "its date stays: agree a further paper once the contract runs, or ask USREC support how to enter this one.",
            code="SCSE063",
        )
    elif isinstance(details, Termination) and details.termination_date < begins:
        yield error(
            "termination_not_before_contract",
            "termination_date",
            "The termination is dated before the contract begins. Compare the row with the order. If the contract "
            "truly ended before its first day, its date stays: ask the labour authority how to record it.",
            code="SCSE067",
        )


def _without_conclusion(details: Details) -> Iterator[Finding]:
    if getattr(details, "contract_id", "") is None:
        yield undetermined(
            "contract_id_known",
            "contract_key",
            "The contract's conclusion is not among these rows and contract_id is empty: only the agent's ledger and "
            "USREC know whether the contract is registered and when it began.",
            code="SCSE026",
        )


def _repeated_agreements(papers: Iterable[_Paper]) -> Iterator[Placed]:
    def agreement(paper: _Paper) -> Hashable:
        details = paper.details
        return (details.agreement_number, details.agreement_date) if isinstance(details, Amendment) else None

    for paper in _again(papers, agreement):
        message = "Another agreement of this contract in an earlier row has this number and date."
        yield paper.place, error("agreement_not_repeated", "agreement_number", message, code="SCSE070")


def _after_termination(papers: Sequence[_Paper]) -> Iterator[Placed]:
    """Rows are taken in their order, so that what stands below a termination meets a contract that has ended."""
    ended = False
    for paper in sorted(papers, key=lambda one: one.place):
        if ended and isinstance(paper.details, Amendment | Termination):
            message = "An earlier row terminates this contract; after that USREC takes no change of it."
            yield paper.place, error("contract_not_terminated", "contract_key", message, code="SCSE092")
        ended = isinstance(paper.details, Termination) or (ended and paper.examined.row.event_type != "reinstatement")
