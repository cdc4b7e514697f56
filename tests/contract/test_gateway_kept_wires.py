"""The connections that messages go by: how answers end, when a connection is used again, and when it never is."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from support.gateway_side import Act, TinyServer, reply, say_nothing, vanish
from usrec.adapters.gateway.connection import Endpoint, open_transport
from usrec.adapters.gateway.http_answer import read_answer

BODY = b"<answer/>" * 400
WAITS = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 0.05}
Send = Callable[[TinyServer], tuple[int, bytes]]


def says(*portions: bytes, keep: bool = True) -> Act:
    """Answer with these bytes, each in a TCP segment and TLS record of its own."""

    def act(connection: socket.socket) -> bool:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for portion in portions:
            connection.sendall(portion)
        return keep

    return act


def plain(body: bytes = BODY, *fields: bytes) -> bytes:
    """An answer of the usual form."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: text/xml", b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join([*lines, b"", body])


def chunked(body: bytes = BODY) -> bytes:
    half = len(body) // 2
    chunks = b"".join(b"%x;any=1\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nTrailer: any\r\n\r\n"


@pytest.fixture
def pool(pki: Path) -> Iterator[Callable[[TinyServer], httpx.BaseTransport]]:
    opened: dict[str, httpx.BaseTransport] = {}

    def of(server: TinyServer) -> httpx.BaseTransport:
        if server.url not in opened:
            opened[server.url] = open_transport(Endpoint(server.url, pki / "tls-ca.pem", connections=1))
        return opened[server.url]

    yield of
    for transport in opened.values():
        transport.close()


@pytest.fixture
def send(pool: Callable[[TinyServer], httpx.BaseTransport]) -> Send:
    def once(server: TinyServer) -> tuple[int, bytes]:
        request = httpx.Request("POST", server.url, content=b"<question/>", extensions={"timeout": WAITS})
        with closing(pool(server).handle_request(request)) as response:
            return response.status_code, response.read()

    return once


def serve(pki: Path, *script: Act) -> TinyServer:
    return TinyServer(script, pki=pki)


WHOLE = {
    "usual": [plain()],
    "head alone first": [plain()[: -len(BODY)], BODY],
    "byte by byte": [bytes([byte]) for byte in plain(b"<a/>")],
    "chunked": [chunked()],
    "lines that end in LF": [plain().replace(b"\r\n", b"\n", 4)],
    "after 100 and 103": [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: any\r\n\r\n", plain()],
    "keep-alive said": [plain(BODY, b"Connection: Keep-Alive")],
    "length said twice alike": [plain(BODY, b"Content-Length: %d" % len(BODY))],
}


@pytest.mark.parametrize("form", sorted(WHOLE))
def test_an_answer_of_any_form_is_read_whole_and_its_connection_used_again(form: str, pki: Path, send: Send) -> None:
    with serve(pki, says(*WHOLE[form]), says(*WHOLE[form])) as server:
        for _ in range(2):
            status, body = send(server)
            assert (status, body) == (200, b"<a/>" if form == "byte by byte" else BODY)
        assert (server.connections, len(server.requests)) == (1, 2)


@pytest.mark.parametrize(
    ("form", "fields"),
    [("until it closes", b""), ("close said", b"Connection: close\r\nContent-Length: %d\r\n" % len(BODY))],
)
def test_a_connection_that_ends_with_its_answer_is_not_used_again(
    form: str, fields: bytes, pki: Path, send: Send
) -> None:
    act = says(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n" + BODY, keep=form == "close said")
    with serve(pki, act, act) as server:
        assert [send(server), send(server)] == [(200, BODY)] * 2
        assert server.connections == 2


def test_a_connection_on_which_more_came_than_the_answer_is_not_used_again(pki: Path, send: Send) -> None:
    stray = plain(b"the next one's answer?")
    with serve(pki, says(plain() + stray), says(chunked() + stray), says(plain())) as server:
        assert [send(server) for _ in range(3)] == [(200, BODY)] * 3
        assert server.connections == 3


def test_words_without_a_question_end_a_kept_connection(
    pki: Path, send: Send, pool: Callable[[TinyServer], httpx.BaseTransport]
) -> None:
    with serve(pki, says(plain(), b"HTTP/1.1 408 Timeout\r\n\r\n"), says(plain())) as server:
        assert send(server) == (200, BODY)
        (kept,) = vars(pool(server))["_idle"]
        select.select([kept._socket], [], [], 5)
        assert send(server) == (200, BODY)
        assert server.connections == 2


BROKEN = {
    "nothing": [b""],
    "no HTTP": [b"SSH-2.0-any\r\n\r\n"],
    "half a head": [plain()[:20]],
    "less than promised": [plain()[:-1]],
    "a chunk is missing": [chunked()[:-200]],
    "two lengths": [plain(BODY, b"Content-Length: 1")],
    "a length that is none": [b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + BODY],
    "a head without end": [b"HTTP/1.1 200 OK\r\nAny: " + b"x" * 200_000],
}


@pytest.mark.parametrize("form", sorted(BROKEN))
def test_a_broken_answer_is_an_error_and_its_connection_is_not_used_again(form: str, pki: Path, send: Send) -> None:
    with serve(pki, says(*BROKEN[form], keep=False), says(plain())) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            send(server)
        assert send(server) == (200, BODY)
        assert (server.connections, len(server.requests)) == (2, 2)


def test_a_failed_exchange_gives_its_place_back(pki: Path, send: Send) -> None:
    """One connection is allowed: a place that were lost would end all sending."""
    with serve(pki, *[vanish] * 3, says(plain())) as server:
        for _ in range(3):
            with pytest.raises(httpx.RemoteProtocolError):
                send(server)
        assert send(server) == (200, BODY)


def test_an_answer_that_nobody_reads_to_its_end_costs_its_connection(
    pki: Path, send: Send, pool: Callable[[TinyServer], httpx.BaseTransport]
) -> None:
    with serve(pki, says(plain()), says(plain())) as server:
        request = httpx.Request("POST", server.url, content=b"<question/>", extensions={"timeout": WAITS})
        pool(server).handle_request(request).close()
        assert send(server) == (200, BODY)
        assert server.connections == 2


def test_an_idle_connection_is_used_no_longer_than_allowed(pki: Path) -> None:
    with serve(pki, reply(200, BODY), reply(200, BODY)) as server:
        endpoint = Endpoint(server.url, pki / "tls-ca.pem", keep_alive=timedelta(0))
        with closing(open_transport(endpoint)) as transport:
            for _ in range(2):
                request = httpx.Request("POST", server.url, content=b"", extensions={"timeout": WAITS})
                with closing(transport.handle_request(request)) as response:
                    response.read()
        assert server.connections == 2


def test_an_error_status_before_the_request_was_taken_whole_is_read(pki: Path) -> None:
    """A server that refuses early stops reading; what it said counts more than that it stopped."""
    refusal = b"HTTP/1.1 413 Too large\r\nContent-Length: 3\r\n\r\nbig"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread = threading.Thread(target=_refuse_early, args=(listener, refusal))
        thread.start()
        with closing(open_transport(Endpoint(url))) as transport:
            request = httpx.Request("POST", url, content=b"x" * 30_000_000, extensions={"timeout": WAITS})
            with closing(transport.handle_request(request)) as response:
                assert (response.status_code, response.read()) == (413, b"big")
        thread.join(10)


def _refuse_early(listener: socket.socket, refusal: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(refusal)


def test_a_connection_that_failed_to_come_up_gives_its_place_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    with closing(open_transport(Endpoint(url, connections=1))) as transport:
        for _ in range(2):
            request = httpx.Request("POST", url, content=b"", extensions={"timeout": WAITS})
            with pytest.raises(httpx.ConnectError):
                transport.handle_request(request)


def test_a_long_request_goes_out_whole(pki: Path) -> None:
    content = bytes(range(256)) * 40_000
    with TinyServer([reply(200, BODY)], pki=None) as server, closing(open_transport(Endpoint(server.url))) as transport:
        request = httpx.Request("POST", server.url, content=content, extensions={"timeout": WAITS})
        transport.handle_request(request).close()
        assert server.requests[0].endswith(b"\r\n\r\n" + content)


def test_a_request_that_is_not_taken_in_time_is_told_so() -> None:
    waits = WAITS | {"write": 0.1}
    with (
        TinyServer([], pki=None, deaf=True) as server,
        closing(open_transport(Endpoint(server.url))) as transport,
        pytest.raises(httpx.WriteTimeout),
    ):
        transport.handle_request(
            httpx.Request("POST", server.url, content=b"x" * 64_000_000, extensions={"timeout": waits})
        )


def test_another_host_is_never_reached_by_connections_of_this_one(pki: Path) -> None:
    with serve(pki) as server, closing(open_transport(Endpoint(server.url, pki / "tls-ca.pem"))) as transport:
        request = httpx.Request("POST", "https://other.test/", content=b"", extensions={"timeout": WAITS})
        with pytest.raises(httpx.UnsupportedProtocol):
            transport.handle_request(request)
        assert server.connections == 0


def test_a_closed_transport_keeps_no_connection(
    pki: Path, send: Send, pool: Callable[[TinyServer], httpx.BaseTransport]
) -> None:
    with serve(pki, reply(200, BODY), say_nothing(threading.Event())) as server:
        send(server)
        pool(server).close()
        server.await_closed(1)


def _in_portions(content: bytes, cuts: Sequence[int]) -> Callable[[], bytes]:
    edges = [0, *sorted(cuts), len(content)]
    portions = iter([content[low:high] for low, high in pairwise(edges) if low < high])
    return lambda: next(portions, b"")


@pytest.mark.parametrize("cut", range(0, len(plain(b"<a/>")), 3))
def test_where_the_portions_begin_changes_nothing(cut: int) -> None:
    """The two ways to read, by length and by h11, tell the same."""
    answer = read_answer(_in_portions(plain(b"<a/>"), [cut]))
    assert b"".join(answer.portions()) == b"<a/>"
    assert (answer.status, answer.leaves_wire_ready) == (200, True)
    assert dict(answer.fields) == {b"content-type": b"text/xml", b"content-length": b"4"}


def test_tls_is_verified_and_no_older_than_1_2(pki: Path) -> None:
    transport = open_transport(Endpoint("https://gateway.test/", pki / "tls-ca.pem"))
    trusted: ssl.SSLContext = vars(transport)["_trusted"]
    assert trusted.verify_mode is ssl.CERT_REQUIRED
    assert trusted.check_hostname
    assert trusted.minimum_version >= ssl.TLSVersion.TLSv1_2
