"""The agent asks the registry about every doubt, under every misfortune of a question."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from support.asking_profile import asking_profile
from support.personnel import Person
from support.resigned import signed_anew
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import MakeWorkplace, Workplace
from usrec.adapters.evidence.checking import check_evidence
from usrec.adapters.evidence.found import Doubt

MISFORTUNES = {
    "reset_before_commit": "unanswered",
    "reset_after_commit": "unanswered",
    "bad_gateway_html": "unanswered",
    "half_answer": "unanswered",
    "wrong_signature": "unanswered",
    "unsigned_answer": "unanswered",
    "unknown_success_shape": "unanswered",
    "unknown_error": "unanswered",
    "nothing_found": "not_found",
    "other_entry": "different",
}
"""What happens to a question, and what it finds out then."""


def test_doubts_end_right_whatever_happens_to_the_questions(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    """Each first answer is lost: one question is answered well, each other one meets a misfortune of its own."""
    people = [Person(number) for number in range(1, len(MISFORTUNES) + 2)]
    lost = f'[[fault]]\nkind = "reset_after_commit"\nlimit = {len(people)}\n'
    rules = [f'[[fault]]\nkind = "{kind}"\nlimit = 1\nquestion = true\n' for kind in MISFORTUNES]
    workplace = make_workplace(profile=str(asking_profile(tmp_path)))
    events = [workplace.hire(person) for person in people]
    with SimulatorProcess.start(
        tmp_path / "registry.db", pki, faults=lost + "".join(rules), options=["--query"]
    ) as simulator:
        workplace.connect(simulator.url)
        encrypted(workplace)
        workplace.drain()
        records = simulator.registry()

    states = workplace.states()
    (desk,) = [event for event in events if states[event] == "indeterminate"]
    assert {states[event] for event in events if event != desk} == {"accepted"}
    assert workplace.row(desk).wait_reason == "needs_decision"
    asked = workplace.query("SELECT finding, submission_id FROM questions")
    assert sorted(finding for finding, _ in asked) == sorted(["ours", *MISFORTUNES.values()])
    assert len({which for _, which in asked}) == len(people), "asked once after each attempt"
    alerts = workplace.query("SELECT watched, threshold, closed_at FROM alerts WHERE watched = 'answer'")
    assert alerts == [("answer", "contradicted", None)]
    again = sorted(record["times_received"] for record in records)
    assert again == [1, 1, *[2] * (len(people) - 2)], "sent again only where the question found nothing out"
    known = [record for record in records if record["number"] != f"ТД-{desk.partition('-')[2]}"]
    require_exactly_once([row for row in workplace.hr_rows() if row.event_id != desk], known)
    questions_are_proven_from_an_encrypted_ledger(workplace)


def encrypted(workplace: Workplace) -> None:
    """From now on answers stand encrypted in the ledger."""
    secret = workplace.folder / "ledger.key"
    secret.touch(mode=0o600)
    secret.write_text("5" * 64, "utf-8")
    table = f'[ledger.encryption]\nkey = {{ file = "{secret}" }}\n'
    workplace.settings.write_text(workplace.settings.read_text("utf-8") + table, "utf-8")


def questions_are_proven_from_an_encrypted_ledger(workplace: Workplace) -> None:
    """Each answer is in the bundle as it came, held against the journal's digests; a changed one is found."""
    assert workplace.query("SELECT count(*) FROM questions WHERE instr(CAST(reply AS TEXT), 'Envelope')") == [(0,)]
    bundle = workplace.folder / "proof.zip"
    workplace.ask("evidence", "export", "--period", "2020-01-01", "2099-12-31", "-o", str(bundle))
    found = check_evidence(bundle, authorities=None, at=datetime.now(UTC))
    assert not found.faults
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    records = {name: json.loads(text) for name, text in members.items() if name.endswith("/record.json")}
    (by_question,) = [one for one in records.values() if [each["kind"] for each in one["decisions"]] == ["question"]]
    (asked,) = by_question["questions"]
    assert (asked["finding"], by_question["decisions"][0]["file"]) == ("ours", asked["answer"])
    assert b"Envelope" in members[asked["answer"]]
    record, answer = f"submissions/{by_question['id']}/record.json", asked["answer"]
    lies = {
        Doubt.ANSWER: (answer, members[answer].replace(b"SCSS001", b"SCSS002")),
        Doubt.ANSWER_SIGNATURE: (answer, members[answer].replace(b"SCSS001", b"SCSS002")),
        Doubt.RECORD: (record, members[record].replace(b'"finding": "ours"', b'"finding": "different"')),
    }
    for doubt, (name, lie) in lies.items():
        assert lie != members[name]
        forged = signed_anew({**members, name: lie}, workplace.pki, workplace.folder / "forged.zip")
        faults = check_evidence(forged, authorities=None, at=datetime.now(UTC)).faults
        assert doubt in {fault.doubt for fault in faults}, doubt
