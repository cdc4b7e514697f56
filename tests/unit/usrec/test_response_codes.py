"""Every response code of USREC has exactly one explanation, in three languages, with exactly one place."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from dataclasses import astuple
from importlib.resources import files
from itertools import chain, product

import pytest

from support.markdown import ROOT
from usrec.adapters.explanations.book import explain, explain_all
from usrec.domain.policies import UNKNOWN_ERROR
from usrec.domain.response_code import Actor, Explanation, Handling, Policy, code_of
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.source_event import Operation
from usrec.domain.verdict import AGREEMENT_EXISTS, CONTRACT_NUMBER_EXISTS, ID_USED
from usrec.interfaces.i18n import LANGUAGES

NUMBERS = [*range(1, 286), 999]
OFFICIAL = ROOT.parent / "shared" / "reference" / "dictionaries" / "response_code.csv"
"""The official dictionary is nobody's to copy; it lies beside some working copies."""
OUT_OF_USE = {13, 16, 17, 19, 20, 33, 37, 41, 42, 58, 60, 71, 72, 106, 125, 133, 149, 152, 159}
PARTS = ("meaning", "cause", "action")
TOLD = list(explain_all())
ACTIVE = [one for one in TOLD if one.active]
FURTHER_OPERATIONS = {
    "contract_edit",
    "contract_delete",
    "amendment_edit",
    "amendment_delete",
    "reinstatement",
    "extension",
    "social_leave",
    "social_leave_edit",
    "social_leave_delete",
    "legacy_contract",
    "iin_change",
    "bin_change",
    "transfer",
}
SETTLED_CODES = {
    "SCSE001": Policy.STOP_EVERYTHING,
    "SCSE046": Policy.STOP_EVERYTHING,
    UNKNOWN_ERROR: Policy.RETRY,
    CONTRACT_NUMBER_EXISTS: Policy.CONFIRM_THEN_ACCEPT,
    AGREEMENT_EXISTS: Policy.CONFIRM_THEN_ACCEPT,
    ID_USED: Policy.CONFIRM_THEN_ACCEPT,
}


def texts() -> list[tuple[Explanation, str, str, str]]:
    """Each code, language and part with its text."""
    every = product(TOLD, LANGUAGES, PARTS)
    return [(one, language, part, getattr(one.texts[language], part)) for one, language, part in every]


