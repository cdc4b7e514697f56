"""Retention: personal data of contracts that ended long ago goes, and with the rest nothing is registered twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from support.line import BIN, IIN, MONDAY, OTHER_BIN, TIMEOUT, Line
from usrec.adapters.inmemory.inquiry import ScriptedInquiry
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.care.places import PLACES
from usrec.application import retain
from usrec.application.export_evidence import dossier_of
from usrec.application.recording import alert_now
from usrec.application.retain import apply_retention, plan_retention
from usrec.application.write_back import write_back
from usrec.domain.alert import Threshold, Watched
from usrec.domain.evidence import EvidenceRecord
from usrec.domain.inquiry import Unanswered
from usrec.domain.retention import Retention, RetentionRule, years_before
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.evidence_act import submission_act
from usrec.ports.ledger_view import SubmissionFilter

RULES = Retention(ended_years=5, taken_back_years=1)
YEARS = timedelta(days=366)


@pytest.fixture
def shared_line(shared_ledger: SqlLedger) -> Line:
    """Give a line over each kind of database."""
    return Line(ledger=shared_ledger, signer=lasting_keys())


@pytest.fixture
def old_line() -> Iterator[Line]:
    """Give a line in memory, for rules that are the same on every database."""
    line = Line(signer=lasting_keys())
    yield line
    line.close()


def lasting_keys() -> InMemorySigner:
    return InMemorySigner(dict.fromkeys((BIN, OTHER_BIN), MONDAY + 99 * YEARS))


def employ_and_dismiss(line: Line, contract: str = "K-1", employer: str = BIN, **fields: object) -> None:
    line.register(f"hire-{contract}", contract=contract, employer=employer)
    line.register(f"leave-{contract}", "termination", contract=contract, employer=employer, **fields)
    tell_hr(line)


def tell_hr(line: Line) -> None:
    write_back(source=line.source, ledger=line.ledger, clock=line.clock)


def prune(line: Line, rules: Retention = RULES) -> list[int]:
    return [
        one for one in apply_retention(rules, ledger=line.ledger, now=line.clock.now(), actor="a", reason="r") if one
    ]


def stored(line: Line) -> bytes:
    """Every place that holds personal data, as it stands in the tables, without the ledger's own key."""
    with line.ledger._engine.connect() as connection:
        found = [connection.scalars(select(one.column)) for one in PLACES if one.table.name != "ledger_meta"]
        return b"\n".join(value.encode() if isinstance(value, str) else value or b"" for one in found for value in one)


def journal(line: Line) -> list[Any]:
    with line.ledger._engine.connect() as connection:
        return list(connection.execute(text("SELECT seq, submission_id, action, detail FROM journal ORDER BY seq")))


def test_personal_data_goes_when_its_time_has_come_and_what_proves_stays(shared_line: Line) -> None:
    line = shared_line
    employ_and_dismiss(line)
    before, lines = {row.id: row for row in line.ledger.view.rows(SubmissionFilter())}, journal(line)
    message = {one: message_of(line, one) for one in before}
    line.clock.advance(5 * YEARS - timedelta(days=9))
    assert prune(line) == []
    assert IIN.encode() in stored(line)
    line.clock.advance(timedelta(days=9))
    assert plan_retention(RULES, ledger=line.ledger, now=line.clock.now()).contracts == {RetentionRule.ENDED: 1}
    assert prune(line) == [2]
    assert IIN.encode() not in stored(line)
    assert "Инженер".encode() not in stored(line)
    for row in line.ledger.view.rows(SubmissionFilter()):
        was = before[row.id]
        assert row.pruned_at == line.clock.now()
        assert (row.state, row.record_id, row.contract_id, row.legal_date, row.decided_at, row.code) == (
            (was.state, was.record_id, was.contract_id, was.legal_date, was.decided_at, was.code)
        )
        kept = message_of(line, row.id)
        assert (kept.digest, kept.record_id, kept.message_id) == (
            (message[row.id].digest, message[row.id].record_id, message[row.id].message_id)
        )
        assert line.ledger.view.story(row.id) is not None
    after = journal(line)
    assert after[:-1] == lines, "no line of the journal was touched"
    assert (after[-1].action, after[-1].submission_id) == ("pruned", None)
    assert json.loads(after[-1].detail)["submissions"] == 2
    assert prune(line) == [], "what is pruned is passed over"


