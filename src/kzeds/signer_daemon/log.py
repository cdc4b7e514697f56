"""The log of the signer daemon: one JSON line for each signature and each refusal, only ever added to.

Each line names the SHA-256 of the line before it (``previous``) and its own number (``n``), so that a line that was
changed, taken out or put in shows. A line is on the disk before the signature that it tells of leaves the daemon. What
a crash left half written stays, is closed, and is named by the next line (``torn``). A log whose end was cut off is not
written to; one that begins anew says in its first line where the former one ended (``begun``). The log never holds a
document.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from kzeds.errors import SignerSettingsError
from kzeds.signer_daemon.quota import LogEnd

NOTHING: Final = "0" * 64
"""What the first line names as the one before it."""

_CLOSED: Final = b" torn"
"""Put behind what a crash left, so that it is a line and can never be read as one."""

BEGUN: Final = "begun"
"""Event of the first line of a log that was put into the place of another one."""


class LogBrokenError(SignerSettingsError):
    """The chain of the log does not hold: somebody changed it, or the disk did."""


@dataclass(frozen=True, slots=True)
class _Tail:
    """What is known of the file.

    Attributes:
        size: Bytes up to the end of the last good line.
        lines: How many good lines there are.
        digest: SHA-256 of the last one.
        torn: SHA-256 of what a crash left behind it, closed; None when nothing is there.
        is_open: What was left has no end yet.
    """

    size: int = 0
    lines: int = 0
    digest: str = NOTHING
    torn: str | None = None
    is_open: bool = False


class SigningLog:
    """The log, for those who write to it. Safe in threads and beside other processes.

    Args:
        file: Made when it is not there, readable for its owner alone.
        known: What the counts say of it (`QuotaBook.log_end`); None when they say nothing.

    Raises:
        LogBrokenError: When its chain does not hold, or its end was cut off.
    """

    def __init__(self, file: Path, known: LogEnd | None = None) -> None:
        self._file = file
        self._known = known
        self._lock = threading.Lock()
        self._handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._tail = _Tail()
        try:
            self._give_to_the_daemon()
            with self._alone():
                self._require_end(met=self._catch_up())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    @property
    def end(self) -> LogEnd:
        """Where the log ends, as far as is known here."""
        tail = self._tail
        return LogEnd(tail.lines, tail.digest)

    def append(self, event: str, at: datetime, fields: Mapping[str, Any]) -> str:
        """Add a line; it is on the disk when this returns.

        Returns:
            The line.

        Raises:
            OSError: When it cannot be written.
            LogBrokenError: When somebody else wrote to the file what does not fit.
        """
        with self._alone():
            self._catch_up()
            if self._known is not None and self._known.lines and not self._tail.lines:
                self._write(BEGUN, at, {"former_lines": self._known.lines, "former_digest": self._known.digest})
            if self._tail.is_open:
                self._put(_CLOSED + b"\n")
            if self._tail.torn is not None:
                self._write("torn", at, {"torn": self._tail.torn})
            return self._write(event, at, fields)

    def _give_to_the_daemon(self) -> None:
        """Leave a file that root made, by a raise, to whom the folder belongs: the daemon could not open it."""
        if os.geteuid() == 0 and os.fstat(self._handle).st_nlink == 1:
            folder = self._file.parent.stat()
            os.fchown(self._handle, folder.st_uid, folder.st_gid)

    def _write(self, event: str, at: datetime, fields: Mapping[str, Any]) -> str:
        time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"n": self._tail.lines + 1, "time": time, "event": event, **fields, "previous": self._tail.digest}
        raw = json.dumps(line, ensure_ascii=False).encode()
        self._put(raw + b"\n")
        os.fsync(self._handle)
        self._tail = _Tail(os.fstat(self._handle).st_size, line["n"], hashlib.sha256(raw).hexdigest())
        return raw.decode()

    def _put(self, content: bytes) -> None:
        if os.write(self._handle, content) != len(content):
            raise OSError(errno.ENOSPC, "the log took only a part of a line; is the disk full?", str(self._file))

    def _catch_up(self) -> bool:
        """Read what was added since the last look, by whomever; what was there then has to be there still.

        Returns:
            Whether the end that the counts know is in it.
        """
        held = os.fstat(self._handle)
        if not os.path.samestat(held, self._file.stat()) or held.st_size < self._tail.size:
            raise LogBrokenError(f"{self._file} was cut off, or another file was put in its place, while it was in use")
        met = False
        if held.st_size != self._tail.size:
            with self._file.open("rb") as stream:
                stream.seek(self._tail.size)
                for tail, line in _follow(self._tail, stream):
                    self._tail = tail
                    met = met or _meets(tail, line, self._known)
        return met

    def _require_end(self, *, met: bool) -> None:
        """Check that the log was not cut off; one that is empty begins anew and says so."""
        if self._tail.lines and not met:
            _require_met(self._file, self._known)

    def _alone(self) -> _Alone:
        return _Alone(self._lock, self._handle)


class _Alone:
    """Keeps other threads and other processes away from the file."""

    def __init__(self, lock: threading.Lock, handle: int) -> None:
        self._lock = lock
        self._handle = handle

    def __enter__(self) -> None:
        self._lock.acquire()
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._lock.release()


def read_log(file: Path) -> Iterator[dict[str, Any]]:
    """Each line of the log, in order, its place in the chain checked.

    Raises:
        LogBrokenError: At the first line that does not fit.
        OSError: When the file cannot be read.
    """
    with file.open("rb") as stream:
        for _, line in _follow(_Tail(), stream):
            if line is not None:
                yield line


def require_whole(file: Path, end: LogEnd | None) -> LogEnd:
    """Check the whole chain, and that nothing was cut off at its end since the last document was counted.

    Args:
        end: What the counts say of the log (`QuotaBook.log_end`); None when they say nothing.

    Returns:
        Where the log ends.

    Raises:
        LogBrokenError: When it does not hold.
        OSError: When the file cannot be read.
    """
    tail, met = _Tail(), False
    with file.open("rb") as stream:
        for reached, line in _follow(tail, stream):
            tail = reached
            met = met or _meets(tail, line, end)
    if not met:
        _require_met(file, end)
    return LogEnd(tail.lines, tail.digest)


def _meets(tail: _Tail, line: Mapping[str, Any] | None, end: LogEnd | None) -> bool:
    """Say whether the log reaches `end` with this line, or begins with it where a former log ended so."""
    if line is None or end is None:
        return False
    former = (line.get("former_lines"), line.get("former_digest")) if line.get("event") == BEGUN else None
    return (end.lines, end.digest) in ((tail.lines, tail.digest), former)


def _require_met(file: Path, end: LogEnd | None) -> None:
    """Raise for an end that was not met, unless none was there to meet."""
    if end is not None and end.lines:
        raise LogBrokenError(
            f"{file}: line {end.lines}, which was there when a document was last counted, is missing or another one. "
            "Keep the file, compare it with the journal, find out; then put it aside so that a new one begins"
        )


def _follow(tail: _Tail, stream: Iterable[bytes]) -> Iterator[tuple[_Tail, dict[str, Any] | None]]:
    """Go through the lines behind `tail`; what cannot be read has to be owned to by the line after it."""
    size = tail.size
    tail = replace(tail, torn=None, is_open=False)
    for raw in stream:
        size += len(raw)
        line = _next_line(raw, tail)
        if line is None and tail.torn is not None:
            raise LogBrokenError(f"the log does not hold together behind line {tail.lines}")
        if line is None:
            is_open = not raw.endswith(b"\n")
            closed = raw + _CLOSED if is_open else raw[:-1]
            tail = replace(tail, torn=hashlib.sha256(closed).hexdigest(), is_open=is_open)
        else:
            tail = _Tail(size, tail.lines + 1, hashlib.sha256(raw[:-1]).hexdigest())
        yield tail, line


def _next_line(raw: bytes, tail: _Tail) -> dict[str, Any] | None:
    """The line, when it is the one that has to follow."""
    try:
        line = json.loads(raw) if raw.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or (line.get("n"), line.get("previous")) != (tail.lines + 1, tail.digest):
        return None
    return line if line.get("torn") == tail.torn else None
