"""The fields of contract and agreement that came after 2018: term, place, working time, skills.

Source: the codes named at each rule. That a tariff rate belongs to part-time work (mode 3 of D_WORKING_HOURS) and to
no other is [assumed]; so are the lengths by which a term fits its period.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from usrec_simulator.dictionaries import Dictionary
from usrec_simulator.rules.book import Case
from usrec_simulator.rules.forms import coded, years_before

INDEFINITE: Final = "1"
YEAR_AT_LEAST: Final = "2"
FOREIGN_PERMIT: Final = "7"
CHILD_CARE: Final = "8"
WITH_END: Final = frozenset({YEAR_AT_LEAST, "3"})
"""Terms that always have a last day: D_CONTRACT_DATE 2 and 3; work, substitution, season and leave may lack one."""

PART_TIME: Final = "3"
KAZAKHSTAN: Final = "398"
FAR: Final = 50


def particulars(case: Case) -> Iterator[str]:
    """Everything that contract and agreement share."""
    yield from term_code(case)
    yield from place(case)
    yield from working_time(case)
    yield from skills(case)
    yield from auto_extension(case)


def term_code(case: Case) -> Iterator[str]:
    """The term is known, fits who works and has an end when its kind wants one."""
    code = case.text("term_code")
    yield from coded(case, code, Dictionary.TERM, "SCSE038", "SCSE081")
    end = case.day("end_date")
    if code in WITH_END and end is None:
        yield "SCSE054"
    if code == INDEFINITE and end is not None:
        yield "SCSE057"


def auto_extension(case: Case) -> Iterator[str]:
    """A period that goes on by itself: its kind is known, and the term that it follows is there [assumed]."""
    code = case.text("auto_extension_term_code")
    yield from coded(case, code, Dictionary.TERM, "SCSE038", "SCSE081")
    if code is not None and case.text("term_code") is None:
        yield "SCSE146"


def period(begin: date | None, case: Case, *, ends_too_late: str, begins_after_end: str) -> Iterator[str]:
    """The period of a term runs forward and does not end in another century."""
    end = case.day("end_date")
    if begin and end and begin > end:
        yield begins_after_end
    if end and years_before(end, FAR) > case.today:
        yield ends_too_late


def length(begin: date | None, case: Case) -> Iterator[str]:
    """A term of a year and more lasts so long, counted from the first day of the contract."""
    end = case.day("end_date")
    long = case.text("term_code") == YEAR_AT_LEAST
    if long and begin and end and years_before(end + timedelta(days=1), 1) < begin:
        yield "SCSE068"


def place(case: Case) -> Iterator[str]:
    """The place of work: a known country, and a KATO code in Kazakhstan only."""
    country, kato = case.text("country_code"), case.text("kato_code")
    yield from coded(case, country, Dictionary.COUNTRY, "SCSE107")
    if country == KAZAKHSTAN and kato is None:
        yield "SCSE105"
    if kato is not None and country not in {None, KAZAKHSTAN}:
        yield "SCSE108"
    yield from coded(case, kato, Dictionary.KATO, "SCSE073")
    yield from coded(case, case.text("work_kind_code"), Dictionary.WORK_KIND, "SCSE104")
    yield from coded(case, case.text("remote_work_code"), Dictionary.REMOTE_WORK, "SCSE150")


def working_time(case: Case) -> Iterator[str]:
    """A mode of working time, and with part-time work the share of the full time."""
    mode, rate = case.text("working_hours_code"), case.text("tariff_rate")
    yield from coded(case, mode, Dictionary.WORKING_HOURS, "SCSE075", "SCSE085")
    if rate is not None and mode is None:
        yield "SCSE074"
    if rate is not None and mode not in {None, PART_TIME}:
        yield "SCSE076"
    if rate is None and mode == PART_TIME:
        yield "SCSE077"
    if rate is not None and not _is_share(rate):
        yield "SCSE078"


def _is_share(rate: str) -> bool:
    try:
        return 0 < Decimal(rate) <= 1
    except InvalidOperation:
        return False


def skills(case: Case) -> Iterator[str]:
    """Personal qualities, professional skills and the post of the staff dictionary."""
    quality, skill, post = (
        case.text("personal_quality_code"),
        case.text("professional_skill_code"),
        case.text("established_post_code"),
    )
    yield from coded(case, quality, Dictionary.COMPETENCE, "SCSE027", "SCSE028")
    yield from coded(case, skill, Dictionary.COMPETENCE, "SCSE030", "SCSE031")
    yield from coded(case, post, Dictionary.STAFF_POST, "SCSE069", "SCSE082")
