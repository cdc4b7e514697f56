"""What HR reads in the row of an event that waits behind one that was refused: mend that one, not wait for this."""

from __future__ import annotations

from typing import Any, Final

import pytest

from support.line import BIN, DAY, EMPLOYERS, Line, refused
from usrec.application.after_restore import NOTE_IN_PLACE, AsItStands, hold_restored
from usrec.application.stop_employer import release_employer, stop_employer
from usrec.application.tell_stop import tell_stop
from usrec.domain.intake import IntakePolicy
from usrec.domain.mass import MassPolicy
from usrec.domain.source_event import EmployerName

WILL_BE_SENT: Final = "Taken; it will be sent."
WAITS: Final = (
    "Taken; an earlier event of the same contract was refused or has errors: "
    "it waits until that one has been mended or taken back."
)
MASS_HELD: Final = "Taken; held with many like it until a person has looked at them."
STOPPED: Final = "Taken; its employer is stopped: nothing is sent until a person lets it go on."


def told(line: Line, *events: str) -> list[str]:
    """What HR's rows of these events say."""
    return [line.notes()[line.of(event).row_ref].message for event in events]


def test_rows_behind_a_refused_one_say_so_until_it_is_mended(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    line.take("other", contract="K-2")
    assert told(line, "c1", "a1") == [WILL_BE_SENT] * 2
    line.send(refused("SCSE007"))
    line.take("t1", "termination")
    assert told(line, "a1", "t1", "other") == [WAITS, WAITS, WILL_BE_SENT]
    line.take("c1", revision=2, position_code="2512-0-002")
    assert told(line, "c1", "a1", "t1") == [WILL_BE_SENT] * 3
    line.deliver_all()
    assert set(line.states().values()) == {"accepted"}


@pytest.mark.parametrize("way_out", ["cancel", "withdraw", "mend"])
def test_rows_behind_a_row_with_errors_say_so_until_that_one_is_out_of_the_way(line: Line, way_out: str) -> None:
    line.register("c1")
    line.take("a1", "amendment", payload="{}")
    line.take("t1", "termination")
    assert told(line, "t1") == [WAITS]
    match way_out:
        case "cancel":
            line.cancel("a1")
        case "withdraw":
            line.take("a1", "amendment", revision=2, withdrawn=True)
        case _:
            line.take("a1", "amendment", revision=2)
    assert told(line, "t1") == [WILL_BE_SENT]


def test_row_that_a_person_stopped_says_nothing_else_while_its_predecessor_is_refused(line: Line) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    line.hold("a1")
    before = told(line, "a1")
    line.send(refused("SCSE007"))
    assert told(line, "a1") == before
    line.release("a1")
    assert told(line, "a1") == [WAITS]


@pytest.mark.parametrize("registered", [False, True])
def test_row_that_a_person_stopped_behind_a_refused_one_does_not_wait_for_that_any_more_when_it_is_mended(
    line: Line, *, registered: bool
) -> None:
    line.take("c1")
    line.take("a1", "amendment")
    line.send(refused("SCSE007"))
    line.hold("a1")
    line.take("c1", revision=2, position_code="2512-0-002")
    if registered:
        line.deliver_all()
    assert told(line, "a1") == [WILL_BE_SENT]
    line.release("a1")
    assert told(line, "a1") == [WILL_BE_SENT]


@pytest.mark.parametrize("way_out", ["release", "retry", "check_out", "hold"])
def test_row_that_leaves_its_batch_alone_is_not_held_with_many_any_more(line: Line, way_out: str) -> None:
    line.intake = IntakePolicy(masses=MassPolicy(amendments=1, window=DAY))
    for number in range(2):
        line.register(f"c{number}", contract=f"K-{number}")
    for number in range(2):
        line.take(f"a{number}", "amendment", contract=f"K-{number}")
    assert told(line, "a0", "a1") == [MASS_HELD] * 2
    getattr(line, way_out)("a0")
    assert told(line, "a0", "a1") == [WILL_BE_SENT, MASS_HELD]


def test_ledger_that_went_back_tells_no_row_of_its_place_until_somebody_has_compared(line: Line) -> None:
    """What HR's row says may be of a later day than anything that the ledger knows."""
    line.take("c1")
    line.take("a1", "amendment")
    line.send(refused("SCSE007"))
    with line.work() as work:
        hold_restored(
            work, AsItStands(0), EMPLOYERS, entropy=line.entropy, actor="asel", now=line.clock.now(), note=NOTE_IN_PLACE
        )
        work.write_backs.done(
            [handle for handle, _ in work.write_backs.due(line.source.name, line.clock.now(), 9)], line.clock.now()
        )
    line.release("a1")
    assert line.notes() == {}
    release_employer(BIN, EmployerName("alatau"), by="asel", reason="compared", ledger=line.ledger, clock=line.clock)
    line.take("c1", revision=2, position_code="2512-0-002")
    assert told(line, "a1") == [WILL_BE_SENT]


def test_stop_of_the_employer_is_told_only_where_it_is_what_is_waited_for(line: Line) -> None:
    why: Any = {"by": "asel", "reason": "the account is closed", "ledger": line.ledger, "clock": line.clock}
    line.take("c1")
    line.take("a1", "amendment")
    line.take("other", contract="K-2")
    line.send(refused("SCSE007"))
    stop_employer(BIN, EmployerName("alatau"), **why)
    tell_stop(BIN, ledger=line.ledger, clock=line.clock)
    assert told(line, "a1", "other") == [WAITS, STOPPED]
    line.take("c1", revision=2, position_code="2512-0-002")
    tell_stop(BIN, ledger=line.ledger, clock=line.clock)
    assert told(line, "a1", "other") == [STOPPED] * 2
    release_employer(BIN, EmployerName("alatau"), **why)
    tell_stop(BIN, ledger=line.ledger, clock=line.clock)
    assert told(line, "a1", "other") == [WILL_BE_SENT] * 2
