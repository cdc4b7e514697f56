"""The machine that a bundle is for: Python's version, processor and C library."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

DEFAULT_GLIBC: Final = (2, 28)
"""Of Debian 10, RHEL 8 and Astra Linux 1.8; older machines find no wheels of some libraries."""
MACHINES: Final = ("x86_64", "aarch64")
_LEGACY: Final = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
"""Older names of some platforms (PEP 513, 571, 599)."""


class BundleError(Exception):
    """No bundle can be made; the text says why and what to do."""


class DownloadError(BundleError):
    """pip could not get the wheels."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the wheels have to run on.

    Attributes:
        python: Major and minor version of CPython.
        glibc: The oldest version of the GNU C library.
        machine: Processor, as ``uname -m`` names it.
    """

    python: tuple[int, int]
    glibc: tuple[int, int]
    machine: str

    @property
    def platform(self) -> str:
        """Its platform tag (PEP 600)."""
        return f"manylinux_{self.glibc[0]}_{self.glibc[1]}_{self.machine}"

    @property
    def name(self) -> str:
        """As it stands in the bundle's name: ``py311-manylinux_2_28_x86_64``."""
        return f"py{self.python[0]}{self.python[1]}-{self.platform}"

    def pip_options(self) -> Sequence[str]:
        """What makes pip choose wheels for the target, and nothing but wheels."""
        platforms = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc[1], 4, -1)]
        platforms += [f"{name}_{self.machine}" for glibc, name in _LEGACY.items() if glibc <= self.glibc]
        abis = (f"cp{self.python[0]}{self.python[1]}", "abi3", "none")
        options = ["--only-binary", ":all:", "--implementation", "cp"]
        options += ["--python-version", f"{self.python[0]}.{self.python[1]}"]
        return [*options, *(f"--platform={one}" for one in platforms), *(f"--abi={one}" for one in abis)]

    def markers(self) -> Mapping[str, str]:
        """The values of environment markers (PEP 508)."""
        version = f"{self.python[0]}.{self.python[1]}"
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{version}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{version}.0",
            "python_version": version,
            "sys_platform": "linux",
        }


def read_target(python: str, platform_tag: str) -> Target:
    """The target of ``3.11`` and ``manylinux_2_28_x86_64``; empty texts mean this machine.

    Raises:
        BundleError: They name no target.
    """
    version = re.fullmatch(r"3\.(\d+)", python or f"3.{sys.version_info.minor}")
    tag = re.fullmatch(r"manylinux_2_(\d+)_(\w+)", platform_tag or f"manylinux_2_{DEFAULT_GLIBC[1]}_{_this_machine()}")
    if version is None or int(version[1]) < 11:
        raise BundleError(f"{python} is no version of Python that usrec-agent runs on; write 3.11 or later")
    if tag is None or tag[2] not in MACHINES:
        raise BundleError(f"{platform_tag} is no platform; write manylinux_2_28_x86_64 or manylinux_2_28_aarch64")
    return Target((3, int(version[1])), (2, int(tag[1])), tag[2])


def _this_machine() -> str:
    return {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine())
