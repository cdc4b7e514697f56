"""What happens in the made-up company: each story shows one thing that HR departments live through.

Days are counted in working days before today, so that the demonstration works on every day of every year: an event is
in time unless it is marked late, and far enough from the end of its term to be in time tomorrow too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from usrec.interfaces.demo.further_stories import FURTHER_STORIES
from usrec.interfaces.demo.office import Draft, Office, Story, drafted
from usrec.interfaces.demo.people import slip_of
from usrec.interfaces.demo.records import Contract, Fate

_EVERYDAY: Final = "everyday"


def everyday(office: Office) -> list[Draft]:
    """One of the events that make up most of a working week."""
    kind = office.some(1, 100)
    if kind <= 40 or not office.has_staff():
        return everyday_conclusion(office)
    return everyday_amendment(office) if kind <= 75 else everyday_termination(office)


def everyday_conclusion(office: Office) -> list[Draft]:
    """A new employee."""
    contract = office.hire(office.working_day(office.some(1, 3)))
    return [drafted(_EVERYDAY, Fate.ACCEPTED, office.concluded(contract))]


def everyday_amendment(office: Office) -> list[Draft]:
    """A transfer to another post."""
    agreed = office.working_day(office.some(1, 5))
    return [drafted(_EVERYDAY, Fate.ACCEPTED, office.amended(office.staff_contract(), agreed))]


def everyday_termination(office: Office) -> list[Draft]:
    """Somebody leaves."""
    return [drafted(_EVERYDAY, Fate.ACCEPTED, office.terminated(office.staff_contract(), office.working_day(1)))]


def late_conclusion(office: Office) -> list[Draft]:
    """HR entered a contract after its term of 5 working days."""
    contract = office.hire(office.working_day(office.some(8, 12)))
    return [drafted("late_conclusion", Fate.ACCEPTED, office.concluded(contract, office.working_day(1)), late=True)]


def late_amendment(office: Office) -> list[Draft]:
    """HR entered a transfer after its term of 15 calendar days."""
    version = office.amended(office.staff_contract(), office.working_day(30), office.working_day(1))
    return [drafted("late_amendment", Fate.ACCEPTED, version, late=True)]


def late_termination(office: Office) -> list[Draft]:
    """HR entered a termination after its term of 3 working days."""
    version = office.terminated(office.staff_contract(), office.working_day(7), office.working_day(1))
    return [drafted("late_termination", Fate.ACCEPTED, version, late=True)]


def conclusion_ahead(office: Office) -> list[Draft]:
    """A contract dated ahead; the registry refuses future dates (SCSE059)."""
    version = office.concluded(office.hire(office.working_day_ahead(7)), office.working_day(1))
    return [drafted("conclusion_ahead", Fate.WAITING, version)]


def amendment_ahead(office: Office) -> list[Draft]:
    """A transfer dated ahead (SCSE062)."""
    version = office.amended(office.staff_contract(), office.working_day_ahead(10), office.working_day(1))
    return [drafted("amendment_ahead", Fate.WAITING, version)]


def termination_ahead(office: Office) -> list[Draft]:
    """A notice whose last day has not come (SCSE066)."""
    version = office.terminated(office.staff_contract(), office.working_day_ahead(14), office.working_day(1))
    return [drafted("termination_ahead", Fate.WAITING, version)]


def wrong_iin(office: Office) -> list[Draft]:
    """A slip in an IIN, found before anything is sent; a transfer of the same person waits behind it."""
    contract = office.hire_with_wrong_iin(office.working_day(3))
    return [
        drafted("wrong_iin", Fate.INVALID, office.concluded(contract)),
        _follower("wrong_iin", office, contract),
    ]


def missing_begin_date(office: Office) -> list[Draft]:
    """A mandatory field is empty."""
    contract = office.hire(office.working_day(2))
    return [drafted("missing_begin_date", Fate.INVALID, office.concluded(contract, begin_date=""))]


def unknown_event_type(office: Office) -> list[Draft]:
    """HR wrote an event that the agent does not know."""
    version = office.amended(office.staff_contract(), office.working_day(1))
    return [drafted("unknown_event_type", Fate.INVALID, replace(version, event_type="secondment"))]


def malformed_json(office: Office) -> list[Draft]:
    """A payload that was cut off; the termination of the same contract waits behind it."""
    contract = office.staff_contract()
    version = office.amended(contract, office.working_day(2))
    leaves = office.terminated(contract, office.working_day(1))
    return [
        drafted("malformed_json", Fate.INVALID, replace(version, payload=version.payload[:-20])),
        drafted("malformed_json", Fate.BLOCKED, leaves),
    ]


def amendment_after_its_effect(office: Office) -> list[Draft]:
    """An agreement dated after the day on which it takes effect, which the registry refuses (SCSE064)."""
    begin = office.working_day(3)
    version = office.amended(office.staff_contract(), office.working_day(1), begin_date=begin.isoformat())
    return [drafted("amendment_after_its_effect", Fate.INVALID, version)]


def amendment_signed_after_effect(office: Office) -> list[Draft]:
    """An agreement dated in time whose second signature came after work had changed: the term runs from that."""
    agreed, signed = office.working_day(4), office.working_day(1)
    version = office.amended(office.staff_contract(), agreed, signed, signed_on=signed.isoformat())
    return [drafted("amendment_signed_after_effect", Fate.ACCEPTED, version)]


def corrected_iin(office: Office) -> list[Draft]:
    """HR found its own slip and entered a second revision."""
    contract = office.hire(office.working_day(2))
    wrong = office.concluded(contract, employee_iin=slip_of(contract.employee.iin))
    right = office.concluded(contract, office.working_day(1))
    return [drafted("corrected_iin", Fate.ACCEPTED, wrong, right)]


def unknown_person(office: Office) -> list[Draft]:
    """The registry does not know the person (SCSE012); a transfer waits behind the refused contract."""
    contract = office.hire(office.working_day(2))
    office.unknown_persons.append(contract.employee.iin)
    return [
        drafted("unknown_person", Fate.REJECTED, office.concluded(contract)),
        _follower("unknown_person", office, contract),
    ]


def number_taken(office: Office) -> list[Draft]:
    """A contract number that the employer has used before (SCSE014), and a transfer behind it."""
    contract = office.hire(office.working_day(2), number=office.contracts[0].number)
    return [
        drafted("number_taken", Fate.REJECTED, office.concluded(contract)),
        _follower("number_taken", office, contract),
    ]


def contract_unknown(office: Office) -> list[Draft]:
    """HR copied the registry's id of a contract wrongly (SCSE025); the next event of the contract waits."""
    contract = office.staff_contract()
    transfer = office.amended(contract, office.working_day(3), contract_id=office.unknown_contract_id())
    return [
        drafted("contract_unknown", Fate.REJECTED, transfer),
        drafted("contract_unknown", Fate.BLOCKED, office.terminated(contract, office.working_day(1))),
    ]


