"""The socket that the daemon listens on: systemd's, or one that it makes itself; and what systemd is told.

Sources: sd_listen_fds(3) and sd_notify(3). Both protocols are stable and a page long, so no library is needed; the
agent has its own module for the second, since kzeds stands alone.
"""

from __future__ import annotations

import errno
import fcntl
import grp
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from kzeds.errors import SignerSettingsError
from kzeds.signer_daemon.service import Peer

BACKLOG: Final = 128

_FIRST_HANDED_OVER: Final = 3
_CREDENTIALS: Final = struct.Struct("3i")


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Keep a second daemon away from the same records.

    Raises:
        SignerSettingsError: When another one runs.
        OSError: When the folder cannot be written.
    """
    handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise SignerSettingsError(f"another signer daemon works with {state}; stop it first") from None
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def listening(path: Path, group: str | None) -> Iterator[socket.socket]:
    """The socket that clients connect to.

    Raises:
        SignerSettingsError: When systemd hands over something else, or the group cannot have the socket.
        OSError: When the socket cannot be made.
    """
    given = _handed_over()
    if given is not None:
        with given:
            yield given
        return
    with _made(path, group) as own:
        yield own


@contextmanager
def _made(path: Path, group: str | None) -> Iterator[socket.socket]:
    """A socket of our own, in the place of one that a dead process left there."""
    if path.is_socket():
        _require_dead(path)
        path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as own:
        before = os.umask(0o177)
        try:
            own.bind(str(path))
        finally:
            os.umask(before)
        made = path.lstat()
        try:
            _hand_to(path, group)
            own.listen(BACKLOG)
            yield own
        finally:
            with suppress(FileNotFoundError):
                if os.path.samestat(made, path.lstat()):
                    path.unlink()


def _require_dead(path: Path) -> None:
    """Check that nobody listens there: another daemon with records of its own would give a second quota."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.settimeout(0)
        if end.connect_ex(str(path)) not in {errno.ECONNREFUSED, errno.ENOENT}:
            raise SignerSettingsError(f"socket: another process listens on {path}; stop it first, or name another one")


def _hand_to(path: Path, group: str | None) -> None:
    if group is None:
        return
    try:
        os.chown(path, -1, grp.getgrnam(group).gr_gid)
        path.chmod(0o660)
    except (KeyError, PermissionError):
        what = f"group: the socket cannot be given to the group {group!r}: it is not there, or this user is not in it"
        raise SignerSettingsError(what) from None


def _handed_over() -> socket.socket | None:
    given = os.environ  # noqa: TID251 -- the protocol's own variables; they are no settings
    if given.get("LISTEN_PID") != str(os.getpid()):
        return None
    if given.get("LISTEN_FDS") != "1":
        raise SignerSettingsError("systemd handed over several sockets; exactly one is expected")
    found = socket.socket(fileno=_FIRST_HANDED_OVER)
    found.set_inheritable(False)
    if (found.family, found.type) != (socket.AF_UNIX, socket.SOCK_STREAM):
        raise SignerSettingsError("systemd handed over another socket than a Unix stream socket")
    return found


def peer_of(connection: socket.socket) -> Peer:
    """Who connected, as the kernel noted it then. Source: unix(7), SO_PEERCRED."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(raw)
    return Peer(pid, uid)


def tell(*lines: str) -> None:
    """Tell the service manager, where there is one; that it does not hear is no reason to stop signing."""
    address = os.environ.get("NOTIFY_SOCKET")  # noqa: TID251 -- the protocol's own variable
    if address:
        name = "\0" + address[1:] if address.startswith("@") else address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.settimeout(1)
            end.sendto("\n".join(lines).encode(), name)


def watchdog() -> timedelta | None:
    """How often the service manager wants a sign of life: a half of what it waits; None when it does not wait."""
    given = os.environ  # noqa: TID251 -- the protocol's own variables
    usec, pid = given.get("WATCHDOG_USEC", ""), given.get("WATCHDOG_PID")
    is_ours = usec.isdigit() and int(usec) > 0 and pid in {None, "", str(os.getpid())}
    return timedelta(microseconds=int(usec)) / 2 if is_ours else None
