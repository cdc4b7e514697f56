"""`usrec config check`: every error at once, each with file and line, without a word of any secret."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from support.line import BIN
from usrec.interfaces.cli.app import app

WORD = "open sesame"


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("USREC_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path, pki: Path) -> Path:
    """Settings that are right, with everything that they name."""
    (tmp_path / "pki").symlink_to(pki)
    secret(tmp_path / "sender.password")
    file = tmp_path / "usrec.toml"
    file.write_text(
        f"""\
[gateway]
url = "https://gateway.example/"
sender_id = "company"
password = {{ file = "sender.password" }}
ca_file = "pki/tls-ca.pem"
response_certificate = "pki/gateway.pem"

[employer.main]
bin = "{BIN}"
key_file = "pki/employer.p12"
key_password = {{ file = "pki/employer.password" }}

[ledger]
url = "sqlite:///ledger.db"

[source.hr]
kind = "outbox"
url = "postgresql://agent@db/hr"
password = {{ command = ["echo", "{WORD}"] }}
""",
        "utf-8",
    )
    return file


def secret(file: Path) -> None:
    file.touch(mode=0o600)
    file.write_text(WORD, "utf-8")


def change(file: Path, *pairs: tuple[str, str]) -> None:
    text = file.read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


def check(file: Path, *options: str) -> Result:
    done = CliRunner().invoke(app, ["config", "check", "--config", str(file), *options])
    assert WORD not in done.output
    return done


def test_settings_without_an_error_are_named_with_what_goes_over_them(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (check(file).stdout, check(file).exit_code) == (f"{file}: no errors\n", 0)
    monkeypatch.setenv("USREC_DELIVERY__WORKERS", "9")
    monkeypatch.setenv("USREC_LANGUAGE", "en")
    monkeypatch.setenv("USREC_SERVICE_HOST", "10.0.0.1")
    assert check(file).stdout.splitlines()[1] == "also read from the environment: $USREC_DELIVERY__WORKERS"
    assert json.loads(check(file, "--json").stdout) == {
        "file": str(file),
        "variables": ["USREC_DELIVERY__WORKERS"],
        "errors": [],
    }


def test_every_error_is_told_at_once_with_file_and_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USREC_LEGDER__URL", "sqlite:///other.db")
    change(
        file,
        ('sender_id = "company"', 'sender = "company"'),
        ('file = "sender.password"', 'file = "nowhere"'),
        ("pki/tls-ca.pem", "pki/employer.p12"),
        ('pki/employer.p12"\nkey_password', 'pki"\nkey_password'),
        ("sqlite:///ledger.db", "sqlite:///no/such/folder/ledger.db"),
        ('["echo", ', '["no-such-program", '),
    )
    done = check(file)
    assert done.exit_code == 3
    home, absent = file.parent, "No such file or directory"
    no_authority = "the file of certificate authorities cannot be used"
    advice = "Name a readable PEM file in gateway.ca_file, or leave it out to trust the system's authorities"
    assert done.stdout.splitlines() == [
        "$USREC_LEGDER__URL: [legder] url: there is no such setting, did you mean ledger?",
        f"{file}:1: [gateway] sender_id: this setting is missing",
        f"{file}:3: [gateway] sender: there is no such setting, did you mean sender_id?",
        f"{file}:4: [gateway] password: {home / 'nowhere'}: the password file cannot be read: {absent}",
        f"{file}:5: [gateway] ca_file: {no_authority} (it holds no certificate) ({advice})",
        f"{file}:10: [employer.main] key_file: {home / 'pki'} cannot be read: Is a directory",
        f"{file}:14: [ledger] url: the folder {home / 'no/such/folder'} does not exist",
        f"{file}:19: [source.hr] password: command no-such-program: the password command failed: {absent}",
        "8 errors",
    ]
    told = json.loads(check(file, "--json").stdout)["errors"]
    assert told[0] == {
        "line": None,
        "variable": "USREC_LEGDER__URL",
        "setting": "[legder] url",
        "what": "there is no such setting, did you mean ledger?",
    }
    assert [one["line"] for one in told[1:]] == [1, 3, 4, 5, 10, 14, 19]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "https://gateway.example/",
            "http://gateway.example/",
            ":2: [gateway] url: the gateway's address is plain http",
        ),
        (
            "https://gateway.example/",
            f"https://me:{WORD}@gateway.example/",
            ":2: [gateway] url: the gateway's address holds",
        ),
        (
            "pki/gateway.pem",
            "sender.password",
            ":6: [gateway] response_certificate: the gateway's response certificate",
        ),
        ('"company"', '"company"\nprofile = "mine"', ":4: [gateway] profile: the wire profile"),
        ("sqlite:///ledger.db", "mysql://db/ledger", ":14: [ledger] url: the address is not that of a ledger"),
        (
            "postgresql://agent@db/hr",
            "db2://db/hr",
            ":18: [source.hr] url: the url of the HR database cannot be used",
        ),
        (
            '{ file = "sender.password" }',
            f'"{WORD}"',
            ":4: [gateway] password: a secret is no setting: say where it is",
        ),
        ('kind = "outbox"', 'kind = "outbox', ":17: column 15: Illegal character"),
        (
            '{ file = "pki/employer.password" }',
            '{ env = "NO_SUCH" }',
            ":11: [employer.main] key_password: $NO_SUCH: the",
        ),
        ("[ledger]", '[watch]\nstate_file = "a/b"\n[ledger]', ":14: [watch] state_file: the folder"),
        (
            "[ledger]",
            '[alerts.command.tell]\ncommand = ["no-such-program"]\n[ledger]',
            ":14: [alerts.command.tell] command",
        ),
        (
            "[ledger]",
            '[alerts.webhook.chat]\nurl = "https://x"\nca_file = "x"\n[ledger]',
            ":15: [alerts.webhook.chat] ca_f",
        ),
    ],
)
def test_each_part_of_the_agent_judges_its_own_settings(file: Path, old: str, new: str, expected: str) -> None:
    change(file, (old, new))
    done = check(file)
    assert done.exit_code == 3
    (line, count) = done.stdout.splitlines()
    assert line.startswith(f"{file}{expected}")
    assert count == "1 error"


def test_a_file_for_the_watcher_alone_is_checked_as_such(file: Path) -> None:
    file.write_text('[ledger]\nurl = "postgresql://watcher@db/usrec"\n', "utf-8")
    assert check(file, "--watch").exit_code == 0
    assert check(file).stdout.splitlines() == [
        f"{file}: [employer]: this setting is missing",
        f"{file}: [gateway]: this setting is missing",
        f"{file}: [source]: this setting is missing",
        "3 errors",
    ]


def test_a_file_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["config", "check", "--config", str(tmp_path / "none.toml")])
    assert "does not exist" in str(done.exception)
    assert "usrec init" in str(done.exception)


def test_wrong_words_of_the_employers_own_rules_are_told_with_their_lines(file: Path) -> None:
    own = """[employer.main.registrable]
changes = ["position", "pay"]
order_number = ""
[mass]
terminations = -1
[targets]
transfer = 0
termination = 5
[pairs]
missing_after_days = 31
"""
    change(file, ("[ledger]", f"{own}[ledger]"))
    told = check(file).stdout
    for setting in (
        "[employer.main.registrable] changes 2",
        "[employer.main.registrable] order_number: it must not be empty",
        "[employer.main.registrable] order_dated: this setting is missing",
        "[mass] terminations: it must be at least 0",
        "[targets] transfer: it must be at least 1",
        "[targets] termination: the law sets a term for it",
        "[pairs] missing_after_days: it must be at most 30",
    ):
        assert setting in told
