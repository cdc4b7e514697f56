"""Deadlines are told to real receivers by the agent as it is installed: once, in three languages, about nobody."""

from __future__ import annotations

import json
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.alert_receivers import PASSWORD, USER, MailServer, Program, Webhook, mail_server, program, webhook
from support.personnel import Person, a_day
from support.simulator_process import SimulatorProcess
from support.workplace import MakeWorkplace, Workplace, log_records

SLIP = Person(301)
GOOD = Person(302)
OVERDUE = a_day(40)
NOWHERE = "https://127.0.0.1:1/"
"""Nobody answers there; a row that HR must mend needs no gateway."""


def subscribe(workplace: Workplace, tables: str) -> None:
    """Write `[alerts]` into the settings."""
    with workplace.settings.open("a", encoding="utf-8") as settings:
        settings.write(f"\n{tables}\n")


def mail_table(workplace: Workplace, pki: Path, server: MailServer, *, word: str = PASSWORD) -> str:
    file = workplace.folder / "mail.password"
    file.touch(mode=0o600)
    file.write_text(f"{word}\n", "utf-8")
    return (
        f'[alerts.mail.personnel]\nhost = "localhost"\nport = {server.port}\nuser = "{USER}"\n'
        f'password = {{ file = "{file}" }}\nca_file = "{pki}/tls-ca.pem"\nsender = "usrec@company.example"\n'
        'to = ["hr@company.example"]\nlanguage = "kk"\n'
    )


def webhook_table(pki: Path, hook: Webhook) -> str:
    return f'[alerts.webhook.chat]\nurl = "{hook.url}"\nca_file = "{pki}/tls-ca.pem"\nlanguage = "en"\n'


def command_table(made: Program) -> str:
    return f'[alerts.command.pager]\ncommand = ["{made.file}"]\n'


def overdue(workplace: Workplace) -> str:
    """HR enters a contract, signed long ago, with a slip in the IIN."""
    return workplace.hire(SLIP, signed=OVERDUE, employee_iin=f"{SLIP.iin[:-1]}{(int(SLIP.iin[-1]) + 1) % 10}")


def require_nothing_personal(told: str) -> None:
    for secret in (SLIP.iin[:11], *SLIP.name.split(), SLIP.key, OVERDUE.isoformat() + "T", PASSWORD):
        assert secret not in told


def test_overdue_event_is_told_once_to_everybody_in_their_language_and_names_nobody(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace()
    event = overdue(workplace)
    workplace.connect(NOWHERE)
    pager = program(tmp_path / "pager")
    with mail_server(pki) as server, webhook(pki) as hook:
        subscribe(workplace, mail_table(workplace, pki, server) + webhook_table(pki, hook) + command_table(pager))
        workplace.drain()
        workplace.drain()
        told = [server.text(), hook.posts[0]["text"], pager.texts[0]]
        assert [len(server.mails), len(hook.posts), len(pager.texts)] == [1, 1, 1]
        tried = workplace.ask("alerts", "test")
        assert {one["sink"]: one["taken"] for one in tried} == dict.fromkeys(
            ("log", "command.pager", "webhook.chat", "mail.personnel"), True
        )
        assert [hook.posts[1]["kind"], pager.environments[1]["USREC_ALERT_KIND"]] == ["test", "test"]
        board = workplace.ask("alerts", "list")
    words = ["Мерзімі өтіп кетті", "Last day missed", "Срок пропущен"]
    assert [text.partition(" (")[0] for text in told] == words
    assert all(event in text for text in told)
    everything = [*map(str, server.mails), *told, json.dumps(hook.posts), *map(str, pager.environments)]
    require_nothing_personal(" ".join(everything))
    names = ["command.pager", "log", "mail.personnel", "webhook.chat"]
    missed = {(one["watched"], one["threshold"]): one["taken_by"] for one in board["alerts"]}
    assert missed["legal_date", "missed"] == names
    assert [(one["sink"], one["waiting"], one["failures"]) for one in board["sinks"]] == [(one, 0, 0) for one in names]


def test_sigkill_between_sending_and_recording_repeats_one_message_under_its_id(
    make_workplace: MakeWorkplace, tmp_path: Path
) -> None:
    """The program takes the message and kills the agent: nobody recorded that it was taken."""
    workplace = make_workplace()
    overdue(workplace)
    workplace.connect(NOWHERE)
    pager = program(tmp_path / "pager", then=f"[ -e {tmp_path}/alive ] || {{ touch {tmp_path}/alive; kill -9 $PPID; }}")
    subscribe(workplace, command_table(pager))
    assert workplace.usrec("run", "--drain").returncode == -signal.SIGKILL
    assert len(pager.texts) == 1
    workplace.drain()
    workplace.drain()
    ids = [one["USREC_ALERT_ID"] for one in pager.environments]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_sink_with_a_wrong_secret_stops_neither_contracts_nor_other_sinks(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace()
    overdue(workplace)
    registered = workplace.hire(GOOD)
    pager = program(tmp_path / "pager")
    with ExitStack() as stack:
        server = stack.enter_context(mail_server(pki))
        simulator = stack.enter_context(SimulatorProcess.start(tmp_path / "registry.db", pki))
        workplace.connect(simulator.url)
        subscribe(workplace, mail_table(workplace, pki, server, word="wrong") + command_table(pager))
        records = log_records(workplace.drain())
        assert workplace.states()[registered] == "accepted"
        assert len(pager.texts) == 1
        (refused, *_) = [one for one in records if one["action"] == "alert.not_taken"]
        assert (refused["level"], refused["sink"]) == ("error", "mail.personnel")
        assert "refused user or password (535)" in refused["event"]
        (workplace.folder / "mail.password").unlink()
        done = workplace.usrec("run", "--drain")
        assert done.returncode == 0, done.stderr
        (loud,) = [one for one in log_records(done.stderr) if one["action"] == "alert.sink_unusable"]
        assert "mail.password" in loud["event"]
        tried = workplace.usrec("alerts", "test", "--sink", "mail.personnel")
        assert tried.returncode == 4
        assert "NOT taken" in tried.stdout
        assert "mail.password" in tried.stdout
        (waiting,) = [one for one in workplace.ask("alerts", "list")["sinks"] if one["sink"] == "mail.personnel"]
        assert waiting["waiting"] > 0
        assert waiting["failures"] > 0
        assert waiting["problem"]
        assert server.mails == []
    assert "wrong" not in repr(records)


@pytest.mark.parametrize("name", ["mail.nobody", "personnel"])
def test_sink_that_does_not_exist_is_refused_with_those_that_do(make_workplace: MakeWorkplace, name: str) -> None:
    workplace = make_workplace()
    workplace.connect(NOWHERE)
    done = workplace.usrec("alerts", "test", "--sink", name)
    assert done.returncode == 2
    assert "log" in done.stderr
