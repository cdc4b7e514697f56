"""How long to wait before the next try."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.domain.retry import RetryPolicy, time_left

ALMOST_ONE = 1 - 2**-53
CHANCES = st.floats(0, ALMOST_ONE)
HOUR = timedelta(hours=1)
POLICY = RetryPolicy(base=timedelta(seconds=5), cap=timedelta(minutes=15), floor=timedelta(seconds=1))


@pytest.mark.parametrize(("attempts", "longest"), [(1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (10, 900)])
def test_longest_wait_doubles_up_to_the_cap(attempts: int, longest: int) -> None:
    assert POLICY.wait(attempts, ALMOST_ONE) == timedelta(seconds=longest)


def test_half_a_chance_is_half_the_wait() -> None:
    assert POLICY.wait(4, 0.5) == timedelta(seconds=20)


@given(attempts=st.integers(1, 10**9), chance=st.floats(0, ALMOST_ONE))
def test_wait_is_never_shorter_than_the_floor_nor_longer_than_the_cap(attempts: int, chance: float) -> None:
    assert POLICY.floor <= POLICY.wait(attempts, chance) <= POLICY.cap


@given(attempts=st.integers(1, 60), chances=st.tuples(st.floats(0, ALMOST_ONE), st.floats(0, ALMOST_ONE)))
def test_more_chance_never_waits_less(attempts: int, chances: tuple[float, float]) -> None:
    less, more = sorted(chances)
    assert POLICY.wait(attempts, less) <= POLICY.wait(attempts, more)


@given(
    in_time=st.integers(1, 20),
    times=st.floats(1, 5000),
    attempts=st.integers(1, 40),
    chances=st.lists(st.floats(0, ALMOST_ONE), min_size=20, max_size=20),
)
def test_so_many_attempts_fit_before_the_date_whatever_the_dice_say(
    in_time: int, times: float, attempts: int, chances: list[float]
) -> None:
    """From the earliest moment on at which so many of the shortest waits fit at all."""
    policy = replace(POLICY, in_time=in_time)
    left = (in_time + 1) * policy.shortened_to * times
    for number in range(in_time):
        left -= policy.wait(attempts + number, chances[number], left=left)
        assert left > timedelta(0)


@given(left=st.timedeltas(timedelta(0), timedelta(days=30)), attempts=st.integers(1, 60), chance=CHANCES)
def test_date_only_ever_shortens_a_wait_and_never_below_the_floor(
    left: timedelta, attempts: int, chance: float
) -> None:
    shortened = POLICY.wait(attempts, chance, left=left)
    assert POLICY.floor <= shortened <= POLICY.wait(attempts, chance) <= POLICY.cap


@given(lefts=st.tuples(*[st.timedeltas(timedelta(0), timedelta(days=2))] * 2), attempts=st.integers(1, 60))
def test_nearer_date_never_waits_longer(lefts: tuple[timedelta, timedelta], attempts: int) -> None:
    nearer, farther = sorted(lefts)
    assert POLICY.wait(attempts, 0.9, left=nearer) <= POLICY.wait(attempts, 0.9, left=farther)


def test_near_date_makes_no_storm() -> None:
    """In the last hour before its date a submission that always meets the longest wait is tried 26 times, not 3600."""
    left, attempts = timedelta(hours=1), 20
    while left > timedelta(0):
        left -= POLICY.wait(attempts, ALMOST_ONE, left=left)
        attempts += 1
    assert attempts - 20 == 26


def test_next_date_is_the_safe_one_and_then_the_legal_one() -> None:
    safe, legal = datetime(2026, 11, 20, 19, tzinfo=UTC), datetime(2026, 11, 23, 19, tzinfo=UTC)
    assert time_left(safe - HOUR, safe, legal) == HOUR
    assert time_left(safe, safe, legal) == timedelta(days=3)
    assert time_left(legal, safe, legal) is None
    assert time_left(safe - HOUR, None, None) is None
