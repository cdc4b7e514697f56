"""The offline bundle: which wheels belong to it, under which licences, and that equal things make equal bytes."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bundle_archive import SUMS, pack, write_sums
from bundle_licences import licence_list, licence_of
from bundle_sbom import bill_of_materials
from bundle_target import BundleError, Target, read_target
from bundle_wheels import OWN, Closure, Wheel, locked, needed

TARGET = Target((3, 11), (2, 28), "x86_64")
HASH = "--hash=sha256:" + "ab" * 32


def wheel(folder: Path, name: str, *lines: str, licence: str = "License-Expression: MIT") -> Wheel:
    """A wheel that holds metadata and nothing else."""
    file = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    metadata = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", licence, *lines, ""])
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name.replace('-', '_')}-1.0.dist-info/METADATA", metadata)
    return Wheel(file)


def closure(folder: Path, *wheels: Wheel) -> Closure:
    own = wheel(
        folder, OWN, *(f"Requires-Dist: {one.name}" for one in wheels), licence="License-Expression: Apache-2.0"
    )
    return needed({one.name: one for one in (own, *wheels)}, TARGET)


def test_only_what_the_target_needs_is_taken_from_the_lock_file() -> None:
    lock = (
        f"always==1.0 \\\n    {HASH} \\\n    {HASH}\n"
        f"old==1.0 ; python_full_version < '3.13' \\\n    {HASH}\n"
        f"new==1.0 ; python_full_version >= '3.13' \\\n    {HASH}\n"
        f"windows==1.0 ; sys_platform == 'win32' \\\n    {HASH}\n"
        f"arm==1.0 ; platform_machine == 'aarch64' \\\n    {HASH}\n"
    )
    names = [line.partition("==")[0] for line in locked(lock, TARGET)]
    assert names == ["always", "old"]
    newer_arm = Target((3, 13), (2, 28), "aarch64")
    assert [line.partition("==")[0] for line in locked(lock, newer_arm)] == ["always", "new", "arm"]
    assert locked(lock, TARGET)[0].count("--hash=sha256:") == 2


def test_what_nothing_needs_stays_out_and_extras_are_followed(tmp_path: Path) -> None:
    wheels = [
        wheel(
            tmp_path,
            OWN,
            "Requires-Dist: driver[fast]>=1",
            "Requires-Dist: tests ; extra == 'dev'",
            "Requires-Dist: typesetter ; extra == 'evidence'",
        ),
        wheel(tmp_path, "typesetter"),
        wheel(tmp_path, "driver", "Requires-Dist: engine ; extra == 'fast'", "Requires-Dist: gui ; extra == 'show'"),
        wheel(tmp_path, "engine", "Requires-Dist: old ; python_version < '3.12'", "Requires-Dist: Driver"),
        wheel(tmp_path, "old"),
        wheel(tmp_path, "gui"),
        wheel(tmp_path, "tests"),
    ]
    found = needed({one.name: one for one in wheels}, TARGET)
    assert set(found.wheels) == {OWN, "driver", "engine", "old", "typesetter"}
    assert found.needs["engine"] == {"old", "driver"}


def test_a_lock_file_that_lacks_something_is_refused(tmp_path: Path) -> None:
    own = wheel(tmp_path, OWN, "Requires-Dist: missing")
    with pytest.raises(BundleError, match=r"requirements\.lock has no missing.*make lock"):
        needed({OWN: own}, TARGET)


@pytest.mark.parametrize(
    ("licence", "meant"),
    [
        ("License-Expression: MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("License: MPL-2.0", "MPL-2.0"),
        ("License: Apache 2.0", "Apache-2.0"),
        ("Classifier: License :: OSI Approved :: MIT License", "MIT"),
    ],
)
def test_a_licence_is_read_from_the_metadata(tmp_path: Path, licence: str, meant: str) -> None:
    assert licence_of(wheel(tmp_path, "one", licence=licence)) == meant


@pytest.mark.parametrize(
    "licence",
    [
        "Summary: nothing is said",
        "License: Proprietary",
        "License: see the file LICENSE",
        "License-Expression: AGPL-3.0-only",
        "License-Expression: MIT AND SSPL-1.0",
        "License-Expression: MIT OR",
        "License-Expression: LicenseRef-Ours",
        "Classifier: License :: OSI Approved :: BSD License",
        "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: BSD License",
    ],
)
def test_a_licence_that_nobody_decided_about_stops_the_bundle(tmp_path: Path, licence: str) -> None:
    with pytest.raises(BundleError, match=r"the licence of odd 1\.0 is not decided about"):
        licence_list(closure(tmp_path, wheel(tmp_path, "odd", licence=licence)))


def test_the_list_names_every_wheel_with_its_licence(tmp_path: Path) -> None:
    told = licence_list(closure(tmp_path, wheel(tmp_path, "one", "License-File: COPYING"))).splitlines()
    assert [line.split() for line in told[2:]] == [
        ["one", "1.0", "MIT", "COPYING"],
        ["usrec-agent", "1.0", "Apache-2.0", "our", "own"],
    ]


def test_the_bill_of_materials_has_digest_licence_and_needs_of_each(tmp_path: Path) -> None:
    """That it fits the schema of CycloneDX is checked where it is made: one that does not is never written."""
    parts = closure(tmp_path, wheel(tmp_path, "one", licence="License-Expression: MIT OR ISC"))
    bill: Any = json.loads(bill_of_materials(parts, TARGET, 1_700_000_000))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == OWN
    assert bill["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"
    (part,) = bill["components"]
    assert part["hashes"] == [{"alg": "SHA-256", "content": parts.wheels["one"].digest}]
    assert part["licenses"] == [{"expression": "MIT OR ISC"}]
    own = next(one for one in bill["dependencies"] if one["ref"] == bill["metadata"]["component"]["bom-ref"])
    assert own["dependsOn"] == [part["bom-ref"]]
    assert bill == json.loads(bill_of_materials(parts, TARGET, 1_700_000_000)), "and is the same when made again"


@pytest.mark.parametrize(
    ("python", "platform", "name"),
    [
        ("3.12", "manylinux_2_28_aarch64", "py312-manylinux_2_28_aarch64"),
        ("3.11", "manylinux_2_17_x86_64", "py311-manylinux_2_17_x86_64"),
    ],
)
def test_another_machine_may_be_asked_for(python: str, platform: str, name: str) -> None:
    target = read_target(python, platform)
    assert target.name == name
    assert f"--platform={platform}" in target.pip_options()
    assert f"--abi=cp{python.replace('.', '')}" in target.pip_options()


@pytest.mark.parametrize(
    ("python", "platform"),
    [
        ("3.10", ""),
        ("2.7", ""),
        ("three", ""),
        ("", "win_amd64"),
        ("", "musllinux_1_2_x86_64"),
        ("", "manylinux_2_28_mips"),
    ],
)
def test_a_machine_that_there_are_no_bundles_for_is_refused(python: str, platform: str) -> None:
    with pytest.raises(BundleError):
        read_target(python, platform)


def test_equal_things_make_equal_bytes_whenever_and_in_whatever_order_they_were_written(tmp_path: Path) -> None:
    archives = []
    for number, names in enumerate((["b.txt", "a.sh"], ["a.sh", "b.txt"])):
        folder = tmp_path / str(number) / "bundle"
        (folder / "docs").mkdir(parents=True)
        for name in names:
            (folder / "docs" / name).write_text(name, "utf-8")
            os.utime(folder / "docs" / name, (number, number))
        write_sums(folder)
        archives.append(tmp_path / f"{number}.tar.gz")
        pack(folder, archives[-1], 1_700_000_000)
    assert archives[0].read_bytes() == archives[1].read_bytes()
    assert len((tmp_path / "0" / "bundle" / SUMS).read_text("utf-8").splitlines()) == 2
