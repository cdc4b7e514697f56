"""Each sink against a real receiver: what arrives, what is verified, what is told when it does not arrive."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from support.alert_receivers import PASSWORD, USER, MailServer, Program, Webhook, mail_server, program, webhook
from support.ledger_values import NOW, an_alert
from usrec.adapters.alerts.command import CommandAlertSink
from usrec.adapters.alerts.guarded import GuardedSink
from usrec.adapters.alerts.log import LogAlertSink
from usrec.adapters.alerts.mail import MailAlertSink, Security
from usrec.adapters.alerts.mail import MailServer as Server
from usrec.adapters.alerts.webhook import MOST_ALERTS, WebhookAlertSink, WebProxy
from usrec.adapters.inmemory.alert_sink import InMemoryAlertSink
from usrec.domain.alert import OpenAlert
from usrec.domain.errors import AlertNotTaken, ConfigurationError
from usrec.domain.secret import Secret
from usrec.domain.source_event import EventId
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId
from usrec.ports.alert_sink import AlertMessage, AlertMessageId, AlertSink, MessageKind, SinkName

PATIENCE = timedelta(seconds=10)
SENDER, TO = "usrec@company.example", ("hr@company.example", "head@company.example")
OPEN = OpenAlert(
    alert=an_alert(SubmissionId("3f2a9c1e-5b7d-4000-8000-000000000001"), event_id=EventId("hire-17")),
    state=State.REJECTED,
    code="SCSE012",
    wait_reason=None,
    blocked_by=None,
    legal_date=None,
    safe_date=None,
    trigger=None,
    entered_at=NOW,
)
MESSAGE = AlertMessage(
    id=AlertMessageId("0b7e6c52-0000-4000-8000-00000000abcd"),
    kind=MessageKind.DEADLINES,
    urgent=True,
    at=datetime(2026, 11, 20, 15, tzinfo=UTC),
    language="kk",
    subject="ЕШЕБЖ: мерзімі өтіп кетті (1 оқиға)",
    text="Мерзімі өтіп кетті\nЖауабы белгісіз ✓\n",
    alerts=(OPEN,),
)


def mailer(pki: Path, server: MailServer, security: Security = Security.STARTTLS, **changes: object) -> MailAlertSink:
    given = Server(
        host="localhost",
        port=server.port,
        security=security,
        timeout=PATIENCE,
        user=USER if security is Security.STARTTLS else None,
        password=Secret(PASSWORD) if security is Security.STARTTLS else None,
        ca_file=pki / "tls-ca.pem",
    )
    return MailAlertSink(replace(given, **changes), sender=SENDER, to=TO)  # type: ignore[arg-type]  # by field names


def poster(pki: Path, hook: Webhook, **changes: object) -> WebhookAlertSink:
    options: dict[str, object] = {"timeout": PATIENCE, "ca_file": pki / "tls-ca.pem", "token": Secret("a-token")}
    return WebhookAlertSink(hook.url, **(options | changes))  # type: ignore[arg-type]  # by their names


def runner(command: Path | str, *more: str, timeout: timedelta = PATIENCE) -> CommandAlertSink:
    return CommandAlertSink([str(command), *more], folder=Path("/"), timeout=timeout)


def not_taken(sink: AlertSink, message: AlertMessage = MESSAGE) -> str:
    with pytest.raises(AlertNotTaken) as problem:
        sink.deliver(message)
    said = str(problem.value)
    assert PASSWORD not in said
    assert "secret" not in said
    return said


# -- one suite for every sink that may fail

Deliver = tuple[Callable[[], AlertSink], Callable[[], list[str]], Callable[[], None]]
"""Makes the sink; the ids that arrived; the receiver goes away."""


@pytest.fixture(params=["memory", "command", "webhook", "mail"])
def either(request: pytest.FixtureRequest, pki: Path, tmp_path: Path) -> Iterator[Deliver]:
    """Give each of them with a receiver of its own."""
    with ExitStack() as stack:
        if request.param == "memory":
            yield _memory()
        elif request.param == "command":
            yield _command(program(tmp_path / "program"))
        elif request.param == "webhook":
            yield _webhook(pki, stack.enter_context(webhook(pki)))
        else:
            yield _mail(pki, stack.enter_context(mail_server(pki)))


def _memory() -> Deliver:
    sink = InMemoryAlertSink()
    return lambda: sink, lambda: [one.id for one in [*sink.messages, *sink.repeated]], lambda: _go(sink)


def _command(made: Program) -> Deliver:
    return lambda: runner(made.file), lambda: [one["USREC_ALERT_ID"] for one in made.environments], made.file.unlink


def _webhook(pki: Path, hook: Webhook) -> Deliver:
    return lambda: poster(pki, hook), lambda: [one["id"] for one in hook.posts], lambda: _status(hook, 503)


def _mail(pki: Path, server: MailServer) -> Deliver:
    def arrived() -> list[str]:
        return [str(one["Message-ID"]).strip("<>").partition("@")[0] for one in server.mails]

    return lambda: mailer(pki, server), arrived, lambda: _refuse(server, "451 try again later")


def _go(sink: InMemoryAlertSink) -> None:
    sink.online = False


def _status(hook: Webhook, status: int) -> None:
    hook.status = status


def _refuse(server: MailServer, answer: str) -> None:
    server.refuses = answer


def test_message_arrives_and_a_repeated_one_is_known_by_its_id(either: Deliver) -> None:
    make, arrived, _ = either
    make().deliver(MESSAGE)
    make().deliver(MESSAGE)
    make().deliver(replace(MESSAGE, id=AlertMessageId("another")))
    assert arrived() == [MESSAGE.id, MESSAGE.id, "another"] or arrived() == [MESSAGE.id, "another", MESSAGE.id]


def test_receiver_that_is_away_is_something_to_wait_for(either: Deliver) -> None:
    make, arrived, go = either
    go()
    if isinstance(make(), WebhookAlertSink):
        assert "503" in not_taken(make())
    else:
        not_taken(make())
        assert arrived() == []


# -- mail


@pytest.mark.parametrize("security", Security)
def test_mail_arrives_whole_in_the_readers_letters(pki: Path, security: Security) -> None:
    with mail_server(pki, security=security.value) as server:
        mailer(pki, server, security).deliver(MESSAGE)
    (mail,), (envelope,) = server.mails, server.envelopes
    assert (mail["Subject"], server.text()) == (MESSAGE.subject, MESSAGE.text)
    assert (envelope.mail_from, tuple(envelope.rcpt_tos)) == (SENDER, TO)
    assert (mail["From"], mail["To"]) == (SENDER, ", ".join(TO))
    assert mail["Message-ID"] == f"<{MESSAGE.id}@company.example>"
    assert mail["Date"] == "Fri, 20 Nov 2026 20:00:00 +0500"
    assert (mail["Auto-Submitted"], mail["Content-Language"], mail["Importance"]) == ("auto-generated", "kk", "high")


def test_digest_is_not_marked_as_urgent(pki: Path) -> None:
    with mail_server(pki) as server:
        mailer(pki, server).deliver(replace(MESSAGE, urgent=False))
    assert server.mails[0]["Importance"] is None


def test_mail_server_whose_certificate_is_not_trusted_gets_neither_password_nor_mail(pki: Path) -> None:
    for security in (Security.STARTTLS, Security.TLS):
        with mail_server(pki, security=security.value) as server:
            assert "certificate is not trusted" in not_taken(mailer(pki, server, security, ca_file=None))
        assert server.mails == []


def test_mail_server_without_starttls_gets_neither_password_nor_mail(pki: Path) -> None:
    with mail_server(pki, security="none") as server:
        assert "does not offer what is needed" in not_taken(mailer(pki, server))
    assert server.mails == []


def test_wrong_password_is_told_without_it(pki: Path) -> None:
    with mail_server(pki) as server:
        said = not_taken(mailer(pki, server, password=Secret("open sesame")))
    assert "refused user or password (535)" in said
    assert "sesame" not in said


def test_addresses_that_the_server_refuses_are_counted_and_not_told(pki: Path) -> None:
    with mail_server(pki) as server, capture_logs() as log:
        server.unknown = {TO[0]}
        mailer(pki, server).deliver(MESSAGE)
        assert [(one["action"], one["refused"], one["of"]) for one in log] == [("alert.mail_partly_refused", 1, 2)]
        server.unknown = set(TO)
        said = not_taken(mailer(pki, server))
    assert "refused all addresses (550)" in said
    assert "company.example" not in said


def test_mail_without_protection_goes_to_this_machine_only(pki: Path) -> None:
    with pytest.raises(ConfigurationError, match="starttls or tls"):
        mailer(pki, MailServer(25), Security.NONE, host="mail.company.example")


def test_nobody_at_the_port_is_told(pki: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert "the connection is refused" in not_taken(mailer(pki, MailServer(port), host="127.0.0.1"))


def test_mail_server_that_says_nothing_is_not_waited_for_for_ever(pki: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = MailServer(silent.getsockname()[1])
        assert "did not answer in time" in not_taken(mailer(pki, server, timeout=timedelta(seconds=0.2)))


# -- webhook


@pytest.mark.parametrize("tls", [True, False])
def test_webhook_gets_text_for_people_and_parts_for_programs(pki: Path, *, tls: bool) -> None:
    with webhook(pki, tls=tls) as hook:
        poster(pki, hook).deliver(MESSAGE)
    (post,), (headers,) = hook.posts, hook.headers
    assert post == {
        "id": MESSAGE.id,
        "kind": "deadlines",
        "urgent": True,
        "at": "2026-11-20T15:00:00Z",
        "language": "kk",
        "subject": MESSAGE.subject,
        "text": MESSAGE.text,
        "alerts": [
            {
                "submission": OPEN.alert.submission_id,
                "event": "hire-17",
                "employer": "Алатау",
                "operation": "conclusion",
                "watched": "legal_date",
                "threshold": "1_day",
                "last_day": "2026-03-10",
                "state": "rejected",
                "code": "SCSE012",
                "wait_reason": None,
            }
        ],
        "left_out": 0,
    }
    assert headers["idempotency-key"] == f'"{MESSAGE.id}"'
    assert headers["authorization"] == "Bearer a-token"
    assert headers["content-type"] == "application/json"


def test_webhook_is_not_flooded(pki: Path) -> None:
    with webhook(pki) as hook:
        poster(pki, hook).deliver(replace(MESSAGE, alerts=(OPEN,) * (MOST_ALERTS + 3)))
    assert (len(hook.posts[0]["alerts"]), hook.posts[0]["left_out"]) == (MOST_ALERTS, 3)


def test_redirect_is_not_followed(pki: Path) -> None:
    with webhook(pki) as hook:
        hook.status = 302
        assert "the answer was 302" in not_taken(poster(pki, hook))
    assert len(hook.posts) == 1


def test_webhook_whose_certificate_is_not_trusted_gets_nothing(pki: Path) -> None:
    with webhook(pki) as hook:
        assert "CERTIFICATE_VERIFY_FAILED" in not_taken(poster(pki, hook, ca_file=None))
    assert hook.posts == []


def test_webhook_that_says_nothing_is_not_waited_for_for_ever(pki: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hook = Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/secret")
        assert "no answer in time" in not_taken(poster(pki, hook, timeout=timedelta(seconds=0.2)))


def test_plain_http_goes_to_this_machine_only(pki: Path) -> None:
    with pytest.raises(ConfigurationError, match="neither https nor http to this machine"):
        poster(pki, Webhook("http://chat.example/secret"))


def test_environment_has_no_say_in_where_alerts_go(pki: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with webhook(pki) as hook:
        poster(pki, hook).deliver(MESSAGE)
    assert len(hook.posts) == 1


def test_webhook_by_a_proxy_asks_it_for_a_tunnel_with_its_password(pki: Path) -> None:
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            peer, _ = listening.accept()
            with peer:
                asked.append(peer.recv(4096).decode())
                peer.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        proxy = WebProxy(f"http://127.0.0.1:{listening.getsockname()[1]}", "agent", Secret("the proxy's word"))
        said = not_taken(poster(pki, Webhook("https://chat.example/secret"), proxy=proxy))
        thread.join()
    assert "the proxy refused" in said
    assert asked[0].startswith("CONNECT chat.example:443")
    assert "Proxy-Authorization: Basic" in asked[0] or "proxy-authorization: Basic" in asked[0].lower()


# -- command


def test_program_gets_the_text_and_a_small_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTS_SECRET", PASSWORD)
    made = program(tmp_path / "program")
    runner(made.file).deliver(MESSAGE)
    (environment,) = made.environments
    assert made.texts == [MESSAGE.text]
    told = {name: value for name, value in environment.items() if name.startswith("USREC_ALERT_")}
    assert told == {
        "USREC_ALERT_ID": MESSAGE.id,
        "USREC_ALERT_KIND": "deadlines",
        "USREC_ALERT_URGENT": "yes",
        "USREC_ALERT_COUNT": "1",
        "USREC_ALERT_LANGUAGE": "kk",
        "USREC_ALERT_SUBJECT": MESSAGE.subject,
    }
    assert set(environment) - set(told) <= {"PATH", "HOME", "LANG", "PWD", "OLDPWD", "SHLVL", "_"}


def test_message_is_never_taken_for_a_command(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    made = program(tmp_path / "program")
    nasty = f"$(touch {trap}); `touch {trap}` | touch {trap}\n"
    runner(made.file, nasty).deliver(replace(MESSAGE, subject=nasty.strip(), text=nasty))
    assert made.texts == [nasty]
    assert not trap.exists()


def test_program_that_fails_did_not_take_it(tmp_path: Path) -> None:
    assert "ended with 3" in not_taken(runner(program(tmp_path / "program", then="exit 3").file))


def test_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "cannot be started (No such file or directory)" in not_taken(runner(tmp_path / "nothing"))


def test_program_that_does_not_end_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    made = program(tmp_path / "program", then=f"sleep 600 & echo $! > {tmp_path}/child; wait")
    assert "did not end within 0.5 s" in not_taken(runner(made.file, timeout=timedelta(seconds=0.5)))
    child = int((tmp_path / "child").read_text())
    for _ in range(200):
        if not _is_alive(child):
            return
        time.sleep(0.02)
    raise AssertionError("what it started still runs")


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_program_that_does_not_read_its_input_may_take_it_all_the_same() -> None:
    runner("/bin/true").deliver(replace(MESSAGE, text="x" * 1_000_000))


# -- log, and whatever goes wrong


def test_log_says_a_missed_date_as_an_error_and_another_message_by_its_subject() -> None:
    with capture_logs() as log:
        LogAlertSink().deliver(replace(MESSAGE, alerts=(), kind=MessageKind.TEST, subject="test"))
    assert [(one["log_level"], one["action"], one["event"]) for one in log] == [("warning", "alert.test", "test")]


def test_sink_that_cannot_be_made_now_works_when_its_secret_is_mended() -> None:
    works = InMemoryAlertSink()
    made: list[AlertSink] = []

    def build() -> AlertSink:
        if not made:
            raise ConfigurationError("the password file cannot be read", where="secrets/mail", next_step="chmod 600")
        return made[0]

    sink = GuardedSink(SinkName("mail.hr"), build)
    said = not_taken_plainly(sink)
    assert "secrets/mail: the password file cannot be read" in said
    assert "chmod 600" in said
    made.append(works)
    sink.deliver(MESSAGE)
    assert works.messages == [MESSAGE]


def not_taken_plainly(sink: AlertSink) -> str:
    with pytest.raises(AlertNotTaken) as problem:
        sink.deliver(MESSAGE)
    return str(problem.value)


def test_fault_of_a_sink_is_loud_and_stops_nobody() -> None:
    class Broken:
        def deliver(self, message: AlertMessage) -> None:
            raise ZeroDivisionError(PASSWORD)

    with capture_logs() as log:
        said = not_taken(GuardedSink(SinkName("mail.hr"), Broken))
    assert "unexpected error (ZeroDivisionError)" in said
    assert [(one["log_level"], one["action"], one["sink"]) for one in log] == [("critical", "alert.crash", "mail.hr")]
    assert PASSWORD not in repr(log)


def test_nothing_of_the_agents_is_open_in_the_program(tmp_path: Path) -> None:
    """No file or socket of the agent, such as its ledger, is inherited."""
    with (tmp_path / "ledger.db").open("w") as ledger:
        os.set_inheritable(ledger.fileno(), True)
        made = program(tmp_path / "program", then=f"ls -l /proc/self/fd > {tmp_path}/files")
        runner(made.file).deliver(MESSAGE)
    assert "ledger.db" not in (tmp_path / "files").read_text()
