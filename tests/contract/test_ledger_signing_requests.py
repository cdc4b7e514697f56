"""What persons are asked to sign or approve, on every kind of ledger: it lasts as long as its queue entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from support.ledger_values import BIN, DAY, HOUR, NOW, a_message, an_alert, enqueued
from usrec.adapters.persistence import SqlLedger
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.message import RenderedMessage
from usrec.domain.signing_request import SigningRequest
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.ports.ledger import UnitOfWork

S1 = SubmissionId("s1")
AWAITED = {"status": QueueStatus.HELD, "wait_reason": WaitReason.AWAITING_SIGNATURE}
APPROVAL = {"status": QueueStatus.HELD, "wait_reason": WaitReason.AWAITING_APPROVAL}


def a_request(name: str = "s1", **changes: Any) -> SigningRequest:
    request = SigningRequest.of(SubmissionId(name), RenderedMessage("<құжат/>".encode(), f"record-{name}"), NOW)
    return replace(request, **changes)


def asked(work: UnitOfWork, name: str = "s1", *, entry: dict[str, Any] | None = None, **changes: Any) -> None:
    enqueued(work, name, entry=AWAITED if entry is None else entry, **changes)
    work.signing_requests.put(a_request(name))


def test_request_comes_back_as_it_was_stored_and_replaced(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        asked(work)
        assert work.signing_requests.get(S1) == a_request()
        approved = replace(a_request().approved("asel", NOW + HOUR), package_id="P-1", packaged_at=NOW + HOUR)
        work.signing_requests.put(approved)
        assert work.signing_requests.get(S1) == approved
        assert work.signing_requests.get(SubmissionId("nobody")) is None


def test_request_goes_with_its_queue_entry_or_alone(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for name in ("s1", "s2"):
            asked(work, name)
        work.outbox.remove(S1)
        work.signing_requests.remove(SubmissionId("s2"))
        assert [work.signing_requests.get(SubmissionId(name)) for name in ("s1", "s2")] == [None, None]
        assert work.outbox.get(SubmissionId("s2")) is not None


def test_replacing_the_queue_entry_keeps_the_request(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        asked(work)
        entry = work.outbox.get(S1)
        assert entry is not None
        work.outbox.put(replace(entry, wait_reason=WaitReason.HELD_BY_PERSON))
        assert work.signing_requests.get(S1) == a_request()


def test_owner_is_shown_what_waits_for_them_most_urgent_first(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        asked(work, "late", safe_utc=NOW + 9 * DAY)
        asked(work, "early", safe_utc=NOW + DAY)
        asked(work, "approval", entry=APPROVAL)
        asked(work, "held", entry={"status": QueueStatus.HELD, "wait_reason": WaitReason.HELD_BY_PERSON})
        asked(work, "elsewhere", employer_bin="111111111111")
        found = work.signing_requests.awaiting(BIN)
        assert [(one.id, request.submission_id) for one, request in found] == [("early", "early"), ("late", "late")]


def test_only_what_a_person_is_asked_for_now_counts_as_awaited(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        asked(work, "signature")
        asked(work, "approval", entry=APPROVAL)
        asked(work, "ready", entry={})
        enqueued(work, "never")
        ids = [SubmissionId(name) for name in ("signature", "approval", "ready", "never")]
        assert work.signing_requests.asked_at(ids) == {"signature": NOW, "approval": NOW}


def test_claim_brings_the_request(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        asked(work, entry={})
        enqueued(work, "s2")
        claims = work.outbox.claim("me", NOW, HOUR, 9)
        assert {one.submission.id: one.request for one in claims} == {"s1": a_request(), "s2": None}


def test_signed_bytes_are_found_by_their_digest(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        enqueued(work)
        work.submissions.store_message(S1, a_message(digest="a" * 64))
        assert work.submissions.signed_as("a" * 64) == S1
        assert work.submissions.signed_as("b" * 64) is None


def test_story_shows_the_request_without_its_document(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        asked(work)
        enqueued(work, "s2")
        work.commit()
    story, other = ledger.view.story(S1), ledger.view.story(SubmissionId("s2"))
    assert story is not None
    assert other is not None
    assert story.request is not None
    assert (story.request.digest, story.request.asked_at) == (a_request().digest, NOW)
    assert other.request is None


def a_reminder(**changes: Any) -> Alert:
    kind = {"watched": Watched.PERSON, "threshold": Threshold.AWAITED, "last_day": date(2026, 3, 2)}
    return an_alert(S1, **(kind | changes))


@pytest.mark.parametrize(("entry", "over"), [(AWAITED, False), (APPROVAL, False), ({}, True)])
def test_reminder_is_over_when_nothing_is_awaited_any_more(
    ledger: SqlLedger, entry: dict[str, Any], over: bool
) -> None:
    with ledger.begin() as work:
        asked(work, entry=entry)
        work.alerts.add([a_reminder(), an_alert(S1)])
        assert [alert for _, alert in work.alerts.outdated(9)] == ([a_reminder()] if over else [])


def test_reminder_of_a_later_day_takes_the_place_of_the_earlier_one(ledger: SqlLedger) -> None:
    later = a_reminder(last_day=date(2026, 3, 3), raised_at=NOW + DAY)
    with ledger.begin() as work:
        asked(work)
        assert work.alerts.add([a_reminder()]) == [a_reminder()]
        assert work.alerts.add([later]) == [later]
        assert work.alerts.add([later]) == []
        work.commit()
    assert [one.alert for one in ledger.view.notice_board().alerts] == [later]
