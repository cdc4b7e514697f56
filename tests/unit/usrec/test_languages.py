"""Kazakh and Russian for whoever reads: complete catalogues, whole pages in one language, JSON that stays English."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from support.line import BIN, EMPLOYERS, MONDAY, PAYLOADS, WeekdayCalendar
from support.operator_desk import UNANSWERED, Desk, refused, registered, set_up_desk
from support.personnel import a_day
from usrec.domain import revision
from usrec.domain.deadline import DeadlineEvent, compute_deadline
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.rules.examine import examine
from usrec.domain.rules.fields import FIELDS
from usrec.domain.rules.finding import Finding, error
from usrec.domain.source_event import Operation, SourceName, SourceRow
from usrec.domain.state import State
from usrec.interfaces import i18n
from usrec.interfaces.cli.demo_report import print_report
from usrec.interfaces.cli.finding_words import TEMPLATES, VALUES, finding_words
from usrec.interfaces.cli.tables import span
from usrec.interfaces.cli.words import LAW, OPERATION_NAMES, STATE_NAMES, STATES, WAITS
from usrec.interfaces.demo.run import count, latest_rows
from usrec.interfaces.demo.setup import Workdir
from usrec.interfaces.i18n import english, find_language, ntr, tr, use_language

Message = str | tuple[str, ...]

PACKAGE = Path(i18n.__file__).parents[1]
TRANSLATED = [language for language in i18n.LANGUAGES if language != "en"]
KEYWORDS: dict[str, Any] = {"tr": None, "N_": None, "ntr": (1, 2)}
"""As in the Makefile."""
CYRILLIC = re.compile(r"[а-яёәғқңөұүһі]", re.IGNORECASE)
WHY = ("--reason", "причина устранена")


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        yield made


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """One of each: registered, refused with a follower, in doubt, invalid, dated ahead, late, held, by hand, ready."""
    desk.hire(1)
    desk.hire(2)
    desk.transfer(2)
    desk.hire(3)
    desk.take()
    for event, outcome in (("hire-1", registered()), ("hire-2", refused("SCSE012")), ("hire-3", UNANSWERED)):
        desk.send_one(event, outcome)
    desk.hire(4, contract_number=None, employee_iin="123", position_code="x")
    ahead, late = a_day(-3).isoformat(), a_day(40).isoformat()
    desk.hire(5, contract_date=ahead, signed_on=ahead, begin_date=ahead)
    desk.hire(6, contract_date=late, signed_on=late, begin_date=late)
    desk.dismiss(7, contract_id="registry-7")
    desk.hire(8)
    desk.hire(9)
    desk.take()
    desk.usrec("submission", "hold", desk.row("hire-8").id, *WHY)
    desk.usrec("submission", "checkout", desk.row("hire-9").id, "--for", "Айгерім", *WHY)
    return desk


def catalogue(language: str) -> Catalog:
    with (PACKAGE / "locales" / language / "LC_MESSAGES" / "usrec.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def translations(language: str) -> dict[Message, tuple[str, ...]]:
    """Every text of a catalogue with its forms."""
    return {
        _key(one.id): (one.string,) if isinstance(one.string, str) else tuple(one.string)
        for one in catalogue(language)
        if one.id
    }


def _key(message: Any) -> Message:
    return message if isinstance(message, str) else tuple(message)


def extracted() -> set[Message]:
    """What Babel finds in the source."""
    found = extract_from_dir(PACKAGE, [("**.py", "python")], keywords=KEYWORDS)
    return {_key(message) for _, _, message, _, _ in found}


def written() -> set[Message]:
    """What the source itself holds, within f-strings too, where Babel looks only under some versions of Python."""
    return {
        text
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for text in _texts(node)
    }


def _texts(node: ast.AST) -> Iterator[Message]:
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
        assert all(form.strip() == form and form for form in forms), text
        assert text in {"Id", "id"} or all(CYRILLIC.search(form) for form in forms), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_placeholders_of_their_text(language: str) -> None:
    for text, forms in translations(language).items():
        for original in [text] if isinstance(text, str) else text:
            placeholders = sorted(re.findall(r"\{\w*\}", original))
            assert all(sorted(re.findall(r"\{\w*\}", form)) == placeholders for form in forms), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_the_one_that_people_edit(language: str) -> None:
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    assert (PACKAGE / "locales" / language / "LC_MESSAGES" / "usrec.mo").read_bytes() == compiled.getvalue()


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
    with pytest.raises(KeyError), english():
        assert tr("registered") == "registered"
        raise KeyError
    assert tr("registered") == "тіркелді"


def some_row(event_type: str, **changes: Any) -> SourceRow:
    columns = {
        "source": SourceName("hr"),
        "row_ref": "7",
        "event_id": "e1",
        "revision": 1,
        "event_type": event_type,
        "contract_key": "K-1",
        "employer_bin": BIN,
        "payload": json.dumps(PAYLOADS[event_type]()) if event_type in PAYLOADS else "{}",
    }
    return SourceRow(**(columns | changes))


def findings_of(event_type: str, columns: dict[str, Any] | None = None, **fields: Any) -> list[Finding]:
    made = some_row(event_type, **(columns or {}))
    if fields:
        made = some_row(event_type, payload=json.dumps(PAYLOADS[event_type]() | fields))
    return list(examine(made, employers=EMPLOYERS, calendar=WeekdayCalendar(), now=MONDAY).findings)


def every_finding() -> Iterator[Finding]:
    """Each rule broken at least once, in each of the ways that it words differently."""
    for operation in Operation:
        for rule in FIELDS[operation]:
            for value in ("", 7, "\x00", "Я" * 300, "2030-02-30", "123", "123456789012", "000000000000", "нет"):
                yield from findings_of(operation, **{rule.name: value})
        yield from findings_of(operation, {"payload": "["})
        yield from findings_of(operation, {"payload": "[]"})
    for column in ("event_id", "contract_key"):
        yield from findings_of("conclusion", {column: " "})
        yield from findings_of("conclusion", {column: "x" * 201})
    for digits in ("", "12a", "123", "123456789012", "000000000000", "150340000027"):
        yield from findings_of("conclusion", {"employer_bin": digits})
    yield from findings_of("conclusion", {"revision": 0})
    yield from findings_of("rehire")
    for year in ("1950", "2020", "2199"):
        yield from findings_of("conclusion", begin_date=f"{year}-01-10", signed_on=f"{year}-01-10")
    yield from findings_of("conclusion", signed_on="2026-01-01", contract_date="2026-01-02")
    yield from findings_of("amendment", agreement_date="2026-01-02", begin_date="2026-01-01")
    yield from (one for one in vars(revision).values() if isinstance(one, Finding))
    for message in (
        "the signed document is over 100 KB (code SCSE999)",
        "the message has more than 100 KB (SCSE999); its longest field is established_post",
        "contract_id is missing, and the message needs it",
        "contract_number holds a character that XML cannot carry",
    ):
        yield error("document", "submission 1", message)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_finding_is_told_in_the_readers_language(language: str) -> None:
    findings = list(every_finding())
    assert {one.rule for one in findings} == set(TEMPLATES)
    use_language("en")
    assert all(finding_words(one) == one.message for one in findings)
    use_language(language)
    for one in findings:
        told = finding_words(one)
        assert CYRILLIC.search(told), one
        assert not english_words(told), one


def test_a_finding_that_fits_no_sentence_is_told_as_it_was_kept() -> None:
    use_language("ru")
    for rule in ("field_present", "a_rule_of_another_version"):
        one = error(rule, "contract_number", "This sentence is of another version.")
        assert finding_words(one) == one.message


def test_words_inside_findings_and_of_the_law_are_those_of_the_rules() -> None:
    rules = [rule for rules in FIELDS.values() for rule in rules]
    assert {rule.expected for rule in rules} <= VALUES
    assert {rule.point for rule in rules if rule.point} <= LAW
    for operation in Operation:
        deadline = compute_deadline(DeadlineEvent(operation), MONDAY.date(), calendar=WeekdayCalendar())
        assert {deadline.point, deadline.term} <= LAW


def test_every_state_and_operation_has_a_short_name_that_english_scripts_can_type() -> None:
    assert {state: name for state, name in STATE_NAMES.items()} == {state: state.value for state in State}
    assert {one: name for one, name in OPERATION_NAMES.items()} == {one: one.value for one in Operation}


def english_words(text: str) -> set[str]:
    """Words of Latin letters but those that every language writes so: names of fields and settings, codes, commands."""
    for kept in (
        r"usrec [^;)]*",
        r"[0-9a-f]{8}(-[0-9a-f]{4,12})*-?",
        r"(registry|hire|transfer|dismiss)-\d+",
        r"\bK-\d+",
        r"SCS[SE]\d+",
        r"\[employer\]",
        r"no answer within 6 s",
    ):
        text = re.sub(kept, " ", text)
    fields = {rule.name for rules in FIELDS.values() for rule in rules}
    columns = {"event_id", "event_type", "revision", "contract_key", "employer_bin", "payload"}
    others = {"ID", "JSON", "XML", "HTTP", "NNNN", "main", "x", "e", "HR", *Operation}
    return set(re.findall(r"[A-Za-z_]+", text)) - fields - columns - others


@pytest.mark.parametrize("language", TRANSLATED)
def test_status_and_lists_are_wholly_in_the_readers_language(
    busy: Desk, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USREC_LANGUAGE", language)
    monkeypatch.setattr("getpass.getuser", lambda: "Айгерім")
    translated = {text: forms[0] for text, forms in translations(language).items()}
    status, listed = busy.usrec("status").out, busy.usrec("submission", "list").out
    for row in busy.ask("submission", "list"):
        assert translated[STATES[State(row["state"])]] in status
        assert translated[STATE_NAMES[State(row["state"])]] in listed
        if row["wait_reason"]:
            assert translated[WAITS[row["wait_reason"]]] in status
            assert translated[WAITS[row["wait_reason"]]] in listed
    plan = busy.usrec("replay", "--plan").out
    assert not english_words(status) | english_words(listed) | english_words(plan)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_story_is_wholly_in_the_readers_language(
    busy: Desk, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = busy.ask("submission", "list")
    monkeypatch.setenv("USREC_LANGUAGE", language)
    me = busy.story("hire-8").journal[-1].actor
    stories = {row["event_id"]: busy.usrec("submission", "show", row["id"]).out for row in rows}
    assert len(stories) == 10
    for event, story in stories.items():
        assert CYRILLIC.search(story)
        assert not english_words(story.replace(me, "")), event


@pytest.mark.parametrize("language", TRANSLATED)
def test_acting_is_told_in_the_readers_language(busy: Desk, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USREC_LANGUAGE", language)
    said = busy.usrec("submission", "hold", "--state", "pending", *WHY, typed="5")
    assert CYRILLIC.search(said.err)
    assert not english_words(said.err)
    extract = busy.folder / "extract.pdf"
    extract.write_bytes(b"%PDF portal extract")
    one = busy.row("hire-3").id
    done = [
        busy.usrec("submission", "settle", one, "--as", "rejected", "--evidence", str(extract), *WHY),
        busy.usrec("submission", "retry", one, *WHY),
        busy.usrec("submission", "release", busy.row("hire-8").id, *WHY),
        busy.usrec("submission", "checkout", busy.row("hire-8").id, "--for", "Айгерім", *WHY),
        busy.usrec("submission", "cancel", busy.row("hire-2").id, *WHY),
    ]
    for one_said in done:
        assert one_said.code == 0, one_said.err
        assert CYRILLIC.search(one_said.out)
        assert not english_words(one_said.out)


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_demonstrations_report_is_wholly_in_the_readers_language(
    busy: Desk, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    use_language(language)
    rows, now = latest_rows(busy.ledger.view), datetime.now(UTC)
    capsys.readouterr()
    print_report(Workdir(Path("демо")), rows, count(rows, [], now, 1.25), now)
    report = capsys.readouterr().out
    assert {"ru": "Ответ неизвестен", "kk": "Жауабы белгісіз"}[language] in report
    assert {"ru": " ТД ", "kk": " ЕШ "}[language] in report
    assert not english_words(report.replace("usrec.toml", ""))


def test_json_is_the_same_in_every_language(busy: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def everything() -> list[Any]:
        shown = [busy.ask("submission", "show", row["id"]) for row in busy.ask("submission", "list")]
        for story in shown:
            story["deadline"].pop("seconds_left")
        plan = busy.ask("replay", "--plan")
        return [*shown, busy.ask("submission", "list"), {"by_code": plan["by_code"], "left_alone": plan["left_alone"]}]

    in_english = everything()
    monkeypatch.setenv("USREC_LANGUAGE", "ru")
    assert everything() == in_english


def test_a_terminal_without_the_letters_gets_numbers_instead_of_an_error(desk: Desk) -> None:
    environment = os.environ | {"USREC_LANGUAGE": "kk", "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "usrec", "status", "--config", str(desk.settings)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u049a\\u0430\\u0437\\u0430\\u049b\\u0441\\u0442\\u0430\\u043d" in done.stdout
    assert str(kazakhstan_date(datetime.now(UTC)).year) in done.stdout