def test_every_code_has_exactly_one_explanation() -> None:
    """A code without a place, or in two files, fails here."""
    folder = files("usrec.adapters.explanations")
    tables = [tomllib.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")]
    written = Counter(chain.from_iterable(tables))
    assert written == dict.fromkeys([*(f"SCSE{number:03}" for number in NUMBERS), "SCSS001"], 1)
    assert [one.code for one in TOLD] == sorted(written)
    assert all(explain(code) is not None for code in written)


def test_codes_out_of_use_are_marked() -> None:
    assert {int(one.code[4:]) for one in TOLD if not one.active} == OUT_OF_USE


@pytest.mark.skipif(not OFFICIAL.is_file(), reason="the official dictionary does not lie beside this working copy")
def test_explanations_are_those_of_the_official_codes_in_our_own_words() -> None:
    """Same codes, same standing, no name copied."""
    with OFFICIAL.open(encoding="utf-8-sig", newline="") as file:
        official = {row["code"]: row for row in csv.DictReader(file)}
    assert {one.code: one.active for one in TOLD} == {code: row["is_actual"] == "1" for code, row in official.items()}
    names = {_bare(row[name]) for row in official.values() for name in ("name_ru", "name_kz")}
    assert not [(one.code, language) for one, language, _, text in texts() if _bare(text) in names]


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()


def test_every_active_code_has_what_its_place_demands() -> None:
    """A rule where the agent can know it, a reason where the agent has nothing to do with it."""
    for one in ACTIVE:
        assert bool(one.rule) == (one.handling is Handling.PREFLIGHT), one.code
        assert bool(one.operations) == (one.handling is not Handling.OUT_OF_SCOPE), one.code
    for one in TOLD:
        assert bool(one.scope) == (one.handling is Handling.OUT_OF_SCOPE), one.code
        assert (one.policy is Policy.OUT_OF_SCOPE) == (one.handling is Handling.OUT_OF_SCOPE), one.code
        assert (one.policy is Policy.SUCCESS) == (one.handling is Handling.SUCCESS) == (one.code == "SCSS001")


def test_another_party_acts_where_the_code_waits_for_one() -> None:
    ours = {Actor.HR, Actor.IT, Actor.NOBODY}
    waiting = [one for one in TOLD if one.policy is Policy.OTHER_PARTY]
    assert not [one.code for one in waiting if one.actor in ours]
    assert {one.code for one in TOLD if one.handling is Handling.OTHER_PARTY} <= {one.code for one in waiting}


def test_codes_that_the_agent_decides_about_have_the_policy_of_its_decisions() -> None:
    for code, policy in SETTLED_CODES.items():
        told = explain(code)
        assert told is not None
        assert told.policy is policy
    stopping = {one.code for one in TOLD if one.policy is Policy.STOP_EVERYTHING}
    assert stopping == {"SCSE001", "SCSE046"}


def test_only_what_may_go_again_unchanged_is_tried_again() -> None:
    """A retry of what is not safe to resend would contradict itself."""
    assert all(one.resend_safe for one in TOLD if one.policy is Policy.RETRY)
    assert not [one.code for one in TOLD if one.resend_safe and one.policy is Policy.CONFIRM_THEN_ACCEPT]


def test_words_are_complete_and_each_code_has_its_own() -> None:
    for one, language, part, text in texts():
        assert text == text.strip(), one.code
        assert len(text) > len("ok"), (one.code, language, part)
        assert not text.endswith("."), (one.code, language, part)
    for language, part in product(LANGUAGES, PARTS):
        counted = Counter(getattr(one.texts[language], part) for one in TOLD)
        assert [text for text, number in counted.items() if number > 1] == [], (language, part)


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_words_are_in_their_language(language: str) -> None:
    """No English text stands in another column, and no letter of one alphabet inside a word of the other."""
    english_too = r"[A-Za-z][A-Za-z0-9_.-]*"
    for one, shown_in, _, text in texts():
        if shown_in == language:
            words = re.findall(r"[^\W\d_]+", re.sub(english_too, " ", text))
            assert len(words) >= len(re.findall(english_too, text)), (one.code, text)
            assert not [word for word in re.findall(r"\w+", text) if _mixed(word)], one.code
    kazakh_letters = sum(
        bool(re.search("[әғқңөұүһі]", text, re.IGNORECASE)) for _, to, _, text in texts() if to == "ru"
    )
    assert kazakh_letters == 0


def _mixed(word: str) -> bool:
    return bool(re.search("[A-Za-z]", word)) and bool(re.search("[а-яёәғқңөұүһі]", word, re.IGNORECASE))


def test_all_languages_name_the_same_fields_and_codes() -> None:
    for one in TOLD:
        named = [set(re.findall(r"\b[a-z]+_[a-z_]+\b|SCSE\d+", " ".join(astuple(one.texts[to])))) for to in LANGUAGES]
        assert all(names == named[0] for names in named), one.code


def test_fields_and_operations_are_words_of_hrs_rows() -> None:
    known = {operation.value for operation in Operation} | FURTHER_OPERATIONS
    for one in TOLD:
        assert set(one.operations) <= known or one.operations == ("any",), one.code
        assert re.fullmatch(r"[a-z_]*", one.field), one.code
        assert re.fullmatch(r"[a-z0-9_]*", one.rule), one.code


def test_codes_that_the_rules_of_the_fields_cite_are_known_before_sending() -> None:
    """Four codes are cited for the form of an id only; whether the registry knows it, only the registry knows."""
    cited = {code for rules in FIELDS.values() for rule in rules for code in (rule.missing, rule.malformed) if code}
    server = {code for code in cited if (told := explain(code)) and told.handling is not Handling.PREFLIGHT}
    assert cited >= {"SCSE003", "SCSE022"}
    assert server == {"SCSE025", "SCSE044", "SCSE052", "SCSE137"}


def test_points_are_of_the_order_the_code_or_a_dictionary() -> None:
    form = r"(Order 353 p\.\d+(-\d)?|Labour Code art\. \d+ p\.\d+\(\d\)|dictionary \w+)?"
    assert not [one.code for one in TOLD if not re.fullmatch(form, one.point)]


def test_nobody_is_told_that_they_comply_and_no_person_is_named() -> None:
    claims = r"\bcompl(y|ies|iant|iance)\b|соответству\w+ (закон|требован)|заңға (сай|сәйкес)"
    assert not [one.code for one, _, _, text in texts() if re.search(claims, text, re.IGNORECASE)]
    assert not [one.code for one, _, _, text in texts() if re.search(r"\d{12}", text)]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("SCSE003", "SCSE003"),
        ("scse3", "SCSE003"),
        (" SCSE-003 ", "SCSE003"),
        ("003", "SCSE003"),
        ("999", "SCSE999"),
        ("SCSS001", "SCSS001"),
        ("SСSЕ012", "SCSE012"),
        ("sсsе12", "SCSE012"),
        ("SCE001", None),
        ("SCSE1234", None),
        ("", None),
    ],
)
def test_a_code_is_understood_as_people_type_it(typed: str, code: str | None) -> None:
    """Also with the letters of a Cyrillic keyboard that look the same."""
    assert code_of(typed) == code


def test_what_is_no_code_has_no_explanation() -> None:
    assert [explain(code) for code in ("SCSE000", "SCSE286", "SCSE777", "SCSS002", "SCE001", "../x", "")] == [None] * 7
