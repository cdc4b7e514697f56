"""Running a page of the documentation: its commands are typed one after another, and what they print is compared.

A page's ``console`` blocks hold commands behind ``$ ``, continued behind a backslash, and what they print; ``...``
stands for anything and runs of blanks count as one. A file that the page tells to save is written where it tells it.
Blocks of other kinds are not run.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path

from support.markdown import Block, blocks
from support.warm import put_programs

SECONDS = 120.0
"""For a whole page; on a quiet machine it takes a tenth of that."""

_MARK = "=== ended with"
_SPEAKS = re.compile(r"(?<![2>])> (?P<file>\S+) &$")
"""A server in the background that says in a file when it listens: whoever types sees that before the next command."""
_CHECK = OutputChecker()


@dataclass(frozen=True)
class Step:
    """One command of a page and what it should print."""

    command: str
    expected: str


@dataclass(frozen=True)
class Done:
    """A step that was run."""

    step: Step
    printed: str
    status: int

    @property
    def as_written(self) -> bool:
        """Whether it printed what the page says."""
        if not self.step.expected:
            return True
        return _CHECK.check_output(self.step.expected, self.printed, ELLIPSIS | NORMALIZE_WHITESPACE)


def run_page(text: str, folder: Path, machine: Mapping[str, str] | None = None) -> list[Done]:
    """Type a page's commands into one shell that begins in ``folder``; whatever they leave running is ended.

    Args:
        machine: Variables of the machine that the page supposes, such as where its database server is.
    """
    steps = [step for block in blocks(text) if block.language == "console" for step in _steps(block)]
    script = "\n".join(["exec 2>&1", "trap 'kill $(jobs -p) 2>/dev/null' EXIT", *_script(text)])
    printed = _typed(script, folder, machine or {})
    outputs = re.split(rf"^{_MARK} (\d+)$\n?", printed, flags=re.MULTILINE)
    assert len(outputs) == 2 * len(steps) + 1, f"the shell ended early: {printed}"
    return [Done(step, out, int(status)) for step, out, status in zip(steps, outputs[::2], outputs[1::2], strict=False)]


def _steps(block: Block) -> Iterator[Step]:
    for part in re.split(r"^\$ ", re.sub(r"\\\n *", "", block.text), flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield Step(command, expected)


def _script(text: str) -> Iterator[str]:
    for block in blocks(text):
        if block.save_as is not None:
            yield f"cat > {block.save_as} <<'END OF FILE'\n{block.text}END OF FILE"
        elif block.language == "console":
            for step in _steps(block):
                yield f"{step.command}\necho '{_MARK}' $?"
                if (spoken := _SPEAKS.search(step.command)) is not None:
                    yield f'until [ -s {spoken["file"]} ] || [ -z "$(jobs -pr)" ]; do sleep 0.05; done'


def _typed(script: str, folder: Path, machine: Mapping[str, str]) -> str:
    """What a shell prints that has this environment's programs first on its path, ours before them and warm."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("USREC_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(folder),
        **machine,
    }
    programs = put_programs(folder.parent / f"{folder.name}.programs")
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            return shell.communicate(timeout=SECONDS)[0]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
