"""The log and the counts side by side: counts that were lost are made anew from the log, so that no quota begins again.

A document is counted before it is logged. So whatever the log says was signed and the counts do not know was taken out
of them: the file was deleted, or an older copy was put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from kzeds.signer_daemon.log import LogBrokenError, read_log
from kzeds.signer_daemon.quota import Counted, day_of

_JITTER: Final = timedelta(minutes=1)
"""Lines that were written at the same time may stand in either order."""


def counted_in(file: Path) -> Iterator[Counted]:
    """The documents that a log says were counted, in order.

    Raises:
        LogBrokenError: At the first line that does not fit.
        OSError: When the file cannot be read.
    """
    for line in read_log(file):
        if line.get("counted") is True:
            key = line.get("allowance", line.get("key"))
            try:
                digest = bytes.fromhex(line["document"])
            except (KeyError, TypeError, ValueError):
                raise LogBrokenError(f"{file}: line {line['n']} does not name the document that it counts") from None
            yield Counted(str(key), digest, day_of(_time_of(line)), str(line.get("operation")))


def steps_back(file: Path) -> list[int]:
    """The numbers of the lines before which the clock was put back: an earlier day has a quota of its own.

    Raises:
        LogBrokenError: At the first line that does not fit.
        OSError: When the file cannot be read.
    """
    found, latest = [], None
    for line in read_log(file):
        time = _time_of(line)
        if latest is not None and time < latest - _JITTER:
            found.append(int(line["n"]))
        latest = time
    return found


def _time_of(line: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(line["time"])
    except (KeyError, TypeError, ValueError):
        raise LogBrokenError(f"line {line['n']} of the log does not tell its time") from None
