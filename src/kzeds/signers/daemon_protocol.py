"""How a program and the signer daemon talk: one question and one answer on each connection of a Unix socket.

A frame is a JSON header and the bytes that belong to it, each with its length before it (4 bytes, big-endian)::

    length of header | length of content | header, a JSON object in UTF-8 | content

A question's header is ``{"version": 1, "ask": …, "key": …}``, where ``ask`` is ``certificate``, ``sign_enveloped``,
``sign_body`` or ``sign_statement`` (a detached CMS signature). Who asks for a signature also says which certificate it
expects (``certificate``, its fingerprint), and may name the Body (``body_id``). An answer's is
``{"version": 1, "outcome": …, "reason": …, "text": …}``; its content is the certificate (DER) or what was signed. One
connection for each question keeps both sides simple: nothing is left over from the last one, and a connection costs
some 50 µs beside a signature of milliseconds.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from kzeds.errors import SignerUnreachableError

VERSION: Final = 1

HEADER_CAP: Final = 16 * 1024
"""Bytes of a header; real ones have some 200."""

CONTENT_CAP: Final = 2 * 1024 * 1024
"""Bytes of a document or an envelope. USREC takes 100 KB; an envelope around it has at most six times as many."""

_LENGTHS: Final = struct.Struct(">II")
_PORTION: Final = 64 * 1024


class Ask(StrEnum):
    """What may be asked."""

    CERTIFICATE = "certificate"
    SIGN_ENVELOPED = "sign_enveloped"
    SIGN_BODY = "sign_body"
    SIGN_STATEMENT = "sign_statement"


class Outcome(StrEnum):
    """How a question ended."""

    DONE = "done"
    REFUSED = "refused"
    """It may not be signed; nothing was signed."""
    UNREADABLE = "unreadable"
    """The document cannot be read or signed by anybody; nothing was signed."""
    FAILED = "failed"
    """Something that passes by itself: too many questions at once, a full disk. Nothing signed left the daemon."""


class FrameError(SignerUnreachableError):
    """The bytes on the socket are not a frame of this protocol, or they come too slowly."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A question or an answer."""

    header: Mapping[str, Any]
    content: bytes = b""

    def text(self, name: str) -> str:
        """A text of the header, "" where it is none or not there."""
        value = self.header.get(name)
        return value if isinstance(value, str) else ""


class Deadline:
    """How long one exchange may still take, however its bytes trickle in."""

    __slots__ = ("_until",)

    def __init__(self, limit: timedelta) -> None:
        self._until = time.monotonic() + limit.total_seconds()

    def apply(self, connection: socket.socket) -> None:
        """Let the next step of the connection last until the deadline, no longer.

        Raises:
            TimeoutError: When it has passed.
        """
        connection.settimeout(self.left())

    def left(self) -> float:
        """Seconds until the deadline.

        Raises:
            TimeoutError: When it has passed.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this exchange is over")
        return left


def send_frame(connection: socket.socket, frame: Frame, deadline: Deadline) -> None:
    """Send a whole frame.

    Raises:
        FrameError: When it is too long.
        OSError: When the other side has gone; TimeoutError when it does not take it in time.
    """
    header = json.dumps({"version": VERSION, **frame.header}, ensure_ascii=False).encode()
    _require_sizes(len(header), len(frame.content))
    deadline.apply(connection)
    connection.sendall(_LENGTHS.pack(len(header), len(frame.content)) + header + frame.content)


def receive_frame(connection: socket.socket, deadline: Deadline) -> Frame:
    """Read one frame, never more than it says it has.

    Raises:
        FrameError: When it is not one, too long, of another version, or ends too early.
        OSError: When the connection breaks; TimeoutError when the deadline passes.
    """
    header_length, content_length = _LENGTHS.unpack(_receive(connection, _LENGTHS.size, deadline))
    _require_sizes(header_length, content_length)
    header = _read_header(_receive(connection, header_length, deadline))
    return Frame(header, _receive(connection, content_length, deadline))


def _require_sizes(header: int, content: int) -> None:
    if header > HEADER_CAP or content > CONTENT_CAP:
        raise FrameError(f"the frame is too long: a header of {header} and a content of {content} bytes")


def _receive(connection: socket.socket, length: int, deadline: Deadline) -> bytes:
    received = bytearray()
    while len(received) < length:
        deadline.apply(connection)
        portion = connection.recv(min(_PORTION, length - len(received)))
        if not portion:
            raise FrameError("the connection was closed in the middle of a frame")
        received += portion
    return bytes(received)


def _read_header(raw: bytes) -> dict[str, Any]:
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError):
        raise FrameError("the header of the frame is not JSON") from None
    if not isinstance(header, dict) or header.get("version") != VERSION:
        raise FrameError(f"the frame is not of version {VERSION}; both sides must be of the same release")
    return header
