"""Taking over the ids of contracts that stand in the registry: a plan that writes nothing, and its application.

It is applied in portions, each in a transaction of its own that looks again at what the plan rests on. What is there
already is passed over, so that a command that was killed goes on where it was, and a second run changes nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from usrec.application.acting import Actor
from usrec.application.contract_line import arrange_lines, take_back
from usrec.application.on_record import entered_by_hand
from usrec.application.recording import status_note
from usrec.domain.errors import UnsafeRequest
from usrec.domain.onboarding import (
    HrContract,
    ImportedContract,
    KnownAgreement,
    KnownContract,
    Matching,
    match_contracts,
    merged_rows,
)
from usrec.domain.source_event import HEADS, ContractKey, EmployerName, Operation
from usrec.domain.state import MAY_BE_REGISTERED, State
from usrec.domain.submission import Submission, SubmissionId
from usrec.ports.clock import Clock
from usrec.ports.contracts import ContractRef
from usrec.ports.ledger import Ledger, UnitOfWork
from usrec.ports.outgoing import JournalEntry

IMPORTED: Final = "contracts_imported"
"""The journal's word."""
STANDS: Final = "stands_in_registry"
PORTION: Final = 200
_REFUSED: Final = frozenset({State.REJECTED, State.INVALID})
"""What holds its line, and could be tried again."""
_NAMED: Final = 20
"""So many contradicting rows are named."""


class Standing(StrEnum):
    """What the ledger says of a match."""

    NEW = "new"
    KNOWN = "known"
    """It is there already."""
    CONTRADICTS = "contradicts"
    """An earlier import says otherwise."""
    OTHER_ID = "other_id"
    """The ledger has another id, of its own registration or proven by it; that one wins."""
    BEING_SENT = "being_sent"
    """Its conclusion is on its way, or a person enters it: what becomes of that is not known yet."""
    DELETED = "deleted"
    """This agent deleted the contract in the registry."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One match; ``open_heads`` are conclusions that wait and are taken back, because the contract stands."""

    key: ContractKey
    contract: KnownContract
    standing: Standing
    open_heads: tuple[Submission, ...] = ()


