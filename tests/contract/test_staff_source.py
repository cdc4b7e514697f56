"""A staff that is looked at, on real databases: what is derived is taken, sent and remembered; what is broken, not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from support.line import BIN, DAY, EMPLOYERS, IIN, MONDAY, OTHER_BIN, Line
from support.mariadb import NO_MARIADB, MariadbServer
from support.postgresql import PostgresqlServer
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.snapshot_tables import snapshot_events, snapshot_stories
from usrec.adapters.sources.hr_database import HrDatabase
from usrec.adapters.sources.mapping.read import read_mapping
from usrec.adapters.sources.staff_roster import SqlStaffRoster
from usrec.adapters.sources.staff_source import StaffSource
from usrec.application.ingest import IngestReport, ingest
from usrec.application.take_snapshot import SnapshotPolicy, take_snapshot
from usrec.domain.errors import SnapshotRefused, SourceUnavailable
from usrec.domain.retention import Prunable, RetentionRule
from usrec.domain.rules.finding import load_findings
from usrec.domain.snapshot.derived import PuzzleKind
from usrec.domain.snapshot.look import Difference
from usrec.domain.source_event import ContractKey, EventId, Operation, SourceName
from usrec.domain.state import State
from usrec.domain.submission import Submission
from usrec.ports.ledger_view import SubmissionFilter

HR = SourceName("hr")
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
QUARTER = timedelta(minutes=15)
STAFF = f"""
CREATE TABLE staff (id VARCHAR(40) PRIMARY KEY, iin TEXT, number TEXT, signed DATE, both_signed DATE, post TEXT,
    code TEXT, ds_number TEXT, ds_date DATE, ended DATE, ground TEXT, employer VARCHAR(12) DEFAULT '{BIN}')
"""
LEAVES = "CREATE TABLE leaves (id INTEGER PRIMARY KEY, staff_id TEXT, kind TEXT, begins DATE, ends DATE)"
MAPPING = """
version = 1
[codes.ground]
"По инициативе работника" = "05"
[codes.leave]
"По уходу за ребёнком" = "2"
[contract]
query = "SELECT * FROM staff"
key = "id"
employer_bin = "employer"
[contract.conclusion]
employee_iin = "iin"
contract_number = "number"
contract_date = "signed"
signed_on = "both_signed"
begin_date = "signed"
position_code = "code"
established_post = "post"
conscript_code = { constant = "01" }
term_code = { constant = "1" }
work_place_address = { constant = "Астана" }
[contract.amendment]
agreement_number = "ds_number"
agreement_date = "ds_date"
signed_on = "ds_date"
begin_date = "ds_date"
[contract.termination]
termination_date = "ended"
reason_code = { column = "ground", codes = "ground" }
[leave]
query = "SELECT * FROM leaves"
key = "id"
contract_key = "staff_id"
[leave.social_leave]
leave_type_code = { column = "kind", codes = "leave" }
not_worked_from = "begins"
not_worked_to = "ends"
"""


class Company:
    """HR's database, the agent that looks at it, and the line behind."""

    def __init__(self, url: str, ledger: SqlLedger) -> None:
        self.engine: Engine = create_engine(make_url(url).set(drivername=_driver(url)))
        self.line = Line(ledger=ledger)
        self.database = HrDatabase(HR, url, writable=False, by_query=True)
        self.ruled("")
        with self.engine.begin() as connection:
            for table in (STAFF, LEAVES):
                connection.execute(text(table))
            for number in range(40):
                self.hire(f"OLD-{number}", connection, signed="2021-03-01")

    def ruled(self, more: str) -> None:
        """The agent is started with more in its mapping file."""
        self.roster = SqlStaffRoster(self.database, read_mapping(MAPPING + more, "m"), "hr")
        self.source = self.new_source()

    def new_source(self) -> StaffSource:
        policy = SnapshotPolicy()
        return StaffSource(HR, self.roster, self.line.ledger, self.line.clock, policy, every=QUARTER)

    def run(self, statement: str, **values: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def hire(self, key: str, connection: Connection | None = None, *, signed: str | None = "2026-11-16") -> None:
        values = {"id": key, "iin": IIN, "number": f"ТД {key}", "signed": "2026-11-16", "both": signed}
        statement = text(
            "INSERT INTO staff (id, iin, number, signed, both_signed, post, code)"
            " VALUES (:id, :iin, :number, :signed, :both, 'Әдіскер', '2511-2-001')"
        )
        if connection is not None:
            connection.execute(statement, values | {"signed": signed})
            return
        with self.engine.begin() as own:
            own.execute(statement, values)

    def look(self) -> IngestReport:
        """The next look, and everything that it made is taken."""
        self.line.clock.advance(QUARTER)
        return self.take()

    def take(self) -> IngestReport:
        line = self.line
        return ingest(
            source=self.source,
            ledger=line.ledger,
            employers=EMPLOYERS,
            calendar=line.calendar,
            clock=line.clock,
            entropy=line.entropy,
            preflight=line.preflight,
        )

    def of(self, key: str, operation: Operation) -> list[Submission]:
        """The current submissions of a contract."""
        rows = self.line.ledger.view.rows(SubmissionFilter())
        with self.line.ledger.begin() as work:
            found = [work.submissions.of_event(HR, EventId(row.event_id)) for row in rows]
        current = {one.id: one for ones in found for one in ones if one.replaced_by is None}
        return [one for one in current.values() if (one.contract_key, one.operation) == (key, operation)]

    def one(self, key: str, operation: Operation) -> Submission:
        (found,) = self.of(key, operation)
        return found


def _driver(url: str) -> str:
    return "postgresql+psycopg" if url.startswith("postgresql") else make_url(url).drivername


@pytest.fixture(params=["sqlite", POSTGRESQL])
def company(
    request: pytest.FixtureRequest, tmp_path: Path, new_ledger_url: object, postgresql_server: PostgresqlServer
) -> Iterator[Company]:
    """A company whose first look is taken, its HR on each kind of database and its ledger on the same."""
    from usrec.adapters.persistence import open_ledger

    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'кадры.db'}"
        create_engine(url).connect().close()
        ledger = open_ledger(new_ledger_url("sqlite-file"))  # type: ignore[operator]
    elif request.param == "mariadb":
        server: MariadbServer = request.getfixturevalue("mariadb")
        server.run("CREATE OR REPLACE DATABASE staff DEFAULT CHARACTER SET utf8mb4")
        url = server.url("staff")
        ledger = open_ledger(new_ledger_url("sqlite-file"))  # type: ignore[operator]
    else:
        url = postgresql_server.new_database()
        ledger = open_ledger(new_ledger_url("postgresql"))  # type: ignore[operator]
    made = Company(url, ledger)
    assert made.take() == IngestReport()
    with ledger.begin() as work:
        assert work.snapshots.taken_at(HR) is not None, "the first look is remembered"
    yield made
    made.source.close()
    made.engine.dispose()
    ledger.close()
    if request.param == "postgresql":
        postgresql_server.drop_database(url)


