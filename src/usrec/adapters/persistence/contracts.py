"""The contracts that the agent knows, and the lock on each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import ARRAY, Executable, and_, bindparam, false, func, select

from usrec.adapters.persistence.delivery_tables import MOVING, outbox
from usrec.adapters.persistence.dialects import InsertInto, for_many, per_dialect
from usrec.adapters.persistence.portions import in_portions_of_each
from usrec.adapters.persistence.tables import contract_numbers, contracts
from usrec.adapters.persistence.types import KEY
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.source_event import ContractKey
from usrec.ports.contracts import ContractRef, NumberRef

_KEY: Final = (contracts.c.employer_bin, contracts.c.contract_key)


_TEXTS: Final = ARRAY(KEY)
_THESE: Final = (
    func.unnest(bindparam("employers", type_=_TEXTS), bindparam("keys", type_=_TEXTS))
    .table_valued("employer_bin", "contract_key", name="these")
    .render_derived()
)
"""Contracts that one parameter for each part names, however many they are."""
_MAKE_KNOWN: Final = per_dialect(lambda insert_into: insert_into(contracts).on_conflict_do_nothing())
_LOCK: Final = per_dialect(
    lambda insert_into: (
        insert_into(contracts)
        .from_select(_KEY, select(_THESE).order_by(_THESE.c.employer_bin, _THESE.c.contract_key))
        .on_conflict_do_update(index_elements=_KEY, set_={"registry_id": contracts.c.registry_id}, where=false())
    )
)
"""A row that exists is locked even though the condition lets nothing be written."""


def _set_registry_id(insert_into: InsertInto) -> Executable:
    statement = insert_into(contracts)
    return statement.on_conflict_do_update(index_elements=_KEY, set_={"registry_id": statement.excluded.registry_id})


_STILL: Final = (
    select(outbox.c.submission_id)
    .join(_THESE, and_(outbox.c.employer_bin == _THESE.c.employer_bin, outbox.c.contract_key == _THESE.c.contract_key))
    .where(MOVING)
    .order_by(outbox.c.employer_bin, outbox.c.contract_key)
    .with_for_update(of=outbox)
)
"""The one entry of each contract that an agent may claim or has claimed."""
_SET_REGISTRY_ID: Final = per_dialect(_set_registry_id)
_REGISTRY_ID: Final = select(contracts.c.registry_id).where(
    contracts.c.employer_bin == bindparam("employer_bin"), contracts.c.contract_key == bindparam("contract_key")
)
_WITH_REGISTRY_ID: Final = (
    select(contracts.c.contract_key)
    .where(contracts.c.employer_bin == bindparam("employer_bin"), contracts.c.registry_id == bindparam("registry_id"))
    .order_by(contracts.c.contract_key)
)
_REGISTRY_IDS: Final = for_many(
    lambda one_of: select(contracts.c.contract_key, contracts.c.registry_id).where(
        contracts.c.employer_bin == bindparam("employer_bin"),
        one_of(contracts.c.contract_key, "keys"),
        contracts.c.registry_id.is_not(None),
    )
)
_ADD_NUMBER: Final = per_dialect(lambda insert_into: insert_into(contract_numbers).on_conflict_do_nothing())
_WITH_NUMBERS: Final = for_many(
    lambda one_of: (
        select(contract_numbers.c.number, contract_numbers.c.contract_key)
        .where(contract_numbers.c.employer_bin == bindparam("employer_bin"))
        .where(one_of(contract_numbers.c.number, "numbers"))
        .order_by(contract_numbers.c.contract_key)
    )
)


class SqlContracts:
    """The ``Contracts`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def lock(self, employer_bin: str, contract_key: ContractKey) -> None:
        """Make the contract known, hold its lock and its queue; on SQLite the transaction itself is the lock."""
        self.lock_all([(employer_bin, contract_key)])

    def lock_all(self, contracts: Collection[ContractRef]) -> None:
        """Lock many, in their order; on PostgreSQL all contracts first, then what of their queue could be claimed.

        Claims take no contract's lock, or they would wait for one another; so the entries that they could take are
        locked here.
        """
        wanted = sorted(set(contracts))
        if not wanted:
            return
        if self._connection.dialect.name == "sqlite":
            self._connection.later(
                _MAKE_KNOWN["sqlite"], *({"employer_bin": one, "contract_key": key} for one, key in wanted)
            )
            return
        what = {"employers": [one for one, _ in wanted], "keys": [key for _, key in wanted]}
        self._connection.execute(_LOCK["postgresql"], what)
        self._connection.execute(_STILL, what)

    def registry_id(self, employer_bin: str, contract_key: ContractKey) -> str | None:
        """The registry's id of the contract."""
        what = {"employer_bin": employer_bin, "contract_key": contract_key}
        found: str | None = self._connection.scalar(_REGISTRY_ID, what)
        return found

    def registry_ids(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, str]:
        """Those of many contracts, as far as they are known."""
        found: dict[ContractRef, str] = {}
        for employer_bin, keys in in_portions_of_each(contracts):
            named = {"employer_bin": employer_bin, "keys": keys}
            rows = self._connection.execute(_REGISTRY_IDS[self._connection.dialect.name], named)
            found |= {(employer_bin, key): registry_id for key, registry_id in rows}
        return found

    def with_registry_id(self, employer_bin: str, registry_id: str) -> Sequence[ContractKey]:
        """Reads all contracts of the employer: only for what a person does."""
        what = {"employer_bin": employer_bin, "registry_id": registry_id}
        return list(self._connection.scalars(_WITH_REGISTRY_ID, what))

    def set_registry_id(self, employer_bin: str, contract_key: ContractKey, registry_id: str | None) -> None:
        """Remember the registry's id, or that there is none any more."""
        what = {"employer_bin": employer_bin, "contract_key": contract_key, "registry_id": registry_id}
        self._connection.later(_SET_REGISTRY_ID[self._connection.dialect.name], what)

    def add_number(self, employer_bin: str, contract_key: ContractKey, number: str) -> None:
        """Remember a number of the contract."""
        what = {"employer_bin": employer_bin, "number": number, "contract_key": contract_key}
        self._connection.later(_ADD_NUMBER[self._connection.dialect.name], what)

    def with_numbers(self, numbers: Collection[NumberRef]) -> Mapping[NumberRef, Sequence[ContractKey]]:
        """The employer's contracts that ever had each number."""
        found: dict[NumberRef, list[ContractKey]] = {number: [] for number in numbers}
        for employer_bin, some in in_portions_of_each(found):
            named = {"employer_bin": employer_bin, "numbers": some}
            for number, key in self._connection.execute(_WITH_NUMBERS[self._connection.dialect.name], named):
                found[employer_bin, number].append(key)
        return found
