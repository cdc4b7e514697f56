"""Instants and lengths of time as a person reads them, in the language of the moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from usrec.domain.kazakhstan_time import KAZAKHSTAN
from usrec.interfaces.i18n import ntr, tr


def local_time(instant: datetime | None) -> str:
    """An instant on Kazakhstan's clock, to the minute."""
    return "" if instant is None else instant.astimezone(KAZAKHSTAN).strftime("%Y-%m-%d %H:%M")


def span(duration: timedelta) -> str:
    """A length of time in its two largest units: ``3 days 4 hours``."""
    minutes = int(abs(duration).total_seconds() // 60)
    parts = [(minutes // 1440, _days), (minutes // 60 % 24, _hours), (minutes % 60, _minutes)]
    while len(parts) > 1 and parts[0][0] == 0:
        parts.pop(0)
    return " ".join(words(number) for number, words in parts[:2] if number) or tr("less than a minute")


def _days(number: int) -> str:
    return ntr("{number} day", "{number} days", number)


def _hours(number: int) -> str:
    return ntr("{number} hour", "{number} hours", number)


def _minutes(number: int) -> str:
    return ntr("{number} minute", "{number} minutes", number)
