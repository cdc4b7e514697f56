"""``usrec`` in a process of its own, on a machine whose clock somebody sets:

    python -m support.wrong_clock FILE -- run --config usrec.toml

The file holds the seconds that the clock is ahead, and is read anew whenever somebody asks for the time. The counter
that nobody can set stays the machine's own, as it does when a machine's clock is set.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

from usrec.adapters.system_clock import SystemClock


def main() -> None:
    file, separator, *arguments = sys.argv[1:]
    if separator != "--":
        raise SystemExit("usage: wrong_clock FILE -- ARGUMENTS OF usrec")
    sys.argv = ["usrec", *arguments]
    right = SystemClock.now

    def now(clock: SystemClock) -> datetime:
        return right(clock) + timedelta(seconds=float(Path(file).read_text("utf-8") or 0))

    with mock.patch.object(SystemClock, "now", now):
        from usrec.__main__ import main as usrec

        usrec()


if __name__ == "__main__":
    main()
