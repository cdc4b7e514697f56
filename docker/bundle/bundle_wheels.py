"""The wheels of a bundle: what the lock file names for the target, with our own, and nothing that is not needed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bundle_target import BundleError, DownloadError, Target

OWN = "usrec-agent"
EXTRAS = frozenset({"evidence", "mariadb"})
"""Of ours: what a closed network could not get later. Tokens and SQL Server need a vendor's own library: not theirs."""


@dataclass(frozen=True)
class Wheel:
    """A wheel's file."""

    file: Path

    @cached_property
    def metadata(self) -> Message:
        """Its METADATA (core metadata of PyPA)."""
        with zipfile.ZipFile(self.file) as archive:
            inside = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            return HeaderParser().parsestr(archive.read(inside).decode("utf-8"))

    @property
    def name(self) -> str:
        """Normalised name."""
        return str(canonicalize_name(str(self.metadata["Name"])))

    @property
    def version(self) -> str:
        """Its version."""
        return str(self.metadata["Version"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return sha256(self.file.read_bytes()).hexdigest()

    def requires(self, extras: frozenset[str], target: Target) -> Iterator[Requirement]:
        """What it needs on the target, with those of its extras that are asked for."""
        for text in self.metadata.get_all("Requires-Dist", []):
            need = Requirement(str(text))
            environments = [{**target.markers(), "extra": extra} for extra in ("", *extras)]
            if need.marker is None or any(need.marker.evaluate(one) for one in environments):
                yield need


@dataclass(frozen=True)
class Closure:
    """Our wheel and all that it needs.

    Attributes:
        wheels: By name, ours among them.
        needs: Which others each needs, by name.
    """

    wheels: Mapping[str, Wheel]
    needs: Mapping[str, frozenset[str]]


def collect(root: Path, folder: Path, target: Target, epoch: int) -> Closure:
    """Download the locked wheels and build ours, with the date ``epoch``, into an empty folder.

    Raises:
        DownloadError: pip could not get a wheel.
        BundleError: The lock file lacks something that is needed.
    """
    _download(locked((root / "requirements.lock").read_text("utf-8"), target), folder, target)
    _build(root, folder, epoch)
    closure = needed({wheel.name: wheel for wheel in map(Wheel, sorted(folder.glob("*.whl")))}, target)
    for file in folder.iterdir():
        if file not in {wheel.file for wheel in closure.wheels.values()}:
            file.unlink()
    return closure


def locked(lock: str, target: Target) -> Sequence[str]:
    """The lines of a lock file that the target needs, without their markers, hashes behind each."""
    lines = []
    for line in lock.replace("\\\n", " ").splitlines():
        text, _, hashes = line.partition(" --hash=")
        if not hashes:
            continue
        need = Requirement(text)
        if need.marker is None or need.marker.evaluate(dict(target.markers())):
            lines.append(f"{need.name}{need.specifier} --hash={hashes}")
    return lines


def needed(found: Mapping[str, Wheel], target: Target) -> Closure:
    """Our wheel and what it needs of ``found``, along what each wheel says of itself.

    Raises:
        BundleError: Something is needed that was not found.
    """
    needs: dict[str, set[str]] = {}
    asked: dict[str, frozenset[str]] = {}
    todo: list[tuple[str, frozenset[str]]] = [(OWN, EXTRAS)]
    while todo:
        name, extras = todo.pop()
        extras |= asked.get(name, frozenset())
        if name not in found:
            raise BundleError(f"requirements.lock has no {name}, which is needed for {target.name}; run make lock")
        if asked.get(name) == extras:
            continue
        asked[name] = extras
        for need in found[name].requires(extras, target):
            other = str(canonicalize_name(need.name))
            needs.setdefault(name, set()).add(other)
            todo.append((other, frozenset(need.extras)))
    return Closure(
        {name: found[name] for name in sorted(asked)}, {name: frozenset(needs.get(name, ())) for name in asked}
    )


def _download(lines: Sequence[str], folder: Path, target: Target) -> None:
    with TemporaryDirectory() as place:
        lock = Path(place, "requirements.lock")
        lock.write_text("\n".join(lines), "utf-8")
        options = ["--no-deps", "--require-hashes", "-d", str(folder), "-r", str(lock), *target.pip_options()]
        done = _pip("download", *options)
    if done.returncode:
        raise DownloadError(f"pip could not get the wheels: {_last_line(done.stderr)}")


def _build(root: Path, folder: Path, epoch: int) -> None:
    done = _pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(root), epoch=epoch)
    if done.returncode:
        raise BundleError(f"our own wheel could not be built: {_last_line(done.stderr)}")


def _pip(*arguments: str, epoch: int = 0) -> subprocess.CompletedProcess[str]:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
    command = ["env", f"SOURCE_DATE_EPOCH={epoch}", *pip, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _last_line(text: str) -> str:
    lines = (
        [line for line in text.splitlines() if line.startswith("ERROR:")] or text.splitlines() or ["no reason given"]
    )
    return lines[-1].removeprefix("ERROR: ")
