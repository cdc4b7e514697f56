"""The behaviour of every ledger: what operators read."""

import json
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest

from support.ledger_values import (
    DAY,
    HOUR,
    NOW,
    a_closing,
    a_line,
    a_message,
    a_note,
    a_submission,
    an_attempt,
    an_entry,
    enqueued,
)
from usrec.adapters.persistence import SqlLedger
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.errors import ValidationProblem
from usrec.domain.source_event import ContractKey, EmployerName, Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.domain.verdict import Ending
from usrec.ports.ledger_view import AttemptRow, Progress, SubmissionFilter, SubmissionRow

KEY = ContractKey("K-1")
NOT_BY_ITSELF = (WaitReason.PAPER_DATE, WaitReason.NEXT_DAY, WaitReason.CHECKED_OUT, WaitReason.KEY_UNUSABLE)
CASES: dict[str, dict[str, Any]] = {
    "aa1": {"due_utc": NOW + 3 * DAY},
    "aa2": {"due_utc": NOW + DAY, "code": "SCSE014", "state": State.REJECTED},
    "ab1": {"due_utc": None, "employer": EmployerName("Other")},
    "ba1": {"due_utc": NOW + 2 * DAY, "contract_key": KEY, "code": "SCSE014", "state": State.REJECTED},
    "da1": {"due_utc": NOW + 9 * DAY, "state": State.ACCEPTED},
    "ea1": {"due_utc": NOW + 9 * DAY, "state": State.CANCELLED},
    "ca1": {"due_utc": NOW, "replaced_by": SubmissionId("aa1"), "state": State.REJECTED},
}


@pytest.fixture
def stocked(ledger: SqlLedger) -> SqlLedger:
    with ledger.begin() as work:
        for name, changes in CASES.items():
            work.submissions.add(replace(a_submission(name), **changes))
        blocked = {"status": QueueStatus.BLOCKED, "wait_reason": WaitReason.PREDECESSOR_OPEN}
        work.outbox.put(an_entry(a_submission("ab1"), **blocked))
        work.outbox.put(an_entry(a_submission("aa1")))
        work.commit()
    return ledger


def ids(rows: Any) -> list[str]:
    return [row.id for row in rows]


def test_rows_come_earliest_due_first_and_those_without_term_last(stocked: SqlLedger) -> None:
    assert ids(stocked.view.rows(SubmissionFilter())) == ["aa2", "ba1", "aa1", "da1", "ea1", "ab1"]
    assert ids(stocked.view.rows(SubmissionFilter(), limit=2)) == ["aa2", "ba1"]


PARTS: dict[str, tuple[Any, set[str]]] = {
    "state": (State.REJECTED, {"aa2", "ba1", "ca1"}),
    "code": ("SCSE014", {"aa2", "ba1"}),
    "due_before": (NOW + 2 * DAY, {"aa2", "ca1"}),
    "employer": (EmployerName("Other"), {"ab1"}),
    "contract_key": (KEY, {"ba1"}),
    "current": (True, {"aa1", "aa2", "ab1", "ba1", "da1", "ea1"}),
    "unsettled": (True, {"aa1", "aa2", "ab1", "ba1", "ca1"}),
    "unsettled_or_late": (True, {"aa1", "aa2", "ab1", "ba1", "ca1"}),
    "wait_reason": (WaitReason.PREDECESSOR_OPEN, {"ab1"}),
    "ids": ([SubmissionId("ca1"), SubmissionId("aa1"), SubmissionId("nobody")], {"aa1", "ca1"}),
}


def test_registered_is_late_from_its_legal_bound_on(ledger: SqlLedger) -> None:
    """The bound itself is too late; what has no bound, or was taken back, is never late."""
    bound = NOW + DAY
    cases: dict[str, dict[str, Any]] = {
        "in-time": {"decided_at": bound - timedelta(microseconds=1)},
        "late": {"decided_at": bound},
        "unbound": {"decided_at": bound, "due_utc": None},
        "gone": {"decided_at": bound, "state": State.CANCELLED},
    }
    with ledger.begin() as work:
        for name, changes in cases.items():
            work.submissions.add(replace(a_submission(name, due_utc=bound, state=State.ACCEPTED), **changes))
        work.commit()
    assert ids(ledger.view.rows(SubmissionFilter(unsettled_or_late=True))) == ["late"]


