"""The four ways to a secret: what each gives, and that no failure repeats what it read."""

from __future__ import annotations

import sys
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret
from usrec.settings import SecretSettings, secrets

WORD = "open sesame, сим-сим"


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def read(home: Path, **way: object) -> Secret:
    return secrets.read_secret(SecretSettings.model_validate(way), home=home)


def refused(home: Path, **way: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(home, **way)
    told = "".join(traceback.format_exception(caught.value))
    assert WORD not in told
    return str(caught.value)


def script(home: Path, text: str) -> list[str]:
    """A program of the administrator."""
    (home / "tell.py").write_text(text, "utf-8")
    return [sys.executable, "tell.py"]


def test_each_way_gives_the_same_secret_without_its_line_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "word"
    file.touch(mode=0o600)
    file.write_text(f"{WORD}\n", "utf-8")
    monkeypatch.setenv("THE_WORD", WORD)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    printing = script(tmp_path, f"import sys; sys.stdout.buffer.write({WORD!r}.encode() + b'\\r\\n')")
    ways: list[dict[str, object]] = [
        {"file": "word"},
        {"file": str(file)},
        {"env": "THE_WORD"},
        {"credential": "word"},
        {"command": printing},
    ]
    assert [read(tmp_path, **way).reveal() for way in ways] == [WORD] * len(ways)


def test_the_ledgers_key_is_called_a_key(tmp_path: Path) -> None:
    for way in ({"file": "nowhere"}, {"env": "NO_SUCH_WORD"}, {"command": script(tmp_path, "")}):
        with pytest.raises(ConfigurationError) as caught:
            secrets.read_secret(SecretSettings.model_validate(way), home=tmp_path, what=secrets.word_for("key"))
        assert "password" not in str(caught.value)
        assert "the key" in str(caught.value) or "with the key" in str(caught.value)


@pytest.mark.parametrize("way", [{}, {"file": "a", "env": "B"}, {"command": []}, {"env": ""}, {"fiel": "a"}], ids=str)
def test_a_secret_is_named_in_exactly_one_known_way(way: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SecretSettings.model_validate(way)


def test_a_variable_must_be_set_and_hold_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THE_WORD", raising=False)
    assert refused(tmp_path, env="THE_WORD").startswith("$THE_WORD: the variable with the password is not set")
    monkeypatch.setenv("THE_WORD", "\n")
    assert "is empty" in refused(tmp_path, env="THE_WORD")


def test_a_credential_comes_with_the_service_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Start it as the service, whose unit says LoadCredential=word:" in refused(tmp_path, credential="word")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert "Write LoadCredential=word:/path into the unit" in refused(tmp_path, credential="word")
    (tmp_path / "word").write_bytes(WORD.encode() + b"\xff")
    assert "it is not UTF-8 text" in refused(tmp_path, credential="word")
    (tmp_path / "word").write_text("\n")
    assert "is empty" in refused(tmp_path, credential="word")


@pytest.mark.parametrize("name", ["../word", "/etc/passwd", "..", "."])
def test_a_credential_is_a_name_and_no_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert "a credential is named without a path" in refused(tmp_path, credential=name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"print({WORD!r}); raise SystemExit(3)", "the password command ended with 3"),
        (f"import sys; print({WORD!r}, file=sys.stderr); raise SystemExit(1)", "the password command ended with 1"),
        ("", "the password command printed nothing"),
        (f"import sys; sys.stdout.buffer.write({WORD!r}.encode() + b'\\xff')", "the password command failed: Unicode"),
    ],
    ids=["fails", "complains", "says nothing", "says no text"],
)
def test_a_command_that_fails_is_named_without_what_it_said(text: str, why: str, tmp_path: Path) -> None:
    told = refused(tmp_path, command=script(tmp_path, text))
    assert told.startswith(f"command {sys.executable}: {why}")


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path, command=["no-such-program", WORD])


def test_a_command_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_TIME", timedelta(milliseconds=300))
    hanging = script(tmp_path, f"import time; print({WORD!r}, flush=True); time.sleep(60)")
    assert "TimeoutExpired" in refused(tmp_path, command=hanging)


def test_a_command_gets_no_shell_and_cannot_wait_for_a_person(tmp_path: Path) -> None:
    asking = script(tmp_path, "import sys; print(sys.argv[1:], repr(sys.stdin.read()))")
    assert read(tmp_path, command=[*asking, "$HOME", "; ls"]).reveal() == "['$HOME', '; ls'] ''"
