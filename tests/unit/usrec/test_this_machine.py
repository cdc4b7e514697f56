"""What may do without TLS is this very machine, and nothing that only looks like it."""

from __future__ import annotations

import pytest

from usrec.domain.this_machine import is_this_machine


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["", "localhost.example", "128.0.0.1", "::", "10.0.0.1", "127.0.0.1.net"])
def test_another_machine(host: str) -> None:
    assert not is_this_machine(host)
