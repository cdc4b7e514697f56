"""A signing package that was damaged, forged or made to hurt is refused whole, by an error of its own."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds import errors
from kzeds.package import archive as package_archive
from kzeds.package import read_package, read_signed, sign_package, write_package, write_signed
from kzeds.signers.base import KeySigner
from support.kzeds_material import NOW, flipped, key
from support.signing_packages import OTHER, members, package, zipped

Change = Callable[[dict[str, bytes]], object]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A package, and the same signed."""
    place = tmp_path_factory.mktemp("packages")
    write_package(package(), place / "p.zip")
    write_signed(sign_package(package(), KeySigner(key()), at=NOW), place / "s.zip")
    return place / "p.zip", place / "s.zip"


def _manifest(change: Callable[[dict[str, Any]], object]) -> Change:
    def apply(content: dict[str, bytes]) -> None:
        manifest = json.loads(content["manifest.json"])
        change(manifest)
        content["manifest.json"] = json.dumps(manifest).encode()

    return apply


PACKAGE_CHANGES: dict[str, Change] = {
    "payload changed": lambda c: c.update({"payloads/001.xml": OTHER}),
    "payload missing": lambda c: c.pop("payloads/002.xml"),
    "payload added": lambda c: c.update({"payloads/003.xml": OTHER}),
    "summary missing": lambda c: c.pop("summary.txt"),
    "file added": lambda c: c.update({"run.exe": b"MZ"}),
    "manifest missing": lambda c: c.pop("manifest.json"),
    "manifest not JSON": lambda c: c.update({"manifest.json": b"{"}),
    "manifest not UTF-8": lambda c: c.update({"manifest.json": b'{"format": "\xff"}'}),
    "manifest a list": lambda c: c.update({"manifest.json": b"[]"}),
    "manifest too deep": lambda c: c.update({"manifest.json": b"[" * 100_000}),
    "version that is no number": _manifest(lambda m: m.update(version=True)),
    "field twice": lambda c: c.update({"manifest.json": b'{"version": 1,' + c["manifest.json"].lstrip()[1:]}),
    "other format": _manifest(lambda m: m.update(format="kzeds-signed-package")),
    "field too many": _manifest(lambda m: m.update(more=1)),
    "field missing": _manifest(lambda m: m.pop("signer")),
    "signer a number": _manifest(lambda m: m.update(signer=200940000013)),
    "title no text": _manifest(lambda m: m.update(title={"ru": 1})),
    "time without zone": _manifest(lambda m: m.update(made_at="2026-11-20T07:00:00")),
    "time absurd": _manifest(lambda m: m.update(made_at="0001-01-01T00:00:00+14:00")),
    "items no list": _manifest(lambda m: m.update(items={})),
    "item no object": _manifest(lambda m: m.update(items=[1, 2])),
    "item field too many": _manifest(lambda m: m["items"][0].update(path="/etc/passwd")),
    "item outside": _manifest(lambda m: m["items"][0].update(file="../../etc/passwd")),
    "item of another place": _manifest(lambda m: m["items"][0].update(file="payloads/002.xml")),
    "item twice": _manifest(lambda m: m["items"][1].update(id="S-1")),
    "digest of another": _manifest(lambda m: m["items"][0].update(sha256=m["items"][1]["sha256"])),
    "digest no hex": _manifest(lambda m: m["items"][0].update(sha256="Қ")),
    "no items": _manifest(lambda m: m.update(items=[])),
}


