"""The program speaks of things in the glossary's words, in Russian and in Kazakh."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

import pytest

from support.languages import TRANSLATED, translations
from support.markdown import only_code, read, section, table
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.interfaces.cli.words import OPERATION_NAMES, STATE_NAMES

GLOSSARY = read("glossary.md")
COLUMNS = {"ru": 1, "kk": 2}
SIDES = ("The authority's side", "HR's side", "The agent's side")
TERMS = [row for side in SIDES for row in table(section(GLOSSARY, side), "English")]
NOT_WORDS = re.compile(r"\[+[\w.{}]+\]+|\{\w*\}|``.*?``|usrec [a-z]+ [a-z]+|in a row")
"""Placeholders, settings, code and commands; and a row that is none of a table."""
SHORTER = {"amendment of a contract", "an employer that is not configured"}
"""An agreement is always one to a contract; and the employer is named before "is not in the settings"."""
PHRASES = {
    "wire profile": {"ru": r"профил\w+ обмена", "kk": r"алмасу профил"},
    r"\bbundle\b": {"ru": r"пакет", "kk": r"пакет"},
    r"\blines? of the journal\b": {"ru": r"запис", "kk": r"жазба"},
    r"\bcertificate\b.* was revoked": {"ru": r"отозван", "kk": r"кері қайтарыл"},
    r"\bsafe date": {"ru": r"безопасн\w+ дат", "kk": r"қауіпсіз күн"},
    r"\bright id\b": {"ru": r"верный ID", "kk": r"дұрыс ID"},
    r"\bmass cancel\b": {"ru": r"отозвать все: usrec mass cancel", "kk": r"бәрін қайтарып алу: usrec mass cancel"},
    r"\breleased (by|with)\b": {"ru": r"отпу", "kk": r"рұқсат бер"},
    r"\bneeded by\b": {"ru": r"не позднее", "kk": r"ең кешінде"},
    r"\btransport's key\b": {"ru": r"транспортным", "kk": r"тасымалдау"},
    r"\bgets? no timestamp\b|\bwithout one meanwhile\b": {"ru": r"метк", "kk": r"уақыт белгісі"},
    r"\bpackage when this one was taken back\b": {"ru": r"примете", "kk": r"қайта қабылда"},
}
"""What one word of a table cannot hold: the phrase that an English one has, or what an operator would do wrongly."""
NAMES = {"state": STATE_NAMES, "operation": OPERATION_NAMES}


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize(("kind", "words"), [("state", State), ("operation", Operation)])
def test_states_and_operations_are_called_as_in_the_glossary(
    language: str, kind: str, words: type[State] | type[Operation]
) -> None:
    said: Mapping[State | Operation, str] = NAMES[kind]  # type: ignore[assignment]  # two tables, each of its own enum
    written = {only_code(row[0]): row[COLUMNS[language]] for row in table(GLOSSARY, kind)}
    assert written == {word.value: translations(language)[said[word]][0] for word in words}


@pytest.mark.parametrize(("language", "heading"), [("ru", "состояние"), ("kk", "күйі")])
def test_quick_start_calls_the_states_as_the_program_does(language: str, heading: str) -> None:
    told = [row[0] for row in table(read(f"{language}/quick-start.md"), heading)]
    assert len(told) >= 6
    assert set(told) <= {translations(language)[name][0] for name in STATE_NAMES.values()}


def test_every_term_has_its_word_in_each_language() -> None:
    assert len(TERMS) > 40
    assert all(row[1] and row[2] and row[3] for row in TERMS)
    assert len({row[0] for row in TERMS}) == len(TERMS), "one word, one meaning"


def test_names_of_the_one_system_are_all_there() -> None:
    """Translations call it by many names; whoever meets one must find it."""
    (row,) = [row for row in TERMS if row[0] == "USREC"]
    assert (row[1], row[2]) == ("ЕСУТД", "ЕШЕБЖ")
    assert all(name in row[3] for name in ("USOEC", "ULARS", "SASEA", "USALC"))


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("term", TERMS, ids=[row[0] for row in TERMS])
def test_texts_use_the_word_of_the_glossary(term: list[str], language: str) -> None:
    """A text whose English holds a term holds its word, in some case or with some suffix; or the name of a setting."""
    speaking = re.compile(rf"(?<![\w-]){re.escape(term[0])}(?:e?s)?(?![\w-])")
    stems = list(_stems(term[COLUMNS[language]]))
    for original, forms in spoken(language):
        if speaking.search(original) and original not in SHORTER:
            said = [speaking.search(form) or any(stem in form.lower() for stem in stems) for form in forms]
            assert all(said), (original, forms, stems)


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_is_said_in_one_way(phrase: str, language: str) -> None:
    """In the program's texts, and in the explanations of response codes."""
    catalogue = translations(language).items()
    texts = [(text if isinstance(text, str) else text[0], form) for text, forms in catalogue for form in forms]
    concerned = [form for original, form in [*texts, *explained(language)] if re.search(phrase, original)]
    assert concerned
    assert [form for form in concerned if not re.search(PHRASES[phrase][language], form, re.IGNORECASE)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_department_is_not_hr(language: str) -> None:
    """HR is a service, whatever the departments of an employer are called."""
    department = re.compile(r"кадр бөлім|отдел\w* кадров", re.IGNORECASE)
    assert [form for _, forms in spoken(language) for form in forms if department.search(form)] == []


@cache
def explained(language: str) -> Sequence[tuple[str, str]]:
    """Each sentence about a response code in English, and in another language."""
    folder = files("usrec.adapters.explanations")
    tables = [tomllib.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")]
    entries = [entry for one in tables for entry in one.values()]
    return [(entry["en"][part], entry[language][part]) for entry in entries for part in entry["en"]]


@cache
def spoken(language: str) -> Sequence[tuple[str, tuple[str, ...]]]:
    """The words of every text in English, and its forms in another language; made once for all terms."""
    return [
        (NOT_WORDS.sub("", text if isinstance(text, str) else text[0]), forms)
        for text, forms in translations(language).items()
        if all(forms)
    ]


def _stems(cell: str) -> Iterator[str]:
    """What no ending changes, of each word that the cell offers; of several words together the longest counts."""
    for offered in re.split(r"[,()]", cell):
        word = max(offered.split(), key=len, default="")
        if word:
            yield word.lower() if word.isupper() else word.lower()[: max(3, len(word) - 3)]
