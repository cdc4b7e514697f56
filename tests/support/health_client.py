"""A probe of the agent's health address, over TCP or a Unix socket."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as scout:
        scout.bind(("127.0.0.1", 0))
        return int(scout.getsockname()[1])


def ask(connection: http.client.HTTPConnection, path: str, method: str = "GET") -> tuple[int, Any]:
    """Status and content, JSON read."""
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    kind = str(answer.headers["Content-Type"])
    return answer.status, json.loads(body) if kind.startswith("application/json") else body.decode()
