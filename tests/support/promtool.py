"""Prometheus' own checker, where there is one: on PATH, or named by $PROMTOOL. Debian's package prometheus holds it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is neither on PATH nor named by $PROMTOOL")


def promtool(*arguments: str, told: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    assert PROMTOOL is not None
    return subprocess.run(
        [PROMTOOL, *arguments], input=told, capture_output=True, text=True, check=False, cwd=cwd, timeout=60
    )
