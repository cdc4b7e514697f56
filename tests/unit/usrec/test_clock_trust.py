"""Whose word counts against this machine's clock, and for how long: the rule of `domain/clock_trust`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from usrec.domain.clock_trust import LEAST, STALE, ClockState, HeardTime, Witness, judge

NOW = datetime(2026, 11, 16, 4, tzinfo=UTC)
HOURS_3 = timedelta(hours=3)
SECOND = timedelta(seconds=1)
STEADY = timedelta(days=5)
TOLERANCE = timedelta(minutes=5)
RIGHT, UNPROVEN, WRONG = ClockState.RIGHT, ClockState.UNPROVEN, ClockState.WRONG
ANSWER, GATEWAY, LEDGER, SOURCE, ITSELF = Witness


def heard(**apart: timedelta) -> Mapping[Witness, HeardTime]:
    """What each says, as far ahead of our clock as given, a minute ago."""
    minute = timedelta(minutes=1)
    return {Witness(who): HeardTime(NOW - minute + by, STEADY - minute) for who, by in apart.items()}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({}, RIGHT),
        ({"gateway": timedelta(0), "ledger": 2 * SECOND, "answer": -SECOND, "itself": timedelta(0)}, RIGHT),
        ({"gateway": TOLERANCE}, RIGHT),
        # One unsigned word alone proves nothing, and is not passed over either.
        ({"gateway": HOURS_3}, UNPROVEN),
        ({"ledger": HOURS_3}, UNPROVEN),
        ({"gateway": HOURS_3, "itself": timedelta(0)}, UNPROVEN),
        # Two that agree with each other do; so does the signed word by itself.
        ({"gateway": HOURS_3, "ledger": HOURS_3 + SECOND}, WRONG),
        ({"ledger": -HOURS_3, "source": -HOURS_3}, WRONG),
        ({"answer": HOURS_3}, WRONG),
        ({"answer": HOURS_3, "ledger": timedelta(0)}, UNPROVEN),
        # Two that contradict each other too are one against one.
        ({"gateway": HOURS_3, "ledger": -HOURS_3}, UNPROVEN),
        # Who speaks for the clock stands against a lonely header, however wild.
        ({"gateway": 1000 * HOURS_3, "ledger": timedelta(0)}, RIGHT),
        ({"gateway": HOURS_3, "answer": timedelta(0)}, RIGHT),
        ({"ledger": HOURS_3, "source": timedelta(0), "gateway": timedelta(0)}, RIGHT),
        # The gateway is one witness: its header adds nothing to its signed word, which holds up what it would not take.
        ({"answer": HOURS_3, "gateway": HOURS_3, "ledger": timedelta(0), "source": timedelta(0)}, UNPROVEN),
        # A clock that was set: alone it is not believed, with a second voice it is outvoted, confirmed it is right.
        ({"itself": HOURS_3}, UNPROVEN),
        ({"itself": HOURS_3, "gateway": HOURS_3}, WRONG),
        ({"itself": HOURS_3, "gateway": timedelta(0)}, RIGHT),
    ],
    ids=str,
)
def test_votes(said: dict[str, timedelta], state: ClockState) -> None:
    assert judge(heard(**said), NOW, STEADY, TOLERANCE).state is state


def test_it_says_how_far_and_by_whom() -> None:
    found = judge(heard(gateway=-HOURS_3, ledger=-HOURS_3, source=timedelta(0)), NOW, STEADY, TOLERANCE)
    assert (found.state, found.ahead) == (UNPROVEN, HOURS_3)
    assert (set(found.against), set(found.agreeing)) == ({GATEWAY, LEDGER}, {SOURCE})


def test_words_are_carried_on_by_the_counter() -> None:
    """A clock that is set shows at once, and so does its mending: nobody has to be asked again."""
    said, later = heard(gateway=timedelta(0), ledger=timedelta(0)), STEADY + timedelta(hours=10)
    right = NOW + timedelta(hours=10)
    assert judge(said, right, later, TOLERANCE).state is RIGHT
    assert judge(said, right + HOURS_3, later, TOLERANCE).state is WRONG
    assert judge(said, right, later + SECOND, TOLERANCE).state is RIGHT


def test_words_are_forgotten_after_a_day() -> None:
    said = heard(answer=HOURS_3)
    later = STEADY + STALE
    assert judge(said, NOW + STALE, later - timedelta(minutes=2), TOLERANCE).state is WRONG
    assert judge(said, NOW + STALE, later, TOLERANCE).state is RIGHT


def test_nobody_is_held_to_less_than_a_header_can_tell() -> None:
    assert judge(heard(answer=LEAST), NOW, STEADY, timedelta(0)).state is RIGHT
    assert judge(heard(answer=LEAST + SECOND), NOW, STEADY, timedelta(0)).state is WRONG
