"""The bench between clerk and delivering threads: a call reaches a thread that waits, whatever the clerk does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from support.line import Line
from usrec.domain.errors import LedgerUnavailable
from usrec.interfaces.bench import Bench, Broken

LONG = 60.0
SOON = 5.0


def test_clerk_that_finishes_alone_leaves_the_calls_to_the_threads_that_wait_for_them(line: Line) -> None:
    line.take("e")
    (claim,) = line.claim()
    done, bench = Broken(claim, LedgerUnavailable("away"), sending=False), Bench()
    bench.call_away()
    bench.lay_out(lambda: done)
    bench.call_away()
    bench.finish()
    assert bench.gather(0.0, 9, more=lambda _: False) == [done]
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(bench.work, LONG, lambda: None) for _ in range(2)]
        try:
            assert [one.result(SOON) for one in waiting] == [None, None]
        finally:
            bench.call_away()
            bench.call_away()


def test_thread_whose_call_reached_another_one_looks_up_by_itself() -> None:
    bench = Bench()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(bench.work, LONG, lambda: None)
        try:
            assert waiting.result(SOON) is None
        finally:
            bench.call_away()


def test_knock_before_a_shift_is_answered_by_its_first_claim_and_one_within_it_by_the_next(line: Line) -> None:
    line.take("e")
    (claim,) = line.claim()
    done, bench = Broken(claim, LedgerUnavailable("away"), sending=False), Bench(alone=True)
    bench.knock()
    bench.begin()
    bench.lay_out(lambda: done)
    assert bench.gather(0.0, 9, more=lambda _: False) == [done]
    bench.knock()
    bench.lay_out(lambda: done)
    assert bench.gather(0.0, 9, more=lambda _: False) == []
    bench.begin()
    assert bench.gather(0.0, 9, more=lambda _: False) == [done], "what has come back is never thrown away"
