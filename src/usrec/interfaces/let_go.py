"""Something slow that is let go of when nobody wants its result any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Final, TypeVar

T = TypeVar("T")

_GLANCE: Final = 0.2
"""Seconds between two questions whether it is still wanted."""


def result_while_wanted(work: Callable[[], T], unwanted: Callable[[], bool]) -> T | None:
    """What ``work`` gives or raises; None once it is unwanted.

    Its thread is then left behind: it holds nobody up, and the process ends without it.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as problem:  # noqa: BLE001 -- it is raised where the result is asked for
            future.set_exception(problem)

    threading.Thread(target=run, name="let-go", daemon=True).start()
    while not unwanted():
        if wait([future], timeout=_GLANCE).done:
            return future.result()
    return None
