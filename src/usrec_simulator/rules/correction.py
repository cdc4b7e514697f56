"""Correcting and deleting what was entered: contracts and agreements.

Source: codes SCSE044, 047-052, 090, 092, 119. The terms of 30 days are in deadlines.py.
"""

from collections.abc import Generator, Iterator

from usrec_simulator.business import Operation
from usrec_simulator.contracts import Change, Contract
from usrec_simulator.rules import amendment, conclusion
from usrec_simulator.rules.book import Case
from usrec_simulator.rules.forms import contract_known, contract_named, person
from usrec_simulator.rules.harmful import payment_marks


def contract_edit(case: Case) -> Iterator[str]:
    """A corrected contract meets the rules of a new one, its own number not counted."""
    contract = yield from contract_named(case)
    yield from person(case)
    yield from conclusion.fields(case)
    yield from conclusion.content(case)
    if contract and contract.terminated:
        yield "SCSE092"
    yield from conclusion.dates(case)
    record = case.record
    taken = record.employer and record.number and contract
    if taken and case.registry.number_used(record.employer or "", record.number or "", beside=record.contract_id):
        yield "SCSE014"


def contract_delete(case: Case) -> Iterator[str]:
    """A contract is deleted by naming its person and employer as they are registered."""
    if case.record.contract_id is None:
        yield "SCSE026"
        return
    contract = case.registry.contract(case.record.contract_id)
    if contract is None:
        yield "SCSE025"
        return
    yield from _parties(case, contract, person_code="SCSE047", employer_code="SCSE048")
    if contract.terminated:
        yield "SCSE092"


def amendment_edit(case: Case) -> Iterator[str]:
    """A corrected agreement meets the rules of a new one, its own number and date not counted."""
    found = yield from _agreement(case, missing="SCSE044")
    yield from amendment.fields(case)
    yield from amendment.content(case)
    if found is None:
        return
    contract, change = found
    if contract.employer != case.record.employer:
        yield "SCSE097"
    yield from _open(contract, change)
    yield from amendment.dates(case, contract)
    after = case.text("working_conditions_code")
    yield from payment_marks(case, contract, case.record.event_date, after=after, corrected=change)


def amendment_delete(case: Case) -> Iterator[str]:
    """An agreement is deleted by naming person and employer of its contract."""
    found = yield from _agreement(case, missing="SCSE052")
    if found is None:
        return
    contract, change = found
    yield from _parties(case, contract, person_code="SCSE049", employer_code="SCSE050")
    yield from _open(contract, change)


def _agreement(case: Case, *, missing: str) -> Generator[str, None, tuple[Contract, Change] | None]:
    yield from contract_known(case)
    agreement_id = case.text("agreement_id")
    if agreement_id is None:
        yield "SCSE051"
        return None
    found = case.registry.agreement(agreement_id)
    if found is None or found[0].contract_id != case.record.contract_id:
        yield missing
        return None
    return found


def _parties(case: Case, contract: Contract, *, person_code: str, employer_code: str) -> Iterator[str]:
    yield from person(case)
    if case.record.employee != contract.employee:
        yield person_code
    if case.record.employer != contract.employer:
        yield employer_code


def _open(contract: Contract, change: Change) -> Iterator[str]:
    """What a change of BIN left behind is nobody's to correct, and after a termination only the authority's."""
    if change.made_by is Operation.BIN_CHANGE:
        yield "SCSE119"
    if contract.terminated:
        yield "SCSE092"
