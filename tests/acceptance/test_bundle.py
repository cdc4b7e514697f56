"""The offline bundle installs and works where there is no network at all, and refuses whatever is not the bundle.

The network is really refused: a network namespace of its own, with nothing but the loopback. Where the kernel does not
permit one, every way that pip knows is closed instead.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNREACHABLE = 4
EPOCH = "1700000000"
LOOPBACK_UP = """
import fcntl, os, socket, struct, sys
with socket.socket() as probe:
    fcntl.ioctl(probe, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
os.execvp(sys.argv[1], sys.argv[1:])
"""
ISOLATED = ["unshare", "--map-root-user", "--net", sys.executable, "-c", LOOPBACK_UP]
ASK_THE_WORLD = "import socket; socket.create_connection(('192.0.2.1', 443), 3)"
NO_WAY_OUT = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_CONFIG_FILE": os.devnull,
    **dict.fromkeys(("http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9"),
}
pytestmark = pytest.mark.slow


def _may_isolate() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ISOLATED, "true"], capture_output=True, check=False).returncode == 0


MAY_ISOLATE = _may_isolate()


def offline(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command with the network refused."""
    prefix = ISOLATED if MAY_ISOLATE else []
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "USREC_"))}
    return subprocess.run(
        [*prefix, *map(str, command)],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        env=environment | NO_WAY_OUT,
        stdin=subprocess.DEVNULL,
    )