@dataclass(frozen=True, slots=True)
class OnboardingPlan:
    """What an import would do. ``employer`` is its number and its name."""

    employer: tuple[str, EmployerName]
    matching: Matching
    judged: Sequence[Judged]

    @property
    def new(self) -> Sequence[Judged]:
        """What would be taken over."""
        return [one for one in self.judged if one.standing is Standing.NEW]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many contracts of the export, by what is said of each."""
        fits = (one.fit.value for one in self.matching.others)
        return Counter([*(one.standing.value for one in self.judged), *fits])


def plan_onboarding(
    employer: tuple[str, EmployerName], rows: Sequence[KnownContract], roster: Sequence[HrContract], *, ledger: Ledger
) -> OnboardingPlan:
    """Match an export with what HR's sources know. Nothing is written.

    Args:
        employer: Number and name.
        roster: What HR's own file tells, beside what the ledger has of its sources.

    Raises:
        UnsafeRequest: The rows contradict each other, or an earlier import.
    """
    contracts, faults = merged_rows(rows)
    _require_agreement(sorted(row for group in faults for row in group), "rows of the export contradict each other")
    with ledger.begin() as work:
        matching = match_contracts(contracts, [*roster, *work.imported.known_to_hr(employer[0])])
        judged = _judge(work, employer[0], [(one.keys[0], one.contract) for one in matching.matched])
        known = work.contracts.registry_ids([(employer[0], one.key) for one in matching.missing])
    against = sorted(row for one in judged if one.standing is Standing.CONTRADICTS for row in one.contract.rows)
    _require_agreement(against, "rows of the export contradict an earlier import")
    missing = [one for one in matching.missing if (employer[0], one.key) not in known]
    return OnboardingPlan(employer, Matching(matching.matched, matching.others, missing), judged)


def apply_onboarding(
    plan: OnboardingPlan,
    file: str,
    actor: Actor,
    *,
    ledger: Ledger,
    clock: Clock,
    progress: Callable[[int, int], None],
) -> int:
    """Take over what is new.

    Args:
        file: SHA-256 of the export, for the journal.
        progress: Told after each portion how many of how many are looked at.

    Returns:
        How many contracts were taken over; what has changed since the plan is passed over.
    """
    new, taken = plan.new, 0
    for start in range(0, len(new), PORTION):
        with ledger.begin() as work:
            portion = new[start : start + PORTION]
            taken += _take_over(work, plan.employer, portion, file=file, actor=actor, now=clock.now())
            work.commit()
        progress(min(start + PORTION, len(new)), len(new))
    return taken


def _take_over(
    work: UnitOfWork,
    employer: tuple[str, EmployerName],
    portion: Sequence[Judged],
    *,
    file: str,
    actor: Actor,
    now: datetime,
) -> int:
    employer_bin, name = employer
    work.contracts.lock_all([(employer_bin, one.key) for one in portion])
    still = _judge(work, employer_bin, [(one.key, one.contract) for one in portion])
    new = [one for one in still if one.standing is Standing.NEW]
    if not new:
        return 0
    refs: list[ContractRef] = [(employer_bin, one.key) for one in new]
    kept, begun = work.imported.of(refs), work.submissions.conclusions_of(refs)
    for one in new:
        refused = (head for head in begun[employer_bin, one.key] if head.state in _REFUSED)
        for head in (*one.open_heads, *refused):
            work.write_backs.put(status_note(take_back(work, head, STANDS, now, actor=actor.name), now))
        work.contracts.set_registry_id(employer_bin, one.key, one.contract.contract_id)
        work.imported.put(employer_bin, _together(kept[employer_bin, one.key], one), now)
    detail = {"employer": name, "file": file, "contract_ids": [one.contract.contract_id for one in new]}
    text = json.dumps(detail, ensure_ascii=False)
    work.journal.append(JournalEntry(now, None, IMPORTED, None, None, actor.name, actor.reason, text))
    arrange_lines(work, {(employer_bin, one.key) for one in new}, now)
    return len(new)


def _judge(work: UnitOfWork, employer_bin: str, pairs: Sequence[tuple[ContractKey, KnownContract]]) -> list[Judged]:
    refs: list[ContractRef] = [(employer_bin, key) for key, _ in pairs]
    ids, imported = work.contracts.registry_ids(refs), work.imported.of(refs)
    keys = work.imported.keys_of(employer_bin, [contract.contract_id for _, contract in pairs])
    standing = work.submissions.standing_of(refs)
    heads = {one.id for line in standing.values() for one in line if one.operation in HEADS}
    by_hand = entered_by_hand(work, heads) if heads else ()
    judged = []
    for ref, (key, contract) in zip(refs, pairs, strict=True):
        if keys.get(contract.contract_id, key) != key:
            judged.append(Judged(key, contract, Standing.CONTRADICTS))
        else:
            judged.append(_judged(key, contract, imported[ref], ids.get(ref), standing[ref], by_hand=by_hand))
    return judged


def _judged(
    key: ContractKey,
    contract: KnownContract,
    imported: ImportedContract | None,
    registry_id: str | None,
    standing: Sequence[Submission],
    *,
    by_hand: Collection[SubmissionId],
) -> Judged:
    if imported is not None:
        return Judged(key, contract, _against_import(contract, imported))
    heads = [one for one in standing if one.operation in HEADS]
    accepted = any(one.state is State.ACCEPTED for one in heads)
    named = {one.contract_id for one in standing if one.contract_id is not None} | ({registry_id} - {None})
    if any(one.operation is Operation.CONTRACT_DELETE and one.state is State.ACCEPTED for one in standing):
        return Judged(key, contract, Standing.DELETED)
    if named - {contract.contract_id}:
        return Judged(key, contract, Standing.OTHER_ID)
    if accepted:
        return Judged(key, contract, Standing.KNOWN)
    if any(one.state in MAY_BE_REGISTERED or one.id in by_hand for one in heads):
        return Judged(key, contract, Standing.BEING_SENT)
    return Judged(key, contract, Standing.NEW, tuple(heads))


def _against_import(contract: KnownContract, imported: ImportedContract) -> Standing:
    """A second export may tell more, and nothing else."""
    agreements = {one.agreement_id: one for one in imported.agreements}
    changed = any(agreements.get(one.agreement_id, one) != one for one in contract.agreements)
    other_day = None not in {contract.entered, imported.entered} and contract.entered != imported.entered
    if imported.contract_id != contract.contract_id or changed or other_day:
        return Standing.CONTRADICTS
    more = {one.agreement_id for one in contract.agreements} - agreements.keys()
    later = imported.entered is None and contract.entered is not None
    return Standing.NEW if imported.stands and (more or later) else Standing.KNOWN


def _together(before: ImportedContract | None, one: Judged) -> ImportedContract:
    told = one.contract
    if before is None:
        return ImportedContract(one.key, told.contract_id, told.entered, told.agreements)
    agreements: dict[str, KnownAgreement] = {known.agreement_id: known for known in before.agreements}
    agreements |= {known.agreement_id: known for known in told.agreements}
    return ImportedContract(one.key, told.contract_id, before.entered or told.entered, tuple(agreements.values()))


def _require_agreement(rows: Sequence[int], what: str) -> None:
    if not rows:
        return
    named = ", ".join(str(row) for row in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    raise UnsafeRequest(
        what,
        where=f"rows {named}{more}",
        kept="Nothing was imported",
        next_step="Compare them with the portal; take a wrong match back first: usrec onboard undo",
    )
