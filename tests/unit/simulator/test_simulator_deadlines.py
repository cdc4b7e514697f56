from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from usrec_simulator.business import Operation
from usrec_simulator.deadlines import last_day, late_code

EXAMPLES = Path(__file__).parents[4] / "shared" / "reference" / "deadline_examples.json"
NAMES = {
    "conclude": Operation.CONCLUSION,
    "amend": Operation.AMENDMENT,
    "terminate": Operation.TERMINATION,
}


@pytest.mark.parametrize(
    ("operation", "event", "last"),
    [
        (Operation.CONCLUSION, date(2026, 11, 2), date(2026, 11, 9)),
        (Operation.CONCLUSION, date(2026, 3, 20), date(2026, 4, 1)),
        (Operation.TERMINATION, date(2026, 11, 20), date(2026, 11, 25)),
        (Operation.TERMINATION, date(2024, 4, 30), date(2024, 5, 4)),
        (Operation.AMENDMENT, date(2026, 11, 6), date(2026, 11, 23)),
        (Operation.AMENDMENT, date(2026, 11, 2), date(2026, 11, 17)),
    ],
)
def test_last_day_of_entry(operation: Operation, event: date, last: date) -> None:
    assert last_day(operation, event) == last


def test_the_last_day_itself_is_in_time() -> None:
    assert late_code(Operation.CONCLUSION, date(2026, 11, 2), date(2026, 11, 9)) is None
    assert late_code(Operation.CONCLUSION, date(2026, 11, 2), date(2026, 11, 10)) == "SCSE088"


def test_worked_examples_of_the_law_agree() -> None:
    if not EXAMPLES.exists():
        pytest.skip("the reference folder is not beside the checkout")
    cases = [case for case in json.loads(EXAMPLES.read_text("utf-8"))["cases"] if case["event_type"] in NAMES]
    assert cases
    wrong = {
        case["id"]: last
        for case in cases
        if (last := last_day(NAMES[case["event_type"]], date.fromisoformat(case["trigger_date"])).isoformat())
        != case["expected_last_day"]
    }
    assert wrong == {}