def make_bundle(folder: Path) -> Path:
    command = [sys.executable, str(ROOT / "docker/bundle/make_bundle.py"), "--epoch", EPOCH, "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == UNREACHABLE:
        pytest.skip(f"pip cannot download on this machine: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    path, line = done.stdout.splitlines()
    assert sha256(Path(path).read_bytes()).hexdigest() == line.split()[0]
    assert Path(f"{path}.sha256").read_text("utf-8") == f"{line}\n"
    return Path(path)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("dist"))


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


@pytest.fixture
def bundle(archive: Path, tmp_path: Path) -> Path:
    """The bundle, unpacked for one test."""
    return unpack(archive, tmp_path / "carried in")


def rewrite_sums(bundle: Path) -> None:
    """What somebody with ill will would do, too."""
    lines = [line.split("  ", 1)[1] for line in (bundle / "SHA256SUMS").read_text("utf-8").splitlines()]
    sums = [f"{sha256((bundle / name).read_bytes()).hexdigest()}  {name}\n" for name in lines]
    (bundle / "SHA256SUMS").write_text("".join(sums), "utf-8")


def test_it_installs_and_registers_contracts_without_any_network(bundle: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "opt"
    (prefix / "usrec-agent-0.0.1").mkdir(parents=True)
    (prefix / "usrec-agent").symlink_to("usrec-agent-0.0.1")
    if MAY_ISOLATE:
        assert "unreachable" in offline(sys.executable, "-c", ASK_THE_WORLD).stderr

    checked = offline(bundle / "install.sh", "--python", sys.executable, "--prefix", prefix, "--check")
    assert checked.returncode == 0, checked.stderr
    assert "fits this machine" in checked.stdout
    assert len(list(prefix.iterdir())) == 2

    done = offline(bundle / "install.sh", "--python", sys.executable, "--prefix", prefix)
    assert done.returncode == 0, done.stderr
    assert "Before it was usrec-agent-0.0.1" in done.stdout
    bin_ = prefix / "usrec-agent" / "bin"
    assert (prefix / "usrec-agent").readlink() != Path("usrec-agent-0.0.1")

    version = offline(bin_ / "usrec", "--version").stdout.split()
    assert version == ["usrec-agent", (prefix / "usrec-agent").readlink().name.removeprefix("usrec-agent-")]
    assert "Commands" in offline(bin_ / "usrec", "--help").stdout
    assert offline(bin_ / "python", "-m", "pip", "check").returncode == 0
    assert not (bin_ / "hatchling").exists(), "nothing that only builds is carried in"

    demo = offline(bin_ / "usrec", "demo", "--events", "10", "--json", "--workdir", tmp_path / "demo")
    assert demo.returncode == 0, demo.stderr
    told = json.loads(demo.stdout)
    assert told["accepted"] == told["registered_once"] > 0
    assert told["registered_twice"] == told["lost"] == 0

    again = offline(bundle / "install.sh", "--python", sys.executable, "--prefix", prefix)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert (bin_ / "usrec").exists(), "and what is there stays"


def test_pip_is_told_to_use_nothing_but_the_bundle() -> None:
    """What keeps the network out on machines whose kernel does not."""
    text = (ROOT / "docker/bundle/install.sh").read_text("utf-8").replace("\\\n", " ")
    (call,) = [line for line in text.splitlines() if "-m pip" in line]
    assert {"--isolated", "--no-index", "--require-hashes", ":all:"} <= set(call.split())


def test_our_own_wheel_is_the_same_when_it_is_built_again(bundle: Path, tmp_path: Path) -> None:
    """The other wheels are fixed by the lock file, and packing is tested with the parts."""
    build = ["pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(["env", f"SOURCE_DATE_EPOCH={EPOCH}", sys.executable, "-m", *build], check=True, capture_output=True)
    (again,) = tmp_path.glob("usrec_agent-*.whl")
    (first,) = (bundle / "wheels").glob("usrec_agent-*.whl")
    assert sha256(again.read_bytes()).hexdigest() == sha256(first.read_bytes()).hexdigest()


def test_a_tampered_wheel_is_refused_and_named(bundle: Path, tmp_path: Path) -> None:
    wheel = next((bundle / "wheels").glob("structlog-*.whl"))
    with zipfile.ZipFile(wheel, "a") as inside:
        inside.writestr("structlog/evil.py", "print('hello')")
    done = offline(bundle / "install.sh", "--python", sys.executable, "--prefix", tmp_path / "opt")
    assert done.returncode == 1
    assert f"wheels/{wheel.name}: FAILED" in done.stderr
    assert "Nothing was installed" in done.stderr
    assert not (tmp_path / "opt").exists()

    rewrite_sums(bundle)
    done = offline(bundle / "install.sh", "--python", sys.executable, "--prefix", tmp_path / "opt")
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert list((tmp_path / "opt").iterdir()) == [], "what was begun is removed"


def test_a_wheel_that_is_not_on_the_list_is_refused(bundle: Path, tmp_path: Path) -> None:
    (bundle / "wheels" / "structlog-99.0-py3-none-any.whl").write_bytes(b"")
    done = offline(bundle / "install.sh", "--python", sys.executable, "--prefix", tmp_path / "opt")
    assert done.returncode == 1
    assert "wheels/structlog-99.0-py3-none-any.whl is not part of the bundle" in done.stderr
    assert not (tmp_path / "opt").exists()


@pytest.mark.parametrize(
    ("told", "instead", "refusal"),
    [
        ("PYTHON_VERSION=3.", "PYTHON_VERSION=3.9", "this bundle is for CPython 3.9"),
        ("MACHINE=", "MACHINE=s390x_", "this bundle is for Linux on s390x_"),
        ("GLIBC=2.", "GLIBC=2.9", "this bundle needs the GNU C library 2.9"),
    ],
)
def test_a_machine_that_the_wheels_are_not_for_is_refused(
    bundle: Path, tmp_path: Path, told: str, instead: str, refusal: str
) -> None:
    facts = bundle / "target.env"
    facts.write_text(facts.read_text("utf-8").replace(told, instead), "utf-8")
    rewrite_sums(bundle)
    done = offline(bundle / "install.sh", "--python", sys.executable, "--prefix", tmp_path / "opt")
    assert done.returncode == 1
    assert refusal in done.stderr
    assert "Nothing was installed" in done.stderr
    assert not (tmp_path / "opt").exists()


def test_a_folder_that_is_no_link_is_not_touched(bundle: Path, tmp_path: Path) -> None:
    own = tmp_path / "opt" / "usrec-agent"
    own.mkdir(parents=True)
    done = offline(bundle / "install.sh", "--python", sys.executable, "--prefix", tmp_path / "opt")
    assert done.returncode == 1
    assert "is a folder and no link to a version" in done.stderr
    assert list((tmp_path / "opt").iterdir()) == [own]


def test_what_is_in_it_is_told(bundle: Path) -> None:
    """Every wheel is in the bill of materials, the list of licences and the lock file; every file has its digest."""
    wheels = sorted((bundle / "wheels").iterdir())
    digests = {sha256(wheel.read_bytes()).hexdigest() for wheel in wheels}
    bill = json.loads((bundle / "sbom.cdx.json").read_text("utf-8"))
    parts = [*bill["components"], bill["metadata"]["component"]]
    lock = (bundle / "requirements.lock").read_text("utf-8").splitlines()
    assert {part["hashes"][0]["content"] for part in parts} == digests
    assert {line.rpartition(":")[2] for line in lock} == digests
    assert len((bundle / "LICENCES.txt").read_text("utf-8").splitlines()) == len(wheels) + 2
    listed = {line.split("  ", 1)[1] for line in (bundle / "SHA256SUMS").read_text("utf-8").splitlines()}
    there = {str(file.relative_to(bundle)) for file in bundle.rglob("*") if file.is_file()}
    assert listed == there - {"SHA256SUMS"}
    assert {
        "systemd/usrec-agent.service",
        "prometheus/usrec.rules.yml",
        "docs/how-to/closed-network.md",
        "install.sh",
        "README.md",
    } <= there
