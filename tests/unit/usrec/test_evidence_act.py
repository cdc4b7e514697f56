"""The act says in Kazakh and Russian what happened, and nothing that HR typed is read as markup."""

from __future__ import annotations

import io
import sys
from datetime import timedelta

import pypdf
import pytest

from support.line import TIMEOUT, UNREACHABLE, Line, refused, registered
from usrec.adapters.evidence.found import Doubt, Notice
from usrec.adapters.evidence.typesetting import set_act
from usrec.application.export_evidence import dossier_of
from usrec.domain.day_count import DayKind
from usrec.domain.evidence import Dossier, Timeliness
from usrec.domain.outage import outages
from usrec.interfaces.cli.evidence_act import submission_act
from usrec.interfaces.cli.evidence_journal import JournalFound
from usrec.interfaces.cli.evidence_readme import readme
from usrec.interfaces.cli.evidence_words import DAYS, DOUBTS, NOTICES, TIMELINESS
from usrec.ports.act import ActText, Block, Grid, Heading, Paragraph, Signer

KAZAKH = "әғқңөұүһі ӘҒҚҢӨҰҮҺІ"
MARKUP = '#panic("x") *b* _i_ $x^2$ <label> @ref // no comment \\ #{1+1} [c] `raw` = h'
WIDEST = 110
"""Letters of a line on the page."""


def dossier(line: Line, event: str) -> Dossier:
    which = line.of(event).id
    with line.ledger.evidence.reading() as reading:
        (record,) = reading.records([which])
        found = list(outages(reading.exchanges(record.submission.received_at)))
        return dossier_of(record, found, line.calendar, line.clock.now())


def text_of(pdf: bytes | None) -> str:
    assert pdf is not None
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).replace("\u200b", "")


def flowing(pdf: bytes | None) -> str:
    return " ".join(text_of(pdf).split())


def test_act_tells_the_story_in_both_languages() -> None:
    line = Line()
    line.take("hire-1", established_post=f"Инженер {KAZAKH}")
    line.send(UNREACHABLE)
    line.send_again(TIMEOUT)
    line.send_again(registered("R-1"))
    told = dossier(line, "hire-1")
    assert told.timeliness is Timeliness.IN_TIME
    assert [one.failures for one in told.outages] == [{"gateway_unreachable": 1, "timeout": 1}]

    text = flowing(set_act(submission_act(told, ledger="L", now=line.clock.now())))
    for words in (
        KAZAKH, "2026-11-23", "R-1",
        "зарегистрировано в срок", "мерзімінде тіркелген",
        "сам этот день; не считается", "осы күннің өзі; есептелмейді",
        "Они не освобождают от неё", "Олар жауаптылықтан босатпайды", "ст. 98 КоАП",
        "Содержит персональные данные", "Құрамында дербес деректер бар",
    ):  # fmt: skip
        assert words in text, words


def test_act_names_who_signed_counts_by_weekday_and_leaves_no_number_of_a_section_out() -> None:
    line = Line()
    line.take("hire-1")
    signer = Signer("ТОО «Үлгі»", "ТЕСТОВ ТЕСТ", "…81c3118a75bc")
    told = submission_act(dossier(line, "hire-1"), ledger="L", now=line.clock.now(), signer=signer)
    for act in told:
        numbers = [one.text[:2] for one in act.blocks if isinstance(one, Heading) and one.text[0].isdigit()]
        assert numbers == [f"{number}." for number in range(1, 8)]
    text = flowing(set_act(told))
    for words in ("ТОО «Үлгі»", "ТЕСТОВ ТЕСТ", "81c3118a75bc", "Решения ещё нет", "суббота", "сенбі", "Ф. И. О."):
        assert words in text, words


def test_attempts_are_told_in_the_readers_words() -> None:
    line = Line()
    line.take("hire-1")
    line.send(TIMEOUT)
    line.send_again(refused("SCSE086"))
    told = dossier(line, "hire-1")
    text = flowing(set_act(submission_act(told, ledger="L", now=line.clock.now())))
    assert "ответ неизвестен; " in text
    assert told.record.attempts[0].detail not in text
    assert "ЕСУТД уже хранит именно эту запись, с одной из прежних попыток" in text


def test_doubt_is_never_called_unregistered() -> None:
    line = Line()
    line.take("hire-1")
    line.send(TIMEOUT)
    text = flowing(set_act(submission_act(dossier(line, "hire-1"), ledger="L", now=line.clock.now())))
    assert "регистрация ещё не подтверждена, срок идёт" in text
    assert "не зарегистрировано" not in text


def test_late_and_overdue_are_told_apart() -> None:
    line = Line()
    line.take("hire-1")
    line.clock.advance(timedelta(days=30))
    assert dossier(line, "hire-1").timeliness is Timeliness.OVERDUE
    line.deliver_all()
    late = dossier(line, "hire-1")
    assert late.timeliness is Timeliness.LATE
    assert "с опозданием" in flowing(set_act(submission_act(late, ledger="L", now=line.clock.now())))


@pytest.mark.parametrize("typed", [MARKUP, '"; }', "\\u{0}", "${}"])
def test_what_hr_typed_is_set_as_it_is(typed: str) -> None:
    grid = Grid((1, 1), [[typed, typed]], (typed, typed))
    blocks: list[Block] = [Heading(typed), Paragraph(typed, strong=True), grid]
    found = flowing(set_act([ActText("ru", typed, typed, blocks)]))
    assert found.count(" ".join(typed.split())) >= 4


def test_long_words_are_broken_and_not_cut() -> None:
    word = "ы" * 300
    text = text_of(set_act([ActText("kk", "t", "f", [Paragraph(word), Grid((1, 3), [[word, word]])])]))
    assert max(map(len, text.splitlines())) < WIDEST
    assert text.count("ы") == 900


def test_same_texts_give_the_same_bytes() -> None:
    texts = [ActText("kk", KAZAKH, "f", [Paragraph("p")])]
    assert set_act(texts) == set_act(texts)


def test_without_the_extra_there_is_no_act(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    assert set_act([ActText("ru", "t", "f", [])]) is None


def test_readme_speaks_three_languages() -> None:
    text = readme(JournalFound()).decode()
    assert all(words in text for words in ("ЕШЕБЖ", "ЕСУТД", "USREC", "kzeds verify-bundle BUNDLE.zip"))


def test_every_word_of_a_bundle_has_its_translation() -> None:
    for words, names in ((TIMELINESS, Timeliness), (DAYS, DayKind), (DOUBTS, Doubt), (NOTICES, Notice)):
        assert set(words) == set(names)
