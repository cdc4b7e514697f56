"""A bundle tells of every byte that was changed, every file that is missing and every one that was added."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kzeds.answering import make_timestamp
from kzeds.bundle import BundleWriter, FaultKind, verify_bundle
from kzeds.bundle.layout import MANIFEST, SIGNATURE, entry_of
from kzeds.cli.app import app
from kzeds.cms import sign_detached
from kzeds.cms_timestamp import add_timestamp, stamped_bytes
from kzeds.errors import BundleError, BundleFilesError, DamagedBundleError, KzedsError, SignatureError
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.test_pki import KeyKind, TestPki, make_test_pki
from kzeds.trust import load_authorities
from kzeds.tsp import fetch_timestamp

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FILES = {"README.txt": b"Read me.\n", "submissions/1/document.xml": b"<a/>" * 200, "empty.txt": b""}


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    return make_test_pki(tmp_path_factory.mktemp("pki") / "pki", now=NOW, kind=KeyKind.RSA)


@pytest.fixture(scope="module")
def key(pki: TestPki) -> SigningKey:
    password = pki.key_file("employer").with_suffix(".password").read_text().strip()
    return load_pkcs12(pki.key_file("employer").read_bytes(), password)


@pytest.fixture
def bundle(tmp_path: Path, key: SigningKey) -> Path:
    return write(tmp_path / "bundle.zip", key)


def write(file: Path, key: SigningKey, files: Mapping[str, bytes] = FILES, **fields: object) -> Path:
    with BundleWriter(file) as writer:
        for name, content in files.items():
            writer.add(name, content)
        manifest = {"format": "a-test", "version": 1, **fields}
        writer.finish(
            manifest, signer=key.certificate.fingerprint, sign=lambda content: sign_detached(content, key, at=NOW)
        )
    return file


def packed_again(file: Path, change: Callable[[dict[str, bytes]], Any]) -> Path:
    """The same layout around changed files: what somebody who knows it would make."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(entry_of(name), content)
    return file


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1 << place % 8
    return bytes(changed)


def flip_in_signature(place: int, members: dict[str, bytes]) -> None:
    members[SIGNATURE] = flipped(members[SIGNATURE], place)


def report(file: Path, *options: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["verify-bundle", str(file), "--json", *options])
    return done.exit_code, json.loads(done.stdout)


def test_whole_bundle_passes_and_its_issuer_is_said_to_be_unchecked(bundle: Path) -> None:
    code, said = report(bundle)
    assert code == 0
    assert (said["valid"], said["files"], said["format"]) == (True, 3, "a-test")
    assert said["chain"] == "issuer not checked"
    assert said["signing_time"].startswith("2026-11-22T09:00:00")


def test_issuer_is_judged_for_the_moment_of_the_signature(bundle: Path, pki: TestPki, tmp_path: Path) -> None:
    authorities = load_authorities(pki.directory)
    long_after = datetime(2060, 1, 1, tzinfo=UTC)
    assert len(verify_bundle(bundle, authorities=authorities, at=long_after).chain) == 2
    strangers = make_test_pki(tmp_path / "other", now=NOW, kind=KeyKind.RSA)
    with pytest.raises(KzedsError):
        verify_bundle(bundle, authorities=load_authorities(strangers.directory), at=NOW)
    assert report(bundle, "--trust", str(strangers.directory))[0] == 1


def test_time_stamp_in_the_signature_proves_when(tmp_path: Path, key: SigningKey, pki: TestPki) -> None:
    password = pki.key_file("tsa").with_suffix(".password").read_text().strip()
    authority = load_pkcs12(pki.key_file("tsa").read_bytes(), password)
    authorities = load_authorities(pki.directory)

    def fetch(url: str, body: bytes | None = None, *, content_type: str = "") -> bytes:
        assert body is not None, (url, content_type)
        return make_timestamp(authority, body, at=NOW)

    def stamped(content: bytes) -> bytes:
        signature = sign_detached(content, key, at=NOW)
        stamp = fetch_timestamp(stamped_bytes(signature), "http://tsa", fetch, authorities, at=lambda: NOW)
        return add_timestamp(signature, stamp.token)

    bundle = tmp_path / "bundle.zip"
    with BundleWriter(bundle) as writer:
        writer.finish({"format": "a-test"}, signer=key.certificate.fingerprint, sign=stamped)
    assert verify_bundle(bundle, authorities=authorities, at=NOW).stamped_at == NOW
    assert report(bundle)[1]["timestamp"] == "not judged"


def test_only_its_owner_may_read_it_and_the_same_files_give_the_same_bytes(tmp_path: Path, key: SigningKey) -> None:
    first, second = write(tmp_path / "1.zip", key), write(tmp_path / "2.zip", key)
    assert first.stat().st_mode & 0o777 == 0o600
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"empty.txt"}))
def test_changed_file_is_named(bundle: Path, name: str) -> None:
    packed_again(bundle, lambda members: members.update({name: flipped(members[name], -1)}))
    code, said = report(bundle)
    assert (code, said["changed"]) == (1, [name])


def test_missing_and_added_files_are_named(bundle: Path) -> None:
    packed_again(bundle, lambda members: (members.pop("README.txt"), members.update({"more.txt": b"more"})))
    with pytest.raises(BundleFilesError) as caught:
        verify_bundle(bundle, authorities=None, at=NOW)
    found = [(fault.name, fault.kind) for fault in caught.value.faults]
    assert found == [("README.txt", FaultKind.MISSING), ("more.txt", FaultKind.ADDED)]
    assert report(bundle)[1]["added"] == ["more.txt"]


