"""A server that is away costs its timeout once in a look, not once for each certificate."""

from __future__ import annotations

import pytest

from kzeds.errors import UnreachableError
from usrec.adapters.trust.resting import REST, SLOW, RestingFetch


class Server:
    """Fails after some seconds of a clock that stands still otherwise."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = 100.0
        self.asked: list[str] = []

    def __call__(self, url: str, body: bytes | None = None, *, content_type: str = "") -> bytes:
        self.asked.append(url)
        if not self.seconds:
            return b"".join([body or b"", content_type.encode()])
        self.now += self.seconds
        raise UnreachableError(f"{url} did not finish its answer")


def ask(fetch: RestingFetch, url: str) -> None:
    with pytest.raises(UnreachableError, match=f"{url} did not finish its answer"):
        fetch(url)


def test_address_that_failed_slowly_is_left_alone_for_a_while_and_others_are_not() -> None:
    server = Server(20)
    fetch = RestingFetch(server, lambda: server.now)
    ask(fetch, "ocsp")
    ask(fetch, "ocsp")
    ask(fetch, "crl")
    assert server.asked == ["ocsp", "crl"]
    server.now += REST
    server.seconds = 0
    assert fetch("ocsp", b"question", content_type=" type") == b"question type"
    assert fetch("ocsp") == b""


def test_address_that_fails_at_once_is_asked_again() -> None:
    server = Server(SLOW / 2)
    fetch = RestingFetch(server, lambda: server.now)
    ask(fetch, "ocsp")
    ask(fetch, "ocsp")
    assert server.asked == ["ocsp", "ocsp"]
