"""Kazakh and Russian for whoever reads: complete catalogues, forms of counted nouns, the choice by the environment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo

from support.languages import CYRILLIC, PACKAGE, TRANSLATED, Text, catalogue, file_of, key, setting_texts, translations
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.interfaces import i18n
from usrec.interfaces.cli.tables import span
from usrec.interfaces.cli.words import OPERATION_NAMES, STATE_NAMES
from usrec.interfaces.i18n import english, find_language, ntr, tr, use_language

KEYWORDS: dict[str, Any] = {"tr": None, "N_": None, "ntr": (1, 2)}
"""As in the Makefile."""


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


@cache
def extracted() -> frozenset[Text]:
    """What Babel finds in the source."""
    methods = [("settings/tree.py", "support.languages:extract_settings"), ("**.py", "python")]
    found = extract_from_dir(PACKAGE, methods, keywords=KEYWORDS)
    return frozenset(key(message) for _, _, message, _, _ in found)


@cache
def written() -> frozenset[Text]:
    """What the source itself holds, within f-strings too, where Babel looks only under some versions of Python."""
    trees = [ast.parse(file.read_text("utf-8")) for file in PACKAGE.rglob("*.py")]
    return frozenset(text for tree in trees for node in ast.walk(tree) for text in _texts(node)) | setting_texts()


def _texts(node: ast.AST) -> Iterator[Text]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
        given = tuple(one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str))
        if given:
            yield given if node.func.id == "ntr" else given[0]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_source_is_in_the_catalogue_and_nothing_else(language: str) -> None:
    """After a change of a text: make messages, translate, make messages."""
    assert extracted() == written() == set(translations(language))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    assert not [one.id for one in catalogue(language) if one.id and one.fuzzy]
    for text, forms in translations(language).items():
        assert all(form.strip() == form for form in forms), text
        assert forms == ("ID",) or all(CYRILLIC.search(form) for form in forms or [""]), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_placeholders_of_their_text(language: str) -> None:
    for text, forms in translations(language).items():
        for original in [text] if isinstance(text, str) else text:
            placeholders = sorted(re.findall(r"\{\w*\}", original))
            assert all(sorted(re.findall(r"\{\w*\}", form)) == placeholders for form in forms), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_begins_within_another(language: str) -> None:
    """As where a merge left the beginning of an older translation before the newer one."""
    inside = re.compile(r"(?<=[а-яёәғқңөұүһі] )[А-ЯЁӘҒҚҢӨҰҮҺІ][а-яёәғқңөұүһі]*(?![А-ЯЁӘҒҚҢӨҰҮҺІ])")
    names = re.compile(r"Казахстан|Қазақстан|Алматы|Отечеств|Конституци|Перв|Президент|Рождеств|Республик|Побед")
    for text, forms in translations(language).items():
        assert [word for form in forms for word in inside.findall(form) if not names.match(word)] == [], text


def test_kazakh_abbreviations_take_the_endings_of_one_row_of_vowels() -> None:
    """ЕШЕБЖ-де and ҚК-де are read with front vowels, ЕШ-та with back ones, wherever they stand."""
    back, front = set("аоұыя"), set("әеөүіэ")
    rows = {"ЕШЕБЖ": front, "ҚК": front, "ЖСН": front, "БСН": front, "ЕШ": back, "ҰКО": back, "ЭЦҚ": back}
    texts = [form for forms in translations("kk").values() for form in forms]
    for word, row in rows.items():
        ending = re.compile(rf"\b{word}-([а-яәғқңөұүһі]*?)(?:[мпб]ен)?(?![а-яәғқңөұүһі])", re.IGNORECASE)
        endings = {one.lower() for text in texts for one in ending.findall(text)}
        wrong = [one for one in endings if not set(one) & (back | front) <= row]
        assert endings
        assert wrong == [], word


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_the_one_that_people_edit(language: str) -> None:
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    assert file_of(language, "mo").read_bytes() == compiled.getvalue()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "kk_KZ.UTF-8"}, "kk"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_MESSAGES": "kk_KZ.UTF-8"}, "kk"),
        ({"LC_MESSAGES": "kk_KZ", "LC_ALL": "ru_RU"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": ""}, "ru"),
        ({"LC_ALL": "ru_RU.UTF-8", "USREC_LANGUAGE": "kk"}, "kk"),
        ({"LC_ALL": "ru_RU.UTF-8", "USREC_LANGUAGE": "en"}, "en"),
        ({"USREC_LANGUAGE": "RU"}, "ru"),
    ],
)
def test_the_first_variable_that_is_set_chooses_the_language(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in i18n.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert find_language() == language


@pytest.mark.parametrize(
    ("language", "days"),
    [
        ("en", ["1 day", "2 days", "5 days", "21 days"]),
        ("ru", ["1 день", "2 дня", "5 дней", "21 день"]),
        ("kk", ["1 күн", "2 күн", "5 күн", "21 күн"]),
    ],
)
def test_counted_nouns_take_the_forms_of_their_language(language: str, days: list[str]) -> None:
    use_language(language)
    assert [span(timedelta(days=number)) for number in (1, 2, 5, 21)] == days


def test_an_unknown_language_or_text_is_shown_in_english() -> None:
    use_language("de")
    assert tr("registered") == "registered"
    use_language("ru")
    assert (tr("no such text"), ntr("{number} thing", "{number} things", 1), tr("")) == ("no such text", "1 thing", "")


def test_english_for_a_while_ends_with_the_language_that_was_chosen() -> None:
    use_language("kk")
    with english():
        in_between = tr("registered")
    assert (in_between, tr("registered")) == ("registered", "тіркелді")


def test_every_state_and_operation_has_a_short_name_that_english_scripts_can_type() -> None:
    assert dict(STATE_NAMES) == {state: state.value for state in State}
    assert dict(OPERATION_NAMES) == {one: one.value for one in Operation}


def test_whatever_a_counted_text_names_is_given_with_it() -> None:
    """`ntr` fills its text in at once: what is left for a later `.format` ends the command with an error."""
    counted = 0
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "ntr":
                texts = [text.value for text in call.args[:2] if isinstance(text, ast.Constant)]
                named = set(re.findall(r"\{(\w+)\}", " ".join(map(str, texts))))
                assert named - {"number"} == {keyword.arg for keyword in call.keywords}, f"{path}:{call.lineno}"
                counted += len(texts) == 2
    assert counted
