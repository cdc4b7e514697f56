"""Programs of packages that were unpacked, not installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def environment(program: str) -> Mapping[str, str]:
    """What a program runs in: with the libraries that were unpacked beside it."""
    unpacked = [*Path(program).parents[1].glob("lib/*-linux-gnu"), *Path(program).parents[2].glob("lib/*-linux-gnu")]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(map(str, sorted(unpacked)))}


def starts(program: str) -> bool:
    """Whether it is there with all that it needs."""
    if not Path(program).is_file():
        return False
    tried = subprocess.run([program, "--version"], env=environment(program), capture_output=True, check=False)
    return tried.returncode == 0