def test_the_first_look_at_a_staff_makes_no_event(company: Company) -> None:
    assert company.look() == IngestReport()
    assert company.line.ledger.view.rows(SubmissionFilter()) == []


@pytest.mark.parametrize("company", ["sqlite", POSTGRESQL, pytest.param("mariadb", marks=NO_MARIADB)], indirect=True)
def test_a_contract_is_concluded_changed_and_ended_by_what_looks_show(company: Company) -> None:
    company.hire("N-1")
    company.look()
    assert company.one("N-1", Operation.CONCLUSION).state is State.PENDING
    company.line.deliver_all()
    company.run("UPDATE staff SET code = '2511-1-001', ds_number = 'ДС-1', ds_date = '2026-11-16' WHERE id = 'N-1'")
    company.run("INSERT INTO leaves VALUES (1, 'N-1', 'По уходу за ребёнком', '2026-11-16', '2027-03-01')")
    company.look()
    company.line.deliver_all()
    company.run("UPDATE staff SET ended = '2026-11-16', ground = 'по инициативе работника' WHERE id = 'N-1'")
    company.look()
    company.line.deliver_all()
    done = [Operation.CONCLUSION, Operation.AMENDMENT, Operation.SOCIAL_LEAVE, Operation.TERMINATION]
    assert [company.one("N-1", operation).state for operation in done] == [State.ACCEPTED] * 4
    assert company.look() == IngestReport(), "nothing is told twice"


def test_a_contract_with_a_key_of_any_length_stops_no_other(company: Company) -> None:
    """No index of PostgreSQL holds such a key whole: the look, with all that it found, was lost each time."""
    if company.engine.dialect.name == "postgresql":
        company.run("ALTER TABLE staff DROP CONSTRAINT staff_pkey")
        company.run("ALTER TABLE staff ALTER COLUMN id TYPE text")
    company.hire("".join(random.Random(1).choices("abcdefghijклмнопрст", k=20_000)))
    company.hire("N-1")
    assert company.look().taken == 2
    assert company.one("N-1", Operation.CONCLUSION).state is State.PENDING
    assert company.look() == IngestReport(), "nothing is told twice"


def test_a_restarted_agent_goes_on_where_it_stood(company: Company) -> None:
    company.hire("N-1")
    company.line.clock.advance(QUARTER)
    assert len(company.source.fetch(10)) == 1
    company.source = company.new_source()
    assert company.take().taken == 1
    assert company.take() == IngestReport()
    with company.line.ledger._engine.connect() as connection:
        assert connection.execute(snapshot_events.select()).all() == []


