"""A program at a pseudo terminal, with somebody who types at it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

SECONDS = 60.0
"""How long a program may take."""


def at_terminal(
    command: Sequence[str | Path], dialogue: Sequence[tuple[str, str]], environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run a program at a terminal of its own.

    Args:
        command: The program and its arguments.
        dialogue: What is waited for on the screen, and what is then typed, in order.
        environment: All that the program sees of it.

    Returns:
        Its exit code and everything that stood on the screen.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        list(map(str, command)),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=dict(environment),
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            shown = _talk(ours, list(dialogue), time.monotonic() + SECONDS)
        finally:
            os.close(ours)
            with suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS)
            process.kill()
    return process.returncode, shown


def _talk(terminal: int, dialogue: list[tuple[str, str]], ends: float) -> str:
    """Type each answer when its question is there, until the program closes the terminal."""
    shown, answered = b"", 0
    while time.monotonic() < ends:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        while dialogue and dialogue[0][0].encode() in shown[answered:]:
            question, answer = dialogue.pop(0)
            answered = shown.index(question.encode(), answered) + len(question.encode())
            os.write(terminal, answer.encode() + b"\n")
    assert not dialogue, f"was never asked {dialogue[0][0]!r}:\n{shown.decode()}"
    return shown.decode().replace("\r\n", "\n")
