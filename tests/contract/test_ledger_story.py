"""The behaviour of every ledger: what HR said and the legal story of each submission."""

import contextlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.ledger_values import (
    BIN,
    DAY,
    HOUR,
    NOW,
    SOURCE,
    a_message,
    a_submission,
    an_entry,
    enqueued,
)
from usrec.adapters.persistence import SqlLedger
from usrec.domain.errors import InvariantViolation, LeaseLost
from usrec.domain.source_event import ContractKey, EmployerName, EventId, Operation, SourceName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, Standpoint, Submission, SubmissionId

KEY = ContractKey("K-1")

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone
submissions = st.builds(
    a_submission,
    name=st.uuids().map(str),
    row_ref=text,
    event_id=text,
    revision=st.integers(1, 2**62),
    operation=st.none() | st.sampled_from(Operation),
    employer=st.none() | text,
    employer_bin=text,
    contract_key=text,
    position=st.integers(-1, 2**31),
    state=st.sampled_from(State),
    details=text,
    withdrawn=st.booleans(),
    received_at=moments,
    entered_at=st.none() | moments,
    trigger=st.none() | st.dates(),
    legal_date=st.none() | st.dates(),
    safe_date=st.none() | st.dates(),
    due_utc=st.none() | moments,
    safe_utc=st.none() | moments,
    not_before=st.none() | moments,
    record_id=st.none() | text,
    contract_id=st.none() | text,
    code=text,
    reason=text,
    findings=text,
    edition=text,
    point=text,
    term=text,
    calendar_version=text,
    decided_at=st.none() | moments,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(submission=submissions)
def test_submission_comes_back_as_it_was_stored(ledger: SqlLedger, submission: Submission) -> None:
    with ledger.begin() as work:
        work.submissions.add(submission)
        assert work.submissions.get(submission.id) == submission


def test_unknown_submission_is_none(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        assert work.submissions.get(SubmissionId("nobody")) is None
        assert work.submissions.message(SubmissionId("nobody")) is None


def test_time_in_another_zone_is_the_same_moment(ledger: SqlLedger) -> None:
    almaty = timezone(timedelta(hours=5))
    with ledger.begin() as work:
        work.submissions.add(a_submission(due_utc=datetime(2026, 3, 3, 0, 0, tzinfo=almaty)))
        work.commit()
    with ledger.begin() as work:
        stored = work.submissions.get(SubmissionId("s1"))
    assert stored is not None
    assert stored.due_utc == datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
    assert stored.due_utc.tzinfo is UTC


def test_time_without_zone_is_refused(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission(received_at=NOW.replace(tzinfo=None)))
        with pytest.raises(InvariantViolation, match="without a zone"):
            work.writing.send()


def test_unit_of_work_without_commit_leaves_nothing(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission())
    with ledger.begin() as work:
        assert work.submissions.get(SubmissionId("s1")) is None


def test_error_inside_a_unit_of_work_rolls_it_back(ledger: SqlLedger) -> None:
    with contextlib.suppress(LookupError), ledger.begin() as work:
        work.submissions.add(a_submission())
        raise LookupError
    with ledger.begin() as work:
        assert work.submissions.get(SubmissionId("s1")) is None


def test_update_stores_all_that_changed(ledger: SqlLedger) -> None:
    signed = a_submission(state=State.SIGNED, record_id="r", reason="why", not_before=NOW + DAY)
    with ledger.begin() as work:
        work.submissions.add(a_submission())
        work.submissions.update(signed, was=State.PENDING)
        work.commit()
    with ledger.begin() as work:
        assert work.submissions.get(signed.id) == signed


def test_update_of_a_state_that_moved_on_writes_nothing(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission(state=State.CANCELLED))
        work.commit()
    with ledger.begin() as work:
        work.submissions.update(a_submission(state=State.SIGNED), was=State.PENDING)
        with pytest.raises(LeaseLost, match="not pending any more"):
            work.writing.send()
        assert work.submissions.get(SubmissionId("s1")) == a_submission(state=State.CANCELLED)


def test_submissions_of_an_event_come_oldest_revision_first(ledger: SqlLedger) -> None:
    event = EventId("e1")
    with ledger.begin() as work:
        work.submissions.add(a_submission("b", event_id=event, revision=2))
        work.submissions.add(a_submission("a", event_id=event, revision=10))
        work.submissions.add(a_submission("d", event_id=event, received_at=NOW + HOUR))
        work.submissions.add(a_submission("c", event_id=event))
        work.submissions.add(a_submission("x", event_id=event, source=SourceName("other")))
        work.submissions.add(a_submission("y", event_id=EventId("e2")))
        assert [one.id for one in work.submissions.of_event(SOURCE, event)] == ["c", "d", "b", "a"]
        many = work.submissions.of_events([(SOURCE, event), (SourceName("other"), event), (SOURCE, EventId("e3"))])
        assert {ref: [one.id for one in found] for ref, found in many.items()} == {
            (SOURCE, event): ["c", "d", "b", "a"],
            (SourceName("other"), event): ["x"],
            (SOURCE, EventId("e3")): [],
        }


def test_many_submissions_and_entries_are_found_by_their_ids(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        known = {one.id: one for one in (enqueued(work, "s1"), enqueued(work, "s2"), a_submission("s3"))}
        work.submissions.add(known[SubmissionId("s3")])
        wanted = [*known, SubmissionId("nobody")]
        assert work.submissions.get_all(wanted) == known
        assert work.outbox.get_all(wanted) == {name: work.outbox.get(SubmissionId(name)) for name in ("s1", "s2")}
        assert (work.submissions.get_all([]), work.outbox.get_all([])) == ({}, {})


def test_conclusions_of_a_contract_leave_out_what_was_replaced_cancelled_or_stands_outside(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        cases: dict[str, dict[str, Any]] = {
            "kept": {},
            "rejected": {"state": State.REJECTED},
            "cancelled": {"state": State.CANCELLED},
            "outside": {"state": State.INVALID, "position": -1},
            "amendment": {"operation": Operation.AMENDMENT, "position": 1},
            "replaced": {"replaced_by": SubmissionId("kept")},
            "other-bin": {"employer_bin": "1"},
        }
        for name, changes in cases.items():
            work.submissions.add(replace(a_submission(name, contract_key=KEY), **changes))
        found = work.submissions.conclusions_of([(BIN, KEY), (BIN, ContractKey("K-2"))])
        assert {one.id for one in found[BIN, KEY]} == {"kept", "rejected"}
        assert found[BIN, ContractKey("K-2")] == []


def test_what_stands_of_a_contract_is_what_is_registered_and_behind_it_what_is_open_in_line(
    ledger: SqlLedger,
) -> None:
    other = ContractKey("K-2")
    cases: dict[str, dict[str, Any]] = {
        "open-2": {"position": 7},
        "open-1": {"position": 1, "state": State.INDETERMINATE},
        "later": {"position": 0, "state": State.ACCEPTED, "decided_at": NOW + HOUR},
        "first": {"position": 5, "state": State.ACCEPTED, "decided_at": NOW},
        "invalid": {"state": State.INVALID},
        "refused": {"state": State.REJECTED},
        "cancelled": {"state": State.CANCELLED},
        "outside": {"position": -1},
        "replaced": {"replaced_by": SubmissionId("open-2")},
        "elsewhere": {"employer_bin": "1"},
        "other": {"contract_key": other},
    }
    with ledger.begin() as work:
        for name, changes in cases.items():
            work.submissions.add(replace(a_submission(name, contract_key=KEY), **changes))
        found = work.submissions.standing_of([(BIN, KEY), (BIN, other), (BIN, ContractKey("K-3"))])
        assert {key: [one.id for one in ones] for (_, key), ones in found.items()} == {
            KEY: ["first", "later", "open-1", "open-2"],
            other: ["other"],
            ContractKey("K-3"): [],
        }
        assert work.submissions.standing_of([]) == {}


def test_contracts_are_found_by_every_number_that_they_ever_had(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for key, number in (("K-2", "17"), ("K-1", "17"), ("K-1", "17"), ("K-1", "18")):
            work.contracts.add_number(BIN, ContractKey(key), number)
        work.contracts.add_number("1", ContractKey("K-9"), "17")
        assert work.contracts.with_numbers([(BIN, "17"), (BIN, "18"), (BIN, "ТД-17"), ("1", "17")]) == {
            (BIN, "17"): ["K-1", "K-2"],
            (BIN, "18"): ["K-1"],
            (BIN, "ТД-17"): [],
            ("1", "17"): ["K-9"],
        }


def test_a_contract_that_was_deleted_has_no_id_any_more(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.contracts.set_registry_id(BIN, KEY, "R-1")
        work.contracts.set_registry_id(BIN, KEY, None)
        assert work.contracts.registry_id(BIN, KEY) is None


def test_line_holds_the_unsettled_current_submissions_with_their_queue_status(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        enqueued(work, "head", contract_key=KEY)
        behind = a_submission("behind", contract_key=KEY, position=1, not_before=NOW + DAY)
        work.submissions.add(behind)
        work.outbox.put(an_entry(behind, status=QueueStatus.BLOCKED, blocked_by="head"))
        work.submissions.add(a_submission("invalid", contract_key=KEY, position=2, state=State.INVALID))
        work.submissions.add(a_submission("done", contract_key=KEY, position=3, state=State.ACCEPTED))
        work.submissions.add(a_submission("gone", contract_key=KEY, position=4, state=State.CANCELLED))
        work.submissions.add(a_submission("old", contract_key=KEY, position=5, replaced_by=SubmissionId("behind")))
        work.submissions.add(a_submission("outside", contract_key=KEY, position=-1, state=State.INVALID))
        work.submissions.add(a_submission("elsewhere", contract_key=ContractKey("K-2")))
        contracts = [(BIN, KEY), (BIN, ContractKey("K-2")), (BIN, ContractKey("K-3"))]
        assert work.submissions.lines_of(contracts) == {
            contracts[0]: [
                Standpoint(SubmissionId("head"), 0, State.PENDING, QueueStatus.READY, received_at=NOW),
                Standpoint(SubmissionId("behind"), 1, State.PENDING, QueueStatus.BLOCKED, NOW + DAY, NOW),
                Standpoint(SubmissionId("invalid"), 2, State.INVALID, None, received_at=NOW),
            ],
            contracts[1]: [Standpoint(SubmissionId("elsewhere"), 0, State.PENDING, None, received_at=NOW)],
            contracts[2]: [],
        }


@pytest.mark.parametrize(("positions", "expected"), [([], 1), ([-1], 1), ([0], 1), ([0, 1, 4], 5)])
def test_next_position_is_behind_all_events_and_never_the_conclusions(
    ledger: SqlLedger, positions: list[int], expected: int
) -> None:
    with ledger.begin() as work:
        for position in positions:
            state = State.CANCELLED
            work.submissions.add(a_submission(f"p{position}", contract_key=KEY, position=position, state=state))
        assert work.submissions.next_positions([(BIN, KEY)]) == {(BIN, KEY): expected}


def test_message_comes_back_byte_for_byte(ledger: SqlLedger) -> None:
    message = a_message(document=bytes(range(256)))
    with ledger.begin() as work:
        work.submissions.add(a_submission())
        work.submissions.store_message(SubmissionId("s1"), message)
        work.commit()
    with ledger.begin() as work:
        assert work.submissions.message(SubmissionId("s1")) == message


def test_message_is_written_once(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission())
        work.submissions.store_message(SubmissionId("s1"), a_message())
        work.commit()
    with ledger.begin() as work:
        work.submissions.store_message(SubmissionId("s1"), a_message("other"))
        with pytest.raises(InvariantViolation):
            work.writing.send()


@pytest.mark.parametrize("same", [{"record_id": "record-s1"}, {"message_id": "message-s1"}])
def test_record_id_and_message_id_serve_one_submission(ledger: SqlLedger, same: dict[str, Any]) -> None:
    with ledger.begin() as work:
        for name in ("s1", "s2"):
            work.submissions.add(a_submission(name))
        work.submissions.store_message(SubmissionId("s1"), a_message("s1"))
        work.commit()
    with ledger.begin() as work:
        work.submissions.store_message(SubmissionId("s2"), replace(a_message("s2"), **same))
        with pytest.raises(InvariantViolation):
            work.writing.send()


def test_messages_without_record_id_may_be_many(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for name in ("s1", "s2"):
            work.submissions.add(a_submission(name))
            work.submissions.store_message(SubmissionId(name), a_message(name, record_id=None))
        work.commit()


def test_contract_id_is_unknown_until_it_is_learnt(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.contracts.lock(BIN, KEY)
        work.contracts.lock(BIN, KEY)
        assert work.contracts.registry_id(BIN, KEY) is None
        work.contracts.set_registry_id(BIN, KEY, "R-1")
        work.commit()
    with ledger.begin() as work:
        work.contracts.lock(BIN, KEY)
        assert work.contracts.registry_id(BIN, KEY) == "R-1"
        work.contracts.set_registry_id(BIN, ContractKey("never locked"), "R-2")
        assert work.contracts.registry_id(BIN, ContractKey("never locked")) == "R-2"
        assert work.contracts.registry_id("1", KEY) is None
        others = [(BIN, KEY), (BIN, ContractKey("never locked")), (BIN, ContractKey("K-9")), ("1", KEY)]
        assert work.contracts.registry_ids(others) == {others[0]: "R-1", others[1]: "R-2"}


def test_links_between_revisions_may_be_written_in_any_order(ledger: SqlLedger) -> None:
    old, new = a_submission("old"), a_submission("new", replaces=SubmissionId("old"))
    with ledger.begin() as work:
        work.submissions.add(new)
        work.submissions.add(replace(old, replaced_by=new.id))
        work.commit()
    with ledger.begin() as work:
        assert work.submissions.get(new.id) == new


def test_link_to_nobody_is_refused_at_commit(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission(replaces=SubmissionId("nobody")))
        with pytest.raises(InvariantViolation):
            work.commit()


def test_employer_name_and_dates_keep_their_types(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.submissions.add(a_submission(employer=EmployerName("Әділет"), trigger=date(2026, 2, 28)))
        stored = work.submissions.get(SubmissionId("s1"))
    assert stored is not None
    assert (stored.employer, stored.trigger) == ("Әділет", date(2026, 2, 28))
    assert isinstance(stored.state, State)
    assert isinstance(stored.operation, Operation)
