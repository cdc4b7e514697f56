"""A gateway that costs little: a process of its own that takes each envelope over https and signs an answer.

It registers everything, checks nothing (the simulator does that) and signs with the gateway's key of a test PKI, so
that the agent under measurement has a true exchange and a true answer to verify. Orders come on standard input, one a
line: ``count`` tells how many were answered and when the last one came, ``latency SECONDS`` sets how long an answer
takes. It ends with its parent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import ssl
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.stamped_answer import answers_of
from kzeds import SigningKey
from usrec_simulator.material import load_material
from usrec_simulator.soap import wsdl

_CORRELATION = re.compile(rb"<correlationId>([^<]*)</correlationId>")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HOST = re.compile(rb"host: *(\S+)", re.IGNORECASE)
_END = b"\r\n\r\n"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n"


class Desk:
    """Makes the answers and counts them.

    Attributes:
        latency: Seconds that an answer takes.
        answers: How many were given.
        last: When the last request came, by ``time.time``.
    """

    def __init__(self, key: SigningKey, latency: float) -> None:
        self._answers = answers_of(key)
        self.latency = latency
        self.answers = 0
        self.last: float | None = None

    def answer(self, envelope: bytes) -> bytes:
        """The signed answer to one request, with its HTTP head."""
        self.last = time.time()
        found = _CORRELATION.search(envelope)
        body = self._answers.make(found.group(1).decode() if found else "")
        self.answers += 1
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )

    def describe(self, head: bytes) -> bytes:
        """The WSDL, which an agent reads when it starts, with its HTTP head."""
        host = _HOST.search(head)
        endpoint = f"https://{host.group(1).decode() if host else 'localhost'}/"
        body = wsdl("SyncChannelInterface.wsdl" if b"Interface.wsdl" in head else "SyncChannel.wsdl", endpoint)
        return _HEAD % len(body) + body

    def obey(self, order: str) -> dict[str, object]:
        """Carry out one order of the benchmark; gives what to tell it."""
        word, _, value = order.strip().partition(" ")
        if word == "latency":
            self.latency = float(value)
        return {"answers": self.answers, "last": self.last}


class Line(asyncio.Protocol):
    """One connection: request, answer, request, answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer when a request is whole."""
        self._received += data
        head, end, body = bytes(self._received).partition(_END)
        length = _LENGTH.search(head)
        if not end or len(body) < (int(length.group(1)) if length else 0):
            return
        self._received.clear()
        if head.startswith(b"GET"):
            self._write(self._desk.describe(head))
        else:
            self._reply(body)

    def _reply(self, envelope: bytes) -> None:
        answer, latency = self._desk.answer(envelope), self._desk.latency
        if latency:
            asyncio.get_running_loop().call_later(latency, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        assert self._transport is not None
        self._transport.write(answer)


def _listen_for_orders(desk: Desk) -> None:
    for order in sys.stdin:
        print(json.dumps(desk.obey(order)), flush=True)
    os._exit(0)


async def _serve(desk: Desk, certificate: Path, key: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.get_running_loop().create_server(lambda: Line(desk), "127.0.0.1", 0, ssl=context)
    print(json.dumps({"url": f"https://localhost:{server.sockets[0].getsockname()[1]}/"}), flush=True)
    await server.serve_forever()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway")
    parser.add_argument("pki", type=Path)
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    asked = parser.parse_args(arguments)
    material = load_material(asked.pki)
    desk = Desk(material.gateway, asked.latency)
    threading.Thread(target=_listen_for_orders, args=(desk,), daemon=True).start()
    asyncio.run(_serve(desk, material.tls_certificate, material.tls_key))


if __name__ == "__main__":
    main()
