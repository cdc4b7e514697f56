"""Reading password files and writing results, the way secrets and signed documents want it."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from kzeds.errors import KeyFileError


def read_password(path: Path) -> str:
    """Read a password file: its content without one closing line break, be it LF or CRLF.

    Source: ours; UTF-8 with or without a byte order mark, as editors of Linux and Windows write it.

    Raises:
        KeyFileError: When the file is not UTF-8 text.
        OSError: When it cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KeyFileError(f"{path} is not UTF-8 text, so it is no password file") from None
    return text.removesuffix("\n").removesuffix("\r")


def is_open_to_others(path: Path) -> bool:
    """Say whether anyone but the owner may read or change the file; on Windows its mode says nothing, so False."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read: a reader finds the old content or all of the new.

    Raises:
        OSError: When it cannot be written; it names `path`, and what was there before stays.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "not a regular file; nothing was written", str(path))
    try:
        _replace(target, content)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}; nothing was written", str(path)) from None


def _replace(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
