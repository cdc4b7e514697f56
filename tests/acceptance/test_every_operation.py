"""Each operation goes the whole way: HR's row, agent, signed XML, gateway, registry, answer, HR's row again.

One company lives through all sixteen while the gateway loses answers, lies and is away. HR works as HR would: what it
must name of the registry it reads from its own rows. At the end every signed document of the ledger is held against
what HR wrote, and the registry's own list against both.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from kzeds.xml import parse
from support.personnel import Payload, Person, a_day, conclusion_of, termination_of
from support.simulator_process import SimulatorProcess
from support.two_books import HrRow, fact_of, facts_in, numbers_in
from support.workplace import BIN, OTHER_BIN, MakeWorkplace, Workplace
from usrec.domain.source_event import Operation
from usrec_simulator.business import BusinessRecord, Profile, read_business

FAULTS = """
[[fault]]
kind = "reset_after_commit"
every = 3

[[fault]]
kind = "wrong_signature"
every = 7

[[fault]]
kind = "unknown_error"
every = 11
limit = 2
"""
"""Every third answer is lost after the registry has it, others are signed wrongly, and twice the service is unsure."""

TERMS = {
    "term_code": "1",
    "work_place_address": "г. Астана, пр. Мәңгілік Ел, 1",
    "country_code": "398",
    "kato_code": "710000000",
}
DAY = timedelta(days=1)


@dataclass
class Office:
    """HR of the company, which writes down what it has entered."""

    workplace: Workplace
    entered: list[str] = field(default_factory=list)

    def enter(self, operation: Operation, person: Person, fields: Payload) -> str:
        """Enter an event; its id is the answer."""
        event = f"{operation}-{person.number}-{len(self.entered)}"
        self.workplace.enter(event, operation, person.key, {"employee_name": person.name, **fields})
        self.entered.append(event)
        return event

    def hire(self, person: Person, **changes: str) -> None:
        self.enter(Operation.CONCLUSION, person, {**conclusion_of(person), **TERMS, **changes})

    def id_of(self, event: str) -> str:
        """The registry's id of an event, where HR reads it."""
        row = self.workplace.hr_row(event)
        assert row.state == "accepted", row
        assert row.record_id is not None
        return row.record_id


def body(person: Person, **changes: str) -> Payload:
    """The data of a contract without the day of its signing."""
    whole = {**conclusion_of(person), **TERMS, **changes}
    return {name: text for name, text in whole.items() if name != "signed_on"}


def agreement(person: Person, **changes: str) -> Payload:
    day = a_day(1).isoformat()
    fields = {"agreement_number": f"ДС-{person.number}", "agreement_date": day, "begin_date": day}
    return {**fields, "position_code": "2512-0-002", "established_post": "Аға инженер", **changes}


def leave(begins: date, ends: date) -> Payload:
    return {"leave_type_code": "2", "not_worked_from": begins.isoformat(), "not_worked_to": ends.isoformat()}


PEOPLE = [Person(number) for number in range(1, 10)]
ANNA, BOLAT, VERA, GAUHAR, DANA, ERLAN, ZHANNA, ILYAS, KAMILA = PEOPLE


def first_week(office: Office) -> dict[str, str]:
    """Everything that needs no id of the registry; gives the events that are corrected later."""
    for person in (ANNA, BOLAT, VERA, GAUHAR, DANA, ERLAN, ZHANNA, ILYAS):
        office.hire(person)
    signed = {"signed_on": a_day(1).isoformat()}
    kept = office.enter(Operation.AMENDMENT, ANNA, {**agreement(ANNA), **signed})
    wrong = office.enter(Operation.AMENDMENT, BOLAT, {**agreement(BOLAT), **signed})
    away = office.enter(Operation.SOCIAL_LEAVE, VERA, leave(a_day(1), a_day(1) + 300 * DAY))
    never = office.enter(Operation.SOCIAL_LEAVE, GAUHAR, leave(a_day(1), a_day(1) + 300 * DAY))
    office.enter(Operation.TERMINATION, DANA, termination_of(DANA))
    ended = a_day(1).isoformat()
    back = {"order_number": "7-в", "reinstatement_date": a_day(0).isoformat(), "termination_date": ended}
    office.enter(Operation.REINSTATEMENT, DANA, {**back, "deciding_body_code": "1", "court_code": "12"})
    ends = a_day(1)
    older = {"contract_date": "2019-03-01", "begin_date": "2019-03-04", "term_code": "2", "end_date": ends.isoformat()}
    office.enter(Operation.LEGACY_CONTRACT, KAMILA, body(KAMILA, **older))
    longer = {"extension_date": ends.isoformat(), "term_code": "2", "end_date": (ends + 400 * DAY).isoformat()}
    office.enter(Operation.EXTENSION, KAMILA, longer)
    return {"kept": kept, "wrong": wrong, "away": away, "never": never}


