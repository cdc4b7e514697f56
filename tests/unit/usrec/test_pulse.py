"""Which thread hangs: told by time that never runs backwards."""

from __future__ import annotations

from datetime import timedelta

from support.seconds import Seconds
from usrec.interfaces.pulse import Pulses

MINUTE = timedelta(minutes=1)


def test_thread_hangs_when_its_step_takes_longer_than_it_may() -> None:
    seconds = Seconds()
    pulses = Pulses(seconds)
    pulses.begin("deliver-0", MINUTE)
    pulses.begin("ingest", 2 * MINUTE)
    seconds.now = 60
    assert pulses.hung() == ()
    seconds.now = 61
    assert pulses.hung() == ("deliver-0",)
    seconds.now = 121
    assert pulses.hung() == ("deliver-0", "ingest")


def test_thread_that_shows_progress_or_rests_does_not_hang() -> None:
    seconds = Seconds()
    pulses = Pulses(seconds)
    pulses.begin("deliver-0", MINUTE)
    pulses.begin("deliver-1", MINUTE)
    seconds.now = 50
    pulses.begin("deliver-0", MINUTE)
    pulses.rest("deliver-1")
    seconds.now = 100
    assert pulses.hung() == ()
    seconds.now = 111
    assert pulses.hung() == ("deliver-0",)
    pulses.rest("deliver-0")
    assert pulses.hung() == ()
    pulses.rest("never begun")
