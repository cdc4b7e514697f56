"""A paper of the future is sent on its day: lint says so with the code, the agent waits, the registry would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import pytest

from support.broken_rows.foreigners import FOREIGNER
from support.sound_rows import BIN, NOW, BrokenRow, Changes, judged_without_preflight, row_of
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.domain.kazakhstan_time import day_start_utc
from usrec.domain.rules.examine import examine
from usrec.domain.rules.finding import Severity
from usrec.domain.source_event import PAPER_FIELDS, EmployerName, Operation

TOMORROW = date(2026, 11, 21)
CODES = {
    "contract_date": "SCSE059",
    "agreement_date": "SCSE062",
    "termination_date": "SCSE066",
    "reinstatement_date": "SCSE094",
    "extension_date": "SCSE110",
    "not_worked_from": "SCSE126",
    "permit_begin_date": "SCSE270",
    "reorganisation_date": "SCSE156",
}
MOVED: Final[Mapping[str, Changes]] = {
    "agreement_date": {"begin_date": "2026-11-21"},
    "not_worked_from": {"not_worked_to": "2026-12-01", "first_working_day": "2026-12-02"},
    "permit_begin_date": {**FOREIGNER, "permit_end_date": "2027-11-20"},
}
"""What has to move with a field so that nothing but its day is wrong."""

OLD = Operation.LEGACY_CONTRACT
"""A contract of the future is no legacy contract; another rule stops it."""
DATED = [(operation, name) for operation, names in PAPER_FIELDS.items() if operation is not OLD for name in names]


@pytest.mark.parametrize(("operation", "name"), DATED)
def test_a_paper_of_tomorrow_is_warned_of_and_waits(operation: Operation, name: str) -> None:
    changes = {**MOVED.get(name, {}), name: TOMORROW.isoformat()}
    result = examine(
        row_of(operation, changes), employers={BIN: EmployerName("own")}, calendar=KazakhstanCalendar(), now=NOW
    )
    (finding,) = [one for one in result.findings if one.field == name]
    assert (finding.code, finding.severity) == (CODES.get(name, ""), Severity.WARNING)
    if name == "permit_begin_date":
        assert finding.rule == "permit_begin_date_has_come"
        assert finding.message.startswith("The permit begins on 2026-11-21; ")
    else:
        assert finding.rule == "paper_date_has_come"
        assert finding.message.endswith(": the agent sends this on 2026-11-21.")
    assert result.event is not None
    assert result.not_before == day_start_utc(TOMORROW)
    assert judged_without_preflight(BrokenRow("", "", operation, changes)) == CODES.get(name)


def test_a_paper_of_today_waits_for_nothing() -> None:
    for operation, name in DATED:
        changes = {**MOVED.get(name, {}), name: "2026-11-20"}
        result = examine(
            row_of(operation, changes), employers={BIN: EmployerName("own")}, calendar=KazakhstanCalendar(), now=NOW
        )
        assert not {"paper_date_has_come", "permit_begin_date_has_come"} & {one.rule for one in result.findings}
        assert result.not_before is not None
        assert result.not_before <= NOW
