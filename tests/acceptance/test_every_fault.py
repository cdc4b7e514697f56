"""Under every fault that the simulator knows, each event that would be registered is registered exactly once.

What is registered is counted in both sides' own books: HR's rows with what was written back to them, and the output of
`usrec-simulator registry`. The same company without faults tells what should come of each event.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.demonstration import GROUPS, Demonstration, fates, today
from usrec_simulator.faults import ABOUT_QUESTIONS, FaultKind

EVENTS = 36

STRAY_CODE = "ERR-77"
"""A refusal that no list of response codes holds: it says nothing about the record."""

RULES = {
    FaultKind.REFUSE: f'every = 5\nlimit = 1\ncode = "{STRAY_CODE}"',
    FaultKind.RESET_BEFORE_COMMIT: "every = 6\nlimit = 2",
    FaultKind.RESET_AFTER_COMMIT: "every = 4\nlimit = 3",
    FaultKind.BAD_GATEWAY_HTML: 'every = 7\nlimit = 2\nwhen = "after"',
    FaultKind.HALF_ANSWER: "every = 8\nlimit = 2",
    FaultKind.WRONG_SIGNATURE: "every = 9\nlimit = 2",
    FaultKind.UNSIGNED_ANSWER: "every = 10\nlimit = 1",
    FaultKind.UNKNOWN_SUCCESS_SHAPE: "every = 2\nlimit = 2",
    FaultKind.REPLAYED_ANSWER: "after = 10\nevery = 3\nlimit = 2",
    FaultKind.OTHER_ANSWER: "every = 13\nlimit = 1",
    FaultKind.UNKNOWN_ERROR: "every = 11\nlimit = 2",
    FaultKind.DELAY: "every = 12\nlimit = 1\nseconds = 0.5",
    FaultKind.MAINTENANCE_WINDOW: "after = 18\nlimit = 1\nseconds = 0.7",
    FaultKind.CONNECTION_REFUSED: "after = 12\nlimit = 1\nseconds = 6",
}
"""Every kind, often enough that each strikes among so few events, and seldom enough that the test is short.

The door stays shut for longer than the longest wait between two tries (5 s), and early enough that there is still
something to send, so that somebody stands before it."""

TRACES = {
    "connection_lost",
    "http_error",
    "signature_invalid",
    "signature_missing",
    "unknown_shape",
    "server_unsure",
    "gateway_unreachable",
    "own_id_used",
}
"""Reasons in the journal that the faults leave behind."""


@pytest.mark.slow
def test_every_fault_leaves_each_valid_event_registered_exactly_once(tmp_path: Path) -> None:
    assert set(RULES) == set(FaultKind) - ABOUT_QUESTIONS, "a kind of fault is not proven here"
    script = tmp_path / "every-fault.toml"
    script.write_text("\n".join(f'[[fault]]\nkind = "{kind}"\n{rule}' for kind, rule in RULES.items()), "utf-8")
    for round_ in range(2):
        day = today()
        calm = Demonstration(tmp_path / f"calm-{round_}", EVENTS)
        stormy = Demonstration(tmp_path / f"stormy-{round_}", EVENTS, script)
        without, under = calm.run(), stormy.run()
        if today() == day:
            break

    for result in (without, under):
        assert result["events"] == EVENTS == sum(result[group] for group in GROUPS)
        assert result["registered_once"] == result["accepted"]
        assert result["registered_twice"] == result["lost"] == 0
    for group in ("accepted", "invalid", "blocked", "open"):
        assert under[group] == without[group]
    assert under["rejected"] + under["indeterminate"] == without["rejected"]

    fate = fates(day, EVENTS)
    doubted = {row.event_id for row in stormy.hr_rows() if row.state == "indeterminate"}
    assert {fate[event] for event in doubted} <= {"rejected"}, "only a refusal after a doubt is left to a person"
    expected = {event for event, end in fate.items() if end == "accepted"}
    assert calm.registered() == expected
    assert stormy.registered() == expected

    fired = dict(zip(RULES, stormy.faults_fired(), strict=True))
    assert min(fired.values()) > 0, f"a fault never struck: {fired}"
    assert stormy.reasons() >= TRACES
    assert {"replayed", "other_message"} & stormy.reasons()
    assert {"registered", "unknown", "nothing_sent"} <= {ending for ending, _ in stormy.attempts()}
    repeated = [record for record in stormy.registry() if record["times_received"] > 1]
    assert len(repeated) > len(RULES) / 2, "too few messages were sent again to prove anything"
