"""Starts ``python -m`` commands as copies of a process that has their imports behind it (``warm_server``)."""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from support import warm_door
from support.warm_server import PROGRAMS

_FIXED_AT_START: Final = ("LC_", "LANG", "PYTHON")


def _fixed(environment: Mapping[str, str]) -> Mapping[str, str]:
    """What an interpreter reads once, when it starts."""
    return {
        name: value for name, value in environment.items() if name.startswith(_FIXED_AT_START) and name != "PYTHONPATH"
    }


class _Server:
    """The process that is copied; it ends with this one."""

    def __init__(self) -> None:
        self.control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._place = tempfile.TemporaryDirectory()
        self.door = Path(self._place.name, "door")
        with other, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind(str(self.door))
            door.listen()
            ends = other.fileno(), door.fileno()
            seen = os.pathsep.join(str(Path(one).absolute()) for one in sys.path)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.warm_server", *map(str, ends)],
                pass_fds=ends,
                env={**os.environ, "PYTHONPATH": seen},
                stdin=subprocess.DEVNULL,
            )
        self.fixed = _fixed(os.environ)
        atexit.register(self.close)

    def close(self) -> None:
        """Let it go."""
        self.control.close()
        self._process.wait(10)
        self._place.cleanup()


class Warm(subprocess.Popen[str]):
    """A process that speaks text. Only ``python -m`` one of our programs is warm; every other command starts cold.

    All that tests ask of a process they may ask of this one. It is no child of ours, though, so its end is told by
    the process that was copied.
    """

    _server: ClassVar[_Server | None] = None
    _story: int | None = None

    def __init__(self, command: Sequence[str], **how: Any) -> None:
        super().__init__(command, text=True, **how)

    def poll(self) -> int | None:
        """Whether it has ended, and how."""
        if self._story is None:
            return super().poll()
        return self.returncode if self.returncode is not None else self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, so many seconds at most."""
        if self._story is None:
            return super().wait(timeout)
        code = self.returncode if self.returncode is not None else self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        assert self._story is not None
        if not select.select([self._story], [], [], timeout)[0]:
            return None
        told = _line(self._story)
        os.close(self._story)
        self.returncode = os.waitstatus_to_exitcode(int(told)) if told else 255
        return self.returncode

    def _execute_child(self, *how: Any) -> None:
        """Replaces the fork of the standard library; its arguments stand in the order of Python 3.11 to 3.14."""
        command, folder, environment = how[0], how[5], how[6]
        variables = dict(os.environ if environment is None else environment)
        server = self._warm(command, variables)
        if server is None:
            super()._execute_child(*how)  # type: ignore[misc]  # the standard library's own, which has no stub
            return
        standard = [given if given != -1 else own for own, given in enumerate((how[10], how[13], how[15]))]
        request = {"command": command[2:], "folder": os.fspath(folder or Path.cwd()), "environment": variables}
        self._story, other = os.pipe()
        socket.send_fds(server.control, [json.dumps(request).encode()], [*standard, other])
        os.close(other)
        self._close_pipe_fds(*how[10:16])  # type: ignore[attr-defined]  # same
        self.pid = int(_line(self._story))
        self._child_created = True

    @classmethod
    def _warm(cls, command: Sequence[str], environment: Mapping[str, str]) -> _Server | None:
        if list(command[:2]) != [sys.executable, "-m"] or command[2].partition(".")[0] not in (*PROGRAMS, "support"):
            return None
        return cls.server() if _fixed(environment) == cls.server().fixed else None

    @classmethod
    def server(cls) -> _Server:
        """The process that is copied: one for all tests of this process."""
        cls._server = cls._server or _Server()
        return cls._server


def _line(pipe: int) -> bytes:
    """One line of a pipe, byte by byte so that nothing of the next is taken; empty at its end."""
    line = b""
    while (letter := os.read(pipe, 1)) not in {b"", b"\n"}:
        line += letter
    return line


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; it reads nothing."""
    with Warm(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=cwd
    ) as process:
        try:
            said, complaint = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, said, complaint)


def put_programs(folder: Path) -> Path:
    """Put into a folder commands of our programs' names, for a shell; each runs warm (``warm_door``)."""
    folder.mkdir()
    server = Warm.server()
    says = {"door": str(server.door), "fixed": server.fixed}
    (folder / warm_door.SETTINGS).write_text(json.dumps(says), "utf-8")
    for name in PROGRAMS:
        program = folder / name.replace("_", "-")
        program.write_text(f"#!{sys.executable} -IS\n{Path(warm_door.__file__).read_text('utf-8')}", "utf-8")
        program.chmod(0o755)
    return folder
