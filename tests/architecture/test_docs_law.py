"""The explanation pages say what the code does: terms and editions of Order 353, and the decision table."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product

import pytest

from support.markdown import code, only_code, read, section, table
from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.domain import verdict
from usrec.domain.deadline import (
    ORDER_278_IN_FORCE,
    ORDER_353_IN_FORCE,
    ORDER_442_IN_FORCE,
    Deadline,
    DeadlineEvent,
    Edition,
    compute_deadline,
    edition_on,
)
from usrec.domain.liability import _EMPLOYER, _OFFICIAL, MCI, Assumption, Category, Part
from usrec.domain.liability import Standing as LateStanding
from usrec.domain.outcome import (
    Doubt,
    Faulted,
    NothingSent,
    Refused,
    Registered,
    ReplyProof,
    SubmissionOutcome,
    Unknown,
)
from usrec.domain.response_code import Policy
from usrec.domain.source_event import Operation
from usrec.domain.state import Move
from usrec.domain.verdict import NOT_PROCESSED_FAULTS, TIME_DEPENDENT, Next, Standing, Verdict, decide

DEADLINES = read("explanation/deadlines.md")
LAW = read("explanation/law.md")
GUARANTEES = read("explanation/guarantees.md")
TERMS = table(section(DEADLINES, "The terms"), "event")
CALENDAR = KazakhstanCalendar()
ROWS = table(section(GUARANTEES, "The decision table"), "outcome")
LAW_TERMS = table(section(LAW, "Terms"), "event")

OWN_ID = "own-record-id"
PROOF = ReplyProof("digest", datetime(2026, 11, 22, tzinfo=UTC), "message", None, b"")


def _refused(*codes: str) -> list[SubmissionOutcome]:
    return [Refused(f"SCSE{code}", "", PROOF) for code in codes]


def _faulted(*codes: str) -> list[SubmissionOutcome]:
    return [Faulted(code, "", PROOF) for code in codes]


ANY_OTHER = _refused("003", "012", "026", "285", "999")
POLICIES: dict[str, Policy] = {
    "policy retry": Policy.RETRY,
    "... no day is left": Policy.RETRY,
    "policy confirm": Policy.CONFIRM_THEN_ACCEPT,
    "policy other_party": Policy.OTHER_PARTY,
    "... a revision waits": Policy.OTHER_PARTY,
    "policy stop": Policy.STOP_EVERYTHING,
    "policy fix_and_resend": Policy.FIX_AND_RESEND,
}
"""Rows that hold for one policy; the others hold for all."""
PROSPECTS: dict[str, dict[str, bool]] = {
    "... no day is left": {"has_another_day": False},
    "... a revision waits": {"is_revised": True},
}
MEANING: dict[str, tuple[list[SubmissionOutcome], list[Operation]]] = {
    "registered": ([Registered("SCSS001", "", OWN_ID, PROOF)], list(Operation)),
    "086 with a record id": (_refused("086"), list(Operation)),
    "070 (amendment)": (_refused("070"), [Operation.AMENDMENT]),
    "014 (conclusion)": (_refused("014"), [Operation.CONCLUSION]),
    "092 (termination)": (_refused("092"), [Operation.TERMINATION]),
    "053, 088-091, 093": (_refused("053", "088", "089", "090", "091", "093"), list(Operation)),
    "001, 046": (_refused("001", "046"), list(Operation)),
    "own effect (others)": (_refused("025"), [Operation.CONTRACT_DELETE]),
    "002, foreign code": ([*_refused("002"), Refused("SBF-VE-8", "", PROOF)], list(Operation)),
    "policy retry": (ANY_OTHER, list(Operation)),
    "... no day is left": (ANY_OTHER, list(Operation)),
    "policy confirm": (ANY_OTHER, list(Operation)),
    "policy other_party": (ANY_OTHER, list(Operation)),
    "... a revision waits": (ANY_OTHER, list(Operation)),
    "policy stop": (ANY_OTHER, list(Operation)),
    "policy fix_and_resend": (ANY_OTHER, list(Operation)),
    "fault before service": (_faulted(*NOT_PROCESSED_FAULTS), list(Operation)),
    "other fault": (_faulted("SCE909", "Server"), list(Operation)),
    "unknown": ([Unknown(doubt, "") for doubt in Doubt], list(Operation)),
    "nothing sent": ([NothingSent("")], list(Operation)),
}
"""What the first column of the table stands for."""

SAYS = {
    "accepted": (Move.ACCEPT, Next.NOTHING),
    "rejected": (Move.REJECT, Next.NOTHING),
    "a person": (Move.DOUBT, Next.PERSON),
    "a person looks": (Move.DOUBT, Next.CONFIRM),
    "waits for the other party": (None, Next.OTHER_PARTY),
    "stays in doubt, resend the next day": (None, Next.NEXT_DAY),
    "stays signed, resend the next day": (None, Next.NEXT_DAY),
    "unknown, resend": (Move.DOUBT, Next.RESEND),
    "resend": (None, Next.RESEND),
    "stays as it was, resend": (None, Next.RESEND),
    "stays signed, resend": (None, Next.RESEND),
}
"""What the other columns promise."""


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_decision_table_is_what_the_agent_decides(row: list[str]) -> None:
    """Each row is asked of `decide`, for each outcome and operation that it stands for."""
    outcomes, operations = MEANING[row[0]]
    policies = [POLICIES[row[0]]] if row[0] in POLICIES else list(Policy)
    for cell, arrived in ((row[1], True), (row[2], False)):
        for outcome, operation, policy in product(outcomes, operations, policies):
            standing = replace(Standing(operation, OWN_ID, arrived), **PROSPECTS.get(row[0], {}))  # type: ignore[arg-type]
            decided = decide(outcome, standing, policy)
            promise = _promised(cell, standing, policy)
            assert (decided.move, decided.next) == promise, (outcome, operation, policy, cell)
            assert decided.stops_employer == (policy is Policy.STOP_EVERYTHING and _is_sure_refusal(outcome))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_row_that_was_decided_otherwise_would_be_noticed(row: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes, rightly = MEANING[row[0]][0], decide

    def otherwise(outcome: SubmissionOutcome, standing: Standing, policy: Policy) -> Verdict:
        decided = rightly(outcome, standing, policy)
        wrong = next(one for one in Next if one is not decided.next)
        return replace(decided, next=wrong) if outcome in outcomes else decided

    monkeypatch.setattr(f"{__name__}.decide", otherwise)
    with pytest.raises(AssertionError):
        test_decision_table_is_what_the_agent_decides(row)


def _promised(cell: str, standing: Standing, policy: Policy) -> tuple[Move | None, Next]:
    if cell == "by its policy":
        other = decide(ANY_OTHER[0], standing, policy)
        return other.move, other.next
    return next(says for words, says in SAYS.items() if re.fullmatch(rf"{words}(?:[:,] .+)?", cell))


def _is_sure_refusal(outcome: SubmissionOutcome) -> bool:
    return isinstance(outcome, Refused) and outcome.code not in {"SCSE002", "SBF-VE-8"}


def test_decision_table_is_the_one_in_the_code() -> None:
    """The page and the docstring of verdict.py hold the same table, word for word."""
    ruler = r"^(=+)  (=+)  (=+)$"
    _, head, body, _ = re.split(ruler.replace("(", "(?:"), verdict.__doc__ or "", flags=re.MULTILINE)
    widths = [len(one) for one in re.search(ruler, verdict.__doc__ or "", re.MULTILINE).groups()]  # type: ignore[union-attr]
    starts = [0, widths[0] + 2, widths[0] + widths[1] + 4, None]
    lines = [line for line in (head + body).splitlines() if line.strip()]
    assert len(lines) == 1 + len(MEANING)
    assert [[line[begin:end].strip() for begin, end in pairwise(starts)] for line in lines[1:]] == ROWS
    assert set(MEANING) == {row[0] for row in ROWS}


def test_codes_below_the_table_are_those_of_the_code() -> None:
    """The faults that are raised before the service looks are listed whole, and so are the codes that time changes."""
    listed = set(re.findall(r"SCE\d{3}", section(GUARANTEES, "The decision table")))
    assert listed == NOT_PROCESSED_FAULTS
    assert {f"SCSE{one}" for one in ["053", "088", "089", "090", "091", "093"]} == TIME_DEPENDENT


@pytest.mark.parametrize("row", TERMS, ids=[row[0] for row in TERMS])
def test_terms_are_those_that_are_counted(row: list[str]) -> None:
    """Point and term of each event, in the first edition and in the later ones."""
    event = DeadlineEvent(only_code(row[0]))
    first, *later = (
        compute_deadline(event, day, calendar=CALENDAR)
        for day in (date(2021, 6, 1), date(2023, 6, 1), date(2026, 6, 1))
    )
    assert first.term == (None if row[3] == "none" else row[3])
    assert {(one.point, one.term) for one in later} == {(row[2], None if row[4] == "none" else row[4])}
    assert (first.point or row[2]).removesuffix(" first edition") == row[2]


def test_terms_are_complete() -> None:
    """Every event of `usrec deadline` is in the table; `legacy` has a paragraph of its own."""
    assert {only_code(row[0]) for row in TERMS} == {event.value for event in DeadlineEvent} - {"legacy"}
    terms = [
        compute_deadline(DeadlineEvent.LEGACY, date(2020, 1, 1), calendar=CALENDAR, headcount=people).term or ""
        for people in (2000, 2001)
    ]
    assert [term.partition(",")[0] for term in terms] == ["1 year", "2 years"]
    assert "1 year from 18 September 2020, or 2 years" in " ".join(DEADLINES.split())


@pytest.mark.parametrize("text", [DEADLINES, LAW], ids=["deadlines.md", "law.md"])
def test_editions_are_those_of_the_code_and_assumed_days_are_called_so(text: str) -> None:
    """The days on which the editions took effect; two of them are assumptions and the pages say it."""
    rows = {row[0]: " ".join(row[2:]) for row in table(section(text, "Editions"), "edition")}
    begins = {"1": ORDER_353_IN_FORCE, "2": ORDER_442_IN_FORCE, "3": ORDER_278_IN_FORCE}
    assert {number: cell[:10] for number, cell in rows.items()} == {key: str(day) for key, day in begins.items()}
    assert {edition_on(day) for day in begins.values()} == set(Edition)
    assert ["assumed" in rows[number] for number in "123"] == [False, True, True]


@pytest.mark.parametrize("row", LAW_TERMS, ids=[" ".join(row[:2]) for row in LAW_TERMS])
def test_each_term_of_the_law_page_is_counted_so_from_its_first_day_to_its_last(row: list[str]) -> None:
    """On the days around the two the code counts something else; an assumed day is called so."""
    first, last = date.fromisoformat(row[3]), date.fromisoformat(row[4]) if row[4] else date(2026, 11, 22)
    told = (row[1], None if row[2] == "none" else row[2])
    if "legacy" in row[0]:
        counted = _counted(row, first)
        assert ((counted.term or "").partition(",")[0], counted.legal_date) == (row[2], last)
        return
    assert {_said(_counted(row, day)) for day in (first, last)} == {told}
    assert not row[4] or _said(_counted(row, last + timedelta(days=1))) != told
    assert first == ORDER_353_IN_FORCE or _said(_counted(row, first - timedelta(days=1))) != told
    assert ("assumed" in row[5] or row[2] == "none") or {first, last} <= {ORDER_353_IN_FORCE, date(2026, 11, 22)}


def _counted(row: list[str], day: date) -> Deadline:
    event, people = DeadlineEvent(code(row[0])[0]), 2001 if "more people" in row[0] else 2000
    return compute_deadline(event, day, calendar=CALENDAR, headcount=people)


def _said(deadline: Deadline) -> tuple[str | None, str | None]:
    return deadline.point, deadline.term


def test_the_law_page_has_every_event_that_is_counted() -> None:
    """In the first edition and in today's."""
    for day in (ORDER_353_IN_FORCE, date(2026, 11, 22)):
        on_page = {code(row[0])[0] for row in LAW_TERMS if row[3] <= str(day) and (not row[4] or str(day) <= row[4])}
        counted = {
            event for event in DeadlineEvent if compute_deadline(event, day, calendar=CALENDAR, headcount=1).point
        }
        assert on_page | {"legacy"} == counted


