"""The listening socket, which can really refuse connections, and connections that can be reset.

A refused connection has to be refused by the kernel, and a reset has to be a TCP RST: clients treat them differently
from any HTTP answer, and that difference is what the agent's rules about doubt are made of. The bound socket is kept
while the listening one is closed, so that no other process takes the port meanwhile.
"""

import asyncio
import contextlib
import signal
import socket
import struct
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from usrec_simulator.errors import ConfigurationError

SHUTDOWN_GRACE = timedelta(seconds=5)


class Connection(H11Protocol):
    """uvicorn's protocol, handing itself to the application as `scope["state"]["connection"]`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, "connection": self}

    def shutdown(self) -> None:
        """Close at once when idle, else after the answer in hand; a TLS farewell could wait for the peer for long."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        idle = cycle is None or cycle.response_complete
        if idle and not self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().shutdown()

    def reset(self) -> None:
        """Close at once with a TCP RST, whatever is still to be sent."""
        if self.transport.is_closing():
            return
        peer: socket.socket | None = self.transport.get_extra_info("socket")
        if peer is not None:
            with contextlib.suppress(OSError):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def cut(self) -> None:
        """Close at once and without a farewell, leaving what was already sent."""
        self.transport.abort()


class Listener(uvicorn.Server):
    """uvicorn's server on a socket of ours; ends cleanly, with exit status 0, on SIGTERM and SIGINT."""

    def __init__(self, config: uvicorn.Config, bound: socket.socket, *, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._bound = bound
        self._on_listening = on_listening
        self._reopening: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on a duplicate of the bound socket."""
        await super().startup(sockets=[*(sockets or []), self._bound.dup()])
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop a running refusal too."""
        if self._reopening is not None:
            self._reopening.cancel()
        await super().shutdown(sockets=sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 uvicorn's signature
        """Finish the requests in hand and return; the signal is not raised again afterwards."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    def refuse(self, duration: timedelta) -> None:
        """Refuse new connections for a while and close those that are idle.

        A refusal that is already running is left as it is.
        """
        if self._reopening is not None and not self._reopening.done():
            return
        for server in self.servers:
            server.close()
        self.servers = []
        self._bound.shutdown(socket.SHUT_RDWR)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        self._reopening = asyncio.get_running_loop().create_task(self._reopen(duration))

    async def _reopen(self, duration: timedelta) -> None:
        await asyncio.sleep(duration.total_seconds())
        await super().startup(sockets=[self._bound.dup()])


def bind(host: str, port: int) -> socket.socket:
    """Bind a port without listening yet; port 0 means any free one.

    A free port is chosen by a first socket and bound by number by the second, because Linux releases a port that it
    chose itself as soon as the socket stops listening.

    Raises:
        ConfigurationError: The address cannot be bound.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        if port:
            return _bound(family, kind, protocol, address)
        with _bound(family, kind, protocol, address) as scout:
            return _bound(family, kind, protocol, scout.getsockname())
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {error.strerror}; is another simulator running there?"
        ) from error


def _bound(family: int, kind: int, protocol: int, address: Any) -> socket.socket:
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.setblocking(False)  # noqa: FBT003 the standard library's signature
    except OSError:
        bound.close()
        raise
    return bound