def test_pruned_submissions_are_exported_without_what_stands_in_the_place_of_their_documents(shared_line: Line) -> None:
    line = shared_line
    line.inquiry = ScriptedInquiry([Unanswered(None, "half", raw=b"<half")])
    line.take("hire", contract="K-1")
    line.send(TIMEOUT)
    line.clock.advance(line.policy.retry.cap)
    line.deliver(line.claim(1)[0])
    line.send(line.registers)
    line.register("leave", "termination", contract="K-1")
    tell_hr(line)
    which = line.of("hire").id
    with line.ledger.evidence.reading() as reading:
        (before,) = reading.records([which])
    line.clock.advance(6 * YEARS)
    assert prune(line) == [2]
    with line.ledger.evidence.reading() as reading:
        (record,) = reading.records([which])
    assert record.pruned_at == line.clock.now()
    assert record.row is None
    assert record.message is not None
    assert replies(before) == [b"<half", b"<answer/>", b"<half"]
    held = [record.message.document, *replies(record), *(one.evidence for one in record.decisions)]
    assert set(held) == {b""}
    assert {one.detail for one in record.attempts} == {""}
    assert record.lines == before.lines
    dossier = dossier_of(record, [], line.calendar, line.clock.now())
    said = repr(submission_act(dossier, ledger="L", now=line.clock.now()))
    assert "удалены по правилам хранения" in said
    assert IIN not in said


def replies(record: EvidenceRecord) -> list[bytes]:
    return [*(one.reply for one in record.attempts), *(one.reply for one in record.questions)]


def message_of(line: Line, which: SubmissionId) -> Any:
    with line.ledger.begin() as work:
        return work.submissions.message(which)


def test_an_old_row_that_hr_sends_again_is_still_known(old_line: Line) -> None:
    line = old_line
    employ_and_dismiss(line)
    sent = len(line.wire.submitted)
    line.clock.advance(6 * YEARS)
    prune(line)
    for entry in line.source._entries.values():
        entry.taken = False
    assert line.ingest().taken == 0
    line.enter("hire-K-1", revision=2, contract="K-1", established_post="Директор")
    line.enter("hire-again", contract="K-1")
    line.ingest()
    assert line.of("hire-K-1", 2).state is State.INVALID, "it is registered; a correction is a new event"
    assert line.of("hire-again").state is State.INVALID, "a second conclusion of the contract"
    assert line.deliver_all() == []
    assert len(line.wire.submitted) == sent


def test_after_a_deletion_only_another_conclusion_may_come(old_line: Line) -> None:
    line = old_line
    line.register("hire", contract="K-1")
    line.register("erase", "contract_delete", contract="K-1", entered_on=MONDAY.date().isoformat())
    tell_hr(line)
    line.clock.advance(6 * YEARS)
    assert prune(line) == [2]
    day = line.clock.now().date().isoformat()
    line.take("hire-new", contract="K-1", contract_date=day, signed_on=day, begin_date=day)
    assert line.of("hire-new").state is State.PENDING


def test_what_runs_is_open_or_lately_decided_stays(old_line: Line) -> None:
    line = old_line
    line.register("runs", contract="K-1")
    employ_and_dismiss(line, "K-2")
    employ_and_dismiss(line, "K-3")
    tell_hr(line)
    line.clock.advance(6 * YEARS)
    line.take("leave-again", "termination", contract="K-2")
    day = line.clock.now().date().isoformat()
    line.take("refused", contract="K-4", contract_date="no date")
    line.take("late", contract="K-5", contract_date=day, signed_on=day, begin_date=day)
    line.cancel("late")
    assert prune(line) == [2], "K-3 alone: it has ended, nothing is open, and it is old"
    assert [row.contract_key for row in line.ledger.view.rows(SubmissionFilter()) if row.pruned_at] == ["K-3", "K-3"]


