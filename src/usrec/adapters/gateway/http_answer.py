"""Where an HTTP answer begins and ends. Source: RFC 9112, sections 4 to 6.

The usual answer, whose head comes in one portion and tells its length, is read here; every other form (chunks, an
answer that ends with its connection, a head in pieces, 1xx before it, anything odd) by h11, the parser below httpx.
What is taken here, h11 takes as well and reads the same: it is the way that costs less, never the more lenient one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import h11
import httpx

Receive = Callable[[], bytes]
"""The next portion of a connection, empty at its end."""

_USUAL: Final = re.compile(rb"HTTP/1\.1 (200|[45]\d\d)(?: [\t -~]*)?\r\n((?:[!#-'*+.^-z|~0-9A-Z-]+:[\t -~]*\r\n)+)\r\n")
"""Status line, fields of visible ASCII, and the empty line."""
_LONGEST: Final = 16 * 1024
"""Of a head that is read here."""
_LONGEST_IN_PIECES: Final = 100 * 1024
"""Of one that h11 reads; httpx allows as many bytes."""
_OTHER_FRAMING: Final = {b"transfer-encoding", b"upgrade", b"connection"}
_LENGTH: Final = re.compile(rb"[0-9]{1,12}")

Fields = list[tuple[bytes, bytes]]


class Answer(Protocol):
    """An answer whose head was read.

    Attributes:
        status: Of the final answer.
        fields: Names in lower case, and values.
    """

    status: int
    fields: Fields

    def portions(self) -> Iterator[bytes]:
        """The content as it comes; to its end, or an error."""
        ...

    @property
    def leaves_wire_ready(self) -> bool:
        """Whether another request may follow on the connection: all was read, no more came, nobody said close."""
        ...


def read_answer(receive: Receive) -> Answer:
    """Read a head.

    Raises:
        httpx.RemoteProtocolError: It is none, or ends in the middle.
        httpx.TransportError: As ``receive`` does.
    """
    first = receive()
    return _usual(first, receive) or _OtherAnswer(first, receive)


class _UsualAnswer:
    """One that told its length."""

    def __init__(self, status: int, fields: Fields, length: int, begun: bytes, receive: Receive) -> None:
        self.status = status
        self.fields = fields
        self._length = length
        self._begun = begun
        self._receive = receive
        self._missing = length

    @property
    def leaves_wire_ready(self) -> bool:
        return self._missing == 0

    def portions(self) -> Iterator[bytes]:
        portion = self._begun
        while True:
            self._missing -= len(portion)
            if self._missing < 0:
                portion = portion[: self._missing]
            if portion:
                yield portion
            if self._missing <= 0:
                return
            portion = self._receive()
            if not portion:
                got = self._length - self._missing
                raise httpx.RemoteProtocolError(f"the answer ended after {got} of {self._length} bytes")


def _usual(first: bytes, receive: Receive) -> _UsualAnswer | None:
    """The answer, where its head is whole and of the usual form."""
    head = _USUAL.match(first, 0, _LONGEST)
    if head is None:
        return None
    fields, length = [], None
    for line in head[2].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        if name in _OTHER_FRAMING and (name, value.lower()) != (b"connection", b"keep-alive"):
            return None
        if name == b"content-length":
            if length is not None or not _LENGTH.fullmatch(value):
                return None
            length = int(value)
        fields.append((name, value))
    return None if length is None else _UsualAnswer(int(head[1]), fields, length, first[head.end() :], receive)


class _OtherAnswer:
    """One that h11 reads."""

    def __init__(self, first: bytes, receive: Receive) -> None:
        self._receive = receive
        self._talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_IN_PIECES)
        self._talk.send(h11.Request(method="POST", target="/", headers=[("Host", "any"), ("Content-Length", "0")]))
        self._talk.send(h11.EndOfMessage())
        self._nothing_came = not first
        self._take(first)
        head = self._next()
        while isinstance(head, h11.InformationalResponse):
            head = self._next()
        if not isinstance(head, h11.Response):
            raise httpx.RemoteProtocolError("no answer came")
        self.status = head.status_code
        self.fields: Fields = list(head.headers)

    @property
    def leaves_wire_ready(self) -> bool:
        ended = self._talk.their_state is h11.DONE and self._talk.our_state is h11.DONE
        return ended and not self._talk.trailing_data[0]

    def portions(self) -> Iterator[bytes]:
        while isinstance(event := self._next(), h11.Data):
            yield bytes(event.data)

    def _next(self) -> object:
        try:
            while (event := self._talk.next_event()) is h11.NEED_DATA:
                self._take(self._receive())
        except h11.RemoteProtocolError as error:
            what = "the connection was closed without an answer" if self._nothing_came else str(error)
            raise httpx.RemoteProtocolError(what) from error
        return event

    def _take(self, portion: bytes) -> None:
        self._talk.receive_data(portion)
