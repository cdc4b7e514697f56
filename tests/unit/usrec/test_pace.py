"""How many messages per minute may go to one endpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from usrec.domain.pace import Pace

NOW = datetime(2026, 11, 16, 4, tzinfo=UTC)
GAPS = st.lists(st.timedeltas(timedelta(0), timedelta(seconds=30)), min_size=1, max_size=200)


@given(per_minute=st.integers(1, 600), gaps=GAPS)
def test_no_more_goes_than_the_rate_and_what_was_saved(per_minute: int, gaps: list[timedelta]) -> None:
    pace, now, sent = Pace(), NOW, 0
    for gap in gaps:
        now += gap
        while (taken := pace.take(now, per_minute)) is not None and sent < 5000:
            pace, sent = taken, sent + 1
    minutes = (now - NOW) / timedelta(minutes=1)
    assert sent <= per_minute * minutes + max(1, per_minute / 6) + 1e-6


@given(per_minute=st.integers(1, 600))
def test_rate_is_reached_by_whoever_looks_often_enough(per_minute: int) -> None:
    pace, sent = Pace(), 0
    for second in range(600):
        while (taken := pace.take(NOW + timedelta(seconds=second), per_minute)) is not None:
            pace, sent = taken, sent + 1
    assert sent >= per_minute * 10 * 0.98 - 1


def test_clock_that_is_turned_back_gives_nothing_and_stops_nothing_for_longer_than_the_rate() -> None:
    pace = Pace().take(NOW, 1)
    assert pace is not None
    assert pace.take(NOW - timedelta(hours=3), 1) is None
    assert pace.take(NOW + timedelta(minutes=1), 1) is not None


def test_turn_that_was_not_used_can_be_taken_again() -> None:
    pace = Pace().take(NOW, 1)
    assert pace is not None
    assert pace.take(NOW, 1) is None
    assert pace.give_back().take(NOW, 1) is not None