@pytest.mark.parametrize("parts", [*combinations(PARTS, 1), *combinations(PARTS, 2)], ids="+".join)
def test_filter_matches_what_all_its_parts_match(stocked: SqlLedger, parts: tuple[str, ...]) -> None:
    told = {"current": False} | {part: PARTS[part][0] for part in parts}
    expected = set.intersection(*(PARTS[part][1] for part in parts))
    assert set(ids(stocked.view.rows(SubmissionFilter(**told)))) == expected


def test_long_list_of_ids_keeps_order_and_limit(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for number in range(1100):
            work.submissions.add(a_submission(f"s{number:04}", due_utc=NOW - number * HOUR if number % 2 else None))
        work.commit()
    wanted = [SubmissionId(f"s{number:04}") for number in range(1100)]
    found = ids(ledger.view.rows(SubmissionFilter(ids=[*wanted, wanted[0]]), limit=551))
    assert found[:2] == ["s1099", "s1097"]
    assert found[549:] == ["s0001", "s0000"]


def test_row_shows_delivery_and_no_details(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        head = enqueued(work, "head", contract_key=KEY, details='{"iin": "900101300123"}', findings="[1]")
        told: dict[str, Any] = {
            "status": QueueStatus.HELD,
            "wait_reason": WaitReason.NEEDS_DECISION,
            "doubtful": True,
        }
        work.outbox.put(an_entry(head, **told))
        for number in (1, 2):
            work.attempts.open(an_attempt(head.id, number))
            work.attempts.close(an_attempt(head.id, number).id, a_closing())
        work.submissions.add(a_submission("bare", operation=None, employer=None, due_utc=None))
        work.commit()
    first, bare = ledger.view.rows(SubmissionFilter())
    assert first == SubmissionRow(
        id=SubmissionId("head"),
        state=State.PENDING,
        operation="conclusion",
        employer="Алатау",
        contract_key=KEY,
        event_id="event of head",
        revision=1,
        code="",
        reason="",
        findings="[1]",
        legal_date=date(2026, 3, 10),
        safe_date=None,
        due_utc=NOW + 8 * DAY,
        received_at=NOW,
        decided_at=None,
        contract_id=None,
        status=QueueStatus.HELD,
        wait_reason=WaitReason.NEEDS_DECISION,
        available_at=NOW,
        blocked_by=None,
        attempts=2,
        doubtful=True,
        record_id=None,
        replaced_by=None,
    )
    assert (bare.operation, bare.employer, bare.status, bare.attempts, bare.doubtful) == ("", "", None, 0, False)
    assert "900101300123" not in repr(first)


def test_story_tells_everything_about_a_submission(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        old = a_submission("old", contract_key=KEY, state=State.REJECTED, replaced_by=SubmissionId("head"))
        work.submissions.add(old)
        head = enqueued(
            work,
            "head",
            contract_key=KEY,
            replaces=old.id,
            edition="3",
            point="p.7",
            term="5 working days",
            entered_at=NOW - HOUR,
            record_id="r-1",
        )
        for name, position in (("second", 2), ("first", 1)):
            told = {"status": QueueStatus.BLOCKED, "blocked_by": head.id}
            enqueued(work, name, contract_key=KEY, position=position, entry=told)
        work.submissions.add(a_submission("invalid", contract_key=KEY, position=3, state=State.INVALID))
        work.submissions.store_message(head.id, a_message())
        work.attempts.open(an_attempt(head.id, 1))
        work.attempts.close(an_attempt(head.id, 1).id, a_closing())
        work.attempts.open(an_attempt(head.id, 2))
        work.journal.append(a_line(submission_id=head.id), a_line(submission_id=old.id))
        work.commit()
    story = ledger.view.story(SubmissionId("head"))
    assert story is not None
    assert story.row == ledger.view.rows(SubmissionFilter(ids=[head.id]))[0]
    assert (story.row.record_id, story.edition, story.point, story.term) == ("r-1", "3", "p.7", "5 working days")
    assert (story.entered_at, story.signed_at) == (NOW - HOUR, NOW)
    assert story.replaces == "old"
    assert story.attempts == [
        AttemptRow("head-a1", 1, NOW, NOW + HOUR, Ending.UNKNOWN, "", "timeout"),
        AttemptRow("head-a2", 2, NOW, None, None, "", ""),
    ]
    assert [line.action for line in story.journal] == ["receive"]
    assert ids(story.behind) == ["first", "second"]
    behind_first = ledger.view.story(SubmissionId("first"))
    assert behind_first is not None
    assert ids(behind_first.behind) == ["second"]
    replaced = ledger.view.story(SubmissionId("old"))
    assert replaced is not None
    assert (replaced.behind, replaced.signed_at) == ([], None)


def test_nothing_waits_behind_a_settled_submission_or_one_outside_the_line(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission("done", contract_key=KEY, state=State.ACCEPTED))
        work.submissions.add(a_submission("outside", contract_key=KEY, state=State.INVALID, position=-1))
        enqueued(work, "next", contract_key=KEY, position=1, entry={"status": QueueStatus.BLOCKED})
        work.commit()
    for name in ("done", "outside"):
        story = ledger.view.story(SubmissionId(name))
        assert story is not None
        assert story.behind == []


@pytest.mark.parametrize(
    ("given", "found"), [("aa1", "aa1"), ("b", "ba1"), ("aa12", None), ("", None), ("AA1", None), ("%", None)]
)
def test_story_is_found_by_a_unique_beginning_of_its_id(stocked: SqlLedger, given: str, found: str | None) -> None:
    story = stocked.view.story(SubmissionId(given))
    assert (None if story is None else story.row.id) == found


def test_beginning_of_several_ids_asks_for_more_characters(stocked: SqlLedger) -> None:
    with pytest.raises(ValidationProblem, match="3 submissions begin with a"):
        stocked.view.story(SubmissionId("a"))


def test_whole_id_is_found_although_others_begin_with_it(stocked: SqlLedger) -> None:
    with stocked.begin() as work:
        work.submissions.add(a_submission("aa", operation=Operation.TERMINATION))
        work.commit()
    story = stocked.view.story(SubmissionId("aa"))
    assert story is not None
    assert story.row.operation == "termination"


def test_counts_leave_out_what_was_replaced(stocked: SqlLedger) -> None:
    assert stocked.view.counts() == {
        (State.PENDING, ""): 2,
        (State.REJECTED, "SCSE014"): 2,
        (State.ACCEPTED, ""): 1,
        (State.CANCELLED, ""): 1,
    }


def test_progress_of_an_empty_outbox_is_nothing(ledger: SqlLedger) -> None:
    assert ledger.view.progress() == Progress(0, 0, 0, 0, 0, 0, None)


def test_progress_tells_retries_from_dates_and_from_what_a_person_must_do(ledger: SqlLedger) -> None:
    scheduled = {"status": QueueStatus.SCHEDULED, "wait_reason": WaitReason.PAPER_DATE}
    with ledger.begin() as work:
        enqueued(work, "claimed")
        work.outbox.claim("me", NOW, HOUR, 1)
        enqueued(work, "r1")
        enqueued(work, "r2")
        enqueued(work, "d1", entry={**scheduled, "available_at": NOW + 2 * DAY})
        enqueued(work, "d2", entry={**scheduled, "available_at": NOW + DAY})
        tomorrow = {"wait_reason": WaitReason.NEXT_DAY, "available_at": NOW + 2 * DAY}
        enqueued(work, "d3", entry={**scheduled, **tomorrow})
        enqueued(work, "t", entry={"status": QueueStatus.SCHEDULED, "available_at": NOW + 3 * DAY})
        enqueued(work, "h1", entry={"status": QueueStatus.HELD, "wait_reason": WaitReason.NEEDS_DECISION})
        for name, reason in (("h2", WaitReason.CHECKED_OUT), ("h3", WaitReason.KEY_UNUSABLE)):
            told = {"status": QueueStatus.SCHEDULED, "wait_reason": reason, "available_at": NOW + 4 * DAY}
            enqueued(work, name, entry=told)
        for number in range(3):
            told = {"status": QueueStatus.BLOCKED, "wait_reason": WaitReason.PREDECESSOR_OPEN}
            enqueued(work, f"b{number}", entry=told)
        work.commit()
    progress = ledger.view.progress()
    assert progress == Progress(ready=2, claimed=1, retrying=1, dated=3, held=3, blocked=3, next_at=NOW + DAY)


@pytest.mark.parametrize(
    ("entry", "is_work"),
    [
        ({}, True),
        ({"status": QueueStatus.SCHEDULED}, True),
        *(({"status": QueueStatus.SCHEDULED, "wait_reason": reason}, False) for reason in NOT_BY_ITSELF),
        ({"status": QueueStatus.SCHEDULED, "wait_reason": WaitReason.GATEWAY_UNREACHABLE}, True),
        ({"status": QueueStatus.HELD, "wait_reason": WaitReason.NEEDS_DECISION}, False),
        ({"status": QueueStatus.BLOCKED, "wait_reason": WaitReason.PREDECESSOR_OPEN}, False),
    ],
)
def test_work_is_what_progress_counts_as_the_agents_own(
    ledger: SqlLedger, entry: dict[str, object], *, is_work: bool
) -> None:
    assert not ledger.view.has_work()
    with ledger.begin() as work:
        enqueued(work, "s1", entry=entry)
        work.commit()
    progress = ledger.view.progress()
    assert ledger.view.has_work() is is_work is bool(progress.ready or progress.claimed or progress.retrying)


def test_claimed_submission_and_note_are_work_and_a_stopped_employers_submission_is_none(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        one = enqueued(work, "s1")
        work.employer_stops.add(EmployerStop(one.employer_bin, EmployerName("alatau"), NOW, "op", "why"))
        work.commit()
    assert not ledger.view.has_work()
    with ledger.begin() as work:
        work.employer_stops.remove(one.employer_bin)
        work.outbox.claim("me", NOW, HOUR, 1)
        work.employer_stops.add(EmployerStop(one.employer_bin, EmployerName("alatau"), NOW, "op", "why"))
        work.commit()
    assert ledger.view.has_work()


def test_note_that_waits_is_work(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.write_backs.put(a_note("1"))
        work.commit()
    assert ledger.view.has_work()


def test_notes_that_wait_are_counted(ledger: SqlLedger) -> None:
    assert ledger.view.write_backs_waiting() == 0
    with ledger.begin() as work:
        work.write_backs.put(a_note("1"))
        work.write_backs.put(a_note("2"))
        work.commit()
    assert ledger.view.write_backs_waiting() == 2


def test_reading_does_not_wait_for_a_writer_nor_see_its_work(shared_ledger: SqlLedger) -> None:
    with shared_ledger.begin() as work:
        work.submissions.add(a_submission())
        assert shared_ledger.view.rows(SubmissionFilter()) == []
        assert shared_ledger.view.story(SubmissionId("s1")) is None
        work.commit()
    assert ids(shared_ledger.view.rows(SubmissionFilter())) == ["s1"]


def test_codes_in_use_are_those_of_current_submissions_in_the_order_of_their_contract(stocked: SqlLedger) -> None:
    """No other part of the details comes with them; what was taken back or replaced holds no code."""
    details = {"ba1": {"position_code": "2512-0-001", "employee_iin": "1"}, "aa1": {"reason_code": "05"}, "aa2": {}}
    with stocked.begin() as work:
        for name, values in details.items():
            held = a_submission(f"{name}-codes")
            work.submissions.add(replace(held, contract_key=KEY, position=len(name), details=json.dumps(values)))
        taken_back = a_submission("x-codes")
        work.submissions.add(replace(taken_back, state=State.CANCELLED, details=json.dumps({"reason_code": "01"})))
        work.commit()
    used = {one.submission_id: one for one in stocked.view.codes_in_use()}
    assert used[SubmissionId("ba1-codes")].codes == {"position_code": "2512-0-001"}
    assert used[SubmissionId("aa1-codes")].codes == {"reason_code": "05"}
    assert used[SubmissionId("aa2-codes")].codes == {}
    assert not {"x-codes", "ca1", "ea1"} & used.keys()
    assert used[SubmissionId("ba1-codes")].operation is Operation.CONCLUSION
