"""What HR reads in the row of an event that waits behind one that was refused: mend that one, not wait for this."""

from __future__ import annotations

from typing import Any, Final

import pytest

from support.line import BIN, Line, refused
from usrec.application.stop_employer import release_employer, stop_employer
from usrec.application.tell_stop import tell_stop
from usrec.domain.source_event import EmployerName

WILL_BE_SENT: Final = "Taken; it will be sent."
WAITS: Final = (
    "Taken; an earlier event of the same contract was refused or has errors: "
    "it waits until that one has been mended or taken back."
)
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