def test_a_row_without_signing_date_has_the_strictest_clock_and_is_completed_by_a_later_look(company: Company) -> None:
    company.hire("N-1", signed=None)
    company.line.clock.advance(2 * DAY)
    company.take()
    first = company.one("N-1", Operation.CONCLUSION)
    assert first.state is State.INVALID
    assert first.legal_date is not None
    assert (first.legal_date - MONDAY.date()).days == 7, "five working days from the look before, when it was not there"
    assert {one.rule for one in load_findings(first.findings)} == {"field_present", "term_provisional"}
    company.run("UPDATE staff SET both_signed = '2026-11-17' WHERE id = 'N-1'")
    company.look()
    second = company.one("N-1", Operation.CONCLUSION)
    assert (second.event_id, second.revision, second.state) == (first.event_id, 2, State.PENDING)


def test_a_change_without_an_agreement_waits_for_its_number_and_invents_none(company: Company) -> None:
    company.hire("N-1")
    company.look()
    company.line.deliver_all()
    company.run("UPDATE staff SET code = '2511-1-001' WHERE id = 'N-1'")
    company.look()
    first = company.one("N-1", Operation.AMENDMENT)
    missing = {one.field for one in load_findings(first.findings) if one.rule == "field_present"}
    assert missing == {"agreement_number", "agreement_date", "signed_on", "begin_date"}
    company.run("UPDATE staff SET ds_number = 'ДС-1', ds_date = '2026-11-16' WHERE id = 'N-1'")
    company.look()
    assert company.one("N-1", Operation.AMENDMENT).revision == 2
    company.line.deliver_all()
    assert company.one("N-1", Operation.AMENDMENT).state is State.ACCEPTED


def test_a_row_that_is_gone_is_an_incomplete_termination_and_taken_back_when_it_returns(company: Company) -> None:
    company.run("UPDATE staff SET id = 'AWAY' WHERE id = 'OLD-7'")
    company.run("DELETE FROM staff WHERE id = 'AWAY'")
    company.look()
    gone = company.one("OLD-7", Operation.TERMINATION)
    assert gone.state is State.INVALID
    assert gone.legal_date is not None
    with company.engine.begin() as connection:
        company.hire("OLD-7", connection, signed="2021-03-01")
    company.look()
    assert company.one("OLD-7", Operation.TERMINATION).state is State.CANCELLED


def test_a_contract_whose_key_has_changed_is_neither_ended_nor_entered_again(company: Company) -> None:
    company.run("UPDATE staff SET id = 'NEW-7', number = 'тд  old-7' WHERE id = 'OLD-7'")
    company.line.clock.advance(QUARTER)
    shown = _take(company, company.roster, keep=False)
    assert shown is not None
    assert [(one.kind, one.key) for one in shown.puzzles] == [(PuzzleKind.OTHER_KEY, "NEW-7")]
    assert company.take() == IngestReport()


MARKED = """
[contract.secondment]
when = { expression = 'post if part(post, ":", 1) == "seconded from" else ""' }
key = { expression = 'part(post, ":", 2)' }
"""


def test_a_secondment_ends_no_contract_with_a_rule_for_it_and_without(company: Company) -> None:
    """Without a rule nobody can tell it from a transfer: a person is asked, as with a row that names another BIN."""
    company.run("UPDATE staff SET employer = :to WHERE id = 'OLD-6'", to=OTHER_BIN)
    company.run("UPDATE staff SET id = 'HOST-7', number = '7', employer = :to WHERE id = 'OLD-7'", to=OTHER_BIN)
    company.run("UPDATE staff SET post = 'seconded from:old-7', ended = signed WHERE id = 'HOST-7'")
    company.line.clock.advance(QUARTER)
    shown = _take(company, company.roster, keep=False)
    assert shown is not None
    other = PuzzleKind.OTHER_EMPLOYER
    assert {(one.kind, one.key) for one in shown.puzzles} == {(other, "HOST-7"), (other, "OLD-6"), (other, "OLD-7")}
    assert company.take() == IngestReport()

    company.ruled(MARKED)
    company.run("UPDATE staff SET employer = :to WHERE id = 'OLD-6'", to=BIN)
    for _ in range(2):
        shown = _take(company, company.roster, keep=False)
        assert shown is not None
        assert (shown.puzzles, shown.events) == ([], [])
        assert company.look() == IngestReport()

    company.run(
        "UPDATE staff SET id = 'OLD-7', number = 'ТД OLD-7', employer = :to, ended = NULL, post = 'Әдіскер'"
        " WHERE id = 'HOST-7'",
        to=BIN,
    )
    assert company.look() == IngestReport(), "the worker is back: nothing has happened"
    company.run("DELETE FROM staff WHERE id = 'OLD-7'")
    company.look()
    assert company.one("OLD-7", Operation.TERMINATION).state is State.INVALID, "gone, and nobody says seconded"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("DELETE FROM staff", "no row"),
        ("DELETE FROM staff WHERE id > 'OLD-2'", "running contracts are missing"),
        ("UPDATE staff SET ended = signed", "40 of 40 running contracts end at once"),
        (
            "INSERT INTO staff (id, number, both_signed) SELECT 'B ' || id, 'B ' || number, both_signed FROM staff",
            "40 of 80 contracts are old and were never seen",
        ),
        ("INSERT INTO staff (id) VALUES ('old-7')", "differ only in case"),
        ("INSERT INTO staff (id) VALUES (' ')", "no contract key"),
        ("ALTER TABLE staff RENAME COLUMN code TO post_code", "gives no column code"),
        ("ALTER TABLE staff RENAME TO personnel", "did not answer as expected"),
    ],
)
def test_a_broken_look_is_refused_loudly_and_ends_nobody(company: Company, broken: str, said: str) -> None:
    company.run(broken)
    with pytest.raises(SourceUnavailable, match=said):
        company.look()
    with pytest.raises(SourceUnavailable, match=said):
        company.take()
    assert company.line.ledger.view.rows(SubmissionFilter()) == []


