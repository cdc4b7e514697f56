"""The wheel is complete: schemas, fixtures and migrations travel with it, and it runs away from the checkout."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from usrec.interfaces.i18n import LANGUAGES

ROOT = Path(__file__).parents[2]
PACKAGES = ("kzeds", "usrec", "usrec_simulator")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without any network."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(target)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True, text=True)
    return next(target.glob("usrec_agent-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an empty environment that holds the wheel; the locked libraries are lent to it by path.

    The lent folder's own .pth files are not read, so the checkout itself cannot be imported.
    """
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = place / "bin" / "python"
    libraries = sysconfig.get_path("purelib")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True, text=True)
    site = next((place / "lib").glob("python3*/site-packages"))
    (site / "lent.pth").write_text(libraries + "\n", encoding="utf-8")
    return place / "bin"


def test_wheel_runs_the_demo_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    """`usrec demo --events 10` works from the wheel alone, and the code that runs is the wheel's."""
    where = "import usrec, kzeds, usrec_simulator as s; print(usrec.__file__, kzeds.__file__, s.__file__)"
    found = subprocess.run(
        [installed / "python", "-c", where], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert all(str(installed.parent) in file for file in found.stdout.split())

    done = subprocess.run(
        [installed / "usrec", "demo", "--events", "10", "--json", "--workdir", tmp_path / "demo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["events"] == 10
    assert result["accepted"] == result["registered_once"] > 0
    assert result["registered_twice"] == result["lost"] == 0


def test_wheel_holds_the_language_catalogues(wheel: Path) -> None:
    """Kazakh and Russian travel with it, compiled."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert names >= {f"usrec/locales/{language}/LC_MESSAGES/usrec.mo" for language in LANGUAGES if language != "en"}


def test_every_import_is_a_declared_dependency() -> None:
    """What the source imports is named in [project], not merely present in the developers' environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = project["dependencies"] + project["optional-dependencies"]["pkcs11"]
    named = named + project["optional-dependencies"]["evidence"]
    declared = {re.split(r"[\[<>=!;,\s]", item)[0].lower().replace("_", "-") for item in named}
    owners = packages_distributions()
    missing = {
        name
        for name in _imported_names() - set(sys.stdlib_module_names) - set(PACKAGES)
        if not declared & {owner.lower().replace("_", "-") for owner in owners.get(name, [name])}
    }
    assert not missing


def _imported_names() -> set[str]:
    names: set[str] = set()
    for package in PACKAGES:
        for file in (ROOT / "src" / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                    names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"])
def test_lock_file_has_hashes_and_names_no_index(lock: str) -> None:
    """Every locked library has hashes, and no address of an index stands in the file."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", text)
    blocks = re.split(r"\n(?=[a-z])", text.strip())
    assert len(blocks) > 40
    assert all("--hash=sha256:" in block for block in blocks)


def test_runtime_lock_is_part_of_the_development_lock() -> None:
    """What is tested is what is installed."""
    assert _pins("requirements.lock").items() <= _pins("requirements-dev.lock").items()


def test_benchmark_measures_the_locked_libraries() -> None:
    """What the rivals bring with them changes no version of ours."""
    ours, theirs = _pins("requirements-dev.lock"), _pins("requirements-bench.lock")
    assert {name: theirs[name] for name in ours.keys() & theirs.keys()}.items() <= ours.items()
    assert {"procrastinate", "pgqueuer", "xmlsec"} <= theirs.keys() - ours.keys()


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9_.-]+)==(\S+)", text, re.MULTILINE))
