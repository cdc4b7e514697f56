"""What becomes of the queue at the present rate, and when nothing can be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.domain.forecast import Forecast, QueueGroup, QueueLoad, Rate, RateBasis, foretell, rate_of
from usrec.domain.submission import SubmissionId

NOW = datetime(2026, 11, 16, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEN = Rate(10.0, RateBasis.MEASURED, 100, 10 * MINUTE)


def group(priority: timedelta, due: timedelta | None, number: int) -> QueueGroup:
    return QueueGroup(NOW + priority, None if due is None else NOW + due, number, SubmissionId(f"last-{priority}"))


def load(*groups: QueueGroup, **changes: object) -> QueueLoad:
    told = QueueLoad(groups, 0, 0, NOW - 15 * MINUTE, tried=0, decided=0, in_vain_since=None)
    return replace(told, **changes)  # type: ignore[arg-type]  # each test names its own


BUSY = load(group(HOUR, 2 * HOUR, 1))
VAIN = replace(BUSY, tried=9, in_vain_since=NOW - 6 * MINUTE)


def test_last_ones_of_a_date_are_late_and_the_first_ones_are_not() -> None:
    told = foretell(load(group(HOUR, 2 * HOUR, 1500)), TEN, NOW)
    assert (told.late, told.late_safe) == (300, 900)
    assert [(one.late, one.number) for one in told.misses] == [(300, 1500)]
    assert told.empty_at == NOW + 150 * MINUTE


def test_what_goes_before_takes_its_time() -> None:
    told = foretell(load(group(HOUR, None, 1000), group(2 * HOUR, 2 * HOUR, 400)), TEN, NOW)
    assert told.late == 200
    assert told.late_safe == 200


def test_what_is_late_already_takes_time_and_is_not_foretold() -> None:
    told = foretell(load(group(-HOUR, -HOUR, 600), group(HOUR, HOUR, 10)), TEN, NOW)
    assert [(one.late, one.number) for one in told.misses] == [(10, 10)]


def test_time_after_the_last_day_is_late_at_any_rate() -> None:
    assert foretell(load(dated=5, dated_late=2), Rate(None, RateBasis.EMPTY), NOW).late == 2


GROUPS = st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 5000), st.integers(1, 300)), max_size=12)


@given(drawn=GROUPS, per_minute=st.floats(0.1, 1000))
def test_forecast_is_that_of_sending_one_after_another(drawn: list[tuple[int, int, int]], per_minute: float) -> None:
    """The sum by groups is what counting message by message gives."""
    queue = load(*(group(safe * MINUTE, (safe + more) * MINUTE, number) for safe, more, number in sorted(drawn)))
    told = foretell(queue, Rate(per_minute, RateBasis.MEASURED), NOW)
    place, late = 0, 0
    for one in queue.groups:
        assert one.due_utc is not None
        for _ in range(one.number):
            place += 1
            late += place > (one.due_utc - NOW) / MINUTE * per_minute
    assert told.late == late


@given(drawn=GROUPS, rates=st.tuples(st.floats(0.1, 1000), st.floats(0.1, 1000)))
def test_faster_is_never_later(drawn: list[tuple[int, int, int]], rates: tuple[float, float]) -> None:
    queue = load(*(group(safe * MINUTE, (safe + more) * MINUTE, number) for safe, more, number in sorted(drawn)))

    def late(per_minute: float) -> int:
        told: Forecast = foretell(queue, Rate(per_minute, RateBasis.MEASURED), NOW)
        assert told.late is not None
        return told.late

    assert late(max(rates)) <= late(min(rates))


@pytest.mark.parametrize(
    ("seen", "cap", "basis", "per_minute"),
    [
        (load(), None, RateBasis.EMPTY, None),
        (replace(BUSY, tried=30, decided=30), None, RateBasis.MEASURED, 2.0),
        (replace(BUSY, tried=9, decided=9, since=NOW - MINUTE), None, RateBasis.TOO_SHORT, None),
        (replace(BUSY, tried=10, decided=10, since=NOW - MINUTE), None, RateBasis.MEASURED, 10.0),
        (replace(BUSY, tried=9, decided=9, since=NOW - MINUTE), 60, RateBasis.CAP, 60.0),
        (BUSY, 60, RateBasis.IDLE, None),
        (replace(BUSY, since=NOW - MINUTE), 60, RateBasis.CAP, 60.0),
        (replace(BUSY, since=NOW), None, RateBasis.TOO_SHORT, None),
        (VAIN, 60, RateBasis.STALLED, None),
        (replace(VAIN, decided=100, tried=109), 60, RateBasis.STALLED, None),
        (replace(VAIN, in_vain_since=NOW - MINUTE), None, RateBasis.TOO_SHORT, None),
    ],
)
def test_rate_is_what_was_seen_or_not_known(
    seen: QueueLoad, cap: int | None, basis: RateBasis, per_minute: float | None
) -> None:
    rate = rate_of(seen, NOW, cap)
    assert (rate.basis, rate.per_minute) == (basis, per_minute)


def test_rate_that_is_not_known_foretells_nothing() -> None:
    told = foretell(BUSY, rate_of(BUSY, NOW, None), NOW)
    assert (told.late, told.late_safe, told.empty_at, told.nothing_moves) == (None, None, None, True)


def test_end_beyond_the_calendar_is_not_told() -> None:
    told = foretell(load(group(HOUR, HOUR, 10**9)), Rate(1e-9, RateBasis.MEASURED), NOW)
    assert (told.empty_at, told.late) == (None, 10**9)
