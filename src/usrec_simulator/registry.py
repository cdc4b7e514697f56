"""The registry of labour contracts: what is registered, and how often each record was received.

One transaction judges a record, inserts it or counts it, and is committed before anything is answered: the client's
proof of exactly-once is this file. A record that comes again under another record id or with other signed bytes is
counted apart (`times_changed`), so that a client which rewrites instead of resending is seen.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from usrec_simulator.business import BusinessRecord
from usrec_simulator.clock import local_date
from usrec_simulator.errors import SeedError
from usrec_simulator.ledger import Ledger
from usrec_simulator.operations import Operation, Profile
from usrec_simulator.query import Entry
from usrec_simulator.rules import RuleBook, Verdict, judge
from usrec_simulator.view import CONTRACTS, View

MINTED_FROM: Final = 10_000_000
"""Ids that the registry makes itself (profile `seen`) are eight digits."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the registry decided; `record_id` is what the answer names, absent on a refusal."""

    code: str | None
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class RegisteredRecord:
    """One row of the registry as it is shown; the IIN only by its last four digits."""

    operation: str
    record_id: str | None
    contract_id: str | None
    bin: str
    iin_masked: str | None
    number: str | None
    date: str
    times_received: int
    times_changed: int
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the row for JSON."""
        return asdict(self)


class Registry:
    """The registry proper; thread-safe, one record at a time."""

    def __init__(self, ledger: Ledger, book: RuleBook) -> None:
        self._ledger = ledger
        self._book = book

    def submit(self, record: BusinessRecord, *, at: datetime, scripted: str | None = None) -> Decision:
        """Judge, then insert or count, in one committed transaction.

        Args:
            record: A verified record.
            at: When it was received.
            scripted: A code that a fault script wants answered instead of judging; nothing is inserted then.
        """
        with self._ledger.transaction() as connection:
            twin = _twin(connection, record)
            if twin is not None:
                _count_again(connection, twin, record)
            view = View(connection)
            verdict = Verdict(scripted) if scripted else judge(record, view, self._book, local_date(at))
            if verdict.code is not None:
                return Decision(verdict.code)
            return Decision(None, _insert(connection, record, self._book.profile, verdict, at))

    def seed(self, records: Iterable[BusinessRecord], *, at: datetime) -> int:
        """Register history, skipping what is there already; returns how many were new.

        Raises:
            SeedError: A record contradicts another one; nothing was registered.
        """
        with self._ledger.transaction() as connection:
            return sum(_insert_history(connection, record, at) for record in records)

    def contract_number(self, contract_id: str) -> str | None:
        """Return the number of a registered contract."""
        with self._ledger.transaction() as connection:
            contract = View(connection).contract(contract_id)
        return contract.number if contract else None

    def entry(self, record_id: str, employer: str) -> Entry | None:
        """Return what an employer's record id stands for; a deleted contract's records are still told."""
        with self._ledger.transaction() as connection:
            row = connection.execute(
                "SELECT operation, record_id, contract_id, employer, employee, number, event_date FROM record"
                " WHERE record_id = ? AND employer = ?",
                (record_id, employer),
            ).fetchone()
        return Entry(*row) if row else None

    def records(self) -> Sequence[RegisteredRecord]:
        """Return every record in the order of registration."""
        with self._ledger.transaction() as connection:
            return [_shown(row) for row in connection.execute("SELECT * FROM record ORDER BY row_id")]


def mask_iin(iin: str | None) -> str | None:
    """Keep the last four digits, enough to tell rows apart."""
    return f"********{iin[-4:]}" if iin else None


def _twin(connection: sqlite3.Connection, record: BusinessRecord) -> sqlite3.Row | None:
    """Find the row that this record repeats: same record id, same signed bytes or same business key."""
    key, values = _business_key(record)
    statement = f"SELECT * FROM record WHERE record_id = ? OR digest = ? OR ({key}) ORDER BY row_id LIMIT 1"  # noqa: S608 keys are literals below
    row: sqlite3.Row | None = connection.execute(statement, (record.record_id, record.digest, *values)).fetchone()
    return row


def _business_key(record: BusinessRecord) -> tuple[str, tuple[str | None, ...]]:
    day = record.event_date.isoformat() if record.event_date else None
    match record.operation:
        case Operation.CONCLUSION | Operation.LEGACY_CONTRACT:
            key = f"operation IN {CONTRACTS} AND employer = ? AND employee = ? AND number = ? AND event_date = ?"
            return key, (record.employer, record.employee, record.number, day)
        case Operation.AMENDMENT:
            key = "operation = 'amendment' AND contract_id = ? AND number = ? AND event_date = ?"
            return key, (record.contract_id, record.number, day)
        case Operation.TERMINATION | Operation.REINSTATEMENT | Operation.EXTENSION | Operation.SOCIAL_LEAVE:
            key = "operation = ? AND contract_id = ? AND event_date = ?"
            return key, (record.operation, record.contract_id, day)
        case _:
            return "FALSE", ()


def _count_again(connection: sqlite3.Connection, twin: sqlite3.Row, record: BusinessRecord) -> None:
    changed = twin["digest"] != record.digest
    connection.execute(
        "UPDATE record SET times_received = times_received + 1, times_changed = times_changed + ? WHERE row_id = ?",
        (int(changed), twin["row_id"]),
    )


def _insert(
    connection: sqlite3.Connection, record: BusinessRecord, profile: Profile, verdict: Verdict, at: datetime
) -> str:
    """Insert an accepted record and return its id: the client's own, or a minted one under `seen`."""
    supplied = record.record_id if profile is Profile.CURRENT else None
    row_id = _write(connection, record, at, warnings=verdict.warnings)
    record_id = supplied or str(MINTED_FROM + row_id)
    concludes = record.operation in {Operation.CONCLUSION, Operation.LEGACY_CONTRACT}
    _identify(connection, row_id, record_id, record_id if concludes else record.contract_id)
    document_id = record.details.text("supporting_document_id")
    if document_id:
        connection.execute("INSERT INTO document (document_id) VALUES (?)", (document_id,))
    return record_id


