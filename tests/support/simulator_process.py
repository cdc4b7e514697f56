"""The simulator as a process of its own, as the demonstration starts it: by command line, over real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support.warm import Warm, run


class SimulatorProcess:
    """A running `usrec-simulator serve`; ends with the test process, whatever happens to that."""

    def __init__(self, process: subprocess.Popen[str], url: str, port: int, database: Path) -> None:
        self.process = process
        self.url = url
        self.port = port
        self.database = database

    @classmethod
    def start(
        cls,
        db: Path,
        pki: Path,
        *,
        faults: Path | str | None = None,
        profile: str = "current",
        deadlines: str = "warn",
        port: int = 0,
        options: Sequence[str] = (),
        dies: str | None = None,
    ) -> Self:
        """Start and wait until it listens; `faults` is a file, or the text of one.

        With `dies` it kills itself at that place (`crashing_simulator`).
        """
        program = ["usrec_simulator"] if dies is None else ["support.crashing_simulator", dies, "--"]
        command = [sys.executable, "-m", *program, "serve", "--db", str(db), "--pki", str(pki)]
        command += ["--port", str(port), "--profile", profile, "--deadlines", deadlines, "--die-with-parent"]
        if isinstance(faults, str):
            script = db.with_suffix(".faults.toml")
            script.write_text(faults, "utf-8")
            faults = script
        if faults is not None:
            command += ["--faults", str(faults)]
        process = Warm([*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.communicate()
            raise AssertionError(f"the simulator ended with status {process.returncode} before it listened")
        ready = json.loads(line)
        return cls(process, ready["url"], ready["port"], db)

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and return its exit status."""
        self.process.terminate()
        return self._ended()

    def kill(self) -> int:
        """End it without any chance to tidy up (SIGKILL)."""
        self.process.kill()
        return self._ended()

    def wait(self, patience: float) -> int:
        """Wait until it ends by itself; its exit status."""
        self.process.wait(patience)
        return self._ended()

    def registry(self) -> list[dict[str, Any]]:
        """Return what `usrec-simulator registry --json` prints; works while it runs."""
        command = [sys.executable, "-m", "usrec_simulator", "registry", "--db", str(self.database), "--json"]
        done = run(command)
        assert done.returncode == 0, done.stderr
        records: list[dict[str, Any]] = json.loads(done.stdout)
        return records

    def _ended(self) -> int:
        try:
            self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()
