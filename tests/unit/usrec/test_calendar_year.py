"""`usrec calendar`: a year as a person compares it with the official one."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from support.plain_settings import PLAIN
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.calendar.year import CalendarYear, Why, read_year
from usrec.domain.working_calendar import CalendarOverrides
from usrec.interfaces.cli.app import app
from usrec.interfaces.cli.calendar import HOLIDAYS

OFFICIAL = KazakhstanCalendar()
SETTINGS = f"""{PLAIN}
[calendar]
days_off = [2027-10-22]
working_days = [2027-10-30, 2027-05-10]
"""


def reasons(found: CalendarYear) -> dict[str, tuple[bool, Why, str]]:
    return {one.day.isoformat(): (one.worked, one.why, one.name) for one in found.unusual}


def test_a_year_tells_its_working_days_and_what_differs_from_monday_to_friday() -> None:
    found = read_year(2025, OFFICIAL, OFFICIAL)
    told = reasons(found)
    assert (found.working_days, found.checked, found.months[0]) == (246, True, 20)
    assert told["2025-01-01"] == (False, Why.HOLIDAY, "New Year's Day")
    assert told["2025-01-03"] == (False, Why.TRANSFER, "")
    assert told["2025-01-05"] == (True, Why.TRANSFER, "")
    assert told["2025-03-10"] == (False, Why.MOVED, "International Women's Day")
    assert told["2025-06-06"] == (False, Why.HOLIDAY, "Eid al-Adha")
    assert "2025-03-08" not in told, "a holiday on a Saturday is a day off anyway"


def test_the_sum_of_2026_is_the_published_one_and_the_day_that_became_a_working_one() -> None:
    """246 were published before 31 August was dropped from the holidays (taspanews.kz, 18 March 2026)."""
    assert read_year(2026, OFFICIAL, OFFICIAL).working_days == 246 + 1


def test_an_estimated_day_is_told_also_on_a_weekend() -> None:
    assert reasons(read_year(2027, OFFICIAL, OFFICIAL))["2027-05-16"] == (False, Why.ESTIMATE, "Eid al-Adha")
    assert "2026-05-27" in reasons(read_year(2026, OFFICIAL, OFFICIAL))
    assert all(why is not Why.ESTIMATE for _, why, _ in reasons(read_year(2026, OFFICIAL, OFFICIAL)).values())


def test_days_of_the_settings_are_told_as_such() -> None:
    changed = CalendarOverrides(
        OFFICIAL, frozenset({date(2027, 10, 30), date(2027, 5, 10)}), frozenset({date(2027, 10, 22)})
    )
    found = read_year(2027, changed, OFFICIAL)
    told = reasons(found)
    assert told["2027-10-22"] == (False, Why.SETTINGS, "")
    assert told["2027-10-30"] == (True, Why.SETTINGS, "")
    assert told["2027-05-10"] == (True, Why.SETTINGS, "Victory Day")
    assert found.working_days == read_year(2027, OFFICIAL, OFFICIAL).working_days + 1


def test_every_holiday_of_the_library_has_our_word() -> None:
    named = {one.name for year in range(2020, 2100) for one in read_year(year, OFFICIAL, OFFICIAL).unusual}
    assert named - {""} <= set(HOLIDAYS)


def asked(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["calendar", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_page_says_whether_the_year_was_checked_and_what_the_settings_change(tmp_path: Path) -> None:
    file = tmp_path / "usrec.toml"
    file.write_text(SETTINGS, "utf-8")
    page = asked("2027", "--config", str(file))
    assert "Not checked: this release does not know the official calendar of 2027" in page
    assert "2027-10-22  Friday           day off  [calendar] of the settings" in page
    assert "2027-05-10  Monday           worked   [calendar] of the settings" in page
    assert "Kurban Ait, estimated: give or take a day" in page

    file.write_text(f"{SETTINGS}checked_years = [2027]\n", "utf-8")
    assert "This year was compared with the official calendar." in asked("2027", "--config", str(file))


def test_the_page_names_the_table_that_a_day_comes_from_also_where_an_employer_has_its_own(tmp_path: Path) -> None:
    file = tmp_path / "usrec.toml"
    file.write_text(
        f"{SETTINGS}[employer.main.calendar]\ndays_off = [2027-10-21]\nworking_days = [2027-10-22]\n", "utf-8"
    )
    number = tomllib.loads(PLAIN)["employer"]["main"]["bin"]
    for asked_for in ([], ["--employer", "main"], ["--employer", number]):
        page = asked("2027", "--config", str(file), *asked_for)
        assert "2027-10-21  Thursday         day off  [employer.main.calendar] of the settings" in page
        assert "2027-10-30  Saturday         worked   [calendar] of the settings" in page
        assert "2027-10-22" not in page, "worked as on any Friday"


def test_json_needs_no_settings_and_takes_the_present_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("USREC_CONFIG", raising=False)
    told: Any = json.loads(asked("--json"))
    assert told["year"] >= 2026
    assert told["working_days"] == sum(told["by_month"].values())
    assert told["version"].startswith("holidays-")


def test_a_year_outside_the_order_is_refused() -> None:
    assert CliRunner().invoke(app, ["calendar", "2019"]).exit_code == 2
