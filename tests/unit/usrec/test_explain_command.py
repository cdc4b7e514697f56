"""``usrec explain``: the page in three languages, the JSON, what it says to a code that there is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from usrec.adapters.explanations.book import explain, explain_all
from usrec.domain.errors import ConfigurationError
from usrec.domain.response_code import Actor, Handling, Policy
from usrec.interfaces.cli.app import app
from usrec.interfaces.cli.explanation_words import ACTORS, HANDLINGS, POLICIES, point_words, whole_text
from usrec.interfaces.cli.words import code_words
from usrec.interfaces.i18n import in_language, use_language

SEVERAL = ["SCSE003", "63", "scss001"]


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


def asked(*arguments: str) -> Result:
    """The command's answer."""
    return CliRunner().invoke(app, ["explain", *arguments])


def answer(*arguments: str) -> Any:
    """Its JSON."""
    done = asked(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["likely cause:", "who must act:", "sent again unchanged:", "HR", "not the official text"]),
        ("ru", ["вероятная причина:", "кто действует:", "отправить то же снова:", "кадры", "не официальный текст"]),
        ("kk", ["ықтимал себебі:", "кім әрекет етеді:", "дәл соны қайта жіберу:", "кадр қызметі", "ресми мәтіні емес"]),
    ],
)
def test_the_page_tells_meaning_cause_action_field_actor_and_resend(language: str, said: list[str]) -> None:
    page = asked("SCSE063", "--language", language).stdout
    told = explain("SCSE063")
    assert told is not None
    text = told.texts[language]
    for part in [f"SCSE063: {text.meaning}", text.cause, text.action, "agreement_date", *said]:
        assert part in page


def test_the_page_says_what_is_our_reading_and_what_is_out_of_use() -> None:
    assert "our reading" in asked("SCSE068").stdout
    assert "does not use this code any more" in asked("SCSE016").stdout
    assert "note:" not in asked("SCSE003").stdout


def test_one_code_answers_with_one_object() -> None:
    found = answer("scse3")
    assert (found["code"], found["active"], found["handling"], found["actor"]) == ("SCSE003", True, "preflight", "hr")
    assert (found["resend_safe"], found["point"], found["field"]) == (False, "Order 353 p.3", "contract_number")
    assert list(found["text"]) == list(found["parts"]) == ["kk", "ru", "en"]
    for language, text in found["text"].items():
        assert all(part in text for part in list(found["parts"][language].values())[1:])
        assert text.endswith(".")
    assert found["text"]["ru"].startswith("Не указан номер договора. Вероятная причина: ")
    assert "Field of HR's row: contract_number. Who must act: HR. Sent again unchanged: not safe" in found["text"]["en"]


def test_several_codes_and_all_of_them_answer_with_a_list() -> None:
    assert [one["code"] for one in answer(*SEVERAL)] == ["SCSE003", "SCSE063", "SCSS001"]
    everything = answer("--all")
    assert [one["code"] for one in everything] == [one.code for one in explain_all()]
    assert len({json.dumps(one["text"]) for one in everything}) == len(everything)


def test_json_is_the_same_in_every_language() -> None:
    assert answer("SCSE016", "--language", "kk") == answer("SCSE016", "--language", "en") == answer("SCSE016")


def test_all_codes_have_a_line_each() -> None:
    lines = asked("--all", "--language", "ru").stdout.splitlines()
    assert len(lines) == len(explain_all()) + 1
    assert re.search(r"^SCSE092 +уполномоченный орган по труду, по обращению +договор расторгнут", lines[92])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["SCSE286"], r"'SCSE286' is no code of USREC.*close to it: SCSE28"),
        (["SCE001"], r"'SCE001' is no code of USREC.*close to it: SCSE001"),
        (["nonsense"], r"'nonsense' is no code of USREC.*usrec explain --all"),
        ([], r"give codes, or --all"),
        (["SCSE003", "--all"], r"give codes, or --all"),
    ],
)
def test_a_wrong_question_is_a_wrong_command_line(arguments: list[str], said: str) -> None:
    done = asked(*arguments)
    assert done.exit_code == 2
    assert re.search(said, " ".join(done.stderr.split()))


def test_the_same_meaning_stands_behind_a_code_wherever_it_is_shown() -> None:
    told = explain("SCSE012")
    assert told is not None
    for language, text in told.texts.items():
        with in_language(language):
            assert code_words("SCSE012") == f"SCSE012: {text.meaning}"
            assert whole_text(told).casefold().startswith(text.meaning.casefold())


def test_every_actor_place_and_policy_has_words_of_its_own() -> None:
    for table, enum in ((ACTORS, Actor), (HANDLINGS, Handling), (POLICIES, Policy)):
        assert set(table) == set(enum)
        assert len(set(table.values())) == len(enum)


def test_points_are_told_in_the_readers_language() -> None:
    with in_language("ru"):
        assert point_words("Order 353 p.13-1") == "приказ № 353, п. 13-1"
        assert point_words("dictionary D_POSITION") == "справочник D_POSITION"
        assert all(point_words(one.point) != one.point for one in explain_all() if one.point)
    assert point_words("somewhere else") == "somewhere else"


SETTINGS = """
[ledger]
url = "sqlite:///ledger.db"
[policies]
SCSE059 = "fix_and_resend"
SCSE001 = "stop_everything"
"""


def test_policy_in_force_is_that_of_the_settings_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "usrec.toml"
    file.write_text(SETTINGS, "utf-8")
    page = asked("SCSE059", "--config", str(file)).stdout
    assert "it goes again after it was mended (by [policies] in the settings)" in page
    found = {one["code"]: one for one in answer("--all", "--config", str(file))}
    assert found["SCSE059"]["policy"] == "retry"
    assert [code for code, one in found.items() if one["policy_chosen"]] == ["SCSE059"]
    assert found["SCSE059"]["policy_in_force"] == "fix_and_resend"
    assert found["SCSE014"]["policy_in_force"] == "confirm_then_accept"


def test_settings_that_cannot_be_read_are_said_and_the_safe_defaults_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "usrec.toml"
    file.write_text(SETTINGS + 'SCSE014 = "retry"\n', "utf-8")
    monkeypatch.setenv("USREC_CONFIG", str(file))
    done = asked("SCSE059")
    assert done.exit_code == 0
    assert "the safe defaults are shown" in done.stderr
    assert "the same document goes again at its time" in done.stdout
    assert isinstance(asked("SCSE059", "--config", str(file)).exception, ConfigurationError)
