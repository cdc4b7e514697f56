"""`usrec authority` and `usrec calendar` on a screen: whole sentences, in the reader's language, nothing cut out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from support.languages import CYRILLIC, TRANSLATED, english_words
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.adapters.calendar.year import read_year
from usrec.domain.authority import Appointment, Authority, AuthorityFinding, SigningCertificate
from usrec.domain.source_event import EmployerName
from usrec.interfaces.authority_words import WORDS, finding_words
from usrec.interfaces.cli.authority import authority_words
from usrec.interfaces.cli.calendar import calendar_words, unusual_row
from usrec.interfaces.i18n import use_language

TODAY = date(2026, 11, 22)
KEY = SigningCertificate(
    "123456789012345678901234567890123456789a",
    "ab" * 32,
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 12, 1, tzinfo=UTC),
    head=False,
)
ORDERS = (
    Appointment("12", date(2026, 1, 9), date(2026, 1, 12), date(2026, 11, 30), certificate="77"),
    Appointment("13", date(2026, 1, 9), date(2026, 12, 12), deputy=True),
)
SETTINGS = {"employer", "NAME", "order", "signed_by_head", "true", "valid_until", "deputy", "usrec", "authority"}
SETTINGS |= {"calendar", "working_days", "days_off", "checked_years", "holidays", "a"}


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


def page() -> list[str]:
    employers = [
        Authority(EmployerName("main"), signed_by_head=False, certificate=KEY, appointments=ORDERS),
        Authority(EmployerName("main"), signed_by_head=True, certificate=None, signs="file"),
        Authority(EmployerName("main"), signed_by_head=True, certificate=None, signs="owner"),
    ]
    return list(authority_words(employers, TODAY))


def test_the_page_names_order_certificate_term_and_warnings() -> None:
    assert page() == [
        "Authority to sign on 2026-11-22",
        "",
        "main:",
        "  Certificate 1234 5678 9012 3456 7890 1234 5678 9012 3456 789a, until 2026-12-01",
        "  Order 12 of 2026-01-09: from 2026-01-12 to 2026-11-30, certificate 77",
        "  Deputy, order 13 of 2026-01-09: from 2026-12-12, without an end (not in force)",
        (
            "  Warning: order 12 ends on 2026-11-30 and no other follows it. Have the employer sign a new order and "
            "put it into [[employer.NAME.order]]; keep the old one there."
        ),
        (
            "  Warning: no deputy's order is in force; order 13 begins on 2026-12-12. Until that day nobody may "
            "stand in; if there is another order, put it on record."
        ),
        (
            "  Warning: the key's certificate is named by no order in force. Put its serial number (usrec authority "
            "shows it) into the order that its holder was appointed by."
        ),
        "",
        "main:",
        "  The employer's first head, or the entrepreneur, signs.",
        "  The key cannot be read.",
        "  Nothing is wrong.",
        "",
        "main:",
        "  The employer's first head, or the entrepreneur, signs.",
        "  The owner signs by hand; each signature shows its certificate.",
        "  Nothing is wrong.",
    ]


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_pages_are_wholly_in_the_readers_language(language: str) -> None:
    use_language(language)
    official = KazakhstanCalendar()
    years = [read_year(year, official, official) for year in (2020, 2025, 2027)]
    lines = [*page(), *(line for year in years for line in calendar_words(year))]
    lines += [cell for year in years for one in year.unusual for cell in unusual_row(one)]
    lines += [text for problem in WORDS for text in finding_words(AuthorityFinding(problem, "12", TODAY))]
    assert len([line for line in lines if CYRILLIC.search(line)]) > 100
    assert not english_words("\n".join(lines)) - SETTINGS
