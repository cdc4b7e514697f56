"""Taking HR's rows: each revision once, in its place beside the earlier ones, in the line of its contract."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from support.line import (
    BIN,
    DAY,
    HOUR,
    IIN,
    MONDAY,
    OTHER_BIN,
    TIMEOUT,
    TODAY,
    TOMORROW,
    UNREACHABLE,
    Line,
    conclusion,
    refused,
)
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.persistence.outgoing import SqlJournal
from usrec.application.ingest import IngestReport
from usrec.domain.deadline import AFTER_MIDNIGHT
from usrec.domain.errors import LedgerUnavailable, SourceUnavailable
from usrec.domain.kazakhstan_time import day_start_utc
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.source_event import EmployerName, SourceName
from usrec.domain.state import State
from usrec.domain.submission import OUTSIDE_THE_LINE, QueueStatus, WaitReason

READY = (QueueStatus.READY, None)


def queued(line: Line, event_id: str, revision: int | None = None) -> tuple[QueueStatus, WaitReason | None]:
    entry = line.entry(event_id, revision)
    return entry.status, entry.wait_reason


def test_row_becomes_a_pending_submission_with_its_term_and_its_place_in_the_queue(line: Line) -> None:
    row = line.enter("e1")
    assert line.ingest() == IngestReport(rows=1, taken=1)
    submission = line.of("e1")
    assert submission.state is State.PENDING
    assert submission.row_ref == row
    assert submission.employer == EmployerName("alatau")
    assert submission.received_at == MONDAY
    assert submission.trigger == TODAY
    assert submission.legal_date is not None
    assert submission.due_utc is not None
    assert submission.point == "p.7"
    assert submission.term == "5 working days"
    assert submission.calendar_version == "weekdays"
    entry = line.entry("e1")
    assert (entry.status, entry.wait_reason, entry.priority) == (QueueStatus.READY, None, submission.safe_utc)


def test_taking_is_journaled_watched_and_told_to_hr(line: Line) -> None:
    submission = line.take("e1")
    (entry,) = line.journal(submission.id)
    assert (entry.action, entry.from_state, entry.to_state, entry.actor) == ("receive", None, "pending", "agent")
    assert line.notes()[submission.row_ref].state == "pending"
    with line.ledger.begin() as work:
        assert [one.id for one in work.alerts.to_watch(MONDAY, 9)] == [submission.id]


def test_nothing_to_take_is_nothing_done(line: Line) -> None:
    assert line.ingest() == IngestReport()


def test_rows_beyond_the_limit_come_with_the_next_call(line: Line) -> None:
    for number in range(5):
        line.enter(f"e{number}", contract=f"K-{number}")
    assert [line.ingest(limit=2).taken for _ in range(4)] == [2, 2, 1, 0]


def test_row_that_comes_again_is_not_taken_again(line: Line) -> None:
    line.enter("e1", row_id=1)
    line.ingest()
    line.enter("e1", row_id=2)
    assert line.ingest() == IngestReport(rows=1, repeated=1)
    assert len(line.all_of("e1")) == 1


def test_row_twice_in_one_batch_is_taken_once(line: Line) -> None:
    line.enter("e1")
    line.enter("e1")
    assert line.ingest() == IngestReport(rows=2, taken=1, repeated=1)


def test_same_revision_with_other_content_is_refused_loudly_and_what_is_on_record_stays(line: Line) -> None:
    line.take("e1")
    other = line.enter("e1", contract_number="18")
    assert line.ingest() == IngestReport(rows=1, conflicts=1)
    assert [one.details for one in line.all_of("e1") if "18" in one.details] == []
    assert line.notes()[other].state == "conflict"
    assert "Raise the revision" in line.notes()[other].message


def test_conflict_of_a_registered_row_does_not_take_its_registration_from_hr(line: Line) -> None:
    row = line.enter("e1")
    line.ingest()
    line.deliver_all()
    registered = line.of("e1")
    line.clock.advance(HOUR)
    line.source.edit(row, payload=json.dumps(conclusion(contract_number="18")), revision=1)
    assert line.ingest() == IngestReport(rows=1, conflicts=1)
    note = line.notes()[row]
    assert (note.state, note.code, note.contract_id) == ("conflict", "SCSS001", registered.contract_id)
    assert note.contract_id is not None
    assert note.legal_date == registered.legal_date
    assert note.message.startswith("Registered in USREC with its first content")


def test_conflict_within_one_batch_is_found_too(line: Line) -> None:
    line.enter("e1")
    line.enter("e1", contract_number="18")
    assert line.ingest() == IngestReport(rows=2, taken=1, conflicts=1)


def test_malformed_row_stops_nobody(line: Line) -> None:
    line.enter("bad", payload="[" * 100_000)
    line.enter("worse", "vacation", contract="K-2", payload='{"established_post": "\\ud83d"}')
    line.enter("good", contract="K-3")
    assert line.ingest().taken == 3
    assert line.states() == {"bad": "invalid", "worse": "invalid", "good": "pending"}


def test_invalid_row_is_kept_with_what_to_mend_and_never_queued(line: Line) -> None:
    submission = line.take("e1", employee_iin=None)
    assert submission.state is State.INVALID
    assert submission.details == "{}"
    assert [one.field for one in line.findings("e1")] == ["employee_iin"]
    assert line.queued("e1") is None
    note = line.notes()[submission.row_ref]
    assert (note.state, json.loads(note.findings)[0]["code"]) == ("invalid", "SCSE011")


def test_invalid_row_keeps_its_term(line: Line) -> None:
    submission = line.take("e1", employee_iin=None)
    assert submission.legal_date is not None
    with line.ledger.begin() as work:
        assert work.alerts.to_watch(MONDAY, 9) == [submission]


@pytest.mark.parametrize("contract", ["", "  "])
def test_row_without_a_contract_holds_nobody(line: Line, contract: str) -> None:
    assert line.take("lost", "amendment", contract=contract).position == OUTSIDE_THE_LINE
    line.enter("also-lost", contract=contract)
    assert line.ingest().taken == 1


def test_row_without_an_event_id_is_taken_under_its_own_key(line: Line) -> None:
    row = line.enter("")
    line.ingest()
    assert line.of(f"row:{row}").state is State.INVALID


def test_batch_is_taken_whole_or_not_at_all(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        line.enter(f"e{number}", contract=f"K-{number}")
    real = SqlJournal.append
    written: list[object] = []

    def full_disk(self: SqlJournal, *entries: object) -> None:
        if len(written) == 2:
            raise LedgerUnavailable("the disk is full")
        written.append(entries)
        real(self, *entries)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(SqlJournal, "append", full_disk)
    with pytest.raises(LedgerUnavailable):
        line.ingest()
    monkeypatch.setattr(SqlJournal, "append", real)
    assert line.states() == {}
    assert line.ingest() == IngestReport(rows=3, taken=3)


def test_source_is_told_only_after_the_commit(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.enter("e1")
    told: list[dict[str, str]] = []
    monkeypatch.setattr(line.source, "mark_taken", lambda _: told.append(line.states()))
    line.ingest()
    assert told == [{"e1": "pending"}]


def test_whoever_waits_is_told_how_many_rows_the_ledger_holds_before_the_source_is(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.enter("e1")
    line.enter("e2", contract="K-2")
    told: list[object] = []
    monkeypatch.setattr(line.source, "mark_taken", lambda rows: told.append(("source", len(rows))))
    line.ingest(held=lambda rows: told.append((rows, line.states())))
    assert told == [(2, {"e1": "pending", "e2": "pending"}), ("source", 2)]


def test_source_that_fails_to_be_told_brings_its_rows_again_and_nothing_is_taken_twice(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.enter("e1")

    def unreachable(_: object) -> None:
        raise SourceUnavailable("the HR database cannot be reached")

    with monkeypatch.context() as patched:
        patched.setattr(line.source, "mark_taken", unreachable)
        with pytest.raises(SourceUnavailable):
            line.ingest()
    assert line.states() == {"e1": "pending"}
    assert line.ingest() == IngestReport(rows=1, repeated=1)
    assert line.ingest() == IngestReport()


def test_read_only_source_is_never_marked(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.source = InMemorySource(SourceName("hr"), writable=False, known=lambda _: [])
    monkeypatch.setattr(line.source, "mark_taken", lambda _: pytest.fail("marked"))
    line.enter("e1")
    assert line.ingest().taken == 1
    assert line.ingest().repeated == 1


# -- the line of a contract


def test_followers_wait_for_the_conclusion_and_other_contracts_do_not(line: Line) -> None:
    line.enter("c1")
    line.enter("a1", "amendment")
    line.enter("t1", "termination")
    line.enter("c2", contract="K-2")
    line.ingest()
    assert queued(line, "c1") == READY
    assert queued(line, "a1") == queued(line, "t1") == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN)
    assert line.entry("t1").blocked_by == line.of("c1").id
    assert queued(line, "c2") == READY


def test_amendment_that_came_before_its_conclusion_waits_for_it_and_then_names_its_contract(line: Line) -> None:
    line.take("a1", "amendment")
    assert queued(line, "a1") == (QueueStatus.HELD, WaitReason.CONTRACT_UNKNOWN)
    line.take("c1")
    assert queued(line, "a1") == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN)
    assert queued(line, "c1") == READY
    line.deliver_all()
    assert line.states() == {"c1": "accepted", "a1": "accepted"}
    assert line.of("a1").contract_id == line.of("c1").contract_id is not None


def test_amendment_may_name_the_contract_itself(line: Line) -> None:
    assert line.take("a1", "amendment", contract_id="R-7").contract_id == "R-7"
    assert queued(line, "a1") == READY


def test_contract_id_learnt_at_registration_serves_later_events(line: Line) -> None:
    conclusion = line.register("c1")
    line.take("t1", "termination")
    assert queued(line, "t1") == READY
    assert line.of("t1").contract_id == conclusion.contract_id


def test_events_of_a_contract_go_in_the_order_in_which_they_came(line: Line) -> None:
    for name in ("a1", "a2", "a3"):
        line.enter(name, "amendment", contract_id="R-7")
    line.ingest()
    assert [done.submission.event_id for done in line.deliver_all()] == ["a1", "a2", "a3"]


def test_paper_dated_ahead_waits_for_its_day_in_kazakhstan(line: Line) -> None:
    line.take("c1", contract_date=TOMORROW.isoformat(), signed_on=TOMORROW.isoformat())
    assert queued(line, "c1") == (QueueStatus.SCHEDULED, WaitReason.PAPER_DATE)
    begun = day_start_utc(TOMORROW) + AFTER_MIDNIGHT
    line.clock.set(begun - timedelta(microseconds=1))
    assert line.claim() == []
    line.clock.set(begun)
    assert [done.result for done in line.deliver_all()] == ["accepted"]


def test_paper_dated_ahead_is_withdrawn_with_it(line: Line) -> None:
    line.take("c1", contract_date=TOMORROW.isoformat())
    line.take("c1", revision=2, withdrawn=True)
    line.clock.advance(3 * DAY)
    assert line.claim() == []
    assert line.states() == {"c1": "cancelled"}


def test_second_conclusion_under_another_event_is_refused_and_holds_nobody(line: Line) -> None:
    line.take("c1")
    second = line.take("c1-again")
    assert (second.state, second.position, second.reason) == (State.INVALID, OUTSIDE_THE_LINE, "second_conclusion")
    assert [one.rule for one in line.findings("c1-again")] == ["second_conclusion"]
    line.take("a1", "amendment")
    line.deliver_all()
    assert line.states() == {"c1": "accepted", "c1-again": "invalid", "a1": "accepted"}


@pytest.mark.parametrize("registered_first", [False, True])
def test_malformed_second_conclusion_holds_nobody_either(line: Line, *, registered_first: bool) -> None:
    for number in range(8):
        contract = f"K-{number}"
        line.take(f"c{number}", contract=contract)
        if registered_first:
            line.deliver_all()
        line.take(f"again{number}", contract=contract, employee_iin=None)
        line.take(f"a{number}", "amendment", contract=contract)
    line.deliver_all()
    states = line.states()
    assert {states[f"{kind}{number}"] for kind in "ca" for number in range(8)} == {"accepted"}


def test_conclusion_after_a_withdrawn_one_is_the_first(line: Line) -> None:
    line.take("c1")
    line.take("c1", revision=2, withdrawn=True)
    assert line.take("c2").state is State.PENDING


# -- revisions


def test_corrected_row_replaces_an_invalid_one(line: Line) -> None:
    line.take("c1", employee_iin=None)
    second = line.take("c1", revision=2)
    assert second.state is State.PENDING
    assert line.of("c1", 1).replaced_by == second.id
    assert second.replaces == line.of("c1", 1).id
    assert queued(line, "c1") == READY


def test_refused_then_corrected_then_registered(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    line.send(refused("SCSE007"))
    assert line.states() == {"c1": "rejected", "a1": "pending"}
    assert queued(line, "a1") == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_REFUSED)
    line.take("c1", revision=2, position_code="2512-0-002")
    assert queued(line, "a1") == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN)
    line.deliver_all()
    assert line.states() == {"c1": "accepted", "a1": "accepted"}
    assert line.of("c1").revision == 2


def test_unsent_revision_is_taken_back_for_a_later_one(line: Line) -> None:
    first = line.take("c1")
    second = line.take("c1", revision=2, contract_number="18")
    before = line.get(first.id)
    assert (before.state, before.reason, before.replaced_by) == (State.CANCELLED, "superseded", second.id)
    assert second.position == first.position
    assert [claim.submission.id for claim in line.claim()] == [second.id]


def test_row_of_its_own_is_told_that_it_was_superseded(line: Line) -> None:
    first, second = line.take("c1"), line.take("c1", revision=2)
    assert line.notes()[first.row_ref].state == "cancelled"
    assert line.notes()[second.row_ref].state == "pending"


def test_row_edited_in_place_shows_only_its_newest_revision(line: Line) -> None:
    row = line.enter("c1")
    line.ingest()
    line.source.edit(row, payload="{}", revision=2)
    line.ingest()
    assert (line.notes()[row].revision, line.notes()[row].state) == (2, "invalid")


def test_claimed_but_unsigned_revision_is_taken_from_its_agent(line: Line) -> None:
    line.take("c1")
    (claim,) = line.claim()
    second = line.take("c1", revision=2)
    assert line.deliver(claim).result == "lease_lost"
    assert line.wire.submitted == []
    assert [one.submission.id for one in line.claim()] == [second.id]


def test_older_revision_that_comes_late_is_only_recorded(line: Line) -> None:
    second = line.take("c1", revision=2)
    first = line.take("c1", revision=1)
    assert (first.state, first.reason, first.replaced_by) == (State.CANCELLED, "superseded", second.id)
    assert [claim.submission.id for claim in line.claim()] == [second.id]


def in_flight(line: Line, step: SubmissionOutcome = TIMEOUT) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    line.send(step)


def test_revision_waits_for_the_decision_on_one_that_may_be_registered(line: Line) -> None:
    in_flight(line)
    line.take("c1", revision=2, contract_number="18")
    assert queued(line, "c1", 2) == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_IN_DOUBT)
    assert queued(line, "c1", 1) == (QueueStatus.SCHEDULED, WaitReason.ANSWER_UNKNOWN)


def test_revision_waits_for_a_signed_one_of_which_nothing_was_sent(line: Line) -> None:
    in_flight(line, UNREACHABLE)
    line.take("c1", revision=2, contract_number="18")
    assert queued(line, "c1", 2) == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN)


def test_waiting_revision_goes_on_when_the_earlier_one_is_refused(line: Line) -> None:
    in_flight(line)
    second = line.take("c1", revision=2, contract_number="18")
    line.send_again(refused("SCSE007"))
    assert line.of("c1", 1).replaced_by == second.id
    assert line.entry("c1").status is QueueStatus.READY
    line.deliver_all()
    assert line.states() == {"c1": "accepted", "a1": "accepted"}


def test_waiting_revision_is_refused_with_advice_when_the_earlier_one_is_registered(line: Line) -> None:
    in_flight(line)
    second = line.take("c1", revision=2, contract_number="18")
    line.send_again(line.registers)
    advised = line.get(second.id)
    assert (advised.state, advised.reason, advised.position) == (
        State.INVALID,
        "already_registered",
        OUTSIDE_THE_LINE,
    )
    assert (advised.legal_date, advised.due_utc) == (None, None)
    assert [one.point for one in line.findings("c1", 2)] == ["Order 353 p.9"]
    assert line.notes()[second.row_ref].state == "invalid"
    assert line.queued("c1", 2) is None
    line.deliver_all()
    assert line.of("a1").state is State.ACCEPTED


def test_malformed_revision_of_what_is_registered_meanwhile_holds_nobody(line: Line) -> None:
    in_flight(line)
    line.take("c1", revision=2, employee_iin=None)
    line.send_again(line.registers)
    line.deliver_all()
    assert line.of("a1").state is State.ACCEPTED
    assert [one.rule for one in line.findings("c1", 2)] == ["already_registered"]


def test_malformed_revision_takes_the_place_of_what_is_refused_meanwhile_and_can_be_mended(line: Line) -> None:
    in_flight(line)
    second = line.take("c1", revision=2, employee_iin=None)
    line.send_again(refused("SCSE007"))
    assert line.of("c1", 1).replaced_by == second.id
    assert queued(line, "a1") == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_REFUSED)
    line.take("c1", revision=3)
    line.deliver_all()
    assert line.states() == {"c1": "accepted", "a1": "accepted"}


def test_refusal_of_the_first_revision_does_not_hide_from_hr_that_the_second_is_malformed(line: Line) -> None:
    row = line.enter("c1")
    line.ingest()
    line.send(TIMEOUT)
    line.source.edit(row, payload="{}", revision=2)
    line.ingest()
    line.send_again(refused("SCSE007"))
    assert (line.notes()[row].revision, line.notes()[row].state) == (2, "invalid")


@pytest.mark.parametrize("second", [{"contract_number": "18"}, {"employee_iin": None}], ids=["valid", "malformed"])
def test_third_revision_takes_the_place_of_the_waiting_second(line: Line, second: dict[str, Any]) -> None:
    in_flight(line)
    line.take("c1", revision=2, **second)
    third = line.take("c1", revision=3)
    assert line.of("c1", 2).replaced_by == third.id
    line.send_again(refused("SCSE007"))
    assert line.of("c1", 1).replaced_by == third.id
    line.deliver_all()
    assert line.states() == {"c1": "accepted", "a1": "accepted"}
    assert line.of("c1").revision == 3


def test_registered_event_takes_no_revision_and_the_refusal_raises_no_alarm(line: Line) -> None:
    line.register("c1")
    advised = line.take("c1", revision=2)
    assert (advised.state, advised.reason) == (State.INVALID, "already_registered")
    assert advised.due_utc is None
    third = line.take("c1", revision=3)
    assert line.of("c1", 2).replaced_by == third.id
    line.take("a1", "amendment")
    assert queued(line, "a1") == READY


# -- withdrawals


def test_withdrawn_row_is_taken_back_and_lets_its_followers_go(line: Line) -> None:
    first = line.take("c1")
    line.take("a1", "amendment", contract_id="R-7")
    second = line.take("c1", revision=2, withdrawn=True)
    assert line.get(first.id).replaced_by == second.id
    assert (second.state, second.reason) == (State.CANCELLED, "withdrawn")
    assert line.notes()[second.row_ref].state == "cancelled"
    assert queued(line, "a1") == READY


def test_row_that_is_withdrawn_at_once_is_never_sent(line: Line) -> None:
    assert line.take("c1", withdrawn=True).state is State.CANCELLED
    assert line.claim() == []


@pytest.mark.parametrize("payload", [None, "{}"], ids=["well made", "empty"])
def test_withdrawal_of_a_refused_row_sets_it_aside(line: Line, payload: str | None) -> None:
    line.take("c1")
    line.send(refused("SCSE007"))
    line.take("c1", revision=2, withdrawn=True, payload=payload)
    assert line.states() == {"c1": "cancelled"}


@pytest.mark.parametrize("payload", [None, "{}"], ids=["well made", "empty"])
def test_withdrawal_waits_for_what_may_be_registered_and_succeeds_when_that_is_refused(
    line: Line, payload: str | None
) -> None:
    in_flight(line)
    second = line.take("c1", revision=2, withdrawn=True, payload=payload)
    assert line.get(second.id).state is not State.CANCELLED
    line.send_again(refused("SCSE007"))
    assert line.get(second.id).state is State.CANCELLED
    assert line.notes()[second.row_ref].state == "cancelled"
    assert queued(line, "a1") == (QueueStatus.HELD, WaitReason.CONTRACT_UNKNOWN)


def test_withdrawal_of_what_gets_registered_is_refused_with_advice(line: Line) -> None:
    in_flight(line)
    second = line.take("c1", revision=2, withdrawn=True)
    line.send_again(line.registers)
    assert line.get(second.id).reason == "already_registered"


def test_withdrawal_behind_a_waiting_revision_waits_as_well(line: Line) -> None:
    in_flight(line)
    line.take("c1", revision=2, contract_number="18")
    third = line.take("c1", revision=3, withdrawn=True)
    assert third.state is State.PENDING
    line.send_again(line.registers)
    assert line.get(third.id).reason == "already_registered"
    assert line.of("c1", 2).state is State.CANCELLED


def test_withdrawn_event_can_come_back(line: Line) -> None:
    line.take("c1")
    line.take("c1", revision=2, withdrawn=True)
    assert line.take("c1", revision=3).state is State.PENDING
    assert queued(line, "c1") == READY


# -- revisions that change what the event is


def test_row_moved_to_another_contract_leaves_its_old_line(line: Line) -> None:
    line.take("x", "termination", contract="K-1", contract_id="R-1")
    line.take("a1", "amendment", contract="K-1", contract_id="R-1")
    assert queued(line, "a1")[0] is QueueStatus.BLOCKED
    line.take("x", "termination", revision=2, contract="K-2", contract_id="R-2")
    assert queued(line, "a1") == READY
    assert queued(line, "x") == READY


def test_row_moved_to_another_employer_leaves_its_old_line(line: Line) -> None:
    line.take("c1", employer=OTHER_BIN)
    line.take("a1", "amendment", employer=OTHER_BIN)
    line.take("c1", revision=2, employer=BIN)
    assert queued(line, "c1") == READY
    assert line.of("c1", 1).replaced_by == line.of("c1", 2).id


def test_row_moved_while_it_may_be_registered_is_turned_away(line: Line) -> None:
    in_flight(line)
    second = line.take("c1", revision=2, contract="K-2")
    assert (second.state, second.reason, second.position) == (State.INVALID, "contract_changed", OUTSIDE_THE_LINE)
    line.send_again(refused("SCSE007"))
    third = line.take("c1", revision=3, contract="K-2")
    assert third.state is State.PENDING
    assert queued(line, "c1") == READY
    assert queued(line, "a1") == (QueueStatus.HELD, WaitReason.CONTRACT_UNKNOWN)


def test_mistyped_conclusion_goes_before_its_amendment_once_it_is_corrected(line: Line) -> None:
    line.take("a1", "amendment")
    line.take("c1", "conclusoin")
    line.take("c1", revision=2)
    assert line.of("c1").position == 0
    line.deliver_all()
    assert line.states() == {"a1": "accepted", "c1": "accepted"}


def test_amendment_mistaken_for_a_conclusion_does_not_keep_the_first_place(line: Line) -> None:
    line.take("a1")
    line.take("a1", "amendment", revision=2, contract_id="R-7")
    line.take("c1")
    assert line.of("c1").state is State.PENDING
    assert queued(line, "a1")[0] is QueueStatus.BLOCKED


def test_later_revision_keeps_its_turn(line: Line) -> None:
    for name in ("a1", "a2"):
        line.take(name, "amendment", contract_id="R-7")
    line.take("a1", "amendment", revision=2, contract_id="R-7", agreement_number="17/9")
    assert [done.submission.event_id for done in line.deliver_all()] == ["a1", "a2"]


# -- what a person does meanwhile


def test_revision_of_what_a_person_is_entering_is_turned_away(line: Line) -> None:
    line.take("c1")
    line.check_out("c1")
    second = line.take("c1", revision=2)
    assert (second.state, second.reason) == (State.INVALID, "entered_by_hand")
    assert queued(line, "c1", 1) == (QueueStatus.SCHEDULED, WaitReason.CHECKED_OUT)


def test_withdrawal_of_what_a_person_is_entering_is_turned_away_too(line: Line) -> None:
    line.take("c1")
    line.check_out("c1")
    assert line.take("c1", revision=2, withdrawn=True).reason == "entered_by_hand"
    assert line.of("c1", 1).state is State.PENDING


def test_revision_after_the_release_takes_the_turn_of_the_one_that_was_let_go(line: Line) -> None:
    """Not the last place in its contract's line: the refused revision between them never had a turn."""
    line.register("c1")
    for name in ("a1", "a2"):
        line.take(name, "amendment", contract_id="R-7")
    line.check_out("a1")
    line.take("a1", "amendment", revision=2, contract_id="R-7")
    line.release("a1", 1)
    line.take("a1", "amendment", revision=3, contract_id="R-7", agreement_number="17/9")
    assert [done.submission.event_id for done in line.deliver_all()] == ["a1", "a2"]