def terminated_already(office: Office) -> list[Draft]:
    """A termination that was reported long ago (SCSE092)."""
    version = office.terminated(office.former_contract(), office.working_day(1))
    return [drafted("terminated_already", Fate.REJECTED, version)]


def hired_and_transferred(office: Office) -> list[Draft]:
    """A transfer that may go only after its contract is registered."""
    contract = office.hire(office.working_day(3))
    return [
        drafted("hired_and_transferred", Fate.ACCEPTED, office.concluded(contract)),
        drafted("hired_and_transferred", Fate.ACCEPTED, office.amended(contract, office.working_day(1))),
    ]


def hired_and_left(office: Office) -> list[Draft]:
    """Somebody who left within days."""
    contract = office.hire(office.working_day(3))
    return [
        drafted("hired_and_left", Fate.ACCEPTED, office.concluded(contract)),
        drafted("hired_and_left", Fate.ACCEPTED, office.terminated(contract, office.working_day(1))),
    ]


def rehired(office: Office) -> list[Draft]:
    """A former employee with a new contract: the same IIN, another contract key."""
    contract = office.hire(office.working_day(2), employee=office.former_contract().employee)
    return [drafted("rehired", Fate.ACCEPTED, office.concluded(contract))]


def second_contract(office: Office) -> list[Draft]:
    """Somebody on the staff takes a second job in the company beside the first."""
    contract = office.hire(office.working_day(1), employee=office.staff_contract().employee)
    return [drafted("second_contract", Fate.ACCEPTED, office.concluded(contract))]


STORIES: Final = (
    Story(1, everyday_conclusion),
    Story(1, everyday_amendment),
    Story(1, everyday_termination),
    Story(1, late_conclusion),
    Story(1, termination_ahead),
    Story(2, wrong_iin),
    Story(2, unknown_person),
    Story(1, corrected_iin),
    Story(2, hired_and_transferred),
    Story(2, malformed_json),
    Story(2, number_taken),
    Story(1, missing_begin_date),
    Story(1, unknown_event_type),
    Story(1, conclusion_ahead),
    Story(1, rehired),
    Story(1, second_contract),
    Story(1, amendment_signed_after_effect),
    Story(1, late_amendment),
    Story(1, late_termination),
    Story(2, contract_unknown),
    Story(1, terminated_already),
    Story(1, amendment_after_its_effect),
    Story(2, hired_and_left),
    Story(1, amendment_ahead),
    *FURTHER_STORIES,
)
"""In the order in which they are told where not all can be: the first ten events show every fate."""


def _follower(story: str, office: Office, contract: Contract) -> Draft:
    """A transfer of the same contract, agreed after it; it has to wait."""
    return drafted(story, Fate.BLOCKED, office.amended(contract, office.working_day(1)))
