"""Many changes at once are held as one until a person has looked; nothing else is, and no deadline is forgotten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.line import ASEL, DAY, HOUR, OTHER_BIN, TIMEOUT, TODAY, TOMORROW, Line
from usrec.application.give_back import give_back_nameless, give_back_unsigned, give_back_untouched
from usrec.application.hasten import hasten_keyless
from usrec.application.masses import decide_mass, watch_masses
from usrec.application.probe import claim_probe
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import SigningRefused, UnsafeRequest
from usrec.domain.intake import IntakePolicy
from usrec.domain.mass import MASSED, MassDecision, MassPolicy
from usrec.domain.source_event import EmployerName, Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.watch import WatchPolicy
from usrec.other_agents import rescue_dead_leases
from usrec.ports.alert_sink import LOG
from usrec.ports.ledger_view import MassRow

NAME = f"alatau-termination-{TODAY.isoformat()}"


@pytest.fixture
def line(line: Line) -> Line:
    """Give a line that lets two terminations and three amendments of one day pass."""
    line.intake = IntakePolicy(masses=MassPolicy(amendments=3, terminations=2))
    line.employers[OTHER_BIN] = EmployerName("other")
    return line


def gone(line: Line, numbers: range, *, event: str = "termination", **fields: Any) -> None:
    """HR ends these people's contracts, or changes them, in one go."""
    for number in numbers:
        line.enter(f"{event}{number}", event, contract=f"K-{number}", **{"contract_id": f"R-{number}", **fields})
    line.ingest()


def waits(line: Line) -> dict[str, tuple[QueueStatus, WaitReason | None]]:
    entries = {event: line.queued(event) for event in line.states()}
    return {event: (entry.status, entry.wait_reason) for event, entry in entries.items() if entry is not None}


def batch(line: Line) -> MassRow:
    (found,) = line.ledger.view.masses()
    return found


def decide(line: Line, decision: MassDecision, name: str = NAME) -> int:
    return decide_mass(name, decision, (ASEL.name, ASEL.reason), ledger=line.ledger, clock=line.clock)


def look(line: Line) -> list[tuple[Watched, Threshold]]:
    policy = WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)
    watch_masses(ledger=line.ledger, policy=policy, clock=line.clock)
    watch_deadlines(ledger=line.ledger, policy=policy, clock=line.clock)
    with line.ledger.begin() as work:
        found = work.alert_sinks.untold(LOG, line.clock.now(), 99, at_once=True)
    return [(one.open.alert.watched, one.open.alert.threshold) for one in found]


def test_what_has_a_limit_is_what_is_taken_in_one_transaction() -> None:
    assert {one for one in Operation if MassPolicy(1, 1).limit_of(one)} == MASSED


def test_more_than_so_many_terminations_of_a_day_are_held(line: Line) -> None:
    gone(line, range(3))
    assert set(waits(line).values()) == {(QueueStatus.HELD, WaitReason.MASS_HELD)}
    assert line.claim() == []
    assert (batch(line).batch.name, batch(line).held, batch(line).events) == (NAME, 3, 3)
    assert line.notes()["1"].message == "Taken; held with many like it until a person has looked at them."


def test_so_many_pass(line: Line) -> None:
    gone(line, range(2))
    assert len(line.deliver_all()) == 2
    assert line.ledger.view.masses() == []


def test_withdrawals_that_wait_for_an_answer_are_not_held_nor_taken_back_as_many(line: Line) -> None:
    """HR would read a withdrawal that is taken back as done, and the event may be registered."""
    gone(line, range(2))
    line.send(TIMEOUT)
    line.send(TIMEOUT)
    gone(line, range(2), revision=2, withdrawn=True)
    assert line.ledger.view.masses() == []


def test_conclusions_are_never_held(line: Line) -> None:
    for number in range(9):
        line.enter(f"c{number}", contract=f"K-{number}")
    line.ingest()
    assert len(line.deliver_all()) == 9


def test_other_day_kind_and_employer_count_apart(line: Line) -> None:
    gone(line, range(2))
    gone(line, range(2, 4), termination_date=(TODAY - DAY).isoformat())
    gone(line, range(4, 7), event="amendment")
    for number in range(2):
        line.enter(f"o{number}", "termination", contract=f"O-{number}", employer=OTHER_BIN, contract_id="R-1")
    line.ingest()
    assert line.ledger.view.masses() == []


def test_an_employer_may_have_limits_of_its_own(line: Line) -> None:
    """A plant's day is a small company's whole staff."""
    line.intake = IntakePolicy(masses=MassPolicy(terminations=2), own_masses={OTHER_BIN: MassPolicy(terminations=4)})
    for number in range(4):
        line.enter(f"o{number}", "termination", contract=f"O-{number}", employer=OTHER_BIN, contract_id="R-1")
    gone(line, range(3))
    assert (batch(line).batch.name, batch(line).held) == (NAME, 3)
    line.enter("o4", "termination", contract="O-4", employer=OTHER_BIN, contract_id="R-1")
    line.ingest()
    assert sorted(one.held for one in line.ledger.view.masses()) == [3, 5]


