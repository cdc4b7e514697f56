"""A process that holds keys can be dumped by nobody."""

from __future__ import annotations

import subprocess
import sys

_ASKS = """
import ctypes, resource
from kzeds.memory import hide_memory
PR_GET_DUMPABLE = 3
soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
before = ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)
hide_memory()
print(before, ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))
"""


def test_memory_is_hidden_from_dumps_and_from_other_processes_of_the_user() -> None:
    """By the limit, and by the flag that also holds where dumps are piped to a program, which asks no limit."""
    done = subprocess.run([sys.executable, "-c", _ASKS], capture_output=True, text=True, check=True)
    assert done.stdout == "1 0 (0, 0)\n"
