"""What was taken over from an export of the registry: ids and days of first entry of contracts that stood there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from usrec.domain.onboarding import HrContract, ImportedContract
from usrec.domain.source_event import ContractKey
from usrec.ports.contracts import ContractRef


class ImportedContracts(Protocol):
    """The matches of contracts in the registry with HR's."""

    def of(self, which: Collection[ContractRef]) -> Mapping[ContractRef, ImportedContract | None]:
        """What was taken over for these contracts; each is in the answer."""
        ...

    def keys_of(self, employer_bin: str, contract_ids: Collection[str]) -> Mapping[str, ContractKey]:
        """HR's keys of the registry's ids that were taken over."""
        ...

    def put(self, employer_bin: str, contract: ImportedContract, at: datetime) -> None:
        """Keep a match; a contract that has one gets what is new of it."""
        ...

    def remove(self, employer_bin: str, contract_key: ContractKey) -> None:
        """Forget a match."""
        ...

    def known_to_hr(self, employer_bin: str) -> Sequence[HrContract]:
        """An employer's contracts in the rows that were taken and in what is remembered of a staff."""
        ...
