"""One look at a drop folder for the administrator: whether it can be used, and what lies in it. Nothing is changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from usrec.adapters.sources.files.drop_folder import REFUSED, TAKEN, WORK, may_be_events
from usrec.domain.errors import SourceUnavailable


@dataclass(frozen=True, slots=True)
class FolderGlimpse:
    """What was found: files that wait, and files that were refused and that nobody has taken away."""

    waiting: int
    refused: int


def look_at_folder(folder: Path) -> FolderGlimpse:
    """Look at a drop folder.

    Raises:
        SourceUnavailable: It cannot be read or written, or its inner folders lie on another disk.
    """
    try:
        waiting = sum(map(may_be_events, folder.iterdir()))
        inner = [folder / name for name in (WORK, TAKEN, REFUSED) if (folder / name).exists()]
        elsewhere = [one.name for one in inner if one.stat().st_dev != folder.stat().st_dev]
        refused = sum(map(may_be_events, (folder / REFUSED).glob("*")))
    except OSError as problem:
        raise SourceUnavailable(problem.strerror or type(problem).__name__) from None
    closed = [one for one in (folder, *inner) if not os.access(one, os.R_OK | os.W_OK | os.X_OK)]
    if closed:
        raise SourceUnavailable(f"the agent's user may not read and write {closed[0]}")
    if elsewhere:
        raise SourceUnavailable(f"{elsewhere[0]} lies on another file system, so that files cannot be moved there")
    return FolderGlimpse(waiting, refused)
