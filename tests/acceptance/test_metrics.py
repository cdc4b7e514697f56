"""An agent at work is asked for its metrics, as Prometheus would ask it: over its own address, by plain HTTP."""

from __future__ import annotations

import re
import socket
import stat
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from support.exposition import families, labels_of, samples, series, value
from support.personnel import Person
from support.promtool import needs_promtool, promtool
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, OTHER_BIN, MakeWorkplace, Workplace, run, running, wait_until

PEOPLE = [Person(number) for number in range(1, 7)]
UNKNOWN = Person(8)
FAULTS = f'unknown_persons = ["{UNKNOWN.iin}"]\n[[fault]]\nkind = "bad_gateway_html"\nlimit = 1\nafter = 2\n'
OF_A_SUBMISSION = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|(?<![\d.])\d{12}(?!\d)|[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]")
"""Ids of submissions and messages, BIN and IIN, and anything that a person wrote."""


class UnixConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, place: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._place))


def scrape(place: Path) -> str:
    connection = UnixConnection(place)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Type")) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return answer.read().decode()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "h.sock"


@pytest.fixture
def workplace(make_workplace: MakeWorkplace, place: Path) -> Workplace:
    return make_workplace(log=f'level = "info"\nformat = "json"\n[health]\nlisten = "unix:{place}"')


def secrets_of(workplace: Workplace) -> Iterator[str]:
    for person in (*PEOPLE, UNKNOWN):
        yield from (person.iin, person.key, person.contract_number, *person.name.split())
    yield from (BIN, OTHER_BIN, "hire-", "transfer-", "the sender's word")
    for story in workplace.stories():
        yield from (story.row.id, story.row.id[:13], story.row.event_id, story.row.record_id or story.row.id)


def is_done(workplace: Workplace) -> bool:
    states = list(workplace.states().values())
    return len(states) == 2 * len(PEOPLE) + 1 and set(states) <= {"accepted", "rejected"}


@pytest.mark.slow
def test_agent_at_work_tells_prometheus_and_names_nobody(
    workplace: Workplace, place: Path, tmp_path: Path, pki: Path
) -> None:
    for person in PEOPLE:
        workplace.hire(person)
        workplace.transfer(person)
    workplace.hire(UNKNOWN)
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=FAULTS) as simulator:
        workplace.connect(simulator.url)
        with running(workplace.command("run"), tmp_path / "agent.log") as agent:
            wait_until(place.exists, "the address of the metrics")
            wait_until(lambda: is_done(workplace), "all events to be decided")
            wait_until(lambda: value(scrape(place), "usrec_submissions", state="accepted") == 12, "the newest figures")
            text = scrape(place)
            agent.terminate()
            assert agent.wait(30) == 0, (tmp_path / "agent.log").read_text("utf-8")

    assert [secret for secret in secrets_of(workplace) if secret in text] == []
    assert OF_A_SUBMISSION.findall(text) == []
    assert series(text) < 500

    assert value(text, "usrec_ledger_up") == 1
    assert value(text, "usrec_submissions", state="rejected") == value(text, "usrec_needs_person", why="refused") == 1
    assert value(text, "usrec_attempts_total", outcome="registered", code="SCSS001") >= 11
    assert value(text, "usrec_attempts_total", outcome="refused", code="SCSE012") == 1
    assert value(text, "usrec_doubts_total", why="http_error") == 1
    assert value(text, "usrec_deliveries_total", result="accepted") == 12
    assert value(text, "usrec_source_rows_total", source="hr", result="taken") == 13
    assert value(text, "usrec_agents_running") == 1
    assert value(text, "usrec_certificate_remaining_seconds", of="employer", name="main") > 0
    assert value(text, "usrec_certificate_remaining_seconds", of="last_key", name="main") > 0
    assert value(text, "usrec_certificate_remaining_seconds", of="gateway", name="response") > 0
    assert abs(value(text, "usrec_gateway_clock_skew_seconds")) < 5
    for step in ("render", "sign"):
        assert value(text, "usrec_step_seconds_count", step=step) == 13
    for step in ("seal", "submit", "deliver"):
        assert value(text, "usrec_step_seconds_count", step=step) >= 14
    assert value(text, "usrec_step_seconds_count", step="ingest") >= 1

    same_without_agent(workplace, text, tmp_path / "usrec.prom")


def same_without_agent(workplace: Workplace, text: str, file: Path) -> None:
    """`usrec metrics` writes what the ledger tells, whole and readable for the collector."""
    printed = workplace.usrec("metrics")
    assert printed.returncode == 0, printed.stderr
    assert workplace.usrec("metrics", "--output", str(file)).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [one.name for one in file.parent.glob("*.prom*")] == [file.name]
    written = file.read_text("utf-8")
    assert {name: labels_of(one) for name, one in families(written).items()} == {
        name: labels_of(one) for name, one in families(printed.stdout).items()
    }
    counts = {"usrec_submissions", "usrec_needs_person", "usrec_queue_entries", "usrec_ledger_info", "usrec_build_info"}
    told = {key: number for key, number in samples(written).items() if key[0] in counts}
    assert told.items() <= samples(text).items()
    assert value(written, "usrec_agents_running") == 0, "the agent took its leave"


@needs_promtool
def test_metrics_are_well_formed_for_prometheus(workplace: Workplace) -> None:
    workplace.connect("http://127.0.0.1:9/")
    printed = workplace.usrec("metrics")
    checked = promtool("check", "metrics", told=printed.stdout)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_ledger_that_cannot_be_read_is_written_down_too(workplace: Workplace, tmp_path: Path) -> None:
    """So that an alert can tell it; the file is replaced and the command still ends with its own code."""
    file = tmp_path / "usrec.prom"
    workplace.ledger_url = "postgresql://agent@127.0.0.1:1/ledger"
    workplace.connect("http://127.0.0.1:9/")
    done = workplace.usrec("metrics", "--output", str(file))
    assert done.returncode == 4
    assert "usrec_ledger_up 0" in file.read_text("utf-8")
    elsewhere = run(workplace.command("metrics", "--output", str(tmp_path / "no folder" / "usrec.prom")))
    assert elsewhere.returncode == 3
    assert "no folder" in elsewhere.stderr
