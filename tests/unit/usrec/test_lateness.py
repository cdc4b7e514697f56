"""How long events took, stage by stage, in working days."""

from __future__ import annotations

from datetime import UTC, date, datetime

from support.line import BIN, OTHER_BIN, WeekdayCalendar
from usrec.domain.lateness import Passage, Stage, measure_lateness
from usrec.domain.source_event import EmployerName
from usrec.interfaces.cli.audit_report import lateness_csv, lateness_json

MAIN, OTHER = EmployerName("main"), EmployerName("other")


def at(day: int, hour: int = 6) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_stages_are_counted_in_working_days_and_what_is_not_known_is_left_out() -> None:
    friday = Passage(MAIN, BIN, date(2026, 11, 6), at(9), at(9), at(11), date(2026, 11, 10))
    untold = Passage(MAIN, BIN, None, None, at(9), at(9), None)
    other = Passage(OTHER, OTHER_BIN, date(2026, 11, 9), at(9), at(8), at(9, 20), date(2026, 11, 9))
    main, second = measure_lateness([friday, untold, other], WeekdayCalendar(date(2026, 11, 10)))
    assert (main.employer, main.registered, main.late) == (MAIN, 2, 1)
    told = {one.stage: (one.events, one.median, one.percentile_95) for one in main.stages}
    assert told == {
        Stage.HR_ENTRY: (1, 1.0, 1),
        Stage.INTAKE: (1, 0.0, 0),
        Stage.ACKNOWLEDGEMENT: (2, 0.5, 1),
        Stage.WHOLE: (1, 2.0, 2),
    }
    assert (second.employer, second.late) == (OTHER, 1), "after midnight in Kazakhstan"
    intake = next(one for one in second.stages if one.stage is Stage.INTAKE)
    assert intake.median == 0.0, "taken before HR's own time of entry: clocks differ, and nothing is negative"


def test_each_department_counts_by_itself_and_the_unknown_one_comes_last() -> None:
    def way(department: str | None) -> Passage:
        return Passage(MAIN, BIN, date(2026, 11, 2), None, at(2), at(3), date(2026, 11, 2), department)

    found = measure_lateness(map(way, [None, "Цех", "Бухгалтерия", "Цех"]), WeekdayCalendar())
    assert [(one.department, one.registered, one.late) for one in found] == [
        ("Бухгалтерия", 1, 1),
        ("Цех", 2, 2),
        (None, 1, 1),
    ]
    told = [(one["department"], one["registered"]) for one in lateness_json(found, by_department=True)]
    assert told == [("Бухгалтерия", 1), ("Цех", 2), (None, 1)]
    lines = lateness_csv(found, by_department=True).splitlines()
    assert lines[0].startswith("employer,department,stage,")
    assert lines[1].startswith("main,Бухгалтерия,hr_entry,")
    assert lines[-1].startswith("main,,whole,")


def test_95_of_100_took_so_long_or_less() -> None:
    ways = [Passage(MAIN, BIN, date(2026, 11, 2), None, at(2), at(2 + (number > 95)), None) for number in range(1, 101)]
    whole = measure_lateness(ways, WeekdayCalendar())[0].stages[-1]
    assert (whole.events, whole.median, whole.percentile_95) == (100, 0.0, 0)
    assert measure_lateness([], WeekdayCalendar()) == []
