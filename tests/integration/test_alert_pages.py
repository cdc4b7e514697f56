"""`usrec alerts list`: what was told to whom, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from support.languages import CYRILLIC, TRANSLATED, english_words
from support.operator_desk import Desk, set_up_desk
from support.personnel import a_day
from usrec.adapters.inmemory.alert_sink import InMemoryAlertSink
from usrec.application.tell_sink import Told, tell_sink
from usrec.application.watch_deadlines import watch_deadlines
from usrec.interfaces.alerting import in_brief
from usrec.interfaces.i18n import use_language
from usrec.ports.alert_sink import LOG, SinkName, Subscriber

MAIL = SinkName("mail.personnel")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """An overdue row that HR must mend; the log was told, the mail server takes nothing."""
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        made.hire(1, signed=a_day(40), employee_iin="123")
        made.take()
        watch_deadlines(ledger=made.ledger, policy=made.agent().watching, clock=made.clock)
        assert tell(made, LOG).alerts
        assert tell(made, MAIL, online=False).problem
        yield made
    use_language("en")


def tell(desk: Desk, name: SinkName, *, online: bool = True) -> Told:
    sink, agent = InMemoryAlertSink(), desk.agent()
    sink.online = online
    return tell_sink(
        subscriber=Subscriber(name, sink, "en", at_once=name == LOG),
        ledger=desk.ledger,
        compose=in_brief,
        digests=agent.watching.digests,
        clock=desk.clock,
        entropy=agent.entropy,
        owner=agent.owner,
    )


def test_list_says_who_took_what_and_which_sink_fails(desk: Desk) -> None:
    board = desk.ask("alerts", "list")
    row = desk.row("hire-1")
    assert {one["submission"] for one in board["alerts"]} == {row.id}
    assert {one["threshold"] for one in board["alerts"]} == {"missed"}
    assert all(one["taken_by"] == ["log"] for one in board["alerts"])
    log, mail = board["sinks"]
    assert (log["sink"], log["waiting"], log["failures"], log["problem"]) == ("log", 0, 0, "")
    assert (mail["sink"], mail["waiting"], mail["failures"]) == (MAIL, len(board["alerts"]), 1)
    assert "nobody answers" in mail["problem"]
    assert mail["retry_at"] > mail["failed_at"]
    assert mail["taken_at"] is None
    page = desk.usrec("alerts", "list").out
    assert page.startswith("day "), "a reminder's own day is no last day"
    assert "last day missed" in page
    assert "mail.personnel: last taken never, waiting" in page
    assert "1 failure in a row; tried again" in page


def test_what_is_registered_is_no_longer_listed(desk: Desk) -> None:
    desk.usrec("submission", "cancel", desk.row("hire-1").id, "--reason", "entered by mistake")
    board = desk.ask("alerts", "list")
    assert board["alerts"] == []
    assert [one["waiting"] for one in board["sinks"]] == [0, 0]


@pytest.mark.parametrize("language", TRANSLATED)
def test_list_is_wholly_in_the_readers_language(desk: Desk, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USREC_LANGUAGE", language)
    with desk.ledger.begin() as work:
        problem = work.alert_sinks.failures(MAIL, desk.clock.now() + timedelta(hours=1))
    assert problem == 1
    page = desk.usrec("alerts", "list").out
    told, _, _ = page.partition("sink in memory")
    assert CYRILLIC.search(told)
    assert not english_words(told.replace("mail.personnel", "").replace("log", ""))
