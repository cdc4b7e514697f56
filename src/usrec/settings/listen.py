"""``[health] listen``: an address and port, or a Unix socket."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

_UNIX: Final = "unix:"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """An IP address of this machine, and a port from 1 to 65535."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ip_address(self.host).is_loopback


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A Unix socket; who may use it is decided by its folder and its group."""

    path: Path


def read_listen(text: str) -> TcpAddress | UnixAddress:
    """``127.0.0.1:9464``, ``[::1]:9464``, ``localhost:9464`` or ``unix:/run/usrec/health.sock``.

    Raises:
        ValueError: It is none of them.
    """
    if text.startswith(_UNIX):
        return _unix(Path(text.removeprefix(_UNIX)))
    host, _, port = text.rpartition(":")
    name = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    address = ip_address(name)
    if (address.version == 6) != host.startswith("["):
        raise ValueError("an IPv6 address stands in brackets")
    if not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("a port is a number from 1 to 65535")
    return TcpAddress(str(address), int(port))


def _unix(path: Path) -> UnixAddress:
    if not path.is_absolute() or len(str(path).encode()) > 100:
        raise ValueError("a Unix socket has an absolute path of at most 100 bytes")
    return UnixAddress(path)
