"""A program's name on a shell's path: asks the process that is copied (``warm_server``) for a copy and ends as it ends.

To the shell it is the program: what it gets on its standard files, and every signal, the copy gets; when this is
killed, the copy is. It starts in a hundredth of a second, and imports nothing of ours. Where a copy could not be what
a cold process is (other descriptors than the standard ones, other switches of the interpreter, an encoding of its
own), the program starts cold.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

SETTINGS = "door.json"
_PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def main() -> None:
    """Run the program of this file's name."""
    here, name = os.path.split(os.path.abspath(sys.argv[0]))  # noqa: PTH100 -- pathlib takes as long as the rest
    with open(os.path.join(here, SETTINGS), encoding="utf-8") as file:  # noqa: PTH118, PTH123
        settings = json.load(file)
    if not _same(settings["fixed"]) or _more_descriptors():
        own = os.path.join(os.path.dirname(sys.executable), name)  # noqa: PTH118, PTH120
        os.execv(own, [own, *sys.argv[1:]])  # noqa: S606
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.connect(settings["door"])
        socket.send_fds(door, [_request(name)], [0, 1, 2])
        copy = int(door.recv(99))
        for one in _PASSED_ON:
            signal.signal(one, lambda number, _: os.kill(copy, number))
        ended = os.waitstatus_to_exitcode(int(door.recv(99)))
    _end(ended)


def _same(fixed: dict[str, str]) -> bool:
    """Whether an interpreter would read at its start what that of the copies has read; all of UTF-8 are one."""
    for name, value in os.environ.items():
        if name.startswith("PYTHON") and name != "PYTHONPATH" and fixed.get(name) != value:
            return False
        if name.startswith(("LC_", "LANG")) and value != fixed.get(name) and not value.lower().endswith("utf-8"):
            return False
    return not any(name.startswith("PYTHON") and name not in os.environ for name in fixed)


def _more_descriptors() -> bool:
    return any(int(one) > 2 and os.path.exists(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd"))  # noqa: PTH110, PTH208


def _request(name: str) -> bytes:
    os.umask(mask := os.umask(0o077))
    command = [name.replace("-", "_"), *sys.argv[1:]]
    told = {"command": command, "folder": os.getcwd(), "environment": dict(os.environ), "umask": mask}  # noqa: PTH109
    return json.dumps(told).encode()


def _end(code: int) -> None:
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
