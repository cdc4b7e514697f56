"""The question to a running agent, over TCP or a Unix socket; a module of its own, because HTTP is slow to load."""

from __future__ import annotations

import http.client
import json
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from usrec.domain.errors import AgentUnreachable
from usrec.settings.listen import TcpAddress, UnixAddress

PATIENCE: Final = timedelta(seconds=5)


def ask(address: TcpAddress | UnixAddress, question: str) -> tuple[int, dict[str, Any]]:
    """Ask ``live`` or ``ready``.

    Returns:
        The status of HTTP, and what the JSON of the answer holds.

    Raises:
        AgentUnreachable: Nobody answers there as an agent does.
    """
    connection = _connection(address)
    try:
        connection.request("GET", f"/health/{question}")
        answer = connection.getresponse()
        return answer.status, dict(json.loads(answer.read()))
    except (OSError, http.client.HTTPException, ValueError, TypeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else type(problem).__name__
        raise AgentUnreachable(
            f"no agent answers ({reason})",
            where=connection.host,
            next_step="See whether it runs: systemctl status usrec-agent",
        ) from None
    finally:
        connection.close()


def _connection(address: TcpAddress | UnixAddress) -> http.client.HTTPConnection:
    if isinstance(address, TcpAddress):
        return http.client.HTTPConnection(address.host, address.port, timeout=PATIENCE.total_seconds())
    return _UnixConnection(address.path)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), timeout=PATIENCE.total_seconds())
        self._path = path

    def connect(self) -> None:
        """Connect to the socket; the host is only its name in messages."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE.total_seconds())
        self.sock.connect(str(self._path))

    def putheader(self, header: str | bytes, *values: Any) -> None:
        """A Host that is one, instead of the path."""
        super().putheader(header, *(["localhost"] if header == "Host" else values))