def test_revision_after_the_refusal_goes_before_what_was_entered_meanwhile(line: Line) -> None:
    """The revision that was turned away while a person worked had no place that it could take (seed 88912)."""
    line.register("c1")
    line.take("a1", "amendment", contract_id="R-7")
    line.check_out("a1")
    line.take("a1", "amendment", revision=2, contract_id="R-7")
    line.release("a1", 1)
    line.take("a2", "amendment", contract_id="R-7")
    assert line.send(refused("SCSE007")).result == "rejected"
    assert line.of("a1", 1).replaced_by is None
    assert line.claim(1) == []
    third = line.take("a1", "amendment", revision=3, contract_id="R-7", agreement_number="17/9")
    assert line.of("a1", 1).replaced_by == third.id
    assert [done.submission.event_id for done in line.deliver_all()] == ["a1", "a2"]


def test_withdrawal_that_was_turned_away_counts_when_the_first_is_refused(line: Line) -> None:
    line.register("c1")
    line.take("a1", "amendment", contract_id="R-7")
    line.check_out("a1")
    line.take("a1", "amendment", revision=2, contract_id="R-7", withdrawn=True)
    line.release("a1", 1)
    line.take("a2", "amendment", contract_id="R-7")
    line.send(refused("SCSE007"))
    assert [done.submission.event_id for done in line.deliver_all()] == ["a2"]


