"""The contracts that the agent knows, and the lock on each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Executable, bindparam, false, select

from usrec.adapters.persistence.delivery_tables import MOVING, outbox
from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.tables import contract_numbers, contracts
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.source_event import ContractKey
from usrec.ports.contracts import ContractRef

_KEY: Final = (contracts.c.employer_bin, contracts.c.contract_key)


def _lock(insert_into: InsertInto) -> Executable:
    """PostgreSQL locks a row that exists even though the condition lets nothing be written."""
    return insert_into(contracts).on_conflict_do_update(
        index_elements=_KEY, set_={"registry_id": contracts.c.registry_id}, where=false()
    )


def _set_registry_id(insert_into: InsertInto) -> Executable:
    statement = insert_into(contracts)
    return statement.on_conflict_do_update(index_elements=_KEY, set_={"registry_id": statement.excluded.registry_id})


_LOCK: Final = per_dialect(_lock)
_STILL: Final = (
    select(outbox.c.submission_id)
    .where(
        outbox.c.employer_bin == bindparam("employer_bin"), outbox.c.contract_key == bindparam("contract_key"), MOVING
    )
    .with_for_update()
)
"""The one entry of a contract that an agent may claim or has claimed."""
_SET_REGISTRY_ID: Final = per_dialect(_set_registry_id)
_REGISTRY_ID: Final = select(contracts.c.registry_id).where(
    contracts.c.employer_bin == bindparam("employer_bin"), contracts.c.contract_key == bindparam("contract_key")
)
_ADD_NUMBER: Final = per_dialect(lambda insert_into: insert_into(contract_numbers).on_conflict_do_nothing())
_WITH_NUMBER: Final = (
    select(contract_numbers.c.contract_key)
    .where(contract_numbers.c.employer_bin == bindparam("employer_bin"))
    .where(contract_numbers.c.number == bindparam("number"))
    .order_by(contract_numbers.c.contract_key)
)


class SqlContracts:
    """The ``Contracts`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def lock(self, employer_bin: str, contract_key: ContractKey) -> None:
        """Make the contract known, hold its lock and its queue; on SQLite the transaction itself is the lock.

        Claims take no contract's lock, or they would wait for one another; so the entry that they could take is
        locked here.
        """
        what = {"employer_bin": employer_bin, "contract_key": contract_key}
        self._connection.execute(_LOCK[self._connection.dialect.name], what)
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(_STILL, what)

    def lock_all(self, contracts: Collection[ContractRef]) -> None:
        """Lock many; in one statement on SQLite, where nobody else can hold any of them."""
        wanted = [{"employer_bin": bin_, "contract_key": key} for bin_, key in sorted(contracts)]
        if self._connection.dialect.name == "sqlite" and wanted:
            self._connection.execute(_LOCK["sqlite"], wanted)
            return
        for one in wanted:
            self.lock(one["employer_bin"], ContractKey(one["contract_key"]))

    def registry_id(self, employer_bin: str, contract_key: ContractKey) -> str | None:
        """The registry's id of the contract."""
        what = {"employer_bin": employer_bin, "contract_key": contract_key}
        found: str | None = self._connection.scalar(_REGISTRY_ID, what)
        return found

    def set_registry_id(self, employer_bin: str, contract_key: ContractKey, registry_id: str | None) -> None:
        """Remember the registry's id, or that there is none any more."""
        what = {"employer_bin": employer_bin, "contract_key": contract_key, "registry_id": registry_id}
        self._connection.later(_SET_REGISTRY_ID[self._connection.dialect.name], what)

    def add_number(self, employer_bin: str, contract_key: ContractKey, number: str) -> None:
        """Remember a number of the contract."""
        what = {"employer_bin": employer_bin, "number": number, "contract_key": contract_key}
        self._connection.later(_ADD_NUMBER[self._connection.dialect.name], what)

    def with_number(self, employer_bin: str, number: str) -> Sequence[ContractKey]:
        """The employer's contracts that ever had this number."""
        return list(self._connection.scalars(_WITH_NUMBER, {"employer_bin": employer_bin, "number": number}))
