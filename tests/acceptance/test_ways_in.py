"""A drop folder and the HTTP intake beside an outbox, in a running agent: each event is registered once, and told."""

from __future__ import annotations

import csv
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.alert_receivers import Webhook, webhook
from support.event_files import csv_text
from support.health_client import free_port
from support.personnel import Person, a_day, conclusion_of
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, MakeWorkplace, Workplace, running, wait_until
from usrec.adapters.sources.mapping.review_file import write_review
from usrec.domain.mapping.review import Review, ReviewRow, Seen
from usrec.domain.rules.finding import load_findings
from usrec.interfaces.intake_api.admission import token_hash

TOKEN = "the ERP system's own token"
SECRET = "what only both know"
POST = "Бас бағдарламашы"
CODE = "2512-0-001"


@pytest.fixture
def simulator(tmp_path: Path, pki: Path) -> Iterator[SimulatorProcess]:
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as process:
        yield process


@pytest.fixture
def hook(pki: Path) -> Iterator[Webhook]:
    with webhook(pki, tls=False) as found:
        yield found


def set_up(workplace: Workplace, simulator: SimulatorProcess, hook: Webhook) -> str:
    """An outbox, a folder and an address; gives the address."""
    workplace.connect(simulator.url)
    (workplace.folder / "drop").mkdir()
    secret = workplace.folder / "webhook.secret"
    secret.touch(mode=0o600)
    secret.write_text(f"{SECRET}\n", "utf-8")
    port = free_port()
    lines = [ReviewRow(Seen(POST), code=CODE, approved_by="a", approved_on=a_day(9), approved_code=CODE)]
    write_review(workplace.folder / "posts.csv", Review("position", lines), None)
    with workplace.settings.open("a", encoding="utf-8") as file:
        file.write(
            f'[source.drop]\nkind = "files"\nfolder = "drop"\nlanguage = "ru"\nsettle = 0.2\n'
            f'[source.erp]\nkind = "http"\ntoken_hashes = ["{token_hash(TOKEN)}"]\nlanguage = "kk"\n'
            f'approved = {{ position_code = "posts.csv" }}\n'
            f'[source.erp.webhook]\nurl = "{hook.url}"\nsecret = {{ file = "{secret}" }}\n'
            f'[intake]\nlisten = "127.0.0.1:{port}"\n'
        )
    return f"http://127.0.0.1:{port}"


def row_of(person: Person, **changes: Any) -> dict[str, Any]:
    keys = {"event_id": f"hire-{person.number}", "event_type": "conclusion", "contract_key": person.key}
    return {**keys, "employer_bin": BIN, **conclusion_of(person), **changes}


def event_of(person: Person, **changes: Any) -> dict[str, Any]:
    keys = {"event_id": f"hire-{person.number}", "event_type": "conclusion", "contract_key": person.key}
    return {**keys, "employer_bin": BIN, "payload": conclusion_of(person, **changes)}


def results(folder: Path) -> Mapping[int, Mapping[str, str]]:
    found = list((folder / "taken").glob("*.result.csv")) if (folder / "taken").is_dir() else []
    text = found[0].read_text("utf-8-sig") if found else ""
    return {int(line["row"]): line for line in csv.DictReader(text.splitlines(), delimiter=";")}