def test_what_was_never_registered_goes_by_its_own_rule(old_line: Line) -> None:
    line = old_line
    line.take("hire")
    line.cancel("hire")
    tell_hr(line)
    line.clock.advance(2 * YEARS)
    assert prune(line, Retention(ended_years=1)) == []
    assert prune(line) == [1]
    assert IIN.encode() not in stored(line)


def test_a_half_of_a_transfer_stays_until_its_other_half_is_settled(shared_line: Line) -> None:
    line = shared_line
    line.employers[OTHER_BIN] = EmployerName("other")
    employ_and_dismiss(line, pair_key="P-1", reason_code="05")
    line.clock.advance(6 * YEARS)
    assert prune(line) == [], "its other half is missing"
    day = line.clock.now().date().isoformat()
    line.register(
        "hire-there",
        contract="K-9",
        employer=OTHER_BIN,
        pair_key="P-1",
        **dict.fromkeys(("begin_date", "contract_date", "signed_on"), day),
    )
    tell_hr(line)
    assert prune(line) == [2]
    assert line.ledger.view.pairs() == [], "what is settled is no pair that somebody is reminded of"


def test_pruning_that_breaks_off_goes_on_where_it_was(shared_line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line = shared_line
    for number in range(5):
        employ_and_dismiss(line, f"K-{number}")
    line.clock.advance(6 * YEARS)
    monkeypatch.setattr(retain, "BATCH", 2)
    going = apply_retention(RULES, ledger=line.ledger, now=line.clock.now(), actor="a", reason="r")
    assert next(going) == 4
    del going
    assert prune(line) == [4, 2]
    assert IIN.encode() not in stored(line)


def test_closed_alerts_of_settled_events_go_by_their_own_rule(
    shared_line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, rules = shared_line, Retention(closed_alerts_years=2)
    monkeypatch.setattr(retain, "ALERTS_AT_ONCE", 2)
    settled = line.register("done")
    waiting = line.take("waits", contract="K-2", contract_date="no date")
    with line.ledger.begin() as work:
        raised = [
            alert_now(one, Watched.PERSON, Threshold.AWAITED, day) for one in (settled, waiting) for day in days()
        ]
        work.alerts.add(raised)
        work.alerts.close([row[0] for row in work.alerts.outdated(20)], line.clock.now())
        work.alerts.withdraw(waiting.id, Watched.PERSON, line.clock.now())
        work.commit()
    line.clock.advance(YEARS)
    assert plan_retention(rules, ledger=line.ledger, now=line.clock.now()).alerts == 0, "they were closed a year ago"
    line.clock.advance(YEARS + timedelta(days=9))
    assert plan_retention(rules, ledger=line.ledger, now=line.clock.now()).alerts == 5
    assert prune(line, rules) == []
    with line.ledger._engine.connect() as connection:
        left = set(connection.scalars(text("SELECT event_id FROM alerts")))
    assert left == {"waits"}, "the event that is open keeps its own, so that nothing is told twice"
    assert [json.loads(one.detail)["alerts"] for one in journal(line) if one.action == "pruned"] == [2, 2, 1]
    assert plan_retention(rules, ledger=line.ledger, now=line.clock.now()).alerts == 0
    assert line.ledger.view.story(settled.id) is not None


def days() -> list[datetime]:
    return [MONDAY + timedelta(days=number) for number in range(5)]


def test_without_a_rule_everything_stays(old_line: Line) -> None:
    employ_and_dismiss(old_line)
    old_line.clock.advance(80 * YEARS)
    assert prune(old_line, Retention()) == []
    assert plan_retention(Retention(), ledger=old_line.ledger, now=old_line.clock.now()).submissions == 0


def test_years_end_on_the_same_day() -> None:
    assert years_before(MONDAY, 5) == MONDAY.replace(year=2021)
    assert years_before(MONDAY.replace(year=2028, month=2, day=29), 1).day == 28
