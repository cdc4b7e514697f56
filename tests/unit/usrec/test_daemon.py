"""The agent's threads: what ends a drain, what stops the agent, and what it survives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import create_autospec

import pytest
import structlog
from structlog.testing import capture_logs

from support.line import (
    DAY,
    HOUR,
    IIN,
    TIMEOUT,
    TODAY,
    UNREACHABLE,
    Line,
    numbered,
    refused,
)
from support.line_agent import agent_of, answering
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.persistence.outbox import SqlOutbox
from usrec.adapters.persistence.view import SqlLedgerView
from usrec.application.delivery import Delivered
from usrec.application.write_back import write_back
from usrec.domain.errors import (
    ConfigurationError,
    GatewayUnavailable,
    InvariantViolation,
    LeaseLost,
    LedgerUnavailable,
    SourceUnavailable,
)
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.source_event import EmployerName, SourceName, SourceRow
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.interfaces import daemon as daemon_module
from usrec.interfaces.daemon import Daemon
from usrec.ports.change_listener import ChangeListener
from usrec.ports.doorbell import Ring

Log = Sequence[MutableMapping[str, Any]]


def run(agent: Daemon, *, drain: bool) -> None:
    """Run the agent; one that never ends is stopped, so that a test fails instead of waiting for ever."""
    guard = threading.Timer(30, agent.stop.set)
    guard.start()
    try:
        agent.run(drain=drain)
    finally:
        guard.cancel()
        guard.join()


def advances(line: Line, *, times: int = 99) -> Callable[[Delivered], None]:
    """An hour goes by with each of so many deliveries."""
    left = iter(range(times))

    def report(_: Delivered) -> None:
        if next(left, None) is not None:
            line.clock.advance(HOUR)

    return report


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """What the agent logs, whatever other tests did to the loggers."""
    with capture_logs() as captured:
        monkeypatch.setattr(daemon_module, "_log", structlog.get_logger("fresh"))
        yield captured


def actions(log: Log) -> list[str]:
    return [str(record["action"]) for record in log]


# -- drain


def test_drain_takes_delivers_tells_hr_and_ends(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [line.enter(f"c{number}", contract=f"K-{number}") for number in range(12)]
    rows.append(line.enter("a1", "amendment", contract="K-1"))
    answering(line, monkeypatch)
    reported: list[Delivered] = []
    run(Daemon(agent_of(line), report=reported.append), drain=True)
    assert set(line.states().values()) == {"accepted"}
    assert len(reported) == len(line.wire.submitted) == 13
    notes = [line.source.status_of(row) for row in rows]
    assert {note.state for note in notes if note is not None} == {"accepted"}
    assert None not in notes


def test_taking_and_sending_go_first_and_what_only_tells_or_looks_lets_them_pass(line: Line) -> None:
    loops = Daemon(agent_of(line))._loops(drain=False)
    assert {loop.name for loop in loops if loop.goes_first} == {"ingest-hr", "deliver"}
    assert {loop.name for loop in loops if loop.lets_pass} == {"write-back-hr", "upkeep", "journal", "look"}


def test_those_who_tell_hr_are_woken_by_results_that_are_recorded(line: Line) -> None:
    listener = create_autospec(ChangeListener, instance=True, source=SourceName("hr"))
    agent = replace(agent_of(line), listeners=[listener])
    loops = Daemon(agent)._loops(drain=False)
    assert {loop.name for loop in loops if loop.tells_results} == {"write-back-hr", "tell-hr-hr"}


def test_clerk_is_rung_for_by_whoever_took_rows_unless_the_ledger_rings(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = Daemon(agent_of(line))
    rung: list[Ring] = []
    monkeypatch.setattr(daemon.crew, "rang", rung.append)
    for number, heard in enumerate(({}, {"ledger": Ring.READY})):
        daemon.bells._heard_by = dict(heard)
        line.enter(f"c{number}", contract=f"K-{number}")
        assert daemon.hr_rows.take_from(daemon.agent, line.source) == 1
    assert rung == [Ring.READY]


def test_drain_of_nothing_ends_at_once(line: Line) -> None:
    run(Daemon(agent_of(line)), drain=True)


def test_drain_ends_when_the_rest_needs_a_person_or_a_date(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.enter("dated", contract="K-1", contract_date=(TODAY + 9 * DAY).isoformat())
    line.enter("unknown", "amendment", contract="K-2")
    line.enter("undecidable", contract="K-3")
    line.enter("blocked", "amendment", contract="K-3")
    line.enter("no key", contract="K-4", employer=(other := numbered("20094000002")))
    line.enter("by hand", contract="K-5")
    line.enter("invalid", contract="K-6", employee_iin=None)
    line.employers[other] = EmployerName("zhetisu")
    line.ingest()
    line.check_out("by hand")
    answering(line, monkeypatch, lambda _: refused("SCSE086"))
    run(Daemon(agent_of(line)), drain=True)
    waits = {name: line.entry(name).wait_reason for name in line.states() if name != "invalid"}
    assert waits == {
        "dated": WaitReason.PAPER_DATE,
        "unknown": WaitReason.CONTRACT_UNKNOWN,
        "undecidable": WaitReason.TO_CONFIRM,
        "blocked": WaitReason.PREDECESSOR_IN_DOUBT,
        "no key": WaitReason.KEY_UNUSABLE,
        "by hand": WaitReason.CHECKED_OUT,
    }


def test_drain_waits_for_what_the_agent_tries_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.enter("c1")
    said = iter((TIMEOUT, UNREACHABLE, refused("SCSE086")))
    answering(line, monkeypatch, lambda _: next(said))
    run(Daemon(agent_of(line), report=advances(line), give_up_after=DAY), drain=True)
    assert line.states() == {"c1": "accepted"}
    assert len(line.wire.submitted) == 3


def test_drain_gives_up_when_nothing_moves_and_loses_nothing(
    line: Line, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    line.take("c1")
    write_back(source=line.source, ledger=line.ledger, clock=line.clock)
    answering(line, monkeypatch, lambda _: UNREACHABLE)
    agent = Daemon(agent_of(line), report=advances(line, times=4), give_up_after=3 * HOUR)
    with pytest.raises(GatewayUnavailable, match="nothing has moved for 3:00:00") as caught:
        run(agent, drain=True)
    assert "Nothing was lost" in str(caught.value)
    assert "cannot be reached at https://gateway.example" in str(caught.value)
    assert line.of("c1").state is State.SIGNED
    assert line.entry("c1").status is not QueueStatus.CLAIMED


def test_drain_that_has_nothing_left_to_do_does_not_give_up(line: Line) -> None:
    agent = Daemon(agent_of(line), give_up_after=HOUR)
    line.clock.advance(DAY)
    agent.drain.asked([0], of=1)
    assert agent.drain.gave_up()
    assert agent.drain.is_over(line.ledger.view)


def test_drain_outlives_a_ledger_that_does_not_answer_for_a_while(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.enter("c1")
    answering(line, monkeypatch)
    real = SqlLedgerView.has_work
    asked: list[SqlLedgerView] = []

    def locked_at_first(view: SqlLedgerView) -> bool:
        asked.append(view)
        if len(asked) < 3:
            raise LedgerUnavailable("it is locked")
        return real(view)

    monkeypatch.setattr(SqlLedgerView, "has_work", locked_at_first)
    run(Daemon(agent_of(line)), drain=True)
    assert line.states() == {"c1": "accepted"}


def test_drain_is_not_over_while_hr_has_not_been_told(line: Line) -> None:
    line.take("c1", employee_iin=None)
    agent = Daemon(agent_of(line))
    agent.drain.asked([0], of=1)
    assert not agent.drain.is_over(line.ledger.view)


def test_drain_is_not_over_before_the_sources_were_asked(line: Line) -> None:
    agent = Daemon(agent_of(line))
    assert not agent.drain.is_over(line.ledger.view)


# -- stopping


def stopped_in_the_first_of_four(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        line.take(f"c{number}", contract=f"K-{number}")
    stop = threading.Event()

    def told_to_stop(envelope: Envelope) -> SubmissionOutcome:
        stop.set()
        return line.registers(envelope)

    answering(line, monkeypatch, told_to_stop)
    run(Daemon(agent_of(line, workers=1), stop), drain=False)


def test_stop_finishes_the_step_in_hand_and_begins_no_other(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_in_the_first_of_four(line, monkeypatch)
    assert sorted(line.states().values()) == ["accepted", "pending", "pending", "pending"]
    assert len(line.wire.submitted) == 1


def test_leases_of_a_stopped_agent_are_free_at_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_in_the_first_of_four(line, monkeypatch)
    with line.ledger.begin() as work:
        assert work.outbox.lease_owners() == []
    assert len(line.claim(owner="next")) == 3


def test_leases_are_free_after_an_error_too(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        line.take(f"c{number}", contract=f"K-{number}")

    def breaks(_: Envelope) -> SubmissionOutcome:
        raise ZeroDivisionError

    answering(line, monkeypatch, breaks)
    with pytest.raises(ZeroDivisionError):
        run(Daemon(agent_of(line, workers=1)), drain=False)
    with line.ledger.begin() as work:
        assert work.outbox.lease_owners() == []
    assert len([event for event in line.states() if line.of(event).state is State.SIGNED]) == 1


def test_leases_are_free_after_a_drain_that_gave_up_too(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        line.take(f"c{number}", contract=f"K-{number}")
    agent = Daemon(agent_of(line, workers=1))

    def until_it_gives_up(envelope: Envelope) -> SubmissionOutcome:
        assert agent.stop.wait(10)
        return line.registers(envelope)

    answering(line, monkeypatch, until_it_gives_up)
    monkeypatch.setattr(agent.drain, "gave_up", lambda: bool(line.wire.submitted))
    with pytest.raises(GatewayUnavailable):
        run(agent, drain=True)
    with line.ledger.begin() as work:
        assert work.outbox.lease_owners() == []
    assert sorted(line.states().values()) == ["accepted", "pending", "pending", "pending"]


def test_leases_that_cannot_be_freed_run_out_by_themselves(
    line: Line, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    def locked(*_: object) -> int:
        raise LedgerUnavailable("it is locked")

    monkeypatch.setattr(SqlOutbox, "free_leases", locked)
    run(Daemon(agent_of(line)), drain=True)
    assert "agent.leases_left" in actions(log)


def test_agent_that_is_stopped_already_does_nothing(line: Line) -> None:
    line.take("c1")
    stop = threading.Event()
    stop.set()
    run(Daemon(agent_of(line), stop), drain=False)
    assert line.wire.submitted == []


# -- errors


@pytest.mark.parametrize("problem", [RuntimeError("bug"), InvariantViolation("bug"), ConfigurationError("no key")])
def test_what_only_an_administrator_can_mend_stops_the_agent(
    line: Line, monkeypatch: pytest.MonkeyPatch, problem: Exception, log: Log
) -> None:
    line.enter("c1")

    def breaks(_: Envelope) -> SubmissionOutcome:
        raise problem

    answering(line, monkeypatch, breaks)
    before = threading.active_count()
    with pytest.raises(type(problem)) as caught:
        run(Daemon(agent_of(line)), drain=False)
    assert caught.value is problem
    assert threading.active_count() == before
    assert ("agent.crash" in actions(log)) == isinstance(problem, RuntimeError)
    assert line.of("c1").state is State.SIGNED


@pytest.mark.parametrize(
    "problem", [SourceUnavailable("away"), LedgerUnavailable("locked"), LeaseLost("somebody else has it")]
)
def test_what_passes_by_itself_does_not_stop_the_agent(
    line: Line, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    line.enter("c1")
    answering(line, monkeypatch)
    real = line.source.fetch
    fetches: list[int] = []

    def fails_twice(limit: int) -> Sequence[SourceRow]:
        fetches.append(limit)
        if len(fetches) < 3:
            raise problem
        return real(limit)

    monkeypatch.setattr(line.source, "fetch", fails_twice)
    run(Daemon(agent_of(line)), drain=True)
    assert line.states() == {"c1": "accepted"}
    assert len(fetches) >= 3


def test_one_source_that_is_away_does_not_end_a_drain(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.source.online = False
    agent = Daemon(agent_of(line), give_up_after=HOUR)
    monkeypatch.setattr(agent.drain, "gave_up", iter((False, False, True)).__next__)
    with pytest.raises(GatewayUnavailable):
        run(agent, drain=True)


def test_source_that_is_away_keeps_no_other_waiting(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.enter("c1")
    answering(line, monkeypatch)
    away = InMemorySource(SourceName("branch"))
    away.online = False
    daemon = Daemon(replace(agent_of(line), sources=[away, line.source]), give_up_after=HOUR)
    monkeypatch.setattr(daemon.drain, "gave_up", lambda: line.states() == {"c1": "accepted"})
    with pytest.raises(GatewayUnavailable):
        run(daemon, drain=True)
    assert line.states() == {"c1": "accepted"}


def test_key_that_cannot_sign_is_logged_as_an_error_and_stops_nobody(
    line: Line, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    line.signer = InMemorySigner({})
    line.enter("c1")
    answering(line, monkeypatch)
    run(Daemon(agent_of(line)), drain=True)
    (record,) = [one for one in log if one["action"] == "deliver"]
    assert (record["log_level"], record["result"]) == ("error", "waiting")


# -- what is logged


def test_conflicts_are_errors_and_nothing_personal_is_logged(
    line: Line, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    line.take("c1")
    line.enter("c1", contract_number="18")
    line.enter("c2", contract="K-2", position_code=IIN)
    answering(line, monkeypatch)
    run(Daemon(agent_of(line)), drain=True)
    (conflict,) = [record for record in log if record["action"] == "ingest.conflict"]
    assert (conflict["log_level"], conflict["rows"]) == ("error", 1)
    assert all("action" in record for record in log)
    assert IIN not in repr(log)
