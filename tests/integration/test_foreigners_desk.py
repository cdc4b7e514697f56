"""What an operator sees of foreigners: who waits for an IIN, and whose permit ends; with the `usrec` command."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from support.languages import CYRILLIC, TRANSLATED
from support.operator_desk import Desk, registered, set_up_desk
from support.personnel import a_day
from usrec.application.watch_deadlines import watch_deadlines
from usrec.interfaces.i18n import use_language


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        yield made


def test_who_waits_for_an_iin_is_seen_everywhere(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.hire(1, employee_iin=None, awaits_iin="true")
    desk.transfer(1)
    desk.take()
    which = desk.row("hire-1").id
    status = desk.ask("status")
    assert status["waiting"] == {"awaiting_iin": 2}
    assert status["needs_person_by_reason"] == {"awaiting_iin": 2}
    (listed,) = [one for one in desk.ask("submission", "list") if one["id"] == which]
    assert (listed["state"], listed["wait_reason"]) == ("pending", "awaiting_iin")
    assert "employee_iin" in desk.ask("submission", "show", which)["next_step"]
    refused = desk.usrec("submission", "retry", which, "--reason", "try", "--yes")
    assert refused.code == 5
    assert "no IIN yet" in refused.err + refused.out
    for language in TRANSLATED:
        monkeypatch.setenv("USREC_LANGUAGE", language)
        page = desk.usrec("status").out
        assert CYRILLIC.search(page)
        assert "ИИН" in page or "ЖСН" in page


def test_permits_that_end_are_counted_and_listed(desk: Desk) -> None:
    ends = a_day(-20).isoformat()
    permit = {"permit_number": "KZ-7", "permit_issue_date": a_day(30).isoformat(), "permit_end_date": ends}
    desk.hire(2, foreigner_basis_code="2", permit_begin_date=a_day(30).isoformat(), **permit)
    desk.take()
    desk.send_one("hire-2", registered())
    status = desk.ask("status")
    assert status["permits_ending"] == 1
    assert status["permits_ending_soonest"][0]["end_date"] == ends
    assert ends in desk.usrec("status").out
    watch_deadlines(ledger=desk.ledger, policy=desk.agent().watching, clock=desk.clock)
    (alert,) = desk.ask("alerts", "list")["alerts"]
    assert (alert["watched"], alert["threshold"], alert["last_day"]) == ("permit", "permit_second", ends)
    desk.clock.advance(timedelta(days=1))
    watch_deadlines(ledger=desk.ledger, policy=desk.agent().watching, clock=desk.clock)
    assert len(desk.ask("alerts", "list")["alerts"]) == 1
