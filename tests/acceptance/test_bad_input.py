"""Whatever is wrong with a row, a setting, a key or the world: one clear message, nothing lost, the others go on."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import BIN, OTHER_BIN, MakeWorkplace, Workplace, employer, log_records, run
from usrec.domain.submission import WaitReason

TESTS = Path(__file__).parents[1]
PERSON = Person(1)
UNKNOWN_BIN = "000740000014"
A_LITTLE_WHILE = "0.05"
"""Minutes."""

BAD_ROWS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "cut off": ("payload", {"payload": '{"employee_iin": "90010130'}),
    "no object": ("payload", {"payload": '["900101300007"]'}),
    "no payload": ("payload", {"payload": None}),
    "no text": ("payload", {"payload": b"\xff\xfe\x00"}),
    "endless brackets": ("payload", {"payload": "[" * 100_000}),
    "unknown event": ("event_type", {"event_type": "secondment"}),
    "no event type": ("event_type", {"event_type": None}),
    "no contract": ("contract_key", {"contract_key": " "}),
    "no employer": ("employer_bin", {"employer_bin": None}),
    "BIN of nobody": ("employer_bin", {"employer_bin": "200940000014"}),
    "BIN of another": ("employer_bin", {"employer_bin": UNKNOWN_BIN}),
    "revision in words": ("revision", {"revision": "second"}),
    "wrong IIN": ("employee_iin", {"payload": {"employee_iin": "900101300008"}}),
    "no IIN": ("employee_iin", {"payload": {"employee_iin": None}}),
    "IIN as a number": ("employee_iin", {"payload": {"employee_iin": 900101300007}}),
    "missing field": ("begin_date", {"payload": {"begin_date": None}}),
    "no such day": ("contract_date", {"payload": {"contract_date": "2026-02-30"}}),
    "half a character": ("established_post", {"payload": {"established_post": "\ud800"}}),
    "control character": ("established_post", {"payload": {"established_post": "a\x00b"}}),
    "novel": ("established_post", {"payload": {"established_post": "Ж" * 70_000}}),
    "classifier": ("position_code", {"payload": {"position_code": "director"}}),
}
"""The field that the finding has to name, and what is wrong with the row."""


def enter_bad_rows(workplace: Workplace) -> None:
    """Enter them between good ones; the people are all different."""
    for number, (name, (_, wrong)) in enumerate(BAD_ROWS.items(), 100):
        payload: object = wrong.get("payload", {})
        if isinstance(payload, dict):
            payload = json.dumps({**conclusion_of(Person(number)), **payload})
        columns = {"event_type": "conclusion", "contract_key": f"K-{number}", "employer_bin": BIN}
        workplace.hr.enter(name, **{**columns, **wrong, "payload": payload})


def test_each_bad_row_names_its_field_and_stops_no_other(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace()
    first = workplace.hire(PERSON)
    enter_bad_rows(workplace)
    last = workplace.transfer(PERSON)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        log = workplace.drain()
        good = [row for row in workplace.hr_rows() if row.event_id in {first, last}]
        assert require_exactly_once(good, simulator.registry()) == {first, last}
    told = {row.event_id: row for row in workplace.hr_rows()}
    assert {name: told[name].state for name in BAD_ROWS} == dict.fromkeys(BAD_ROWS, "invalid")
    fields = {name: [one["field"] for one in json.loads(told[name].findings or "[]")] for name in BAD_ROWS}
    assert {name: field in fields[name] for name, (field, _) in BAD_ROWS.items()} == dict.fromkeys(BAD_ROWS, True)
    assert "900101" not in log + "".join(row.findings or "" for row in told.values())


def change(workplace: Workplace, old: str, new: str) -> None:
    """Change the settings as an administrator with an editor does."""
    text = workplace.settings.read_text("utf-8")
    assert old in text
    workplace.settings.write_text(text.replace(old, new, 1), "utf-8")


def secret_file(folder: Path, name: str, text: str, mode: int = 0o600) -> Path:
    file = folder / name
    file.touch(mode=mode)
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return file


def mistakes(folder: Path, pki: Path) -> Mapping[str, tuple[str, str, list[str]]]:
    """Old text, new text, and what the message has to say."""
    wrong_word = secret_file(folder, "wrong.password", "not the word\n")
    open_word = secret_file(folder, "open.password", "word\n", 0o644)
    broken = secret_file(folder, "broken.p12", "no key at all")
    (folder / "empty.db").touch()
    password = f'key_password = {{ file = "{pki}/employer.password" }}'
    key = f'key_file = "{pki}/employer.p12"'
    return {
        "bad TOML": ("[gateway]", "[gateway", ["usrec.toml", "line 1"]),
        "unknown setting": ("sender_id", "sender_di", ["[gateway] sender_di", "no such setting", "sender_id: "]),
        "unknown table": ("[log]", "[logs]", ["[logs]", "no such setting"]),
        "wrong kind": ("workers = 2", 'workers = "two"', ["[delivery] workers"]),
        "BIN of nobody": (f'bin = "{BIN}"', 'bin = "200940000014"', ["[employer.main] bin"]),
        "BIN of another": (f'bin = "{BIN}"', f'bin = "{OTHER_BIN}"', ["employer.p12", "another BIN", "SCSE046"]),
        "wrong key password": (password, f'key_password = {{ file = "{wrong_word}" }}', ["employer.p12", "password"]),
        "open password": (password, f'key_password = {{ file = "{open_word}" }}', ["open.password", "chmod 600"]),
        "no password": (password, 'key_password = { file = "nowhere" }', ["nowhere", "cannot be read"]),
        "AUTH key": (key, f'key_file = "{pki}/employer-auth.p12"', ["employer-auth.p12", "AUTH", "SIGN"]),
        "broken key": (key, f'key_file = "{broken}"', ["broken.p12", "damaged"]),
        "no certificate": ("gateway.pem", "gateway.p12", ["gateway.p12", "response_certificate"]),
        "no authority": ("tls-ca.pem", "nowhere.pem", ["nowhere.pem", "ca_file"]),
        "plain http": ("https://127.0.0.1", "http://192.0.2.1", ["gateway.url", "https"]),
        "no ledger": ("ledger.db", "empty.db", ["empty.db", "usrec db upgrade"]),
        "strange HR": (f"sqlite:///{folder}/hr.db", "oracle://hr", ["[source.hr] url"]),
    }


def test_each_wrong_setting_is_one_clear_line_and_changes_nothing(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    workplace = make_workplace()
    event = workplace.hire(PERSON)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        right = workplace.settings.read_text("utf-8")
        for name, (old, new, said) in mistakes(tmp_path, pki).items():
            workplace.settings.write_text(right, "utf-8")
            change(workplace, old, new)
            done = workplace.usrec("run", "--drain")
            assert done.returncode == 3, (name, done.stderr)
            assert [text for text in said if text not in done.stderr] == [], (name, done.stderr)
            assert len([line for line in done.stderr.splitlines() if line.startswith("usrec: ")]) == 1, done.stderr
            assert "Traceback" not in done.stderr
            assert "not the word" not in done.stderr
            assert workplace.hr_row(event).taken_at is None, name
        workplace.settings.write_text(right, "utf-8")
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {event}


@pytest.mark.parametrize(
    ("key_file", "password_file", "why"),
    [
        ("employer-expired.p12", "employer.password", "expired"),
        ("employer-auth.p12", "employer.password", "AUTH"),
        ("employer.p12", "nowhere.password", "cannot be read"),
    ],
)
def test_unusable_key_lets_its_events_wait_and_the_other_employers_go_on(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path, *, key_file: str, password_file: str, why: str
) -> None:
    other = employer("other", OTHER_BIN, pki / "employer-2.p12", pki / "employer-2.password")
    unusable = employer("main", BIN, pki / key_file, pki / password_file)
    workplace = make_workplace(employers=unusable + other)
    waiting = workplace.hire(PERSON)
    colleague = Person(2)
    registered = "hire-2"
    workplace.enter(registered, "conclusion", colleague.key, conclusion_of(colleague), employer_bin=OTHER_BIN)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        complaint = [record for record in log_records(workplace.drain()) if record["level"] == "error"]
        named = password_file if why == "cannot be read" else key_file
        assert any(named in one["event"] and why in one["event"] for one in complaint)
        assert workplace.states() == {waiting: "pending", registered: "accepted"}
        assert workplace.row(waiting).wait_reason is WaitReason.KEY_UNUSABLE
        assert workplace.ask("status")["needs_person"] == 1

        workplace.employers = employer("main", BIN, pki / "employer.p12", pki / "employer.password") + other
        workplace.connect(simulator.url)
        done = workplace.usrec("submission", "retry", workplace.row(waiting).id, "--reason", "the key was renewed")
        assert done.returncode == 0, done.stderr
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {waiting, registered}


@pytest.mark.parametrize("obstacle", ["nobody listens", "not trusted"])
def test_unreachable_gateway_proves_that_nothing_was_sent(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path, obstacle: str
) -> None:
    workplace = make_workplace()
    event = workplace.hire(PERSON)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        if obstacle == "nobody listens":
            with socket.create_server(("127.0.0.1", 0)) as taken:
                port = taken.getsockname()[1]
            address = f"https://127.0.0.1:{port}/bip-sync-wss-gost/"
            workplace.connect(address)
        else:
            address = simulator.url
            workplace.connect(address)
            change(workplace, "tls-ca.pem", "nca-ca.pem")
        done = workplace.usrec("run", "--drain", "--give-up-after", A_LITTLE_WHILE)
        assert done.returncode == 4, done.stderr
        told = done.stderr.splitlines()[-1]
        assert f"the gateway cannot be reached at {address}" in told
        assert "Nothing was lost" in told
        story = workplace.story(event)
        assert (story.row.state, story.row.wait_reason) == ("signed", WaitReason.GATEWAY_UNREACHABLE)
        assert {attempt.ending for attempt in story.attempts} == {"nothing_sent"}
        assert workplace.hr_row(event).state in {"pending", "signed"}

        workplace.connect(simulator.url)
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {event}
        assert [record["times_received"] for record in simulator.registry()] == [1]


def test_unreachable_hr_database_is_waited_for(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    workplace = make_workplace()
    event = workplace.hire(PERSON)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        workplace.hr.go_offline()
        done = workplace.usrec("run", "--drain", "--give-up-after", A_LITTLE_WHILE)
        assert done.returncode == 4, done.stderr
        waited = [json.loads(line) for line in done.stderr.splitlines() if '"agent.wait"' in line]
        assert "No event is lost" in waited[0]["event"]
        assert "source hr" in done.stderr.splitlines()[-1]
        shutil.move(tmp_path / "hr.elsewhere", tmp_path / "hr.db")
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {event}


@pytest.mark.parametrize("room", [0, 10])
def test_full_disk_of_the_ledger_loses_nothing(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path, room: int
) -> None:
    """There is room for so many pages of 4 KB more: for nothing, or until somewhere in the middle of the line."""
    workplace = make_workplace()
    events = {workplace.hire(Person(number)) for number in range(1, 9)} | {workplace.transfer(PERSON)}
    (pages,) = workplace.query("PRAGMA page_count")
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        command = [sys.executable, "-m", "support.full_disk", str(int(pages[0]) + room), "--", "run", "--drain"]
        options = ["--give-up-after", A_LITTLE_WHILE, "--config", str(workplace.settings)]
        done = run([*command, *options], env=dict(os.environ) | {"PYTHONPATH": str(TESTS)})
        assert done.returncode == 4, done.stderr
        assert "everything committed before is safe" in done.stderr
        told = done.stderr.splitlines()[-1]
        assert f"{tmp_path / 'ledger.db'}: the disk is full" in told
        assert len(simulator.registry()) < len(events)
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == events


def test_a_file_that_may_not_grow_is_told_as_an_error_of_the_disk(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    """A quota of the operating system (RLIMIT_FSIZE) stands for every other error of a disk."""
    workplace = make_workplace()
    event = workplace.hire(PERSON)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        command = workplace.command("run", "--drain", "--give-up-after", A_LITTLE_WHILE)
        done = run(["bash", "-c", 'ulimit -f 40; exec "$@"', "bash", *command])
        assert done.returncode == 4, done.stderr
        assert "the disk reports an error" in done.stderr
        workplace.drain()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == {event}


@pytest.mark.parametrize(
    "arguments",
    [["run", "--drian"], ["deadline", "wedding", "2026-11-20"], ["deadline", "conclusion", "2026-02-30"], ["nonsense"]],
    ids=" ".join,
)
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    done = run([sys.executable, "-m", "usrec", *arguments])
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_missing_settings_file_is_named(tmp_path: Path) -> None:
    """The default is `./usrec.toml`, then `$USREC_CONFIG` goes before it."""
    for where, environment in (("usrec.toml", {}), ("named.toml", {"USREC_CONFIG": str(tmp_path / "named.toml")})):
        kept = {name: value for name, value in os.environ.items() if name != "USREC_CONFIG"}
        done = run([sys.executable, "-m", "usrec", "status"], env=kept | environment, cwd=tmp_path)
        assert done.returncode == 3
        assert str(tmp_path / where) in done.stderr


def test_unexpected_error_exits_70_without_its_message() -> None:
    """An error that nobody foresaw may hold anything in its text, so only its place is told."""
    program = (
        "from unittest import mock; from usrec.__main__ import main\n"
        'with mock.patch("usrec.settings.load_settings", side_effect=ValueError("900101300007")): main()'
    )
    done = run([sys.executable, "-c", f"import sys; sys.argv = ['usrec', 'status']\n{program}"])
    assert done.returncode == 70
    assert "ValueError" in done.stderr
    assert "900101300007" not in done.stderr
    assert "Traceback" not in done.stderr
