"""The terms of Order 353: hand-counted cases, the reference cases, and laws that hold for every date."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.domain.deadline import (
    LATEST_TRIGGER,
    ORDER_278_IN_FORCE,
    ORDER_353_IN_FORCE,
    ORDER_442_IN_FORCE,
    Deadline,
    DeadlineError,
    DeadlineEvent,
    Edition,
    compute_deadline,
    deadline_report,
    edition_on,
    not_before,
)
from usrec.domain.errors import ValidationProblem
from usrec.domain.kazakhstan_time import KAZAKHSTAN, day_end_utc, day_start_utc, kazakhstan_date
from usrec.domain.working_calendar import CalendarOverrides

REFERENCE = Path(__file__).resolve().parents[4] / "shared" / "reference" / "deadline_examples.json"
CALENDAR = KazakhstanCalendar()

E = DeadlineEvent

HAND_COUNTED = [
    # event, trigger, headcount, legal date, safe date, UTC time of the bound on the legal date
    (E.CONCLUSION, "2026-11-16", None, "2026-11-23", "2026-11-20", "19:00:00Z"),
    # 11, 14, 15, 17, 18 December: Independence Day between
    (E.CONCLUSION, "2026-12-10", None, "2026-12-18", "2026-12-17", "19:00:00Z"),
    # signed on a Saturday: no working day to count, both readings agree
    (E.CONCLUSION, "2026-11-14", None, "2026-11-20", "2026-11-20", "19:00:00Z"),
    # the last term at UTC+6, the day of 25 hours, and the first term at UTC+5
    (E.TERMINATION, "2024-02-23", None, "2024-02-28", "2024-02-27", "18:00:00Z"),
    (E.TERMINATION, "2024-02-26", None, "2024-02-29", "2024-02-28", "19:00:00Z"),
    (E.TERMINATION, "2024-02-27", None, "2024-03-01", "2024-02-29", "19:00:00Z"),
    # SUNDAY 5 January 2025 was worked: 5, 6, 8; Christmas between
    (E.TERMINATION, "2025-01-01", None, "2025-01-08", "2025-01-08", "19:00:00Z"),
    # ends on SATURDAY 4 May 2024, which was worked: no roll
    (E.AMENDMENT, "2024-04-19", None, "2024-05-04", "2024-05-03", "19:00:00Z"),
    # ends on Monday 31 August 2026, which was worked; the safe day is a Sunday
    (E.AMENDMENT, "2026-08-16", None, "2026-08-31", "2026-08-30", "19:00:00Z"),
    # ends on Christmas
    (E.AMENDMENT, "2025-12-23", None, "2026-01-08", "2026-01-06", "19:00:00Z"),
    # ends on Saturday 21 November 2026
    (E.AMENDMENT, "2026-11-06", None, "2026-11-23", "2026-11-20", "19:00:00Z"),
    # the registry's code 090 announces 30 calendar days: 2 November is day 1, 1 December day 30
    (E.CORRECTION, "2026-11-02", None, "2026-12-14", "2026-12-01", "19:00:00Z"),
    (E.DELETION, "2026-11-02", None, "2026-12-14", "2026-12-01", "19:00:00Z"),
    # first edition, 30 calendar days by the Rules themselves
    (E.CORRECTION, "2021-03-01", None, "2021-03-31", "2021-03-30", "18:00:00Z"),
    # ends on Sunday 4 July 2021; 5 July transferred, 6 July Capital Day
    (E.DELETION, "2021-06-04", None, "2021-07-07", "2021-07-03", "18:00:00Z"),
    # 6, 8, 12-15, 18-21 May
    (E.REINSTATEMENT, "2026-05-05", None, "2026-05-21", "2026-05-20", "19:00:00Z"),
    # 13-16, 19-23, 27-30 October, 2-3 November: Republic Day shifted to the 26th
    (E.EXTENSION, "2026-10-12", None, "2026-11-03", "2026-11-02", "19:00:00Z"),
    (E.INFORMATION_REQUEST_ANSWER, "2026-11-16", None, "2026-11-23", "2026-11-20", "19:00:00Z"),
    # 28, 29 February and 1-3 March 2028: a calendar that nobody published yet
    (E.CONCLUSION, "2028-02-25", None, "2028-03-03", "2028-03-02", "19:00:00Z"),
    # 31 December 2035, New Year on 1 and 2 January, then 3, 4, 8, 9 January; Christmas on Monday
    (E.CONCLUSION, "2035-12-28", None, "2036-01-09", "2036-01-08", "19:00:00Z"),
    # Saturday 18 September 2021, Sunday 18 September 2022
    (E.LEGACY, "2020-09-18", 1, "2021-09-20", "2021-09-17", "18:00:00Z"),
    (E.LEGACY, "2020-09-18", 2000, "2021-09-20", "2021-09-17", "18:00:00Z"),
    (E.LEGACY, "2020-09-18", 2001, "2022-09-19", "2022-09-17", "18:00:00Z"),
]

CLAUSES = [
    (E.CONCLUSION, "1", "p.7", "5 working days"),
    (E.CONCLUSION, "3", "p.7", "5 working days"),
    (E.LEGACY, "1", "p.7 para 2", "1 year, headcount up to 2000"),
    (E.AMENDMENT, "1", "p.8", "15 calendar days"),
    (E.AMENDMENT, "3", "p.8", "15 calendar days"),
    (E.CORRECTION, "1", "p.9(1) first edition", "30 calendar days"),
    (E.CORRECTION, "2", "p.9(1)", "30 working days"),
    (E.CORRECTION, "3", "p.9(1)", "30 working days"),
    (E.DELETION, "1", "p.9(2) first edition", "30 calendar days"),
    (E.DELETION, "2", "p.9(2)", "30 working days"),
    (E.REINSTATEMENT, "1", "p.10", "10 working days"),
    (E.REINSTATEMENT, "3", "p.10", "10 working days"),
    (E.TERMINATION, "1", "p.12", "3 working days"),
    (E.TERMINATION, "3", "p.12", "3 working days"),
    (E.EXTENSION, "1", None, None),
    (E.EXTENSION, "2", "p.13-1", "15 working days"),
    (E.EXTENSION, "3", "p.13-1", "15 working days"),
    (E.INFORMATION_REQUEST_ANSWER, "1", "p.19", "5 working days"),
    (E.INFORMATION_REQUEST_ANSWER, "3", "p.19", "5 working days"),
    (E.SOCIAL_LEAVE, "1", None, None),
    (E.SOCIAL_LEAVE, "3", "p.6", None),
]
A_DAY_OF_EDITION = {"1": "2021-06-01", "2": "2023-06-01", "3": "2026-11-16"}

WITH_A_TERM = [event for event in E if event is not E.SOCIAL_LEAVE]
EVENTS = st.sampled_from(WITH_A_TERM)
TRIGGERS = st.dates(ORDER_442_IN_FORCE, date(2045, 12, 31))
HEADCOUNTS = st.integers(1, 5000)


def deadline(event: DeadlineEvent, trigger: date | str, headcount: int | None = 100) -> Deadline:
    day = date.fromisoformat(trigger) if isinstance(trigger, str) else trigger
    return compute_deadline(event, day, calendar=CALENDAR, headcount=headcount)


def dates(found: Deadline) -> tuple[date, date]:
    assert found.legal_date is not None
    assert found.safe_date is not None
    return found.legal_date, found.safe_date


@pytest.fixture(scope="module")
def almaty() -> ZoneInfo:
    """The zone of the tzdata package, whatever the machine has."""
    with (files("tzdata") / "zoneinfo" / "Asia" / "Almaty").open("rb") as data:
        return ZoneInfo.from_file(data, key="Asia/Almaty")


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    if not REFERENCE.exists():
        pytest.skip("the reference cases are not beside this checkout")
    found: dict[str, Any] = json.loads(REFERENCE.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(("event", "trigger", "headcount", "legal", "safe", "bound"), HAND_COUNTED)
def test_the_days_of_each_term_are_counted_as_by_hand(
    event: DeadlineEvent, trigger: str, headcount: int | None, legal: str, safe: str, bound: str
) -> None:
    report = deadline_report(deadline(event, trigger, headcount))
    assert (report["legal_date"], report["safe_date"]) == (legal, safe)
    assert report["deadline_utc"] == f"{legal}T{bound}"


@pytest.mark.parametrize(("event", "edition", "point", "term"), CLAUSES)
def test_each_edition_has_its_own_clause(
    event: DeadlineEvent, edition: str, point: str | None, term: str | None
) -> None:
    found = deadline(event, A_DAY_OF_EDITION[edition])
    assert (found.edition, found.point, found.term) == (edition, point, term)
    assert (found.legal_date is None) == (found.safe_date is None) == (term is None)


def test_the_clause_table_names_every_event() -> None:
    assert {event for event, *_ in CLAUSES} == set(E)


def test_the_report_has_the_keys_of_the_command() -> None:
    assert deadline_report(deadline(E.TERMINATION, "2026-11-20")) == {
        "event": "termination",
        "trigger": "2026-11-20",
        "edition": "3",
        "point": "p.12",
        "term": "3 working days",
        "legal_date": "2026-11-25",
        "safe_date": "2026-11-24",
        "deadline_utc": "2026-11-25T19:00:00Z",
    }
    without = deadline_report(deadline(E.SOCIAL_LEAVE, "2026-11-20"))
    assert (without["legal_date"], without["safe_date"], without["deadline_utc"]) == (None, None, None)


def headcount_of(case: dict[str, Any]) -> int | None:
    return 2001 if "over 2000" in case.get("term", "") else None


def test_every_reference_case_agrees(reference: dict[str, Any]) -> None:
    names = reference["event_names"]
    expected, found = {}, {}
    for case in reference["cases"]:
        report = deadline_report(deadline(E(names[case["event_type"]]), case["trigger_date"], headcount_of(case)))
        keys = {"edition": "edition", "point": "point", "term": "term", "expected_last_day": "legal_date"}
        if "expected_deadline_utc_exclusive" in case:
            keys["expected_deadline_utc_exclusive"] = "deadline_utc"
        expected[case["id"]] = {key: case[key] for key in keys}
        found[case["id"]] = {key: report[ours] for key, ours in keys.items()}
    assert len(expected) >= 20
    assert found == expected


def test_every_reference_last_day_without_rollover_bounds_the_safe_date(reference: dict[str, Any]) -> None:
    names = reference["event_names"]
    raw = [case for case in reference["cases"] if "raw_last_day_without_rollover" in case]
    assert raw
    for case in raw:
        _, safe = dates(deadline(E(names[case["event_type"]]), case["trigger_date"], headcount_of(case)))
        assert safe == date.fromisoformat(case["raw_last_day_without_rollover"]) - timedelta(days=1), case["id"]


def test_every_reference_time_zone_case_agrees(reference: dict[str, Any]) -> None:
    names = reference["event_names"]
    for case in reference["time_zone_cases"]:
        found = deadline(E(names[case["event_type"]]), case["trigger_date"])
        submitted = datetime.fromisoformat(case["submitted_at_utc"])
        assert found.legal_date == date.fromisoformat(case["expected_last_day"]), case["id"]
        assert found.is_on_time(submitted) is case["expected_on_time"], case["id"]


def test_the_safe_date_is_never_after_any_reference_reading(reference: dict[str, Any]) -> None:
    names = reference["event_names"]
    cases = {case["id"]: case for case in reference["ambiguous"]}
    assert set(cases) >= {"A01", "A02", "A03"}
    for case in cases.values():
        readings = [days if isinstance(days, list) else [days] for days in case["readings"].values()]
        for number, headcount in enumerate([100, 2001][: len(readings[0])]):
            allowed = [date.fromisoformat(days[number]) for days in readings]
            legal, safe = dates(deadline(E(names[case["event_type"]]), case["trigger_date"], headcount))
            assert safe <= min(allowed), case["id"]
            assert legal == max(allowed), case["id"]


def test_the_bound_itself_is_too_late_and_the_second_before_is_not() -> None:
    found = deadline(E.CONCLUSION, "2026-11-16")
    bound = datetime(2026, 11, 23, 19, tzinfo=UTC)
    assert found.deadline_utc == bound
    assert found.is_on_time(bound - timedelta(microseconds=1))
    assert not found.is_on_time(bound)
    assert found.safe_utc == datetime(2026, 11, 20, 19, tzinfo=UTC)


@pytest.mark.parametrize("trigger", ["2021-06-01", "2026-11-16"])
def test_an_event_without_a_term_is_always_on_time(trigger: str) -> None:
    found = deadline(E.SOCIAL_LEAVE, trigger)
    assert (found.deadline_utc, found.safe_utc, found.term) == (None, None, None)
    assert found.is_on_time(datetime(2100, 1, 1, tzinfo=UTC))


def test_editions_change_on_their_days() -> None:
    day = timedelta(days=1)
    assert edition_on(ORDER_353_IN_FORCE) is Edition.FIRST
    assert edition_on(ORDER_442_IN_FORCE - day) is Edition.FIRST
    assert edition_on(ORDER_442_IN_FORCE) is Edition.SECOND
    assert edition_on(ORDER_278_IN_FORCE - day) is Edition.SECOND
    assert edition_on(ORDER_278_IN_FORCE) is Edition.THIRD
    assert (ORDER_442_IN_FORCE.year, ORDER_442_IN_FORCE.month) == (2021, 12)
    assert (ORDER_278_IN_FORCE.year, ORDER_278_IN_FORCE.month) == (2024, 8)


@pytest.mark.parametrize("event", [event for event in E if event is not E.LEGACY])
def test_a_trigger_before_the_order_is_refused_with_the_reason(event: DeadlineEvent) -> None:
    with pytest.raises(DeadlineError, match="2020-09-17 lies before 2020-09-18, when Order 353 took effect") as caught:
        deadline(event, "2020-09-17")
    assert isinstance(caught.value, ValidationProblem)
    assert "legacy" in str(caught.value)


@pytest.mark.parametrize("event", list(E))
def test_an_absurd_year_is_refused_instead_of_overflowing(event: DeadlineEvent) -> None:
    assert deadline(event, LATEST_TRIGGER).trigger == LATEST_TRIGGER
    for trigger in (LATEST_TRIGGER + timedelta(days=1), date.max):
        with pytest.raises(DeadlineError, match="cannot be right"):
            deadline(event, trigger)


@pytest.mark.parametrize("headcount", [None, 0, -5])
def test_a_legacy_contract_asks_for_the_headcount(headcount: int | None) -> None:
    with pytest.raises(DeadlineError, match="--headcount"):
        deadline(E.LEGACY, "2020-09-18", headcount)


@pytest.mark.parametrize(("trigger", "edition"), [("1998-05-04", "1"), ("2022-03-01", "2"), ("2026-11-02", "3")])
def test_a_legacy_term_runs_from_the_entry_into_force_whatever_the_contracts_date(trigger: str, edition: str) -> None:
    found = deadline(E.LEGACY, trigger, 2001)
    assert dates(found) == (date(2022, 9, 19), date(2022, 9, 17))
    assert (found.edition, found.trigger.isoformat()) == (edition, trigger)


def test_the_calendars_version_is_kept_with_the_deadline() -> None:
    changed = CalendarOverrides(CALENDAR, days_off=frozenset({date(2026, 11, 17)}))
    plain = compute_deadline(E.CONCLUSION, date(2026, 11, 16), calendar=CALENDAR)
    moved = compute_deadline(E.CONCLUSION, date(2026, 11, 16), calendar=changed)
    assert plain.calendar_version == CALENDAR.version
    assert moved.calendar_version == changed.version != CALENDAR.version
    assert moved.legal_date == date(2026, 11, 24)


def test_a_deadline_cannot_be_altered() -> None:
    with pytest.raises(FrozenInstanceError):
        deadline(E.CONCLUSION, "2026-11-16").legal_date = date(2027, 1, 1)  # type: ignore[misc]  # the point of the test


@given(event=EVENTS, trigger=TRIGGERS, headcount=HEADCOUNTS)
def test_the_safe_date_lies_between_the_trigger_and_the_legal_date(
    event: DeadlineEvent, trigger: date, headcount: int
) -> None:
    legal, safe = dates(deadline(event, trigger, headcount))
    start = ORDER_353_IN_FORCE if event is E.LEGACY else trigger
    assert start < safe <= legal
    assert CALENDAR.is_working_day(legal)


@given(event=EVENTS, trigger=st.dates(ORDER_353_IN_FORCE, date(2045, 12, 31)), later=st.integers(0, 400))
def test_a_later_trigger_never_has_an_earlier_deadline(event: DeadlineEvent, trigger: date, later: int) -> None:
    first, second = deadline(event, trigger), deadline(event, trigger + timedelta(days=later))
    if first.legal_date is not None:
        assert all(a <= b for a, b in zip(dates(first), dates(second), strict=True))


@given(event=EVENTS, trigger=TRIGGERS)
def test_the_bound_is_midnight_of_the_time_zone_database(almaty: ZoneInfo, event: DeadlineEvent, trigger: date) -> None:
    found = deadline(event, trigger)
    midnights = [datetime.combine(day + timedelta(days=1), time.min, tzinfo=almaty) for day in dates(found)]
    assert [found.deadline_utc, found.safe_utc] == [midnight.astimezone(UTC) for midnight in midnights]


@given(
    event=EVENTS,
    trigger=st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    days_off=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 9, 30)), max_size=30),
)
def test_extra_days_off_never_bring_a_deadline_forward(
    event: DeadlineEvent, trigger: date, days_off: frozenset[date]
) -> None:
    calendar = CalendarOverrides(CALENDAR, days_off=days_off)
    changed = compute_deadline(event, trigger, calendar=calendar, headcount=100)
    assert dates(changed)[0] >= dates(deadline(event, trigger))[0]
    assert dates(changed)[0] not in days_off


@given(event=st.sampled_from([E.CONCLUSION, E.TERMINATION, E.REINSTATEMENT, E.EXTENSION]), trigger=TRIGGERS)
def test_a_working_day_term_holds_exactly_its_working_days(event: DeadlineEvent, trigger: date) -> None:
    found = deadline(event, trigger)
    assert found.term is not None
    span = (dates(found)[0] - trigger).days
    worked = sum(CALENDAR.is_working_day(trigger + timedelta(days=offset)) for offset in range(1, span + 1))
    assert f"{worked} working days" == found.term


def test_a_future_paper_date_waits_for_its_midnight_in_kazakhstan() -> None:
    assert not_before(date(2026, 12, 1)) == datetime(2026, 11, 30, 19, tzinfo=UTC)
    assert not_before(date(2024, 2, 29)) == datetime(2024, 2, 28, 18, tzinfo=UTC)


def test_the_latest_of_several_paper_dates_decides() -> None:
    assert not_before(date(2026, 12, 1), date(2026, 12, 3), date(2026, 11, 1)) == not_before(date(2026, 12, 3))


def test_not_before_needs_a_date() -> None:
    with pytest.raises(ValueError, match="empty"):
        not_before()


@given(day=st.dates(date(2005, 1, 1), date(2060, 12, 31)))
def test_a_paper_date_is_today_from_not_before_on_and_not_earlier(almaty: ZoneInfo, day: date) -> None:
    opens = not_before(day)
    assert opens.astimezone(almaty).date() == kazakhstan_date(opens) == day
    before = opens - timedelta(microseconds=1)
    assert before.astimezone(almaty).date() == kazakhstan_date(before) == day - timedelta(days=1)


def test_the_empty_date_of_an_hr_system_does_not_overflow() -> None:
    assert not_before(date.min) == datetime(1, 1, 1, 18, tzinfo=UTC)


def test_the_day_of_the_change_has_25_hours() -> None:
    day = date(2024, 2, 29)
    assert day_end_utc(day) - day_start_utc(day) == timedelta(hours=25)
    assert day_end_utc(date(2024, 3, 1)) - day_start_utc(date(2024, 3, 1)) == timedelta(hours=24)


def naive(text: str) -> datetime:
    """A wall-clock time, as hypothesis wants its bounds."""
    return datetime.fromisoformat(text)


YEARS = (naive("2005-01-01"), naive("2060-01-01"))
CHANGE = (naive("2024-02-29T16:00"), naive("2024-03-01T04:00"))
INSTANTS = st.datetimes(*YEARS, timezones=st.just(UTC)) | st.datetimes(*CHANGE, timezones=st.just(UTC))
WALL_CLOCKS = st.datetimes(*YEARS) | st.datetimes(*CHANGE)


@given(instant=INSTANTS)
def test_the_rule_shows_the_wall_clock_of_the_time_zone_database(almaty: ZoneInfo, instant: datetime) -> None:
    ours, theirs = instant.astimezone(KAZAKHSTAN), instant.astimezone(almaty)
    assert ours.replace(tzinfo=None) == theirs.replace(tzinfo=None)
    assert (ours.fold, ours.utcoffset(), ours.dst()) == (theirs.fold, theirs.utcoffset(), theirs.dst())
    assert ours.astimezone(UTC) == instant


@given(wall=WALL_CLOCKS, fold=st.sampled_from([0, 1]))
def test_the_rule_reads_the_wall_clock_as_the_time_zone_database_does(
    almaty: ZoneInfo, wall: datetime, fold: int
) -> None:
    ours, theirs = wall.replace(tzinfo=KAZAKHSTAN, fold=fold), wall.replace(tzinfo=almaty, fold=fold)
    assert ours.utcoffset() == theirs.utcoffset()


def test_the_zone_names_its_offset() -> None:
    assert datetime(2024, 2, 1, tzinfo=KAZAKHSTAN).tzname() == "UTC+6"
    assert datetime(2026, 2, 1, tzinfo=KAZAKHSTAN).tzname() == "UTC+5"
    assert repr(KAZAKHSTAN) == "KAZAKHSTAN"
    assert (KAZAKHSTAN.utcoffset(None), KAZAKHSTAN.dst(None), KAZAKHSTAN.tzname(None)) == (None, None, None)
