"""`usrec init`: a settings file that lacks no setting, for its owner alone, and never over another file."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from support.languages import CYRILLIC
from support.line import BIN
from usrec.domain.errors import ConfigurationError
from usrec.interfaces.cli.app import app
from usrec.interfaces.cli.settings_draft import write_new
from usrec.interfaces.cli.settings_file import settings_text, toml
from usrec.interfaces.i18n import use_language
from usrec.settings import PLACEHOLDER, Settings, load_settings
from usrec.settings.outline import NAME, tables

WORD = "s3cr3t"
FILLED = [
    *("--gateway-url", "https://gateway.example/", "--sender-id", "company", "--bin", BIN),
    *("--source-url", "postgresql://agent@hr/hr"),
]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("USREC_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield
    use_language("en")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "usrec.toml"


def init(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["init", *arguments])


def made(*arguments: str) -> str:
    done = init(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*arguments: str) -> str:
    problem = init(*arguments).exception
    assert isinstance(problem, ConfigurationError)
    assert problem.exit_code == 3
    return str(problem)


def awake(text: str) -> str:
    """The file with every default and every example set."""
    return re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE)


def with_one_way_to_each_key(text: str) -> str:
    """The file without the tables of which only one may stand for each key."""
    blocks = re.split(r"(?m)^(?=\[)", text)
    return "".join(one for one in blocks if not re.match(r"\[\S+\.(signer_daemon|ncanode|token|owner)\]", one))


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where values stand; what an employer or a source is called does not matter, nor which entry of a list it is."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        yield from leaves(value[0], path)
    elif isinstance(value, dict) and value and set(value) != {"file"}:
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    else:
        yield path


def test_every_setting_of_the_tree_is_in_the_file_and_no_other() -> None:
    named = [
        ("employer",),
        ("source",),
        ("alerts", "command"),
        ("alerts", "webhook"),
        ("alerts", "mail"),
        ("audit", "export"),
    ]
    expected = {(*table.path, name) for table in tables(Settings) for name in table.settings}
    found = set()
    for path in leaves(tomllib.loads(awake(settings_text({}, {})))):
        length = next((len(one) for one in named if path[: len(one)] == one), None)
        found.add(path if length is None else (*path[:length], NAME, *path[length + 1 :]))
    assert found == expected


def test_what_stands_behind_a_hash_is_the_default(file: Path) -> None:
    made(*FILLED)
    sleeping, whole = load_settings(file).values, file.read_text("utf-8")
    absent = {one.path for one in tables(Settings) if one.absent}
    for table in tables(Settings):
        if NAME in table.path or any(table.path[:length] in absent for length in range(1, len(table.path) + 1)):
            continue
        for name, field in table.settings.items():
            if field.is_required() or field.default is None:
                continue
            line = f"#{name} = {toml(field.default)}\n"
            before, header, own = whole.partition(f"[{'.'.join(table.path)}]\n")
            assert line in own, "and another table may have the same name"
            file.write_text(before + header + own.replace(line, line[1:], 1), "utf-8")
            assert load_settings(file).values == sleeping, line


def test_a_filled_file_is_accepted_with_and_without_all_that_is_optional(file: Path) -> None:
    made(*FILLED)
    text = file.read_text("utf-8")
    assert PLACEHOLDER not in text.partition("[gateway]")[2]
    values = load_settings(file).values
    assert (values.gateway.sender_id, values.employer["main"].bin) == ("company", BIN)
    file.write_text(with_one_way_to_each_key(awake(text)), "utf-8")
    full = load_settings(file).values
    assert full.alerts.mail["office"].port == 587
    assert full.employer["main"].order[0].number
    assert full.gateway.proxy is not None
    assert full.gateway.transport_key is not None
    assert [str(one.key_file) for one in full.employer["main"].next_key] == ["secrets/employer-2027.p12"]


def test_what_was_not_given_is_still_to_be_filled_in(file: Path) -> None:
    made()
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file)
    for setting in ("[gateway] url", "[gateway] sender_id", "[employer.main] bin", "[source.hr] url"):
        assert f"{setting}: still to be filled in: replace FILL_IN" in str(caught.value)


def test_file_and_folder_are_their_owners_alone_and_what_comes_next_is_told(file: Path) -> None:
    said = made()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((file.parent / "secrets").stat().st_mode) == 0o700
    assert sorted(one.name for one in file.parent.iterdir()) == ["secrets", "usrec.toml"]
    assert [line.strip() for line in said.splitlines() if line.startswith("  usrec")] == [
        "usrec config check",
        "usrec db upgrade",
        "usrec doctor",
        "usrec run",
    ]


def test_commands_name_a_file_of_another_name(tmp_path: Path) -> None:
    (tmp_path / "of ours").mkdir()
    said = made("of ours/agent.toml")
    assert f"usrec config check --config '{tmp_path}/of ours/agent.toml'\n" in said


def test_an_existing_file_or_link_is_never_touched(file: Path, tmp_path: Path) -> None:
    file.write_text("mine", "utf-8")
    assert "exists already. Nothing was changed" in refused()
    (tmp_path / "link.toml").symlink_to(tmp_path / "nowhere")
    assert "exists already" in refused("link.toml")
    with pytest.raises(ConfigurationError, match="exists already"):
        write_new(file, "other")
    assert file.read_text("utf-8") == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.toml", "usrec.toml"]


def test_a_folder_that_is_missing_or_closed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"{tmp_path / 'no'}: the folder for the settings does not exist" in refused("no/usrec.toml")

    def full(*_: object, **__: object) -> tuple[int, str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert "it cannot be written: No space left on device. Nothing was changed" in refused()


@pytest.mark.parametrize("option", ["--ledger-url", "--source-url"])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(option: str, file: Path) -> None:
    said = refused(option, f"postgresql://agent:{WORD}@db/usrec")
    assert said.startswith(f"{option}: an address on the command line may not hold a password")
    assert WORD not in said
    assert not file.exists()


def test_files_are_named_from_the_folder_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    key, password = tmp_path / "etc" / "key.p12", tmp_path / "elsewhere" / "password"
    made(
        "etc/usrec.toml",
        *FILLED,
        *("--key-file", "etc/key.p12", "--key-password-file", "elsewhere/password", "--ca-file", str(key)),
        *("--employer-name", "ТОО Бірінші", "--source-name", "hr-1"),
    )
    loaded = load_settings(tmp_path / "etc" / "usrec.toml")
    values = loaded.values.employer["ТОО Бірінші"]
    assert values.key_file == Path("key.p12")
    assert loaded.values.gateway.ca_file == Path("key.p12")
    assert values.key_password is not None
    assert values.key_password.file == password
    assert list(loaded.values.source) == ["hr-1"]


def test_a_file_for_the_simulator_has_nothing_left_to_fill_in(file: Path, tmp_path: Path) -> None:
    said = made("--simulator", "--bin", "150340000027")
    assert "fill in" not in said
    assert CliRunner().invoke(app, ["config", "check"]).stdout == f"{file}: no errors\n"
    loaded = load_settings(file)
    assert loaded.values.employer["main"].bin == "150340000027"
    assert loaded.secret(loaded.values.gateway.password)
    assert stat.S_IMODE((tmp_path / "sender.password").stat().st_mode) == 0o600


def test_existing_test_keys_and_password_are_used_as_they_are(file: Path, tmp_path: Path, pki: Path) -> None:
    password = tmp_path / "sender.password"
    password.touch(mode=0o600)
    password.write_text("mine\n", "utf-8")
    made("--simulator", "--pki", str(pki))
    loaded = load_settings(file)
    assert loaded.values.employer["main"].key_file == pki / "employer.p12"
    assert loaded.secret(loaded.values.gateway.password).reveal() == "mine"
    assert not (tmp_path / "pki").exists()


def test_a_folder_without_test_keys_is_not_filled_with_them(tmp_path: Path, file: Path) -> None:
    (tmp_path / "other").mkdir()
    assert f"{tmp_path / 'other'}: there are no test keys" in refused("--simulator", "--pki", "other")
    assert "there are no test keys" in refused("--simulator", "--bin", "12")
    assert not file.exists()


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_comments_messages_and_alerts_are_in_the_chosen_language(language: str, file: Path) -> None:
    said = made(*FILLED, "--language", language)
    assert CYRILLIC.search(said.splitlines()[0])
    text = file.read_text("utf-8")
    comments = [line for line in text.splitlines() if line.startswith("# ") and not line.startswith("#   ")]
    assert [line for line in comments if not CYRILLIC.search(line)] == []
    values = load_settings(file).values
    assert values.alerts.language == language
    assert [source.language for source in values.source.values()] == [language], "what HR reads in its rows"
    load_settings(file)