def test_invalid_rows_that_are_examined_again_count_from_then_on(line: Line) -> None:
    """A staff that was refused for want of a setting is no less many when the setting is mended."""
    name = line.employers.pop(OTHER_BIN)
    for number in range(3):
        line.enter(f"o{number}", "termination", contract=f"O-{number}", employer=OTHER_BIN, contract_id="R-1")
    line.ingest()
    assert set(line.states().values()) == {State.INVALID}
    line.employers[OTHER_BIN] = name
    for number in range(3):
        line.retry(f"o{number}")
    assert (batch(line).held, line.claim()) == (3, [])


def test_what_arrived_before_and_was_not_sent_is_held_too(line: Line) -> None:
    gone(line, range(2))
    line.send(line.registers)
    gone(line, range(2, 3))
    assert (batch(line).events, batch(line).held) == (3, 2)
    assert batch(line).by_state == {State.ACCEPTED: 1, State.PENDING: 2}


def test_rows_far_apart_in_time_are_no_mass(line: Line) -> None:
    for number in range(6):
        gone(line, range(number, number + 1))
        line.clock.advance(13 * HOUR)
    assert line.ledger.view.masses() == []


def test_newcomer_joins_the_batch_that_is_open(line: Line) -> None:
    gone(line, range(3))
    line.clock.advance(timedelta(hours=30))
    gone(line, range(3, 4))
    assert (batch(line).events, batch(line).held) == (4, 4)


def test_released_as_one_with_who_and_why(line: Line) -> None:
    gone(line, range(3))
    assert decide(line, MassDecision.RELEASED) == 3
    assert len(line.deliver_all()) == 3
    told = line.journal(line.of("termination0").id)
    assert ("mass_release", ASEL.name, ASEL.reason) in [(one.action, one.actor, one.reason) for one in told]
    standing = line.ledger.view.standing("mass_released")
    assert standing is not None
    assert (standing.actor, standing.reason) == (ASEL.name, ASEL.reason)


def test_taken_back_as_one_and_hr_can_send_again(line: Line) -> None:
    gone(line, range(3))
    assert decide(line, MassDecision.CANCELLED) == 3
    assert set(line.states().values()) == {"cancelled"}
    assert line.notes()["1"].message == "Taken back; it will not be sent."
    line.take("termination0", "termination", contract="K-0", contract_id="R-0", revision=2)
    assert len(line.deliver_all()) == 1


def test_what_follows_goes_on_when_the_batch_is_taken_back(line: Line) -> None:
    gone(line, range(3))
    line.take("late", "amendment", contract="K-0", contract_id="R-0")
    assert line.entry("late").status is QueueStatus.BLOCKED
    decide(line, MassDecision.CANCELLED)
    assert [one.submission.event_id for one in line.deliver_all()] == ["late"]


def test_held_ones_behind_another_event_keep_their_order(line: Line) -> None:
    line.take("hired", contract="K-0")
    gone(line, range(3), contract_id=None)
    assert line.entry("termination0").status is QueueStatus.BLOCKED
    decide(line, MassDecision.RELEASED)
    assert waits(line)["termination0"] == (QueueStatus.BLOCKED, WaitReason.PREDECESSOR_OPEN)
    assert waits(line)["termination1"] == (QueueStatus.HELD, WaitReason.CONTRACT_UNKNOWN)
    assert [one.submission.event_id for one in line.deliver_all()] == ["hired", "termination0"]


def test_held_one_stays_held_when_its_predecessor_is_registered(line: Line) -> None:
    line.take("hired", contract="K-0")
    gone(line, range(3), contract_id=None)
    assert [one.submission.event_id for one in line.deliver_all()] == ["hired"]
    assert waits(line)["termination0"] == (QueueStatus.HELD, WaitReason.MASS_HELD)
    decide(line, MassDecision.RELEASED)
    assert [one.submission.event_id for one in line.deliver_all()] == ["termination0"]


def test_released_one_of_tomorrow_waits_for_its_day(line: Line) -> None:
    gone(line, range(3), termination_date=TOMORROW.isoformat())
    decide(line, MassDecision.RELEASED, f"alatau-termination-{TOMORROW.isoformat()}")
    assert set(waits(line).values()) == {(QueueStatus.SCHEDULED, WaitReason.PAPER_DATE)}
    line.clock.advance(DAY)
    assert len(line.deliver_all()) == 3


def test_one_alone_can_go_first_and_is_not_held_again(line: Line) -> None:
    gone(line, range(3))
    line.release("termination1")
    look(line)
    assert [one.submission.event_id for one in line.deliver_all()] == ["termination1"]
    assert batch(line).held == 2


def test_one_that_was_let_go_alone_is_not_held_again_when_another_comes(line: Line) -> None:
    gone(line, range(3))
    line.release("termination1")
    gone(line, range(3, 4))
    assert waits(line)["termination1"] == (QueueStatus.READY, None)
    assert (batch(line).events, batch(line).held) == (3, 3)


