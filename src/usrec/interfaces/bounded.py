"""A question with a time limit of its own: whoever asks goes on, even when the answer never comes.

A database server that is stopped keeps its connections open and answers nothing, and no timeout of the driver notices.
The thread that still waits is left behind; while it does, the question is not asked again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from usrec.domain.errors import LedgerUnavailable

Answer = TypeVar("Answer")


class BoundedQuestion(Generic[Answer]):
    """Asks the ledger in a thread of its own.

    Args:
        ask: The question.
        limit: How long an answer is waited for.
    """

    def __init__(self, ask: Callable[[], Answer], limit: timedelta) -> None:
        self._ask = ask
        self._limit = limit
        self._asking: _Asking[Answer] | None = None

    def __call__(self) -> Answer:
        """The answer.

        Raises:
            LedgerUnavailable: There was none in time, or an earlier question is still without one.
            Exception: Whatever the question raised.
        """
        if self._asking is None or not self._asking.is_alive():
            self._asking = _Asking(self._ask)
            self._asking.start()
        asking = self._asking
        asking.join(self._limit.total_seconds())
        if asking.is_alive():
            seconds = self._limit.total_seconds()
            raise LedgerUnavailable(
                f"it has not answered within {seconds:g} s",
                where="ledger",
                kept="Nothing was changed",
                next_step="Look at the database server: is it stopped, or waiting for its disk?",
            )
        self._asking = None
        return asking.result()


class _Asking(threading.Thread, Generic[Answer]):
    def __init__(self, ask: Callable[[], Answer]) -> None:
        super().__init__(name="ask", daemon=True)
        self._question = ask
        self._answers: list[Answer] = []
        self._problems: list[BaseException] = []

    def run(self) -> None:
        try:
            self._answers.append(self._question())
        except BaseException as problem:  # noqa: BLE001 -- raised again in the thread that asked
            self._problems.append(problem)

    def result(self) -> Answer:
        for problem in self._problems:
            raise problem
        return self._answers[0]
