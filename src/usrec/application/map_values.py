"""Work on a review of codes: collect what HR has, suggest codes for it, and approve what a person has chosen.

No code is made up: a suggestion counts for nothing until somebody approves it, and only codes that the official list
has in use are approved.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from usrec.domain.dictionary import Edition
from usrec.domain.mapping.dates import DateRules
from usrec.domain.mapping.likeness import NameIndex, Suggestion
from usrec.domain.mapping.review import (
    Fault,
    Review,
    ReviewRow,
    Seen,
    contradictions,
    counted,
    names_of,
    suggested,
    unusable,
)
from usrec.domain.mapping.staff_mapping import Row, RowMapping, StaffMapping
from usrec.domain.mapping.values import ApprovedMap, ValueRule, cells_of
from usrec.domain.rules.approved_codes import values_of
from usrec.domain.rules.codes import CODE_FIELDS, may_be_heading
from usrec.domain.rules.fields import read_payload
from usrec.domain.source_event import Operation, SourceRow

EXACT: Final = "exact name"
_BETWEEN: Final = " | "
_OPERATIONS: Final = frozenset(one.value for one in Operation)


@dataclass(frozen=True, slots=True)
class Subject:
    """A map of a mapping file: whose values go into its review.

    Attributes:
        dictionary: Name of the official list.
    """

    map: ApprovedMap
    dictionary: str
    uses: Sequence[tuple[RowMapping, ValueRule]]


def subjects(mapping: StaffMapping) -> Sequence[Subject]:
    """The maps that a mapping file has approved in files, and the fields that use them."""
    found: dict[str, Subject] = {}
    for rows in (mapping.contracts, mapping.leaves):
        for name, rule in _rules(rows):
            if rows is not None and rule.approved is not None:
                dictionary = CODE_FIELDS[name].dictionary
                known = found.get(rule.approved.name, Subject(rule.approved, dictionary, ()))
                found[rule.approved.name] = replace(known, uses=(*known.uses, (rows, rule)))
    return list(found.values())


def _rules(rows: RowMapping | None) -> Iterator[tuple[str, ValueRule]]:
    for fields in {} if rows is None else rows.fields.values():
        yield from fields.items()


def seen_in_staff(
    subject: Subject, mapping: StaffMapping, contracts: Sequence[Row], leaves: Sequence[Row]
) -> Sequence[Seen]:
    """The different values of a map, with how many persons have each. Nothing of a person is kept."""
    values: list[tuple[str, tuple[str, str], str]] = []
    for rules, rule in subject.uses:
        for row in contracts if rules is mapping.contracts else leaves:
            cells = cells_of(row, mapping.dates, mapping.empty)
            if text := rule.reads(cells):
                values.append((text, _names(subject.map, cells), _person(rules, cells, mapping.dates)))
    return counted(values)


def _names(approved: ApprovedMap, cells: Mapping[str, str]) -> tuple[str, str]:
    russian, kazakh = approved.name_ru, approved.name_kk
    return (russian.reads(cells) if russian else "", kazakh.reads(cells) if kazakh else "")


def _person(rules: RowMapping, cells: Mapping[str, str], dates: DateRules) -> str:
    rule = rules.fields.get(Operation.CONCLUSION, {}).get("employee_iin")
    return "" if rule is None else rule.value(cells, dates)


def seen_in_rows(rows: Iterable[SourceRow], fields: Mapping[str, Hashable]) -> Mapping[Hashable, Sequence[Seen]]:
    """The different values of fields in rows that were taken. Nothing of a person is kept.

    Args:
        fields: What the values of each field belong to; those of several fields may belong together.
    """
    values: dict[Hashable, list[tuple[str, tuple[str, str], str]]] = {one: [] for one in fields.values()}
    for row in rows:
        payload, _ = read_payload(row.payload)
        if row.event_type in _OPERATIONS:
            person = str(payload.get("employee_iin") or row.contract_key)
            for name, value in values_of(fields, Operation(row.event_type), payload).items():
                values[fields[name]].append((value, ("", ""), person))
    return {one: counted(some) for one, some in values.items()}


def suggest(review: Review, edition: Edition, index: NameIndex) -> Review:
    """The review with suggestions beside what nobody has decided, and official names beside every code."""
    name = review.dictionary
    return Review(name, [_with_suggestions(row, name, edition, index) for row in review.rows])


def _with_suggestions(row: ReviewRow, dictionary: str, edition: Edition, index: NameIndex) -> ReviewRow:
    if row.code:
        return _with_names(row, dictionary, edition)
    found = suggested(row, index, edition)
    return replace(row, suggestions=tuple(map(_told, found)))


def _told(one: Suggestion) -> str:
    entry = one.entry
    told = (entry.code, f"{one.score} %", entry.name_ru, entry.name_kk)
    return _BETWEEN.join((*told, one.lies_in) if one.lies_in else told)


def _with_names(row: ReviewRow, dictionary: str, edition: Edition) -> ReviewRow:
    """With the official names; of a place also what it lies in, since many are called alike."""
    entry = edition.entries.get(row.code)
    if entry is None:
        return row
    if not may_be_heading(dictionary):
        return replace(row, official=(entry.name_ru, entry.name_kk))
    whole = [entry, *edition.above(entry)]
    return replace(row, official=(", ".join(one.name_ru for one in whole), ", ".join(one.name_kk for one in whole)))


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approval would write.

    Attributes:
        approved: How many lines are approved by it.
        faults: Why nothing may be written; none where it may.
    """

    review: Review
    approved: int
    faults: Sequence[Fault] = ()


