"""How long to wait before the next try."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.domain.retry import RetryPolicy

ALMOST_ONE = 1 - 2**-53
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