def test_revision_after_the_release_takes_the_place_of_both(line: Line) -> None:
    line.take("c1")
    line.check_out("c1")
    line.take("c1", revision=2)
    line.release("c1", 1)
    third = line.take("c1", revision=3)
    assert {line.of("c1", 1).replaced_by, line.of("c1", 2).replaced_by} == {third.id}
    assert [done.submission.id for done in line.deliver_all()] == [third.id]


def test_conclusion_that_comes_late_waits_for_the_amendment_that_a_person_is_entering(line: Line) -> None:
    line.take("a1", "amendment", contract_id="R-7")
    line.check_out("a1")
    line.take("c1")
    assert queued(line, "a1") == (QueueStatus.SCHEDULED, WaitReason.CHECKED_OUT)
    assert queued(line, "c1") == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN)


def test_what_a_person_holds_stays_held_behind_a_conclusion_that_comes_late(line: Line) -> None:
    line.take("a1", "amendment", contract_id="R-7")
    line.hold("a1")
    line.take("c1")
    assert queued(line, "a1") == (QueueStatus.BLOCKED, WaitReason.HELD_BY_PERSON)
    line.deliver_all()
    assert queued(line, "a1") == (QueueStatus.HELD, WaitReason.HELD_BY_PERSON)
    assert line.entry("a1").blocked_by is None


