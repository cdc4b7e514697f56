"""What an agreement changes, and which changes the employer enters in USREC.

Order 353 p.3 names what a contract's record holds and p.6 what is added to it; an agreement about something else, such
as the salary indexation of a whole staff, is in neither. Which changes are entered is the employer's written policy.
In doubt a change is entered: what the row does not tell, and whatever comes together with a change that is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Change(StrEnum):
    """What may be changed; the words of the field ``changes``."""

    POSITION = "position"
    WORK_KIND = "work_kind"
    PLACE = "place"
    TERM = "term"
    BEGIN_DATE = "begin_date"
    WORKING_TIME = "working_time"
    WORKING_CONDITIONS = "working_conditions"
    REMOTE_WORK = "remote_work"
    SALARY = "salary"
    BENEFITS = "benefits"
    OTHER = "other"


NAMED_BY_THE_ORDER: Final = frozenset({Change.POSITION, Change.PLACE, Change.TERM, Change.BEGIN_DATE})
"""Those that change what p.3 calls mandatory: labour function, place of work, term, start date."""
DEFAULT_REGISTRABLE: Final = NAMED_BY_THE_ORDER | {
    Change.WORK_KIND,
    Change.WORKING_TIME,
    Change.WORKING_CONDITIONS,
    Change.REMOTE_WORK,
    Change.OTHER,
}
"""What p.3 and p.6 name, what the record has a field for, and what nobody has a word for: in doubt it is entered."""
NOT_REGISTRABLE: Final = "not_registrable"
"""Rule, and reason of a submission that is not sent."""
DEFAULT_NOTE: Final = "Order 353 p.3 and p.6"
_SEPARATORS: Final = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class RegistrablePolicy:
    """Which changes an employer enters.

    Attributes:
        note: What the policy rests on, such as number and date of the employer's order.
        own: The employer has written it down; else it is the agent's default.
    """

    changes: Collection[Change] = DEFAULT_REGISTRABLE
    note: str = DEFAULT_NOTE
    own: bool = False


def changes_of(text: str | None) -> list[Change]:
    """The words of the field, each once; empty when the row does not tell."""
    return [Change(word) for word in dict.fromkeys(_SEPARATORS.split(text or "")) if word]
