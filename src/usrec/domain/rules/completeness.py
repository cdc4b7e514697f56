"""The data that Order 353 p.3 wants of every contract, beside those without which nothing can be registered at all.

Sources: response codes SCSE039 (term) and 055 (address of the place of work). Clients of 2018 sent neither, and a wire
profile of theirs has no element for them: what a message cannot carry is not demanded of its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from usrec.domain.events.contracts import ContractBody
from usrec.domain.rules.finding import Finding, Severity
from usrec.domain.source_event import DETAILS_TYPES, Details, Operation, operation_of

DEMANDED: Final[Mapping[str, str]] = {"term_code": "SCSE039", "work_place_address": "SCSE055"}
"""Field of a contract, and the response code for its absence."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How complete a contract has to be.

    Attributes:
        severity: Of a missing value: an error stops the row, a warning lets it go on.
        carried: The values that the wire profile has an element for; None when it has one for all.
    """

    severity: Severity = Severity.ERROR
    carried: Mapping[Operation, frozenset[str]] | None = None

    def demands(self, operation: Operation, name: str) -> bool:
        """Whether a message of this kind can carry the value."""
        return self.carried is None or name in self.carried.get(operation, frozenset())


COMPLETE: Final = Completeness()
"""Everything is demanded, and its absence stops the row."""


def is_demanded(operation: Operation, name: str) -> bool:
    """Whether an event of this kind has to have the field, as long as nothing else is set."""
    return name in DEMANDED and issubclass(DETAILS_TYPES[operation], ContractBody)


def check_completeness(details: Details, completeness: Completeness) -> Iterator[Finding]:
    """Findings about what a contract leaves out."""
    operation = operation_of(details)
    for name, code in DEMANDED.items():
        wanted = is_demanded(operation, name) and completeness.demands(operation, name)
        if wanted and getattr(details, name) is None:
            message = f"{name} is missing."
            yield Finding("field_present", completeness.severity, name, code, "Order 353 p.3", message)
