"""The processes beside the benchmark: what they used of the CPU, and how they are talked to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from kzeds import KeyKind

WITHOUT_IFMA = {"OPENSSL_ia32cap": ":~0x200000"}
"""OpenSSL does without AVX-512 IFMA, as on processors that lack it; RSA then costs about twice as much."""

_TESTS = str(Path(__file__).parents[1])
_IMPORTABLE = {"PYTHONPATH": os.pathsep.join([_TESTS, *filter(None, [os.environ.get("PYTHONPATH")])])}
"""For modules that lie beside the tests."""


def has_ifma() -> bool:
    """Whether this processor multiplies 52-bit integers in AVX-512."""
    try:
        return "avx512ifma" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used so far in all its threads, by the kernel's nanosecond clock."""
    return time.clock_gettime((~pid << 3) | 2)


def peak_mb_of(pid: int) -> float:
    """The most memory that a process has held so far, in units of a million bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024 / 1e6


class Talking:
    """A Python module that runs beside us and answers each line with a line of JSON."""

    def __init__(
        self, module: str, arguments: Sequence[str], env: Mapping[str, str], *, errors: IO[str] | None = None
    ) -> None:
        command, pipe = [sys.executable, "-m", module, *arguments], subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=errors, text=True, env={**os.environ, **_IMPORTABLE, **env}
        )

    def ask(self, line: str) -> Any:
        """Tell it something and return its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> Any:
        """Its next line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended with status {self.process.wait()}")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.communicate(timeout=30)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds for a single one of something."""

    cpu: float
    wall: float


class RawSigner(Talking):
    """Makes raw signatures."""

    def __init__(self, pki: Path, kind: KeyKind, env: Mapping[str, str]) -> None:
        files = [str(pki / "employer.p12"), str(pki / "employer.password")]
        super().__init__("benchmarks.raw_signatures", [kind.value, *files], env)

    def each(self, times: int) -> Spent:
        """Make so many; what one took."""
        told = self.ask(str(times))
        return Spent(told["cpu"] / times, told["wall"] / times)


class Gateway(Talking):
    """The lean gateway."""

    def __init__(self, pki: Path, latency: float = 0.0) -> None:
        super().__init__("benchmarks.gateway", [str(pki), "--latency", str(latency)], {})
        self.url = str(self.hear()["url"])

    @property
    def answers(self) -> int:
        """How many it has given."""
        return int(self.ask("count")["answers"])

    @property
    def last(self) -> float | None:
        """When the last request came, by ``time.time``; None before the first."""
        found = self.ask("count")["last"]
        return None if found is None else float(found)
