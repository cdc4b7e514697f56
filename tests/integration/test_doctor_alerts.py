"""`usrec doctor` on who is told of deadlines: programs, webhooks and mail servers, to which nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.connect_proxy import ConnectProxy, refuses, talks_nonsense
from support.gateway_side import TinyServer
from support.made_certificates import make_server
from support.mail_door import MailDoor
from support.patient import Patient, provokes, provokes_each
from usrec.adapters.inmemory.clock import ManualClock
from usrec.interfaces.doctor import alerts_check as say
from usrec.interfaces.doctor.alerts_check import examine_alerts
from usrec.interfaces.doctor.finding import Kind

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
def patient(tmp_path: Path, pki: Path) -> Patient:
    return Patient(tmp_path, pki, ManualClock(NOW))


@provokes(say.LOG_ONLY)
def test_the_log_alone_is_a_warning(patient: Patient) -> None:
    assert list(patient.says(examine_alerts)) == ["alerts.log_only"]


def with_program(patient: Patient, *command: str) -> None:
    patient.tables["alerts.command.pager"] = {"command": list(command)}


@provokes(say.COMMAND)
@pytest.mark.parametrize("name", ["./tell-them", "sh"])
def test_a_program_in_the_settings_folder_or_on_the_path_is_found_and_not_run(name: str, patient: Patient) -> None:
    program = patient.folder / "tell-them"
    program.write_text("#!/bin/sh\ntouch ran\n", "utf-8")
    program.chmod(0o700)
    with_program(patient, name, "--at-once")
    assert patient.says(examine_alerts)["alerts.command"].about == "command.pager"
    assert not (patient.folder / "ran").exists()


@provokes(say.NO_COMMAND)
@pytest.mark.parametrize("name", ["./not-executable", "./missing", "nobody-has-this-program"])
def test_a_program_that_is_missing_or_may_not_be_run_fails(name: str, patient: Patient) -> None:
    (patient.folder / "not-executable").write_text("#!/bin/sh\n", "utf-8")
    with_program(patient, name)
    assert list(patient.says(examine_alerts)) == ["alerts.no_command"]


def to_webhook(patient: Patient, url: str, **more: Any) -> None:
    defaults = {"url": url, "ca_file": str(patient.pki / "tls-ca.pem"), "timeout": 1}
    patient.tables["alerts.webhook.chat"] = defaults | more


@provokes(say.WEBHOOK)
@pytest.mark.parametrize("plain", [False, True], ids=["https", "http"])
def test_a_webhook_that_can_be_reached_is_sent_nothing(plain: bool, patient: Patient) -> None:
    with TinyServer([], pki=None if plain else patient.pki) as server:
        to_webhook(patient, f"{server.url}secret-path")
        line = patient.says(examine_alerts)["alerts.webhook"]
        server.await_closed(1)
        assert server.requests == []
    assert "secret-path" not in line.text


@provokes(say.WEBHOOK)
def test_a_webhook_is_looked_for_through_its_proxy(patient: Patient) -> None:
    with TinyServer([], pki=patient.pki) as server, ConnectProxy(login=("me", "the proxy's word")) as proxy:
        word = patient.folder / "proxy.password"
        word.touch(mode=0o600)
        word.write_text("the proxy's word", "utf-8")
        way = {"url": proxy.url, "user": "me", "password": {"file": str(word)}}
        to_webhook(patient, server.url, proxy=way)
        assert "alerts.webhook" in patient.says(examine_alerts)
        assert proxy.asked[0].startswith(f"CONNECT 127.0.0.1:{server.port} ")
        assert server.requests == []


@provokes(say.WEBHOOK_UNREACHED)
@pytest.mark.parametrize("behaviour", [refuses("407 Who are you"), talks_nonsense], ids=["refuses", "talks nonsense"])
def test_a_proxy_that_opens_no_tunnel_to_the_webhook_fails(behaviour: Callable[..., None], patient: Patient) -> None:
    with ConnectProxy(behaviour) as proxy:
        to_webhook(patient, "https://chat.invalid/", proxy={"url": proxy.url})
        assert "alerts.webhook_unreached" in patient.says(examine_alerts)


@provokes(say.WEBHOOK)
def test_of_a_proxy_behind_tls_the_way_to_it_is_looked_at(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(patient.pki / "tls-ca.pem"))
    with TinyServer([], pki=patient.pki) as server:
        to_webhook(patient, "https://chat.invalid/", proxy={"url": f"https://127.0.0.1:{server.port}"})
        assert "alerts.webhook" in patient.says(examine_alerts)
        server.await_closed(1)
        assert server.requests == []


def at(patient: Patient, sink: str, port: int, host: str = "127.0.0.1", **more: Any) -> None:
    """A sink of either kind at a server."""
    if sink == "webhook":
        to_webhook(patient, f"https://{host}:{port}/secret-path", **more)
        return
    mail = {"host": host, "port": port, "sender": "a@b.kz", "to": ["c@d.kz"], "timeout": 1}
    patient.tables["alerts.mail.hr"] = mail | {"ca_file": str(patient.pki / "tls-ca.pem"), "security": "tls"} | more


Place = Callable[[Patient, ExitStack, str], None]


def behind(since: timedelta, until: timedelta, name: str = "127.0.0.1", *, trusted: bool = True) -> Place:
    def set_up(patient: Patient, stack: ExitStack, sink: str) -> None:
        folder = make_server(patient.folder / "server", NOW + since, NOW + until, name=name)
        door = stack.enter_context(MailDoor(folder, at_once=True))
        at(patient, sink, door.port, ca_file=str((folder if trusted else patient.pki) / "tls-ca.pem"))

    return set_up


def nowhere(patient: Patient, _: ExitStack, sink: str) -> None:
    at(patient, sink, 9)


def nameless(patient: Patient, _: ExitStack, sink: str) -> None:
    at(patient, sink, 443, "server.invalid")


def silent(patient: Patient, stack: ExitStack, sink: str) -> None:
    server = stack.enter_context(TinyServer([], pki=None, deaf=True))
    stack.callback(server.stopping.set)
    at(patient, sink, server.port, timeout=0.3)


def plain(patient: Patient, stack: ExitStack, sink: str) -> None:
    at(patient, sink, stack.enter_context(MailDoor()).port)


PLACES: dict[str, Place] = {
    "its name is not known": nameless,
    "the connection is refused": nowhere,
    "nothing answers": silent,
    "an authority that is not trusted": behind(-DAY, DAY, trusted=False),
    "for another name": behind(-DAY, DAY, "mail.example"),
    "has expired": behind(-2 * DAY, -DAY),
    "is not valid yet": behind(DAY, 2 * DAY),
    "does not speak TLS": plain,
}


@provokes_each({say.WEBHOOK_UNREACHED: "webhook", say.MAIL_UNREACHED: "mail"})
@pytest.mark.parametrize("why", PLACES)
def test_each_obstacle_on_the_way_to_a_sink_is_told(kind: Kind, case: str, why: str, patient: Patient) -> None:
    with ExitStack() as stack:
        PLACES[why](patient, stack, case)
        said = patient.says(examine_alerts)
    assert list(said) == [kind.id]
    assert why in said[kind.id].text
    assert "secret-path" not in said[kind.id].text


@provokes(say.MAIL)
@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_mail_server_is_greeted_and_nothing_is_sent(security: str, patient: Patient) -> None:
    with MailDoor(None if security == "none" else patient.pki, at_once=security == "tls") as door:
        at(patient, "mail", door.port, security=security)
        assert patient.says(examine_alerts)["alerts.mail"].about == "mail.hr"
    assert set(door.commands) <= {"EHLO", "STARTTLS", "QUIT"}
    assert ("STARTTLS" in door.commands) is (security == "starttls")


@provokes_each({say.MAIL_REFUSES: None})
@pytest.mark.parametrize("greeting", ["220 no TLS here", "554 not for you"])
def test_a_mail_server_that_does_not_want_us_fails(kind: Kind, case: None, greeting: str, patient: Patient) -> None:
    with MailDoor(greeting=greeting) as door:
        at(patient, "mail", door.port, security="starttls")
        said = patient.says(examine_alerts)
    assert list(said) == [kind.id]
    assert "not for you" not in said[kind.id].text


@provokes(say.UNUSABLE)
@pytest.mark.parametrize("sink", ["webhook", "mail"])
def test_a_file_of_authorities_that_cannot_be_used_fails(sink: str, patient: Patient) -> None:
    at(patient, sink, 9, ca_file="missing.pem")
    with MailDoor() as door:
        at(patient, sink, door.port, ca_file="missing.pem")
        assert list(patient.says(examine_alerts)) == ["alerts.unusable"]


@provokes(say.NO_COMMAND, say.MAIL_UNREACHED, say.WEBHOOK_UNREACHED)
def test_one_sink_hides_not_another(patient: Patient) -> None:
    with_program(patient, "./missing")
    at(patient, "mail", 9)
    at(patient, "webhook", 9)
    said = patient.says(examine_alerts)
    assert [line.about for line in said.values()] == ["command.pager", "webhook.chat", "mail.hr"]
