"""When personal data of a contract may go: never before the contract has ended and nothing about it is open.

What the ledger needs against a second registration stays for good: the row's key and fingerprint, the record's id, the
digest of what was signed, states, dates and codes, and the journal with its chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from usrec.domain.source_event import ContractKey, Operation
from usrec.domain.state import SETTLED, State

_BEGINS: Final = frozenset({Operation.CONCLUSION, Operation.LEGACY_CONTRACT, Operation.REINSTATEMENT})
_ENDS: Final = frozenset({Operation.TERMINATION, Operation.CONTRACT_DELETE})
_PASSES_ON: Final = frozenset({Operation.BIN_CHANGE, Operation.TRANSFER})
"""The contract goes on with another employer."""


class RetentionRule(StrEnum):
    """By which rule a contract's data may go."""

    ENDED = "ended"
    """Its end was registered: it was terminated, or its entry was deleted."""
    TAKEN_BACK = "taken_back"
    """Nothing of it was ever registered."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long data stays, in years; None keeps it for good."""

    ended_years: int | None = None
    taken_back_years: int | None = None
    closed_alerts_years: int | None = None

    def bound(self, rule: RetentionRule, now: datetime) -> datetime | None:
        """What was decided before this instant may go."""
        years = self.ended_years if rule is RetentionRule.ENDED else self.taken_back_years
        return None if years is None else years_before(now, years)

    def alerts_bound(self, now: datetime) -> datetime | None:
        """Alerts that were closed before this instant may go."""
        return None if self.closed_alerts_years is None else years_before(now, self.closed_alerts_years)


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """What the decision needs of one submission of a contract.

    Attributes:
        replaced: A later revision stands in its place.
        queued: It is in the outbox.
        untold: A note about it waits for HR.
        paired_with: Of a half of a transfer: whether its other half is settled, or elsewhere; None for other events.
        last_at: When it was decided, or else taken, aware UTC.
    """

    operation: Operation | None
    state: State
    replaced: bool
    queued: bool
    untold: bool
    paired_with: bool | None
    last_at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Prunable:
    """A contract whose personal data may go.

    Attributes:
        last_at: When the last of its events was decided, aware UTC.
    """

    employer_bin: str
    contract_key: ContractKey
    rule: RetentionRule
    last_at: datetime
    submissions: int


def rule_of(events: Sequence[KeptEvent]) -> RetentionRule | None:
    """Under which rule a contract falls, None for one that must stay as it is."""
    if any(_is_open(one) for one in events):
        return None
    registered = [one for one in events if one.state is State.ACCEPTED]
    if not registered:
        return RetentionRule.TAKEN_BACK
    runs = True
    for one in sorted(registered, key=lambda one: (one.last_at, one.position)):
        if one.operation in _PASSES_ON:
            return None
        runs = one.operation in _BEGINS or (runs and one.operation not in _ENDS)
    return None if runs else RetentionRule.ENDED


def last_of(events: Sequence[KeptEvent]) -> datetime:
    """When the last of a contract's events was decided."""
    return max(one.last_at for one in events)


def years_before(now: datetime, years: int) -> datetime:
    """The same day so many years ago; 29 February becomes the 28th."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


def _is_open(one: KeptEvent) -> bool:
    unsettled = one.state not in SETTLED and not one.replaced
    return unsettled or one.queued or one.untold or one.paired_with is False
