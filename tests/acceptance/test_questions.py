"""The agent asks the registry about every doubt, under every misfortune of a question."""

from __future__ import annotations

from pathlib import Path

from support.asking_profile import asking_profile
from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import MakeWorkplace

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