def test_claimed_amendment_gives_way_to_a_conclusion_that_comes_late(line: Line) -> None:
    line.take("a1", "amendment", contract_id="R-7")
    (claim,) = line.claim()
    line.take("c1")
    assert line.deliver(claim).result == "lease_lost"
    assert queued(line, "a1") == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN)
    assert [done.submission.event_id for done in line.deliver_all()] == ["c1", "a1"]


def test_no_personal_data_in_what_a_line_says_about_itself(line: Line) -> None:
    submission = line.take("c1")
    bad = line.take("c2", contract="K-2", position_code=IIN)
    shown = [repr(submission), repr(bad), bad.findings, str(line.journal(bad.id)), str(line.notes())]
    assert not [text for text in shown if IIN in text]


def test_ledger_keeps_no_field_that_the_rules_do_not_know(line: Line) -> None:
    """A name that HR writes beside the IIN, for its own readers, never leaves the HR database."""
    line.enter("e1", employee_name="Айгүл Сейітова")
    line.enter("e2", payload="Айгүл Сейітова")
    line.ingest()
    keys = [(line.of(event).source, line.of(event).event_id, 1) for event in ("e1", "e2")]
    with line.work() as work:
        rows = [work.inbox.row(key) for key in keys]
    payloads = [row.payload for row in rows if row is not None]
    assert json.loads(payloads[0])["employee_iin"] == IIN
    assert "employee_name" not in json.loads(payloads[0])
    assert payloads[1] == ""


def test_row_of_a_revision_that_gave_way_is_told_that_the_newer_one_goes(line: Line) -> None:
    older = line.enter("e1")
    line.ingest()
    line.enter("e1", revision=2, established_post="Старший инженер")
    line.ingest()
    note = line.notes()[older]
    assert (note.state, note.message) == (
        "cancelled",
        "Taken back: a newer change of the same thing goes in its place.",
    )