def test_every_way_in_leads_to_one_line_and_back(
    make_workplace: MakeWorkplace, simulator: SimulatorProcess, hook: Webhook
) -> None:
    workplace = make_workplace()
    url = set_up(workplace, simulator, hook)
    workplace.hire(Person(1))
    dropped = workplace.folder / "drop" / "hires.csv"
    rows = [row_of(Person(2)), row_of(Person(3), position_code="x", end_date="9999-12-31"), row_of(Person(4))]
    half = workplace.folder / "drop" / ".hires.csv"
    half.write_text(csv_text([{k: v for k, v in row.items() if k != "employee_name"} for row in rows]), "utf-8")
    half.rename(dropped)
    judged = json.loads(workplace.usrec("lint", str(dropped), "--format", "json").stdout)
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "monday"}
    wrong_one = event_of(Person(6), conscript_code="?", position_code=POST)
    events = {"events": [event_of(Person(5), position_code=POST), wrong_one]}
    with running(workplace.command("run"), workplace.folder / "agent.log") as process:
        wait_until(lambda: _answers(url), "the intake to listen")
        answer = httpx.post(f"{url}/v1/events", json=events, headers=headers, timeout=60)
        assert answer.status_code == 202, answer.text
        first, second = (one["id"] for one in answer.json()["events"])

        def told(event: str) -> dict[str, Any]:
            found: dict[str, Any] = httpx.get(f"{url}/v1/events/{event}", headers=headers, timeout=60).json()
            return found

        wait_until(lambda: told(first)["state"] == "accepted", "the posted event to be registered")
        wait_until(lambda: {one["usrec_state"] for one in results(dropped.parent).values()} >= {"accepted"}, "results")
        wait_until(lambda: workplace.hr_row("hire-1").state == "accepted", "the row of the outbox")
        wait_until(lambda: [one["state"] for one in results_of(hook, first)][-1:] == ["accepted"], "the call")
        wait_until(lambda: results(dropped.parent)[4]["usrec_state"] == "accepted", "the last row of the file")
        wrong = told(second)
        process.terminate()
        assert process.wait(60) == 0, (workplace.folder / "agent.log").read_text("utf-8")
    assert sorted(record["times_received"] for record in simulator.registry()) == [1, 1, 1, 1]
    assert {row: line["usrec_state"] for row, line in results(dropped.parent).items()} == {
        2: "accepted",
        3: "invalid",
        4: "accepted",
    }
    _agrees_with_lint(workplace, judged)
    used = {one.submission_id: one.codes.get("position_code") for one in workplace.ledger.view.codes_in_use()}
    assert used[workplace.row("hire-5").id] == CODE, "what was approved for the ERP system's own post"
    assert (wrong["state"], [one["field"] for one in wrong["findings"]]) == ("invalid", ["conscript_code"])
    _are_signed(hook)
    log = (workplace.folder / "agent.log").read_text("utf-8")
    for person in map(Person, range(1, 7)):
        assert person.iin not in log + json.dumps(hook.posts)
    assert TOKEN not in log
    assert SECRET not in log


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/openapi.json", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def results_of(hook: Webhook, event: str) -> list[dict[str, Any]]:
    return [one for one in hook.posts if one["id"] == event]


def _agrees_with_lint(workplace: Workplace, judged: list[dict[str, Any]]) -> None:
    """What lint said of the file before is what the agent refused the row for."""
    story = workplace.ledger.view.story(workplace.row("hire-3").id)
    assert story is not None
    found = {(one.rule, one.field) for one in load_findings(story.row.findings) if one.severity == "error"}
    assert found == {(one["rule"], one["field"]) for one in judged if one["row"] == 3 and one["severity"] == "error"}
    assert {field for _, field in found} == {"position_code", "end_date"}


def _are_signed(hook: Webhook) -> None:
    assert hook.posts
    for headers, body in zip(hook.headers, hook.bodies, strict=True):
        time, _, digest = headers["usrec-signature"].partition(",v1=")
        seconds = time.removeprefix("t=").encode()
        assert hmac.compare_digest(digest, hmac.digest(SECRET.encode(), seconds + b"." + body, "sha256").hex())
    ids = [headers["idempotency-key"] for headers in hook.headers]
    assert len(set(ids)) == len(ids)


def test_a_drain_takes_what_lies_there_and_opens_no_address(
    make_workplace: MakeWorkplace, simulator: SimulatorProcess, hook: Webhook
) -> None:
    workplace = make_workplace()
    url = set_up(workplace, simulator, hook)
    file = workplace.folder / "drop" / "hires.jsonl"
    file.write_text(json.dumps({k: v for k, v in row_of(Person(1)).items() if k != "employee_name"}), "utf-8")
    os.utime(file, (0, 0))
    wait_until(lambda: file.stat().st_ctime + 0.3 < _now(workplace), "the file to settle")
    workplace.drain()
    assert not _answers(url)
    (result,) = (workplace.folder / "drop" / "taken").glob("*.result.jsonl")
    assert json.loads(result.read_text("utf-8"))["usrec_state"] == "accepted"


def _now(workplace: Workplace) -> float:
    """The file system's own time."""
    probe = workplace.folder / "now"
    probe.write_text("", "utf-8")
    return probe.stat().st_ctime