@pytest.mark.parametrize("change", PACKAGE_CHANGES)
def test_changed_package_is_refused(change: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    content = members(files[0])
    PACKAGE_CHANGES[change](content)
    (tmp_path / "p.zip").write_bytes(zipped(content))
    with pytest.raises(errors.PackageError):
        read_package(tmp_path / "p.zip")


SIGNED_CHANGES: dict[str, Change] = {
    "document changed": lambda c: c.update({"signed/001.xml": c["signed/002.xml"]}),
    "document missing": lambda c: c.pop("signed/002.xml"),
    "document added": lambda c: c.update({"signed/003.xml": OTHER}),
    "item twice": _manifest(lambda m: m["items"][1].update(id="S-1")),
    "item outside": _manifest(lambda m: m["items"][0].update(file="../1.xml")),
    "field too many": _manifest(lambda m: m["items"][0].update(more=1)),
    "other format": _manifest(lambda m: m.update(format="something else")),
    "digest of another": _manifest(lambda m: m["items"][0].update(sha256=m["items"][1]["sha256"])),
}


@pytest.mark.parametrize("change", SIGNED_CHANGES)
def test_changed_signed_package_is_refused(change: str, files: tuple[Path, Path], tmp_path: Path) -> None:
    content = members(files[1])
    SIGNED_CHANGES[change](content)
    (tmp_path / "s.zip").write_bytes(zipped(content))
    with pytest.raises(errors.DamagedPackageError):
        read_signed(tmp_path / "s.zip")


@pytest.mark.parametrize("version", [2, 0, -1])
def test_unknown_version_is_refused_and_told(version: int, files: tuple[Path, Path], tmp_path: Path) -> None:
    for file, read in zip(files, (read_package, read_signed), strict=True):
        content = members(file)
        _manifest(lambda m: m.update(version=version))(content)
        (tmp_path / "v.zip").write_bytes(zipped(content))
        with pytest.raises(errors.UnknownPackageVersionError) as refused:
            read(tmp_path / "v.zip")
        assert refused.value.version == version


def _raw(name: str = "a.xml", content: bytes = b"<a/>", **entry: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        made = zipfile.ZipInfo(name)
        for field, value in entry.items():
            setattr(made, field, value)
        archive.writestr(made, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        _raw("../a.xml"),
        _raw("/etc/a.xml"),
        _raw("a/../../b.xml"),
        _raw("C:\\a.xml"),
        _raw("..\\a.xml"),
        _raw("a\x1b[2J.xml"),
        _raw(external_attr=(stat.S_IFLNK | 0o777) << 16),
        _raw(compress_type=zipfile.ZIP_BZIP2),
        _raw(compress_type=zipfile.ZIP_LZMA),
        _raw(content=b" " * 2_000_000, compress_type=zipfile.ZIP_DEFLATED),
        _raw(content=b" " * 16_000_001),
        zipped({f"{number}.xml": b"<a/>" for number in range(5001)}),
        zipped({"a.xml": b"<a/>", "A.XML": b"<b/>"}),
        _raw() + b"x" * 70_000,
    ],
    ids=[
        "empty", "junk", "parent", "root", "parent inside", "drive", "backslash", "escape", "link", "bzip2", "lzma",
        "bomb", "large file", "many files", "two of a name", "trailing bytes",
    ],
)  # fmt: skip
def test_hostile_zip_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(content)
    for read in (read_package, read_signed):
        with pytest.raises(errors.DamagedPackageError):
            read(tmp_path / "z.zip")
    assert [one.name for one in tmp_path.iterdir()] == ["z.zip"]


def test_encrypted_zip_is_refused(tmp_path: Path) -> None:
    content = bytearray(_raw())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "z.zip").write_bytes(content)
    with pytest.raises(errors.DamagedPackageError):
        read_signed(tmp_path / "z.zip")


def test_file_that_is_longer_than_it_says_is_refused(tmp_path: Path) -> None:
    content = bytearray(_raw(content=b"<a>1234</a>"))
    content[content.index(b"PK\x01\x02") + 24] = 3
    (tmp_path / "z.zip").write_bytes(content)
    with pytest.raises(errors.DamagedPackageError):
        read_signed(tmp_path / "z.zip")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a.xml", b"<a/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.xml", b"<b/>")
    with pytest.raises(errors.DamagedPackageError, match="two files of one name"):
        read_signed(tmp_path / "z.zip")


def test_total_of_a_zip_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_archive, "MAXIMUM_TOTAL", 10)
    (tmp_path / "z.zip").write_bytes(zipped({"a.xml": b"<a>12</a>", "b.xml": b"<b/>"}))
    with pytest.raises(errors.DamagedPackageError, match="more than 10 bytes"):
        read_signed(tmp_path / "z.zip")


def test_size_of_a_zip_is_limited(tmp_path: Path) -> None:
    with (tmp_path / "z.zip").open("wb") as stream:
        stream.truncate(package_archive.MAXIMUM_FILE + 1)
    with pytest.raises(errors.DamagedPackageError, match="larger than"):
        read_package(tmp_path / "z.zip")


def test_package_that_nobody_could_read_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p.zip").write_bytes(b"before")
    monkeypatch.setattr(package_archive, "MAXIMUM_TOTAL", 100)
    with pytest.raises(errors.DamagedPackageError):
        write_package(package(), tmp_path / "p.zip")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("p.zip", b"before")]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_flipped_bit_gives_another_package(files: tuple[Path, Path], data: st.DataObject) -> None:
    """Whatever the damage, what is read is what was written, or nothing."""
    content = files[0].read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    target = files[0].parent / "flipped.zip"
    target.write_bytes(flipped(content, position, data.draw(st.integers(0, 7))))
    try:
        found = read_package(target)
    except errors.PackageError:
        return
    assert found == package()
