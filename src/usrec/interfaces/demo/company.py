"""The made-up company of the demonstration: 250 people, their registered contracts, and what HR has just entered.

Pure: the same seed, day and calendar give the same company. Nothing in it is real (fixtures/SOURCES.md).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Final

from usrec.interfaces.demo.office import Draft, Office
from usrec.interfaces.demo.people import company_names
from usrec.interfaces.demo.records import Company, Contract, Paper
from usrec.interfaces.demo.stories import STORIES, everyday

DEFAULT_EVENTS: Final = 120
FEWEST_EMPLOYEES: Final = 30
"""The stories need that many people to happen to."""

_FORMER: Final = 4


def build_company(
    today: date,
    seed: int,
    employees: int = 250,
    events: int | None = None,
    *,
    is_working_day: Callable[[date], bool],
) -> Company:
    """Make up the company.

    Args:
        today: The day in Kazakhstan on which the demonstration runs.
        seed: The same seed makes up the same company.
        employees: People employed before the pending events (at least :data:`FEWEST_EMPLOYEES`).
        events: How many pending events to make exactly; ten show every fate. None for :data:`DEFAULT_EVENTS`.
        is_working_day: The working calendar that terms are counted in.

    Raises:
        ValueError: Too few employees, or less than one event.
    """
    wanted = DEFAULT_EVENTS if events is None else events
    if employees < FEWEST_EMPLOYEES or wanted < 1:
        raise ValueError(f"a company needs {FEWEST_EMPLOYEES} employees and one event or more")
    rng = Random(seed)  # noqa: S311 -- chance for made-up people, not for keys
    office = Office(rng, today, is_working_day)
    office.employ_earlier(employees)
    office.employ_earlier(_FORMER, former=True)
    pending = office.publish(_tell(office, wanted))
    name_ru, name_kk = company_names()
    return Company(
        name_ru=name_ru,
        name_kk=name_kk,
        bin=office.bin,
        today=today,
        employees=tuple(office.employees),
        contracts=tuple(office.contracts),
        papers=tuple(office.papers),
        pending=pending,
        unknown_persons=tuple(office.unknown_persons),
    )


def registry_seed(company: Company) -> list[dict[str, str]]:
    """What the registry must hold beforehand, in the format of ``usrec-simulator seed``."""
    history = company.history
    concluded = [_concluded(company, contract) for contract in history]
    papers = [_paper(company, paper) for paper in company.papers]
    ended = [_terminated(company, contract) for contract in history if contract.ended_on is not None]
    return concluded + papers + ended


def _tell(office: Office, wanted: int) -> list[Draft]:
    """The stories that fit into ``wanted`` events, and everyday ones to make up the number."""
    drafts: list[Draft] = []
    for story in STORIES:
        if len(drafts) + story.size <= wanted:
            drafts += story.tell(office)
    while len(drafts) < wanted:
        drafts += everyday(office)
    return drafts


def _concluded(company: Company, contract: Contract) -> dict[str, str]:
    return {
        "operation": "conclusion",
        "contract_id": contract.registry_id or "",
        "record_id": contract.registry_id or "",
        "bin": company.bin,
        "iin": contract.employee.iin,
        "number": contract.number,
        "date": contract.contract_date.isoformat(),
        "begin_date": contract.begin_date.isoformat(),
    }


def _paper(company: Company, paper: Paper) -> dict[str, str]:
    return {
        "operation": paper.operation.value,
        "contract_id": paper.contract.registry_id or "",
        "record_id": paper.registry_id,
        "bin": company.bin,
        "iin": paper.contract.employee.iin,
        "number": paper.number or "",
        "date": paper.day.isoformat(),
    }


def _terminated(company: Company, contract: Contract) -> dict[str, str]:
    return {
        "operation": "termination",
        "contract_id": contract.registry_id or "",
        "bin": company.bin,
        "iin": contract.employee.iin,
        "date": "" if contract.ended_on is None else contract.ended_on.isoformat(),
    }
