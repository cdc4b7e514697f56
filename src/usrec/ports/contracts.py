"""What is known of contracts apart from their events, and the lock of each one's line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from usrec.domain.source_event import ContractKey

ContractRef = tuple[str, ContractKey]
"""(employer's BIN, the HR system's key)."""
NumberRef = tuple[str, str]
"""(employer's BIN, number of a contract)."""


class Contracts(Protocol):
    """The contracts that the agent knows, by the HR system's key."""

    def lock(self, employer_bin: str, contract_key: ContractKey) -> None:
        """Make the contract known and hold its lock until the transaction ends.

        Until then nobody else decides what goes next in its line, no claim of its submissions begins, and a claim
        that was begun before writes nothing. So take it before reading what the decision rests on.
        """
        ...

    def lock_all(self, contracts: Collection[ContractRef]) -> None:
        """The same for many, in the order in which everybody locks them."""
        ...

    def registry_id(self, employer_bin: str, contract_key: ContractKey) -> str | None:
        """The registry's id of the contract, None while unknown."""
        ...

    def registry_ids(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, str]:
        """Those of many contracts, as far as they are known."""
        ...

    def with_registry_id(self, employer_bin: str, registry_id: str) -> Sequence[ContractKey]:
        """The employer's contracts that go by this id, ordered; more than one only by mistake."""
        ...

    def set_registry_id(self, employer_bin: str, contract_key: ContractKey, registry_id: str | None) -> None:
        """Remember the registry's id; None: the registry has no such contract any more."""
        ...

    def add_number(self, employer_bin: str, contract_key: ContractKey, number: str) -> None:
        """Remember that an event gives the contract this number; a number once remembered stays."""
        ...

    def with_numbers(self, numbers: Collection[NumberRef]) -> Mapping[NumberRef, Sequence[ContractKey]]:
        """The employer's contracts to which an event ever gave each number, ordered; each number is in the answer."""
        ...
