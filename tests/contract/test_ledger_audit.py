"""What an audit reads of the ledger, in how many statements, and what is kept of it and for how long."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import event

from support.line import BIN, EMPLOYERS, IIN, MONDAY, OTHER_BIN, Line, WeekdayCalendar
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.persistence import SqlLedger
from usrec.application.audit import Export, Rules, Sides, take_audit
from usrec.application.retain import apply_retention
from usrec.application.write_back import write_back
from usrec.domain.audit import Cause, Kind, LedgerEntry
from usrec.domain.audit_run import AuditRun
from usrec.domain.drift import troubles_of_drift
from usrec.domain.onboarding import HrContract, ImportedContract, KnownContract
from usrec.domain.oversight import Concern
from usrec.domain.retention import Retention
from usrec.domain.snapshot.derived import Puzzle, PuzzleKind
from usrec.domain.snapshot.look import Difference
from usrec.domain.source_event import ContractKey, EmployerName, SourceName

EMPLOYER = BIN, EmployerName(EMPLOYERS[BIN])
HR = SourceName("staff")
YEARS = timedelta(days=366)


def lasting_line(ledger: SqlLedger) -> Line:
    return Line(ledger=ledger, signer=InMemorySigner(dict.fromkeys((BIN, OTHER_BIN), MONDAY + 99 * YEARS)))


def entries(line: Line) -> tuple[dict[str, LedgerEntry], int]:
    """The ledger's book, and how many statements it took."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    with line.ledger.begin() as work:
        event.listen(line.ledger._engine, "before_cursor_execute", note)
        found = work.audits.entries(BIN)
        event.remove(line.ledger._engine, "before_cursor_execute", note)
    return {one.key: one for one in found}, len(seen)


def audited(line: Line, *roster: HrContract, rows: tuple[KnownContract, ...] = ()) -> AuditRun:
    export = Export(rows, date(2026, 11, 16)) if rows else None
    rules = Rules(EMPLOYERS, WeekdayCalendar())
    return take_audit(EMPLOYER, Sides((), roster or None, export), rules, ledger=line.ledger, clock=line.clock)


def last(line: Line) -> AuditRun:
    with line.ledger.begin() as work:
        found = work.audits.last(BIN)
    assert found is not None
    return found


def test_the_book_of_many_contracts_is_read_in_as_many_statements_as_that_of_one(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    line.register("hire-1", contract="K-1")
    line.register("leave-1", "termination", contract="K-1")
    one, statements = entries(line)
    assert (one["K-1"].entered, one["K-1"].ended, one["K-1"].open) == (True, True, ())
    assert one["K-1"].contract_id is not None
    for number in range(2, 8):
        line.take(f"hire-{number}", contract=f"K-{number}")
    with ledger.begin() as work:
        work.contracts.lock(BIN, ContractKey("K-9"))
        work.contracts.set_registry_id(BIN, ContractKey("K-9"), "R-9")
        work.imported.put(BIN, ImportedContract(ContractKey("K-9"), "R-9", None, ()), line.clock.now())
        work.commit()
    many, again = entries(line)
    assert again == statements
    assert set(many) == {*(f"K-{number}" for number in range(1, 8)), "K-9"}
    assert [event.submission for event in many["K-3"].open] == [line.of("hire-3").id]
    assert (many["K-3"].entered, many["K-9"].entered, many["K-9"].registered_on) == (False, True, None)


def test_the_last_run_is_kept_and_told_until_retention_takes_a_contract(ledger: SqlLedger) -> None:
    line = lasting_line(ledger)
    line.register("hire-1", contract="K-1")
    line.register("leave-1", "termination", contract="K-1")
    lost = HrContract(ContractKey("K-5"), IIN, "ТД-5", "2022-04-01")
    row = KnownContract("R-7", IIN, "ТД-7", date(2021, 4, 1))
    run = audited(line, lost, rows=(row,))
    assert {one.cause for one in run.findings or ()} == {Cause.NEVER_TAKEN, Cause.UNKNOWN_TO_HR}
    assert last(line) == run
    assert (run.counts[Kind.AGREES], run.troubles) == (1, 2)
    figures = line.ledger.view.figures(line.clock.now())
    assert [(one.employer, one.counts["orphan"], one.unmatched) for one in figures.audits] == [(EMPLOYER[1], 1, 0)]
    write_back(source=line.source, ledger=ledger, clock=line.clock)
    line.clock.advance(6 * YEARS)
    done = apply_retention(Retention(5, 1), ledger=ledger, now=line.clock.now(), actor="a", reason="r")
    assert sum(done) == 2
    kept = last(line)
    assert (kept.findings, kept.compared, kept.digest) == (None, None, "")
    assert kept.troubles == 2, "counts name nobody"


def test_what_a_look_leaves_open_is_kept_until_a_look_leaves_nothing(ledger: SqlLedger) -> None:
    line = Line(ledger=ledger)
    puzzles = [Puzzle(PuzzleKind.OTHER_EMPLOYEE, "K-1"), Puzzle(PuzzleKind.OTHER_KEY, "K-2")]
    now = line.clock.now()
    with ledger.begin() as work:
        assert work.snapshots.keep(HR, Difference([], [*puzzles, puzzles[0]], {}, {}), now, None)
        work.commit()
    with ledger.begin() as work:
        drift = work.audits.drift()
        assert drift.puzzles == {HR: 2}
        trouble = troubles_of_drift(drift, now)[Concern.STAFF_PUZZLES]
        assert (trouble.number, trouble.about) == (2, frozenset({"staff"}))
        assert work.snapshots.puzzles(HR) == puzzles
        assert work.snapshots.keep(HR, Difference([], [], {}, {}), now + timedelta(hours=1), now)
        assert work.audits.drift().puzzles == {}
        work.commit()
