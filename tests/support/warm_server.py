"""A process with the programs' imports behind it, that becomes one of them, in a copy, whenever it is asked to.

Half a second of processor time goes into the imports of every command, and the suite starts several hundred. Each copy
is a process of its own, with its own number, files, signals and end; what it runs is what ``python -m`` runs. How fast
and how lazily commands import is measured elsewhere, in cold processes (``test_commands_are_light``).
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import threading
import time
import traceback
from io import TextIOWrapper
from typing import TextIO

LONGEST = 1 << 17
"""Bytes of a request."""
PROGRAMS = ("kzeds", "usrec", "usrec_simulator")
_LAZY = ("alembic.command", "holidays", "openpyxl", "rich.traceback", "uvicorn")


def import_all() -> None:
    """Import every module of the programs, and what they import when they need it."""
    for name in PROGRAMS:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if ".migrations." not in found.name and not found.name.endswith("__main__"):
                with contextlib.suppress(ImportError):
                    importlib.import_module(found.name)
    for name in _LAZY:
        importlib.import_module(name)


class _Copies:
    """The copies that run, and who is told their end.

    A request on the control socket holds the command and four descriptors: the copy's standard ones, and a pipe on
    which its number is told and then, when it has ended, the status of its end. Whoever comes through the door
    (``warm_door``) sends three, and is told the same on the connection itself; when it goes, its copy is killed.
    """

    def __init__(self, control: int, door: socket.socket) -> None:
        self._control, self._door = control, door
        self._running: dict[int, tuple[int, int]] = {}
        self._callers: dict[int, int] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._poll.register(door, select.POLLIN)

    def serve(self) -> list[str]:
        """Fork for each request; returns in the copy, with the module to run and its arguments."""
        while True:
            for ready, _ in self._poll.poll():
                asked = None
                if ready in self._running:
                    self._told(ready)
                elif ready in self._callers:
                    self._poll.unregister(ready)
                    signal.pidfd_send_signal(self._callers.pop(ready), signal.SIGKILL)
                elif ready == self._control:
                    asked = self._copy(*_receive(ready))
                elif ready == self._door.fileno():
                    asked = self._called(self._door.accept()[0].detach())
                if asked is not None:
                    return asked

    def _called(self, caller: int) -> list[str] | None:
        request, descriptors = _receive(caller)
        if request:
            return self._copy(request, [*descriptors, caller], called=True)
        os.close(caller)
        return None

    def _copy(self, request: bytes, descriptors: list[int], *, called: bool = False) -> list[str] | None:
        if not request:
            os._exit(0)
        child = os.fork()
        if child == 0:
            return _become(json.loads(request), descriptors)
        story = descriptors.pop()
        os.write(story, f"{child}\n".encode())
        for one in descriptors:
            os.close(one)
        handle = os.pidfd_open(child)
        self._running[handle] = (child, story)
        self._poll.register(handle, select.POLLIN)
        if called:
            self._callers[story] = handle
            self._poll.register(story, 0)
        return None

    def _told(self, handle: int) -> None:
        self._poll.unregister(handle)
        child, story = self._running.pop(handle)
        if self._callers.pop(story, None) is not None:
            self._poll.unregister(story)
        _tell_end(handle, child, story)


def _receive(control: int) -> tuple[bytes, list[int]]:
    with socket.socket(fileno=os.dup(control)) as end:
        request, descriptors, _, _ = socket.recv_fds(end, LONGEST, 4)
    return request, descriptors


def _tell_end(handle: int, child: int, story: int) -> None:
    os.close(handle)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(story, f"{status}\n".encode())
    os.close(story)


def _become(request: dict[str, object], descriptors: list[int]) -> list[str]:
    """Take over the environment, the folder and the standard files of the command."""
    for number, one in enumerate(descriptors[:3]):
        os.dup2(one, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        opened = _text(number, getattr(sys, name))
        setattr(sys, name, opened)
        setattr(sys, f"__{name}__", opened)
    environment, folder, command = request["environment"], request["folder"], request["command"]
    assert isinstance(environment, dict)
    assert isinstance(command, list)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(str(folder))
    if "umask" in request:
        os.umask(int(str(request["umask"])))
        sys.modules["__main__"].__package__ = ""
    sys.path[:0] = [one for one in environment.get("PYTHONPATH", "").split(os.pathsep) if one]
    return command


def _text(number: int, like: TextIO) -> TextIOWrapper:
    """A standard file as an interpreter opens it when it starts."""
    binary = open(number, "wb" if number else "rb", closefd=False)  # noqa: SIM115
    return TextIOWrapper(binary, encoding=like.encoding, errors=like.errors, line_buffering=number == 2)


def main() -> None:
    """Import, wait, and run what the copy is to run."""
    import_all()
    gc.collect()
    gc.freeze()
    module, *arguments = _Copies(int(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))).serve()
    sys.argv = [module, *arguments]
    os._exit(_status_of(module))


def _status_of(module: str) -> int:
    """Run it and give its status; the rest of an interpreter's end only frees what the system frees anyway."""
    status = 0
    try:
        if sys.modules["__main__"].__package__:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        else:  # called through the door, by its own name
            sys.argv[0] = module.replace("_", "-")
            sys.exit(importlib.import_module(f"{module}.__main__").main())
    except SystemExit as ended:
        status = _told(ended.code)
    except BaseException:  # noqa: BLE001 -- as the interpreter does
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # as multiprocessing ends its copies
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _told(code: object) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    sys.stderr.write(f"{code}\n")
    return 1


if __name__ == "__main__":
    main()
