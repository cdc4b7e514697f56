"""``[health]``, ``[watch]``, ``[log]``: what is seen of an agent that runs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from usrec.settings.kinds import Seconds
from usrec.settings.section import Section


class HealthSettings(Section):
    """Where the agent answers for its health and metrics."""

    listen: str | None = None
    """``127.0.0.1:9464`` or ``unix:/run/usrec-agent/health.sock``; nothing listens when absent."""
    public: bool = False
    """Let other machines ask too: ``listen`` may then name any address, as in a container."""


class WatchSettings(Section):
    """The independent watcher, ``usrec watch``."""

    silence: Seconds = timedelta(minutes=10)
    """An agent that gave no sign of life for so long is told."""
    interval: Seconds = timedelta(minutes=1)
    """How often it looks."""
    state_file: Path = Path("watch.state")
    """Where it remembers what it has told."""


class LogSettings(Section):
    """What the agent writes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important level that is written."""
    format: Literal["json", "text"] = "json"
    """``json``: one object in each line; ``text``: for a person."""
