"""What one look at HR's staff shows: a row for each contract and one for each leave, already in the fields of events.

Nothing is completed here: a field that HR does not give is absent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NewType

from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.source_event import DEPARTMENT, Operation

Fields = Mapping[str, str]
"""Values by the names of the contract event; dates as ``YYYY-MM-DD``, no value is empty."""
FoldedKey = NewType("FoldedKey", str)
"""A key as every collation compares it."""

TERMS: Final = tuple(
    rule.name
    for rule in FIELDS[Operation.AMENDMENT]
    if rule.name in {one.name for one in FIELDS[Operation.CONCLUSION]}
    and rule.name not in {"signed_on", "begin_date", "contract_id", DEPARTMENT}
)
"""Fields of a contract that an agreement changes."""
AGREEMENT_FIELDS: Final = tuple(
    rule.name for rule in FIELDS[Operation.AMENDMENT] if rule.name not in {*TERMS, DEPARTMENT}
)
"""Fields that an agreement has of its own: its paper, its consents."""
EXTENDED: Final = frozenset({"term_code", "end_date"})
"""All that changes when a contract goes on after its term."""


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One contract as HR's system shows it.

    Attributes:
        key: HR's key of the contract, as it is spelt in the row.
        contract: Fields of a conclusion, with the values that hold now.
        agreement: The last agreement's own fields; empty where there is none.
        ending: Fields of the termination; empty while the contract runs.
        comeback: Fields of the last reinstatement; empty without one.
        entered_at: When HR last entered something, aware UTC; None where the row does not tell.
        formerly: By field the wrong codes that HR's value had before persons corrected the mapping.
        department: Goes with what is told, and is no fact of the contract: another one tells nothing.
    """

    key: str
    employer_bin: str
    contract: Fields = field(repr=False)
    agreement: Fields = field(default_factory=dict, repr=False)
    ending: Fields = field(default_factory=dict, repr=False)
    comeback: Fields = field(default_factory=dict, repr=False)
    entered_at: datetime | None = None
    formerly: Mapping[str, frozenset[str]] = field(default_factory=dict)
    department: str = ""


@dataclass(frozen=True, slots=True)
class LeaveRow:
    """One social leave as HR's system shows it.

    Attributes:
        key: HR's key of the leave.
        contract_key: HR's key of its contract.
        formerly: As of a contract.
        department: Likewise.
    """

    key: str
    contract_key: str
    leave: Fields = field(repr=False)
    entered_at: datetime | None = None
    formerly: Mapping[str, frozenset[str]] = field(default_factory=dict)
    department: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the whole staff.

    Attributes:
        leaves: None where leaves are not asked for.
        at: When it was taken, aware UTC.
        seconded: Contracts whose row only shows that somebody works for another employer for a time; None where the
            mapping has no rule for secondments.
    """

    contracts: Sequence[StaffRow]
    leaves: Sequence[LeaveRow] | None
    at: datetime
    seconded: Set[FoldedKey] | None = None

    @property
    def day(self) -> date:
        """Its day in Kazakhstan."""
        return kazakhstan_date(self.at)


def fold(key: str) -> FoldedKey:
    """``key`` as every collation compares it: databases differ on case, trailing blanks and forms of letters.

    Two keys that fold to one could be one contract or two, by the database that is asked.
    """
    plain = unicodedata.normalize("NFKC", key).casefold()
    return FoldedKey(" ".join(unicodedata.normalize("NFKC", plain).split()))
