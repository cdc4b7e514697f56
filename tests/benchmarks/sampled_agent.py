"""``usrec run`` that tells where its CPU goes: its stack is written down each time that it has used four milliseconds.

The kernel's timer counts the CPU of the whole process and interrupts the thread that is at work; ``faulthandler`` then
writes that thread's stack, also where it works in C and has let go of the interpreter. ``begin`` on standard input
empties the file and starts the timer, ``end`` stops it.
"""

from __future__ import annotations

import faulthandler
import json
import signal
import sys
import threading
from pathlib import Path
from typing import IO

_EVERY = 0.004
"""Seconds of CPU; the kernel's own clock ticks no more often."""


def _obey(out: IO[str]) -> None:
    for order in sys.stdin:
        if order.strip() == "begin":
            out.truncate(0)
            signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
        else:
            signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(order.strip()), flush=True)


def main() -> None:
    """Run the agent until it is told to stop."""
    from usrec.__main__ import main as usrec

    settings, samples = sys.argv[1:]
    with Path(samples).open("a") as out:
        faulthandler.register(signal.SIGPROF, file=out, all_threads=False)
        threading.Thread(target=_obey, args=(out,), name="orders", daemon=True).start()
        sys.argv = ["usrec", "run", "--config", settings]
        usrec()


if __name__ == "__main__":
    main()
