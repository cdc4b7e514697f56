"""The machine's own seconds, which pass only when a test says so."""

from __future__ import annotations


class Seconds:
    """In place of ``time.monotonic``."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
