"""`kzeds sign-package` on the owner's workstation: everything is shown, consent is typed, all is signed or nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kzeds.package import Matching, match_signed, read_signed, write_package
from kzeds.test_pki import EMPLOYER_BIN, KeyKind, TestPki, make_test_pki
from support.signing_packages import OTHER, item, package
from support.terminal import at_terminal

KZEDS = Path(sys.executable).with_name("kzeds")


@pytest.fixture(scope="module", params=[KeyKind.GOST_2015, KeyKind.RSA])
def today(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """Make a PKI that is valid now, because the command looks at the clock."""
    return make_test_pki(tmp_path_factory.mktemp("owner") / "pki", now=datetime.now(UTC), kind=request.param)


@pytest.fixture(scope="module")
def gost(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    return make_test_pki(tmp_path_factory.mktemp("owner") / "pki", now=datetime.now(UTC), kind=KeyKind.GOST_2015)


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    write_package(package(), tmp_path / "p.zip")
    return tmp_path / "p.zip"


def _environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "TERM": "xterm", **more}


def _back(file: Path) -> Matching:
    return match_signed(read_signed(file), package().items, signer=EMPLOYER_BIN, at=datetime.now(UTC))


def test_owner_reads_consents_types_the_password_and_signs(today: TestPki, sent: Path, tmp_path: Path) -> None:
    password = today.password_file("employer").read_text()
    code, shown = at_terminal(
        [KZEDS, "sign-package", sent, today.key_file("employer"), "-o", tmp_path / "s.zip"],
        [("нажмите Enter: ", "2"), ("Пароль", "wrong"), ("Пароль", password)],
        _environment(LANG="ru_RU.UTF-8"),
    )
    assert code == 0, shown
    for part in ("Трудовой договор S-2", "position: Жүйелік талдаушы", "@code: 2511-1-003", "Неверный пароль."):
        assert part in shown
    for one in package().items:
        assert one.digest in shown
    assert password not in shown
    assert "wrong" not in shown
    assert f"Подписано: 2. Верните файл «{tmp_path / 's.zip'}»" in shown
    assert set(_back(tmp_path / "s.zip").signed) == {"S-1", "S-2"}
    assert (tmp_path / "s.zip").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("typed", ["", "1", "иә", "22"])
def test_without_the_right_count_nothing_is_signed(typed: str, gost: TestPki, sent: Path, tmp_path: Path) -> None:
    code, shown = at_terminal(
        [KZEDS, "sign-package", sent, gost.key_file("employer"), "-o", tmp_path / "s.zip", "--language", "kk"],
        [("Enter басыңыз: ", typed)],
        _environment(),
    )
    assert (code, "Ештеңеге қол қойылған жоқ" in shown) == (1, True)
    assert not (tmp_path / "s.zip").exists()


def test_owner_may_agree_to_some_documents_only(gost: TestPki, sent: Path, tmp_path: Path) -> None:
    key = (gost.key_file("employer"), "--password-file", gost.password_file("employer"))
    code, shown = at_terminal(
        [KZEDS, "sign-package", sent, *key, "-o", tmp_path / "s.zip", "--each", "--language", "en"],
        [("(yes/no): ", "no"), ("(yes/no): ", "YES")],
        _environment(),
    )
    assert code == 0, shown
    found = _back(tmp_path / "s.zip")
    assert (set(found.signed), found.missing, found.refused) == ({"S-2"}, ("S-1",), {})


def _run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [KZEDS, *arguments],
        env=_environment(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _unasked(pki: TestPki, name: str, sent: Path, output: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    secret = ("--password-file", pki.password_file(name))
    return _run("sign-package", sent, pki.key_file(name), *secret, "-o", output, "--yes", **environment)


def test_without_a_terminal_it_signs_only_when_told_so(gost: TestPki, sent: Path, tmp_path: Path) -> None:
    key = (gost.key_file("employer"), "--password-file", gost.password_file("employer"))
    refused = _run("sign-package", sent, *key, "-o", tmp_path / "s.zip")
    assert (refused.returncode, "no terminal to ask at" in refused.stderr) == (2, True)
    assert not (tmp_path / "s.zip").exists()
    done = _unasked(gost, "employer", sent, tmp_path / "s.zip")
    assert done.returncode == 0, done.stderr
    assert set(_back(tmp_path / "s.zip").signed) == {"S-1", "S-2"}


@pytest.mark.parametrize("over", ["package", "key"])
def test_neither_package_nor_key_is_written_over(over: str, gost: TestPki, sent: Path) -> None:
    key, before = gost.key_file("employer"), (sent.read_bytes(), gost.key_file("employer").read_bytes())
    to = sent if over == "package" else key
    options = ["--yes", "--password-file", str(gost.password_file("employer"))]
    done = subprocess.run(
        [KZEDS, "sign-package", sent, key, "-o", to, *options], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert (sent.read_bytes(), key.read_bytes()) == before


@pytest.mark.parametrize(
    ("name", "told", "error"),
    [
        ("employer-2", "БИН/ИИН не совпадает", "carries another"),
        ("employer-auth", "только для входа (AUTH)", "AUTH"),
        ("employer-expired", "Срок действия ЭЦП истёк", "expired"),
    ],
)
def test_wrong_key_is_told_in_the_owners_language(
    name: str, told: str, error: str, gost: TestPki, sent: Path, tmp_path: Path
) -> None:
    done = _unasked(gost, name, sent, tmp_path / "s.zip", KZEDS_LANGUAGE="ru", LANG="en_US.UTF-8")
    assert done.returncode == 1
    assert told in done.stderr
    assert error in done.stderr
    assert not (tmp_path / "s.zip").exists()


def test_damaged_package_is_told_in_the_owners_language(gost: TestPki, sent: Path, tmp_path: Path) -> None:
    sent.write_bytes(sent.read_bytes()[:-40])
    done = _unasked(gost, "employer", sent, tmp_path / "s.zip", KZEDS_LANGUAGE="kk")
    assert done.returncode == 1
    assert "жолда бүлінген" in done.stderr
    assert f"kzeds: {sent}: " in done.stderr


def test_lying_summary_does_not_hide_what_is_signed(gost: TestPki, tmp_path: Path) -> None:
    lie = "Должность: аналитик\x1b[1A\x1b[2K"
    write_package(package(replace(item("S-1", OTHER), summary={"ru": lie})), tmp_path / "p.zip")
    done = _run("show-package", tmp_path / "p.zip", "--language", "ru")
    assert done.returncode == 0
    assert "@code: 2511-1-003" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\\u{1b}[1A" in done.stdout


def test_package_is_shown_without_a_key(sent: Path) -> None:
    shown = json.loads(_run("show-package", sent, "--json").stdout)
    assert shown["signer"] == EMPLOYER_BIN
    assert [one["sha256"] for one in shown["items"]] == [one.digest for one in package().items]
    assert "      @code: 2511-1-002" in shown["items"][0]["content"]
    assert "Құжаттар саны: 2" in _run("show-package", sent, LC_ALL="C.UTF-8").stdout
    assert "Documents: 2" in _run("show-package", sent, LANG="en_US.UTF-8").stdout


def test_pure_python_signs_too(gost: TestPki, sent: Path, tmp_path: Path) -> None:
    """As on a workstation without libgcrypt and a libcrypto that can be loaded (Windows, macOS)."""
    script = (
        "import ctypes, sys\n"
        "def refuse(*a, **k): raise OSError('no library')\n"
        "ctypes.CDLL = refuse\n"
        "from kzeds.cli.app import main; sys.argv[0] = 'kzeds'; main()"
    )
    key = (gost.key_file("employer"), "--password-file", gost.password_file("employer"))
    arguments = ["sign-package", sent, *key, "-o", tmp_path / "s.zip", "--yes"]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(_back(tmp_path / "s.zip").signed) == {"S-1", "S-2"}


def test_files_of_the_payloads_folder_signed_one_by_one_come_back(gost: TestPki, sent: Path, tmp_path: Path) -> None:
    """The way of NCALayer: unpack, sign each file, zip the signed ones."""
    unpacked, signed = tmp_path / "unpacked", tmp_path / "signed"
    shutil.unpack_archive(sent, unpacked)
    signed.mkdir()
    key = (gost.key_file("employer"), "--password-file", gost.password_file("employer"))
    for file in sorted((unpacked / "payloads").iterdir()):
        done = _run("sign", *key, file, "-o", signed / f"signed {file.name}")
        assert done.returncode == 0, done.stderr
    archive = Path(shutil.make_archive(str(tmp_path / "back"), "zip", signed))
    for source in (signed, archive):
        assert set(_back(source).signed) == {"S-1", "S-2"}