def test_fines_are_their_number_of_indices() -> None:
    """The sums in tenge follow from the index of 2026, which the page names; both are those of `usrec liability`."""
    text = section(LAW, "What a breach costs")
    index = next(int(row[1]) for row in table(text, "year") if row[0] == "2026")
    fines = [[int(re.sub(r"\D", "", cell)) for cell in row[1:]] for row in table(text, "who")]
    assert len(fines) == 4
    sanctions = [_OFFICIAL, *(_EMPLOYER[one] for one in (Category.SMALL, Category.MEDIUM, Category.LARGE))]
    assert [fine[::2] for fine in fines] == [[one[Part.FIRST], one[Part.REPEATED]] for one in sanctions]
    assert {int(row[0]): int(row[1]) for row in table(text, "year") if row[1].isdecimal()} == MCI
    for first, first_sum, repeated, repeated_sum in fines:
        assert (first_sum, repeated_sum) == (first * index, repeated * index)


def test_the_liability_page_has_every_group_and_every_assumption() -> None:
    """By the words of the JSON."""
    page = read("explanation/liability.md")
    groups = table(section(page, "What is counted"), "group")
    assert [only_code(row[0]) for row in groups] == list(LateStanding)
    assert {only_code(row[0]) for row in table(section(page, "What is assumed"), "assumption")} == set(Assumption)


def test_every_source_number_of_the_law_page_is_listed() -> None:
    """No footnote leads nowhere."""
    listed = set(re.findall(r"^(\d+)\. ", section(LAW, "Sources"), re.MULTILINE))
    assert {number for row in LAW_TERMS for number in row[6].split(", ")} <= listed
