"""The made-up company does what its stories say, on whatever day the demonstration runs."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.rendering.document import build_document, wire_text
from usrec.adapters.rendering.mapping import Value
from usrec.adapters.rendering.profile import load_profile
from usrec.adapters.sources.outbox_table import OutboxTableSource
from usrec.domain.identifiers import IdentifierError, Sex, identifier_warnings, parse_bin, parse_iin
from usrec.domain.kazakhstan_time import day_end_utc, day_start_utc, kazakhstan_date
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.source_event import HEADS, EmployerName, Operation, SourceName, SourceRow, contract_id_given
from usrec.interfaces.demo.company import DEFAULT_EVENTS, build_company, registry_seed
from usrec.interfaces.demo.hr_database import write_hr_database
from usrec.interfaces.demo.records import Company, Fate, OutboxRow, PendingEvent
from usrec_simulator.business import BusinessRecord, read_business
from usrec_simulator.ledger import Ledger
from usrec_simulator.operations import Profile
from usrec_simulator.registry import Registry
from usrec_simulator.rules import Demand, RuleBook
from usrec_simulator.seeding import read_historic

CALENDAR = KazakhstanCalendar()
MAPPING = load_profile("current").mapping
TODAY = date(2026, 11, 23)
WITHOUT_TERM = {
    Operation.SOCIAL_LEAVE,
    Operation.SOCIAL_LEAVE_EDIT,
    Operation.SOCIAL_LEAVE_DELETE,
    Operation.IIN_CHANGE,
    Operation.BIN_CHANGE,
    Operation.TRANSFER,
}
SENT = frozenset({Fate.ACCEPTED, Fate.REJECTED})
DICTIONARIES = Path(__file__).parents[3].parent / "shared" / "reference" / "dictionaries"


def company(today: date = TODAY, seed: int = 1, employees: int = 30, events: int | None = 40) -> Company:
    return build_company(today, seed, employees, events, is_working_day=CALENDAR.is_working_day)


@pytest.fixture(scope="module")
def whole() -> Company:
    return company(employees=250, events=None)


def outcome(made: Company, row: OutboxRow) -> Examined:
    """What the agent's own rules say of a row at the end of the day of the demonstration."""
    read = SourceRow(
        source=SourceName("hr"),
        row_ref="1",
        event_id=row.event_id,
        revision=row.revision,
        event_type=row.event_type,
        contract_key=row.contract_key,
        employer_bin=row.employer_bin,
        payload=row.payload,
        entered_at=row.entered_at,
    )
    now = day_end_utc(made.today) - timedelta(seconds=1)
    return examine(read, employers={made.bin: EmployerName("demo")}, calendar=CALENDAR, now=now)


def days(first: date, number: int) -> list[date]:
    return [first + timedelta(days=count) for count in range(number)]


def test_company_has_the_people_and_events_asked_for(whole: Company) -> None:
    assert sum(contract.ended_on is None for contract in whole.history) == 250
    assert len(whole.pending) == DEFAULT_EVENTS
    assert len({event.event_id for event in whole.pending}) == DEFAULT_EVENTS


def test_every_number_of_a_person_or_company_is_valid_but_the_one_slip(whole: Company) -> None:
    parse_bin(whole.bin)
    wrong = [one for one in whole.employees if not _valid(one.iin)]
    assert len(wrong) == 1
    assert len({one.iin for one in whole.employees}) == len(whole.employees)
    for one in whole.employees:
        if one not in wrong:
            assert identifier_warnings(parse_iin(one.iin), one.birth_date, one.sex) == ()


def test_names_hold_every_letter_that_only_kazakh_has_and_russian_ones(whole: Company) -> None:
    names = "".join(one.full_name for one in whole.employees).lower()
    assert set("әғқңөұүһі") <= set(names)
    assert {one.sex for one in whole.employees} == set(Sex)
    assert any(one.patronymic.endswith(("ұлы", "қызы")) for one in whole.employees)
    assert any(one.patronymic.endswith(("ович", "евна")) for one in whole.employees)


def test_registry_ids_are_36_characters_and_keys_are_unique(whole: Company) -> None:
    assert {len(contract.registry_id or "") for contract in whole.history} == {36}
    for keys in ([one.registry_id for one in whole.history], [one.key for one in whole.contracts]):
        assert len(set(keys)) == len(keys)


