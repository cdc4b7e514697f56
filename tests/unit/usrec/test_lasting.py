"""What lasts is told at once, then once a minute with how often it was met, and anew when it comes back."""

from __future__ import annotations

import pytest

from usrec.interfaces.lasting import TOLD_AGAIN, Lasting


class Seconds:
    """A counter that only the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def lasting(seconds: Seconds) -> Lasting:
    return Lasting(seconds)


def test_a_night_of_looks_every_two_seconds_is_told_once_a_minute(lasting: Lasting, seconds: Seconds) -> None:
    told = []
    for _ in range(int(10 * TOLD_AGAIN / 2)):
        told.append(lasting.met("HR's database is away"))
        seconds.now += 2.0
    assert [one for one in told if one is not None] == [0, *[29] * 9]


def test_something_else_is_told_at_once(lasting: Lasting) -> None:
    assert lasting.met("HR's database is away") == 0
    assert lasting.met("the ledger is away") == 0
    assert lasting.met("HR's database is away") is None


def test_what_comes_back_after_it_was_over_begins_anew(lasting: Lasting, seconds: Seconds) -> None:
    for _ in range(3):
        lasting.met("HR's database is away")
    seconds.now = 3 * TOLD_AGAIN
    assert lasting.met("HR's database is away") == 0


def test_what_is_over_is_not_remembered_for_ever(lasting: Lasting, seconds: Seconds) -> None:
    for number in range(1000):
        lasting.met(f"submission {number} could not be told")
        seconds.now += TOLD_AGAIN
    assert len(lasting._told) <= 3
