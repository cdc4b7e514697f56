"""A signer daemon as an administrator sets it up: the shipped settings, a key file, a process, a socket."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket
from typing import Any

from kzeds.signers.daemon_client import SocketSigner
from support import employer_messages
from support.units import UNITS
from support.warm import Warm, run

BIN = "200940000013"
PATIENCE = timedelta(seconds=30)


@cache
def documents() -> dict[tuple[str, str], bytes]:
    """What the agent's renderer makes, by wire profile and operation (its own tests hold it to these files)."""
    golden = Path(__file__).parents[2] / "fixtures" / "golden"
    return {(file.parent.name, file.stem): file.read_bytes() for file in sorted(golden.glob("*/*.xml"))}


def conclusion(number: int, **changes: Any) -> bytes:
    """One of many documents."""
    return employer_messages.conclusion(number=str(number), **changes)


def journal_head(number: int, **changes: Any) -> bytes:
    """What the agent has signed of its journal, written by hand: the daemon knows nothing of the agent."""
    said = {"at": "2026-11-22T09:00:00.000000Z", "batch": number, "entries": 3 * number, "hash": f"{number:064x}"}
    said |= {"kind": "usrec journal head v1", "ledger": "0123456789abcdef" * 2, **changes}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


@dataclass
class SignerDaemon:
    """One installation of the daemon in one folder."""

    folder: Path
    process: subprocess.Popen[str] | None = None
    socket: Path = field(init=False)

    def __post_init__(self) -> None:
        self.socket = self.folder / "s"

    @property
    def settings(self) -> Path:
        return self.folder / "signer.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def log(self) -> Path:
        return self.state / "signatures.log"

    def set_up(self, pki: Path, **changes: str) -> None:
        """Install the shipped settings with a key of the test PKI; `changes` replace whole lines by their setting."""
        (self.folder / "keys").mkdir()
        self.state.mkdir(mode=0o700)
        self.put_key(pki, "employer")
        text = (UNITS / "usrec-signer.toml").read_text("utf-8")
        here = {"socket": f'"{self.socket}"', "state": f'"{self.state}"', "users": f'["{os.getuid()}"]'}
        self.settings.write_text(text, "utf-8")
        self.change(**{**here, **changes})

    def put_key(self, pki: Path, name: str, *, to: str = "employer") -> None:
        """Copy a key and its password, for the owner alone."""
        owner = "employer" if name.startswith("employer-") and name != "employer-2" else name
        for source, target in ((f"{name}.p12", f"{to}.p12"), (f"{owner}.password", f"{to}.password")):
            shutil.copyfile(pki / source, self.folder / "keys" / target)
            (self.folder / "keys" / target).chmod(0o600)

    def change(self, **changes: str) -> None:
        """Replace the first line of each setting."""
        text = self.settings.read_text("utf-8")
        for name, value in changes.items():
            text, found = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, count=1, flags=re.MULTILINE)
            assert found == 1, name
        self.settings.write_text(text, "utf-8")

    def add(self, text: str) -> None:
        """Append to the settings."""
        self.settings.write_text(self.settings.read_text("utf-8") + text, "utf-8")

    def start(self, **environment: str) -> None:
        """Start the process and wait until it listens."""
        errors = (self.folder / "stderr").open("ab")
        self.process = Warm(
            [sys.executable, "-m", "kzeds", "signer-daemon", "run", "--settings", str(self.settings)],
            stderr=errors,
            env={**os.environ, **environment},
        )
        errors.close()
        self.wait_until(self.answers)

    def wait_until(self, condition: Any) -> None:
        limit = time.monotonic() + PATIENCE.total_seconds()
        while not condition():
            assert self.process is None or self.process.poll() is None, self.errors()
            assert time.monotonic() < limit, self.errors()
            time.sleep(0.005)

    def answers(self) -> bool:
        with socket(AF_UNIX, SOCK_STREAM) as end:
            return end.connect_ex(str(self.socket)) == 0

    def kill(self) -> None:
        """End it without a warning, as the power does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self.socket.unlink(missing_ok=True)

    def stop(self) -> int:
        """Stop it as systemd does; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def signer(self, key: str = "main", *, timeout: timedelta = PATIENCE) -> SocketSigner:
        return SocketSigner(self.socket, key, timeout=timeout)

    def errors(self) -> str:
        return (self.folder / "stderr").read_text("utf-8")

    def lines(self) -> list[dict[str, Any]]:
        """The lines of the log."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]

    def command(self, *words: str, code: int = 0) -> str:
        """Run a command on its settings and return what it says."""
        done = run(
            [sys.executable, "-m", "kzeds", "signer-daemon", words[0], "--settings", str(self.settings), *words[1:]]
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@contextmanager
def running(daemon: SignerDaemon) -> Iterator[SignerDaemon]:
    """The daemon's process for the time of the block."""
    daemon.start()
    try:
        yield daemon
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()
