"""The dictionaries that are known by name: how their files are called, and what their codes look like.

Source: USREC's public dictionaries; the names D_... are those that its messages and field notes use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a dictionary.

    Attributes:
        codes: Form of every code of it.
        example: A code, for messages.
        others: Other names of its file, without the ending.
    """

    codes: re.Pattern[str]
    example: str
    others: tuple[str, ...] = ()


_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_ANY: Final = re.compile(r"\S(.{0,38}\S)?")

OTHER: Final = Known(_ANY, "1")
"""A dictionary that somebody named."""

KNOWN: Final[Mapping[str, Known]] = {
    "position": Known(re.compile(r"[0-9A-ZА-Я][0-9A-ZА-Я-]{0,9}"), "2411-1-001", ("d_position", "нкз")),
    "termination_reason": Known(re.compile(r"[0-9]{2}(-[0-9]{3})*"), "03-002", ("d_term_reason",)),
    "contract_term": Known(_NUMBER, "1", ("d_contract_date",)),
    "part_time": Known(_NUMBER, "1", ("d_part_time",)),
    "working_hours": Known(_NUMBER, "1", ("d_working_hours",)),
    "remote_work": Known(_NUMBER, "1", ("d_remote_work",)),
    "social_leave": Known(_NUMBER, "1", ("d_social_leave",)),
    "court": Known(_NUMBER, "1", ("d_court",)),
    "restore_organization": Known(_NUMBER, "1", ("d_restore_organization",)),
    "country": Known(re.compile(r"[0-9]{3}"), "398", ("d_country",)),
    "harmful_conditions": Known(re.compile(r"L[0-9][0-9.]*"), "L3.6.56", ("d_harmful_conditions",)),
    "competence": Known(_ANY, "B.l.1", ("d_competence",)),
    "education": Known(_ANY, "3", ("d_education",)),
    "conscript": Known(_NUMBER, "1", ("d_conscript",)),
    "staff_post": Known(_ANY, "1", ("d_staff_post",)),
    "kato": Known(re.compile(r"[0-9]{9}"), "710000000", ("d_kato",)),
    "working_conditions": Known(_ANY, "1", ("d_working_conditions",)),
    "foreigner_basis": Known(_NUMBER, "1", ("d_foreigner_basis",)),
    "employer_type": Known(_NUMBER, "1", ("d_employer_type",)),
    "response_code": Known(re.compile(r"SCS[ES][0-9]{3}"), "SCSE003", ("d_response_code",)),
}


def recognised(stem: str) -> str | None:
    """The dictionary that a file's name speaks of, such as ``position-2026-01`` or ``D_TERM_REASON``."""
    words = _WORD.findall(stem.lower())
    for name, known in KNOWN.items():
        if any(_begins(words, _WORD.findall(one)) for one in (name, *known.others)):
            return name
    return None


def _begins(words: list[str], wanted: list[str]) -> bool:
    return words[: len(wanted)] == wanted


def form_of(name: str) -> Known:
    """What the codes of a dictionary look like."""
    return KNOWN.get(name, OTHER)
