"""The rarer events of the made-up company: one story at least for every operation beside the three of every day.

HR knows the registry's ids of its older papers: they were noted when the registry answered.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from usrec.domain.source_event import Operation
from usrec.interfaces.demo.office import Draft, Office, Story, Version, drafted
from usrec.interfaces.demo.records import Contract, Fate

_DAY: Final = timedelta(days=1)
_HALF_AN_HOUR: Final = timedelta(minutes=30)
_MATERNITY: Final = timedelta(days=125)
_COURT: Final = "1"
_COMMISSION: Final = "2"
_YEAR_AT_LEAST: Final = "2"


def corrected_contract(office: Office) -> list[Draft]:
    """A contract that was entered with the wrong post a week ago."""
    contract, fields = office.staff_contract(), {"entered_on": office.working_day(5).isoformat()}
    fields |= office.body(contract) | {"established_post": office.another_post().title}
    return _accepted(
        "corrected_contract", office.told(Operation.CONTRACT_EDIT, contract, office.working_day(1), **fields)
    )


def contract_of_another(office: Office) -> list[Draft]:
    """A contract that was entered in the portal for the wrong person a week ago."""
    contract = office.staff_contract()
    fields = {"employee_iin": contract.employee.iin, "entered_on": office.working_day(5).isoformat()}
    told = office.told(Operation.CONTRACT_DELETE, contract, office.working_day(1), **fields)
    return _accepted("contract_of_another", told)


def corrected_agreement(office: Office) -> list[Draft]:
    """An agreement that was entered with the wrong post a week ago."""
    contract = office.staff_contract()
    paper = office.registered_agreement(contract, office.working_day(6))
    fields = {"agreement_id": paper.registry_id, "entered_on": office.working_day(5).isoformat()}
    fields |= office.agreement(paper.number or "", paper.day)
    told = office.told(Operation.AMENDMENT_EDIT, contract, office.working_day(1), **fields)
    return _accepted("corrected_agreement", told)


def agreement_of_another(office: Office) -> list[Draft]:
    """An agreement that was entered under the contract of somebody else."""
    contract = office.staff_contract()
    paper = office.registered_agreement(contract, office.working_day(6))
    fields = {"agreement_id": paper.registry_id, "entered_on": office.working_day(5).isoformat()}
    fields |= {"employee_iin": contract.employee.iin}
    told = office.told(Operation.AMENDMENT_DELETE, contract, office.working_day(1), **fields)
    return _accepted("agreement_of_another", told)


def reinstated_by_court(office: Office) -> list[Draft]:
    """A court gave a former employee the job back."""
    told = _reinstated(office, office.former_contract(), deciding_body_code=_COURT, court_code="12")
    return _accepted("reinstated_by_court", told)


def reinstated_by_commission(office: Office) -> list[Draft]:
    """A conciliation commission gave a former employee the job back."""
    told = _reinstated(office, office.former_contract(), deciding_body_code=_COMMISSION)
    return _accepted("reinstated_by_commission", told)


def terminated_by_mistake(office: Office) -> list[Draft]:
    """HR terminated the contract of the wrong person, and takes that back within the hour."""
    contract, last_day = office.staff_contract(), office.working_day(1)
    decision = {"deciding_body_code": _COMMISSION, "mistake_comment": "Приказ издан на другого работника"}
    ended = office.terminated(contract, last_day)
    back = _reinstated(office, contract, ended=last_day, **decision)
    return [
        *_accepted("terminated_by_mistake", ended),
        *_accepted("terminated_by_mistake", replace(back, entered_at=ended.entered_at + _HALF_AN_HOUR)),
    ]


def _reinstated(office: Office, contract: Contract, *, ended: date | None = None, **decision: str) -> Version:
    day, last_day = office.working_day(1), ended or contract.ended_on
    fields = {"order_number": f"{office.some(1, 90)}-в", "reinstatement_date": day.isoformat(), **decision}
    fields |= {"termination_date": "" if last_day is None else last_day.isoformat()}
    return office.told(Operation.REINSTATEMENT, contract, day, **fields)


def older_contract_extended(office: Office) -> list[Draft]:
    """A contract older than the Order, entered only now, whose term ran out last week and was extended."""
    contract = office.hire(date(2019, office.some(1, 12), office.some(1, 28)))
    ends, entered = office.working_day(5), office.working_day(1)
    fields = office.body(contract) | {"term_code": _YEAR_AT_LEAST, "end_date": ends.isoformat()}
    older = office.told(Operation.LEGACY_CONTRACT, contract, office.working_day(2), **fields)
    fields = {"extension_date": ends.isoformat(), "term_code": _YEAR_AT_LEAST}
    fields |= {"end_date": (ends + timedelta(days=400)).isoformat()}
    return [
        drafted("older_contract_extended", Fate.ACCEPTED, older, late=True),
        *_accepted("older_contract_extended", office.told(Operation.EXTENSION, contract, entered, **fields)),
    ]


def maternity_leave(office: Office) -> list[Draft]:
    """An employee went on maternity leave."""
    contract, begins = office.staff_contract(), office.working_day(3)
    ends = begins + _MATERNITY
    fields = _leave("1", begins, ends) | {"first_working_day": (ends + _DAY).isoformat()}
    fields |= {"timesheet_number": contract.employee.personnel_no}
    return _accepted("maternity_leave", office.told(Operation.SOCIAL_LEAVE, contract, office.working_day(1), **fields))


def shorter_leave(office: Office) -> list[Draft]:
    """A child-care leave that will end earlier than it was entered."""
    contract = office.staff_contract()
    leave = office.registered_leave(contract, office.working_day(12))
    fields = {"leave_id": leave.registry_id, **_leave("2", leave.day, leave.day + timedelta(days=200))}
    told = office.told(Operation.SOCIAL_LEAVE_EDIT, contract, office.working_day(1), **fields)
    return _accepted("shorter_leave", told)


def leave_of_another(office: Office) -> list[Draft]:
    """A leave that was entered for somebody else."""
    contract = office.staff_contract()
    leave = office.registered_leave(contract, office.working_day(12))
    fields = {"leave_id": leave.registry_id, "employee_iin": contract.employee.iin}
    told = office.told(Operation.SOCIAL_LEAVE_DELETE, contract, office.working_day(1), **fields)
    return _accepted("leave_of_another", told)


def _leave(kind: str, begins: date, ends: date) -> dict[str, str]:
    return {"leave_type_code": kind, "not_worked_from": begins.isoformat(), "not_worked_to": ends.isoformat()}


def new_iin(office: Office) -> list[Draft]:
    """An employee got another IIN; the contract stays the same one."""
    contract = office.staff_contract()
    fields = {"employee_iin": contract.employee.iin, "new_employee_iin": office.another_iin(contract.employee)}
    return _accepted("new_iin", office.told(Operation.IIN_CHANGE, contract, office.working_day(1), **fields))


def branch_with_own_bin(office: Office) -> list[Draft]:
    """A branch was registered anew, and its contract goes on under another BIN."""
    fields = {"new_employer_bin": office.another_bin()}
    told = office.told(Operation.BIN_CHANGE, office.staff_contract(), office.working_day(1), **fields)
    return _accepted("branch_with_own_bin", told)


def spun_off(office: Office) -> list[Draft]:
    """A contract passed to a company that was spun off."""
    fields = {"reorganisation_date": office.working_day(2).isoformat(), "new_employer_bin": office.another_bin()}
    told = office.told(Operation.TRANSFER, office.staff_contract(), office.working_day(1), **fields)
    return _accepted("spun_off", told)


FURTHER_STORIES: Final = (
    Story(2, terminated_by_mistake),
    Story(1, corrected_contract),
    Story(1, corrected_agreement),
    Story(2, older_contract_extended),
    Story(1, maternity_leave),
    Story(1, reinstated_by_court),
    Story(1, reinstated_by_commission),
    Story(1, contract_of_another),
    Story(1, agreement_of_another),
    Story(1, shorter_leave),
    Story(1, leave_of_another),
    Story(1, new_iin),
    Story(1, branch_with_own_bin),
    Story(1, spun_off),
)


def _accepted(story: str, version: Version) -> list[Draft]:
    return [drafted(story, Fate.ACCEPTED, version)]
