"""The official days of Kazakhstan: day by day where a table is at hand, and the days that other tables get wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.adapters.calendar.kazakhstan import CHECKED_YEARS, KazakhstanCalendar

REFERENCE = Path(__file__).resolve().parents[4] / "shared" / "reference" / "calendar.json"

TRANSFERRED_WORKING_WEEKENDS = [
    "2020-01-05", "2020-12-20", "2021-07-03", "2022-03-05", "2022-08-27", "2022-10-22", "2023-07-01", "2024-05-04",
    "2025-01-05",
]  # fmt: skip
RESTED_FOR_THEM = [
    "2020-01-03", "2020-12-18", "2021-07-05", "2022-03-07", "2022-08-29", "2022-10-24", "2023-07-07", "2024-05-08",
    "2025-01-03",
]  # fmt: skip
OFF = {
    "2020-05-08": "rest day transferred from a shifted holiday",
    "2020-12-01": "First President Day, still a holiday",
    "2021-12-17": "second day of Independence Day, still a holiday",
    "2022-05-10": "Defender Day shifted over Victory Day",
    "2022-10-25": "Republic Day, restored in 2022",
    "2023-06-28": "Kurban Ait",
    "2025-06-06": "Kurban Ait",
    "2025-09-01": "Constitution Day shifted from Saturday",
    "2026-01-07": "Orthodox Christmas",
    "2026-03-24": "Nauryz shifted from Saturday",
    "2026-03-25": "Nauryz shifted from Sunday",
    "2026-05-11": "Victory Day shifted from Saturday",
    "2026-05-27": "Kurban Ait",
    "2026-10-26": "Republic Day shifted from Sunday",
    "2027-03-15": "Constitution Day of the new Constitution",
    "2028-01-03": "New Year shifted from Saturday",
    "2035-12-17": "Independence Day shifted from Sunday",
}
WORKED = {
    "2020-05-11": "worked for 8 May",
    "2022-07-11": "Kurban Ait on a Saturday does not shift",
    "2022-12-01": "First President Day was abolished",
    "2024-01-08": "Christmas on a Sunday does not shift",
    "2024-06-17": "Kurban Ait on a Sunday does not shift; a rest day was announced and withdrawn",
    "2024-12-17": "second day of Independence Day was abolished",
    "2026-08-31": "the old Constitution Day was dropped already in 2026",
    "2027-08-30": "the old Constitution Day",
    "2035-08-30": "the old Constitution Day",
}


@pytest.fixture(scope="module")
def calendar() -> KazakhstanCalendar:
    return KazakhstanCalendar()


@pytest.mark.parametrize("day", TRANSFERRED_WORKING_WEEKENDS)
def test_a_transferred_weekend_day_is_worked(calendar: KazakhstanCalendar, day: str) -> None:
    assert date.fromisoformat(day).weekday() >= 5
    assert calendar.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", RESTED_FOR_THEM)
def test_the_weekday_of_a_transfer_is_off(calendar: KazakhstanCalendar, day: str) -> None:
    assert date.fromisoformat(day).weekday() < 5
    assert not calendar.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(("day", "why"), OFF.items())
def test_a_holiday_or_its_shift_is_off(calendar: KazakhstanCalendar, day: str, why: str) -> None:
    assert date.fromisoformat(day).weekday() < 5
    assert not calendar.is_working_day(date.fromisoformat(day)), why


@pytest.mark.parametrize(("day", "why"), WORKED.items())
def test_a_day_that_looks_like_a_holiday_is_worked(calendar: KazakhstanCalendar, day: str, why: str) -> None:
    assert date.fromisoformat(day).weekday() < 5
    assert calendar.is_working_day(date.fromisoformat(day)), why


def test_every_day_of_the_official_calendars_agrees(calendar: KazakhstanCalendar) -> None:
    if not REFERENCE.exists():
        pytest.skip("the reference calendars are not beside this checkout")
    years = json.loads(REFERENCE.read_text(encoding="utf-8"))
    differing = []
    for year in range(2020, 2028):
        off = set(years[str(year)]["non_working_weekdays"])
        worked = set(years[str(year)]["working_weekends"])
        for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days):
            day = date(year, 1, 1) + timedelta(days=number)
            expected = day.isoformat() in worked if day.weekday() >= 5 else day.isoformat() not in off
            if calendar.is_working_day(day) is not expected:
                differing.append(day.isoformat())
    assert differing == []


def test_a_transfer_from_the_year_before_is_known_whatever_is_asked_first() -> None:
    assert KazakhstanCalendar().is_working_day(date(2013, 12, 28))
    later_first = KazakhstanCalendar()
    assert not later_first.is_working_day(date(2014, 1, 3))
    assert later_first.is_working_day(date(2013, 12, 28))


@given(days=st.lists(st.dates(date(2020, 1, 1), date(2040, 12, 31)), min_size=1, max_size=20))
def test_answers_do_not_depend_on_what_was_asked_before(days: list[date]) -> None:
    forward, backward = KazakhstanCalendar(), KazakhstanCalendar()
    assert [forward.is_working_day(day) for day in days] == [backward.is_working_day(day) for day in reversed(days)][
        ::-1
    ]


@given(day=st.dates(date(2026, 1, 1), date(2100, 12, 31)))
def test_far_years_never_rest_longer_than_nine_days(day: date) -> None:
    rolled = KazakhstanCalendar().roll_forward(day)
    assert rolled - day <= timedelta(days=9)


def test_kurban_ait_is_computed_for_every_year_that_a_deadline_may_reach() -> None:
    from holidays import country_holidays

    known = country_holidays("KZ", years=range(2020, 2101), language="en_US")
    found = {day.year for day, name in known.items() if "Eid al-Adha" in name}
    assert found == set(range(2020, 2101))


def test_the_version_names_the_library_and_a_release_that_is_right_for_2026(calendar: KazakhstanCalendar) -> None:
    name, _, number = calendar.version.partition("-")
    major, minor = (int(part) for part in number.split(".")[:2])
    assert name == "holidays"
    assert (major, minor) >= (0, 109)


def test_importing_the_adapter_does_not_load_the_library() -> None:
    check = (
        "import sys, usrec.adapters.calendar.kazakhstan as k; k.KazakhstanCalendar(); print('holidays' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_year_that_counts_as_checked_is_in_the_comparison_above(calendar: KazakhstanCalendar) -> None:
    assert set(CHECKED_YEARS) <= set(range(2020, 2028))
    assert [year for year in range(2019, 2030) if calendar.is_checked(year)] == list(CHECKED_YEARS)


def test_kurban_ait_of_a_year_that_was_not_checked_may_be_worked(calendar: KazakhstanCalendar) -> None:
    ait = date(2029, 4, 24)
    assert calendar.names(2029)[ait] == "Eid al-Adha (estimated)"
    assert not calendar.is_working_day(ait)
    assert calendar.may_be_worked(ait)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-05-27", "Kurban Ait of a year that was compared with the official calendar"),
        ("2032-03-22", "estimated, but Nauryz all the same"),
        ("2027-05-16", "an estimated Kurban Ait on a Sunday"),
        ("2027-01-07", "Christmas"),
    ],
)
def test_a_day_off_without_a_doubt_is_never_counted(calendar: KazakhstanCalendar, day: str, why: str) -> None:
    assert not calendar.may_be_worked(date.fromisoformat(day)), why


@given(day=st.dates(date(2020, 1, 1), date(2099, 12, 31)))
def test_the_strictest_reader_counts_every_working_day(day: date) -> None:
    calendar = KazakhstanCalendar()
    assert calendar.may_be_worked(day) >= calendar.is_working_day(day)


def test_the_rules_are_the_packages_own_for_every_year(calendar: KazakhstanCalendar) -> None:
    import holidays

    for year in range(2015, 2046):
        theirs = holidays.country_holidays("KZ", years=year, expand=False, language="en_US")
        assert calendar.names(year) == dict(theirs)
        days = [date(year, 1, 1) + timedelta(days) for days in range(365)]
        assert [calendar.is_working_day(day) for day in days] == [theirs.is_working_day(day) for day in days]


def test_no_other_countrys_rules_are_loaded() -> None:
    script = (
        "import sys; from datetime import date; from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar\n"
        "KazakhstanCalendar().is_working_day(date(2026, 11, 23))\n"
        "print(*[name for name in sys.modules if name.startswith('holidays.countries')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""
