"""When an agent is live, when it is ready, and the words for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from support.line import HOUR, IIN, MONDAY, TIMEOUT, Line
from usrec.domain.breaker import Breaker
from usrec.interfaces.health import Health, Outlook, look_at_ledger
from usrec.ports.ledger_view import Progress

IDLE = Progress(ready=0, claimed=0, retrying=0, dated=0, held=0, blocked=0, next_at=None)
WELL = Health(
    at=MONDAY,
    started_at=MONDAY - HOUR,
    version="1.2.3",
    outlook=Outlook(MONDAY, IDLE, 0, None),
    ledger_silent_for=timedelta(0),
    keys=["alatau"],
)


def test_agent_that_is_well_is_live_and_ready() -> None:
    assert (WELL.live, WELL.ready, list(WELL.obstacles)) == (True, True, [])
    assert WELL.words() == "nothing to send, no deadline ahead"


@pytest.mark.parametrize(
    ("changes", "live", "obstacle"),
    [
        ({"hung": ("deliver-1", "upkeep")}, False, "a thread hangs: deliver-1, upkeep"),
        ({"stopping": True}, True, "the agent is stopping"),
        ({"ledger_silent_for": None, "outlook": None}, True, "the ledger has not answered yet"),
        ({"ledger_silent_for": timedelta(seconds=61)}, True, "the ledger has not answered for 61 s"),
        ({"keys": [], "keyless": ["alatau"]}, True, "no employer has a usable key"),
    ],
    ids=str,
)
def test_what_makes_it_not_ready_is_said(changes: dict[str, object], live: bool, obstacle: str) -> None:
    health = replace(WELL, **changes)  # type: ignore[arg-type]  # the table holds fields of Health
    assert (health.live, health.ready, list(health.obstacles)) == (live, False, [obstacle])
    assert health.words().startswith(obstacle)
    assert health.document()["obstacles"] == [obstacle]


def test_an_agent_whose_owners_sign_by_hand_needs_no_key() -> None:
    assert replace(WELL, keys=[], keyless=[]).ready


def test_absent_gateway_and_refused_settings_are_told_and_change_nothing() -> None:
    """Restarting it, or sending its work elsewhere, would mend neither."""
    away = Breaker(in_vain=5, opened_at=MONDAY, paused_at=MONDAY)
    health = replace(
        WELL, breakers={"": away}, keyless=["zhetisu"], reload_refused="usrec.toml: line 3: no such setting"
    )
    assert health.live
    assert health.ready
    assert health.document() == {
        "at": "2026-11-16T04:00:00Z",
        "version": "1.2.3",
        "started_at": "2026-11-16T03:00:00Z",
        "live": True,
        "ready": True,
        "obstacles": [],
        "gateway_breaker": "open",
        "gateway_away_since": "2026-11-16T04:00:00Z",
        "gateway_away_for": {},
        "employers_with_key": ["alatau"],
        "employers_without_key": ["zhetisu"],
        "employers_stopped": [],
        "reload_refused": "usrec.toml: line 3: no such setting",
        "clock": "right",
        "clock_ahead_seconds": None,
        "answers_unrecorded": 0,
    }
    assert health.words() == (
        "nothing to send, no deadline ahead; THE GATEWAY IS AWAY since 2026-11-16T04:00:00Z; NO USABLE KEY: zhetisu; "
        "NEW SETTINGS REFUSED, the former ones hold: usrec.toml: line 3: no such setting"
    )


def test_answers_that_the_agent_alone_knows_are_told() -> None:
    health = replace(WELL, unrecorded=2)
    assert health.ready
    assert health.document()["answers_unrecorded"] == 2
    assert health.words().endswith("; ANSWERS THAT THE LEDGER HAS YET TO TAKE: 2; do not restart the agent")


def test_each_employer_for_whom_the_gateway_is_away_is_named() -> None:
    first = Breaker(in_vain=5, opened_at=MONDAY, paused_at=MONDAY)
    later = replace(first, opened_at=MONDAY + timedelta(hours=1))
    some = replace(WELL, breakers={"third": Breaker(), "zhetisu": later, "alatau": first})
    told = some.document()
    assert told["gateway_away_since"] == "2026-11-16T04:00:00Z"
    assert told["gateway_away_for"] == {"zhetisu": "2026-11-16T05:00:00Z", "alatau": "2026-11-16T04:00:00Z"}
    assert "AWAY for zhetisu since 2026-11-16T05:00:00Z, alatau since 2026-11-16T04:00:00Z" in some.words()
    everybody = replace(WELL, breakers={"zhetisu": later, "alatau": first})
    assert everybody.words().endswith("THE GATEWAY IS AWAY since 2026-11-16T04:00:00Z")


def test_status_counts_what_waits_and_names_the_next_deadline(line: Line) -> None:
    for number in range(3):
        line.take(f"c{number}", contract=f"K-{number}")
    line.send(TIMEOUT)
    line.hold("c2")
    outlook = look_at_ledger(line.ledger.view, line.clock.now())
    assert (outlook.in_doubt, outlook.next_date) == (1, date(2026, 11, 23))
    words = replace(WELL, outlook=outlook).words()
    assert words == "1 ready, 1 to be tried again, 1 in doubt, 1 waiting for a person, next deadline 2026-11-23"
    assert IIN not in words
