"""Each bad answer of the gateway, met by the whole agent: nothing is believed, nothing is lost, nothing is doubled.

What is registered is counted in the registry's own book; what the agent thought is read from its journal.
"""

from __future__ import annotations

from pathlib import Path

from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import MakeWorkplace

BAD = {
    "replayed_answer": ("replayed", "the answer of an earlier message once more"),
    "other_answer": ("other_message", "a fresh, rightly signed answer to the message of somebody else"),
    "bad_gateway_html": ("http_error", "a page of HTML"),
    "half_answer": ("connection_lost", "half an answer"),
    "wrong_signature": ("signature_invalid", "a stranger's signature"),
    "unsigned_answer": ("signature_missing", "no signature"),
    "unknown_success_shape": ("unknown_shape", "a success in a shape that no profile knows"),
}
"""What the gateway answers instead, and what the agent takes it for."""


def test_no_bad_answer_is_believed_and_each_event_is_registered_exactly_once(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    people = [Person(number) for number in range(1, len(BAD) + 2)]
    rules = [
        f'[[fault]]\nkind = "{kind}"\nlimit = 1\nnumber = "{person.contract_number}"\n'
        + ('when = "after"\n' if kind == "bad_gateway_html" else "")
        for kind, person in zip(BAD, people[1:], strict=True)
    ]
    workplace = make_workplace(delivery="workers = 1\npoll = 0.1\nretry_base = 1\nretry_cap = 1\nlease = 30")
    events = [workplace.hire(people[0])]
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults="".join(rules)) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        events += [workplace.hire(person) for person in people[1:]]
        workplace.drain()
        records = simulator.registry()
    assert workplace.states() == dict.fromkeys(events, "accepted")
    require_exactly_once(workplace.hr_rows(), records)

    for event, (kind, (doubt, _)) in zip(events[1:], BAD.items(), strict=True):
        story = workplace.story(event)
        assert [line.reason for line in story.journal if line.action == "doubt"] == [doubt], kind
        assert [attempt.ending for attempt in story.attempts] == ["unknown", "registered"], kind
        assert story.row.reason == "own_id_used", kind
    assert sorted(record["times_received"] for record in records) == [1, *[2] * len(BAD)]
    strange = workplace.query("SELECT threshold, submission_id FROM alerts WHERE watched = 'answer'")
    assert strange == [("unrecognised", workplace.row(events[-1]).id)], "only the strange success calls somebody"
    told = workplace.query(
        "SELECT taken_at IS NOT NULL FROM alert_deliveries d JOIN alerts ON alerts.id = alert_id"
        " WHERE watched = 'answer'"
    )
    assert told == [(1,)]
