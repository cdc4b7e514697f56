"""A paper of the future is sent on its day: lint says so with the code, the agent waits, the registry would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import pytest

from support.broken_rows.foreigners import FOREIGNER
from support.sound_rows import BIN, NOW, BrokenRow, Changes, judged_without_preflight, row_of
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.domain.deadline import AFTER_MIDNIGHT
from usrec.domain.kazakhstan_time import day_start_utc, kazakhstan_date
from usrec.domain.rules.examine import examine
from usrec.domain.rules.finding import Severity
from usrec.domain.source_event import PAPER_FIELDS, EmployerName, Operation
from usrec.settings.gateway_section import GatewaySettings

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
    "extension_date": {"end_date": "2027-11-21"},
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
    assert result.not_before == day_start_utc(TOMORROW) + AFTER_MIDNIGHT
    assert judged_without_preflight(BrokenRow("", "", operation, changes)) == CODES.get(name)


def test_what_waits_for_its_day_is_sent_when_that_has_begun_by_every_clock_that_is_relied_on() -> None:
    """Sent at the stroke of midnight, it would be refused by a registry whose clock is a minute behind."""
    tolerance = GatewaySettings.model_fields["clock_tolerance"].default
    result = examine(
        row_of(Operation.TERMINATION, {"termination_date": TOMORROW.isoformat()}),
        employers={BIN: EmployerName("own")},
        calendar=KazakhstanCalendar(),
        now=NOW,
    )
    assert result.not_before is not None
    assert kazakhstan_date(result.not_before - tolerance) == TOMORROW


def test_a_paper_of_today_waits_for_nothing() -> None:
    for operation, name in DATED:
        changes = {**MOVED.get(name, {}), name: "2026-11-20"}
        result = examine(
            row_of(operation, changes), employers={BIN: EmployerName("own")}, calendar=KazakhstanCalendar(), now=NOW
        )
        assert not {"paper_date_has_come", "permit_begin_date_has_come"} & {one.rule for one in result.findings}
        assert result.not_before is not None
        assert result.not_before <= NOW
        assert result.not_before == day_start_utc(kazakhstan_date(result.not_before)), (
            "at once, also shortly after midnight"
        )