def test_files_in_another_order_are_noticed(bundle: Path) -> None:
    packed_again(bundle, lambda members: members.update({"README.txt": members.pop("README.txt")}))
    assert report(bundle)[0] == 1


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE])
def test_bundle_without_its_list_or_signature_is_refused(bundle: Path, name: str) -> None:
    packed_again(bundle, lambda members: members.pop(name))
    code, said = report(bundle)
    assert (code, said["missing"]) == (1, [name])


def test_changed_manifest_is_named(bundle: Path) -> None:
    packed_again(bundle, lambda members: members.update({MANIFEST: members[MANIFEST].replace(b"a-test", b"b-test")}))
    with pytest.raises(SignatureError, match=MANIFEST):
        verify_bundle(bundle, authorities=None, at=NOW)


@pytest.mark.parametrize(
    "manifest",
    [
        '{"signer": "%s", "files": null}',
        '{"signer": "%s", "files": [{"name": ["a"], "size": 1, "sha256": ""}]}',
        '{"signer": "%s", "files": [{"name": {}, "size": 1, "sha256": ""}]}',
        '{"signer": "%s", "files": [{"name": "a", "size": true, "sha256": ""}]}',
        '{"signer": "%s", "files": [{"name": "a"}]}',
        '{"signer": 7, "files": []}',
        '{"label": "one", "signer": "%s", "files": [], "label": "another"}',
        '{"signer": "%s", "files": [], "a": {"b": 1, "b": 2}}',
    ],
)
def test_manifest_that_reads_in_two_ways_or_none_is_refused(bundle: Path, key: SigningKey, manifest: str) -> None:
    """However well it is signed: the signer may be the one who wants to mislead."""
    content = manifest.replace("%s", key.certificate.fingerprint).encode()

    def change(members: dict[str, bytes]) -> None:
        members.clear()
        members.update({MANIFEST: content, SIGNATURE: sign_detached(content, key, at=NOW)})

    with pytest.raises(DamagedBundleError, match=MANIFEST):
        verify_bundle(packed_again(bundle, change), authorities=None, at=NOW)


def test_any_byte_of_the_signature_counts(bundle: Path) -> None:
    """Also those of the certificate in it that the mathematics does not look at."""
    whole = bundle.read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        size = archive.getinfo(SIGNATURE).file_size
    unnoticed = []
    for place in range(0, size, 5):
        bundle.write_bytes(whole)
        packed_again(bundle, partial(flip_in_signature, place))
        try:
            verify_bundle(bundle, authorities=None, at=NOW)
            unnoticed.append(place)
        except KzedsError:
            pass
    assert unnoticed == []


def test_any_byte_of_the_zip_counts(bundle: Path) -> None:
    whole = bundle.read_bytes()
    for place in (*range(0, len(whole), 7), *range(len(whole) - 300, len(whole))):
        bundle.write_bytes(flipped(whole, place))
        with pytest.raises(KzedsError):
            verify_bundle(bundle, authorities=None, at=NOW)
    for changed in (whole[:-1], whole + b"x", b"x" + whole, b""):
        bundle.write_bytes(changed)
        with pytest.raises(DamagedBundleError):
            verify_bundle(bundle, authorities=None, at=NOW)


def test_unfinished_bundle_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "bundle.zip"
    target.write_bytes(b"the old one")
    with BundleWriter(target) as writer:
        writer.add("a.txt", b"a")
    assert [file.name for file in tmp_path.iterdir()] == ["bundle.zip"]
    assert target.read_bytes() == b"the old one"


@pytest.mark.parametrize("name", ["../a", "/a", "a b", "ә.txt", "", "a//b", MANIFEST, ".hidden"])
def test_names_that_could_mislead_are_refused(tmp_path: Path, name: str) -> None:
    with BundleWriter(tmp_path / "bundle.zip") as writer, pytest.raises(BundleError):
        writer.add(name, b"")


def test_bundle_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kzeds.bundle.writing.MAXIMUM_FILES", 3)
    with BundleWriter(tmp_path / "bundle.zip") as writer:
        writer.add("1.txt", b"")
        with pytest.raises(BundleError, match="files at most"):
            writer.add("2.txt", b"")


def test_streams_are_written_as_contents_are(tmp_path: Path, key: SigningKey) -> None:
    def streamed(file: Path) -> bytes:
        with BundleWriter(file) as writer:
            for name, content in FILES.items():
                writer.add_stream(name, io.BytesIO(content))
            sign = lambda content: sign_detached(content, key, at=NOW)  # noqa: E731 -- one line says it
            writer.finish({"format": "a-test", "version": 1}, signer=key.certificate.fingerprint, sign=sign)
        return file.read_bytes()

    assert streamed(tmp_path / "1.zip") == write(tmp_path / "2.zip", key).read_bytes()


def test_what_is_no_bundle_is_refused_and_what_is_not_there_cannot_be_told(tmp_path: Path) -> None:
    (tmp_path / "some.zip").write_bytes(b"PK something")
    assert report(tmp_path / "some.zip")[0] == 1
    assert report(tmp_path / "absent.zip")[0] == 2
