"""``make bundle``: everything that installs usrec-agent on a machine without a network, in one file.

It holds the wheels that ``requirements.lock`` names for the target and our own, an installer that refuses anything
else, their digests, licences and bill of materials, the systemd units, alert rules, dashboard and documentation.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tomllib
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bundle_archive import pack, write_sums
from bundle_licences import licence_list
from bundle_sbom import bill_of_materials
from bundle_target import BundleError, DownloadError, Target, read_target
from bundle_wheels import OWN, Closure, collect

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
COPIED: Final = {
    HERE / "install.sh": "install.sh",
    HERE / "README.md": "README.md",
    ROOT / "CHANGELOG.md": "CHANGELOG.md",
    ROOT / "LICENSE": "LICENSE",
    ROOT / "docker/systemd": "systemd",
    ROOT / "docker/prometheus": "prometheus",
    ROOT / "docker/grafana": "grafana",
    ROOT / "docs": "docs",
}
UNREACHABLE: Final = 4
"""Exit code when pip could not download: the one thing that may go by itself."""


def main() -> int:
    """Make the bundle; its path and digest go to standard output."""
    wanted = _arguments()
    try:
        target = read_target(wanted.python_version, wanted.platform)
        archive = make_bundle(target, wanted.output, wanted.epoch)
    except BundleError as problem:
        sys.stderr.write(f"bundle: {problem}\n")
        return UNREACHABLE if isinstance(problem, DownloadError) else 1
    line = f"{sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"
    archive.with_name(f"{archive.name}.sha256").write_text(line, "utf-8")
    sys.stdout.write(f"{archive}\n{line}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder for the bundle")
    parser.add_argument("--python-version", default="", help="such as 3.12; the running one when absent")
    parser.add_argument("--platform", default="", help="such as manylinux_2_28_aarch64; this machine when absent")
    parser.add_argument("--epoch", type=int, required=True, help="date of everything in it, seconds since 1970")
    return parser.parse_args()


def make_bundle(target: Target, output: Path, epoch: int) -> Path:
    """Make the archive in a folder and return its path.

    Raises:
        BundleError: See the text; nothing was left behind.
    """
    output.mkdir(parents=True, exist_ok=True)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    with TemporaryDirectory() as place:
        folder = Path(place, f"{OWN}-{version}-{target.name}")
        wheels = folder / "wheels"
        wheels.mkdir(parents=True)
        _fill(folder, collect(ROOT, wheels, target, epoch), target, epoch)
        write_sums(folder)
        archive = output / f"{folder.name}.tar.gz"
        pack(folder, archive, epoch)
    return archive


def _fill(folder: Path, closure: Closure, target: Target, epoch: int) -> None:
    for source, name in COPIED.items():
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder / name)
    locked = [f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.digest}" for wheel in closure.wheels.values()]
    texts = {
        "requirements.lock": "\n".join([*locked, ""]),
        "LICENCES.txt": licence_list(closure),
        "sbom.cdx.json": bill_of_materials(closure, target, epoch),
        "target.env": _target_env(closure, target),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")


def _target_env(closure: Closure, target: Target) -> str:
    """What the installer has to know, as assignments of the shell."""
    values = {
        "VERSION": closure.wheels[OWN].version,
        "PYTHON_VERSION": f"{target.python[0]}.{target.python[1]}",
        "MACHINE": target.machine,
        "GLIBC": f"{target.glibc[0]}.{target.glibc[1]}",
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


if __name__ == "__main__":
    sys.exit(main())
