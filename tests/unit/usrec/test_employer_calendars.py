"""Each employer's terms are counted in its own working days; nobody else's move, and no safe date becomes later."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from support.line import BIN, DAY, OTHER_BIN, TODAY, Line, WeekdayCalendar
from support.line_agent import agent_of
from support.plain_settings import PLAIN
from usrec.adapters.calendar import kazakhstan
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.application.export_evidence import dossier_of
from usrec.application.record_standing import CALENDAR
from usrec.domain.alert import Threshold, Watched
from usrec.domain.deadline import DeadlineEvent, compute_deadline
from usrec.domain.digest import DigestPolicy
from usrec.domain.kazakhstan_time import day_start_utc
from usrec.domain.lateness import Passage, Stage, measure_lateness
from usrec.domain.pair import Pair, PairHalf
from usrec.domain.source_event import EmployerName, Operation
from usrec.domain.state import State
from usrec.domain.submission import Submission
from usrec.domain.target import CountedIn, TargetPolicy
from usrec.domain.watch import WatchPolicy, look
from usrec.domain.working_calendar import CalendarOverrides, EmployerCalendars
from usrec.interfaces.authority import AuthorityWatch
from usrec.interfaces.cli.app import app
from usrec.preflight import build_calendars
from usrec.settings import CalendarSettings, LoadedSettings, Settings

ZHETISU = EmployerName("zhetisu")
OFF = date(2026, 11, 20)
"""The Friday within the terms of what comes on the Monday before it."""
OWN = EmployerCalendars(WeekdayCalendar(), {OTHER_BIN: CalendarOverrides(WeekdayCalendar(), days_off=frozenset({OFF}))})
SECOND = f"""
[employer.zhetisu]
bin = "{OTHER_BIN}"
key_file = "k"
key_password = {{ file = "kp" }}
"""
DAYS_OFF = f"""
[employer.zhetisu.calendar]
days_off = [{OFF}]
"""


OFFICIAL = KazakhstanCalendar()


@pytest.fixture(autouse=True, scope="module")
def one_official_calendar() -> Iterator[None]:
    """A year of it takes long to compute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kazakhstan, "KazakhstanCalendar", lambda: OFFICIAL)
        yield


def calendars(common: dict[str, Any], own: dict[str, Any]) -> EmployerCalendars:
    """Those of settings with a second employer, who may have days of its own."""
    tree = tomllib.loads(PLAIN + SECOND) | {"calendar": common}
    tree["employer"]["zhetisu"]["calendar"] = own
    return build_calendars(LoadedSettings(Settings(**tree), Path("usrec.toml")))


@pytest.fixture
def group(line: Line) -> Line:
    """Two employers, of whom the second has a day off of its own."""
    line.employers[OTHER_BIN] = ZHETISU
    line.calendar = OWN
    return line


def both(line: Line, event_type: str = "conclusion") -> tuple[Submission, Submission]:
    """The same of both, taken in one intake."""
    line.enter("one", event_type, contract="K-1")
    line.enter("two", event_type, contract="K-2", employer=OTHER_BIN)
    line.ingest()
    return line.of("one"), line.of("two")


def test_one_intake_counts_each_employers_rows_in_its_own_calendar(group: Line) -> None:
    common, own = both(group)
    assert (common.legal_date, own.legal_date) == (date(2026, 11, 23), date(2026, 11, 24))
    assert own.safe_date == common.safe_date, "a day off that only the settings know is not believed"
    assert common.calendar_version == "weekdays"
    assert own.calendar_version == OWN.of(OTHER_BIN).version != "weekdays"


def test_row_that_is_taken_again_is_counted_in_its_own_calendar(group: Line) -> None:
    del group.employers[OTHER_BIN]
    _, invalid = both(group)
    group.employers[OTHER_BIN] = ZHETISU
    assert invalid.state is State.INVALID
    again = group.retry("two")
    assert (again.state, again.legal_date) == (State.PENDING, date(2026, 11, 24))


def test_correction_whose_first_entry_the_ledger_knows_is_counted_in_its_own_calendar(group: Line) -> None:
    group.signer = InMemorySigner(dict.fromkeys((BIN, OTHER_BIN), group.clock.now() + 400 * DAY))
    group.register("hire-1", contract="K-1")
    group.register("hire-2", contract="K-2", employer=OTHER_BIN)
    common = group.take("mend-1", "contract_edit", contract="K-1", entered_on=None)
    own = group.take("mend-2", "contract_edit", contract="K-2", employer=OTHER_BIN, entered_on=None)
    assert common.trigger == own.trigger == TODAY
    assert common.legal_date is not None
    assert own.legal_date == common.legal_date + DAY


