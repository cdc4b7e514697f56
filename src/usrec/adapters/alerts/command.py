"""Alerts to a program of the administrator: the text on its standard input, the rest in its environment.

There is no shell, so nothing in a message is ever taken for a command. The program gets an environment of its own and
not the agent's, in which secrets may stand. What it prints is thrown away: nobody knows what it holds.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from usrec.domain.errors import AlertNotTaken
from usrec.ports.alert_sink import AlertMessage

SEARCHED: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class CommandAlertSink:
    """Runs a program for each message; exit code 0 means taken.

    Args:
        command: Program and arguments.
        folder: Where it runs, and where relative paths start.
        timeout: After so long it is killed with all that it started.
    """

    def __init__(self, command: Sequence[str], *, folder: Path, timeout: timedelta) -> None:
        self._command = command
        self._folder = folder
        self._timeout = timeout

    def deliver(self, message: AlertMessage) -> None:
        """Run the program.

        Raises:
            AlertNotTaken: It could not be started, did not end in time, or ended with another code than 0.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 -- the administrator's own command, without a shell
                self._command,
                cwd=self._folder,
                env=_environment(message),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "it is no command"
            raise self._not_taken(f"the program cannot be started ({reason})") from None
        code = self._finish(process, message.text)
        if code != 0:
            raise self._not_taken(f"the program ended with {code}")

    def _finish(self, process: subprocess.Popen[bytes], text: str) -> int:
        try:
            process.communicate(text.encode(), timeout=self._timeout.total_seconds())
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            seconds = self._timeout.total_seconds()
            raise self._not_taken(f"the program was killed: it did not end within {seconds:g} s") from None
        return process.returncode

    def _not_taken(self, what: str) -> AlertNotTaken:
        return AlertNotTaken(
            what, where=self._command[0], next_step="Run it by hand as the agent's user, with any text on its input"
        )


def _environment(message: AlertMessage) -> Mapping[str, str]:
    return {
        "PATH": SEARCHED,
        "HOME": _home(),
        "LANG": "C.UTF-8",
        "USREC_ALERT_ID": message.id,
        "USREC_ALERT_KIND": message.kind.value,
        "USREC_ALERT_URGENT": "yes" if message.urgent else "no",
        "USREC_ALERT_COUNT": str(len(message.alerts)),
        "USREC_ALERT_LANGUAGE": message.language,
        "USREC_ALERT_SUBJECT": message.subject,
    }


def _home() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "/"
