"""Clock and entropy: the machine's own, and those that a seed drives. Both kinds keep the same promises."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine

from usrec.adapters.inmemory.clock import ManualClock, SeededEntropy
from usrec.adapters.system_clock import SystemClock, SystemEntropy
from usrec.ports.clock import Clock, Entropy

START = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock(START.astimezone(timezone(timedelta(hours=5))))])
def test_every_clock_tells_aware_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


def test_system_clock_tells_the_machines_time() -> None:
    with time_machine.travel(START, tick=False):
        assert SystemClock().now() == START


def test_manual_clock_stands_until_it_is_moved() -> None:
    clock = ManualClock(START)
    assert clock.now() == clock.now() == START
    assert clock.advance(timedelta(hours=1)) == clock.now() == START + timedelta(hours=1)
    clock.set(START - timedelta(days=1))
    assert clock.now() == START - timedelta(days=1)


def test_manual_clock_is_not_advanced_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        ManualClock(START).advance(timedelta(seconds=-1))


def test_manual_clock_wants_a_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        ManualClock(START.replace(tzinfo=None))


@pytest.mark.parametrize("entropy", [SystemEntropy(), SeededEntropy(1)])
def test_entropy_gives_what_was_asked_for(entropy: Entropy) -> None:
    assert [len(entropy.token(size)) for size in (1, 16, 33)] == [1, 16, 33]
    assert len({entropy.token(16) for _ in range(200)}) == 200
    chances = [entropy.chance() for _ in range(200)]
    assert all(0 <= chance < 1 for chance in chances)
    assert max(chances) - min(chances) > 0.5


def test_a_seed_repeats_a_run() -> None:
    first, second, other = SeededEntropy(7), SeededEntropy(7), SeededEntropy(8)
    drawn = (first.token(16), first.chance())
    assert drawn == (second.token(16), second.chance())
    assert drawn != (other.token(16), other.chance())
