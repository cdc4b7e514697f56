"""What operators read is wholly in Kazakh or Russian when they ask for it; what scripts read never changes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.languages import CYRILLIC, TRANSLATED, english_words, translations
from support.operator_desk import UNANSWERED, Desk, refused, registered
from support.personnel import a_day
from usrec.domain.state import State
from usrec.interfaces.cli.demo_report import print_report
from usrec.interfaces.cli.words import STATE_NAMES, STATES, WAITS
from usrec.interfaces.demo.run import count, latest_rows
from usrec.interfaces.demo.setup import Workdir
from usrec.interfaces.i18n import use_language

WHY = ("--reason", "причина устранена")


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


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
    plan, cost = busy.usrec("replay", "--plan").out, busy.usrec("liability").out
    assert not english_words(re.sub(r"usrec deadline|--[a-z-]+", "", cost))
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
    said = busy.usrec("submission", "hold", "--state", "pending", *WHY, typed="6")
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
    environment = os.environ | {"USREC_LANGUAGE": "kk", "PYTHONIOENCODING": "iso8859-5"}
    command = [sys.executable, "-m", "usrec", "status", "--config", str(desk.settings)]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="iso8859-5", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(r"\u049aаза\u049bстан уа\u049bытымен")
