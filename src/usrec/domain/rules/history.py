"""What the history of its contract forbids an event, whoever told the history: the ledger, or the rows above in a file.

Sources: response codes SCSE047-050, 063, 067, 068, 070, 092, 095-097, 121, 132, 147, 155 and Order 353 p.13. Like the
registry, the gates (whose contract it is, whether it is there already, whether the contract still runs) come first
and one of them is enough; a wrong employer and a wrong employee are told together. A paper in the wrong order has
lawful ways out, and changing its date is none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from usrec.domain.contract_history import ContractHistory
from usrec.domain.events.changes import AgreementBody
from usrec.domain.rules.finding import Finding, error
from usrec.domain.rules.history_extension import extension_in_sequence, extension_term
from usrec.domain.source_event import (
    HEADS,
    Amendment,
    AmendmentDelete,
    AmendmentEdit,
    BinChange,
    ContractDelete,
    Details,
    IinChange,
    Reinstatement,
    SocialLeave,
    SocialLeaveDelete,
    SocialLeaveEdit,
    Termination,
    Transfer,
    operation_of,
)

AFTER_TERMINATION: Final = "contract_not_terminated"
_OPEN_AFTER_TERMINATION: Final = (Reinstatement, IinChange, BinChange)
"""What may follow a termination: the way back, and new numbers of the parties."""
_YEAR_AT_LEAST: Final = "2"
_DELETIONS: Final = (ContractDelete, AmendmentDelete, SocialLeaveDelete)

Rule = Callable[[Details, ContractHistory], Iterator[Finding]]


def check_history(details: Details, history: ContractHistory, employer_bin: str) -> Sequence[Finding]:
    """Findings about one event that comes after ``history``. A contract's own conclusion has none.

    Args:
        employer_bin: Of the row.
    """
    if operation_of(details) in HEADS:
        return []
    closed = [*_names_the_employer(details, history, employer_bin), *_names_the_employee(details, history)]
    for gate in _GATES:
        closed = closed or list(gate(details, history))
    return closed or [finding for rule in _RULES for finding in rule(details, history)]


def _names_the_employee(details: Details, history: ContractHistory) -> Iterator[Finding]:
    if isinstance(details, _DELETIONS) and history.employee_iin not in {None, details.employee_iin}:
        yield error(
            "deletion_names_the_employee",
            "employee_iin",
            "The contract stands under another IIN than the one of this deletion. See in the portal whose contract it "
            "is. Another one was meant: correct contract_key. This one, entered with a wrong IIN: give the IIN as it "
            "is registered. Then raise the revision.",
            code={ContractDelete: "SCSE047", AmendmentDelete: "SCSE049"}.get(type(details), "SCSE132"),
        )


def _names_the_employer(details: Details, history: ContractHistory, employer_bin: str) -> Iterator[Finding]:
    if history.employer_bin == employer_bin:
        return
    if isinstance(details, ContractDelete | AmendmentDelete):
        code = "SCSE048" if isinstance(details, ContractDelete) else "SCSE050"
        message = (
            "The contract has passed to another BIN, and a deletion names the employer under whom it stands now. Is it "
            "ours: enter the deletion under that BIN, with contract_id from the portal; its key signs."
        )
        yield error("deletion_names_the_employer", "employer_bin", message, code=code)
    else:
        message = (
            "The contract has passed to another BIN. Enter what happens since then under that BIN, with contract_id "
            "from the portal; its key signs."
        )
        yield error("contract_belongs_to_employer", "employer_bin", message, code="SCSE097")


def _agreement_is_new(details: Details, history: ContractHistory) -> Iterator[Finding]:
    if isinstance(details, Amendment) and any(
        (one.number, one.day) == (details.agreement_number, details.agreement_date) for one in history.agreements
    ):
        yield error(
            "agreement_not_repeated",
            "agreement_number",
            "This contract has an agreement with this number and date already. The same agreement: withdraw this row. "
            "Another one: give the paper a number of its own together with the employee and raise the revision.",
            code="SCSE070",
        )


def _contract_runs(details: Details, history: ContractHistory) -> Iterator[Finding]:
    if history.terminated_on is not None and not isinstance(details, _OPEN_AFTER_TERMINATION):
        yield error(
            AFTER_TERMINATION,
            "contract_key",
            "A termination of this contract is registered or goes before this event; after it only the state labour "
            "body changes data, on application. Was the termination a mistake: withdraw its row while it is not sent, "
            "or else register a reinstatement with mistake_comment; then raise the revision of this event.",
            code="SCSE092",
            point="Order 353 p.13",
        )


def _contract_has_ended(details: Details, history: ContractHistory) -> Iterator[Finding]:
    if not isinstance(details, Reinstatement):
        return
    if history.terminated_on is None and history.known:
        yield error(
            "reinstatement_needs_termination",
            "contract_key",
            "No termination of this contract is registered or goes before this event. Send the termination first, "
            "with its true date, then raise the revision of this event. Was it entered in the portal: give "
            "contract_id from there. Was the employee restored already: withdraw this row.",
            code="SCSE095",
        )
    elif history.terminated_on not in {None, details.termination_date}:
        yield error(
            "termination_date_as_registered",
            "termination_date",
            "termination_date is not the day of the termination that is registered or goes before this event. Give "
            "that day: the field only names the termination that is undone.",
            code="SCSE096",
        )


def _papers_follow_the_contract(details: Details, history: ContractHistory) -> Iterator[Finding]:
    begins = history.begin_date
    if begins is None:
        return
    if isinstance(details, Amendment | AmendmentEdit) and details.agreement_date < begins:
        yield error(
            "amendment_not_before_contract",
            "agreement_date",
            "The agreement is dated before the contract begins. Compare the row with the paper. If the paper is so, "
            "its date stays: agree a further paper once the contract runs, or ask USREC support how to enter this one.",
            code="SCSE063",
        )
    if isinstance(details, Termination) and details.termination_date < begins:
        yield error(
            "termination_not_before_contract",
            "termination_date",
            "The termination is dated before the contract begins. Compare the row with the order. If the contract "
            "truly ended before its first day, its date stays: ask the labour authority how to record it.",
            code="SCSE067",
        )
    if isinstance(details, SocialLeave) and details.not_worked_from < begins:
        yield error(
            "leave_not_before_contract",
            "not_worked_from",
            "The leave begins before the contract. Compare the row with the order: it may belong to an earlier "
            "contract of the same person. Is the contract's first day entered wrongly: correct that entry first.",
            code="SCSE147",
        )


def _term_counts_from_the_contract(details: Details, history: ContractHistory) -> Iterator[Finding]:
    if not isinstance(details, AgreementBody) or details.term_code != _YEAR_AT_LEAST:
        return
    if details.end_date and history.begin_date and _is_under_a_year(history.begin_date, details.end_date):
        yield error(
            "term_matches_period",
            "term_code",
            "The term is a year or more, and from the first day of the contract to end_date there are fewer days. The "
            "paper says which of the two is right.",
            code="SCSE068",
        )


def _is_under_a_year(begin: date, end: date) -> bool:
    """A year before 29 February is 28 February."""
    if end == date.max or end.year == date.min.year:
        return end < begin
    after = end + timedelta(days=1)
    leap_day = (after.month, after.day) == (2, 29)
    return after.replace(year=after.year - 1, day=28 if leap_day else after.day) < begin


def _leave_is_new(details: Details, history: ContractHistory) -> Iterator[Finding]:
    if not isinstance(details, SocialLeave):
        return
    itself = details.leave_id if isinstance(details, SocialLeaveEdit) else None
    others = (one for one in history.leaves if itself is None or one.record_id not in {None, itself})
    if any(one.begins == details.not_worked_from for one in others):
        yield error(
            "leave_not_repeated",
            "not_worked_from",
            "This contract has a social leave from this day already. The same leave: withdraw this row. Its other days "
            "are wrong: correct that leave instead.",
            code="SCSE121",
        )


def _contract_was_there(details: Details, history: ContractHistory) -> Iterator[Finding]:
    signed = history.contract_date
    if isinstance(details, Transfer) and signed is not None and details.reorganisation_date < signed:
        yield error(
            "reorganisation_not_before_contract",
            "reorganisation_date",
            "The reorganisation is dated before the contract was concluded, and such a contract does not pass. Compare "
            "both dates with the papers; a lawyer tells which employer the contract belongs to.",
            code="SCSE155",
        )


_GATES: Final[tuple[Rule, ...]] = (_agreement_is_new, _contract_runs, _contract_has_ended)
_RULES: Final[tuple[Rule, ...]] = (
    _papers_follow_the_contract,
    _term_counts_from_the_contract,
    extension_in_sequence,
    extension_term,
    _leave_is_new,
    _contract_was_there,
)
