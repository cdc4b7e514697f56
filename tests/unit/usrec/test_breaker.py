"""The circuit breaker: what opens it, how it tries, what closes it, and that it never holds a deadline."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from support.line import MONDAY, TIMEOUT, UNREACHABLE, faulted, refused, registered
from usrec.domain.breaker import Breaker, BreakerPolicy, BreakerState, Passage, reached_nobody
from usrec.domain.outcome import Doubt, NothingSent, SubmissionOutcome, Unknown

PAUSE = timedelta(seconds=30)
POLICY = BreakerPolicy(failures=3, pause=PAUSE)
SECOND = timedelta(seconds=1)
HTTP_503 = Unknown(Doubt.HTTP_ERROR, "HTTP status 503 without a signed SOAP fault")


def after(outcomes: Iterable[SubmissionOutcome]) -> Breaker:
    breaker = Breaker()
    for outcome in outcomes:
        breaker = breaker.after(outcome, MONDAY, POLICY)
    return breaker


@pytest.fixture
def open_breaker() -> Breaker:
    return after([UNREACHABLE] * 3)


@pytest.mark.parametrize("doubt", Doubt)
def test_only_an_http_error_is_a_doubt_that_reached_nobody(doubt: Doubt) -> None:
    """What may have been taken is no reason to hold the others back: they may be registered in time."""
    assert reached_nobody(Unknown(doubt, "")) == (doubt is Doubt.HTTP_ERROR)


@pytest.mark.parametrize("outcome", [registered(), refused("SCSE014"), faulted("SCE001")])
def test_signed_answer_reached_somebody_whatever_it_says(outcome: SubmissionOutcome) -> None:
    assert not reached_nobody(outcome)
    assert after([UNREACHABLE, UNREACHABLE, outcome]) == Breaker()


@pytest.mark.parametrize("before", [Breaker(), after([UNREACHABLE]), after([UNREACHABLE] * 3)])
def test_what_the_agent_itself_held_back_says_nothing_of_the_gateway(before: Breaker) -> None:
    assert before.after(NothingSent("its lease ran out", held_back=True), MONDAY, POLICY) == before


def test_it_opens_after_so_many_in_a_row_and_not_before() -> None:
    assert after([UNREACHABLE, HTTP_503]).passage(MONDAY, POLICY) is Passage.ALL
    assert after([UNREACHABLE, HTTP_503, TIMEOUT, UNREACHABLE, UNREACHABLE]).state is BreakerState.CLOSED
    opened = after([UNREACHABLE, HTTP_503, UNREACHABLE])
    assert (opened.state, opened.opened_at, opened.in_vain) == (BreakerState.OPEN, MONDAY, 3)


def test_one_goes_after_the_pause_and_alone(open_breaker: Breaker) -> None:
    assert open_breaker.passage(MONDAY, POLICY) is Passage.NONE
    assert open_breaker.passage(MONDAY + PAUSE - SECOND, POLICY) is Passage.NONE
    assert open_breaker.passage(MONDAY + PAUSE, POLICY) is Passage.ONE
    probing = open_breaker.begin_probe()
    assert probing.state is BreakerState.PROBING
    assert probing.passage(MONDAY + 99 * PAUSE, POLICY) is Passage.NONE


def test_one_that_reached_nobody_waits_for_another_pause(open_breaker: Breaker) -> None:
    tried_at = MONDAY + 2 * PAUSE
    failed = open_breaker.begin_probe().after(UNREACHABLE, tried_at, POLICY).end_probe()
    assert (failed.state, failed.opened_at, failed.in_vain) == (BreakerState.OPEN, MONDAY, 4)
    assert failed.passage(tried_at + PAUSE - SECOND, POLICY) is Passage.NONE
    assert failed.passage(tried_at + PAUSE, POLICY) is Passage.ONE


@pytest.mark.parametrize("outcome", [registered(), refused("SCSE014"), faulted("SCE001"), TIMEOUT])
def test_one_that_reached_somebody_lets_all_go(open_breaker: Breaker, outcome: SubmissionOutcome) -> None:
    closed = open_breaker.begin_probe().after(outcome, MONDAY + PAUSE, POLICY).end_probe()
    assert closed == Breaker()
    assert closed.passage(MONDAY, POLICY) is Passage.ALL


def test_one_that_sent_nothing_at_all_gives_its_turn_back(open_breaker: Breaker) -> None:
    """Nothing was due, or the document was invalid: the gateway was not asked, so the next one need not wait."""
    assert open_breaker.begin_probe().end_probe().passage(MONDAY + PAUSE, POLICY) is Passage.ONE


def test_exchange_that_began_before_it_opened_counts_too(open_breaker: Breaker) -> None:
    assert open_breaker.after(registered(), MONDAY, POLICY) == Breaker()
    late_failure = open_breaker.after(UNREACHABLE, MONDAY + PAUSE, POLICY)
    assert late_failure.passage(MONDAY + PAUSE, POLICY) is Passage.ONE, "it must not make the pause longer"


def test_clock_that_is_turned_back_does_not_make_the_pause_longer(open_breaker: Breaker) -> None:
    assert open_breaker.passage(MONDAY - timedelta(days=1), POLICY) is Passage.ONE


def test_wait_of_an_outage_is_bounded_by_the_pause() -> None:
    """Whatever happened before, at any moment of an outage the next try is at most one pause away."""
    breaker = after([UNREACHABLE] * 3)
    now = MONDAY
    for _ in range(200):
        assert breaker.passage(now + PAUSE, POLICY) is Passage.ONE
        now += PAUSE
        breaker = breaker.begin_probe().after(UNREACHABLE, now, POLICY).end_probe()