def second_week(office: Office, known: Mapping[str, str]) -> None:
    """What corrects and ends, by the ids that HR reads in its rows."""
    named = {"agreement_id": office.id_of(known["kept"])}
    office.enter(Operation.AMENDMENT_EDIT, ANNA, {**agreement(ANNA, established_post="Бас инженер"), **named})
    taken_back = {"agreement_id": office.id_of(known["wrong"]), "employee_iin": BOLAT.iin}
    office.enter(Operation.AMENDMENT_DELETE, BOLAT, taken_back)
    shorter = {"leave_id": office.id_of(known["away"]), **leave(a_day(1), a_day(1) + 100 * DAY)}
    office.enter(Operation.SOCIAL_LEAVE_EDIT, VERA, shorter)
    office.enter(
        Operation.SOCIAL_LEAVE_DELETE, GAUHAR, {"leave_id": office.id_of(known["never"]), "employee_iin": GAUHAR.iin}
    )
    office.enter(Operation.CONTRACT_EDIT, DANA, body(DANA, established_post="Инженер-программист"))
    office.enter(Operation.CONTRACT_DELETE, ERLAN, {"employee_iin": ERLAN.iin})
    new = {"employee_iin": ZHANNA.iin, "new_employee_iin": Person(77).iin}
    office.enter(Operation.IIN_CHANGE, ZHANNA, new)
    moved = {"reorganisation_date": a_day(0).isoformat(), "new_employer_bin": OTHER_BIN}
    office.enter(Operation.TRANSFER, ILYAS, moved)
    office.enter(Operation.BIN_CHANGE, KAMILA, {"new_employer_bin": OTHER_BIN})


@pytest.mark.slow
def test_every_operation_goes_the_whole_way_under_faults(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace(delivery="workers = 2\npoll = 0.1\nretry_base = 0.2\nretry_cap = 1\nlease = 30")
    office = Office(workplace)
    strict = ("--demand", "order")
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=FAULTS, options=strict) as simulator:
        workplace.connect(simulator.url)
        known = first_week(office)
        workplace.drain()
        second_week(office, known)
        workplace.drain()
        records = simulator.registry()
    rows = workplace.hr_rows()
    assert {row.event_id: row.state for row in rows} == dict.fromkeys(office.entered, "accepted")
    assert {row.event_type for row in rows} == set(Operation)

    assert facts_in(records) == Counter(fact_of(row, numbers_in(rows)) for row in rows)
    assert {record["record_id"]: record["operation"] for record in records} == {
        row.record_id: row.event_type for row in rows
    }
    assert not [record for record in records if record["times_changed"]], "a document was signed anew"
    assert sum(record["times_received"] > 1 for record in records) >= 5, "too few answers were lost"
    contracts = {row.contract_id for row in rows}
    assert contracts == {record["contract_id"] for record in records}
    assert len(contracts) == len(PEOPLE)

    sent = {record.record_id: record for record in documents(workplace)}
    for row in rows:
        holds_what_hr_wrote(sent[row.record_id], row)


def documents(workplace: Workplace) -> Iterator[BusinessRecord]:
    """Every signed document of the ledger, as the registry reads it."""
    for (document,) in workplace.query("SELECT document FROM messages"):
        root = parse(bytes(document))
        for signature in root.findall("{http://www.w3.org/2000/09/xmldsig#}Signature"):
            root.remove(signature)
        record = read_business(root, digest="", profile=Profile.CURRENT)
        assert record is not None
        yield record


IN_PLACE = {
    "employee_iin": "employee",
    "contract_number": "number",
    "agreement_number": "number",
    "contract_date": "event_date",
    "agreement_date": "event_date",
    "not_worked_from": "event_date",
    "extension_date": "event_date",
    "reinstatement_date": "event_date",
    "reorganisation_date": "event_date",
    "begin_date": "begin_date",
    "position_code": "position",
    "established_post": "post",
    "reason_code": "reason",
}
"""Fields of HR's row that the registry keeps under a name of its own; all others keep theirs."""


def holds_what_hr_wrote(record: BusinessRecord, row: HrRow) -> None:
    """Nothing was lost, changed or added on the way; only the name and the days of a term stay behind."""
    wrote: dict[str, str] = json.loads(row.payload)
    assert (record.operation, record.employer) == (row.event_type, BIN)
    heads = {Operation.CONCLUSION, Operation.LEGACY_CONTRACT}
    assert record.contract_id == (None if row.event_type in heads else row.contract_id)
    for name in ("employee_name", "signed_on", "entered_on"):
        wrote.pop(name, None)
    if row.event_type == Operation.TERMINATION:
        assert str(record.event_date) == wrote.pop("termination_date")
    for name, text in wrote.items():
        place = IN_PLACE.get(name)
        assert (record.details.text(name) if place is None else str(getattr(record, place))) == text, name
    assert record.details.values.keys() <= wrote.keys()
