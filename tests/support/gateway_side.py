"""What a gateway says, made by hand, and a server that says or does it on a real socket."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Self

from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.signers.base import KeySigner, Signer
from kzeds.wsse import sign_body

RECEIPT = '<r:contractResponse xmlns:r="urn:any"><at>2026</at><contract><id>REG-77</id></contract></r:contractResponse>'
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_TYPES = "http://bip.bee.kz/SyncChannel/v10/Types"


@cache
def load_key(pki: Path, name: str) -> SigningKey:
    """A key of the test PKI."""
    owner = "employer" if name in {"employer-auth", "employer-expired"} else name
    return load_pkcs12((pki / f"{name}.p12").read_bytes(), (pki / f"{owner}.password").read_text("utf-8"))


def sealing_with(keys: Mapping[str, SigningKey]) -> Callable[[str, datetime], Signer]:
    """Who signs the envelopes of each employer: what a keyring does for the gateway."""
    return lambda employer_bin, _: KeySigner(keys[employer_bin])


def envelope(content: str) -> bytes:
    return f'<s:Envelope xmlns:s="{_SOAP}"><s:Body>{content}</s:Body></s:Envelope>'.encode()


def answer(
    code: str = "SCSS001",
    *,
    message: str = "Успешно",
    correlation: str | None = "chain-1",
    date: str | None = "2026-11-20T10:00:00.123+05:00",
    data: str | None = RECEIPT,
    raw_data: str | None = None,
) -> bytes:
    """A response envelope, unsigned; ``raw_data`` stands for the whole element ``responseData``."""
    info = "<messageId>theirs-1</messageId>"
    info += f"<correlationId>{correlation}</correlationId>" if correlation is not None else ""
    info += f"<responseDate>{date}</responseDate>" if date is not None else ""
    info += f"<status><code>{code}</code><message>{message}</message></status>"
    held = "" if data is None else f"<data>{escape(data, quote=False)}</data>"
    held = f"<responseData>{held}</responseData>" if raw_data is None else raw_data
    return envelope(
        f'<t:SendMessageResponse xmlns:t="{_TYPES}"><response><responseInfo>{info}</responseInfo>{held}</response>'
        "</t:SendMessageResponse>"
    )


def fault(code: str = "SCE006", *, faultcode: str | None = None, detail: bool = True) -> bytes:
    """A fault envelope, unsigned."""
    info = f"<errorCode>{code}</errorCode><errorMessage>Ошибка</errorMessage>"
    info += "<errorDate>2026-11-20T10:00:00+05:00</errorDate>"
    told = f'<detail><t:SendMessageFault1_SendMessageFault xmlns:t="{_TYPES}">{info}' if detail else ""
    told += "</t:SendMessageFault1_SendMessageFault></detail>" if detail else ""
    what = f"<faultcode>{faultcode or code}</faultcode><faultstring>Ошибка шлюза</faultstring>{told}"
    return envelope(f"<s:Fault>{what}</s:Fault>")


def signed(unsigned: bytes, key: SigningKey) -> bytes:
    return sign_body(unsigned, key)


Act = Callable[[socket.socket], bool]
"""What the server does after it has read a request; True keeps the connection for the next one."""


def reply(status: int, body: bytes, *, headers: Sequence[str] = (), keep: bool = True) -> Act:
    """Answer with a whole response."""

    def act(connection: socket.socket) -> bool:
        lines = [f"HTTP/1.1 {status} Any", f"Content-Length: {len(body)}", "Content-Type: text/xml", *headers]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return keep

    return act


def half(body: bytes, *, chunked: bool = False) -> Act:
    """Promise the whole body and send half of it."""

    def act(connection: socket.socket) -> bool:
        part = body[: len(body) // 2]
        if chunked:
            head, part = "Transfer-Encoding: chunked", f"{len(part):x}\r\n".encode() + part + b"\r\n"
        else:
            head = f"Content-Length: {len(body)}"
        connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + part)
        return False

    return act


def vanish(connection: socket.socket) -> bool:
    """Close the connection in good order, without an answer."""
    return False


def reset(connection: socket.socket) -> bool:
    """Reset the connection (RST)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def say_nothing(until: threading.Event) -> Act:
    """Keep the connection open and silent until told otherwise."""

    def act(connection: socket.socket) -> bool:
        until.wait(10)
        return False

    return act


def trickle(until: threading.Event) -> Act:
    """Send an endless answer, byte by byte."""

    def act(connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not until.wait(0.01):
            connection.sendall(b"x")
        return False

    return act


def head_without_end(portion: bytes) -> Act:
    """Send a part of a head again and again, each soon after the last; after three seconds close."""

    def act(connection: socket.socket) -> bool:
        for _ in range(60):
            connection.sendall(portion)
            time.sleep(0.05)
        return False

    return act


class TinyServer:
    """A server on loopback that acts once for each request, in the order of its script.

    Attributes:
        requests: Every request it read to the end.
        connections: How many connections came up, TLS included; ``closed``: how many of them ended.
    """

    def __init__(self, script: Sequence[Act], *, pki: Path | None, host: str = "127.0.0.1", deaf: bool = False) -> None:
        self.script = list(script)
        self._context = None if pki is None else _server_context(pki)
        self._host = host
        self._deaf = deaf
        self._listener = socket.create_server((host, 0))
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.stopping = threading.Event()
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = 0
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://{self._host}:{self.port}/bip-sync-wss-gost/"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def await_requests(self, count: int) -> None:
        """Wait until it has read so many requests."""
        self._await(lambda: len(self.requests) >= count)

    def await_closed(self, count: int) -> None:
        """Wait until so many connections have ended."""
        self._await(lambda: self.closed >= count)

    def _await(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            if not self._changed.wait_for(reached, timeout=10):
                raise AssertionError("the server waited in vain")

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._start(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        with plain, contextlib.suppress(OSError):
            if self._deaf:
                self.stopping.wait(10)
                return
            plain.settimeout(0.1)
            connection = plain if self._context is None else self._context.wrap_socket(plain, server_side=True)
            with connection:
                self._note("connections")
                while request := self._read_request(connection):
                    self.requests.append(request)
                    self._note()
                    if not self.script or not self.script.pop(0)(connection):
                        break
        self._note("closed")

    def _read_request(self, connection: socket.socket) -> bytes:
        """Head and body of one request, empty at the end of the connection."""
        data = b""
        while b"\r\n\r\n" not in data:
            portion = self._receive(connection)
            if not portion:
                return b""
            data += portion
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while len(body) < (int(lengths[0]) if lengths else 0):
            body += self._receive(connection)
        return head + b"\r\n\r\n" + body

    def _receive(self, connection: socket.socket) -> bytes:
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                return connection.recv(65536)
        return b""

    def _note(self, counter: str | None = None) -> None:
        with self._changed:
            if counter is not None:
                setattr(self, counter, getattr(self, counter) + 1)
            self._changed.notify_all()


def _server_context(pki: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "tls.pem", pki / "tls.key")
    return context
