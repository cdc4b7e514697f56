"""Whole years between days, and how far a date may lie from today before the registry calls it a mistake."""

from __future__ import annotations

from datetime import date
from typing import Final

FAR: Final = 50
"""Years ahead, and for a leave back, that response codes 128, 131, 140, 141 and 142 allow."""


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 29 February becomes 28 February, and nothing lies before year 1."""
    if day.year <= years:
        return date.min
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def a_year_after(day: date) -> date:
    """The same day of the next year; 28 February for 29 February, and nothing lies after year 9999."""
    if day.year == date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def is_far_ahead(day: date, today: date) -> bool:
    """Whether ``day`` lies more than 50 years after ``today``."""
    return years_before(day, FAR) > today