def test_internal_target_is_counted_in_its_own_calendar(group: Line) -> None:
    group.intake = replace(group.intake, targets=TargetPolicy(5, CountedIn.WORKING_DAYS))
    both(group)
    group.enter("iin", "iin_change", contract="K-1")
    group.enter("iin-2", "iin_change", contract="K-2", employer=OTHER_BIN)
    group.ingest()
    assert [group.of(one).target_date for one in ("iin", "iin-2")] == [date(2026, 11, 23), date(2026, 11, 24)]


def test_what_is_warned_of_goes_by_the_same_calendar(group: Line) -> None:
    _, own = both(group)
    thursday = day_start_utc(date(2026, 11, 19))
    told = (Watched.LEGAL, Threshold.WORKING_DAYS_3)
    policy = WatchPolicy(DigestPolicy(OWN.common), OWN)

    def raised(policy: WatchPolicy) -> Collection[tuple[Watched, Threshold]]:
        return {(alert.watched, alert.threshold) for alert in look(own, thursday, policy)[0]}

    assert told in raised(policy), "Friday is off: Thursday, Monday and Tuesday are left"
    assert told not in raised(replace(policy, calendars=OWN.common))


def test_evidence_counts_day_by_day_as_the_term_was_counted(group: Line) -> None:
    for one in both(group):
        with group.ledger.evidence.reading() as reading:
            (record,) = reading.records([one.id])
        dossier = dossier_of(record, [], group.calendar, group.clock.now())
        assert dossier.days[-1].day == one.legal_date
        assert dossier.counted_with == one.calendar_version


def test_lateness_is_measured_in_each_employers_days(group: Line) -> None:
    end = group.clock.now() + 7 * DAY
    names = (("alatau", BIN), ("zhetisu", OTHER_BIN))
    ways = [Passage(EmployerName(name), number, TODAY, None, end, end, None) for name, number in names]
    found = [{stage.stage: stage.median for stage in one.stages} for one in measure_lateness(ways, OWN)]
    assert [one[Stage.WHOLE] for one in found] == [5.0, 4.0]


def test_missing_half_is_asked_after_by_whichever_calendar_is_first(group: Line) -> None:
    group.take("end", "conclusion")
    now = group.clock.now()
    ends = group.of("end")
    kept = (ends.state, TODAY, ends.legal_date, ends.safe_date, now)
    half = PairHalf("P", ends.id, Operation.TERMINATION, ends.employer, BIN, ends.contract_key, *kept)
    off = WeekdayCalendar(date(2026, 11, 17), date(2026, 11, 18))
    for found in (EmployerCalendars(WeekdayCalendar(), {BIN: off}), EmployerCalendars(off, {BIN: WeekdayCalendar()})):
        each = [Pair("P", [half]).remind_from(one, 30 * DAY) for one in found.each]
        assert len(set(each)) == 2
        assert Pair("P", [half]).remind_from(found, 30 * DAY) == min(at for at in each if at is not None)


def test_journal_names_the_employer_and_its_days_whenever_they_change(group: Line) -> None:
    watch = AuthorityWatch()
    found = []
    for own in (None, CalendarSettings(days_off=frozenset({OFF})), CalendarSettings(days_off=frozenset({OFF}))):
        agent = agent_of(group)
        values = agent.settings.values
        alatau = values.employer["alatau"]
        second = alatau.model_copy(update={"bin": OTHER_BIN, "calendar": own})
        employers = {"alatau": alatau, "zhetisu": second}
        loaded = replace(agent.settings, values=values.model_copy(update={"employer": employers}))
        watch.look(replace(agent, settings=loaded, calendar=build_calendars(loaded)))
        kept = group.ledger.view.standing(CALENDAR)
        assert kept is not None
        found.append(kept)
    before, after, same = (json.loads(one.detail) for one in found)
    assert "employers" not in before
    assert after["days_off"] == []
    assert after["employers"]["zhetisu"] == {
        "version": build_calendars(loaded).of(OTHER_BIN).version,
        "working_days": [],
        "days_off": [OFF.isoformat()],
        "checked_years": [],
    }
    assert same == after
    assert found[1] == found[2], "nothing changed, nothing written"


some_days = st.frozensets(st.dates(date(2027, 5, 1), date(2027, 5, 31)), max_size=4)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    working = draw(some_days)
    years = draw(st.sampled_from([(), (2027,)]))
    return {"working_days": working, "days_off": draw(some_days) - working, "checked_years": years}


