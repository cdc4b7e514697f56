"""HR's book held against the registry's: what each side wrote down by itself, counted without asking the agent.

HR's book is its outbox table with the states that were written back to it; the registry's is the output of
`usrec-simulator registry --json`. A fact is (operation, number, date), where a termination has its contract's number.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Fact = tuple[str, str, str]
Record = Mapping[str, Any]

_COLUMNS = (
    "event_id, revision, event_type, contract_key, payload, taken_at, usrec_state, usrec_code, usrec_message,"
    " usrec_findings, usrec_contract_id, usrec_record_id"
)
_NUMBER_AND_DATE = {
    "conclusion": ("contract_number", "contract_date"),
    "legacy_contract": ("contract_number", "contract_date"),
    "contract_edit": ("contract_number", "contract_date"),
    "contract_delete": (None, None),
    "amendment": ("agreement_number", "agreement_date"),
    "amendment_edit": ("agreement_number", "agreement_date"),
    "amendment_delete": (None, None),
    "termination": (None, "termination_date"),
    "reinstatement": (None, "reinstatement_date"),
    "extension": (None, "extension_date"),
    "social_leave": (None, "not_worked_from"),
    "social_leave_edit": (None, "not_worked_from"),
    "social_leave_delete": (None, None),
    "iin_change": (None, None),
    "bin_change": (None, None),
    "transfer": (None, "reorganisation_date"),
}
"""Where HR's payload has them. Without a number the contract's own counts, without a date none."""


@dataclass(frozen=True)
class HrRow:
    """A row of the outbox as HR sees it."""

    event_id: str
    revision: int
    event_type: str
    contract_key: str
    payload: str
    taken_at: object
    state: str | None
    code: str | None
    message: str | None
    findings: str | None
    contract_id: str | None
    record_id: str | None


def read_hr(execute: Callable[[str], Iterable[Sequence[Any]]]) -> list[HrRow]:
    """Every row, in the order of entry."""
    return [HrRow(*cells) for cells in execute(f"SELECT {_COLUMNS} FROM usrec_outbox ORDER BY row_id")]  # noqa: S608 -- literal columns


def fact_of(row: HrRow, numbers: Mapping[str, str]) -> Fact:
    """What the registry should hold of a row.

    Args:
        numbers: Contract number by contract key.
    """
    number, day = _NUMBER_AND_DATE[row.event_type]
    payload = json.loads(row.payload)
    return row.event_type, payload[number] if number else numbers[row.contract_key], payload[day] if day else ""


def numbers_in(rows: Iterable[HrRow]) -> dict[str, str]:
    """Contract numbers by contract key, as the conclusions among the rows tell them."""
    made = [row for row in rows if row.event_type in {"conclusion", "legacy_contract"}]
    return {row.contract_key: json.loads(row.payload)["contract_number"] for row in made if _is_json(row.payload)}


def facts_in(records: Iterable[Record]) -> Counter[Fact]:
    """How often the registry holds each fact; it dates what has no date with the day of the entry."""
    dated = {operation for operation, (_, day) in _NUMBER_AND_DATE.items() if day}
    return Counter(
        (record["operation"], record["number"], record["date"] if record["operation"] in dated else "")
        for record in records
    )


def require_exactly_once(
    rows: Sequence[HrRow],
    records: Sequence[Record],
    *,
    numbers: Mapping[str, str] | None = None,
    history: Iterable[Fact] = (),
) -> set[str]:
    """Every row that HR was told is registered stands in the registry once, and nothing else stands there.

    Args:
        history: What the registry held before.

    Returns:
        The events that are registered.
    """
    known = numbers_in(rows) if numbers is None else numbers
    accepted = [row for row in rows if row.state == "accepted"]
    assert all(row.taken_at for row in rows), "a row was never taken"
    assert len({row.event_id for row in accepted}) == len(accepted), "an event was registered in two revisions"
    assert facts_in(records) == Counter(fact_of(row, known) for row in accepted) + Counter(history)
    ids = Counter(record["record_id"] for record in records)
    assert set(ids.values()) <= {1}
    rewritten = [record["record_id"] for record in records if record["times_changed"]]
    assert not rewritten, "a message was signed anew instead of being sent again"
    return {row.event_id for row in accepted}


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
