"""The file of heads outside the ledger: one JSON object in each line, added at the end and never changed.

Where a backup was restored, a line says when and up to which batch; whoever cuts the ledger off and calls that a
restoring has to reach this file too.

It may lie on another disk or be copied to another machine; whoever cuts the ledger off has to reach it too. A crash in
the middle of a line leaves it torn; the next one begins on a line of its own.
"""

from __future__ import annotations

import base64
import errno
import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from usrec.domain.chain_head import Restoring, read_statement
from usrec.domain.errors import HeadFileUnusable
from usrec.ports.chain import SignedHead

_MODE: Final = 0o600
_LONGEST: Final = 1_000_000
"""Bytes of a line; a head has about 10 000."""


class JournalHeadFile:
    """The ``HeadFile`` port."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def last(self) -> int:
        """The highest number in it."""
        if not self.path.exists():
            return 0
        return max((head.number for head in self.heads() if head is not None), default=0)

    def require_usable(self) -> None:
        """Check that a head could be added, as far as that can be told without adding one.

        Raises:
            HeadFileUnusable: It could not.
        """
        place = self.path if self.path.exists() else self.path.parent
        if not place.exists():
            raise self._unusable("written", FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
        if not os.access(place, os.W_OK):
            raise self._unusable("written", PermissionError(errno.EACCES, os.strerror(errno.EACCES)))

    def append(self, head: SignedHead) -> None:
        """Add a head and wait until it is on the disk."""
        self._append(write_head(head))

    def append_restoring(self, restoring: Restoring) -> None:
        """Add that a backup was restored, and wait until it is on the disk."""
        self._append(write_restoring(restoring))

    def _append(self, line: bytes) -> None:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _MODE)
            try:
                size = os.fstat(descriptor).st_size
                torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
                _write(descriptor, (b"\n" if torn else b"") + line + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as problem:
            raise self._unusable("written", problem) from None

    def heads(self) -> Iterator[SignedHead | None]:
        """All in it, line by line."""
        return (read_head(line) for line in self._lines() if read_restoring(line) is None)

    def restorings(self) -> Sequence[Restoring]:
        """When backups were restored; none where there is no file."""
        if not self.path.exists():
            return ()
        return [found for line in self._lines() if (found := read_restoring(line)) is not None]

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as stream:
                while line := stream.readline(_LONGEST):
                    if line.strip():
                        yield line
        except OSError as problem:
            raise self._unusable("read", problem) from None

    def _unusable(self, what: str, problem: OSError) -> HeadFileUnusable:
        return HeadFileUnusable(
            f"the file of the journal's heads cannot be {what} ({problem.strerror})",
            where=str(self.path),
            kept="The heads are in the ledger; the agent adds them here when it can",
            next_step="Check [journal] heads, the folder's rights and its disk",
        )


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def write_head(head: SignedHead) -> bytes:
    """A head as one line of JSON, without its end."""
    stamp = None if head.timestamp is None else base64.b64encode(head.timestamp).decode()
    said = {
        "batch": head.number,
        "hash": head.hash,
        "signed_at": head.signed_at.isoformat(),
        "certificate": head.certificate,
        "statement": head.statement,
        "signature": base64.b64encode(head.signature).decode(),
        "timestamp": stamp,
    }
    return json.dumps(said).encode()


def write_restoring(restoring: Restoring) -> bytes:
    """A restoring as one line of JSON, without its end."""
    said = {"restored_at": restoring.at.isoformat(), "backup_head": restoring.backup_head}
    return json.dumps(said).encode()


def read_restoring(line: bytes) -> Restoring | None:
    """The restoring of a line, None when it is another line."""
    if b'"restored_at"' not in line[:20]:
        return None
    try:
        said: dict[str, Any] = json.loads(line)
        found = Restoring(datetime.fromisoformat(said["restored_at"]), int(said["backup_head"]))
    except (ValueError, KeyError, TypeError):
        return None
    return found if found.at.utcoffset() is not None else None


def read_head(line: bytes) -> SignedHead | None:
    """The head of a line, None when it cannot be read. What is said beside the statement has to agree with it."""
    try:
        said: dict[str, Any] = json.loads(line)
        told = read_statement(said["statement"])
        stamp = said["timestamp"]
        agrees = (told.batch, told.hash) == (said["batch"], said["hash"])
        head = SignedHead(
            told.batch,
            told.hash,
            told.at,
            str(said["certificate"]),
            said["statement"],
            base64.b64decode(said["signature"], validate=True),
            None if stamp is None else base64.b64decode(stamp, validate=True),
        )
    except (ValueError, KeyError, TypeError):
        return None
    return head if agrees else None
