"""An outage is what exchanges prove: from the first that reached nobody to the next that reached somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.domain.outage import Exchange, Outage, Reach, outages
from usrec.domain.outcome import Doubt
from usrec.domain.verdict import Ending

NOON = datetime(2026, 11, 16, 7, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def exchange(minute: float, ending: Ending = Ending.REGISTERED, reason: str = "registered") -> Exchange:
    return Exchange(at(minute), at(minute + 0.5), ending, reason)


def failed(minute: float, doubt: Doubt = Doubt.TIMEOUT) -> Exchange:
    return exchange(minute, Ending.UNKNOWN, doubt.value)


def test_outage_runs_from_the_first_failure_to_the_next_answer_with_counts() -> None:
    unreachable = exchange(3, Ending.NOTHING_SENT, "gateway_unreachable")
    line = [exchange(0), failed(1), failed(2, Doubt.HTTP_ERROR), unreachable, failed(4), exchange(9), exchange(10)]
    assert list(outages(line)) == [
        Outage(at(1), at(9.5), {"gateway_unreachable": 1, "http_error": 1, "timeout": 2}),
    ]


def test_refusal_and_signed_fault_reach_somebody() -> None:
    line = [failed(1), exchange(2, Ending.REFUSED, "refused"), failed(3), exchange(4, Ending.NOT_PROCESSED, "x")]
    assert [(one.began, one.ended) for one in outages(line)] == [(at(1), at(2.5)), (at(3), at(4.5))]


def test_outage_that_nobody_ended_is_open() -> None:
    (found,) = outages([exchange(0), failed(1)])
    assert found.ended is None


def test_what_the_agent_held_back_says_nothing_of_the_gateway() -> None:
    stopping = exchange(2, Ending.NOTHING_SENT, "held_back")
    assert list(outages([exchange(1), stopping, exchange(3)])) == []
    unreachable = exchange(2, Ending.NOTHING_SENT, "gateway_unreachable")
    (found,) = outages([exchange(1), unreachable, stopping, exchange(3)])
    assert found.failures == {"gateway_unreachable": 1}


def test_death_of_the_agent_says_nothing_of_the_gateway() -> None:
    assert not list(outages([exchange(0), exchange(1, Ending.UNKNOWN, ""), exchange(2)]))


@pytest.mark.parametrize("doubt", Doubt)
def test_answer_that_cannot_be_trusted_reached_somebody_and_silence_nobody(doubt: Doubt) -> None:
    silent = {Doubt.TIMEOUT, Doubt.CONNECTION_LOST, Doubt.HTTP_ERROR, Doubt.NOT_SOAP}
    assert failed(0, doubt).reach is (Reach.FAILED if doubt in silent else Reach.REACHED)


@given(st.lists(st.tuples(st.sampled_from(list(Reach)), st.integers(1, 50), st.integers(0, 60)), max_size=30))
def test_every_failure_lies_in_one_outage_and_no_answer_in_any(drawn: Sequence[tuple[Reach, int, int]]) -> None:
    kinds = {
        Reach.REACHED: (Ending.REGISTERED, "registered"),
        Reach.FAILED: (Ending.UNKNOWN, "timeout"),
        Reach.UNCLEAR: (Ending.UNKNOWN, ""),
    }
    line, minute = [], 0
    for reach, pause, lasted in drawn:
        minute += pause
        line.append(Exchange(at(minute - lasted), at(minute), *kinds[reach]))
    found = list(outages(line))
    failures = [one for one in line if one.reach is Reach.FAILED]
    assert sum(one.failures["timeout"] for one in found) == len(failures)
    for one in failures:
        assert sum(outage.touches(one.closed_at, one.closed_at) for outage in found) >= 1
    answers = [one.closed_at for one in line if one.reach is Reach.REACHED]
    for outage in found:
        assert outage.ended is None or outage.began < outage.ended
        assert not [one for one in answers if outage.began < one < (outage.ended or datetime.max.replace(tzinfo=UTC))]
    for earlier, later in pairwise(found):
        assert earlier.ended is not None
        assert earlier.ended <= later.began
