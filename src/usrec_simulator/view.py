"""The registry as the rules see it, inside the running transaction."""

import json
import sqlite3
from collections.abc import Collection
from datetime import date, datetime
from typing import Final

from usrec_simulator.clock import local_date
from usrec_simulator.contracts import Change, Contract, Leave, Stored, build
from usrec_simulator.details import Details
from usrec_simulator.operations import Operation

CONTRACTS: Final = "('conclusion', 'legacy_contract')"
"""Operations that bring a contract into the registry, for SQL."""


class View:
    """Questions to the registry; a deleted contract is not there any more."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def record_id_used(self, record_id: str) -> bool:
        """Tell whether a record with this id exists."""
        return self._one("SELECT 1 FROM record WHERE record_id = ?", record_id) is not None

    def document_id_used(self, document_id: str) -> bool:
        """Tell whether a supporting document with this id exists."""
        return self._one("SELECT 1 FROM document WHERE document_id = ?", document_id) is not None

    def contract(self, contract_id: str) -> Contract | None:
        """Return a registered contract."""
        rows = self._connection.execute("SELECT * FROM record WHERE contract_id = ? ORDER BY row_id", (contract_id,))
        contract = build(contract_id, map(_stored, rows))
        return None if contract is None or contract.deleted else contract

    def number_used(self, employer: str, number: str, *, beside: str | None = None) -> bool:
        """Tell whether the employer has a contract with this number, the contract `beside` not counted."""
        rows = self._connection.execute(
            f"SELECT DISTINCT contract_id FROM record WHERE employer = ? AND number = ?"  # noqa: S608 one literal
            f" AND (operation IN {CONTRACTS} OR operation = 'contract_edit')",
            (employer, number),
        ).fetchall()
        others = (self.contract(row["contract_id"]) for row in rows if row["contract_id"] != beside)
        return any(one is not None and one.number == number for one in others)

    def agreement(self, agreement_id: str) -> tuple[Contract, Change] | None:
        """Return an agreement and its contract."""
        contract = self._contract_of(agreement_id)
        changes = contract.agreements if contract else ()
        found = next((one for one in changes if one.change_id == agreement_id), None)
        return (contract, found) if contract and found else None

    def leave(self, leave_id: str) -> tuple[Contract, Leave] | None:
        """Return a social leave and its contract."""
        contract = self._contract_of(leave_id)
        found = next((one for one in contract.leaves if one.leave_id == leave_id), None) if contract else None
        return (contract, found) if contract and found else None

    def earlier_iins(self, employee: str) -> Collection[str]:
        """Return the numbers that were changed into this IIN."""
        rows = self._connection.execute(
            "SELECT employee FROM record WHERE operation = 'iin_change'"
            " AND json_extract(details, '$.new_employee_iin') = ?",
            (employee,),
        )
        return {row["employee"] for row in rows}

    def _contract_of(self, record_id: str) -> Contract | None:
        row = self._one("SELECT contract_id FROM record WHERE record_id = ?", record_id)
        return self.contract(row["contract_id"]) if row else None

    def _one(self, statement: str, value: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(f"{statement} LIMIT 1", (value,)).fetchone()
        return row


def _stored(row: sqlite3.Row) -> Stored:
    begins = row["begin_date"]
    return Stored(
        operation=Operation(row["operation"]),
        record_id=row["record_id"],
        employer=row["employer"],
        employee=row["employee"],
        number=row["number"],
        event_date=date.fromisoformat(row["event_date"]),
        begin_date=date.fromisoformat(begins) if begins else None,
        entered=local_date(datetime.fromisoformat(row["registered_at"])),
        details=Details(json.loads(row["details"])),
    )
