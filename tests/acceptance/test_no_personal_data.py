"""No IIN, name, document or password in any log line, on standard error, in the journal or in what operators see.

The agent logs at level debug under every fault, so that every message that it can write about an event is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.personnel import Person, a_day, conclusion_of
from support.simulator_process import SimulatorProcess
from support.workplace import MakeWorkplace, Workplace, log_records
from usrec_simulator.faults import ABOUT_QUESTIONS, FaultKind

PEOPLE = [Person(number) for number in range(1, 8)]
UNKNOWN = Person(8)
SLIP = "900101300008"

FAULTS = "\n".join(
    f'[[fault]]\nkind = "{kind}"\nlimit = 1\nafter = {place + 1}\nseconds = 0.2\n'
    + ('code = "ERR-77"\n' if kind is FaultKind.REFUSE else "")
    for place, kind in enumerate(kind for kind in FaultKind if kind not in ABOUT_QUESTIONS)
)
OPERATORS_VIEWS = (["status"], ["submission", "list", "--all"], ["replay", "--plan", "--state", "rejected"])
SILENT_TABLES = {
    "journal": "actor, reason, detail",
    "attempts": "ending, code, detail",
    "alerts": "watched, threshold, employer",
    "alert_sinks": "sink, problem",
    "write_backs": "message, findings",
    "outbox": "note, lease_owner",
    "submissions": "reason, findings, code",
}
"""What is shown, exported or written to HR; documents and payloads have columns of their own."""


def enter_everything(workplace: Workplace) -> None:
    for person in PEOPLE:
        workplace.hire(person)
        workplace.transfer(person)
    workplace.dismiss(PEOPLE[0])
    workplace.hire(UNKNOWN)
    workplace.hire(Person(9), employee_iin=SLIP, signed=a_day(40))
    workplace.hire(Person(10), begin_date=None)
    workplace.enter("cut-off", "conclusion", "K-11", json.dumps(conclusion_of(Person(11)), ensure_ascii=False)[:-9])
    workplace.enter("stray-type", Person(12).iin, "K-12", conclusion_of(Person(12)))
    workplace.enter("stray-bin", "conclusion", "K-13", conclusion_of(Person(13)), employer_bin=Person(13).iin)
    workplace.enter(f"hire-{PEOPLE[0].number}", "conclusion", "K-1", conclusion_of(PEOPLE[0]), revision=2)


def secrets_of(pki: Path, folder: Path) -> Iterator[str]:
    """Everything that must not be seen: people, passwords, and the beginnings of documents."""
    for person in (*PEOPLE, UNKNOWN, *map(Person, range(9, 14))):
        yield person.iin
        yield from person.name.split()
    yield SLIP
    yield from (file.read_text("utf-8").strip() for file in pki.glob("*.password"))
    yield (folder / "sender.password").read_text("utf-8").strip()
    yield from ("contractRequest", "<soap", "SignatureValue", "Инженер", "BEGIN PRIVATE")


def require_nothing_told(told: str, secrets: list[str], where: str) -> None:
    assert [secret for secret in secrets if secret in told] == [], where
    assert re.search(r"(?<!\d)9001013\d{5}(?!\d)", told) is None, where
    assert re.search(r"<[A-Za-z/?!]", told) is None, f"markup in {where}"


@pytest.mark.slow
def test_nothing_personal_is_told_anywhere(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    workplace = make_workplace(log='level = "debug"\nformat = "json"')
    enter_everything(workplace)
    script = f'unknown_persons = ["{UNKNOWN.iin}"]\n{FAULTS}'
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=script) as simulator:
        workplace.connect(simulator.url)
        secrets = list(secrets_of(pki, tmp_path))
        done = workplace.usrec("run", "--drain")
        assert done.returncode == 0, done.stderr
    records = log_records(done.stderr)
    assert {record["level"] for record in records} >= {"info", "error"}
    assert all(record["action"] for record in records)
    assert {"deliver", "ingest", "alert.deadline"} <= {record["action"] for record in records}
    require_nothing_told(done.stderr + done.stdout, secrets, "the log")

    states = set(workplace.states().values())
    assert {"accepted", "rejected", "invalid"} <= states, "too little happened to prove anything"
    for table, columns in SILENT_TABLES.items():
        cells = workplace.query(f"SELECT {columns} FROM {table}")  # noqa: S608 -- literals above
        require_nothing_told(repr(cells), secrets, table)
    for row in workplace.hr_rows():
        require_nothing_told(f"{row.code} {row.message} {row.findings}", secrets, f"what HR is told of {row.event_id}")


@pytest.mark.slow
def test_operators_see_nothing_personal(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    workplace = make_workplace()
    enter_everything(workplace)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
    secrets = list(secrets_of(pki, tmp_path))
    refused = workplace.row("stray-type").id
    for view in (*OPERATORS_VIEWS, ["submission", "show", refused]):
        for form in ([], ["--json"]):
            done = workplace.usrec(*view, *form)
            assert done.returncode == 0, done.stderr
            require_nothing_told(done.stdout + done.stderr, secrets, " ".join(view))


def test_settings_and_keys_keep_their_secrets_in_errors(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    """A password in an address, and one that does not open the key, are told by nobody."""
    workplace = make_workplace()
    workplace.connect("https://someone:open-sesame@127.0.0.1:1/")
    done = workplace.usrec("run", "--drain")
    assert done.returncode == 3
    assert "open-sesame" not in done.stderr
    workplace.ledger_url = "postgresql://agent:open-sesame@127.0.0.1:1/ledger"
    workplace.connect("https://127.0.0.1:1/")
    done = workplace.usrec("status")
    assert done.returncode == 3
    assert "open-sesame" not in done.stderr
