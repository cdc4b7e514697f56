"""Made-up people: common names in chance combinations, and numbers whose check digits are right.

The names stand in ``fixtures/demo/names.toml``. Nothing here knows a real person; an IIN is a chance birth date and
serial with its check digit (domain/identifiers).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final, Generic, TypeVar

from usrec.domain.identifiers import Sex, check_digit
from usrec.interfaces.demo.records import Employee, Post

_Card = TypeVar("_Card")

_KAZAKH_OF_TEN: Final = 7
_YOUNGEST: Final = timedelta(days=20 * 365)
_OLDEST: Final = timedelta(days=60 * 365)


@dataclass(frozen=True, slots=True)
class _Names:
    """Family and father's names come in pairs, for men and for women."""

    surnames: tuple[tuple[str, str], ...]
    male: tuple[str, ...]
    female: tuple[str, ...]
    patronymics: tuple[tuple[str, str], ...]


class Deck(Generic[_Card]):
    """Deals every card once before any comes again, so that rare names and letters are sure to appear."""

    def __init__(self, cards: Sequence[_Card], rng: Random) -> None:
        self._cards = list(cards)
        self._rng = rng
        self._left: list[_Card] = []

    def deal(self) -> _Card:
        """The next card."""
        if not self._left:
            self._left = self._rng.sample(self._cards, len(self._cards))
        return self._left.pop()


class _NameDecks:
    def __init__(self, names: _Names, rng: Random) -> None:
        self._surnames = Deck(names.surnames, rng)
        self._given = {Sex.MALE: Deck(names.male, rng), Sex.FEMALE: Deck(names.female, rng)}
        self._patronymics = Deck(names.patronymics, rng)

    def deal(self, sex: Sex) -> tuple[str, str, str]:
        """Family name, given name, father's name."""
        form = 0 if sex is Sex.MALE else 1
        return self._surnames.deal()[form], self._given[sex].deal(), self._patronymics.deal()[form]


class Crowd:
    """Issues employees one by one, no two with the same IIN.

    Args:
        rng: The only source of chance.
        today: Ages are counted from it.
    """

    def __init__(self, rng: Random, today: date) -> None:
        self._rng = rng
        self._today = today
        content = _content()
        self._kazakh = _NameDecks(_kazakh_names(content["kazakh"]), rng)
        self._russian = _NameDecks(_russian_names(content["russian"]), rng)
        self._issued: set[str] = set()

    def next_employee(self) -> Employee:
        """One more person."""
        number = len(self._issued)
        sex = self._rng.choice((Sex.MALE, Sex.FEMALE))
        decks = self._kazakh if number % 10 < _KAZAKH_OF_TEN else self._russian
        family_name, given_name, patronymic = decks.deal(sex)
        age = self._rng.randrange(_YOUNGEST.days, _OLDEST.days)
        birth_date = self._today - timedelta(days=age)
        return Employee(
            personnel_no=f"{number + 1:05d}",
            iin=self._new_iin(birth_date, sex),
            family_name=family_name,
            given_name=given_name,
            patronymic=patronymic,
            birth_date=birth_date,
            sex=sex,
        )

    def another_iin(self, employee: Employee) -> str:
        """Another IIN of the same person."""
        return self._new_iin(employee.birth_date, employee.sex)

    def _new_iin(self, birth_date: date, sex: Sex) -> str:
        century = 3 if birth_date.year < 2000 else 5
        lead = f"{birth_date:%y%m%d}{century + (sex is Sex.FEMALE)}"
        while True:
            iin = _complete(f"{lead}{self._rng.randrange(10_000):04d}")
            if iin is not None and iin not in self._issued:
                self._issued.add(iin)
                return iin


def make_bin(rng: Random, today: date) -> str:
    """The BIN of a resident legal entity, registered some years before ``today``."""
    while True:
        registered = today - timedelta(days=rng.randrange(3000, 8000))
        number = _complete(f"{registered:%y%m}40{rng.randrange(100_000):05d}")
        if number is not None:
            return number


def slip_of(number: str) -> str:
    """The same number with a slip of the pen in its last digit; it is no IIN any more."""
    return f"{number[:-1]}{(int(number[-1]) + 1) % 10}"


def company_names() -> tuple[str, str]:
    """The company's name in Russian and in Kazakh."""
    company = _content()["company"]
    return company["ru"], company["kk"]


def staff_schedule() -> tuple[Post, ...]:
    """All posts of the company."""
    return tuple(
        Post(department["name"], entry["code"], entry["post"])
        for department in _content()["department"]
        for entry in department["posts"]
    )


def _complete(prefix: str) -> str | None:
    digit = check_digit(prefix)
    return None if digit is None else f"{prefix}{digit}"


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads(files("usrec").joinpath("fixtures", "demo", "names.toml").read_text("utf-8"))


def _kazakh_names(table: dict[str, Any]) -> _Names:
    return _Names(
        surnames=tuple((name, name) for name in table["surnames"]),
        male=tuple(table["male"]),
        female=tuple(table["female"]),
        patronymics=tuple((f"{name}{table['son']}", f"{name}{table['daughter']}") for name in table["fathers"]),
    )


def _russian_names(table: dict[str, Any]) -> _Names:
    return _Names(
        surnames=tuple((man, woman) for man, woman in table["surnames"]),
        male=tuple(table["male"]),
        female=tuple(table["female"]),
        patronymics=tuple((man, woman) for man, woman in table["patronymics"]),
    )
