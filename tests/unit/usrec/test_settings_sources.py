"""`[source.NAME]`: its kind tells which settings it has, and faults name the setting as it was written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from usrec.settings import (
    FilesSourceSettings,
    HttpSourceSettings,
    OutboxSourceSettings,
    WatcherSettings,
    examine,
)
from usrec.settings.faults import spelt
from usrec.settings.rules import broken_rules

LEDGER = '[ledger]\nurl = "sqlite:///ledger.db"\n'
HASH = "0123456789abcdef" * 4
INTAKE = '[intake]\nlisten = "127.0.0.1:9465"\n'
HTTP = f'[source.erp]\nkind = "http"\ntoken_hashes = ["{HASH}"]\n'


def faults(text: str, tmp_path: Path) -> list[str]:
    file = tmp_path / "usrec.toml"
    file.write_text(LEDGER + text, "utf-8")
    return [str(one) for one in examine(file, WatcherSettings).faults]


def rules(text: str) -> list[str]:
    return [f"{spelt(one.path)}: {one.what}" for one in broken_rules(tomllib.loads(LEDGER + text))]


def test_each_kind_has_its_own_settings(tmp_path: Path) -> None:
    file = tmp_path / "usrec.toml"
    outbox = '[source.hr]\nkind = "outbox"\nurl = "sqlite:///hr.db"\n'
    file.write_text(f'{LEDGER}{INTAKE}{outbox}{HTTP}[source.drop]\nkind = "files"\nfolder = "drop"\n', "utf-8")
    values = examine(file, WatcherSettings).values
    assert values is not None
    assert {name: type(one) for name, one in values.source.items()} == {
        "hr": OutboxSourceSettings,
        "erp": HttpSourceSettings,
        "drop": FilesSourceSettings,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[source.drop]\nkind = "file"\n', '[source.drop] kind: write "outbox", "snapshot", "files" or "http"'),
        ('[source.drop]\nfolder = "drop"\n', "[source.drop] kind: this setting is missing"),
        ('[source.drop]\nkind = "files"\nfoldr = "x"\n', "line 5: [source.drop] foldr: there is no such setting, did"),
        ('[source.drop]\nkind = "files"\n', "[source.drop] folder: this setting is missing"),
        (f'{INTAKE}{HTTP}[source.erp.webhook]\nurl = "https://x.example"\n', "[source.erp.webhook] secret: this"),
        (f"{INTAKE}{HTTP}employers = []\n", "[source.erp] employers: "),
        (f"{INTAKE}{HTTP}".replace(HASH, "word"), "token_hashes 1: write what usrec intake token prints"),
        ('[source.drop]\nkind = "files"\nfolder = "x"\nsentinels = ["no"]\n', "sentinels 1: write 99991231=none"),
        (
            '[source.drop]\nkind = "files"\nfolder = "x"\n[source.drop.approved]\nbegin_date = "x.csv"\n',
            "line 7: [source.drop.approved] begin_date: no code of an official list stands in such a field; there are:",
        ),
    ],
)
def test_a_fault_names_the_setting_as_it_was_written(text: str, expected: str, tmp_path: Path) -> None:
    found = faults(text, tmp_path)
    assert any(expected in one for one in found), found


def test_a_list_with_something_wrong_in_it_is_not_called_empty(tmp_path: Path) -> None:
    wrong = f"{INTAKE}{HTTP}".replace(HASH, "word")
    assert ["must not be empty" in one for one in faults(wrong, tmp_path)] == [False]
    empty = f"{INTAKE}{HTTP}".replace(f'"{HASH}"', "")
    assert ["must not be empty" in one for one in faults(empty, tmp_path)] == [True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HTTP, "[source.erp] kind: write [intake] listen too"),
        (f'[intake]\nlisten = "10.0.0.1:9465"\n{HTTP}', "[intake] listen: other machines reach this address"),
        (f'{INTAKE}{HTTP}employers = ["x"]\n[employer.main]\n', "[source.erp] employers 1: there is no [employer.x]"),
        (f'{INTAKE}certificate = "c.pem"\n{HTTP}', "[intake] certificate: certificate and certificate_key come"),
        (f"{INTAKE}{HTTP}{HTTP.replace('erp', 'erp2')}", "[source.erp2] token_hashes: [source.erp] has the same token"),
        (
            f'{INTAKE}{HTTP}[source.erp.webhook]\nurl = "http://erp.example/"\nsecret = {{ env = "X" }}\n',
            "[source.erp.webhook] url: write an https address, or http to this machine",
        ),
    ],
)
def test_an_address_that_others_reach_is_guarded(text: str, expected: str) -> None:
    found = rules(text)
    assert any(one.startswith(expected) for one in found), found
