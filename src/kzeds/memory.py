"""A process that holds keys keeps its memory to itself.

Source: prctl(2), PR_SET_DUMPABLE; core(5), by which a limit of zero does not keep a dump from a program that the system
pipes it to.
"""

from __future__ import annotations

import resource
from contextlib import suppress
from typing import Final

_PR_SET_DUMPABLE: Final = 4


def hide_memory() -> None:
    """Keep the keys out of core dumps, and the memory away from other processes of the same user.

    A system call filter may forbid the limit (`SystemCallFilter=~@resources`); LimitCORE= has set it then.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
