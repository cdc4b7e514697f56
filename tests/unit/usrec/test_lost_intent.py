"""A ledger that went back in time: what a living agent had sent is recorded again, and never signed anew in silence."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support import registry_messages as sent
from support.line import IIN, LEASE, TIMEOUT, Line, refused, registered
from usrec.application.ingest import IngestReport
from usrec.bootstrap import default_policies
from usrec.domain.errors import UnsafeRequest
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.state import State
from usrec.domain.submission import WaitReason
from usrec.domain.verdict import Ending
from usrec_simulator.ledger import Ledger
from usrec_simulator.operations import Operation
from usrec_simulator.registry import Registry
from usrec_simulator.rules import RuleBook


def memory(line: Line) -> Any:
    connection = line.ledger._engine.connect()
    driver = connection.connection.driver_connection
    connection.close()
    return driver


@pytest.fixture
def line(line: Line) -> Line:
    """Give a line that does after each refusal what an installation does by itself."""
    line.policy = replace(line.policy, policies=default_policies())
    return line


class Replica:
    """A copy of the ledger that lags behind, and takes over when the server fails."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        memory(line).backup(self._copy)

    def take_over(self) -> None:
        self._copy.backup(memory(self._line))


def fails_over(replica: Replica, answer: SubmissionOutcome | Callable[[Envelope], SubmissionOutcome]) -> Any:
    """A gateway's step, during which the ledger goes back to what the replica has."""

    def step(envelope: Envelope) -> SubmissionOutcome:
        replica.take_over()
        return answer(envelope) if callable(answer) else answer

    return step


def deliver_over_failover(line: Line, answer: Any, *, claimed: bool) -> Any:
    """Send c1; T3 is lost, and with it the claim unless the replica has that."""
    line.take("c1")
    before = Replica(line)
    (claim,) = line.claim()
    line.wire.then(fails_over(Replica(line) if claimed else before, answer))
    return line.deliver(claim)


def actions(line: Line, event: str = "c1") -> list[str]:
    return [entry.action for entry in line.journal(line.of(event).id)]


@pytest.mark.parametrize("claimed", [True, False])
def test_registration_of_a_forgotten_attempt_is_recorded_with_the_attempt(line: Line, claimed: bool) -> None:
    done = deliver_over_failover(line, line.registers, claimed=claimed)
    submission = line.of("c1")
    assert (done.result, submission.state, submission.reason) == ("accepted", State.ACCEPTED, "late_answer")
    assert submission.record_id == line.wire.record_id_in(line.wire.submitted[0])
    assert [attempt.ending for attempt in line.attempts("c1")] == [Ending.REGISTERED]
    (entry,) = [one for one in line.journal(submission.id) if one.action == "intent_restored"]
    with line.ledger.begin() as work:
        message = work.submissions.message(submission.id)
        assert message is not None
        keyed = work.journal.digest(submission.id, message.document)
    assert json.loads(entry.detail) == {"attempt": 1, "record_id": submission.record_id, "document": keyed}
    line.clock.advance(LEASE)
    assert line.claim() == [], "it is not signed anew"


@pytest.mark.parametrize("claimed", [True, False])
def test_doubt_about_a_forgotten_attempt_is_resolved_with_its_own_bytes(line: Line, claimed: bool) -> None:
    deliver_over_failover(line, TIMEOUT, claimed=claimed)
    assert line.of("c1").state is State.INDETERMINATE
    line.clock.advance(LEASE)
    assert line.send(refused("SCSE086")).result == "accepted"
    first, second = line.wire.submitted
    assert line.wire.record_id_in(first) == line.wire.record_id_in(second) == line.of("c1").record_id


def test_other_bytes_that_were_signed_meanwhile_stay_and_a_registration_of_the_lost_ones_is_an_alarm(
    line: Line,
) -> None:
    line.take("c1")
    replica = Replica(line)
    (claim,) = line.claim(owner="slow")

    def other_signs(envelope: Envelope) -> SubmissionOutcome:
        replica.take_over()
        line.wire.then(refused("SCSE014"))
        (again,) = line.claim(owner="quick")
        line.deliver(again)
        return line.registers(envelope)

    line.wire.then(other_signs)
    done = line.deliver(claim)
    assert (done.result, done.alert) == ("lease_lost", True)
    assert len(line.attempts("c1")) == 1
    *_, entry = line.journal(line.of("c1").id)
    lost = line.wire.record_id_in(line.wire.submitted[0])
    assert (entry.action, json.loads(entry.detail)["record_id"]) == ("intent_lost", lost), "by which a person finds it"
    assert line.entry("c1").wait_reason is WaitReason.TO_CONFIRM, "a person looks"


def test_agent_that_died_with_the_failover_signs_anew_and_the_second_entry_waits_for_a_person(line: Line) -> None:
    """Nobody remembers the first message; the registry has its contract number and says so."""
    line.take("c1")
    replica = Replica(line)
    line.crash()
    replica.take_over()
    line.clock.advance(LEASE)
    assert line.of("c1").state is State.PENDING
    line.send(refused("SCSE014"))
    first, second = line.wire.submitted
    assert line.wire.record_id_in(first) != line.wire.record_id_in(second)
    assert line.of("c1").state is State.INDETERMINATE
    assert line.entry("c1").wait_reason is WaitReason.TO_CONFIRM
    line.clock.advance(LEASE)
    assert line.claim() == [], "nothing goes on before somebody has looked"


def test_answer_to_an_event_that_the_ledger_has_forgotten_altogether_stops_the_agent_aloud(line: Line) -> None:
    replica = Replica(line)
    line.take("c1", employee_iin=IIN)
    (claim,) = line.claim()
    line.wire.then(fails_over(replica, registered()))
    with pytest.raises(UnsafeRequest, match="there is no submission"):
        line.deliver(claim)
    assert line.ingest() == IngestReport(), "HR's mark says that it was taken: a person clears it"


CHANGES_NOTHING = {
    Operation.CONTRACT_EDIT,
    Operation.AMENDMENT_EDIT,
    Operation.SOCIAL_LEAVE_EDIT,
    Operation.IIN_CHANGE,
}
"""They put the same in the place of the same."""


@pytest.mark.parametrize("operation", sent.GOOD)
def test_same_event_under_other_ids_is_refused_by_the_registry_unless_it_changes_nothing(operation: Operation) -> None:
    """What is left when agent and ledger have both forgotten a message: the registry's own rules (guarantees.md)."""
    registry = Registry(Ledger(Path(":memory:")), RuleBook())
    for before in sent.NEEDS.get(operation, (sent.CONCLUDED,)):
        registry.submit(sent.read(before.document()), at=sent.NOW)
    codes = [
        registry.submit(sent.read(sent.document(operation, {**sent.GOOD[operation], "record_id": which})), at=sent.NOW)
        for which in (f"first-{'0' * 26}", f"second-{'0' * 25}")
    ]
    assert codes[0].code is None
    assert (codes[1].code is None) == (operation in CHANGES_NOTHING)
