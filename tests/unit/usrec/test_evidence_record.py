"""A record in a bundle says what its own journal says: no true story is called a lie, and no lie goes unnamed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.evidence_records import contradictions_of, record_of, said_against
from support.line import DAY, LEASE, TIMEOUT, UNREACHABLE, Line, refused, registered
from usrec.adapters.inmemory.clock import SeededEntropy
from usrec.application.acknowledge import acknowledge_late
from usrec.application.after_restore import hold_restored
from usrec.application.record_intent import OpenAttempt
from usrec.domain.chain import moment
from usrec.ports.backup import Manifest


def open_attempt(line: Line) -> OpenAttempt:
    """The most urgent submission is on the wire."""
    (claim,) = line.claim(1)
    made = line.made_ready(claim)
    return line.intend(claim, made.message, made.envelope)


def registered_after_an_outage(line: Line) -> None:
    line.send(UNREACHABLE)
    line.send_again(TIMEOUT)
    line.send_again(registered("R-1"))


def refused_twice(line: Line) -> None:
    line.send(refused("SCSE044"))


def died_and_sent_again(line: Line) -> None:
    line.crash()
    line.clock.advance(LEASE + timedelta(seconds=1))
    line.send(refused("SCSE086"))


def answered_after_it_was_given_up(line: Line) -> None:
    """An agent is paused past its lease, another one takes over; then the first one wakes with its answer."""
    opened = open_attempt(line)
    line.clock.advance(LEASE + timedelta(seconds=1))
    line.send(TIMEOUT)
    tolerance = line.policy.clock_tolerance + LEASE
    late = acknowledge_late(opened, registered("R-1"), ledger=line.ledger, clock=line.clock, tolerance=tolerance)
    assert late.decided


def on_the_wire(line: Line) -> None:
    open_attempt(line)


def restored_from_a_backup(line: Line) -> None:
    line.send(UNREACHABLE)
    made = Manifest("L", "0024", "sqlite", line.clock.now(), "1", {}, 0, 0, "", [], 0, "")
    with line.work() as work:
        hold_restored(work, made, {}, entropy=SeededEntropy(3), actor="asel", now=line.clock.now())


def settled_by_a_person(line: Line) -> None:
    line.send(TIMEOUT)
    line.clock.advance(DAY)
    line.settle("hire-1", contract_id="R-9")


def taken_back(line: Line) -> None:
    line.cancel("hire-1")


STORIES = (
    registered_after_an_outage,
    refused_twice,
    died_and_sent_again,
    answered_after_it_was_given_up,
    on_the_wire,
    restored_from_a_backup,
    settled_by_a_person,
    taken_back,
)


@pytest.mark.parametrize("story", STORIES)
def test_no_true_story_contradicts_its_journal(story: Callable[[Line], None]) -> None:
    line = Line()
    line.take("hire-1")
    line.clock.advance(timedelta(minutes=1))
    story(line)
    assert contradictions_of(line, "hire-1") == []


EARLIER = "2026-11-01T00:00:00.000000Z"


def an_attempt_that_never_was(record: dict[str, Any]) -> None:
    """What mitigates: that it was tried in time."""
    record["attempts"].insert(0, record["attempts"][0] | {"number": 0, "id": "0", "ending": "unknown", "code": ""})


def an_attempt_less(record: dict[str, Any]) -> None:
    del record["attempts"][1]


def an_attempt_less_with_its_lines(record: dict[str, Any]) -> None:
    del record["attempts"][1]
    record["journal"] = [line for line in record["journal"] if json.loads(line["detail"]).get("attempt") != 2]


def an_end_that_nobody_knows(record: dict[str, Any]) -> None:
    record["attempts"][2] |= {"ending": "unknown", "code": ""}


def an_attempt_still_open(record: dict[str, Any]) -> None:
    record["attempts"][0] |= {"closed_at": None, "ending": None}


def begun_earlier(record: dict[str, Any]) -> None:
    record["attempts"][0]["opened_at"] = EARLIER


def taken_later(record: dict[str, Any]) -> None:
    record["times"]["taken"] = record["as_of"]


def registered_earlier(record: dict[str, Any]) -> None:
    record["decisions"][0]["acknowledged_at"] = record["decided_at"] = record["times"]["acknowledged"] = EARLIER


def acknowledged_earlier(record: dict[str, Any]) -> None:
    record["times"]["acknowledged"] = EARLIER


def decided_earlier(record: dict[str, Any]) -> None:
    record["decided_at"] = EARLIER


def in_time_after_all(record: dict[str, Any]) -> None:
    record["deadline"]["timeliness"] = "in_time"


LIES = (
    (an_attempt_that_never_was, "the journal knows of no attempt 0"),
    (an_attempt_less, "attempt 2 is left out"),
    (an_attempt_less_with_its_lines, "attempt 2 is left out"),
    (an_end_that_nobody_knows, "attempt 3 ended otherwise"),
    (an_attempt_still_open, "attempt 1 ended otherwise"),
    (begun_earlier, "attempt 1 began at another time"),
    (taken_later, "it was taken at another time"),
    (registered_earlier, "it was registered at another time"),
    (acknowledged_earlier, "its times are not those of its decisions"),
    (decided_earlier, "its times are not those of its decisions"),
    (in_time_after_all, "it is not in_time"),
)


@pytest.mark.parametrize(("lie", "said"), LIES)
def test_a_lie_in_a_record_is_named(lie: Callable[[dict[str, Any]], None], said: str) -> None:
    line = Line()
    line.take("hire-1")
    line.clock.advance(30 * DAY)
    registered_after_an_outage(line)
    record = record_of(line, "hire-1")
    assert record["deadline"]["timeliness"] == "late"
    lie(record)
    assert said in said_against(record)


def test_when_an_answer_came_that_registered_nothing_is_no_time_of_registration() -> None:
    """It was a timeout that could not be recorded at once; the same bytes were registered by the next attempt."""
    line = Line()
    line.take("hire-1")
    opened = open_attempt(line)
    came_at = line.clock.now()
    line.clock.advance(timedelta(seconds=1))
    assert line.record(replace(opened, answered_at=came_at), TIMEOUT, timedelta()) is not None
    line.send_again(registered("R-1"))
    record = record_of(line, "hire-1")
    assert said_against(record) == []
    assert moment(came_at) in [json.loads(one["detail"]).get("came_at") for one in record["journal"]]
    record["decisions"][0]["acknowledged_at"] = record["decided_at"] = record["times"]["acknowledged"] = moment(came_at)
    assert said_against(record) == ["it was registered at another time"]


def test_a_number_of_an_attempt_that_nobody_can_count_to_ends_no_check() -> None:
    line = Line()
    line.take("hire-1")
    registered_after_an_outage(line)
    record = record_of(line, "hire-1")
    record["attempts"][2]["number"] = 10**15
    said = said_against(record)
    assert "attempt 3 is left out" in said
    assert len(said) < 10
