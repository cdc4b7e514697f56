"""What rows say about each other: each contract's history as the rows above tell it, and numbers that were given twice.

Sources: response codes SCSE014 and 026 here, those of a contract's history in :mod:`usrec.domain.rules.history`. A
contract's conclusion counts as its first row wherever it stands, as it goes first in the agent's line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from usrec.domain.contract_history import ContractHistory, PastEvent, history_of
from usrec.domain.rules.approved_codes import BY_NOBODY, ApprovedCodesOf
from usrec.domain.rules.examine import Examined
from usrec.domain.rules.fields import read_details, read_payload
from usrec.domain.rules.finding import Finding, Severity, error, has_errors, undetermined
from usrec.domain.rules.history import check_history
from usrec.domain.rules.numbers import contract_number_used, number_given
from usrec.domain.rules.papers import PAPER_DATE_HAS_COME
from usrec.domain.rules.readings import by_reading
from usrec.domain.source_event import HEADS, Details, contract_id_given

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

    @property
    def is_head(self) -> bool:
        return self.examined.operation in HEADS


def check_together(
    rows: Sequence[Examined], unsure: Severity = Severity.ERROR, approved: ApprovedCodesOf = BY_NOBODY
) -> Iterator[Placed]:
    """Findings that one row alone does not show, in no particular order.

    Args:
        unsure: How severe a rule is that rests on our reading.
        approved: Codes for values of the rows' sources.
    """
    yield from _repeated_revisions(rows)
    papers = sorted(_papers(rows, approved), key=lambda one: one.place)
    firsts: dict[tuple[str, str], int] = {}
    for paper in papers:
        if paper.is_head:
            firsts.setdefault(paper.contract, paper.place)
    contracts = _Contracts(unsure)
    for paper in sorted(papers, key=lambda one: (firsts.get(one.contract) != one.place, one.place)):
        yield from ((paper.place, finding) for finding in contracts.take(paper))


def _repeated_revisions(rows: Sequence[Examined]) -> Iterator[Placed]:
    seen: set[tuple[str, int]] = set()
    for place, one in enumerate(rows):
        key = (one.row.event_id, one.row.revision)
        if one.row.event_id and key in seen:
            yield place, error("event_repeated", "event_id", "The same event_id and revision stand in an earlier row.")
        seen.add(key)


def _papers(rows: Sequence[Examined], approved: ApprovedCodesOf) -> Iterator[_Paper]:
    """What stands once the newest revision of each event counts; withdrawn and unreadable events are left out."""
    newest: dict[str, tuple[int, Examined]] = {}
    for place, one in enumerate(rows):
        held = newest.get(one.event_id)
        if held is None or held[1].row.revision < one.row.revision:
            newest[one.event_id] = (place, one)
    for place, one in newest.values():
        details = _details(one, approved)
        if details is not None and not one.row.withdrawn:
            yield _Paper(place, one, details)


def _details(one: Examined, approved: ApprovedCodesOf) -> Details | None:
    """The details also of a row that was refused for another reason."""
    if one.event is not None:
        return one.event.details
    if one.operation is None:
        return None
    payload, unreadable = read_payload(one.row.payload)
    coded, uncoded = approved.of(one.row.source).coded(one.operation, payload)
    return None if unreadable or uncoded else read_details(one.operation, coded)[0]


@dataclass(slots=True)
class _Contracts:
    """The contracts of a file as far as its rows were taken, and which of them use a number."""

    unsure: Severity
    histories: dict[tuple[str, str], ContractHistory] = field(default_factory=dict)
    taken: dict[tuple[str, str], list[_Paper]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def take(self, paper: _Paper) -> Sequence[Finding]:
        """What the rows before say of ``paper``, which counts from then on unless they forbid it."""
        employer_bin, _ = paper.contract
        history = self.histories.get(paper.contract, ContractHistory(employer_bin))
        found = by_reading([*_against(paper, self._before(paper, history)), *self._number(paper)], self.unsure)
        if not has_errors(found):
            self.histories[paper.contract] = history.after(PastEvent(paper.details))
            self.taken[paper.contract].append(paper)
            number = number_given(paper.details)
            if number is not None:
                self.numbers[employer_bin, number].add(paper.contract[1])
        return found

    def _before(self, paper: _Paper, history: ContractHistory) -> ContractHistory:
        """The contract without what waits for its day and lets ``paper`` pass, as in the agent's line."""
        taken = self.taken[paper.contract]
        earlier = [one for one in taken if paper.is_head or not _passes(paper, one)]
        if len(earlier) == len(taken):
            return history
        return history_of(paper.contract[0], [PastEvent(one.details) for one in earlier])

    def _number(self, paper: _Paper) -> Iterator[Finding]:
        employer_bin, contract_key = paper.contract
        number = number_given(paper.details)
        if number is None:
            return
        others = self.numbers.get((employer_bin, number), set()) - {contract_key}
        yield from contract_number_used(number, (self.histories[employer_bin, other] for other in sorted(others)))


def _passes(paper: _Paper, earlier: _Paper) -> bool:
    """Whether ``paper`` can be sent before the day for which ``earlier`` waits; nothing passes the conclusion."""
    day, own = earlier.examined.not_before, paper.examined.not_before
    waits = any(one.rule == PAPER_DATE_HAS_COME for one in earlier.examined.findings)
    return waits and not earlier.is_head and day is not None and (own is None or own < day)


def _against(paper: _Paper, history: ContractHistory) -> Iterator[Finding]:
    if paper.is_head:
        yield from _conclusion_is_first(history)
        return
    given = contract_id_given(paper.details)
    if given is None:
        yield from check_history(paper.details, history, paper.contract[0])
    if not history.known:
        yield from _not_told(given)


def _conclusion_is_first(history: ContractHistory) -> Iterator[Finding]:
    if history.known:
        message = (
            "This contract has a conclusion under another event_id in an earlier row; an employee's changed IIN is an "
            "event iin_change with the same contract_key."
        )
        yield error("conclusion_not_repeated", "event_id", message)


def _not_told(given: str | None) -> Iterator[Finding]:
    if given is None:
        yield undetermined(
            "contract_id_known",
            "contract_key",
            "No conclusion of this contract that could be registered is among these rows, and contract_id is empty: "
            "only the agent's ledger and USREC know whether the contract is registered and when it began.",
            code="SCSE026",
        )
    else:
        yield undetermined(
            "contract_history_known",
            "contract_id",
            "No conclusion of this contract that could be registered is among these rows: only USREC knows when it "
            "began and what was entered of it since, so this row was not held against it.",
        )