def _insert_history(connection: sqlite3.Connection, record: BusinessRecord, at: datetime) -> bool:
    if _twin(connection, record) is not None:
        return False
    known = View(connection).contract(record.contract_id or "")
    if known and known.terminated and record.operation is Operation.TERMINATION:
        raise _contradiction(record)
    row_id = _write(connection, record, at)
    try:
        _identify(connection, row_id, record.record_id or str(MINTED_FROM + row_id), record.contract_id)
    except sqlite3.IntegrityError as error:
        raise _contradiction(record) from error
    return True


def _contradiction(record: BusinessRecord) -> SeedError:
    return SeedError(
        f"history: the {record.operation} of contract {record.contract_id} is there already with other content;"
        " nothing was registered, correct the history file"
    )


def _identify(connection: sqlite3.Connection, row_id: int, record_id: str, contract_id: str | None) -> None:
    """Set the ids of a row, and take person and number from the contract where the message has none."""
    connection.execute(
        "UPDATE record SET record_id = ?, contract_id = ? WHERE row_id = ?", (record_id, contract_id, row_id)
    )
    for column in ("employee", "number"):
        connection.execute(
            f"UPDATE record SET {column} = (SELECT contract.{column} FROM record AS contract"  # noqa: S608 two literals
            f" WHERE contract.contract_id = record.contract_id AND contract.operation IN {CONTRACTS})"
            f" WHERE row_id = ? AND {column} IS NULL",
            (row_id,),
        )


def _write(
    connection: sqlite3.Connection, record: BusinessRecord, at: datetime, *, warnings: Sequence[str] = ()
) -> int:
    cursor = connection.execute(
        "INSERT INTO record (operation, employer, employee, number, event_date, begin_date, digest, details,"
        " warnings, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.operation.value,
            record.employer,
            record.employee,
            record.number,
            (record.event_date or local_date(at)).isoformat(),
            record.begin_date.isoformat() if record.begin_date else None,
            record.digest or None,
            json.dumps({name: text for name, text in record.details.values.items() if name != "supporting_document"}),
            " ".join(warnings),
            at.isoformat(),
        ),
    )
    return int(cursor.lastrowid or 0)


def _shown(row: sqlite3.Row) -> RegisteredRecord:
    return RegisteredRecord(
        operation=row["operation"],
        record_id=row["record_id"],
        contract_id=row["contract_id"],
        bin=row["employer"],
        iin_masked=mask_iin(row["employee"]),
        number=row["number"],
        date=row["event_date"],
        times_received=row["times_received"],
        times_changed=row["times_changed"],
        warnings=tuple(row["warnings"].split()),
    )
