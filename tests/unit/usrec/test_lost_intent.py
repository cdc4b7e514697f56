"""A ledger that went back in time: what a living agent had sent is recorded again, and never signed anew in silence."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support import registry_messages as sent
from support.line import ASEL, BIN, IIN, LEASE, TIMEOUT, Line, PowerCutError, refused, registered
from usrec.application.approve import approve
from usrec.application.ingest import IngestReport
from usrec.domain.errors import UnsafeRequest
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.signing_request import SigningRequest
from usrec.domain.source_event import Operation as UsrecOperation
from usrec.domain.state import State
from usrec.domain.submission import WaitReason
from usrec.domain.verdict import Ending
from usrec.policies import default_policies
from usrec_simulator.ledger import Ledger
from usrec_simulator.operations import Operation
from usrec_simulator.registry import Decision, Registry
from usrec_simulator.rules import RuleBook

CHANGES_NOTHING = {
    Operation.CONTRACT_EDIT,
    Operation.AMENDMENT_EDIT,
    Operation.SOCIAL_LEAVE_EDIT,
    Operation.IIN_CHANGE,
}
"""They put the same in the place of the same."""


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
    assert "intent_restored" in actions(line)
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
    assert actions(line)[-1] == "intent_lost"
    assert line.entry("c1").wait_reason is WaitReason.TO_CONFIRM, "a person looks"


def test_answer_to_an_event_that_the_ledger_has_forgotten_altogether_stops_the_agent_aloud(line: Line) -> None:
    replica = Replica(line)
    line.take("c1", employee_iin=IIN)
    (claim,) = line.claim()
    line.wire.then(fails_over(replica, registered()))
    with pytest.raises(UnsafeRequest, match="there is no submission"):
        line.deliver(claim)
    assert line.ingest() == IngestReport(), "HR's mark says that it was taken: a person clears it"


class RealRegistry:
    """The simulator's registry, which takes the message of an operation under the record id that was sent."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._registry = Registry(Ledger(Path(":memory:")), RuleBook())
        for before in sent.NEEDS.get(operation, (sent.CONCLUDED,)):
            self._registry.submit(sent.read(before.document()), at=sent.NOW)
        self._before = len(self._registry.records())

    @property
    def entries(self) -> int:
        return len(self._registry.records()) - self._before

    def take(self, record_id: str | None) -> Decision:
        document = sent.document(self._operation, {**sent.GOOD[self._operation], "record_id": record_id})
        return self._registry.submit(sent.read(document), at=sent.NOW)

    def answers(self, line: Line) -> Callable[[Envelope], SubmissionOutcome]:
        """A gateway's step."""

        def step(envelope: Envelope) -> SubmissionOutcome:
            decided = self.take(line.wire.record_id_in(envelope))
            return registered(str(decided.record_id)) if decided.code is None else refused(decided.code)

        return step

    def takes_and_kills(self, line: Line) -> Callable[[Envelope], SubmissionOutcome]:
        """A gateway's step: the message is registered, and the agent dies."""

        def step(envelope: Envelope) -> SubmissionOutcome:
            assert self.take(line.wire.record_id_in(envelope)).code is None
            raise PowerCutError

        return step


BEFORE: dict[Operation, tuple[Operation, str]] = {
    Operation.AMENDMENT_EDIT: (Operation.AMENDMENT, "agreement_id"),
    Operation.AMENDMENT_DELETE: (Operation.AMENDMENT, "agreement_id"),
    Operation.SOCIAL_LEAVE_EDIT: (Operation.SOCIAL_LEAVE, "leave_id"),
}
FORGETTABLE = (*sorted(CHANGES_NOTHING), Operation.CONCLUSION, Operation.TERMINATION, Operation.AMENDMENT_DELETE)


def prepare(line: Line, operation: Operation) -> Callable[[], str]:
    """Have all registered that an event of this kind needs; returns how HR hands its row to the agent."""
    if operation is not Operation.CONCLUSION:
        line.register("begin")
    needed, name = BEFORE.get(operation, (None, ""))
    if needed is not None:
        line.register("before", needed.value)
    fields: dict[str, Any] = {name: "before"} if name else {}
    return partial(line.enter, "e1", operation.value, row_id=9, **fields)


def sends(line: Line, *steps: Any) -> None:
    line.wire.then(*steps)
    (claim,) = line.claim()
    with pytest.raises(PowerCutError):
        line.deliver(claim)


