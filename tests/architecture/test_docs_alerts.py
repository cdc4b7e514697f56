"""What alerts.md tells whoever writes a receiver of alerts is what receivers get."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from support.ledger_values import NOW, an_alert
from support.markdown import code, only_code, read, section, table
from usrec.adapters.alerts.command import _environment
from usrec.adapters.alerts.webhook import MOST_ALERTS, payload
from usrec.application.tell_sink import RETRY
from usrec.domain.alert import URGENT, OpenAlert, Threshold
from usrec.domain.digest import WORKING_HOURS
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.alert_words import HEADINGS
from usrec.ports.alert_sink import AlertMessage, AlertMessageId, MessageKind

PAGE = read("how-to/alerts.md")
OPEN = OpenAlert(an_alert(SubmissionId("s1")), State.PENDING, "", None, None, None, None, None, NOW)
MESSAGE = AlertMessage(
    id=AlertMessageId("m1"),
    kind=MessageKind.DEADLINES,
    urgent=True,
    at=datetime(2026, 11, 20, tzinfo=UTC),
    language="en",
    subject="subject",
    text="text\n",
    alerts=(OPEN,),
)


def test_keys_of_the_webhook_are_named() -> None:
    rows = table(section(PAGE, "Webhook"), "key")
    sent = payload(MESSAGE)
    assert [key for row in rows for key in code(row[0])] == list(sent)
    alerts = next(row[1] for row in rows if row[0] == "`alerts`")
    told: Any = sent["alerts"]
    assert code(alerts) == list(told[0])
    assert f"at most {MOST_ALERTS}" in alerts


def test_variables_of_a_program_are_named() -> None:
    rows = table(section(PAGE, "A program of yours"), "variable")
    assert [only_code(row[0]) for row in rows] == [one for one in _environment(MESSAGE) if one.startswith("USREC_")]


def test_kinds_of_messages_are_named_wherever_a_receiver_meets_them() -> None:
    webhook = next(row for row in table(section(PAGE, "Webhook"), "key") if row[0] == "`kind`")
    program = next(row for row in table(section(PAGE, "A program of yours"), "variable") if "KIND" in row[0])
    for row in (webhook, program):
        assert set(code(row[1])) - {"usrec watch"} == {kind.value for kind in MessageKind}


def test_every_alert_is_explained_with_when_it_is_told() -> None:
    rows = {row[0]: row[1] for row in table(section(PAGE, "What is told, and when"), "alert")}
    for (_, threshold), title in HEADINGS.items():
        plain = title.removesuffix(" to the safe date")
        assert rows[plain].startswith("at once") == (threshold in URGENT)
    assert Threshold.LATE_ENTRY not in URGENT


def test_hours_and_waits_are_those_of_the_program() -> None:
    assert (WORKING_HOURS.total_seconds() / 3600, RETRY.base.total_seconds(), RETRY.cap.total_seconds()) == (9, 60, 900)
    assert "within nine hours" in PAGE
    assert "at most one minute" in PAGE
    assert "every quarter of an hour" in PAGE