def test_same_seed_and_day_make_the_same_company() -> None:
    assert company() == company()
    assert company(seed=2) != company(seed=1)
    assert company(today=TODAY + timedelta(days=1)) != company(today=TODAY)


@pytest.mark.parametrize("events", [1, 2, 5, 9, 10, 11, 19, 40, 300])
def test_number_of_events_is_exactly_the_one_asked_for(events: int) -> None:
    assert len(company(events=events).pending) == events


def test_whole_demonstration_shows_every_operation() -> None:
    """Fifty events are enough, and each operation is registered at least once."""
    registered = {event.rows[-1].event_type for event in company(events=50).pending if event.fate is Fate.ACCEPTED}
    assert registered == set(Operation)


def test_ten_events_show_every_fate_the_everyday_operations_and_a_late_one() -> None:
    made = company(events=10)
    assert {event.fate for event in made.pending} == set(Fate)
    assert {row.event_type for row in made.rows} == {"conclusion", "amendment", "termination"}
    assert sum(event.late for event in made.pending) == 1
    assert any(len(event.rows) == 2 for event in made.pending)


@pytest.mark.parametrize(("employees", "events"), [(29, 10), (250, 0)])
def test_impossible_company_is_refused(employees: int, events: int) -> None:
    with pytest.raises(ValueError, match="employees"):
        company(employees=employees, events=events)


@pytest.mark.parametrize(
    ("first", "number"),
    [(date(2026, 11, 22), 50), (date(2028, 1, 1), 366), (date(2031, 3, 1), 80)],
    ids=["this winter", "all of 2028", "spring of 2031"],
)
def test_every_day_of_the_year_keeps_the_promises_of_its_stories(first: date, number: int) -> None:
    for today in days(first, number):
        made = company(today, events=50)
        for event in made.pending:
            _check_event(made, event)
        assert all(kazakhstan_date(row.entered_at) < today for row in made.rows), today
        assert all(_in_order(made, key) for key in {row.contract_key for row in made.rows}), today


def _check_event(made: Company, event: PendingEvent) -> None:
    *earlier, last = [outcome(made, row) for row in event.rows]
    where = f"{event.story} on {made.today}"
    assert all(one.event is None for one in earlier), where
    assert (last.event is None) == (event.fate is Fate.INVALID), where
    if last.event is None:
        return
    ahead = last.not_before is not None and last.not_before >= day_end_utc(made.today)
    assert ahead == (event.fate is Fate.WAITING), where
    if last.deadline is None or last.deadline.legal_date is None or last.deadline.safe_date is None:
        assert last.operation in WITHOUT_TERM, where
        return
    assert event.late == (last.deadline.legal_date < made.today), where
    assert event.late or last.deadline.safe_date >= made.today, where


def _in_order(made: Company, key: str) -> bool:
    """What blocks stands before what it blocks."""
    fates = {event.event_id: event.fate for event in made.pending}
    line = [fates[row.event_id] for row in made.rows if row.contract_key == key]
    blocks = {Fate.INVALID, Fate.REJECTED}
    return all(second is not Fate.BLOCKED or first in blocks for first, second in pairwise(line)) and (
        line[0] is not Fate.BLOCKED
    )


def test_registry_decides_as_the_stories_say(whole: Company, tmp_path: Path) -> None:
    """The simulator's registry, written apart from the agent, judges every event that would be sent."""
    registry = _registry(whole, tmp_path)
    assert registry.seed(_history(whole), at=day_start_utc(whole.today)) == len(registry_seed(whole))
    decided = Counter[Fate]()
    ids: dict[str, str] = {}
    for event in whole.pending:
        if event.fate in SENT:
            record = _record(whole, event, ids)
            answer = registry.submit(record, at=day_end_utc(whole.today) - timedelta(minutes=1))
            assert (answer.code is None) == (event.fate is Fate.ACCEPTED), (event.story, answer.code)
            decided[event.fate] += 1
            if record.operation.value in HEADS and answer.record_id is not None:
                ids[event.rows[-1].contract_key] = answer.record_id
    assert (decided[Fate.ACCEPTED] > 80, decided[Fate.REJECTED]) == (True, 4)
    assert {one.times_received for one in registry.records()} == {1}


