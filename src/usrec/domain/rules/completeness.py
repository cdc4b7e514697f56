"""The data that response codes demand of every contract, beside those without which no message can be made at all.

Sources: SCSE039 (term) and 055 (address of the place of work), data of Order 353 p.3; 021 (by our reading the relation
to military service), which p.6 named in the first edition alone. Clients of 2018 sent neither term nor address, and a
wire profile of theirs has no element for them: what a message cannot carry is not demanded of its row. What a row says
all the same and the message leaves out is told, because nobody would see that the entry is incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

from usrec.domain.events.contracts import ContractBody
from usrec.domain.rules.finding import Finding, Severity, warning
from usrec.domain.source_event import DEPARTMENT, DETAILS_TYPES, Details, Operation, operation_of

DEMANDED: Final[Mapping[str, str]] = {
    "conscript_code": "SCSE021",
    "term_code": "SCSE039",
    "work_place_address": "SCSE055",
}
"""Field of a contract, and the response code for its absence."""
_POINT: Final = "Order 353 p.3"
_NOT_OF_THE_ORDER: Final = "conscript_code"
NOT_REGISTERED: Final = frozenset(
    {"signed_on", "entered_on", "awaits_iin", "contract_id", "changes", "pair_key", "pair_elsewhere", DEPARTMENT}
)
"""What an event says to the agent only: days from which a term runs, what it waits for, where the registry has it."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How complete a contract has to be, and what our own readings of a code do to a row.

    Attributes:
        severity: Of a missing value: an error stops the row, a warning lets it go on.
        unsure: Of a rule that rests on our reading (``rules/readings.py``).
        carried: The values that the wire profile has an element for; None when it has one for all.
    """

    severity: Severity = Severity.ERROR
    carried: Mapping[Operation, frozenset[str]] | None = None
    unsure: Severity = Severity.ERROR

    def demands(self, operation: Operation, name: str) -> bool:
        """Whether a message of this kind can carry the value."""
        return self.carried is None or name in self.carried.get(operation, frozenset())

    def leaves_out(self, details: Details) -> Sequence[str]:
        """Fields with a value that this event's message has no element for; none where it has no message at all."""
        operation = operation_of(details)
        if self.carried is None or operation not in self.carried:
            return ()
        return [name for name in _not_carried(operation, self.carried[operation]) if getattr(details, name)]


@lru_cache(maxsize=256)
def _not_carried(operation: Operation, carried: frozenset[str]) -> Sequence[str]:
    names = (one.name for one in fields(DETAILS_TYPES[operation]))
    return [name for name in names if name not in NOT_REGISTERED | carried]


COMPLETE: Final = Completeness()
"""Everything is demanded, and its absence stops the row; so does what rests on our reading."""


def is_demanded(operation: Operation, name: str) -> bool:
    """Whether an event of this kind has to have the field, as long as nothing else is set."""
    return name in DEMANDED and issubclass(DETAILS_TYPES[operation], ContractBody)


def check_completeness(details: Details, completeness: Completeness) -> Iterator[Finding]:
    """Findings about what a contract leaves out, and about what its message would."""
    operation = operation_of(details)
    for name, code in DEMANDED.items():
        wanted = is_demanded(operation, name) and completeness.demands(operation, name)
        if wanted and getattr(details, name) is None:
            message = f"{name} is missing."
            point = "" if name == _NOT_OF_THE_ORDER else _POINT
            yield Finding("field_present", completeness.severity, name, code, point, message)
    yield from fields_carried(completeness.leaves_out(details))


def fields_carried(left_out: Sequence[str]) -> Iterator[Finding]:
    """One warning that names all fields that do not reach USREC: it is the profile that lacks them, not the row."""
    if left_out:
        names = ", ".join(left_out)
        message = (
            f"The wire profile has no element for {names}: USREC does not get it, and an incomplete entry is an "
            "offence. Choose a profile that has it, or complete the entry in the portal."
        )
        yield warning("fields_carried", left_out[0], message, point=_POINT)
