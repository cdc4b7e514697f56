"""The stop of an employer holds for every agent of the ledger, from the transaction that wrote it on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from support.ledger_values import NOW, an_alert, enqueued
from support.outbox_steps import FIVE_MINUTES, claim_all
from usrec.adapters.persistence import SqlLedger
from usrec.domain.alert import Threshold, Watched
from usrec.domain.employer_stop import AGENT, EmployerStop
from usrec.domain.source_event import EmployerName
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.ports.ledger import Claim
from usrec.ports.ledger_view import SubmissionFilter

BIN, OTHER_BIN = "200940000013", "200940000024"
S1 = SubmissionId("s1")


def a_stop(**changes: Any) -> EmployerStop:
    values: dict[str, Any] = {"employer": EmployerName("alatau"), "stopped_at": NOW, "stopped_by": AGENT} | changes
    return EmployerStop(BIN, **values)


def stock(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        enqueued(work, "s1", employer_bin=BIN)
        enqueued(work, "s2", employer_bin=OTHER_BIN)
        work.commit()


def stop(ledger: SqlLedger, **changes: Any) -> bool:
    with ledger.begin() as work:
        added = work.employer_stops.add(a_stop(**changes))
        work.commit()
    return added


def names(claims: list[Claim]) -> list[str]:
    return [claim.submission.id for claim in claims]


def test_stop_comes_back_as_it_was_stored_and_the_first_one_stands(ledger: SqlLedger) -> None:
    stock(ledger)
    assert stop(ledger, code="SCSE001", submission_id=S1)
    assert not stop(ledger, stopped_by="asel", reason="too")
    assert ledger.view.employer_stops() == [a_stop(code="SCSE001", submission_id=S1)]
    with ledger.begin() as work:
        assert work.employer_stops.get(BIN) == a_stop(code="SCSE001", submission_id=S1)
        assert work.employer_stops.get(OTHER_BIN) is None
        assert work.employer_stops.remove(BIN)
        assert not work.employer_stops.remove(BIN)
        work.commit()
    assert ledger.view.employer_stops() == []


def test_claims_leave_a_stopped_employer_out_until_its_release(ledger: SqlLedger) -> None:
    stock(ledger)
    stop(ledger)
    with ledger.begin() as work:
        assert work.outbox.claim("a", NOW, FIVE_MINUTES, 1, only=S1) == []
        assert work.outbox.claim("a", NOW, FIVE_MINUTES, 9, employer=BIN) == []
        assert work.outbox.claim("a", NOW, FIVE_MINUTES, 9, employer=BIN, tried_less_than=6) == []
        assert work.outbox.employers() == {BIN, OTHER_BIN}
        assert names(list(work.outbox.claim("a", NOW, FIVE_MINUTES, 9, employer=OTHER_BIN))) == ["s2"]
    assert names(claim_all(ledger)) == ["s2"]
    row = next(row for row in ledger.view.rows(SubmissionFilter()) if row.id == S1)
    assert (row.status, row.wait_reason) == (QueueStatus.READY, WaitReason.EMPLOYER_STOPPED)
    waiting = SubmissionFilter(wait_reason=WaitReason.EMPLOYER_STOPPED)
    assert [row.id for row in ledger.view.rows(waiting)] == [S1]
    progress = ledger.view.progress()
    assert (progress.ready, progress.held, progress.claimed) == (0, 1, 1)
    figures = ledger.view.figures(NOW)
    assert list(figures.stopped) == ["alatau"]
    assert figures.queue[QueueStatus.READY, WaitReason.EMPLOYER_STOPPED] == 1
    with ledger.begin() as work:
        work.employer_stops.remove(BIN)
        work.commit()
    assert names(claim_all(ledger)) == ["s1"]


@pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)
def test_of_two_agents_whose_answers_stop_the_employer_one_does_and_neither_fails(shared_ledger: SqlLedger) -> None:
    stock(shared_ledger)
    with ThreadPoolExecutor(1) as other:
        with shared_ledger.begin() as work:
            assert work.employer_stops.add(a_stop(code="SCSE001"))
            waiting = other.submit(stop, shared_ledger, code="SCSE046")
            work.commit()
        assert waiting.result(10) is False
    assert [one.code for one in shared_ledger.view.employer_stops()] == ["SCSE001"]
    assert names(claim_all(shared_ledger, "agent-2")) == ["s2"]


@pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)
def test_stop_that_was_not_committed_stops_nobody(shared_ledger: SqlLedger) -> None:
    """The agent died between the answer and the commit; the attempt is still open, so the stop comes with the next."""
    stock(shared_ledger)
    with shared_ledger.begin() as work:
        work.employer_stops.add(a_stop())
    assert names(claim_all(shared_ledger)) == ["s1", "s2"]


def test_alert_of_a_stop_is_over_with_the_release(ledger: SqlLedger) -> None:
    stock(ledger)
    stop(ledger)
    with ledger.begin() as work:
        work.alerts.add([an_alert(S1, watched=Watched.EMPLOYER, threshold=Threshold.STOPPED)])
        assert work.alerts.outdated(9) == []
        work.employer_stops.remove(BIN)
        assert [alert.threshold for _, alert in work.alerts.outdated(9)] == [Threshold.STOPPED]


def test_waiting_after_a_refusal_is_known_with_its_beginning(ledger: SqlLedger) -> None:
    since = NOW - timedelta(days=1)
    with ledger.begin() as work:
        for name, reason in (("s1", WaitReason.TO_CONFIRM), ("s2", WaitReason.OTHER_PARTY), ("s3", None)):
            entry = {"status": QueueStatus.HELD, "wait_reason": reason, "available_at": since}
            enqueued(work, name, entry=entry)
        ids = [SubmissionId(name) for name in ("s1", "s2", "s3", "s4")]
        assert work.outbox.waiting_since(ids) == {"s1": since, "s2": since}
