"""What late events may cost, told to a person and as JSON. Never a sum of cases, never without what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from usrec.application.estimate_liability import Case, Estimate
from usrec.domain.liability import IN_FORCE, Assumption, Category, Fine, Standing
from usrec.interfaces.cli.tables import local_time, print_table, say, shown_id
from usrec.interfaces.cli.words import operation_name
from usrec.interfaces.i18n import N_, ntr, tr

TITLES: Final[Mapping[Standing, str]] = {
    Standing.LATE: N_("Registered late since {day}, the range for each if it is fined"),
    Standing.OPEN: N_("Overdue since {day} and not registered, the range for each if it is fined"),
    Standing.CONTINUING: N_("Late before {day} and not registered then: continuing, unsettled, no figure"),
    Standing.BEFORE: N_("Late and registered before {day}: not punishable under part 1-1, no figure"),
}

CATEGORIES: Final[Mapping[Category, str]] = {
    Category.SMALL: N_("small business"),
    Category.MEDIUM: N_("medium business"),
    Category.LARGE: N_("large business"),
    Category.NON_PROFIT: N_("non-profit organisation"),
    Category.NATURAL_PERSON: N_("natural person who is no entrepreneur"),
}

ASSUMPTIONS: Final[Mapping[Assumption, str]] = {
    Assumption.LEGAL_DATE: N_("A term ended on the legal date, as usrec deadline counts it."),
    Assumption.ENTERED_WHEN_RECORDED: N_("What is registered was entered when the agent recorded the answer."),
    Assumption.TRIED_SEVERAL_TIMES: N_(
        "Some were tried more than once: an earlier try may be the one that was entered."
    ),
    Assumption.NO_EARLIER_FINE: N_("No fine of the year before was told (--fined-on), so it is a first breach."),
    Assumption.REPEATED_UNSETTLED: N_(
        "A fine of the year before was told: the range covers part 1-1 and part 2-1 (repeated within a year)."
    ),
    Assumption.CATEGORY_UNKNOWN: N_("The employer's category was not told (--category): the range covers all."),
    Assumption.MCI_YEAR: N_("The MCI of the year counts in which the case is opened, as if that were by today."),
    Assumption.MCI_UNKNOWN: N_("The MCI of a year that may count is not known (--mci), so there are no sums in tenge."),
}

_PRICED: Final = (Standing.LATE, Standing.OPEN)
_ADVICE: Final = N_("An estimate from this ledger by our reading of the law, not legal advice.")
_SCOPE: Final = N_(
    "Only lateness shows in the ledger; incomplete or incorrect data do not. A fine follows an inspection only, and "
    "mitigating circumstances are not weighed."
)
_NO_SUM: Final = N_("No sum is given: whether several late events are one case or several is not told by the law.")
_UNNAMED: Final = N_("The sanction does not name natural persons who are no entrepreneurs, so there is no figure.")


def print_estimate(estimate: Estimate) -> None:
    """The page for a person."""
    say(tr("At {time} in Kazakhstan").format(time=local_time(estimate.at)))
    say(tr(_ADVICE))
    if estimate.told.category is not None:
        say(tr("Employer: {category}").format(category=tr(CATEGORIES[estimate.told.category])))
    for standing in Standing:
        cases = [case for case in estimate.cases if case.liability.standing is standing]
        if cases:
            _print_cases(standing, cases, estimate)
    if not estimate.cases:
        say(tr("Nothing in this ledger is late."))
    for line in _remarks(estimate):
        say(line)


def _print_cases(standing: Standing, cases: list[Case], estimate: Estimate) -> None:
    say("")
    say(f"{tr(TITLES[standing]).format(day=IN_FORCE.isoformat())}: {len(cases)}")
    priced = standing in _PRICED
    headings = [tr("id"), tr("event"), tr("last day"), tr("registered"), tr("days late")]
    print_table(
        [*headings, *([tr("official"), tr("employer")] if priced else [])],
        [_cells(case, estimate, priced=priced) for case in cases],
    )


def _cells(case: Case, estimate: Estimate, *, priced: bool) -> list[str]:
    row, found = case.row, case.liability
    day = "" if row.legal_date is None else row.legal_date.isoformat()
    facts = [shown_id(row.id), operation_name(row.operation), day, local_time(case.registered_at)]
    fines = [_fine_words(found.official), _fine_words(found.employer)] if priced else []
    return [*facts, str(case.days_late(estimate.at)), *fines]


def _fine_words(fine: Fine | None) -> str:
    if fine is None:
        return tr("no figure")
    indices = tr("{range} MCI").format(range=_range(*fine.indices))
    return indices if fine.tenge is None else tr("{range} tenge").format(range=_range(*fine.tenge)) + f" ({indices})"


def _range(least: int | Decimal, most: int | Decimal) -> str:
    return f"{least:,}".replace(",", " ") if least == most else f"{least:,}-{most:,}".replace(",", " ")


def _remarks(estimate: Estimate) -> Iterator[str]:
    """What the figures rest on, and what is not among them."""
    priced = [case for case in estimate.cases if case.liability.standing in _PRICED]
    assumed = {one for case in priced for one in case.liability.assumptions}
    if estimate.cases:
        yield ""
    years = sorted({year for case in priced for year in case.liability.mci_years} & set(estimate.told.mci))
    yield from (
        tr("One MCI of {year} is {tenge} tenge.").format(year=year, tenge=estimate.told.mci[year]) for year in years
    )
    if assumed:
        yield tr("Assumed:")
        yield from (f"  {tr(text)}" for one, text in ASSUMPTIONS.items() if one in assumed)
    if priced and estimate.told.category is Category.NATURAL_PERSON:
        yield tr(_UNNAMED)
    if priced:
        yield tr(_NO_SUM)
    yield tr(_SCOPE)
    if estimate.undated:
        yield ntr(
            "{number} open event has no legal date yet; nothing can be said of it.",
            "{number} open events have no legal date yet; nothing can be said of them.",
            estimate.undated,
        )


def estimate_json(estimate: Estimate) -> dict[str, object]:
    """The keys that scripts rely on; tenge as text, so that no reader makes a fraction of them."""
    return {
        "at": estimate.at,
        "legal_advice": False,
        "category": estimate.told.category,
        "fined_on": estimate.told.fined_on,
        "mci": {str(year): tenge for year, tenge in sorted(estimate.told.mci.items())},
        "by_standing": {one: sum(case.liability.standing is one for case in estimate.cases) for one in Standing},
        "cases": [_case_json(case, estimate) for case in estimate.cases],
        "undated": estimate.undated,
    }


def _case_json(case: Case, estimate: Estimate) -> dict[str, object]:
    row, found = case.row, case.liability
    return {
        "id": row.id,
        "employer": row.employer,
        "operation": row.operation,
        "event_id": row.event_id,
        "legal_date": row.legal_date,
        "registered_at": case.registered_at,
        "days_late": case.days_late(estimate.at),
        "standing": found.standing,
        "official": _fine_json(found.official),
        "employer_fine": _fine_json(found.employer),
        "parts": found.parts,
        "mci_years": found.mci_years,
        "assumptions": found.assumptions,
    }


def _fine_json(fine: Fine | None) -> dict[str, object] | None:
    if fine is None:
        return None
    least, most = fine.tenge or (None, None)
    return {"mci_min": fine.indices[0], "mci_max": fine.indices[1], "tenge_min": least, "tenge_max": most}
