"""What late events may cost: which breaches art. 98 knows, whose fine, whose year, and what is never told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import typer

from support.line import TIMEOUT, Line
from usrec.application.estimate_liability import Estimate, estimate_liability
from usrec.domain.kazakhstan_time import day_end_utc
from usrec.domain.liability import (
    IN_FORCE,
    MCI,
    Assumption,
    Breach,
    Category,
    Circumstances,
    Liability,
    Part,
    Standing,
    assess,
)
from usrec.domain.source_event import EmployerName
from usrec.interfaces.cli.liability import _day_of_fine, _more_years
from usrec.interfaces.cli.liability_words import ASSUMPTIONS, CATEGORIES, TITLES, estimate_json, print_estimate
from usrec.interfaces.i18n import LANGUAGES, in_language, use_language

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


def late(last_day: date = date(2026, 11, 10), *, entered: datetime | None = None, tries: int = 1) -> Breach:
    return Breach(day_end_utc(last_day), entered, tries)


def told(breach: Breach, now: datetime = NOW, **circumstances: Any) -> Liability:
    found = assess(breach, Circumstances(**circumstances), now)
    assert found is not None
    return found


def employer_of(found: Liability) -> tuple[object, object]:
    assert found.employer is not None
    return found.employer.indices, found.employer.tenge


@pytest.mark.parametrize(
    ("category", "indices", "tenge"),
    [
        (Category.SMALL, (60, 60), (259_500, 259_500)),
        (Category.NON_PROFIT, (60, 60), (259_500, 259_500)),
        (Category.MEDIUM, (80, 80), (346_000, 346_000)),
        (Category.LARGE, (150, 150), (648_750, 648_750)),
        (None, (60, 150), (259_500, 648_750)),
    ],
)
def test_fine_is_that_of_the_category_and_an_unknown_one_spans_all(
    category: Category | None, indices: tuple[int, int], tenge: tuple[int, int]
) -> None:
    found = told(late(), category=category)
    assert employer_of(found) == (indices, tenge)
    assert found.official is not None
    assert found.official.tenge is not None
    assert found.official.indices == (30, 30)
    assert found.official.tenge == (Decimal(129_750), Decimal(129_750))
    assert {type(one) for one in found.official.tenge} == {Decimal}
    assert (Assumption.CATEGORY_UNKNOWN in found.assumptions) == (category is None)


def test_natural_person_has_no_figure_at_all() -> None:
    found = told(late(), category=Category.NATURAL_PERSON)
    assert (found.standing, found.official, found.employer, found.parts) == (Standing.OPEN, None, None, ())


def test_what_was_in_time_or_still_is_costs_nothing() -> None:
    """A day ends at 24:00 in Kazakhstan; its last instant is in time, the next is not."""
    end = day_end_utc(date(2026, 11, 10))
    assert assess(late(entered=end - timedelta(microseconds=1)), Circumstances(), NOW) is None
    assert assess(late(), Circumstances(), end - timedelta(microseconds=1)) is None
    assert told(late(entered=end)).standing is Standing.LATE
    assert told(late(), now=end).standing is Standing.OPEN


@pytest.mark.parametrize(
    ("last_day", "entered", "standing"),
    [
        (IN_FORCE - DAY, None, Standing.OPEN),
        (IN_FORCE - DAY, NOW, Standing.LATE),
        (IN_FORCE - 2 * DAY, None, Standing.CONTINUING),
        (IN_FORCE - 2 * DAY, NOW, Standing.CONTINUING),
        (IN_FORCE - 9 * DAY, day_end_utc(IN_FORCE - DAY), Standing.CONTINUING),
        (IN_FORCE - 9 * DAY, day_end_utc(IN_FORCE - DAY) - timedelta(seconds=1), Standing.BEFORE),
    ],
)
def test_only_a_breach_that_began_when_the_law_was_in_force_has_a_figure(
    last_day: date, entered: datetime | None, standing: Standing
) -> None:
    """One that went on over that day stands apart as unsettled, one that was over is not punishable."""
    found = told(late(last_day, entered=entered), category=Category.LARGE, fined_on=IN_FORCE)
    assert found.standing is standing
    assert (found.employer is None) == (found.official is None) == (standing in {Standing.CONTINUING, Standing.BEFORE})


@pytest.mark.parametrize(
    ("fined_on", "repeated"),
    [
        (None, False),
        (date(2026, 11, 11), False),
        (date(2026, 11, 10), True),
        (date(2025, 11, 11), True),
        (date(2025, 11, 10), False),
    ],
)
def test_repeated_only_within_a_year_after_a_fine_that_was_told(fined_on: date | None, *, repeated: bool) -> None:
    """The breach began on 11 November 2026. Then it is a range over both parts, for it is not certain either."""
    found = told(late(), category=Category.SMALL, fined_on=fined_on)
    assert employer_of(found) == (((60, 80), (259_500, 346_000)) if repeated else ((60, 60), (259_500, 259_500)))
    assert found.parts == ((Part.FIRST, Part.REPEATED) if repeated else (Part.FIRST,))
    assert (Assumption.REPEATED_UNSETTLED in found.assumptions) is repeated
    assert (Assumption.NO_EARLIER_FINE in found.assumptions) is not repeated


def test_year_after_a_fine_on_a_leap_day_ends_on_the_28th() -> None:
    fined_on = date(2028, 2, 29)
    ends = [told(late(day), fined_on=fined_on, now=NOW.replace(year=2030)) for day in (date(2029, 2, 27), fined_on)]
    assert [Part.REPEATED in one.parts for one in ends] == [True, True]
    after = told(late(date(2029, 2, 28)), fined_on=fined_on, now=NOW.replace(year=2030))
    assert after.parts == (Part.FIRST,)


def test_sums_span_the_indices_of_all_years_that_may_count_and_fail_with_one_unknown() -> None:
    """The case may be opened in any year since the breach; an MCI that is not known is never guessed."""
    next_year = NOW.replace(year=2027)
    unknown = told(late(), now=next_year, category=Category.SMALL)
    assert employer_of(unknown) == ((60, 60), None)
    assert unknown.mci_years == (2026, 2027)
    assert Assumption.MCI_UNKNOWN in unknown.assumptions
    known = told(late(), now=next_year, category=Category.SMALL, mci={**MCI, 2027: 4500})
    assert employer_of(known) == ((60, 60), (259_500, 270_000))
    assert Assumption.MCI_UNKNOWN not in known.assumptions


def test_what_was_tried_several_times_may_have_been_entered_earlier() -> None:
    entered = day_end_utc(date(2026, 11, 12))
    assert Assumption.TRIED_SEVERAL_TIMES in told(late(entered=entered, tries=2)).assumptions
    assert Assumption.TRIED_SEVERAL_TIMES not in told(late(entered=entered)).assumptions
    assert Assumption.TRIED_SEVERAL_TIMES not in told(late(tries=2)).assumptions


def estimated(line: Line, **circumstances: Any) -> Estimate:
    told_of = Circumstances(**circumstances)
    return estimate_liability(view=line.ledger.view, clock=line.clock, told=told_of)


@pytest.fixture
def books(line: Line) -> Line:
    """One event in time, one registered late after a doubt, one overdue, one cancelled late, one of before the law."""
    line.clock.set(datetime(2026, 2, 20, 6, tzinfo=UTC))
    old = date(2026, 2, 2).isoformat()
    line.take("old", contract="K-0", contract_date=old, signed_on=old, begin_date=old)
    line.hold("old")
    line.clock.set(datetime(2026, 11, 16, 6, tzinfo=UTC))
    line.register("in-time", contract="K-1")
    for number, name in enumerate(["late", "open", "cancelled"], start=2):
        line.take(name, contract=f"K-{number}")
        line.hold(name)
    line.clock.advance(10 * DAY)
    line.release("late")
    line.send(TIMEOUT)
    line.clock.advance(timedelta(hours=1))
    line.deliver_all()
    line.cancel("cancelled")
    return line


def test_survey_finds_what_is_late_and_nothing_else(books: Line) -> None:
    estimate = estimated(books, category=Category.MEDIUM)
    found = {case.row.event_id: case.liability.standing for case in estimate.cases}
    assert found == {"late": Standing.LATE, "open": Standing.OPEN, "old": Standing.CONTINUING}
    (entered,) = [case for case in estimate.cases if case.row.event_id == "late"]
    assert entered.registered_at == books.of("late").decided_at
    assert entered.days_late(estimate.at) == 3
    assert Assumption.TRIED_SEVERAL_TIMES in entered.liability.assumptions
    nobody = estimate_liability(
        view=books.ledger.view, clock=books.clock, told=Circumstances(), employer=EmployerName("another")
    )
    assert (nobody.cases, nobody.undated) == ([], 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_tells_ranges_and_assumptions_and_never_a_sum(
    books: Line, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    books.enter("undated", contract="K-9", payload="{}")
    books.ingest()
    estimate = estimated(books)
    with in_language(language):
        print_estimate(estimate)
    page = capsys.readouterr().out
    assert page.count("259 500-648 750") == 2
    assert page.count("129 750") == 2
    assert "648 750" not in page.replace("259 500-648 750", "")
    expected = {
        "en": ["not legal advice", "continuing, unsettled", "Assumed:", "No sum is given", "1 open event has no"],
        "ru": ["не юридическая консультация", "длящиеся", "Принято:", "Сумма не", "без последнего дня"],
        "kk": ["заңгерлік кеңес емес", "жалғасып", "Қабылданғаны:", "Жалпы сома", "мерзімінің соңғы күні"],
    }
    assert [words for words in expected[language] if words not in page] == []


def test_page_of_a_ledger_without_lateness_says_so(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    print_estimate(estimated(line, category=Category.NATURAL_PERSON))
    assert "Nothing in this ledger is late." in capsys.readouterr().out


def test_page_of_a_natural_person_has_no_money(books: Line, capsys: pytest.CaptureFixture[str]) -> None:
    print_estimate(estimated(books, category=Category.NATURAL_PERSON))
    page = capsys.readouterr().out
    assert page.count("no figure") >= 4
    assert "MCI" not in page
    assert "does not name natural persons" in page


def test_json_has_no_total_and_tenge_as_text(books: Line) -> None:
    answer: Any = estimate_json(estimated(books, category=Category.SMALL))
    fines = {case["event_id"]: case["employer_fine"] for case in answer["cases"]}
    assert fines["old"] is None
    assert {key: str(value) for key, value in fines["open"].items()} == {
        "mci_min": "60",
        "mci_max": "60",
        "tenge_min": "259500",
        "tenge_max": "259500",
    }
    assert answer["by_standing"] == {"late": 1, "open": 1, "continuing": 1, "before": 0}
    assert not [key for key in answer if "total" in key or "sum" in key]


def test_every_word_has_a_sentence() -> None:
    assert set(TITLES) == set(Standing)
    assert set(CATEGORIES) == set(Category)
    assert set(ASSUMPTIONS) == set(Assumption)


@pytest.mark.parametrize("typed", ["2027", "2027=", "2027=0", "2027=4,5", "27=4500", "2026=4500"])
def test_an_index_is_a_year_and_whole_tenge_and_never_contradicts_what_is_known(typed: str) -> None:
    with pytest.raises(typer.BadParameter):
        _more_years([typed])


def test_an_index_of_another_year_is_taken() -> None:
    assert _more_years(["2027=4500", "2026=4325"]) == {2027: 4500, 2026: 4325}


def test_a_fine_of_before_the_law_is_refused() -> None:
    assert _day_of_fine(datetime(2026, 3, 12)) == IN_FORCE  # noqa: DTZ001 -- a day as typer gives it
    with pytest.raises(typer.BadParameter):
        _day_of_fine(datetime(2026, 3, 11))  # noqa: DTZ001 -- likewise