def test_what_a_dead_agent_had_in_hand_is_held_and_not_sent_by_the_next(line: Line) -> None:
    gone(line, range(2))
    line.claim(1, owner="dead")
    gone(line, range(2, 4))
    assert batch(line).held == 3
    line.clock.advance(HOUR)
    assert line.claim() == []
    assert batch(line).held == 4


def test_what_a_probe_would_claim_of_a_dead_agent_is_held_too(line: Line) -> None:
    gone(line, range(2))
    line.claim(1, owner="dead")
    gone(line, range(2, 4))
    line.clock.advance(HOUR)
    assert claim_probe(ledger=line.ledger, clock=line.clock, policy=line.policy, owner="agent") == []
    assert batch(line).held == 4


def test_what_is_freed_of_a_dead_agent_at_a_start_is_held(line: Line) -> None:
    gone(line, range(2))
    line.claim(1, owner="dead")
    gone(line, range(2, 4))
    rescue_dead_leases(line.ledger)
    assert line.claim() == []
    assert batch(line).held == 4


def test_what_an_agent_gives_back_untouched_is_held(line: Line) -> None:
    gone(line, range(2))
    (claim,) = line.claim(1)
    gone(line, range(2, 4))
    give_back_untouched(claim, ledger=line.ledger)
    assert line.claim() == []
    assert batch(line).held == 4


def test_what_an_agent_gives_back_without_the_id_of_its_contract_is_held(line: Line) -> None:
    gone(line, range(2))
    (claim,) = line.claim(1)
    gone(line, range(2, 4))
    submission = claim.submission
    with line.work() as work:
        work.contracts.set_registry_id(submission.employer_bin, submission.contract_key, "R-9")
    nameless = replace(claim, submission=replace(submission, contract_id=None))
    assert give_back_nameless(nameless, ledger=line.ledger, clock=line.clock).status is QueueStatus.READY
    assert line.claim() == []
    assert batch(line).held == 4


def test_what_waited_for_a_key_when_its_batch_began_is_held_when_the_key_is_there(line: Line) -> None:
    gone(line, range(2))
    (claim,) = line.claim(1)
    gone(line, range(2, 4))
    give_back_unsigned(claim, SigningRefused("the key is away"), ledger=line.ledger, clock=line.clock)
    assert hasten_keyless(ledger=line.ledger) == 1
    assert line.claim() == []
    assert batch(line).held == 4


def test_decided_once(line: Line) -> None:
    gone(line, range(3))
    decide(line, MassDecision.RELEASED)
    with pytest.raises(UnsafeRequest, match="has decided: released"):
        decide(line, MassDecision.CANCELLED)
    with pytest.raises(UnsafeRequest, match="there is no batch"):
        decide(line, MassDecision.CANCELLED, "nothing")


def test_later_flood_is_a_batch_of_its_own(line: Line) -> None:
    gone(line, range(3))
    decide(line, MassDecision.RELEASED)
    gone(line, range(3, 6))
    assert [one.batch.name for one in line.ledger.view.masses() if one.held] == [f"{NAME}-2"]


def test_agent_that_died_over_a_decision_is_followed_by_one_that_goes_on(line: Line) -> None:
    gone(line, range(3))
    with line.work() as work:
        work.masses.decide(NAME, MassDecision.RELEASED, ASEL.name, ASEL.reason, line.clock.now())
    look(line)
    assert len(line.deliver_all()) == 3


def test_each_working_day_reminds_of_it_until_somebody_decides(line: Line) -> None:
    """On a Monday morning at once, then on Tuesday; deadlines are told beside it."""
    gone(line, range(3))
    assert (Watched.MASS, Threshold.MASS_HELD) in look(line)
    assert look(line).count((Watched.MASS, Threshold.MASS_HELD)) == 1
    line.clock.advance(DAY)
    assert look(line).count((Watched.MASS, Threshold.MASS_HELD)) == 1
    line.clock.advance(6 * DAY)
    assert (Watched.LEGAL, Threshold.MISSED) in look(line)
    decide(line, MassDecision.RELEASED)
    assert Watched.MASS not in {watched for watched, _ in look(line)}


def test_zero_holds_none(line: Line) -> None:
    line.intake = IntakePolicy(masses=MassPolicy(amendments=0, terminations=0))
    gone(line, range(9))
    assert len(line.deliver_all()) == 9


def test_revision_of_a_held_one_is_held(line: Line) -> None:
    gone(line, range(3))
    line.take("termination0", "termination", contract="K-0", contract_id="R-0", revision=2, reason_code="06")
    assert waits(line)["termination0"] == (QueueStatus.HELD, WaitReason.MASS_HELD)
    assert (batch(line).events, batch(line).held) == (3, 3)
    assert dict(line.ledger.view.mass_changes(NAME)) == {"05": 2, "06": 1}
