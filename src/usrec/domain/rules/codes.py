"""Codes against the imported dictionaries: is it there, is it in use, is it a single entry and not a heading.

Sources: response codes SCSE007 and 083 (position), SCSE022 and 084 (ground of termination) and those like them. The
registry looks a code up in its own dictionary when the message comes; so the day that counts is that of the
examination. A dictionary that is not imported decides nothing. The names of those that nobody has published (conscript,
staff_post, kato, working_conditions, foreigner_basis, employer_type) are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from usrec.domain.dictionary import CodeBook
from usrec.domain.rules.finding import Finding, Severity, undetermined
from usrec.domain.rules.harmful import ConditionCodes
from usrec.domain.source_event import Details


@dataclass(frozen=True, slots=True)
class CodeField:
    """Where a field's codes come from.

    Attributes:
        dictionary: Name under which the list is imported.
        absent: Response code for a code that the dictionary does not have.
        heading: Response code for a heading; empty where none says that a heading is refused.
    """

    dictionary: str
    absent: str
    heading: str = ""


CODE_FIELDS: Final[Mapping[str, CodeField]] = {
    "position_code": CodeField("position", "SCSE007", "SCSE083"),
    "reason_code": CodeField("termination_reason", "SCSE022", "SCSE084"),
    "personal_quality_code": CodeField("competence", "SCSE027", "SCSE028"),
    "professional_skill_code": CodeField("competence", "SCSE030", "SCSE031"),
    "term_code": CodeField("contract_term", "SCSE038", "SCSE081"),
    "auto_extension_term_code": CodeField("contract_term", "SCSE038", "SCSE081"),
    "conscript_code": CodeField("conscript", "SCSE040"),
    "established_post_code": CodeField("staff_post", "SCSE069", "SCSE082"),
    "kato_code": CodeField("kato", "SCSE073"),
    "working_hours_code": CodeField("working_hours", "SCSE075", "SCSE085"),
    "deciding_body_code": CodeField("restore_organization", "SCSE100"),
    "work_kind_code": CodeField("part_time", "SCSE104"),
    "country_code": CodeField("country", "SCSE107"),
    "leave_type_code": CodeField("social_leave", "SCSE136"),
    "court_code": CodeField("court", "SCSE148"),
    "remote_work_code": CodeField("remote_work", "SCSE150"),
    "working_conditions_code": CodeField("working_conditions", "SCSE160", "SCSE161"),
    "harmful_conditions_code": CodeField("harmful_conditions", "SCSE163", "SCSE164"),
    "foreigner_basis_code": CodeField("foreigner_basis", "SCSE188", "SCSE189"),
    "foreigner_education_code": CodeField("education", "SCSE190", "SCSE191"),
    "employer_type_code": CodeField("employer_type", "SCSE254"),
}


def may_be_heading(dictionary: str) -> bool:
    """Whether a code with others below it may be given, as that of a town: no response code refuses it."""
    return not any(one.heading for one in CODE_FIELDS.values() if one.dictionary == dictionary)


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """What codes are held against.

    Attributes:
        severity: Of a code that the dictionary does not have, or not any more.
        conditions: What the codes of working conditions mean.
    """

    book: CodeBook
    severity: Severity = Severity.ERROR
    conditions: ConditionCodes = field(default_factory=ConditionCodes)


def conditions_of(codes: CodeCheck | None) -> ConditionCodes:
    """What codes of working conditions mean; as it is assumed where nothing was set."""
    return ConditionCodes() if codes is None else codes.conditions


def check_codes(details: Details, codes: CodeCheck, day: date) -> list[Finding]:
    """Findings on every code of an event."""
    return [
        finding
        for name, origin in CODE_FIELDS.items()
        if (code := getattr(details, name, None)) is not None
        for finding in _findings(name, code, origin, codes, day)
    ]


def _findings(name: str, code: str, origin: CodeField, codes: CodeCheck, day: date) -> Iterator[Finding]:
    absent = code_in_dictionary(name, code, origin, codes, day)
    heading = None if absent else code_is_lowest_level(name, code, origin, codes, day)
    yield from (one for one in (absent, heading) if one)


@lru_cache(maxsize=256)
def _not_looked_up(rule: str, name: str, code: str) -> Finding:
    message = f"No official dictionary for {name} is imported for this day; it was not looked up."
    return undetermined(rule, name, message, code=code)


def code_in_dictionary(name: str, code: str, origin: CodeField, codes: CodeCheck, day: date) -> Finding | None:
    """Whether the code stands in its dictionary and is in use; undetermined where the dictionary is not known."""
    rule, edition = "code_in_dictionary", codes.book.edition(origin.dictionary, day)
    if edition is None:
        return _not_looked_up(rule, name, origin.absent)
    found = edition.entries.get(code)
    if found is None:
        message = f"{name} {code} is not in the official dictionary of {edition.valid_from}."
    elif not found.active:
        message = f"{name} {code} is out of use in the official dictionary of {edition.valid_from}."
    else:
        return None
    return Finding(rule, codes.severity, name, origin.absent, "", message)


def code_is_lowest_level(name: str, code: str, origin: CodeField, codes: CodeCheck, day: date) -> Finding | None:
    """Whether the code is a single entry; where no response code refuses a heading, it is only warned of."""
    rule, edition = "code_is_lowest_level", codes.book.edition(origin.dictionary, day)
    if edition is None:
        return _not_looked_up(rule, name, origin.heading)
    if code not in edition.headings:
        return None
    severity = codes.severity if origin.heading else Severity.WARNING
    message = f"{name} {code} is a heading of the official dictionary; choose an entry below it."
    return Finding(rule, severity, name, origin.heading, "", message)
