"""One record, one verdict: the rules of its operation, then whether it came in time."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final

from usrec_simulator.business import BusinessRecord, Operation, Profile
from usrec_simulator.deadlines import late_code
from usrec_simulator.rules.amendment import amendment
from usrec_simulator.rules.book import Case, DeadlinePolicy, RegistryView, RuleBook, Verdict
from usrec_simulator.rules.conclusion import conclusion
from usrec_simulator.rules.correction import amendment_delete, amendment_edit, contract_delete, contract_edit
from usrec_simulator.rules.extension import extension
from usrec_simulator.rules.forms import employer, record_id
from usrec_simulator.rules.leave import social_leave, social_leave_delete, social_leave_edit
from usrec_simulator.rules.succession import bin_change, iin_change, transfer
from usrec_simulator.rules.termination import reinstatement, termination

_RULES: Final[Mapping[Operation, Callable[[Case], Iterator[str]]]] = {
    Operation.CONCLUSION: conclusion,
    Operation.LEGACY_CONTRACT: conclusion,
    Operation.AMENDMENT: amendment,
    Operation.TERMINATION: termination,
    Operation.CONTRACT_EDIT: contract_edit,
    Operation.CONTRACT_DELETE: contract_delete,
    Operation.AMENDMENT_EDIT: amendment_edit,
    Operation.AMENDMENT_DELETE: amendment_delete,
    Operation.REINSTATEMENT: reinstatement,
    Operation.EXTENSION: extension,
    Operation.SOCIAL_LEAVE: social_leave,
    Operation.SOCIAL_LEAVE_EDIT: social_leave_edit,
    Operation.SOCIAL_LEAVE_DELETE: social_leave_delete,
    Operation.IIN_CHANGE: iin_change,
    Operation.BIN_CHANGE: bin_change,
    Operation.TRANSFER: transfer,
}


def judge(record: BusinessRecord, registry: RegistryView, book: RuleBook, today: date) -> Verdict:
    """Judge one record against the rules and what is registered."""
    case = Case(record, registry, book, today)
    code = next(_failures(case), None)
    if code is not None:
        return Verdict(code)
    counted_from = _counted_from(case)
    late = late_code(record.operation, counted_from, today) if counted_from else None
    if late is None:
        return Verdict(None)
    return Verdict(late) if book.deadlines is DeadlinePolicy.REFUSE else Verdict(None, (late,))


def _failures(case: Case) -> Iterator[str]:
    if case.book.profile is Profile.CURRENT:
        yield from record_id(case)
    yield from employer(case)
    yield from _RULES[case.record.operation](case)


def _counted_from(case: Case) -> date | None:
    """Return the day from which the term runs: of the event, or of the first entry for a correction."""
    match case.record.operation:
        case Operation.CONTRACT_EDIT | Operation.CONTRACT_DELETE:
            contract = case.registry.contract(case.record.contract_id or "")
            return contract.entered if contract else None
        case Operation.AMENDMENT_EDIT | Operation.AMENDMENT_DELETE:
            found = case.registry.agreement(case.text("agreement_id") or "")
            return found[1].entered if found else None
        case _:
            return case.record.event_date