@settings(max_examples=60, deadline=None)
@given(common=tables(), own=tables(), trigger=st.dates(date(2027, 4, 28), date(2027, 5, 31)))
def test_days_of_ones_own_never_make_a_safe_date_later(
    common: dict[str, Any], own: dict[str, Any], trigger: date
) -> None:
    """Kurban Ait of 2027 is an estimate, and it lies in May."""
    found, bare = calendars(common, own), calendars(common, {"checked_years": own["checked_years"]})
    event = DeadlineEvent.CONCLUSION
    mine, without = (compute_deadline(event, trigger, calendar=one.of(OTHER_BIN)) for one in (found, bare))
    assert mine.safe_date is not None
    assert without.safe_date is not None
    assert mine.legal_date is not None
    assert mine.safe_date <= min(without.safe_date, mine.legal_date)
    assert compute_deadline(event, trigger, calendar=found.of(BIN)) == compute_deadline(
        event, trigger, calendar=calendars(common, {}).common
    )


@given(common=tables(), own=tables(), day=st.dates(date(2027, 5, 1), date(2027, 5, 31)))
@settings(max_examples=60, deadline=None)
def test_a_days_own_answer_goes_first_then_the_common_one_then_the_official(
    common: dict[str, Any], own: dict[str, Any], day: date
) -> None:
    expected = OFFICIAL.is_working_day(day)
    for table in (common, own):
        expected = day in table["working_days"] or (expected and day not in table["days_off"])
    assert calendars(common, own).of(OTHER_BIN).is_working_day(day) is expected


def test_year_that_one_employer_checked_is_checked_for_nobody_else() -> None:
    found = calendars({}, {"checked_years": [2027]})
    estimated = [day for day in OFFICIAL.names(2027) if OFFICIAL.is_estimated(day)]
    assert estimated
    for number, checked in ((BIN, False), (OTHER_BIN, True)):
        one = found.of(number)
        assert one.is_checked(2027) is checked
        assert all(one.may_be_worked(day) is not checked for day in estimated if day.weekday() < 5)


def test_versions_differ_where_days_differ() -> None:
    common: dict[str, Any] = {"days_off": [OFF]}
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = [({}, {}), (common, {}), ({}, common)]
    official, shared, mine = (calendars(*two).of(OTHER_BIN).version for two in pairs)
    nested = calendars(common, {"working_days": [OFF]}).of(OTHER_BIN).version
    assert official == OFFICIAL.version
    assert len({official, shared, nested}) == 3
    assert mine == shared, "the same days, the same version"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "usrec.toml"
    file.write_text(PLAIN + SECOND + DAYS_OFF, "utf-8")
    return file


@pytest.mark.parametrize(
    ("employer", "legal"), [("main", "2026-11-23"), ("zhetisu", "2026-11-24"), (OTHER_BIN, "2026-11-24")]
)
def test_a_day_is_asked_for_by_employer(employer: str, legal: str, file: Path) -> None:
    asked = ["deadline", "conclusion", "2026-11-16", "--config", str(file), "--employer", employer]
    assert json.loads(CliRunner().invoke(app, asked).output)["legal_date"] == legal


@pytest.mark.parametrize("more", [[], ["--employer", "nobody"]])
def test_a_day_is_never_told_in_a_calendar_that_nobody_chose(more: list[str], file: Path) -> None:
    done = CliRunner().invoke(app, ["deadline", "conclusion", "2026-11-16", "--config", str(file), *more])
    assert done.exit_code == 2, done.output


def test_the_only_employer_need_not_be_named(file: Path) -> None:
    file.write_text(PLAIN + DAYS_OFF.replace("zhetisu", "main"), "utf-8")
    asked = ["deadline", "conclusion", "2026-11-16", "--config", str(file)]
    assert json.loads(CliRunner().invoke(app, asked).output)["legal_date"] == "2026-11-24"
    shown = CliRunner().invoke(app, ["calendar", "2026", "--json", "--config", str(file)])
    assert OFF.isoformat() in shown.output


def test_a_year_is_shown_by_employer(file: Path) -> None:
    def unusual(*more: str) -> set[str]:
        done = CliRunner().invoke(app, ["calendar", "2026", "--json", "--config", str(file), *more])
        return {one["day"] for one in json.loads(done.output)["unusual"]}

    assert unusual("--employer", "zhetisu") - unusual() == {OFF.isoformat()}
    assert unusual("--employer", "main") == unusual()
