"""No text of the program or of its pages, in any language, suggests giving a paper another date.

A paper in the wrong order has lawful ways out, and a false date is none of them: Article 98 calls it false data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from support.markdown import DOCS
from support.sound_rows import BIN, NOW, BrokenRow, judged_without_preflight, row_of
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.explanations.book import LANGUAGES, explain, explain_all
from usrec.domain.rules.examine import examine
from usrec.domain.source_event import EmployerName, Operation
from usrec.interfaces.cli.finding_words import TEMPLATES
from usrec.interfaces.cli.lint_words import LINT_TEMPLATES
from usrec.interfaces.i18n import in_language, tr

_ANY = r"[^.;:!?|]*"
_DATE = r"(?:(?<!legal )(?<!safe )\bdates?\b|\b[Дд]ат[аыуе]\b|\b[Чч]исло\b|\bкүн(?:дер)?і?н[ің]?\b|\bкүнді)"
SUGGESTS = [
    re.compile(rf"\b(?:[Cc]hange|[Mm]ove|[Aa]lter|[Ss]hift|[Aa]djust){_ANY}{_DATE}"),
    re.compile(r"\b(?:redate|backdate|antedate|postdate|re-date|back-date)", re.IGNORECASE),
    re.compile(
        rf"\b(?:[Ии]змените|[Пп]оменяйте|[Пп]еренесите|[Сс]двиньте|[Пп]одгоните|[Зз]амените|[Пп]оставьте){_ANY}{_DATE}"
    ),
    re.compile(r"\b(?:[Пп]ередатир|[Дд]атируйте|[Оо]формите\b[^.;:]*задним числом|[Пп]одпишите\b[^.;:]*задним числом)"),
    re.compile(rf"{_DATE}{_ANY}(?:өзгертіңіз|ауыстырыңыз|жылжытыңыз|алмастырыңыз|қойыңыз)"),
]
_NEGATED = re.compile(r"\b(?:not|never|nor|no|не|нельзя|никогда|ешқашан)\b|[пбм][ае]ңыз|[пбм]еңіз", re.IGNORECASE)
_SENTENCE = re.compile(r"[.;:!?|]\s|\n\n")


def suggestions(text: str) -> list[str]:
    """The clauses that tell somebody to give a paper another date."""
    clauses = _SENTENCE.split(" ".join(text.split("\n")))
    return [one for one in clauses if any(it.search(one) for it in SUGGESTS) and not _NEGATED.search(one)]


def texts() -> Iterator[tuple[str, str]]:
    """Everything that tells people what to do, with where it stands."""
    for one in explain_all():
        for language in LANGUAGES:
            told = one.texts[language]
            yield f"{one.code} {language}", f"{told.meaning}. {told.cause}. {told.action}"
    for templates in (TEMPLATES, LINT_TEMPLATES):
        for rule, sentences in templates.items():
            for language in LANGUAGES:
                with in_language(language):
                    yield f"{rule} {language}", " ".join(tr(one) for one in sentences)
    for page in sorted(DOCS.rglob("*.md")):
        yield page.name, page.read_text("utf-8")


def test_no_text_suggests_another_date() -> None:
    found = {where: told for where, text in texts() if (told := suggestions(text))}
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "Change the date of the agreement so that it fits.",
        "Move the agreement's date to the first day of work.",
        "Backdate the paper.",
        "Измените дату соглашения.",
        "Поставьте в соглашении дату начала договора.",
        "Передатируйте соглашение.",
        "Келісімнің күнін өзгертіңіз.",
        "ҚК күнін ЕШ басталатын күнге ауыстырыңыз.",
    ],
)
def test_what_suggests_another_date_is_found(text: str) -> None:
    assert suggestions(text)


@pytest.mark.parametrize("code", ["SCSE063", "SCSE064"])
@pytest.mark.parametrize(
    ("language", "paper_stays", "way_out"),
    [
        ("en", r"do not redate|leave its dates", r"new agreement|further paper"),
        ("ru", r"не меняйте дат|даты не меняйте", r"новое ДС"),
        ("kk", r"күндер\w* өзгертпеңіз", r"жаңа ҚК"),
    ],
)
def test_a_paper_in_the_wrong_order_keeps_its_dates_and_has_a_way_out(
    code: str, language: str, paper_stays: str, way_out: str
) -> None:
    told = explain(code)
    assert told is not None
    assert re.search(paper_stays, told.texts[language].action)
    assert re.search(way_out, told.texts[language].action)


@pytest.mark.parametrize("rule", ["agreement_after_its_effect", "amendment_not_before_contract"])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "USREC support"), ("ru", "поддержку ЕСУТД"), ("kk", "ЕШЕБЖ қолдауынан")]
)
def test_the_finding_itself_tells_the_way_out(rule: str, language: str, words: str) -> None:
    (sentence,) = {**TEMPLATES, **LINT_TEMPLATES}[rule]
    with in_language(language):
        assert words in tr(sentence)


def test_a_contract_signed_after_work_began_passes_and_is_registered() -> None:
    late = {"contract_date": "2026-11-18", "signed_on": "2026-11-18", "begin_date": "2026-11-02"}
    late["end_date"] = "2027-11-18"
    row = row_of(Operation.CONCLUSION, late)
    found = examine(row, employers={BIN: EmployerName("own")}, calendar=KazakhstanCalendar(), now=NOW)
    assert found.findings == ()
    assert judged_without_preflight(BrokenRow("", "", Operation.CONCLUSION, late)) is None