def test_seeding_the_registry_twice_changes_nothing(whole: Company, tmp_path: Path) -> None:
    registry = _registry(whole, tmp_path)
    registry.seed(_history(whole), at=day_start_utc(whole.today))
    assert registry.seed(_history(whole), at=day_start_utc(whole.today)) == 0


def _registry(made: Company, directory: Path) -> Registry:
    book = RuleBook(unknown_persons=frozenset(made.unknown_persons), demand=Demand.ORDER)
    return Registry(Ledger(directory / "simulator.db"), book)


def _history(made: Company) -> Sequence[BusinessRecord]:
    return [read_historic(item, f"record {place}") for place, item in enumerate(registry_seed(made), 1)]


def _record(made: Company, event: PendingEvent, ids: dict[str, str]) -> BusinessRecord:
    """The business record that the agent would send."""
    examined = outcome(made, event.rows[-1])
    assert examined.event is not None
    details, operation = examined.event.details, examined.event.operation
    known = {"contract_id": contract_id_given(details) or ids.get(event.rows[-1].contract_key)}
    values = {value: getattr(details, value, None) for value in Value} | known
    values |= {"employer_bin": made.bin, "record_id": f"{event.event_id:0>36}"}
    texts = {Value(name): wire_text(value, date_with_zone=True) for name, value in values.items() if value}
    root = build_document(MAPPING, MAPPING.operation[operation], texts)
    record = read_business(root, digest=event.event_id, profile=Profile.CURRENT)
    assert record is not None
    return record


def test_written_database_is_read_by_the_agents_own_source(whole: Company, tmp_path: Path) -> None:
    path = tmp_path / "hr.db"
    write_hr_database(path, whole)
    source = OutboxTableSource(SourceName("hr"), f"sqlite:///{path}")
    rows = source.fetch(1000)
    assert [(row.event_id, row.revision, row.payload, row.entered_at) for row in rows] == [
        (row.event_id, row.revision, row.payload, row.entered_at) for row in whole.rows
    ]
    source.mark_taken(rows)
    assert source.fetch(1000) == []


def test_hr_system_knows_every_person_and_contract_behind_the_events(whole: Company, tmp_path: Path) -> None:
    path = tmp_path / "hr.db"
    write_hr_database(path, whole)
    with closing(sqlite3.connect(path)) as connection:
        orphans = connection.execute(
            "SELECT count(*) FROM usrec_outbox LEFT JOIN contracts USING (contract_key)"
            " LEFT JOIN employees USING (personnel_no) WHERE iin IS NULL"
        ).fetchone()
        people = connection.execute("SELECT count(*) FROM employees").fetchone()
    assert (orphans, people) == ((0,), (len(whole.employees),))


def test_unfinished_database_of_an_interrupted_run_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "hr.db"
    path.with_name("hr.db.unfinished").write_bytes(b"half a file")
    write_hr_database(path, company())
    assert [one.name for one in tmp_path.iterdir()] == ["hr.db"]


def test_failed_write_leaves_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usrec.interfaces.demo.hr_database._INSERT_EVENT", "INSERT INTO nowhere VALUES (?)")
    with pytest.raises(sqlite3.Error):
        write_hr_database(tmp_path / "hr.db", company())
    assert not (tmp_path / "hr.db").exists()


@pytest.mark.parametrize(
    ("dictionary", "field"), [("position", "position_code"), ("termination_reason", "reason_code")]
)
def test_codes_stand_in_the_public_dictionaries(whole: Company, dictionary: str, field: str) -> None:
    path = DICTIONARIES / f"{dictionary}.csv"
    if not path.exists():
        pytest.skip("the public dictionaries lie beside the checkout of the founders only")
    known = path.read_text("utf-8")
    valid = [event for event in whole.pending if event.fate is not Fate.INVALID]
    payloads = [json.loads(event.rows[-1].payload) for event in valid]
    codes = {payload[field] for payload in payloads if field in payload}
    assert codes
    assert [code for code in codes if f",{code}," not in known] == []


def _valid(iin: str) -> bool:
    try:
        parse_iin(iin)
    except IdentifierError:
        return False
    return True
