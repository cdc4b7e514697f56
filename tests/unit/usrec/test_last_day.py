"""The last day by law: what is proposed for the portal, what never is, and what the forecast says of the line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import pytest

from support.line import BIN, DAY, HOUR, TIMEOUT, TODAY, UNREACHABLE, Line, refused
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.application.foresee import Foreseen, _tell_of_the_line, watch_forecast
from usrec.application.stop_employer import stop_employer
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.errors import UnsafeRequest
from usrec.domain.forecast import Forecast, Rate, RateBasis, foretell
from usrec.domain.last_day import Advice
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import WaitReason
from usrec.domain.watch import WatchPolicy
from usrec.interfaces.cli.forecast_words import forecast_json, forecast_words, last_day_json, last_day_words
from usrec.ports.alert_sink import LOG

AT_THREE = time(15)
MINUTE = timedelta(minutes=1)


def due_of(line: Line, event: str) -> datetime:
    due = line.of(event).due_utc
    assert due is not None
    return due


def hire(line: Line, *events: str) -> datetime:
    """Conclusions of today; gives when their legal date ends."""
    for event in events:
        line.take(event, contract=f"K-{event}")
    return due_of(line, events[0])


def ahead(line: Line, cap: int | None = None) -> Foreseen:
    return Foreseen.of(line.ledger.view, line.clock.now(), cap, AT_THREE)


def advised(line: Line) -> dict[str, Advice]:
    """By event."""
    told = ahead(line).advice
    return {line.get(one).event_id: what for one, what in told.items()}


def watch(line: Line) -> int:
    policy = WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)
    return watch_forecast(ledger=line.ledger, view=line.ledger.view, policy=policy, clock=line.clock, cap=None)


def alerts(line: Line) -> Sequence[tuple[Watched, Threshold]]:
    with line.ledger.begin() as work:
        told = work.alert_sinks.untold(LOG, line.clock.now(), 500, at_once=True)
    of_these = {Watched.FORECAST, Watched.PORTAL}
    return [(one.open.alert.watched, one.open.alert.threshold) for one in told if one.open.alert.watched in of_these]


def try_in_vain(line: Line, minutes: int = 6) -> None:
    """The gateway is away for so long; each minute something is tried."""
    for _ in range(minutes):
        for claim in line.claim(1):
            line.wire.then(UNREACHABLE)
            line.deliver(claim)
        line.clock.advance(MINUTE)


def test_nothing_is_proposed_before_its_time_nor_on_another_day(line: Line) -> None:
    due = hire(line, "c1")
    line.clock.advance(due - 9 * HOUR - 1 * MINUTE - line.clock.now())
    assert advised(line) == {}
    line.clock.advance(MINUTE)
    assert advised(line) == {"c1": Advice.PORTAL}
    line.clock.set(line.clock.now() - DAY)
    assert advised(line) == {}


def test_what_goes_through_in_time_is_left_to_the_agent(line: Line) -> None:
    due = hire(line, *(f"c{number}" for number in range(12)))
    line.clock.advance(due - 2 * HOUR - line.clock.now())
    for _ in range(10):
        line.send(line.registers)
    assert advised(line) == {}
    assert ahead(line).forecast.late == 0


def test_gateway_that_is_away_sends_what_was_never_sent_to_the_portal_and_what_may_be_there_to_a_look(
    line: Line,
) -> None:
    due = hire(line, "doubtful", "c1", "c2")
    line.clock.advance(due - 3 * HOUR - line.clock.now())
    line.send(TIMEOUT)
    doubtful = next(event for event, state in line.states().items() if state == State.INDETERMINATE)
    try_in_vain(line)
    told = advised(line)
    assert told.pop(doubtful) is Advice.FIND_OUT
    assert set(told.values()) == {Advice.PORTAL}
    assert len(told) == 2


def test_what_is_proposed_can_be_checked_out_and_what_is_not_is_refused(line: Line) -> None:
    """The proposal never says what the command would refuse; the agent does not send what a person enters."""
    due = hire(line, "doubtful", "c1", "c2")
    line.clock.advance(due - 3 * HOUR - line.clock.now())
    line.send(TIMEOUT)
    try_in_vain(line)
    for event, what in advised(line).items():
        if what is Advice.PORTAL:
            line.check_out(event)
            line.settle(event, contract_id=f"R-{event}")
        else:
            with pytest.raises(UnsafeRequest):
                line.check_out(event)
    assert sorted(line.states().values()) == ["accepted", "accepted", "indeterminate"]
    assert list(advised(line).values()) == [Advice.FIND_OUT]


def test_what_came_a_moment_ago_has_its_first_try_before_it_although_nothing_goes_through(line: Line) -> None:
    due = hire(line, "c1")
    line.clock.advance(due - 3 * HOUR - line.clock.now())
    try_in_vain(line)
    hire(line, "new")
    line.clock.set(due - 3 * HOUR + 6 * MINUTE)
    late = line.of("new").due_utc
    assert late == due
    assert advised(line) == {"c1": Advice.PORTAL}


def test_what_is_on_the_wire_or_died_there_is_never_proposed(line: Line) -> None:
    due = hire(line, "c1")
    line.clock.advance(due - 3 * HOUR - line.clock.now())
    line.crash()
    assert advised(line) == {}
    line.clock.advance(10 * MINUTE)
    line.claim(0)
    assert advised(line) == {"c1": Advice.FIND_OUT}


def test_what_waits_for_a_key_is_proposed_and_what_somebody_stopped_or_usrec_refused_is_not(line: Line) -> None:
    due = hire(line, "refused", "keyless", "held", "given")
    line.take("behind", "amendment", contract="K-keyless")
    line.clock.advance(due - 4 * HOUR - line.clock.now())
    for event in ("keyless", "held", "given"):
        line.hold(event)
    line.send(refused("SCSE012"))
    line.release("keyless")
    line.release("given")
    line.check_out("given")
    line.signer = InMemorySigner({})
    (claim,) = line.claim()
    line.deliver(claim)
    assert line.entry("keyless").wait_reason is WaitReason.KEY_UNUSABLE
    assert advised(line) == {"keyless": Advice.PORTAL}
    line.release("held")
    name = EmployerName("alatau")
    stop_employer(BIN, name, by="asel", reason="the key is lost", ledger=line.ledger, clock=line.clock)
    assert advised(line) == {"keyless": Advice.PORTAL, "held": Advice.PORTAL}


def test_each_is_told_once_and_at_once_and_what_became_of_it_closes_it(line: Line) -> None:
    due = hire(line, "c1", "c2")
    line.clock.advance(due - 3 * HOUR - line.clock.now())
    try_in_vain(line)
    assert (watch(line), watch(line)) == (2, 0)
    assert alerts(line) == [(Watched.PORTAL, Threshold.ENTER_BY_HAND)] * 2
    line.check_out("c1")
    line.settle("c1", contract_id="R-1")
    watch_deadlines(
        ledger=line.ledger, policy=WatchPolicy(DigestPolicy(line.calendar.common), line.calendar), clock=line.clock
    )
    assert alerts(line) == [(Watched.PORTAL, Threshold.ENTER_BY_HAND)]
    line.clock.advance(HOUR)
    line.send(TIMEOUT)
    try_in_vain(line, 8)
    assert watch(line) == 1
    assert alerts(line) == [(Watched.PORTAL, Threshold.FIND_OUT)]


def busy(line: Line, decisions: int = 10) -> None:
    """So many are registered, one in six minutes."""
    for _ in range(decisions):
        line.send(line.registers)
        line.clock.advance(6 * MINUTE)


def test_line_that_will_be_late_is_told_once_a_day_until_it_will_not(line: Line) -> None:
    """Ten in an hour, and twelve with a legal date that ends in an hour: two of them."""
    due = hire(line, *(f"c{number:02}" for number in range(25)))
    line.clock.advance(due - 2 * HOUR - line.clock.now())
    busy(line)
    told = ahead(line).forecast
    assert (told.waiting, told.rate.basis) == (15, RateBasis.MEASURED)
    assert told.late is not None
    assert told.late >= 3
    assert watch(line) == 1 + told.late
    assert watch(line) == 0
    assert alerts(line).count((Watched.FORECAST, Threshold.WILL_BE_LATE)) == 1
    for _ in range(15):
        line.send(line.registers)
    assert watch(line) == 0
    assert (Watched.FORECAST, Threshold.WILL_BE_LATE) not in alerts(line)


def test_late_line_is_told_again_on_the_next_day_and_when_an_earlier_date_is_lost(line: Line) -> None:
    due = hire(line, *(f"c{number:02}" for number in range(40)))
    line.clock.advance(due - 100 * HOUR - line.clock.now())
    policy = WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)

    def look() -> int:
        forecast = slow(line)
        with line.work() as work:
            return _tell_of_the_line(work, forecast, policy, line.clock.now())

    assert [look(), look()] == [1, 0]
    line.take("urgent", "termination", contract="u", contract_id="R-1", termination_date=str(TODAY + DAY))
    assert due_of(line, "urgent") < due
    assert [look(), look()] == [1, 0]
    line.clock.advance(DAY)
    assert look() == 1
    assert alerts(line) == [(Watched.FORECAST, Threshold.WILL_BE_LATE)]


def slow(line: Line) -> Forecast:
    """The forecast at a rate at which hardly anything goes."""
    now = line.clock.now()
    return foretell(line.ledger.view.queue_load(now, now - HOUR), Rate(0.0001, RateBasis.MEASURED), now)


def test_queue_that_was_empty_shows_no_speed(line: Line) -> None:
    """Two an hour in quiet times are no reason to foretell that fifty new ones will be late."""
    hire(line, "c1", "c2")
    line.deliver_all()
    line.clock.advance(10 * MINUTE)
    hire(line, *(f"n{number}" for number in range(50)))
    assert ahead(line).forecast.rate.basis is RateBasis.TOO_SHORT
    assert ahead(line).forecast.late is None
    assert ahead(line, cap=60).forecast.rate.basis is RateBasis.CAP
    line.clock.advance(6 * MINUTE)
    assert ahead(line, cap=60).forecast.rate.basis is RateBasis.IDLE


def test_forecast_leaves_out_what_waits_for_a_person_or_a_date_and_counts_what_comes_too_late(line: Line) -> None:
    due = hire(line, "now", "held", "replayed")
    line.take("ahead", contract="K-a", contract_date=str(TODAY + 3 * DAY), signed_on=str(TODAY))
    line.hold("held")
    line.retry("replayed", not_before=due + HOUR)
    told = ahead(line).forecast
    assert (told.waiting, told.dated, told.dated_late) == (1, 2, 1)


def test_words_and_json_tell_the_same(line: Line) -> None:
    due = hire(line, *(f"c{number:02}" for number in range(25)))
    line.clock.advance(due - 2 * HOUR - line.clock.now())
    busy(line)
    told = ahead(line)
    words = "\n".join([*forecast_words(told.forecast), *last_day_words(told.advice)])
    said, day = forecast_json(told.forecast), last_day_json(told.advice)
    assert f"{said['late']} will be late at this rate" in words
    assert f"{said['waiting']} wait to be sent" in words
    assert f"LAST DAY: {day['enter_by_hand']} will not make it today" in words
    assert all(str(one) in words for one in told.advice)
    assert "decisions a minute, as in the last" in words
