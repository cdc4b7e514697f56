"""The line in memory, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.line import Line


@pytest.fixture
def line() -> Iterator[Line]:
    """Give HR, a ledger, a key, a gateway and a clock in memory."""
    made = Line()
    yield made
    made.close()