@pytest.mark.parametrize("forgets", ["the intent", "the row"])
@pytest.mark.parametrize("operation", FORGETTABLE)
def test_event_that_agent_and_ledger_have_forgotten_is_signed_anew_under_the_id_that_the_registry_knows(
    line: Line, operation: Operation, forgets: str
) -> None:
    """Also where the registry's own rules would take the same thing a second time."""
    registry = RealRegistry(operation)
    hand_over = prepare(line, operation)
    hand_over()
    never_taken = Replica(line)
    line.ingest()
    assert line.of("e1").state is State.PENDING
    replica = Replica(line) if forgets == "the intent" else never_taken
    sends(line, registry.takes_and_kills(line))
    replica.take_over()
    line.clock.advance(LEASE)
    if forgets == "the row":
        hand_over()
        line.ingest()
    assert line.of("e1").state is State.PENDING
    line.send(registry.answers(line))
    first, second = line.wire.submitted[-2:]
    assert first.message_id != second.message_id
    assert line.wire.record_id_in(first) == line.wire.record_id_in(second)
    assert registry.entries == 1
    submission, entry = line.of("e1"), line.entry("e1")
    assert (submission.state, submission.code) == (State.INDETERMINATE, "SCSE086")
    assert (entry.wait_reason, submission.reason) == (WaitReason.TO_CONFIRM, "id_used_by_unknown")
    line.clock.advance(LEASE)
    assert line.claim() == [], "nothing goes on before somebody has looked"


def record_ids(line: Line) -> list[str | None]:
    return [message.record_id for message in line.wire.messages]


def test_each_document_of_an_event_that_is_no_resend_has_a_record_id_of_its_own(line: Line) -> None:
    line.take("c1")
    for _ in range(2):
        line.send(refused("SCSE033"))
        line.retry("c1")
    line.send(TIMEOUT)
    line.send_again(refused("SCSE033"))
    line.enter("c1", revision=2)
    line.ingest()
    line.take("other", contract="K-2")
    line.deliver_all()
    assert line.states() == {"c1": "accepted", "other": "accepted"}
    *tries, resent, corrected, other = record_ids(line)
    assert tries[-1] == resent, "a resend is the same bytes"
    assert len({*tries, corrected, other}) == len(tries) + 2


def test_document_that_a_person_was_asked_about_keeps_its_id_unless_it_is_made_anew(line: Line) -> None:
    line.policy = replace(line.policy, approve={BIN: {UsrecOperation.CONCLUSION}})
    line.take("c1")
    replica = Replica(line)

    def ask() -> SigningRequest:
        line.send()
        which = line.of("c1").id
        with line.work() as work:
            request = work.signing_requests.get(which)
        assert request is not None
        return request

    asked = ask().record_id
    replica.take_over()
    assert ask().record_id == asked, "the asking is forgotten"
    line.retry("c1")
    request = ask()
    again = request.record_id
    assert again != asked, "what was asked before is void"
    approve(request.submission_id, request.digest, ASEL, ledger=line.ledger, clock=line.clock)
    line.send(refused("SCSE033"))
    assert record_ids(line) == [again]
    line.retry("c1")
    assert ask().record_id not in {asked, again}


@pytest.mark.parametrize("operation", sent.GOOD)
def test_same_event_under_other_ids_is_refused_by_the_registry_unless_it_changes_nothing(operation: Operation) -> None:
    """What is left when agent and ledger have both forgotten a message: the registry's own rules (guarantees.md)."""
    registry = RealRegistry(operation)
    codes = [registry.take(which).code for which in (f"first-{'0' * 26}", f"second-{'0' * 25}")]
    assert codes[0] is None
    assert (codes[1] is None) == (operation in CHANGES_NOTHING)


def test_what_is_recorded_again_names_what_was_sent_by_keyed_digests_alone(line: Line) -> None:
    deliver_over_failover(line, line.registers, claimed=True)
    which = line.of("c1").id
    said = {entry.action: json.loads(entry.detail) for entry in line.journal(which)}
    with line.ledger.begin() as work:
        message = work.submissions.message(which)
        assert message is not None
        document = work.journal.digest(which, message.document)
        request = work.journal.digest(which, line.wire.submitted[0].body)
    assert said["sign"]["document"] == document
    told = said["intent_restored"]
    assert (told["attempt"], told["document"], told["request"]) == (1, document, request)
    assert message.digest not in str(said), "a bare digest of personal data can be guessed"