def test_a_refused_look_is_forgotten_once_the_query_is_whole_again(company: Company) -> None:
    company.run("ALTER TABLE staff RENAME TO personnel")
    with pytest.raises(SourceUnavailable):
        company.look()
    company.run("ALTER TABLE personnel RENAME TO staff")
    company.hire("N-1")
    assert company.look().taken == 1


def test_a_look_that_another_agent_overtook_keeps_nothing(company: Company) -> None:
    company.hire("N-1")
    company.line.clock.advance(QUARTER)

    class Overtaken(SqlStaffRoster):
        def look(self, at: object) -> object:  # type: ignore[override]
            _take(company, company.roster)
            return super().look(at)  # type: ignore[arg-type]

    slow = Overtaken(company.roster._database, company.roster._mapping, "hr")
    assert _take(company, slow) is None
    assert company.take().taken == 1


def _take(company: Company, roster: SqlStaffRoster, *, keep: bool = True) -> Difference | None:
    line = company.line
    return take_snapshot(HR, roster=roster, ledger=line.ledger, clock=line.clock, policy=SnapshotPolicy(), keep=keep)


def test_what_commits_after_a_look_is_found_by_the_next_however_early_it_began(company: Company) -> None:
    """Of two writers the one that began first commits last: a look compares the whole staff and passes nobody over."""
    with company.engine.connect() as slow:
        company.hire("N-1", slow, signed="2026-11-16")
        slow.execute(text("UPDATE staff SET code = '2512-0-001', ds_number = 'ДС-1' WHERE id = 'OLD-1'"))
        if company.engine.dialect.name == "postgresql":  # an SQLite file has one writer at a time
            company.hire("N-2")
        seen = company.look().taken
        slow.commit()
    assert seen == (company.engine.dialect.name == "postgresql")
    assert company.look().taken == 2
    company.one("N-1", Operation.CONCLUSION)
    company.one("OLD-1", Operation.AMENDMENT)
    assert company.look() == IngestReport()


def test_a_preview_shows_what_would_be_made_and_changes_nothing(company: Company) -> None:
    company.hire("N-1")
    company.line.clock.advance(QUARTER)
    for _ in range(2):
        shown = _take(company, company.roster, keep=False)
        assert shown is not None
        assert [one.operation for one in shown.events] == [Operation.CONCLUSION]
    assert company.take().taken == 1


def test_pruned_contracts_leave_nothing_of_their_rows_and_are_not_told_anew(company: Company) -> None:
    company.hire("N-1")
    company.look()
    pruned = Prunable(BIN, ContractKey("N-1"), RetentionRule.ENDED, MONDAY, 1)
    with company.line.ledger.begin() as work:
        work.retained.prune([pruned], MONDAY)
        work.commit()
    with company.line.ledger._engine.connect() as connection:
        stories = connection.execute(snapshot_stories.select().where(snapshot_stories.c.contract_key == "N-1")).one()
    assert (stories.closed, stories.story) == (True, "{}")
    company.run("UPDATE staff SET code = '2511-1-001' WHERE id = 'N-1'")
    assert company.look() == IngestReport()


def test_a_share_of_lost_contracts_is_said_with_what_to_do(company: Company) -> None:
    company.run("DELETE FROM staff WHERE id > 'OLD-2'")
    with pytest.raises(SnapshotRefused) as refused:
        company.look()
    assert "usrec source preview" in str(refused.value)
    assert "no event is lost" in str(refused.value)