def approve(review: Review, edition: Edition, by: str, today: date, *, correcting: bool = False) -> Approval:
    """Approve every line for which a person has chosen a code; all lines that hold one are checked.

    Args:
        edition: Of the official list, as it holds on the day for which the codes are meant.
        by: Who approves.
        correcting: Codes that stand in the place of approved ones were meant from the beginning; else they are refused.
    """
    rows, faults = [], []
    for row in review.rows:
        chosen, fault = _chosen(row)
        why = (
            ""
            if fault or not chosen.code or _has_ended(chosen, today)
            else unusable(chosen.code, review.dictionary, edition)
        )
        if fault or why:
            faults.append(Fault(row.number, why or "choice", chosen.code))
        elif chosen.is_changed and not correcting:
            faults.append(Fault(row.number, "changed", chosen.code))
        signed = _signed(chosen, by, today) if chosen.code else chosen
        rows.append(_with_names(signed, review.dictionary, edition))
    faults += contradictions(rows)
    new = sum(row.approved_code != old.approved_code for row, old in zip(rows, review.rows, strict=True))
    return Approval(Review(review.dictionary, rows), new, faults)


def _has_ended(row: ReviewRow, today: date) -> bool:
    """An approval of the past is history: its code may have gone out of use since."""
    return row.is_approved and not row.is_changed and row.valid_to is not None and row.valid_to < today


def _chosen(row: ReviewRow) -> tuple[ReviewRow, bool]:
    """The line with the code of the suggestion that a person has taken, and whether that choice is wrong."""
    if not row.choice:
        return row, False
    place = int(row.choice) - 1 if row.choice.isdecimal() and len(row.choice) < 3 else -1
    if not 0 <= place < len(row.suggestions):
        return row, True
    code = row.suggestions[place].partition(_BETWEEN)[0]
    return replace(row, code=code, choice=""), bool(row.code) and row.code != code


def _signed(row: ReviewRow, by: str, today: date) -> ReviewRow:
    """The line with who approved its code; whoever corrects a code approves anew, and the wrong one is kept."""
    if row.is_changed:
        wrong = tuple(code for code in dict.fromkeys((*row.corrects, row.approved_code)) if code != row.code)
        return replace(row, corrects=wrong, approved_code=row.code, approved_by=by, approved_on=today)
    signed = replace(row, approved_by=row.approved_by or by, approved_on=row.approved_on or today)
    return replace(signed, approved_code=row.code)


def approve_exact(review: Review, edition: Edition, index: NameIndex, by: str, today: date) -> Approval:
    """Approve what has the very name of one single entry, where a person asks for that; all else stays as it is."""
    exact = [_exactly(row, edition, index, by, today) for row in review.rows]
    new = sum(row is not old for row, old in zip(exact, review.rows, strict=True))
    rows = [_with_names(row, review.dictionary, edition) for row in exact]
    return Approval(Review(review.dictionary, rows), new, list(contradictions(rows)))


def _exactly(row: ReviewRow, edition: Edition, index: NameIndex, by: str, today: date) -> ReviewRow:
    code = None if row.code or row.choice else index.exact(names_of(row, edition))
    if code is None:
        return row
    return _signed(replace(row, code=code, note=row.note or EXACT, suggestions=()), by, today)
